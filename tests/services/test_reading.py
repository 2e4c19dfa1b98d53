"""How lists are read: whatever way is taken, the rows and their order are the same; on SQLite no order is made by sorting."""

import random
from dataclasses import replace
from itertools import combinations

import pytest

from models import tables
from models.base import database, is_postgres
from services import query, records
from services.actor import SYSTEM
from services.query import narrowing
from tests.factories import day

ROWS = 60
PARTS = [
    ("grade", "B"),
    ("grade__in", "A,B"),
    ("state__ne", "works"),
    ("found_on__gte", day(-9)),
    ("name__contains", "1"),
    ("overdue", "true"),
    ("school", "one"),
    ("district", "one"),
    ("q", "教学"),
]


@pytest.fixture
def asked(city):
    """asked(pairs): a city clerk's list of buildings, among them sixty of two schools with few different values."""
    dice = random.Random(3)
    rows = [
        city.new(
            "damaged_building", dice.choice(("a1", "b1")), name=f"教学楼{at}", due_on=dice.choice([None, day(-3), day(5), day(at)])
        )
        for at in range(ROWS)
    ]
    made = records.create_many("damaged_building", SYSTEM, rows)
    model = tables.model("damaged_building")
    for id in made:
        grade, found = dice.choice([None, "A", "B"]), dice.choice([None, day(-8), day(-20)])
        model.update(f_grade=grade, f_found_on=found).where(model.id == id).execute()
    ids = {"school": str(city.school("a1")), "district": str(city.district("a"))}
    clerk = city.actor("city_clerk")

    def parse(pairs):
        pairs = [(name, ids[name] if value == "one" else value) for name, value in pairs]
        return query.parse("damaged_building", clerk, [*pairs, ("limit", "9")])

    return parse


def read(asked):
    """The ids of all pages, and the count."""
    found, page = [], query.page(asked)
    while True:
        found += [record.id for record in page.records]
        if page.next is None:
            return found, query.count(asked).value
        page = query.page(replace(asked, cursor=page.next))


@pytest.mark.parametrize("narrow", [0, 7, 2000])
@pytest.mark.parametrize("sort", ["-id", "due_on", "-due_on", "grade", "name"])
def test_every_way_of_reading_finds_the_same_rows(asked, monkeypatch, sort, narrow):
    """Whether a filter is left to its index, tested along the order, or looked for first, depends on how many rows it finds."""
    if is_postgres() and narrow != narrowing.NARROW:
        pytest.skip("PostgreSQL plans by the figures it takes itself")
    monkeypatch.setattr(narrowing, "NARROW", narrow)
    everything, _ = read(asked([("sort", sort)]))
    for pairs in [part for size in (1, 2, 3) for part in combinations(PARTS, size)][::7]:
        wanted = asked([*pairs, ("sort", sort)])
        plain = {id for (id,) in query.rows(wanted).select(wanted.model.id).tuples()}
        found, count = read(wanted)
        assert set(found) == plain and len(found) == len(plain) == count, pairs
        if not ("q" in dict(pairs) and sort == "-id"):
            assert found == [id for id in everything if id in plain], pairs


@pytest.mark.parametrize("person", ["city_clerk", "district_a"])
@pytest.mark.parametrize("pairs", [(), (("sort", "due_on"),), (("grade", "B"), ("sort", "-due_on")), (("q", "教学"),)], ids=str)
def test_no_list_is_sorted_or_read_whole(city, person, pairs, monkeypatch):
    """In the default order, by due date, filtered, or in a search, the rows come out of an index in their order."""
    if is_postgres():
        pytest.skip("PostgreSQL plans by the figures it takes itself")
    monkeypatch.setattr(narrowing, "NARROW", 0)
    wanted = query.parse("damaged_building", city.actor(person), pairs)
    query.page(wanted)
    sent, execute = [], database.obj.execute_sql

    def noting(sql, params=None, *args, **kwargs):
        sent.append((sql, params))
        return execute(sql, params, *args, **kwargs)

    monkeypatch.setattr(database.obj, "execute_sql", noting)
    query.page(wanted)
    lists = [(sql, params) for sql, params in sent if "f_area_m2" in sql]
    assert lists
    for sql, params in lists:
        plan = [row[3] for row in execute(f"EXPLAIN QUERY PLAN {sql}", params)]
        assert not any("TEMP B-TREE" in step for step in plan), plan
        assert person == "city_clerk" or not any(step.startswith("SCAN t1") for step in plan), plan
