"""Writing one record: checked before and after, merged or contested, kept in the trash, never moved out of the writer's hands."""

import json
from dataclasses import replace

import pytest

from models import registry, tables
from models.errors import Conflict, Invalid, NeedsConfirmation, NotAllowed, NotFound
from models.journal import Change
from models.values import NA
from services import query, records
from services.actor import SYSTEM
from tests.factories import day
from tests.refusals import codes, refused
from tests.state import everything, row_of


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
    "name",
    [
        "id",
        "version",
        "district_id",
        "school_id",
        "created_by",
        "created_at",
        "updated_by",
        "deleted_at",
        "deleted_by",
        "na_fields",
        "f_state",
    ],
)
def test_columns_of_the_app_cannot_be_posted(city, reporter, building, name):
    """X12: mass assignment."""
    before = row_of("damaged_building", building)
    values = city.new("damaged_building", "a1")
    assert ("unknown_field") in {
        code for _, code in codes(refused(Invalid, records.create, "damaged_building", reporter, values | {name: "1"}))
    }
    refused(Invalid, records.update, "damaged_building", reporter, building, {name: "1"}, version=1)
    assert row_of("damaged_building", building) == before


@pytest.mark.parametrize("name, value", [("state", "closed"), ("grade", "A"), ("appraised_on", "2021-08-05"), ("overdue", "是")])
def test_fields_the_app_fills_cannot_be_posted(city, reporter, building, name, value):
    assert codes(
        refused(Invalid, records.create, "damaged_building", reporter, city.new("damaged_building", "a1") | {name: value})
    ) == {(name, "read_only")}
    assert codes(refused(Invalid, records.update, "damaged_building", reporter, building, {name: value}, version=1)) == {
        (name, "read_only")
    }


def test_without_the_right_nothing_is_created(city):
    for name, register in (
        ("leader", "hazard"),
        ("auditor", "hazard"),
        ("school_a", "visit"),
        ("nobody", "hazard"),
        ("city_clerk", "district"),
    ):
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
    assert codes(refused(Invalid, records.create, "hazard", reporter, city.new("hazard", "a1", building=gone))) == {
        ("building", "relation")
    }


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
    assert (
        records.update("inland_student", reporter, saved.record.id, {"name": "安若川"}, version=1).record.values["name"] == "安若川"
    )


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
    assert (
        refused(Conflict, records.update, "damaged_building", reporter, building, {"name": "综合楼"}, version=version).code
        == "version"
    )


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
    assert codes(refused(Invalid, records.update, "school_headcount", clerk, id, {"school": city.school("ax")}, version=1)) == {
        ("school", "out_of_scope")
    }
    assert codes(refused(Invalid, records.update, "school_headcount", clerk, id, {"school": city.school("b1")}, version=1)) == {
        ("school", "relation")
    }
    assert codes(
        refused(Invalid, records.update, "school", clerk, city.school("a1"), {"district": city.district("b")}, version=1)
    ) == {("district", "out_of_scope")}
    assert codes(refused(Invalid, records.update, "school", clerk, city.school("a1"), {"managed_by": "city"}, version=1)) == {
        ("district", "out_of_scope")
    }
    assert everything() == before


def test_a_locked_state_is_not_edited(city):
    id, model = city.id("hazard", "a1"), tables.model("hazard")
    model.update(f_state="closed").where(model.id == id).execute()
    error = refused(NotAllowed, records.update, "hazard", city.actor("city_admin"), id, {"measure": "清理"}, version=1)
    assert error.rule == "locked_state" and "已销号" in str(error)
    refused(NotAllowed, records.delete, "hazard", city.actor("city_admin"), id, version=1)


def test_emptying_a_required_field_is_refused(reporter, building):
    for blank in ("", None, "　 "):
        assert codes(refused(Invalid, records.update, "damaged_building", reporter, building, {"name": blank}, version=1)) == {
            ("name", "required")
        }


def test_an_old_fault_does_not_stop_another_edit(city, reporter, building):
    model = tables.model("damaged_building")
    model.update(f_responsible="学校").where(model.id == building).execute()
    assert records.update("damaged_building", reporter, building, {"note": "急"}, version=1).record.version == 2
    refused(Invalid, records.update, "damaged_building", reporter, building, {"responsible": "教育局"}, version=2)


def test_not_applicable_zero_and_unknown_stay_apart(city, monkeypatch):
    """Promise 3, on a register that allows 不适用."""
    full = registry.get("school_headcount")
    fields = tuple(replace(field, na=True) if field.name == "boarders" else field for field in full.fields)
    monkeypatch.setattr(
        registry, "_current", registry.Registry([replace(r, fields=fields) if r is full else r for r in registry.all()])
    )
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
    "register, unit, holder",
    [
        ("school", "a1", "师生规模"),
        ("damaged_building", "a1", "校舍鉴定"),
        ("inland_class", "a1", "疆班藏班学生"),
        ("district", "a", "学校"),
    ],
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
