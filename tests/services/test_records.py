"""Writing: checked before and after, merged or contested, in one change set, whatever others do at the same moment."""

import hashlib
import json
import random
import threading
import time
from dataclasses import replace

import peewee
import pytest

from models import base, registry, tables
from models.errors import Conflict, Invalid, NeedsConfirmation, NotAllowed, NotFound, Unavailable
from models.fields import Relation
from models.journal import Change, IdempotencyKey, Link
from models.values import NA
from services import policy, query, records
from services.actor import SYSTEM
from services.records import Operation, Ref
from tests import engines
from tests.factories import day

WRITERS = 60


def row_of(register, id):
    """A row as stored, as one text: what a refused write must leave as it was."""
    return json.dumps(tables.model(register).select().where(tables.model(register).id == id).dicts().get(), default=str, sort_keys=True)


def everything():
    """A hash over every register's rows."""
    found = hashlib.sha256()
    for name in registry.names():
        if name not in ("access_log", "change_set"):
            for row in tables.model(name).select().order_by(tables.model(name).id).dicts():
                found.update(json.dumps(row, default=str, sort_keys=True).encode())
    return found.hexdigest()


def codes(error):
    return {(fault.field, fault.code) for fault in error.faults}


def refused(error, work, /, *args, **kwargs):
    with pytest.raises(error) as caught:
        work(*args, **kwargs)
    return caught.value


@pytest.fixture
def reporter(city):
    return city.actor("school_a")


@pytest.fixture
def building(city):
    """A building of the reporter's school, never edited."""
    return city.id("damaged_building", "a1", 1)


# creating ---------------------------------------------------------------------------------------------------------------


def test_a_new_record_gets_its_unit_code_state_and_history(city, reporter):
    saved = records.create("damaged_building", reporter, city.new("damaged_building", "a1", name="食堂"))
    record = saved.record
    assert (record.district_id, record.school_id, record.version) == (city.district("a"), city.school("a1"), 1)
    assert record.values["code"] == f"DB-{record.id:06d}" and record.values["state"] == "registered"
    assert record.created_by == reporter.id and record.title == f"DB-{record.id:06d} 食堂"
    changes = list(Change.select().where(Change.change_set == saved.change_set))
    assert [(change.action, change.new) for change in changes] == [("create", None)], "the record itself is the entry's content"


def test_all_faults_are_told_at_once(city, reporter):
    error = refused(
        Invalid, records.create, "damaged_building", reporter,
        {"school": city.school("a1"), "kind": "城堡", "area_m2": "约30", "due_on": "2021-02-30", "colour": "red", "responsible": "学校"},
    )  # fmt: skip
    assert {("kind", "choice"), ("area_m2", "number"), ("due_on", "date"), ("colour", "unknown_field")} <= codes(error)
    assert ("name", "required") in codes(error)
    assert all(str(sentence).endswith("。") for sentences in error.by_field.values() for sentence in sentences)


@pytest.mark.parametrize(
    "name", ["id", "version", "district_id", "school_id", "created_by", "created_at", "updated_by", "deleted_at", "deleted_by", "na_fields", "f_state"]
)
def test_columns_of_the_app_cannot_be_posted(city, reporter, building, name):
    """X12: mass assignment."""
    before = row_of("damaged_building", building)
    values = city.new("damaged_building", "a1")
    assert ("unknown_field") in {code for _, code in codes(refused(Invalid, records.create, "damaged_building", reporter, values | {name: "1"}))}
    refused(Invalid, records.update, "damaged_building", reporter, building, {name: "1"}, version=1)
    assert row_of("damaged_building", building) == before


@pytest.mark.parametrize("name, value", [("state", "closed"), ("grade", "A"), ("appraised_on", "2021-08-05"), ("overdue", "是")])
def test_fields_the_app_fills_cannot_be_posted(city, reporter, building, name, value):
    assert codes(refused(Invalid, records.create, "damaged_building", reporter, city.new("damaged_building", "a1") | {name: value})) == {(name, "read_only")}
    assert codes(refused(Invalid, records.update, "damaged_building", reporter, building, {name: value}, version=1)) == {(name, "read_only")}


def test_without_the_right_nothing_is_created(city):
    for name, register in (("leader", "hazard"), ("auditor", "hazard"), ("school_a", "visit"), ("nobody", "hazard"), ("city_clerk", "district")):
        before = everything()
        refused(NotAllowed, records.create, register, city.actor(name), city.new(register, "a1" if register != "district" else "a"))
        assert everything() == before


