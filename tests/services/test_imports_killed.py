"""kill -9 while an import is planned, applied and undone; and ten thousand rows taken back past fifty later edits."""

import pytest

from models import tables
from services import imports, records
from services.actor import SYSTEM
from tests import killing

SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.mark.parametrize("policy", ["all", "good"])
def test_killed_while_applied_and_undone_nothing_is_half_and_nothing_twice(city, tmp_path, policy):
    for at in range(2):
        prefix = f"KA{policy[0].upper()}{at}"
        item, _ = killing.kill_apply(city.url, tmp_path, policy, prefix, "青禾一中学", longest=1.2)
        killing.kill_undo(city.url, tmp_path, item, prefix, longest=1.2)


def test_killed_while_planned_the_plan_is_whole_in_the_end(city, tmp_path):
    killing.kill_plan(city.url, tmp_path, "KP", "青禾一中学", longest=1.0)


@SQLITE
def test_ten_thousand_rows_are_taken_back_but_for_fifty_edited_since(city):
    actor = city.actor("city_admin")
    item = killing.planned(actor, "TT", 10_000, "青禾一中学", "all")
    item = imports.apply(actor, item.id, now=True)
    assert killing.live("TT") == (10_000, 0)
    model = tables.model("damaged_building")
    ids = [id for (id,) in model.select(model.id).where(model.f_code.startswith("TT")).order_by(model.id).limit(50).tuples()]
    for id in ids:
        records.update("damaged_building", SYSTEM, id, {"note": "现场核过"}, version=1)
    item = imports.undo(actor, item.id, now=True)
    undone = item.found["undone"]
    assert (undone["count"], undone["kept_count"], len(undone["kept"])) == (9_950, 50, 50)
    assert killing.live("TT") == (50, 0)
