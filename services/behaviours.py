"""Behaviour that declarations name: values filled in, rules a condition cannot say, effects on other records.

Three registries, by name: `fills` sets stored values before a row is written, `checks` says whether a rule holds,
`effects` writes what follows, in the same change set. Each gets sets of rows, so that an import costs no query per row.
"""

from dataclasses import dataclass

FILLS, CHECKS, EFFECTS = {}, {}, {}


def _into(registry):
    def named(name):
        def keep(function):
            registry[name] = function
            return function

        return keep

    return named


fills = _into(FILLS)
checks = _into(CHECKS)
effects = _into(EFFECTS)


@dataclass(frozen=True)
class Checked:
    """What a rule's check is asked about: the row as it will be, as it was ({} when new), and what changes."""

    actor: object
    register: object
    record_id: int | None
    values: dict
    old: dict
    changed: frozenset
    move: str = ""


def names():
    """Every behaviour name a declaration may use."""
    return frozenset(FILLS) | frozenset(CHECKS) | frozenset(EFFECTS)
