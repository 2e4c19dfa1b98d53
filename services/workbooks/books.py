"""Every kind of workbook behind the same few questions: its sheets, and the rows and layout of one."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from services.workbooks import ods_layout, xls, xlsx_layout
from services.workbooks.values import CutNumber, shown, text_of


class Refused(Exception):
    """A workbook that is not read: a stable code, and what its sentence needs."""

    def __init__(self, code, **params):
        super().__init__(code)
        self.code, self.params = code, params


@dataclass
class Layout:
    """What lies beside the values: merged ranges, hidden rows and columns, cells with a number format or damage of their own."""

    merged: list = field(default_factory=list)
    hidden_rows: list = field(default_factory=list)
    hidden_columns: list = field(default_factory=list)
    looks: dict = field(default_factory=dict)
    damage: dict = field(default_factory=dict)


class Sheet:
    """One sheet. `values` gives a list for every row from the first; `left` is how many columns before it are empty."""

    def __init__(self, values, left, height, width, layout, limits):
        self._values, self._left, self._layout, self._limits = values, left, layout, limits
        if height > limits["rows"] + limits["slack"]:
            raise Refused("too_many_rows", rows=height)
        if width > limits["columns"]:
            raise Refused("too_many_columns", columns=width)

    def layout(self):
        found = self._layout
        return {"merged": found.merged, "hidden_rows": found.hidden_rows, "hidden_columns": found.hidden_columns}

    def rows(self, after, count):
        """(number, cells, damage) of the rows below row `after` that hold anything; as many of the first rows as asked for."""
        left, longest = [""] * self._left, self._limits["characters"]
        looks, damaged = self._layout.looks, self._layout.damage
        for number, values in enumerate(self._values(), 1):
            if number <= after:
                continue
            if count is not None and number > count:
                return
            cells = left + [value if type(value) is str else text_of(value) for value in values]
            if number in looks:
                _look(cells, values, self._left, looks[number])
            damage = _damage(cells, values, damaged.get(number))
            if not damage and not "".join(cells).strip():
                continue
            if len(max(cells, key=len)) > longest:
                raise Refused("cell_too_long", row=number, **_longest(cells))
            yield number, cells, damage


def _longest(cells):
    text = max(cells, key=len)
    return {"at": cells.index(text), "now": len(text)}


def _look(cells, values, left, looks):
    for at, look in looks.items():
        if left <= at < len(cells):
            cells[at] = shown(values[at - left], look)


def _damage(cells, values, told):
    """{at: [kind, text]} of the cells whose value the file no longer holds."""
    found = dict(told) if told else {}
    for at in found:
        cells += [""] * (at + 1 - len(cells))
        cells[at] = found[at][1]
    if CutNumber in map(type, cells):
        found |= {at: ["cut_number", cell] for at, cell in enumerate(cells) if type(cell) is CutNumber}
    return found


class CalamineBook:
    """.xlsx, .xlsb and .ods: values by calamine, which is fast; what it does not tell is read beside it from the parts."""

    def __init__(self, data, limits, layouts=None):
        try:
            self._book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        except PasswordError:
            raise Refused("password") from None
        self._limits, self._layouts, self._sizes = limits, layouts, {}
        self.names = [
            (sheet.name, sheet.visible == SheetVisibleEnum.Visible)
            for sheet in self._book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]

    def size(self, name):
        """(rows, columns)"""
        if self._layouts and (told := self._layouts.size(name)):
            return told
        if name not in self._sizes:
            self._sizes[name] = _size(self._book.get_sheet_by_name(name))
        return self._sizes[name]

    def sheet(self, name):
        with ThreadPoolExecutor(1) as beside:
            # Calamine parses without Python's lock.
            told = beside.submit(self._layouts.of, name, Layout()) if self._layouts else None
            sheet = self._book.get_sheet_by_name(name)
        layout = told.result() if told else Layout()
        left, size = sheet.start[1] if sheet.start else 0, _size(sheet)
        # It is held while its rows are asked for: nobody parses it once more beside that to be told its size.
        self._sizes[name] = size
        layout.merged = layout.merged or [[*first, *last] for first, last in sheet.merged_cell_ranges or ()]
        return Sheet(sheet.iter_rows, left, *size, layout, self._limits)


def _size(sheet):
    """(rows, columns)"""
    return (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)


class XlsBook:
    """.xls, by xlrd: only it tells formats, hidden rows and error values of the old format."""

    def __init__(self, data, limits):
        self._book, self._limits = xls.Book(data, Refused), limits
        self.names = self._book.names

    def size(self, name):
        return self._book.size(name)

    def sheet(self, name):
        values, height, width, layout = self._book.sheet(name, Layout())
        return Sheet(values, 0, height, width, layout, self._limits)


def open_book(kind, data, limits):
    """The workbook in these bytes. Refused for one with a password; a damaged one raises what its parser raises."""
    return _BOOKS[kind](data, limits)


_BOOKS = {
    "xlsx": lambda data, limits: CalamineBook(data, limits, xlsx_layout.Parts(data)),
    "ods": lambda data, limits: CalamineBook(data, limits, ods_layout.Content(data)),
    "xlsb": CalamineBook,
    "xls": XlsBook,
}
