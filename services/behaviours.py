"""Behaviour that declarations name: values filled in, rules a condition cannot say, effects on other records.

Four registries, by name: `fills` sets stored values before a row is written, `checks` says whether a rule holds,
`effects` writes what follows, in the same change set; each gets sets of rows, so that an import costs no query per row.
`derives` gives the SQL expression by which a derived field holds for the rows of its register's model.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

from models import conditions
from models.fields import Derived
from models.register import once_for_each

FILLS, CHECKS, EFFECTS, DERIVES = {}, {}, {}, {}
APART = set()


def _into(registry):
    def named(name):
        def keep(function):
            registry[name] = function
            return function

        return keep

    return named


fills = _into(FILLS)


def checks(name, *, apart=False):
    """Keeps a check under its name. `apart`: it asks no record of the checked row's own register, so that the rows of a set can
    be asked before any of them is written; others are asked when the rows before them stand.
    """
    if apart:
        APART.add(name)
    return _into(CHECKS)(name)


effects = _into(EFFECTS)
derives = _into(DERIVES)


_seen = ContextVar("seen", default=None)


@contextmanager
def looking_once():
    """While the checks of a set are asked and nothing is written, what they look up is looked up once."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def looked_up(key, look):
    """What `look()` finds, remembered under the key within `looking_once`."""
    seen = _seen.get()
    if seen is None:
        return look()
    if key not in seen:
        seen[key] = look()
    return seen[key]


def derive(register, values):
    """A row's values with those worked out from others."""
    return values | {name: holds(values) for name, holds in _derived(register)}


@once_for_each
def _derived(register):
    return [(field.name, conditions.test(field.when)) for field in register.fields if isinstance(field, Derived) and field.when]


@dataclass(frozen=True)
class Checked:
    """What a rule's check is asked about: the row as it will be, as it was ({} when new), and what changes.

    `own` are its values as stored, `values` those and what is worked out from them.
    """

    actor: object
    register: object
    record_id: int | None
    own: dict
    old: dict
    changed: frozenset
    move: str = ""

    @cached_property
    def values(self):
        return derive(self.register, self.own)


def names():
    """Every behaviour name a declaration may use."""
    return frozenset(FILLS) | frozenset(CHECKS) | frozenset(EFFECTS) | frozenset(DERIVES)
