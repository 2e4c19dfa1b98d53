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


def rows(build, model, *values):
    """The rows of the query `build(model, *marks)`, as tuples. `values` are as the database keeps them, one for each mark.

    `build` is a function of the module: what it makes depends on nothing but the model.
    """
    made = vars(model).get(_KEPT)
    if made is None:
        made = {}
        setattr(model, _KEPT, made)
    found = made.get((build, is_postgres()))
    if found is None:
        found = made[build, is_postgres()] = _made(build, model, len(values))
    sql, params, readers = found
    given = [part.of(values) if type(part) is Mark else part for part in params]
    return [
        tuple([value if read is None or value is None else read(value) for read, value in zip(readers, row, strict=True)])
        for row in database.execute_sql(sql, given).fetchall()
    ]


class Columns(peewee.Node):
    """Plain columns of a model as the last part of a selection, by default all of them: their SQL is put together at once. The values are
    read as the model's fields of these names.
    """

    def __init__(self, model, names=()):
        self._table, self._names = model._meta.table, names or tuple(model._meta.columns)

    def __sql__(self, ctx):
        table = ctx.alias_manager[self._table]
        return ctx.literal(", ".join([f'"{table}"."{name}"' for name in self._names]))


def _made(build, model, count):
    query = build(model, *(peewee.Value(Mark(at), converter=False) for at in range(count)))
    sql, params = query.sql()
    return sql, params, [getattr(column, "python_value", None) for column in query._returning]
