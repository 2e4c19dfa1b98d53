"""What the rules share: reading other records as they stand, whoever asks."""

from models import tables
from services.behaviours import looked_up


def live(name):
    """(model, its rows that are not in the trash)"""
    model = tables.model(name)
    return model, model.select().where(model.deleted_at.is_null())


def one(name, id):
    """A live row by id, or None."""
    if not isinstance(id, int):
        return None
    model, rows = live(name)
    return looked_up((name, id), lambda: rows.where(model.id == id).first())


def others(checked, name=None):
    """(model, live rows of the checked record's register without the record itself)"""
    model, rows = live(name or checked.register.name)
    return model, rows.where(model.id != checked.record_id) if checked.record_id else rows


def overlapping(model, values):
    """Rows whose period shares a day with the checked one."""
    start, end = values.get("from_date"), values.get("to_date")
    found = model.f_to_date.is_null() | (model.f_to_date >= start)
    return found & (model.f_from_date <= end) if end else found
