"""Numbers that are kept up to date: always what counting every row says, for every actor, whatever was written and how."""

import random

import peewee
import pytest

from models import base, registry, tables, totals
from services import history, policy, records, summaries
from services.actor import SYSTEM
from tests.actors import NAMES

REGISTER = "damaged_building"
ASKED = (
    ("", "count"), ("", "sum:area_m2"), ("district,grade", "count,sum:area_m2"), ("kind", "count,sum:area_m2"), ("kind,use_state", "count"),
    ("school", "sum:area_m2"), ("school,kind", "count"),
)  # fmt: skip


@pytest.fixture
def kept(monkeypatch):
    """Numbers are kept from the first row on, and as many as are asked for."""
    monkeypatch.setattr(summaries, "KEPT_FROM", 0)
    monkeypatch.setattr(totals, "MOST", 20)


def told(actor, by, measure, register=REGISTER):
    made = summaries.summary(register, actor, by=by, measure=measure)
    return {group.values: group.numbers for group in made.groups}, made.total


def counted(actor, by, measure, register=REGISTER):
    """The same, counted row by row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summaries, "_keeping", lambda *asked: None)
        return told(actor, by, measure, register)


def agree(city, register=REGISTER, asked=ASKED):
    for actor in map(city.actor, NAMES):
        if policy.may(actor, "count", registry.get(register)):
            seen = {field.name for field in summaries.groupable(policy.view(registry.get(register), actor, action="count"))}
            for by, measure in (one for one in asked if set(filter(None, one[0].split(","))) <= seen):
                assert told(actor, by, measure, register) == counted(actor, by, measure, register), (actor.username, by, measure)


def test_kept_numbers_are_what_counting_says_after_any_writing(city, kept):
    dice, admin, model = random.Random(7), city.actor("city_admin"), tables.model(REGISTER)
    kinds = [one.code for one in registry.get(REGISTER).field("kind").options if one.code != "wall"]
    for by, measure in ASKED:
        told(admin, by, measure)
    assert totals.Kept.select().count() >= len(ASKED) - 2
    made = []
    for turn in range(10):
        live = [id for (id,) in model.select(model.id).where(model.deleted_at.is_null() & model.id.in_(made)).tuples()]
        for _ in range(dice.randrange(4)):
            area = dice.choice(("0.01", "49999.99", "120"))
            row = city.new(REGISTER, dice.choice(("a1", "b1")), kind=dice.choice(kinds), area_m2=area)
            made.append(records.create(REGISTER, SYSTEM, row).record.id)
        for id in dice.sample(live, min(4, len(live))):
            version = model.get_by_id(id).version
            if dice.random() < 0.4:
                records.delete(REGISTER, SYSTEM, id, version=version)
            else:
                changed = dice.choice(({"kind": dice.choice(kinds)}, {"area_m2": "7.25"}, {"area_m2": ""}))
                records.update(REGISTER, SYSTEM, id, changed, version=version)
        gone = [id for (id,) in model.select(model.id).where(model.deleted_at.is_null(False) & model.id.in_(made)).tuples()]
        for id in dice.sample(gone, min(1, len(gone))):
            records.restore(REGISTER, SYSTEM, id)
        if turn == 6:
            totals.fold()
        if turn % 3 == 0:
            agree(city)
    totals.fold()
    agree(city)


def test_a_set_and_its_undo_are_counted(city, kept):
    admin = city.actor("city_admin")
    before = told(admin, "district,grade", "count,sum:area_m2")
    told(admin, "district,grade", "count,sum:area_m2")
    rows = [city.new(REGISTER, "a1", code=f"TT{at:04d}", area_m2="1.5") for at in range(700)]
    ids = records.create_many(REGISTER, SYSTEM, rows)
    after = told(admin, "district,grade", "count,sum:area_m2")
    assert after[1]["count"] == before[1]["count"] + 700 and after == counted(admin, "district,grade", "count,sum:area_m2")
    change_set = history.entries(history.found(REGISTER, admin, ids[0]), admin)[0].change_set
    history.undo(admin, change_set)
    assert told(admin, "district,grade", "count,sum:area_m2") == before == counted(admin, "district,grade", "count,sum:area_m2")


@pytest.mark.parametrize(
    "register", ["school", "hazard", "inspection_team", "visit", "team_assignment", "account", "foreign_teacher"]
)
def test_rights_cut_kept_numbers_as_they_cut_rows(city, kept, register):
    fields = summaries.groupable(registry.get(register))
    asked = [(field.name, "count") for field in fields] + [("", "count")]
    for by, measure in asked:
        told(city.actor("city_admin"), by, measure, register)
    agree(city, register, asked)


def test_what_is_filtered_or_searched_is_counted(city, kept):
    admin = city.actor("city_admin")
    told(admin, "kind", "count")
    kind = registry.get(REGISTER).field("kind").options[0].code
    made = summaries.summary(REGISTER, admin, by="kind", pairs=[("kind", kind)])
    assert [group.values for group in made.groups] in ([(kind,)], [])


def test_of_too_many_the_one_not_asked_for_longest_goes(city, kept, monkeypatch):
    monkeypatch.setattr(totals, "MOST", 2)
    admin = city.actor("city_admin")
    for by in ("kind", "grade", "use_state"):
        told(admin, by, "count")
    own = registry.get(REGISTER)
    assert [kept.fields for kept in totals.Kept.select().order_by(totals.Kept.id)] == [
        own.field(name).id for name in ("grade", "use_state")
    ]
    assert {line.kept_id for line in totals.Line.select()} == {kept.id for kept in totals.Kept.select()}
    agree(city)


def test_a_table_that_is_brought_up_to_date_begins_anew(city, kept):
    admin = city.actor("city_admin")
    told(admin, "kind", "count")
    with base.atomic():
        tables.sync(registry.get(REGISTER))
    assert not totals.Kept.select().exists() and not totals.Line.select().exists()
    city.add(REGISTER, "a1")
    agree(city)


def test_many_people_saving_while_numbers_begin_to_be_kept(city, kept, at_once):
    """Nobody's row is missed, none is counted twice, and nobody waits for ever."""
    admin = city.actor("city_admin")
    rows = [city.new(REGISTER, unit, code=f"TT{at:04d}") for at, unit in enumerate(("a1", "b1") * 20)]

    def work(at):
        if at % 8 == 3:
            told(admin, "kind", "count,sum:area_m2")
        else:
            records.create(REGISTER, SYSTEM, rows[at])

    at_once(work, range(len(rows)))
    assert totals.Kept.select().count() == 1
    agree(city)


def test_a_database_that_cannot_be_written_still_counts(city, kept, monkeypatch):
    def refuse(*asked):
        raise peewee.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(totals, "keep", refuse)
    admin = city.actor("city_admin")
    assert told(admin, "kind", "count") == counted(admin, "kind", "count") and not totals.Kept.select().exists()
