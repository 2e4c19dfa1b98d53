"""Rows for trials of scale: any number of them, the same for the same arguments, beside whatever is there already.

Each run starts its own series of codes and, where a register's key holds a day, goes further back than any row before.
"""

import random
from datetime import date, timedelta
from itertools import islice

from models.values import today
from seeds import big_care, big_rows
from seeds.plan import CHUNK
from seeds.reference import every, reference
from services import query, records
from services.actor import SYSTEM

FEWEST_SCHOOLS = 16
PLAIN_RUN = (200, 2000, 1000)
# Parents first; each makes its rows from the schools and from the rows of this run.
MAKERS = {
    "school_headcount": big_rows.headcounts,
    "appraisal": big_rows.appraisals,
    "rebuild_project": big_rows.projects,
    "term_readiness": big_rows.readiness,
    "inspection_team": big_rows.teams,
    "team_member": big_rows.members,
    "team_assignment": big_rows.assignments,
    "visit": big_rows.visits,
    "hazard": big_rows.hazards,
    "inland_class": big_care.classes,
    "inland_student": big_care.students,
    "inland_daily": big_care.care_days,
    "foreign_teacher": big_care.foreign_teachers,
    "foreign_contact": big_care.contacts,
    "four_party_link": big_care.links,
}


def many(schools=0, buildings=0, rows_per_register=0, random_seed=1):
    """Adds so many schools, damaged buildings, and rows of every other register. Yields (register, rows added) as it goes.

    Without any number it is a plain run of a few thousand; without a number of their own, buildings come as many as rows. A few
    schools come by themselves where there are none. A register gets fewer rows where its key leaves room for no more.
    """
    if not query.count(query.parse("district", SYSTEM)).value:
        reference()
    ground = Ground(random_seed)
    if not schools and not buildings and not rows_per_register:
        schools, buildings, rows_per_register = PLAIN_RUN
    buildings = buildings or rows_per_register
    if not schools and (buildings or rows_per_register) and not query.count(query.parse("school", SYSTEM)).value:
        schools = FEWEST_SCHOOLS
    yield "school", ground.write("school", big_rows.schools, schools)
    ground.look_at_schools()
    yield "damaged_building", ground.write("damaged_building", big_rows.buildings, buildings)
    for register, maker in MAKERS.items():
        yield register, ground.write(register, maker, rows_per_register)


class Ground:
    """What rows stand on: the districts and schools there are, and the rows of this run by register."""

    def __init__(self, seed):
        self.seed = seed
        self.day = today()
        self.districts = [(record.id, record.values["name"]) for record in every("district", "name")]
        self.schools = []
        self.made = {}

    def look_at_schools(self):
        """The schools rows are spread over: those of this run, else all that are open."""
        names = ("code", "name", "district", "level", "managed_by", "foreign_kind", "closed_on", "no_damage")
        found = [(record.id, record.values) for record in every("school", *names)]
        new = {id for id, _ in self.made.get("school", ())}
        self.schools = [big_rows.School(id, values) for id, values in found if id in new or (not new and not values["closed_on"])]

    def write(self, register, maker, count):
        """Makes up to `count` rows and writes them in chunks; gives how many there were."""
        if not count:
            return 0
        start = newest(register) + 1
        kept = self.made.setdefault(register, [])
        dice = random.Random(f"{self.seed}/{register}/{start}")
        rows = maker(self, dice, start, count)
        written = 0
        while part := list(islice(rows, CHUNK)):
            ids = records.create_many(register, SYSTEM, part, kind="seed")
            if register in big_rows.NEEDED:
                kept += [
                    (id, {name: row.get(name) for name in big_rows.NEEDED[register]}) for id, row in zip(ids, part, strict=True)
                ]
            written += len(ids)
        return written

    def before(self, register, field):
        """The day before the earliest that any row of the register has in this field, today at the latest."""
        found = query.page(query.parse(register, SYSTEM, [("fields", field), ("sort", field), ("limit", "1")])).records
        earliest = found[0].values[field] if found and isinstance(found[0].values[field], date) else self.day
        return min(earliest, self.day) - timedelta(days=1)


def newest(register):
    """The highest id of a register, 0 in an empty one: numbers after it are free."""
    found = query.page(query.parse(register, SYSTEM, [("sort", "-id"), ("limit", "1")])).records
    return found[0].id if found else 0
