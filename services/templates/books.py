"""Forms that are workbooks: what they ask for, and filled. Styles, widths, merged cells and formulas stay."""

import copy
import io
import re
from datetime import date, datetime

from services.templates import marks
from services.templates.packages import Refused

# Functions that only reckon; others could fetch, link or start something.
_HARMLESS = frozenset(
    [
        "SUM",
        "COUNT",
        "COUNTA",
        "COUNTIF",
        "COUNTIFS",
        "SUMIF",
        "SUMIFS",
        "AVERAGE",
        "MAX",
        "MIN",
        "ROUND",
        "ROUNDUP",
        "ROUNDDOWN",
        "IF",
        "IFERROR",
        "AND",
        "OR",
        "NOT",
        "SUBTOTAL",
        "ABS",
        "INT",
        "TODAY",
        "NOW",
        "YEAR",
        "MONTH",
        "DAY",
        "DATE",
        "TEXT",
        "LEFT",
        "RIGHT",
        "MID",
        "LEN",
        "CONCATENATE",
        "ROW",
        "ROWS",
    ]
)
_FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\(")
_REFERENCE = re.compile(r"(\$?[A-Z]{1,3}\$?)([0-9]{1,7})(?::(\$?[A-Z]{1,3}\$?)([0-9]{1,7}))?(?![0-9A-Za-z(])")
_MOST_CELLS = 200_000


def inspect(data, listed):
    """[(name, where)] of a workbook's placeholders; `listed` where rows repeat. Refused for what a form must not hold."""
    found = []
    for sheet in _opened(data):
        if sheet.max_row * sheet.max_column > _MOST_CELLS:
            raise Refused("too_many_cells", sheet.title)
        for cell in _texts(sheet):
            _check(sheet, cell)
            found += [(name, f"{sheet.title}!{cell.coordinate}") for name in marks.found(cell.value)]
        if listed:
            _check_merged(sheet)
    return found


def _check(sheet, cell):
    if marks.CODE.search(cell.value):
        raise Refused("code", marks.CODE.search(cell.value)[0])
    if cell.data_type == "f":
        strange = [name for name in _FUNCTION.findall(cell.value) if name.upper() not in _HARMLESS]
        if strange or "[" in cell.value or "|" in cell.value:
            raise Refused("formula", f"{sheet.title}!{cell.coordinate} {cell.value[:60]}")


def _check_merged(sheet):
    for row in _repeating(sheet, marks.HEADS):
        for area in sheet.merged_cells.ranges:
            if area.min_row <= row <= area.max_row and area.min_row != area.max_row:
                raise Refused("merged_rows", f"{sheet.title}!{area.coord}")


def fill(data, heads, rows):
    """The workbook filled with {name: [kind, text]}. In a list a row with a field's placeholder repeats for each of `rows`; for a
    single record `rows` is None and `heads` has its fields too.
    """
    book = _opened(data)
    for sheet in book:
        if rows is not None:
            for row in reversed(_repeating(sheet, heads)):
                _repeat(sheet, row, heads, rows)
        for cell in _texts(sheet):
            if cell.data_type != "f":
                _put(cell, cell.value, heads)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _opened(data):
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(data), keep_vba=False, keep_links=False)


def _texts(sheet):
    return [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def _repeating(sheet, heads):
    """The rows that hold a placeholder of something else than the heading."""
    return sorted({cell.row for cell in _texts(sheet) if cell.data_type != "f" and set(marks.found(cell.value)) - set(heads)})


def _repeat(sheet, row, heads, rows):
    """One row for each record in the place of the pattern row; what stands below moves down, and sums over it grow."""
    pattern = [(cell.column, cell.value, copy.copy(cell._style)) for cell in sheet[row]]
    height = sheet.row_dimensions[row].height
    merged = [(area.min_col, area.max_col) for area in sheet.merged_cells.ranges if area.min_row == area.max_row == row]
    more = max(len(rows), 1) - 1
    if more:
        _make_room(sheet, row, more)
    for at, record in enumerate(rows or [{}], row):
        for column, value, style in pattern:
            cell = sheet.cell(at, column)
            cell._style = copy.copy(style)
            if isinstance(value, str) and "{{" in value:
                _put(cell, value, heads | record)
            elif at > row and value is not None:
                cell.value = value
        sheet.row_dimensions[at].height = height
        if at > row:
            for first, last in merged:
                sheet.merge_cells(start_row=at, end_row=at, start_column=first, end_column=last)


def _make_room(sheet, row, more):
    """Moves what is below a row down: cells with their looks, heights, merged areas, and the references of formulas."""
    below = [area for area in sheet.merged_cells.ranges if area.min_row > row]
    for area in below:
        sheet.merged_cells.remove(area)
    heights = {at: shape.height for at, shape in sheet.row_dimensions.items() if at > row}
    # A cell that was merged away is no cell of its own; the areas come back below.
    sheet.insert_rows(row + 1, more)
    for at in heights:
        sheet.row_dimensions[at].height = None
    for at, height in heights.items():
        sheet.row_dimensions[at + more].height = height
    for area in below:
        area.shift(row_shift=more)
        sheet.merge_cells(area.coord)
    for cell in _texts(sheet):
        if cell.data_type == "f":
            cell.value = _REFERENCE.sub(lambda found: _moved(found, row, more), cell.value)


def _moved(found, row, more):
    first, start, last, end = found.groups()
    start, end = int(start), int(end) if end else None
    if end is None:
        return f"{first}{start + more if start > row else start}"
    # A range that ends at the pattern row takes in the rows that were made from it.
    return f"{first}{start + more if start > row else start}:{last}{end + more if end >= row else end}"


def _put(cell, text, words):
    """A cell that is one placeholder takes its value as it is, number or date; in a longer text it is words."""
    names = marks.found(text)
    if not names:
        return
    whole = marks.MARK.fullmatch(text.strip())
    kind, value = words.get(names[0], ("text", "")) if whole else ("text", marks.filled(text, words))
    shape = cell.number_format
    cell.value = _value(kind, value) if value else None
    if isinstance(cell.value, str):
        # A text is never a formula, whatever it begins with.
        cell.data_type = "s"
    elif isinstance(cell.value, (date, datetime)) and shape == "General":
        cell.number_format = "yyyy-mm-dd" if kind == "date" else "yyyy-mm-dd hh:mm"
    elif value:
        cell.number_format = shape


def _value(kind, text):
    if kind == "number" and text[-1].isdigit() and len(text.replace(".", "").strip("-0")) <= 15:
        return float(text) if "." in text else int(text)
    if kind in ("date", "moment") and text[0].isdigit() and text >= "1900-03-01":
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    return text
