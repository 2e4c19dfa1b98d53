"""What a row holds on its way in: cleaned, with its defaults, codes and what behaviours work out."""

from dataclasses import dataclass

from models.conditions import days_from
from models.errors import Fault, FieldError, say
from models.fields import Code, Derived
from models.values import NA, now
from services import behaviours
from services.writer.sheets import Sheet

# What is given so means the same in every row.
_PLAIN = {str, int, type(None)}
# How many texts of a field are kept with their values.
_MOST_KEPT = 20_000


@dataclass(frozen=True)
class Written:
    """A row as it was saved: its id, version, values by field name, and which fields others had changed meanwhile."""

    register: object
    id: int
    version: int
    values: dict
    merged: tuple = ()


def clean(register, raw, *, by_app=False, cleaned=False):
    """Python values of the raw ones, all faults gathered. Unknown and read-only fields are faults, unless the app writes. `cleaned` values
    are as their fields gave them.
    """
    values, faults = {}, []
    for name, given in raw.items():
        field, fault = _field_for(register, name, by_app)
        found = fault or (given if cleaned else _value_or_fault(field, given))
        if isinstance(found, Fault):
            faults.append(found)
        else:
            values[field.name] = found
    return values, faults


def clean_sheet(register, sheet, *, by_app=False, known):
    """`clean` of all rows of a sheet, column by column: (the Sheet of their values, {place: faults of the row there}).

    `known` keeps what texts and whole numbers mean: {field name: {what was given: value, or its Fault}}.
    """
    columns, silent, faults = {}, {}, {}
    for name, column in sheet.columns.items():
        field, fault = _field_for(register, name, by_app)
        if fault:
            for at in set(range(sheet.count)) - sheet.silent(name):
                faults.setdefault(at, []).append(fault)
            continue
        found, wrong = (list(column), False) if sheet.cleaned else _clean_column(field, column, known)
        for at, value in enumerate(found) if wrong else ():
            if isinstance(value, Fault):
                faults.setdefault(at, []).append(value)
                found[at] = None
        if field.name in columns:  # given by an old name as well
            for at in sheet.silent(name):
                found[at] = columns[field.name][at]
        if field.default is not None:
            silent[field.name] = sheet.silent(name) & silent.get(field.name, sheet.silent(name))
        columns[field.name] = found
    return Sheet(columns, sheet.count, silent), faults


def _clean_column(field, column, known):
    """(the values of one field, or their Faults; whether any is a Fault)"""
    if not set(map(type, column)) <= _PLAIN:
        found = [_value_or_fault(field, given) for given in column]
        return found, any(isinstance(value, Fault) for value in found)
    kept, distinct = known.setdefault(field.name, {}), set(column)
    if len(kept) > _MOST_KEPT:
        kept.clear()
    for given in [given for given in distinct if given not in kept]:
        kept[given] = _value_or_fault(field, given)
    return [kept[given] for given in column], any(isinstance(kept[given], Fault) for given in distinct)


def _value_or_fault(field, given):
    try:
        return field.clean(given)
    except FieldError as error:
        return Fault(field.name, error.code, error.sentence)


def _field_for(register, name, by_app):
    """(the field a raw value is for, None) or (the field if there is one, the Fault that keeps it from being given a value)."""
    field = register.by_name.get(name)
    if field is None:
        return None, Fault(name, "unknown_field", say("没有「{name}」这一列。", name=str(name)[:60]))
    if isinstance(field, Derived) or (field.readonly and not by_app):
        return field, Fault(field.name, "read_only", say("「{label}」由系统填写，不能修改。", label=field.title))
    return field, None


def defaults_of(register, actor):
    """{field name: value} of the declared defaults, today and for this actor; None where there is none."""
    found = dict.fromkeys(field.name for field in register.live)
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


def complete(register, values, defaults):
    """A new row's values with the defaults of fields that were not given at all, and the workflow's first state."""
    values = defaults | values
    if register.workflow and values.get(register.workflow.field) is None:
        values[register.workflow.field] = register.workflow.initial
    return values


def complete_sheet(register, sheet, defaults):
    """`complete` for all new rows of a sheet."""
    columns = sheet.columns
    for name, default in defaults.items():
        if name not in columns:
            columns[name] = [default] * sheet.count
        elif default is not None:
            for at in sheet.silent(name):
                columns[name][at] = default
    if register.workflow:
        name, initial = register.workflow.field, register.workflow.initial
        columns[name] = [initial if value is None else value for value in sheet.column(name)]


def fill(register, rows):
    """Values the register's behaviours work out, row set at a time."""
    for name in register.behaviours:
        if name in behaviours.FILLS:
            behaviours.FILLS[name](register, rows)


def make_codes(register, rows, ids):
    """Codes for rows that have none: the series and the record's number; unique because the number is."""
    for field in _numbered(register):
        for values, id in zip(rows, ids, strict=True):
            if values.get(field.name) is None:
                values[field.name] = code_of(field, id)


def make_codes_in(register, sheet, ids):
    """`make_codes` for the rows of a sheet; gives the fields in which no row had a code."""
    made = []
    for field in _numbered(register):
        column = sheet.column(field.name)
        made += [field] if not any(column) else []
        sheet.columns[field.name] = [code_of(field, id) if code is None else code for code, id in zip(column, ids, strict=True)]
    return made


def _numbered(register):
    return [field for field in register.live if isinstance(field, Code) and field.make]


def code_of(field, id):
    """The code that is made for a record."""
    return f"{field.make}-{id:06d}"


def ids_of(value):
    """The ids a relation's value names: one, several or none."""
    if value is None or value is NA:
        return ()
    return value if isinstance(value, tuple) else (value,)
