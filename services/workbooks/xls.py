"""The old .xls, by xlrd: values with their formats, merged ranges, hidden rows and columns, error values."""

from datetime import datetime, time, timedelta

import xlrd
from xlrd.xldate import XLDateError

from services.workbooks.values import look_of


class Book:
    """An .xls workbook. `refused` is what to raise for one with a password."""

    def __init__(self, data, refused):
        try:
            self._book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=_Silent())
        except xlrd.XLRDError as error:
            if "encrypted" in str(error).lower():
                raise refused("password") from None
            raise
        self.names = [(sheet.name, sheet.visibility == 0) for sheet in self._book.sheets()]
        self._looks = {}

    def size(self, name):
        """(rows, columns)"""
        sheet = self._book.sheet_by_name(name)
        return sheet.nrows, sheet.ncols

    def sheet(self, name, layout):
        """(rows of values, height, width, layout); height and width are those of the cells that hold something."""
        sheet = self._book.sheet_by_name(name)
        layout.merged = [[top, left, bottom - 1, right - 1] for top, bottom, left, right in sheet.merged_cells]
        layout.hidden_rows = sorted(row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden)
        layout.hidden_columns = sorted(at for at, info in sheet.colinfo_map.items() if info.hidden and at < 256)
        height, width = self._filled(sheet)
        for row in range(height):
            self._notice(sheet, row, layout)
        return lambda: (self._values(sheet, row, width) for row in range(height)), height, width, layout

    def _filled(self, sheet):
        blank = (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
        height = width = 0
        for row in range(sheet.nrows):
            types = sheet.row_types(row)
            last = next((at for at in range(len(types), 0, -1) if types[at - 1] not in blank), 0)
            height, width = (row + 1 if last else height), max(width, last)
        return height, width

    def _values(self, sheet, row, width):
        return [self._value(cell) for cell in sheet.row(row)[:width]]

    def _value(self, cell):
        if cell.ctype == xlrd.XL_CELL_DATE:
            return self._moment(cell.value)
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        return "" if cell.ctype == xlrd.XL_CELL_ERROR else cell.value

    def _moment(self, serial):
        """The day, clock or moment of a serial number; the number where it is none."""
        try:
            found = xlrd.xldate_as_datetime(serial, self._book.datemode)
        except (XLDateError, OverflowError, ValueError):
            return serial
        if serial < 1 and not self._book.datemode:
            return (datetime.min + timedelta(days=serial)).time() if serial else time()
        return found.date() if serial == int(serial) else found

    def _notice(self, sheet, row, layout):
        types = sheet.row_types(row)
        for at, kind in enumerate(types):
            if kind == xlrd.XL_CELL_ERROR:
                text = xlrd.error_text_from_code.get(sheet.cell_value(row, at), "#N/A")
                layout.damage.setdefault(row + 1, {})[at] = ["error", text]
            elif kind == xlrd.XL_CELL_NUMBER and (look := self._look(sheet.cell_xf_index(row, at))):
                layout.looks.setdefault(row + 1, {})[at] = look

    def _look(self, style):
        if style not in self._looks:
            used = self._book.format_map.get(self._book.xf_list[style].format_key)
            self._looks[style] = look_of(used.format_str) if used else None
        return self._looks[style]


class _Silent:
    def write(self, text):
        return len(text)
