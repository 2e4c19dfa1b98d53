"""Queries that every page asks: their SQL is made once, not anew for each page. Half of such a statement's time is its making."""

from dataclasses import dataclass

import peewee

from models.base import database, is_postgres

_KEPT = "_prepared"  # where a model keeps them: a register that is declared anew has a model of its own


@dataclass(frozen=True)
class Mark:
    """Stands for the value that is given when the query is asked, as the database keeps it or `convert` makes it."""

    at: int
    convert: object = None

    def of(self, given):
        return given[self.at] if self.convert is None else self.convert(given[self.at])


class Statement:
    """A query whose SQL is put together once, to be asked with several values: one for each of its Marks, as the database keeps it."""

    def __init__(self, query):
        self._sql, self._params = query.sql()
        columns = [column for part in query._returning for column in (part.columns if isinstance(part, Columns) else (part,))]
        self._names = [getattr(column, "column_name", None) or getattr(column, "name", "") for column in columns]
        readers = ((at, _reader(column.unalias() if column.is_alias() else column)) for at, column in enumerate(columns))
        self._readers = [(at, read) for at, read in readers if read]

    def rows(self, *values):
        """The rows, a list of values each."""
        given = [part.of(values) if type(part) is Mark else part for part in self._params]
        found = list(map(list, database.execute_sql(self._sql, given).fetchall()))
        for at, read in self._readers:
            for row in found:
                if row[at] is not None:
                    row[at] = read(row[at])
        return found

    def dicts(self, *values):
        """The rows by the columns' names."""
        return [dict(zip(self._names, row, strict=True)) for row in self.rows(*values)]


def rows(build, model, *values):
    """The rows of the query `build(model, *marks)`, kept with the model. `values` are as the database keeps them, one for each mark.

    `build` is a function of the module: what it makes depends on nothing but the model.
    """
    made = vars(model).get(_KEPT)
    if made is None:
        made = {}
        setattr(model, _KEPT, made)
    found = made.get((build, is_postgres()))
    if found is None:
        marks = (peewee.Value(Mark(at), converter=False) for at in range(len(values)))
        found = made[build, is_postgres()] = Statement(build(model, *marks))
    return found.rows(*values)


class Columns(peewee.Node):
    """Plain columns of a model as the last part of a selection, by default all of them: their SQL is put together at once. The values are
    read as the model's fields of these names.
    """

    def __init__(self, model, names=()):
        known = model._meta.columns
        self._table, self._names = model._meta.table, names or tuple(known)
        self.columns = [known[name] for name in self._names]

    def __sql__(self, ctx):
        table = ctx.alias_manager[self._table]
        return ctx.literal(", ".join([f'"{table}"."{name}"' for name in self._names]))


def _reader(column):
    """What makes the value of what the database gives, None where that is it."""
    kept = isinstance(column, (peewee.IntegerField, peewee.CharField, peewee.TextField))
    return None if kept and type(column).python_value is peewee.Field.python_value else getattr(column, "python_value", None)
