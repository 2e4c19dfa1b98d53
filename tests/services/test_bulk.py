"""Changes of many records: frozen when shown, worked through in sets, one change set, one undo; refusals are told with reasons."""

import pytest

from models import tables
from models.errors import Invalid, NotFound
from models.journal import Change
from services import bulk, history, query, records
from services.actor import SYSTEM
from tests.factories import day
from tests.refusals import codes, refused


@pytest.fixture
def clerk(city):
    return city.actor("city_clerk")


@pytest.fixture
def many(city):
    """Ids of 120 buildings in district a's first school, in order."""
    school = city.school("a1")
    rows = [{"school": school, "name": f"排房{at}", "kind": "teaching", "damage": "severe"} for at in range(120)]
    return records.create_many("damaged_building", SYSTEM, rows)


def shown(register, actor, ids, kind=bulk.CHANGE, raws=None):
    return bulk.advance(register, actor, bulk.begin(register, actor, ids, kind, raws).id, seconds=60)


def done(register, actor, run, reason=""):
    bulk.apply(register, actor, run.id, reason)
    return bulk.advance(register, actor, run.id, seconds=60)


def responsible(ids):
    model = tables.model("damaged_building")
    return {row.f_responsible for row in model.select().where(model.id.in_(ids))}


def test_a_long_run_goes_set_by_set_and_is_one_change_set(city, clerk, many):
    run = bulk.begin("damaged_building", clerk, many, bulk.CHANGE, {"responsible": "李若禾"})
    run = bulk.advance("damaged_building", clerk, run.id, seconds=0)
    assert (run.position, run.whole, run.ready) == (bulk.SET, False, bulk.SET)
    run = bulk.advance("damaged_building", clerk, run.id, seconds=60)
    assert (run.whole, run.stage, run.ready, len(run.examples)) == (True, bulk.PLAN, 120, bulk.EXAMPLES)
    assert responsible(many) == {None}, "showing changes nothing"
    bulk.apply("damaged_building", clerk, run.id)
    run = bulk.advance("damaged_building", clerk, run.id, seconds=0)
    assert (run.stage, run.position) == (bulk.APPLY, bulk.SET)
    run = bulk.advance("damaged_building", clerk, run.id, seconds=60)
    assert (run.stage, run.ready, responsible(many)) == (bulk.DONE, 120, {"李若禾"})
    assert Change.select().where(Change.change_set == run.change_set).count() == 120
    sets = tables.model("change_set")
    assert sets.get_by_id(run.change_set).f_changes == 120
    assert history.undo(clerk, run.change_set).count == 120 and responsible(many) == {None}


def test_what_comes_after_the_first_look_is_not_touched(city, clerk, many):
    asked = query.parse("damaged_building", clerk, [("name__contains", "排房")])
    run = shown("damaged_building", clerk, bulk.ids_of(asked), raws={"responsible": "李若禾"})
    later = city.add("damaged_building", "a1", name="排房新")
    assert done("damaged_building", clerk, run).ready == 120 and responsible([later]) != {"李若禾"}


def test_what_went_away_in_between_is_told(city, clerk, many):
    run = shown("damaged_building", clerk, many, raws={"responsible": "李若禾"})
    records.delete_many("damaged_building", SYSTEM, many[:2])
    run = done("damaged_building", clerk, run)
    ((reason, (count, _titles)),) = run.refused.items()
    assert (run.ready, run.refusals, count) == (118, 2, 2) and "已被删除" in reason


def test_refused_rows_are_told_with_their_reason_and_the_rest_is_done(city, clerk):
    """A building others point at cannot go; the others do, and come back with one undo."""
    held, free = city.id("damaged_building", "a1"), [city.add("damaged_building", "a1", name=f"空房{at}") for at in range(3)]
    city.add("appraisal", "a1", damaged_building=held, appraised_on=day(-5))  # a day no other appraisal of it has
    run = shown("damaged_building", clerk, [held, *free], bulk.TRASH)
    ((reason, (count, titles)),) = run.refused.items()
    assert (run.ready, count) == (3, 1) and "还有记录用到它" in reason and titles
    run = done("damaged_building", clerk, run, "重复")
    assert (run.ready, run.refusals) == (3, 1)
    assert history.undo(clerk, run.change_set).count == 3


def test_a_stopped_run_keeps_what_was_done(city, clerk, many):
    run = shown("damaged_building", clerk, many, raws={"responsible": "李若禾"})
    bulk.apply("damaged_building", clerk, run.id)
    bulk.advance("damaged_building", clerk, run.id, seconds=0)
    run = bulk.stop("damaged_building", clerk, run.id)
    assert run.stage == bulk.DONE and bulk.advance("damaged_building", clerk, run.id).ready == bulk.SET
    assert history.undo(clerk, run.change_set).count == bulk.SET


def test_a_run_is_the_persons_own_and_of_rows_in_sight(city, clerk, many):
    district = city.actor("district_b")
    refused(NotFound, bulk.begin, "damaged_building", district, many, bulk.CHANGE, {"responsible": "李若禾"})
    run = shown("damaged_building", clerk, many, raws={"responsible": "李若禾"})
    for act in (bulk.found, bulk.apply, bulk.advance, bulk.stop):
        refused(NotFound, act, "damaged_building", city.actor("city_admin"), run.id)
        refused(NotFound, act, "hazard", clerk, run.id)


def test_limits_and_wrong_values_are_told_before_anything_is_tried(city, clerk, many, monkeypatch):
    assert codes(refused(Invalid, bulk.begin, "hazard", clerk, [], bulk.TRASH)) == {("", "none_chosen")}
    raws = {"due_on": "明天"}
    assert {name for name, _ in codes(refused(Invalid, bulk.begin, "damaged_building", clerk, many, bulk.CHANGE, raws))} == {
        "due_on"
    }
    monkeypatch.setattr(bulk, "LARGEST", 100)
    assert codes(refused(Invalid, bulk.begin, "damaged_building", clerk, many, bulk.TRASH)) == {("", "too_many")}
    asked = query.parse("damaged_building", clerk, [("name__contains", "排房")])
    assert "120" in str(refused(Invalid, bulk.ids_of, asked))
