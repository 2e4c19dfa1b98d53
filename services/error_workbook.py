"""The clerk's own file back: what is wrong coloured, commented and explained in one column, so that she corrects and sends it again.

An .xlsx keeps its look; an .xls, .ods or text file becomes an .xlsx with the same cells in the same places. Of a very long file only the
wrong rows go back, below their header. A hidden sheet says which import it came from, so that sending it again can be recognised.
"""

import hashlib
import io
import zipfile
import zlib
from contextlib import nullcontext
from dataclasses import dataclass

from models.errors import Invalid
from services import readers
from services.workbooks.about import COLUMN, MARK, SHEET

WHOLE_UP_TO = 20_000
_WIDTH, _WIDE = 16, 60
_MOST_SHEETS = 1 << 20


@dataclass(frozen=True)
class Layout:
    """Where a file's table is: its sheet ("" in a text file), (first, last) row of its header, how many columns, its encoding."""

    sheet: str
    header: tuple
    columns: int
    encoding: str = ""
    rows: int = 0

    @classmethod
    def of(cls, table, rows=0):
        """The layout of a Table that was read; `rows` is its last row, where that is known."""
        return cls(table.sheet, table.header, len(table.columns), table.encoding, rows)


@dataclass(frozen=True)
class Origin:
    """Which import an error workbook came from, and which of its files."""

    plan: int
    file: int = 0


def error_workbook(path, source, layout, messages, origin=None):
    """Writes the error workbook of a source to `path`. messages: [(row number, column from 0 or None, text)].

    Rows without a message stay as they are. Invalid where the source cannot be read.
    """
    about = {"kind": "errors", "plan": origin.plan, "file": origin.file} if origin else {"kind": "errors"}
    messages = [(row, column, text) for row, column, text in messages if row]
    last = max([layout.rows, *(row for row, *_ in messages)])
    if source.kind == "xlsx" and last <= WHOLE_UP_TO:
        try:
            _keep_look(path, source, layout, messages, about)
            return
        except Invalid:
            # A workbook its own library cannot write again: the cells are what matters.
            pass
    _write_anew(path, source, layout, messages, about, whole=last <= WHOLE_UP_TO)


def _keep_look(path, source, layout, messages, about):
    request = {
        "sheet": layout.sheet, "header": layout.header[1], "column": layout.columns, "marks": [list(one) for one in messages],
        "about": about,
    }  # fmt: skip
    with open(path, "wb") as file:
        file.write(readers.run_limited("services.workbooks.marking", source, request))


def _write_anew(path, source, layout, messages, about, whole):
    import xlsxwriter

    told = {}
    for row, column, text in messages:
        told.setdefault(row, []).append((column, text))
    options = {"constant_memory": not whole, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with readers.Parser() as parser, xlsxwriter.Workbook(str(path), options) as book:
        grid = readers.grid_of(source, sheet=layout.sheet or None, encoding=layout.encoding or None, parser=parser)
        _Pages(book, layout, told, grid.merged if whole else ()).write(grid, whole)
        hidden = book.add_worksheet(SHEET)
        for number, line in enumerate(about.items()):
            hidden.write_row(number, 0, line)
        hidden.very_hidden()


class _Pages:
    """The sheet written from cells, row by row."""

    def __init__(self, book, layout, told, merged):
        self._layout, self._told = layout, told
        self._sheet = book.add_worksheet(layout.sheet[:31] or "数据")
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1})
        self._wrong = book.add_format({"bg_color": "#FFC7CE"})
        self._why = book.add_format({"font_color": "#9C0006", "text_wrap": True, "valign": "top"})
        self._sheet.set_column(0, layout.columns, _WIDTH)
        self._sheet.set_column(layout.columns, layout.columns, _WIDE)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._merged = [one for one in merged if one[2] < layout.header[1]]

    def write(self, grid, whole):
        """All rows in their places, or the header and below it the wrong rows."""
        at = 0
        for number, cells in grid.rows:
            header = number <= self._layout.header[1]
            if whole:
                at = number - 1
            elif not header and number not in self._told:
                continue
            self._row(at, number, cells, header)
            at += 1
        for top, left, bottom, right in self._merged:
            self._join(top, left, bottom, right, grid)

    def _row(self, at, number, cells, header):
        said = self._told.get(number, ())
        wrong = {column: text for column, text in said if column is not None}
        for column, cell in enumerate(cells[: self._layout.columns]):
            look = self._wrong if column in wrong else self._head if header and number >= self._layout.header[0] else None
            self._sheet.write_string(at, column, str(cell), look) if cell else self._sheet.write_blank(at, column, None, look)
        for column in wrong:
            if column >= len(cells):
                self._sheet.write_blank(at, column, None, self._wrong)
            text = "\n".join(said for place, said in self._told[number] if place == column)
            self._sheet.write_comment(at, column, f"{MARK}\n{text}", {"author": "台账", "x_scale": 2})
        if number == self._layout.header[1]:
            self._sheet.write_string(at, self._layout.columns, COLUMN, self._head)
        if said:
            self._sheet.write_string(at, self._layout.columns, "\n".join(dict.fromkeys(text for _, text in said)), self._why)

    def _join(self, top, left, bottom, right, grid):
        """A merged head or title."""
        text = next((cells[left] for number, cells in grid.head if number == top + 1 and left < len(cells)), "")
        self._sheet.merge_range(top, left, bottom, right, str(text), self._head)


# Sent again ---------------------------------------------------------------------------------------------------------


def origin_of(source, parser=None):
    """The Origin an error workbook says it came from, None for any other file. Whether the sender may see that import is to be checked."""
    if source.fault or source.kind != "xlsx" or not _names_our_sheet(source):
        return None
    with nullcontext(parser) if parser else readers.Parser() as reading:
        if SHEET not in [name for name, _ in reading.open(source, readers.limits())]:
            return None
        grid = readers.grid_of(source, sheet=SHEET, parser=reading)
        said = {cells[0]: cells[1] for _, cells in grid.head if len(cells) > 1}
    if said.get("kind") != "errors" or not str(said.get("plan", "")).isdecimal():
        return None
    return Origin(int(said["plan"]), int(said.get("file") or 0))


def _names_our_sheet(source):
    """A look at the list of sheets alone: nearly no file is an error workbook, and opening a large one takes a second."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as packet, packet.open("xl/workbook.xml") as file:
            return SHEET.encode() in file.read(_MOST_SHEETS)
    except (KeyError, OSError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error):
        # Packed in a way of its own, locked or broken: whatever it is, no program of ours or of an office has written it so.
        return False


def fingerprint(cells):
    """A row's content in sixteen bytes: texts without the spaces around them, empty cells at the end left out."""
    texts = [cell.strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return hashlib.blake2b("\x1f".join(texts).encode(errors="surrogatepass"), digest_size=16).digest()