def test_a_record_cannot_be_made_in_a_foreign_unit(city, reporter):
    """A12: the relation itself is refused, since the school is not the actor's to choose."""
    before = everything()
    for unit in ("b1", "a2", "ax"):
        values = city.new("damaged_building", unit)
        assert codes(refused(Invalid, records.create, "damaged_building", reporter, values)) == {("school", "relation")}
    assert everything() == before


def test_a_district_makes_no_headcount_for_a_school_it_only_sees(city):
    """A12: seen is not run. The city-run school may be chosen, yet the saved row would be out of the district's hands."""
    before = everything()
    error = refused(Invalid, records.create, "school_headcount", city.actor("district_a"), city.new("school_headcount", "ax"))
    assert codes(error) == {("school", "out_of_scope")} and everything() == before


def test_a_posted_foreign_relation_is_refused_as_if_it_were_not_there(city, reporter):
    foreign, absent = city.id("damaged_building", "b1"), 9_000_001
    errors = [
        refused(Invalid, records.create, "hazard", reporter, city.new("hazard", "a1", building=id)) for id in (foreign, absent)
    ]
    assert codes(errors[0]) == codes(errors[1]) == {("building", "relation")}
    assert str(errors[0]) == str(errors[1])
    error = refused(Invalid, records.create, "rebuild_project", reporter, city.new("rebuild_project", "a1", buildings=[foreign]))
    assert codes(error) == {("buildings", "relation")}


@pytest.mark.parametrize("raw", ["0", "-1", "1e3", "abc", "9" * 30, "9" * 6000, "１", "1 OR 1=1", [], {}, 10**30, True])
def test_an_odd_relation_is_a_fault_not_an_error(city, reporter, raw):
    error = refused(Invalid, records.create, "hazard", reporter, city.new("hazard", "a1", building=raw))
    assert {field for field, _ in codes(error)} == {"building"}


def test_a_trashed_record_cannot_be_chosen(city, reporter):
    gone = city.trashed["damaged_building"]["a1"][0]
    assert codes(refused(Invalid, records.create, "hazard", reporter, city.new("hazard", "a1", building=gone))) == {("building", "relation")}


def test_a_taken_key_says_so_and_not_whose(city):
    clerk = city.actor("city_clerk")
    code = query.get("school", SYSTEM, city.school("b1")).values["code"]
    error = refused(Invalid, records.create, "school", clerk, city.new("school", "a", district=city.district("a"), code=code))
    assert ("code", "taken") in codes(error) and "松泉" not in str(error)


def test_a_code_of_ones_own_school_taken_elsewhere_is_told_without_the_other_school(city, reporter):
    code = query.get("inland_student", SYSTEM, city.id("inland_student", "b1")).values["code"]
    error = refused(Invalid, records.create, "inland_student", reporter, city.new("inland_student", "a1", code=code))
    assert ("code", "taken") in codes(error) and "松泉" not in str(error)


def test_names_of_own_boarders_are_saved(city, reporter):
    saved = records.create("inland_student", reporter, city.new("inland_student", "a1", name="安若禾"))
    assert saved.record.values["name"] == "安若禾"
    assert records.update("inland_student", reporter, saved.record.id, {"name": "安若川"}, version=1).record.values["name"] == "安若川"


# warnings ---------------------------------------------------------------------------------------------------------------


def test_a_warning_is_saved_with_a_reason_that_is_kept(city, reporter):
    values = city.new("damaged_building", "a1", area_m2="60000")
    error = refused(NeedsConfirmation, records.create, "damaged_building", reporter, values)
    assert codes(error) == {("area_m2", "area_size")} and error.faults[0].level == "warning"
    saved = records.create("damaged_building", reporter, values, confirmed="实测如此")
    assert query.get("change_set", reporter, saved.change_set).values["reason"] == "实测如此"


def test_errors_are_not_confirmed_away(city, reporter):
    values = city.new("damaged_building", "a1", area_m2="60000", found_on=day(1))
    error = refused(Invalid, records.create, "damaged_building", reporter, values, confirmed="实测如此")
    assert ("found_on", "found_on_not_future") in codes(error) and not isinstance(error, NeedsConfirmation)


# updating ---------------------------------------------------------------------------------------------------------------


def test_only_the_changed_fields_are_written_and_noted(reporter, building):
    saved = records.update("damaged_building", reporter, building, {"name": "综合楼", "kind": "teaching"}, version=1)
    assert saved.record.version == 2 and saved.record.values["name"] == "综合楼"
    noted = Change.select().where(Change.change_set == saved.change_set)
    assert [(change.field_id, json.loads(change.new)) for change in noted] == [("name", "综合楼")]


