"""A city as a plan: rows of raw values by register, with places for the ids that only the database gives.

Plans are made without a database, from a seed and a day, so that the same two give the same city.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from services import records
from services.actor import SYSTEM

# What a row points at stands before it.
ORDER = (
    "school",
    "school_headcount",
    "inspection_team",
    "account",
    "membership",
    "team_member",
    "team_assignment",
    "damaged_building",
    "appraisal",
    "rebuild_project",
    "plan_doc",
    "term_readiness",
    "visit",
    "hazard",
    "inland_class",
    "inland_student",
    "inland_daily",
    "foreign_teacher",
    "foreign_contact",
    "four_party_link",
)
CHUNK = 2000


@dataclass(frozen=True)
class At:
    """The id that the plan's n-th row of a register will have."""

    register: str
    row: int


class Plan:
    """Rows under way: `add` gives the place of a row, `day` is the city's today."""

    def __init__(self, seed, day):
        self.seed = seed
        self.day = day
        self.rows = {}

    def dice(self, part):
        """A source of chance of a part's own: what one part draws does not move the others."""
        return random.Random(f"{self.seed}/{part}")

    def on(self, days):
        """The day so many days from today (before it when negative), as typed."""
        return (self.day + timedelta(days=days)).isoformat()

    def add(self, register, **values):
        rows = self.rows.setdefault(register, [])
        rows.append(values)
        return At(register, len(rows) - 1)

    def of(self, register):
        return self.rows.get(register, [])


def pick(dice, **weights):
    """One of the names, by weight."""
    return dice.choices(list(weights), list(weights.values()))[0]


def load(plan, known):
    """Writes the plan in the order of ORDER. `known` are ids by register of what is there already: {"district": [id, …]}."""
    ids = {name: list(found) for name, found in known.items()}
    for register in ORDER:
        rows = plan.of(register)
        made = ids[register] = [None] * len(rows)
        for wave in _waves(register, rows):
            for start in range(0, len(wave), CHUNK):
                part = wave[start : start + CHUNK]
                new = records.create_many(register, SYSTEM, [_settled(rows[at], ids) for at in part], kind="seed")
                for at, id in zip(part, new, strict=True):
                    made[at] = id
    return ids


def _waves(register, rows):
    """Positions of rows that point at no row of their own register, then of those that do."""
    later = {at for at, row in enumerate(rows) if any(isinstance(v, At) and v.register == register for v in row.values())}
    return [at for at in range(len(rows)) if at not in later], sorted(later)


def _settled(row, ids):
    return {name: _settle(value, ids) for name, value in row.items() if value is not None}


def _settle(value, ids):
    if isinstance(value, At):
        return ids[value.register][value.row]
    return [_settle(part, ids) for part in value] if isinstance(value, list) else value
