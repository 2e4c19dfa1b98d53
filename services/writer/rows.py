"""Rows as the table keeps them: to columns and back."""

import peewee

from models import tables
from models.base import database, is_postgres, numbers_given, one_of
from models.fields import Relations
from models.journal import Link
from models.prepared import Columns
from models.values import NA
from services import query
from services.writer.values import code_of

# For how many ids ahead it is asked whether their codes are free.
_AHEAD = 100_000


def next_ids(model, count):
    """Fresh ids for rows about to be inserted, in rising order."""
    if is_postgres():
        sequence = f"{model._meta.table_name}_id_seq"
        found = database.execute_sql(f"SELECT nextval('{sequence}') FROM generate_series(1, %s)", (count,))
        return [id for (id,) in found.fetchall()]
    # SQLite: the transaction is IMMEDIATE, nobody else is inserting; rows are never deleted, so ids are never used twice.
    given, table = numbers_given(), model._meta.table_name
    last = given[table] if table in given else model.select(peewee.fn.MAX(model.id)).scalar() or 0
    given[table] = last + count
    return list(range(last + 1, last + count + 1))


def codes_are_free(register, field, ids):
    """Whether surely no live record has a code that is made for one of these ids, in rising order. On SQLite it is asked for many ids ahead:
    in this transaction nobody else writes, and typed codes, when they are looked for, make it forgotten (forget_free_codes).
    """
    model, known = tables.model(register.name), numbers_given()
    key, last = (model._meta.table_name, field.id), ids[-1] + _AHEAD
    if ids[-1] <= known.get(key, 0):
        return True
    first, highest = code_of(field, ids[0]), code_of(field, last)
    if is_postgres() or len(first) != len(highest):
        return False  # there texts are in the order of a language; of different lengths they are not in the order of their numbers
    column = query.column(model, register, field.name)
    if model.select(model.id).where(model.deleted_at.is_null() & column.between(first, highest)).exists():
        return False
    known[key] = last
    return True


def forget_free_codes(register, name):
    """Codes of this field may be written that were not made for their records."""
    numbers_given().pop((tables.model(register.name)._meta.table_name, register.field(name).id), None)


def stored(register, rows, count, names=None):
    """{column name: values, one for each row} of the values of rows asked field by field (services.writer.sheets); 不适用 is kept beside
    an empty column. `names` are the fields that are stored, all of them by default.
    """
    fields = [field for field in register.fields if field.stored and (names is None or field.name in names)]
    found = {f"f_{field.id}": rows.column(field.name) for field in fields}
    marks = [""] * count
    for field in register.fields:
        if field.na:
            key = f"f_{field.id}"
            column = found[key] if key in found else rows.column(field.name)
            if NA in column:
                marks = [f"{mark}|{field.id}" if value is NA else mark for mark, value in zip(marks, column, strict=True)]
                if key in found:
                    found[key] = [None if value is NA else value for value in column]
    return found | {"na_fields": [f"{mark}|" if mark else None for mark in marks]}


def values_of(register, row):
    """A stored row's Python values by field name, several relations apart."""
    values = {field.name: row[f"f_{field.id}"] for field in register.fields if field.stored}
    query.mark_na(register, values, row["na_fields"])
    return values


def fetch(register, id, *, lock=False):
    """A row as stored, with its linked values; None when there is no such row. Never for showing: rights are the caller's."""
    return fetch_many(register, [id], lock=lock).get(id)


def fetch_many(register, ids, *, lock=False):
    """{id: (row as stored, its values by field name)} of the rows there are, trash included."""
    model = tables.model(register.name)
    asked = model.select(Columns(model)).where(one_of(model.id, ids))
    if lock and is_postgres():
        asked = asked.order_by(model.id).for_update()  # in one order, so that two sets never wait for each other
    found = {row["id"]: (row, values_of(register, row)) for row in asked.dicts()}
    for field in register.fields:
        if isinstance(field, Relations):
            linked = _linked(register, field, found)
            for id, (_, values) in found.items():
                values[field.name] = linked.get(id)
    return found


def _linked(register, field, ids):
    """{record id: ids of the field's targets}"""
    found = {}
    mine = (Link.register == register.name) & (Link.field_id == field.id) & one_of(Link.record_id, list(ids))
    for id, target in Link.select(Link.record_id, Link.target_id).where(mine).order_by(Link.target_id).tuples():
        found[id] = (*found.get(id, ()), target)
    return found