def test_nothing_changed_writes_nothing(city, reporter, building):
    saved = records.update("damaged_building", reporter, building, {"kind": "教学楼"}, version=1)
    assert saved.record.version == 1 and saved.change_set is None


def test_different_fields_merge_and_it_is_said(city, reporter, building):
    records.update("damaged_building", city.actor("district_a"), building, {"name": "综合楼"}, version=1)
    saved = records.update("damaged_building", reporter, building, {"responsible": "李若禾"}, version=1)
    assert [field.name for field in saved.merged] == ["name"] and saved.record.version == 3
    assert (saved.record.values["name"], saved.record.values["responsible"]) == ("综合楼", "李若禾")


def test_the_same_field_is_contested_with_yours_theirs_and_base(city, reporter, building):
    """F10."""
    before = query.get("damaged_building", reporter, building).values["name"]
    records.update("damaged_building", city.actor("district_a"), building, {"name": "综合楼", "responsible": "李若禾"}, version=1)
    stored = row_of("damaged_building", building)
    error = refused(Conflict, records.update, "damaged_building", reporter, building, {"name": "食堂", "note": "急"}, version=1)
    (part,) = error.contested
    assert (part.field, part.base, part.theirs, part.mine) == ("name", before, "综合楼", "食堂") and error.version == 2
    assert row_of("damaged_building", building) == stored


def test_the_same_change_by_both_is_no_conflict(city, reporter, building):
    records.update("damaged_building", city.actor("district_a"), building, {"name": "综合楼"}, version=1)
    saved = records.update("damaged_building", reporter, building, {"name": "综合楼", "note": "急"}, version=1)
    assert saved.record.values["note"] == "急" and [field.name for field in saved.merged] == ["name"]


def test_a_field_posted_as_it_was_opened_does_not_undo_the_others_change(city, reporter, building):
    before = query.get("damaged_building", reporter, building).values["name"]
    records.update("damaged_building", city.actor("district_a"), building, {"name": "综合楼"}, version=1)
    saved = records.update("damaged_building", reporter, building, {"name": before, "note": "急"}, version=1)
    assert saved.record.values["name"] == "综合楼"


@pytest.mark.parametrize("version", [0, -1, 99, "1", None, 10**30])
def test_a_version_that_never_was_is_refused(reporter, building, version):
    assert refused(Conflict, records.update, "damaged_building", reporter, building, {"name": "综合楼"}, version=version).code == "version"


def test_a_foreign_record_is_not_found_and_stays_as_it_was(city, reporter):
    """A6: the answer alone is not enough."""
    for register in ("damaged_building", "hazard", "inland_student", "appraisal"):
        id = city.id(register, "b1")
        before = row_of(register, id)
        for work in (
            lambda r=register, i=id: records.update(r, reporter, i, {"note": "改"}, version=1),
            lambda r=register, i=id: records.delete(r, reporter, i, version=1),
            lambda r=register, i=id: records.restore(r, reporter, i),
        ):
            refused(NotFound, work)
        assert row_of(register, id) == before


def test_a_row_cannot_be_moved_out_of_ones_own_hands(city):
    """A14: checked after saving, in the same transaction."""
    clerk, id = city.actor("district_a"), city.id("school_headcount", "a1")
    before = everything()
    assert codes(refused(Invalid, records.update, "school_headcount", clerk, id, {"school": city.school("ax")}, version=1)) == {("school", "out_of_scope")}
    assert codes(refused(Invalid, records.update, "school_headcount", clerk, id, {"school": city.school("b1")}, version=1)) == {("school", "relation")}
    assert codes(refused(Invalid, records.update, "school", clerk, city.school("a1"), {"district": city.district("b")}, version=1)) == {("district", "out_of_scope")}
    assert codes(refused(Invalid, records.update, "school", clerk, city.school("a1"), {"managed_by": "city"}, version=1)) == {("district", "out_of_scope")}
    assert everything() == before


def test_a_locked_state_is_not_edited(city):
    id, model = city.id("hazard", "a1"), tables.model("hazard")
    model.update(f_state="closed").where(model.id == id).execute()
    error = refused(NotAllowed, records.update, "hazard", city.actor("city_admin"), id, {"measure": "清理"}, version=1)
    assert error.rule == "locked_state" and "已销号" in str(error)
    refused(NotAllowed, records.delete, "hazard", city.actor("city_admin"), id, version=1)


def test_emptying_a_required_field_is_refused(reporter, building):
    for blank in ("", None, "　 "):
        assert codes(refused(Invalid, records.update, "damaged_building", reporter, building, {"name": blank}, version=1)) == {("name", "required")}


