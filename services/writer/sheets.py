"""Rows that are written as one set, field by field: what is asked of all of them is asked of a column, not of each row."""

from operator import attrgetter, itemgetter


class Sheet:
    """Values of rows by field: `columns` {name: one value for each row}.

    `silent` {name: places of the rows that say nothing of the field}, where the column has None; without it None says nothing. `cleaned`:
    the values are as `Field.clean` gave them, and are not cleaned again; services alone make such a sheet, never from a request. `made`
    are the fields whose codes were made for all its rows.
    """

    __slots__ = ("_silent", "cleaned", "columns", "count", "made")

    def __init__(self, columns, count, silent=None, cleaned=False):
        self.columns, self.count, self._silent, self.cleaned, self.made = columns, count, silent, cleaned, ()

    @classmethod
    def of(cls, rows, cleaned=False):
        """The sheet of rows {name: value}. A row says nothing of a field it does not name."""
        rows, shapes = list(rows), {}
        for at, row in enumerate(rows):
            shapes.setdefault(tuple(row), []).append(at)
        names = list(dict.fromkeys(name for shape in shapes for name in shape))
        silent = {name: {at for shape, places in shapes.items() if name not in shape for at in places} for name in names}
        return cls({name: [row.get(name) for row in rows] for name in names}, len(rows), silent, cleaned)

    def silent(self, name):
        """The places of the rows that say nothing of a field."""
        if self._silent is None:
            return {at for at, value in enumerate(self.columns[name]) if value is None}
        return self._silent.get(name, frozenset())

    def said(self, at):
        """What one row says: {name: value}."""
        row, silent = self.row(at), self._silent
        return {
            name: value
            for name, value in row.items()
            if value is not None or (silent is not None and at not in silent.get(name, ()))
        }

    def row(self, at):
        """One row's values by field name, a copy."""
        return {name: column[at] for name, column in self.columns.items()}

    def column(self, name):
        """The values of a field, one for each row; None where nothing is known of it."""
        return self.columns[name] if name in self.columns else [None] * self.count

    def at(self, place):
        """The row at a place, to be read and changed where it stands, like a dict of its values."""
        return _Place(self, place)


class _Place:
    """One row of a sheet where it stands."""

    __slots__ = ("_at", "_sheet")

    def __init__(self, sheet, at):
        self._sheet, self._at = sheet, at

    def get(self, name, otherwise=None):
        column = self._sheet.columns.get(name)
        return otherwise if column is None else column[self._at]

    def __getitem__(self, name):
        return self._sheet.columns[name][self._at]

    def __setitem__(self, name, value):
        columns = self._sheet.columns
        if name not in columns:
            columns[name] = [None] * self._sheet.count
        columns[name][self._at] = value


class Apart:
    """Rows that stand each by itself, {name: value}, asked field by field as a Sheet is."""

    __slots__ = ("_rows",)

    def __init__(self, rows):
        self._rows = rows

    def column(self, name):
        try:
            return list(map(itemgetter(name), self._rows))
        except KeyError:
            return [values.get(name) for values in self._rows]


class _Part:
    """Some rows of a sheet."""

    __slots__ = ("_places", "_sheet")

    def __init__(self, sheet, places):
        self._sheet, self._places = sheet, places

    def column(self, name):
        column = self._sheet.column(name)
        return [column[at] for at in self._places]


def together(lines):
    """The values of lines (services.writer.saving.Line), to be asked field by field."""
    sheet = sheet_of(lines)
    if sheet is None:
        return Apart([line.values for line in lines])
    places = list(map(_PLACE, lines))
    return sheet if places == list(range(sheet.count)) else _Part(sheet, places)


def sheet_of(lines):
    """The one sheet that lines stand in; None where they do not."""
    sheets = set(map(_SHEET, lines))
    return sheets.pop() if len(sheets) == 1 else None


_SHEET, _PLACE = attrgetter("sheet"), attrgetter("place")
