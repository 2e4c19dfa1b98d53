"""What a row holds on its way in: cleaned, with its defaults, codes and what behaviours work out."""

from dataclasses import dataclass

from models.conditions import days_from
from models.errors import Fault, FieldError, say
from models.fields import Code, Derived
from models.values import NA, now
from services import behaviours


@dataclass(frozen=True)
class Written:
    """A row as it was saved: its id, version, values by field name, and which fields others had changed meanwhile."""

    register: object
    id: int
    version: int
    values: dict
    merged: tuple = ()


def clean(register, actor, raw, *, by_app=False):
    """Python values of the raw ones, all faults gathered. Unknown and read-only fields are faults, unless the app writes."""
    values, faults = {}, []
    for name, given in raw.items():
        field = register.by_name.get(name)
        if field is None:
            faults.append(Fault(name, "unknown_field", say("没有「{name}」这一列。", name=str(name)[:60])))
        elif isinstance(field, Derived) or (field.readonly and not by_app):
            faults.append(Fault(field.name, "read_only", say("「{label}」由系统填写，不能修改。", label=field.title)))
        else:
            try:
                values[field.name] = field.clean(given)
            except FieldError as error:
                faults.append(Fault(field.name, error.code, error.sentence))
    return values, faults


def fill_defaults(register, actor, values):
    """Declared defaults for fields that were not given at all; a workflow's first state."""
    for field in register.live:
        if field.name not in values and field.default is not None and field.stored:
            default = field.default
            if default == "$me":
                values[field.name] = actor.id
            elif isinstance(default, str) and default.startswith("$today"):
                values[field.name] = days_from(default)
            else:
                values[field.name] = now() if default == "$now" else field.clean(default)
    if register.workflow and values.get(register.workflow.field) is None:
        values[register.workflow.field] = register.workflow.initial


def fill(register, rows):
    """Values the register's behaviours work out, row set at a time."""
    for name in register.behaviours:
        if name in behaviours.FILLS:
            behaviours.FILLS[name](register, rows)


def make_codes(register, rows, ids):
    """Codes for rows that have none: the series and the record's number; unique because the number is."""
    for field in register.live:
        if isinstance(field, Code) and field.make:
            for values, id in zip(rows, ids, strict=True):
                if values.get(field.name) is None:
                    values[field.name] = f"{field.make}-{id:06d}"


def ids_of(value):
    """The ids a relation's value names: one, several or none."""
    if value is None or value is NA:
        return ()
    return value if isinstance(value, tuple) else (value,)