def test_an_old_fault_does_not_stop_another_edit(city, reporter, building):
    model = tables.model("damaged_building")
    model.update(f_responsible="学校").where(model.id == building).execute()
    assert records.update("damaged_building", reporter, building, {"note": "急"}, version=1).record.version == 2
    refused(Invalid, records.update, "damaged_building", reporter, building, {"responsible": "教育局"}, version=2)


def test_not_applicable_zero_and_unknown_stay_apart(city, monkeypatch):
    """Promise 3, on a register that allows 不适用."""
    full = registry.get("school_headcount")
    fields = tuple(replace(field, na=True) if field.name == "boarders" else field for field in full.fields)
    monkeypatch.setattr(registry, "_current", registry.Registry([replace(r, fields=fields) if r is full else r for r in registry.all()]))
    made = [city.add("school_headcount", "a1", boarders=value) for value in ("不适用", "0", "")]
    assert [query.get("school_headcount", SYSTEM, id).values["boarders"] for id in made] == [NA, 0, None]
    for parameter, expected in ((("boarders", "0"), [made[1]]), (("boarders__empty", "true"), [made[2]])):
        found = {record.id for record in query.stream(query.parse("school_headcount", SYSTEM, [parameter]))}
        assert found & set(made) == set(expected)
    saved = records.update("school_headcount", SYSTEM, made[0], {"note": "已核对"}, version=1)
    assert saved.record.values["boarders"] is NA
    assert records.update("school_headcount", SYSTEM, made[0], {"boarders": "5"}, version=2).record.values["boarders"] == 5


# trash ------------------------------------------------------------------------------------------------------------------


def test_deleting_moves_to_the_trash_and_restoring_brings_back(city, reporter):
    id = records.create("hazard", reporter, city.new("hazard", "a1")).record.id
    done = records.delete("hazard", reporter, id, version=1, reason="重复登记")
    assert done.count == 1 and query.get("change_set", reporter, done.change_set).values["reason"] == "重复登记"
    refused(NotFound, query.get, "hazard", reporter, id)
    assert query.get("hazard", reporter, id, trash=True).deleted_at
    saved = records.restore("hazard", reporter, id)
    assert saved.record.deleted_at is None and saved.record.version == 3
    refused(NotFound, records.restore, "hazard", reporter, id)


@pytest.mark.parametrize(
    "register, unit, holder", [("school", "a1", "师生规模"), ("damaged_building", "a1", "校舍鉴定"), ("inland_class", "a1", "疆班藏班学生"), ("district", "a", "学校")]
)
def test_a_record_in_use_is_not_deleted(city, register, unit, holder):
    """F24: nothing goes along silently, and the holders are counted."""
    before = everything()
    error = refused(Conflict, records.delete, register, city.actor("city_admin"), city.id(register, unit), version=None)
    assert error.code == "in_use" and holder in str(error) and "条" in str(error)
    assert everything() == before


def test_a_building_in_a_project_is_in_use(city):
    building = city.add("damaged_building", "a1")
    project = city.add("rebuild_project", "a1", buildings=[building])
    assert "重建项目" in str(refused(Conflict, records.delete, "damaged_building", SYSTEM, building, version=1))
    records.delete("rebuild_project", SYSTEM, project, version=1)
    assert records.delete("damaged_building", SYSTEM, building, version=1).count == 1


def test_a_stale_delete_is_refused(city, reporter):
    id = records.create("hazard", reporter, city.new("hazard", "a1")).record.id
    records.update("hazard", reporter, id, {"measure": "清理"}, version=1)
    assert refused(Conflict, records.delete, "hazard", reporter, id, version=1).version == 2


def test_restoring_asks_when_the_key_was_given_away(city):
    clerk = city.actor("city_clerk")
    id = records.create("hazard", clerk, city.new("hazard", "a1", code="YH-77")).record.id
    records.delete("hazard", clerk, id, version=1)
    records.create("hazard", clerk, city.new("hazard", "a1", code="YH-77"))
    assert codes(refused(Invalid, records.restore, "hazard", clerk, id)) == {("code", "taken")}


def test_restoring_into_a_foreign_unit_is_refused(city, reporter):
    for register in ("hazard", "inland_student"):
        refused(NotFound, records.restore, register, reporter, city.trashed[register]["b1"][0])
    refused(NotAllowed, records.restore, "hazard", city.actor("leader"), city.trashed["hazard"]["a1"][0])


