"""Conditions: a small filter language that declarations use, read both in SQL and in Python.

A condition is a tuple of pairs, all of which must hold: ("grade__in", ("C", "D")), with the operators of models.filters.
Values may be literals, "$other_field", or a day: "$today", "$today-30", "$school_year" (the first day of the school year), and
"$today-{四方联络确认时限:30}": as many days as this parameter is set to, 30 while it is not. ("any", (condition, …)) holds when one
of them does, ("not", condition) when it does not. A comparison with an unknown or 不适用 value does not hold, except `ne` and `empty`.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_

from peewee import Case, Value

from models import parameters
from models.fields.base import condition as when
from models.fields.choice import CodeSetField
from models.fields.dates import MomentField
from models.fields.number import ScaledField
from models.filters import OPERATORS, split
from models.values import NA, day_bounds, today

__all__ = ["DAY", "choices_of", "days_from", "fields_of", "holds", "sql", "test", "when"]

DAY = re.compile(r"\$(today|school_year)(?:([+-])(?:(\d{1,5})|\{([^{}:]{1,60}):(\d{1,5})\}))?")
SCHOOL_YEAR = (9, 1)


def is_day(value):
    """Whether a condition's value names a day."""
    return isinstance(value, str) and value.startswith("$") and DAY.fullmatch(value) is not None


def days_from(text, start=None):
    """The day a condition names, seen from a day (default today)."""
    word, sign, plain, key, default = DAY.fullmatch(text).groups()
    start = start or today()
    first = start if word == "today" else school_year(start)
    if sign is None:
        return first
    count = int(plain) if plain else parameters.days(key, int(default), start)
    return first + timedelta(days=count if sign == "+" else -count)


def school_year(day):
    """The first day of the school year a day lies in."""
    first = date(day.year, *SCHOOL_YEAR)
    return first if first <= day else date(day.year - 1, *SCHOOL_YEAR)


def fields_of(condition):
    """The names of the fields a condition reads."""
    found = set()
    for key, value in condition:
        if key == "any":
            found.update(*(fields_of(part) for part in value))
        elif key == "not":
            found |= fields_of(value)
        else:
            found.add(split(key)[0])
            if isinstance(value, str) and value.startswith("$") and not is_day(value):
                found.add(value[1:])
    return found


def choices_of(condition):
    """[(field name, the values it may have)] of the parts that name a field's values: the condition holds for no others."""
    parts = [(*split(key), wanted) for key, wanted in condition if key not in ("any", "not")]
    return [
        (name, frozenset(wanted if isinstance(wanted, tuple) else (wanted,)))
        for name, operator, wanted in parts
        if operator in ("eq", "in") and not _refers(wanted)
    ]


def holds(condition, values, day=None):
    """Whether a row's Python values satisfy the condition on a day (default today)."""
    return test(condition)(values, day)


@lru_cache(maxsize=4096)
def test(condition):
    """The condition as a function of (values, day), worked out once: rules are asked for every row of an import."""
    return _every([_test(key, wanted) for key, wanted in condition])


def _every(parts):
    """All of the parts in one function: one inside the other, which costs less for each row than going through a list."""
    if len(parts) < 2:
        return parts[0] if parts else lambda values, day=None: True
    first, others = parts[0], _every(parts[1:])
    return lambda values, day=None: first(values, day) and others(values, day)


def _either(parts):
    """Any of the parts in one function."""
    if len(parts) < 2:
        return parts[0] if parts else lambda values, day=None: False
    first, others = parts[0], _either(parts[1:])
    return lambda values, day=None: first(values, day) or others(values, day)


def _test(key, wanted):
    if key == "any":
        return _either([test(part) for part in wanted])
    if key == "not":
        unwanted = test(wanted)
        return lambda values, day=None: not unwanted(values, day)
    name, operator = split(key)
    if operator == "empty":
        wanted = bool(wanted)
        return lambda values, day=None: (values.get(name) is None or values[name] is NA) is wanted
    return (_against_another if _refers(wanted) else _against_a_literal)(name, operator, wanted)


