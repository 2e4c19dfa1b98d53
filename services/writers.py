"""Rows into files: CSV as chunks of bytes, workbooks on disk, and the guard that keeps formulas in data inert."""

import csv
import io
import re
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from models.errors import Fault, Invalid, say

ENCODINGS = ("utf-8-sig", "utf-8", "gb18030")
CHUNK_ROWS = 500
# What a spreadsheet may take for a formula: the operators, in half and full width, behind any characters it skips.
_FORMULA = re.compile(r"[\uFEFF\x00-\x1F\x7F\s]*[=+\-@|%＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?")
_QUOTE = "'"
SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767
EXACT_DIGITS = 15
FIRST_SAFE_DAY = date(1900, 3, 1)


def guard(text):
    """The text as a CSV cell: what could run as a formula gets a leading ', which `unguard` takes away again."""
    return _QUOTE + text if _could_run(text.lstrip(_QUOTE)) else text


def unguard(text):
    """The text that `guard` was given. A text that already began with ' and a formula got a second one, so nothing is lost."""
    return text[1:] if text.startswith(_QUOTE) and _could_run(text.lstrip(_QUOTE)) else text


def _could_run(text):
    return bool(_FORMULA.match(text)) and not _PLAIN_NUMBER.fullmatch(text)


def csv_chunks(heads, rows, encoding="utf-8-sig"):
    """The file as chunks of bytes, 500 rows each; cells as for `write_workbook`, texts guarded."""
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([guard(head) for head in heads])
    # The head goes out before the first row is fetched: the person sees at once that the download began.
    yield buffer.getvalue().encode(encoding)
    buffer.seek(0)
    buffer.truncate()
    for number, row in enumerate(rows, 1):
        writer.writerow([_csv_cell(cell) for cell in row])
        if number % CHUNK_ROWS == 0:
            yield buffer.getvalue().encode(codec)
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode(codec)


def _csv_cell(cell):
    if cell is None:
        return ""
    return guard(cell) if isinstance(cell, str) else format(cell, "f") if isinstance(cell, Decimal) else str(cell)


@dataclass(frozen=True)
class Column:
    """A workbook's column: its head, how wide, and how numbers and dates in it look."""

    head: str
    width: int = 14
    number_format: str = ""


@dataclass(frozen=True)
class Notes:
    """The 说明 sheet: (word, text) lines about the file, then one (head, text) line for each column under `heads`, which name the sheet too."""

    facts: tuple
    columns: tuple
    heads: tuple = ("列", "说明")


def write_workbook(path, columns, rows, notes):
    """Writes the data sheet row by row, then the 说明 sheet; `notes(count)` is asked once the rows are counted.

    Cells: text, int, Decimal, date, datetime without zone (the city's clock), None. Text stays text, whatever it looks like.
    """
    with tempfile.TemporaryDirectory(prefix="taizhang-") as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(str(path), options) as book:
            count = _data_sheet(book, columns, rows)
            _notes_sheet(book, notes(count))


def _data_sheet(book, columns, rows):
    sheet = book.add_worksheet("数据")
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    formats = [book.add_format({"num_format": column.number_format}) if column.number_format else None for column in columns]
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, _sheet_text(column.head), head)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(rows, 1):
        if count >= SHEET_ROWS:
            raise Invalid(
                [Fault("", "too_many_rows", say("一张工作表最多 {max} 行，请改导出 CSV，或先筛选。", max=SHEET_ROWS - 1))]
            )
        for at, cell in enumerate(row):
            _write(sheet, count, at, cell, formats[at], columns[at].head)
    if columns:
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


def _write(sheet, row, at, cell, shape, head):
    if cell is None:
        return
    if isinstance(cell, (int, Decimal)):
        digits = len(Decimal(cell).normalize().as_tuple().digits)
        # Excel keeps 15 digits; a longer number stays whole only as text.
        if digits > EXACT_DIGITS:
            sheet.write_string(row, at, format(cell, "f") if isinstance(cell, Decimal) else str(cell))
        else:
            sheet.write_number(row, at, cell, shape)
    elif isinstance(cell, (date, datetime)):
        day = cell.date() if isinstance(cell, datetime) else cell
        # Before March 1900 Excel's calendar has a day too many.
        if day < FIRST_SAFE_DAY:
            sheet.write_string(row, at, str(cell))
        else:
            sheet.write_datetime(row, at, cell, shape)
    elif len(cell) > CELL_CHARACTERS:
        raise Invalid(
            [
                Fault(
                    "",
                    "cell_too_long",
                    say(
                        "第 {row} 行「{head}」有 {now} 个字，Excel 一格放不下，请改导出 CSV。",
                        row=row + 1,
                        head=head,
                        now=len(cell),
                    ),
                )
            ]
        )
    else:
        sheet.write_string(row, at, _sheet_text(cell))


def _sheet_text(text):
    """A workbook's text cell cannot run, so only a text that looks guarded is guarded: the import takes one ' away."""
    return guard(text) if text.startswith(_QUOTE) else text


def _notes_sheet(book, notes):
    sheet = book.add_worksheet(notes.heads[1])
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 80)
    lines = [*notes.facts, ("", ""), notes.heads, *notes.columns]
    for at, (word, text) in enumerate(lines):
        sheet.write_string(at, 0, word, bold)
        sheet.write_string(at, 1, text[:CELL_CHARACTERS], wrap)