def test_a_row_does_not_come_back_without_what_it_hangs_on(city):
    """A child whose parent is in the trash would point at nothing."""
    student = city.trashed["inland_student"]["a1"][0]
    parent = query.get("inland_student", SYSTEM, student, trash=True).values["inland_class"]
    model = tables.model("inland_class")
    model.update(deleted_at=model.created_at).where(model.id == parent).execute()
    error = refused(Invalid, records.restore, "inland_student", city.actor("school_a"), student)
    assert codes(error) == {("inland_class", "relation")}


def test_a_school_does_not_delete_what_others_found(city, reporter):
    """DESIGN §1: a school rectifies the hazards of a team; it does not take them off the list."""
    id = city.add("hazard", "a1", source="team")
    before = row_of("hazard", id)
    refused(NotAllowed, records.delete, "hazard", reporter, id, version=1)
    refused(Invalid, records.update, "hazard", reporter, id, {"description": "没有隐患"}, version=1)
    assert row_of("hazard", id) == before
    assert records.update("hazard", reporter, id, {"measure": "清理", "responsible": "李若禾"}, version=1).record.version == 2


# accounts ---------------------------------------------------------------------------------------------------------------


def test_nobody_gets_rights_back_by_restoring_or_deleting(city):
    """A19: what an administrator took away does not come back through the trash."""
    admin, clerk = city.actor("city_admin"), city.actor("district_a")
    extra = city.add("membership", "a", account=clerk.id, role="district_clerk", district=city.district("b"))
    records.delete("membership", admin, extra, version=1)
    refused(NotAllowed, records.restore, "membership", clerk, extra)
    own = city.rows["membership"]["a"][1]
    refused(NotAllowed, records.delete, "membership", clerk, own, version=1)
    refused(NotAllowed, records.delete, "membership", clerk, city.rows["membership"]["a"][2], version=1)
    refused(NotAllowed, records.delete, "account", clerk, city.accounts["nobody"], version=1)
    assert city.actor("district_a").memberships == clerk.memberships


def test_a_district_keeps_accounts_of_its_own_schools_only(city):
    clerk = city.actor("district_a")
    new = {"username": "school_new", "name": "新填报员", "district": city.district("a")}
    assert records.create("account", clerk, new | {"school": city.school("a1")}).record.version == 1
    for more in ({"school": city.school("ax")}, {}):
        refused(Invalid, records.create, "account", clerk, new | {"username": "other"} | more)
    refused(Invalid, records.create, "account", clerk, new | {"username": "b", "district": city.district("b"), "school": city.school("b1")})


@pytest.mark.parametrize("role", ["city_admin", "city_clerk", "district_clerk", "leader", "inspector", "auditor"])
def test_nobody_hands_out_more_than_he_may(city, role):
    clerk, spare = city.actor("district_a"), city.rows["account"]["a1"][2]
    held = {"account": spare, "role": role, "from_date": day(0), "district": city.district("a")}
    refused(Invalid, records.create, "membership", clerk, held)
    own = held | {"account": clerk.id, "role": "school_reporter", "school": city.school("a1")}
    refused(Invalid, records.create, "membership", clerk, own)


def test_the_last_administrator_stays(city):
    """A24."""
    admin = city.actor("city_admin")
    refused(Invalid, records.update, "account", admin, admin.id, {"active": "否"}, version=1)
    mine = city.rows["membership"][""][0]
    refused(Invalid, records.update, "membership", admin, mine, {"role": "city_clerk"}, version=1)
    other = city.add("account", "", username="admin_2")
    held = city.add("membership", "", account=other, role="city_admin")
    second = city.accounts["admin_2"] = other
    assert city.actor("admin_2").roles == {"city_admin"}
    records.update("membership", admin, held, {"to_date": day(-1), "from_date": day(-9)}, version=1)
    refused(Invalid, records.update, "account", city.actor("city_admin"), admin.id, {"active": "否"}, version=1)
    assert second


def test_two_administrators_do_not_remove_each_other(city, at_once):
    other = city.add("account", "", username="admin_2")
    city.add("membership", "", account=other, role="city_admin")
    people = {city.accounts["city_admin"]: other, other: city.accounts["city_admin"]}
    from services import actor as actors

    done = at_once(lambda id: records.update("account", actors.load(id), people[id], {"active": "否"}, version=1), list(people))
    assert len([part for part in done if isinstance(part, records.Saved)]) <= 1
    model = tables.model("account")
    assert model.select().where(model.id.in_(list(people)) & (model.f_active == True)).count() >= 1


