"""What the rules share: reading other records as they stand, whoever asks."""

from models import tables
from models.values import today
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


def parameter(key, default):
    """The number a parameter has today."""
    model, rows = live("parameter")
    row = rows.where((model.f_key == key) & (model.f_effective_from.is_null() | (model.f_effective_from <= today()))).order_by(
        model.f_effective_from.desc()
    )
    found = row.first()
    return int(found.f_value) if found and str(found.f_value).isdecimal() else default
