"""Conditions: a small filter language that declarations use, read both in SQL and in Python.

A condition is a tuple of pairs, all of which must hold: ("grade__in", ("C", "D")), with the operators of models.filters.
Values may be literals, "$today", "$today-30", or "$other_field". ("any", (condition, …)) holds when one of them does,
("not", condition) when it does not. A comparison with an unknown or 不适用 value does not hold, except `ne` and `empty`.
"""

from functools import reduce
from operator import and_, or_

from peewee import Case

from models.fields.base import condition as when
from models.fields.dates import days_from
from models.filters import OPERATORS, split
from models.values import NA

__all__ = ["fields_of", "holds", "sql", "when"]


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
            if isinstance(value, str) and value.startswith("$") and not value.startswith("$today"):
                found.add(value[1:])
    return found


def holds(condition, values, day=None):
    """Whether a row's Python values satisfy the condition on a day (default today)."""
    return all(_holds(key, value, values, day) for key, value in condition)


def _holds(key, wanted, values, day):
    if key == "any":
        return any(holds(part, values, day) for part in wanted)
    if key == "not":
        return not holds(wanted, values, day)
    name, operator = split(key)
    have = values.get(name)
    missing = have is None or have is NA
    if operator == "empty":
        return missing == bool(wanted)
    wanted = _operand(wanted, values, day)
    if operator == "ne":
        return missing or have != wanted
    if missing or wanted is None or wanted is NA:
        return False
    return _COMPARE[operator](have, wanted)


def _comparable(have, wanted):
    return type(have)(wanted) if isinstance(wanted, (int, str)) and not isinstance(have, (str, bool, tuple)) and not hasattr(have, "year") else wanted


_COMPARE = {
    "eq": lambda have, wanted: have == _comparable(have, wanted),
    "in": lambda have, wanted: have in wanted,
    "gt": lambda have, wanted: have > _comparable(have, wanted),
    "gte": lambda have, wanted: have >= _comparable(have, wanted),
    "lt": lambda have, wanted: have < _comparable(have, wanted),
    "lte": lambda have, wanted: have <= _comparable(have, wanted),
    "contains": lambda have, wanted: wanted in have,
}


def _operand(value, values, day):
    if isinstance(value, str) and value.startswith("$today"):
        return days_from(value, day)
    if isinstance(value, str) and value.startswith("$"):
        return values.get(value[1:])
    return value


def sql(condition, column, day=None):
    """The condition as a peewee expression; `column(name)` gives a field's column."""
    return reduce(and_, (_sql(key, value, column, day) for key, value in condition))


def _sql(key, wanted, column, day):
    if key == "any":
        return reduce(or_, (sql(part, column, day) for part in wanted))
    if key == "not":
        return Case(None, [(sql(wanted, column, day), 0)], 1) == 1
    name, operator = split(key)
    if isinstance(wanted, str) and wanted.startswith("$") and not wanted.startswith("$today"):
        wanted = column(wanted[1:])
    elif isinstance(wanted, str) and wanted.startswith("$today"):
        wanted = days_from(wanted, day)
    if operator == "contains" and isinstance(wanted, str):
        wanted = f"|{wanted}|"
    return OPERATORS[operator].sql(column(name), wanted)