def test_a_disabled_account_is_out_at_once(city):
    from services import sessions

    token = sessions.start(city.accounts["school_a"])
    assert sessions.actor_of(token)
    records.update("account", city.actor("city_admin"), city.accounts["school_a"], {"active": "否"}, version=1)
    assert sessions.actor_of(token) is None


# batches and sets -------------------------------------------------------------------------------------------------------


def test_a_batch_is_one_change_set_and_may_point_at_its_own_records(city):
    inspector = city.actor("inspector_a")
    visit = city.new("visit", "a1", result="rectify")
    hazard = {**city.new("hazard", "a1"), "source": "team", "visit": Ref(0), "responsible": "李若禾", "due_on": day(20)}
    done = records.batch(inspector, [Operation("visit", visit), Operation("hazard", hazard)])
    assert len({saved.change_set for saved in done}) == 1
    assert done[1].record.values["visit"] == done[0].record.id


def test_a_batch_stands_or_falls_together_and_places_its_fault(city):
    before = everything()
    error = refused(
        Invalid, records.batch, city.actor("inspector_a"),
        [Operation("visit", city.new("visit", "a1")), Operation("hazard", city.new("hazard", "a1", level="巨大"))],
    )  # fmt: skip
    assert codes(error) == {("1.level", "choice")} and everything() == before


def test_many_rows_are_checked_as_one(city, reporter):
    before = everything()
    rows = [city.new("hazard", "a1"), city.new("hazard", "b1"), city.new("hazard", "a1", level="巨大"), city.new("hazard", "a1", building=city.id("damaged_building", "b1"))]
    error = refused(Invalid, records.create_many, "hazard", reporter, rows, kind="import")
    assert codes(error) == {("1.school", "relation"), ("2.level", "choice"), ("3.building", "relation")}
    assert everything() == before
    assert len(records.create_many("hazard", reporter, [city.new("hazard", "a1") for _ in range(3)], kind="import")) == 3


def test_many_rows_with_a_taken_key_are_a_fault(city):
    """Told by the database, which knows best; still a sentence, and nothing written."""
    before = everything()
    rows = [city.new("hazard", "a1", code="YH-5"), city.new("hazard", "a1", code="YH-5")]
    assert {code for _, code in codes(refused(Invalid, records.create_many, "hazard", SYSTEM, rows))} == {"taken"}
    assert everything() == before


def test_a_district_imports_no_row_for_a_school_it_only_sees(city):
    rows = [city.new("school_headcount", "a1"), city.new("school_headcount", "ax")]
    error = refused(Invalid, records.create_many, "school_headcount", city.actor("district_a"), rows, kind="import")
    assert {code for _, code in codes(error)} == {"out_of_scope"}


def test_a_bulk_change_is_shown_first_and_then_done(city):
    clerk, ids = city.actor("district_a"), [*city.rows["hazard"]["a1"], *city.rows["hazard"]["a2"]]
    model = tables.model("hazard")
    model.update(f_state="closed").where(model.id == ids[0]).execute()
    before = everything()
    plan = records.plan_bulk("hazard", clerk, ids, {"responsible": "李若禾"})
    assert len(plan.ready) == len(ids) - 1 and [record.id for record, _ in plan.refused] == ids[:1]
    assert everything() == before, "a plan writes nothing"
    (record, parts) = plan.ready[0]
    assert [(field.name, new) for field, _, new in parts] == [("responsible", "李若禾")]
    done = records.apply_bulk("hazard", clerk, ids, {"responsible": "李若禾"}, reason="统一指派")
    assert done.count == len(ids) - 1 and len(done.refused) == 1
    assert {query.get("hazard", clerk, id).values["responsible"] for id in ids[1:]} == {"李若禾"}


@pytest.mark.parametrize("foreign", ["b1", "gone", "odd"])
def test_a_foreign_id_among_the_chosen_refuses_the_whole_action(city, foreign):
    """A9."""
    clerk, before = city.actor("district_a"), everything()
    ids = [*city.rows["hazard"]["a1"], {"b1": city.id("hazard", "b1"), "gone": 9_000_001, "odd": 10**30}[foreign]]
    for work in (
        lambda: records.plan_bulk("hazard", clerk, ids, {"responsible": "李若禾"}),
        lambda: records.apply_bulk("hazard", clerk, ids, {"responsible": "李若禾"}),
        lambda: records.delete_many("hazard", clerk, ids),
    ):
        refused(NotFound, work)
    assert everything() == before


def test_nothing_chosen_or_too_much_chosen_is_said(city):
    clerk = city.actor("district_a")
    assert codes(refused(Invalid, records.apply_bulk, "hazard", clerk, [], {"responsible": "李若禾"})) == {("", "none_chosen")}
    assert codes(refused(Invalid, records.delete_many, "hazard", clerk, list(range(1, 1002)))) == {("", "too_many")}


