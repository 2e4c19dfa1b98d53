"""Marks cells of a clerk's own .xlsx and keeps its look; in a limited process like reading, with a folder of its own for its files.

Standard input: a line {"sheet", "header", "column", "marks": [[row, column or null, text], …], "about": {…}, "size": n} and the workbook's
n bytes. Standard output: the marked workbook.
"""

import json
import sys
from copy import copy
from io import BytesIO

from services.workbooks.about import COLUMN, MARK, SHEET
from services.workbooks.limits import allow_seconds, limit_memory

_FILL, _HEAD = "FFFFC7CE", "FFFFE699"
_NOTE_SIZE = (320, 110)


def mark(data, asked):
    """The workbook's bytes with the cells coloured and commented, and the column of explanations."""
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(data))
    page = book[asked["sheet"]]
    at = _column(page, asked["header"], asked["column"])
    _clear(page, asked["header"], at)
    _write_head(page, asked["header"], at)
    told = {}
    for row, column, text in asked["marks"]:
        told.setdefault(row, []).append(text)
        if column is not None:
            _mark_cell(page, row, column + 1, text)
    for row, texts in told.items():
        _explain(page, row, at, texts)
    _about(book, asked["about"])
    book.active = book.index(page)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _column(page, header, column):
    """Where the explanations stand: where they stood before, else in the first column behind the table that is empty."""
    before = next((cell.column for cell in page[header] if cell.value == COLUMN), None)
    return before or next(at for at in range(column + 1, column + 1_000) if _is_empty(page, at))


def _is_empty(page, column):
    cells = page.iter_rows(min_col=column, max_col=column, values_only=True)
    return not any(value not in (None, "") for (value,) in cells)


def _clear(page, header, at):
    """Takes away what an earlier marking left: the colour of cells with our comment, the comment, the explanations."""
    from openpyxl.styles import PatternFill

    for row in page.iter_rows(min_row=header + 1):
        for cell in row:
            ours = getattr(cell, "comment", None)
            if ours and MARK in ours.text:
                cell.comment, cell.fill = None, PatternFill()
    for row in range(header + 1, page.max_row + 1):
        page.cell(row, at).value = None


def _write_head(page, header, at):
    from openpyxl.styles import PatternFill
    from openpyxl.utils import get_column_letter

    head, beside = page.cell(header, at), page.cell(header, max(at - 1, 1))
    head.value, head._style = COLUMN, copy(beside._style)
    head.fill = PatternFill("solid", fgColor=_HEAD)
    page.column_dimensions[get_column_letter(at)].width = 60


def _mark_cell(page, row, column, text):
    from openpyxl.cell.cell import MergedCell
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    cell = page.cell(row, column)
    if isinstance(cell, MergedCell):
        return
    cell.fill = PatternFill("solid", fgColor=_FILL)
    said = cell.comment.text if cell.comment else MARK
    cell.comment = Comment(f"{said}\n{text}", "台账", width=_NOTE_SIZE[0], height=_NOTE_SIZE[1])


def _explain(page, row, at, texts):
    from openpyxl.styles import Alignment, Font

    cell = page.cell(row, at)
    cell.value = "\n".join(dict.fromkeys(texts))[:32_000]
    cell.data_type = "s"
    cell.font, cell.alignment = Font(color="FF9C0006"), Alignment(wrap_text=True, vertical="top")


def _about(book, about):
    """The hidden sheet that says which import this came from."""
    if SHEET in book.sheetnames:
        del book[SHEET]
    page = book.create_sheet(SHEET)
    for line in about.items():
        page.append(list(line))
    page.sheet_state = "veryHidden"


def main():
    limit_memory()
    allow_seconds()
    asked = json.loads(sys.stdin.buffer.readline())
    sys.stdout.buffer.write(mark(sys.stdin.buffer.read(asked.pop("size")), asked))


if __name__ == "__main__":
    main()