def _against_a_literal(name, operator, wanted):
    """A comparison with what the declaration says, kept in the types of the values that have come by."""
    compare, kept, unknown = _COMPARE[operator], {}, operator == "ne"

    def ask(values, day=None):
        have = values.get(name)
        if have is None or have is NA:
            return unknown
        kind = type(have)
        if kind not in kept:
            kept[kind] = wanted if operator == "contains" else _comparable(have, wanted)
        return compare(have, kept[kind])

    return ask


def _against_another(name, operator, wanted):
    """A comparison with a day, or with another field of the row."""
    compare, unknown = _COMPARE[operator], operator == "ne"
    names_day, known = is_day(wanted), (None, None)
    of_field = wanted[1:] if isinstance(wanted, str) and not names_day else None

    def of_day(day):
        """Worked out once for the day that a whole set is asked about: the same object, not only the same day."""
        nonlocal known
        last = known
        if day is None or last[0] is not day:
            last = known = (day, _operand(wanted, {}, day))
        return last[1]

    def ask(values, day=None):
        have = values.get(name)
        if have is None or have is NA:
            return unknown
        other = of_day(day) if names_day else values.get(of_field) if of_field else _operand(wanted, values, day)
        if other is None or other is NA:
            return unknown
        return compare(have, other if type(have) is type(other) or operator == "contains" else _comparable(have, other))

    return ask


def _refers(wanted):
    return any(isinstance(part, str) and part.startswith("$") for part in (wanted if isinstance(wanted, tuple) else (wanted,)))


def _comparable(have, wanted):
    """The other side in the type of the value at hand: declarations say 3, "3.50" and "2021-08-05"."""
    if isinstance(have, str):
        return wanted
    if isinstance(wanted, tuple):
        return tuple(_comparable(have, part) for part in wanted)
    if isinstance(have, datetime) and isinstance(wanted, date) and not isinstance(wanted, datetime):
        return day_bounds(wanted)[0]
    if isinstance(have, date) and isinstance(wanted, str):
        return date.fromisoformat(wanted)
    if isinstance(have, Decimal) and not isinstance(wanted, Decimal):
        return Decimal(str(wanted))
    return wanted


def _contains(have, wanted):
    return wanted.lower() in have.lower() if isinstance(have, str) else wanted in have


_COMPARE = {
    "eq": eq,
    "ne": ne,
    "in": lambda have, wanted: have in wanted,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "contains": _contains,
}


def _operand(value, values, day):
    if isinstance(value, tuple):
        return tuple(_operand(part, values, day) for part in value)
    if is_day(value):
        return days_from(value, day)
    if isinstance(value, str) and value.startswith("$"):
        return values.get(value[1:])
    return value


def sql(condition, column, day=None):
    """The condition as a peewee expression; `column(name)` gives a field's column."""
    parts = [_sql(key, value, column, day) for key, value in condition]
    return reduce(and_, parts) if parts else Value(1) == 1


def _sql(key, wanted, column, day):
    if key == "any":
        return reduce(or_, (sql(part, column, day) for part in wanted))
    if key == "not":
        return Case(None, [(sql(wanted, column, day), 0)], 1) == 1
    name, operator = split(key)
    have = column(name)
    if isinstance(wanted, str) and wanted.startswith("$") and not is_day(wanted):
        other = column(wanted[1:])
        found = OPERATORS[operator].sql(have, other)
        return found | other.is_null() if operator == "ne" else found
    return OPERATORS[operator].sql(have, _stored(getattr(have, "field", have), operator, wanted, day))


def _stored(field, operator, wanted, day):
    """A literal as its column compares it."""
    if isinstance(wanted, tuple):
        return tuple(_stored(field, operator, part, day) for part in wanted)
    if operator == "empty":
        return wanted
    if is_day(wanted):
        wanted = days_from(wanted, day)
    if isinstance(field, MomentField) and not isinstance(wanted, (str, datetime)):
        return day_bounds(wanted)[0]
    if isinstance(field, ScaledField):
        return Decimal(str(wanted))
    return f"|{wanted}|" if isinstance(field, CodeSetField) else wanted