def test_deleting_many_tells_which_stay_and_why(city):
    clerk = city.actor("city_clerk")
    used, free = city.id("inland_class", "a1"), city.add("damaged_building", "a1")
    del used
    in_use = city.id("damaged_building", "a1")
    done = records.delete_many("damaged_building", clerk, [in_use, free])
    assert done.count == 1 and [record.id for record, _ in done.refused] == [in_use]


# the same post twice ----------------------------------------------------------------------------------------------------


def test_the_same_post_twice_makes_one_record(city, reporter):
    """F11."""
    values = city.new("hazard", "a1")
    first = records.create("hazard", reporter, values, key="k1")
    second = records.create("hazard", reporter, values, key="k1")
    assert second.record.id == first.record.id and second.change_set == first.change_set
    assert refused(Conflict, records.create, "hazard", reporter, values | {"description": "另一处"}, key="k1").code == "key_used"
    assert records.create("hazard", reporter, values, key="k2").record.id != first.record.id
    other = records.create("hazard", city.actor("district_a"), values, key="k1")
    assert other.record.id != first.record.id, "a key is its owner's"


def test_a_post_that_failed_may_come_again_with_its_key(city, reporter):
    values = city.new("hazard", "a1")
    refused(Invalid, records.create, "hazard", reporter, values | {"level": "巨大"}, key="k1")
    assert records.create("hazard", reporter, values, key="k1").record.id


def test_the_same_post_at_the_same_moment_makes_one_record(city, reporter, at_once):
    values, before = city.new("hazard", "a1"), tables.model("hazard").select().count()
    done = at_once(lambda _: records.create("hazard", reporter, values, key="k1"), list(range(8)))
    assert all(isinstance(part, records.Saved) for part in done), done
    assert len({part.record.id for part in done}) == 1
    assert tables.model("hazard").select().count() == before + 1 and IdempotencyKey.select().count() == 1


# many at once -----------------------------------------------------------------------------------------------------------


@pytest.mark.serial
def test_many_writers_at_one_moment_are_all_saved(city, at_once):
    """F7: none fails for a busy database."""
    clerk, before = city.actor("city_clerk"), tables.model("hazard").select().count()
    rows = [city.new("hazard", random.choice(["a1", "a2", "b1"])) for _ in range(WRITERS)]
    done = at_once(lambda values: records.create("hazard", clerk, values), rows)
    assert [part for part in done if not isinstance(part, records.Saved)] == []
    assert len({part.record.id for part in done}) == WRITERS
    assert tables.model("hazard").select().count() == before + WRITERS


def test_many_edits_of_one_record_lose_nothing(city, at_once):
    """Each saves or is told of a conflict; every saved change stands in the history."""
    clerk, id = city.actor("city_clerk"), city.id("hazard", "a1")
    done = at_once(lambda at: records.update("hazard", clerk, id, {"measure": f"方案{at}"}, version=1), list(range(12)))
    saved = [part for part in done if isinstance(part, records.Saved)]
    assert len(saved) == 1 and all(isinstance(part, (records.Saved, Conflict)) for part in done), done
    record = query.get("hazard", clerk, id)
    assert record.version == 2 and record.values["measure"] == saved[0].record.values["measure"]


def test_the_same_code_at_one_moment_is_given_once(city, at_once):
    clerk = city.actor("city_clerk")
    rows = [city.new("hazard", "a1", code="YH-1") for _ in range(6)]
    done = at_once(lambda values: records.create("hazard", clerk, values), rows)
    assert len([part for part in done if isinstance(part, records.Saved)]) == 1
    assert all(isinstance(part, (records.Saved, Invalid)) for part in done), done


def test_a_locked_database_is_told_and_nothing_is_lost(sqlite_engine, settings):
    """F6: a short wait, then a sentence; reading goes on."""
    url, city = sqlite_engine.city()
    engines.connect(url, wait_seconds=0.3)
    held, release = threading.Event(), threading.Event()

    def hold():
        other = base.SqliteDatabase(url)
        with other.atomic("IMMEDIATE"):
            held.set()
            release.wait(10)
        other.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        held.wait(5)
        actor, values = city.actor("school_a"), city.new("hazard", "a1")
        started = time.monotonic()
        error = refused(Unavailable, records.create, "hazard", actor, values)
        assert error.status == 503 and "系统正忙" in str(error) and time.monotonic() - started < 5
        assert query.count(query.parse("hazard", actor)).value == 2
        release.set()
        holder.join()
        assert records.create("hazard", actor, values).record.id
    finally:
        release.set()
        holder.join()
        engines.disconnect()
        sqlite_engine.drop(url)


