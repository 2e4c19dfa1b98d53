"""What a row holds on its way in: cleaned, with its defaults, codes and what behaviours work out."""

from dataclasses import dataclass

from models.conditions import days_from
from models.errors import Fault, FieldError, say
from models.fields import Code, Derived
from models.values import NA, now
from services import behaviours

# What is given so means the same in every row.
PLAIN = (str, int)


@dataclass(frozen=True)
class Written:
    """A row as it was saved: its id, version, values by field name, and which fields others had changed meanwhile."""

    register: object
    id: int
    version: int
    values: dict
    merged: tuple = ()


class Cleaned(dict):
    """Values by field name as `Field.clean` gave them: they are not cleaned again. Services alone make one, never from a request."""


def writable(register, by_app=False):
    """The names of the fields that may be given a value, old names apart."""
    return frozenset(field.name for field in register.fields if not isinstance(field, Derived) and (by_app or not field.readonly))


def clean(register, actor, raw, *, by_app=False, known=None):
    """Python values of the raw ones, all faults gathered. Unknown and read-only fields are faults, unless the app writes.

    `known` keeps what texts and whole numbers were cleaned to: {type: {name: (field name, {what was given: value})}}.
    """
    values, faults = {}, []
    known = {kind: {} for kind in PLAIN} if known is None else known
    for name, given in raw.items():
        mine = known.get(type(given))
        if mine is not None and (kept := mine.get(name)) is not None and given in kept[1]:
            values[kept[0]] = kept[1][given]
            continue
        field = register.by_name.get(name)
        if field is None:
            faults.append(Fault(name, "unknown_field", say("没有「{name}」这一列。", name=str(name)[:60])))
        elif isinstance(field, Derived) or (field.readonly and not by_app):
            faults.append(Fault(field.name, "read_only", say("「{label}」由系统填写，不能修改。", label=field.title)))
        else:
            try:
                values[field.name] = value = given if isinstance(raw, Cleaned) else field.clean(given)
            except FieldError as error:
                faults.append(Fault(field.name, error.code, error.sentence))
                continue
            if mine is not None:
                mine.setdefault(name, (field.name, {}))[1][given] = value
    return values, faults


def defaults_of(register, actor):
    """{field name: value} of the declared defaults, today and for this actor."""
    found = {}
    for field in register.live:
        default = field.default
        if default is None or not field.stored:
            continue
        if default == "$me":
            found[field.name] = actor.id
        elif isinstance(default, str) and default.startswith("$today"):
            found[field.name] = days_from(default)
        else:
            found[field.name] = now() if default == "$now" else field.clean(default)
    return found


def complete(register, values, blank, defaults):
    """A new row's values with the defaults of fields that were not given at all, and the workflow's first state."""
    values = blank | defaults | values
    if register.workflow and values.get(register.workflow.field) is None:
        values[register.workflow.field] = register.workflow.initial
    return values


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
