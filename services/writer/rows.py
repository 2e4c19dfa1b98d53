"""Rows as the table keeps them: to columns and back."""

import peewee

from models import tables
from models.base import database, is_postgres
from models.fields import Relations
from models.journal import Link
from models.values import NA
from services import query


def next_ids(model, count):
    """Fresh ids for rows about to be inserted, in rising order."""
    if is_postgres():
        sequence = f"{model._meta.table_name}_id_seq"
        found = database.execute_sql(f"SELECT nextval('{sequence}') FROM generate_series(1, %s)", (count,))
        return [id for (id,) in found.fetchall()]
    # SQLite: the transaction is IMMEDIATE, nobody else is inserting; rows are never deleted, so ids are never used twice.
    last = model.select(peewee.fn.MAX(model.id)).scalar() or 0
    return list(range(last + 1, last + count + 1))


def stored(register, values):
    """Column values of a row's Python values; 不适用 is kept beside an empty column."""
    row, marks = {}, ""
    for field in register.fields:
        value = values.get(field.name)
        if field.stored and field.name in values:
            row[f"f_{field.id}"] = None if value is NA else value
        if value is NA:
            marks += f"|{field.id}"
    return row | {"na_fields": f"{marks}|" if marks else None}


def values_of(register, row):
    """A stored row's Python values by field name, several relations apart."""
    values = {field.name: row[f"f_{field.id}"] for field in register.fields if field.stored}
    query.mark_na(register, values, row["na_fields"])
    return values


def fetch(register, id, *, lock=False):
    """A row as stored, with its linked values; None when there is no such row. Never for showing: rights are the caller's."""
    model = tables.model(register.name)
    found = model.select().where(model.id == id)
    row = (found.for_update() if lock and is_postgres() else found).dicts().first()
    if row is None:
        return None
    values = values_of(register, row)
    for field in register.fields:
        if isinstance(field, Relations):
            mine = (Link.register == register.name) & (Link.field_id == field.id) & (Link.record_id == id)
            values[field.name] = (
                tuple(t for (t,) in Link.select(Link.target_id).where(mine).order_by(Link.target_id).tuples()) or None
            )
    return row, values