def test_a_full_disk_is_told(city, reporter, monkeypatch):
    """F4, from the database's own word."""
    monkeypatch.setattr(records.writer, "insert", _full)
    assert "磁盘已满" in str(refused(Unavailable, records.create, "hazard", reporter, city.new("hazard", "a1")))


def _full(*_):
    raise peewee.OperationalError("database or disk is full")


# units ------------------------------------------------------------------------------------------------------------------


def test_a_school_that_moves_takes_all_its_rows_along(city):
    """Every dependent row's unit follows, also of rows in the trash and of rows that hang on by way of others."""
    school, target = city.school("a1"), city.district("b")
    records.update("school", city.actor("city_admin"), school, {"district": target}, version=1)
    for register in registry.all():
        if "school" in register.scope and not register.scope.startswith("id:"):
            model = tables.model(register.name)
            moved = list(model.select(model.district_id, model.school_id).where(model.school_id == school).tuples())
            assert moved and set(moved) == {(target, school)}, register.name
    gone = city.actor("district_a")
    assert city.id("hazard", "a1") not in [record.id for record in query.stream(query.parse("hazard", gone))]
    assert query.get("appraisal", city.actor("district_b"), city.id("appraisal", "a1"))
    assert [hit.id for hit in query.page(query.parse("hazard", city.actor("district_b"), [("q", "青禾一")])).records]
    assert query.page(query.parse("hazard", gone, [("q", "青禾一")])).records == []


def test_a_building_that_moves_takes_its_appraisals_along(city):
    clerk = city.actor("city_clerk")
    building = city.add("damaged_building", "a1")
    appraisal = city.add("appraisal", "a1", damaged_building=building)
    version = query.get("damaged_building", clerk, building).version
    records.update("damaged_building", clerk, building, {"school": city.school("b1")}, version=version)
    record = query.get("appraisal", clerk, appraisal)
    assert (record.district_id, record.school_id) == (city.district("b"), city.school("b1"))


def test_every_relation_has_a_register_that_knows_its_unit(city):
    for register in registry.all():
        first = register.scope.split(".")[0]
        if first and not first.startswith("id:"):
            assert isinstance(register.field(first), Relation)
        rows = [id for ids in city.rows.get(register.name, {}).values() for id in ids]
        if register.scope.endswith("school") and rows:
            model = tables.model(register.name)
            assert model.select().where(model.id.in_(rows) & model.school_id.is_null()).count() == 0


# links ------------------------------------------------------------------------------------------------------------------


def test_links_follow_the_field(city):
    clerk = city.actor("city_clerk")
    first, second = city.add("damaged_building", "a1"), city.add("damaged_building", "a1")
    project = city.add("rebuild_project", "a1", buildings=[first])
    saved = records.update("rebuild_project", clerk, project, {"buildings": f"{second},{first}"}, version=1)
    assert saved.record.values["buildings"] == (first, second)
    saved = records.update("rebuild_project", clerk, project, {"buildings": ""}, version=2)
    assert saved.record.values["buildings"] is None and Link.select().where(Link.record_id == project).count() == 0


def test_a_set_of_actions_leaves_an_equal_number_of_change_sets(city):
    """One write, one change set, with as many changes as it says."""
    sets = tables.model("change_set")
    for row in sets.select():
        assert row.f_changes == Change.select().where(Change.change_set == row.id).count()


def test_policy_is_asked_for_every_write(city):
    """The verbs, for every register nobody granted."""
    actor = city.actor("nobody")
    for register in registry.names():
        unit = next(iter(city.rows.get(register, {"a1": []})))
        ids = city.rows.get(register, {}).get(unit) or [1]
        before = row_of(register, ids[0])
        assert not policy.may(actor, "edit", registry.get(register))
        for work in (
            lambda r=register: records.create(r, actor, {}),
            lambda r=register: records.create_many(r, actor, [{}]),
            lambda r=register, i=ids[0]: records.update(r, actor, i, {}, version=1),
            lambda r=register, i=ids[0]: records.delete(r, actor, i, version=1),
            lambda r=register, i=ids[0]: records.restore(r, actor, i),
            lambda r=register, i=ids[0]: records.plan_bulk(r, actor, [i], {}),
            lambda r=register, i=ids[0]: records.delete_many(r, actor, [i]),
        ):
            refused((NotAllowed, NotFound), work)
        assert row_of(register, ids[0]) == before
