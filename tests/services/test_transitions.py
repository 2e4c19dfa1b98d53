"""Moves: only from the right state, by the right person, with what they ask for, and never one's own work checked by oneself."""

import pytest

from models import registry, tables
from models.errors import Conflict, Invalid, NeedsConfirmation, NotAllowed, NotFound
from services import query, records, transitions
from services.actor import SYSTEM
from tests.factories import day

WITH_WORKFLOW = [register for register in registry.all() if register.workflow]


@pytest.fixture
def move(city):
    """move("school_a", "hazard", id, "start", field=value): takes a record one step, at its present version."""

    def go(name, register, id, step, *, reason="", confirmed="", version=None, **values):
        actor = city.actor(name)
        version = version or tables.model(register).get_by_id(id).version
        return transitions.move(
            register, actor, id, step, values=values, reason=reason, version=version, confirmed=confirmed
        ).record

    return go


def refused(kind, work, *args, **kwargs):
    with pytest.raises(kind) as caught:
        work(*args, **kwargs)
    return caught.value


@pytest.fixture
def hazard(city):
    return city.add("hazard", "a1")


def rectified(move, id, by="school_a"):
    move(by, "hazard", id, "start", responsible="李若禾", measure="清理杂物", due_on=day(5))
    return move(by, "hazard", id, "report_fixed", fixed_on=day(0))


# hazards ----------------------------------------------------------------------------------------------------------------


def test_a_hazard_goes_from_registration_to_closing(move, city, hazard):
    record = rectified(move, hazard)
    assert record.state == "recheck"
    record = move("district_a", "hazard", hazard, "close")
    assert record.state == "closed" and record.values["recheck_result"] == "passed"
    assert record.values["rechecked_on"].isoformat() == day(0) and record.values["rechecker"] == city.accounts["district_a"]
    assert record.values["first_due_on"].isoformat() == day(5)


def test_nobody_rechecks_his_own(move, city, hazard):
    rectified(move, hazard, by="district_a")
    error = refused(NotAllowed, move, "district_a", "hazard", hazard, "close")
    assert error.rule == "own_item" and "报请复查" in str(error)
    assert move("inspector_a", "hazard", hazard, "close").state == "closed"


def test_the_button_says_why_it_is_not_for_him(move, city, hazard):
    rectified(move, hazard, by="district_a")
    clerk = city.actor("district_a")
    found = {step.name: decision for step, decision in transitions.available(clerk, query.get("hazard", clerk, hazard))}
    assert set(found) == {"close", "send_back"} and not found["close"] and found["close"].rule == "own_item"
    reporter = city.actor("school_a")
    found = {step.name: decision for step, decision in transitions.available(reporter, query.get("hazard", reporter, hazard))}
    assert found["close"].rule == "no_grant:hazard:approve"


def test_a_responsible_person_does_not_close_his_own_hazard(move, city, hazard):
    name = city.actor("district_a").name
    move("school_a", "hazard", hazard, "start", responsible=name, measure="清理", due_on=day(5))
    move("school_a", "hazard", hazard, "report_fixed", fixed_on=day(0))
    error = refused(Invalid, move, "district_a", "hazard", hazard, "close")
    assert error.faults[0].code == "authority"


def test_what_a_move_asks_for_is_told_field_by_field(move, hazard):
    error = refused(Invalid, move, "school_a", "hazard", hazard, "start", responsible="李若禾")
    assert {fault.field for fault in error.faults} >= {"measure", "due_on"}
    assert all("开始整改" in str(fault.sentence) for fault in error.faults if fault.code == "required")


def test_a_reason_is_asked_for_and_kept(move, city, hazard):
    rectified(move, hazard)
    assert refused(Invalid, move, "district_a", "hazard", hazard, "send_back").faults[0].field == "reason"
    move("district_a", "hazard", hazard, "send_back", reason="照片看不清")
    change_set = tables.model("change_set").select().order_by(tables.model("change_set").id.desc()).get()
    assert (change_set.f_reason, change_set.f_kind) == ("照片看不清", "move")
    assert move("school_a", "hazard", hazard, "resume").state == "fixing"


def test_a_move_from_the_wrong_state_is_a_conflict_and_writes_nothing(move, city, hazard):
    before = tables.model("hazard").select().where(tables.model("hazard").id == hazard).dicts().get()
    for name in ("report_fixed", "close", "send_back", "resume"):
        assert refused(Conflict, move, "city_admin", "hazard", hazard, name).code == "state"
    assert refused(NotFound, move, "city_admin", "hazard", hazard, "fly")
    assert tables.model("hazard").select().where(tables.model("hazard").id == hazard).dicts().get() == before


def test_two_who_move_at_once_do_it_once(move, city, hazard, at_once):
    rectified(move, hazard)
    version = tables.model("hazard").get_by_id(hazard).version

    def close(name):
        return transitions.move("hazard", city.actor(name), hazard, "close", version=version)

    done = at_once(close, ["district_a", "inspector_a", "city_clerk"])
    assert len([part for part in done if isinstance(part, records.Saved)]) == 1
    assert all(isinstance(part, (records.Saved, Conflict)) for part in done), done


def test_fields_the_app_fills_are_not_posted_with_a_move(move, city, hazard):
    rectified(move, hazard)
    for values in (
        {"recheck_result": "failed"},
        {"state": "closed"},
        {"rechecker": city.accounts["nobody"]},
        {"first_due_on": day(1)},
    ):
        error = refused(Invalid, move, "district_a", "hazard", hazard, "close", **values)
        assert (error.faults[0].field, error.faults[0].code) == (next(iter(values)), "read_only")


def test_a_grade_is_not_typed_in_with_the_confirmation(move, city):
    """The app records what an agency graded (S067): the move wants the grade filled, by an appraisal."""
    building = city.add("damaged_building", "a1")
    move("school_a", "damaged_building", building, "request_appraisal")
    assert refused(Invalid, move, "district_a", "damaged_building", building, "confirm_appraisal").faults[0].field == "grade"
    error = refused(
        Invalid, move, "district_a", "damaged_building", building, "confirm_appraisal",
        grade="A", appraised_on=day(-1), appraiser="某鉴定所",
    )  # fmt: skip
    assert error.faults[0].code == "read_only"
    city.add("appraisal", "a1", damaged_building=building, grade="B")
    assert move("district_a", "damaged_building", building, "confirm_appraisal").state == "appraised"


def test_a_move_does_not_carry_a_row_out_of_ones_hands(move, city):
    """A14 by way of a move: the other fields that come with it are checked like an edit."""
    id = city.id("school_headcount", "a1")
    before = tables.model("school_headcount").select().where(tables.model("school_headcount").id == id).dicts().get()
    error = refused(Invalid, move, "district_a", "school_headcount", id, "report", school=city.school("ax"))
    assert ("school", "out_of_scope") in {(fault.field, fault.code) for fault in error.faults}
    assert tables.model("school_headcount").select().where(tables.model("school_headcount").id == id).dicts().get() == before


@pytest.mark.parametrize("register", WITH_WORKFLOW, ids=lambda register: register.name)
def test_moves_are_refused_to_those_without_the_right(city, move, register):
    """403 for a visible record, 404 for a foreign one, whatever the move; nothing is written."""
    model = tables.model(register.name)
    for step in register.workflow.transitions:
        for unit in ("a1", "b1"):
            id = city.id(register.name, unit)
            state = f"f_{register.field(register.workflow.field).id}"
            model.update(**{state: step.sources[0]}).where(model.id == id).execute()
            before = model.select().where(model.id == id).dicts().get()
            for name in ("leader", "auditor", "nobody", "school_a", "district_a"):
                actor = city.actor(name)
                may = name == "district_a" or (name == "school_a" and step.action == "edit" and register.name != "visit")
                if unit == "a1" and may:
                    continue
                sees = name == "leader" or (unit == "a1" and name in ("school_a", "district_a"))
                with pytest.raises(NotAllowed if sees else NotFound):
                    transitions.move(register.name, actor, id, step.name, reason="理由", version=before["version"])
            assert model.select().where(model.id == id).dicts().get() == before


def test_looking_through_anothers_eyes_moves_nothing(city, hazard):
    actor = city.actor("school_a", real=city.actor("city_admin"))
    refused(NotAllowed, transitions.move, "hazard", actor, hazard, "start", version=1)


# headcounts, buildings, visits ------------------------------------------------------------------------------------------


def test_headcounts_are_reviewed_by_someone_else(move, city):
    id = city.id("school_headcount", "a1")
    move("district_a", "school_headcount", id, "report")
    assert refused(NotAllowed, move, "district_a", "school_headcount", id, "review").rule == "own_item"
    assert move("city_clerk", "school_headcount", id, "review").state == "reviewed"
    refused(NotAllowed, records.update, "school_headcount", city.actor("school_a"), id, {"students": "1"}, version=3)
    assert move("city_clerk", "school_headcount", id, "send_back", reason="数不对").state == "draft"


def test_a_city_run_schools_headcount_is_reviewed_by_the_city(move, city):
    id = city.id("school_headcount", "ax")
    move("city_admin", "school_headcount", id, "report")
    assert refused(NotAllowed, move, "district_a", "school_headcount", id, "review").rule == "out_of_rows:school_headcount:approve"
    assert move("city_clerk", "school_headcount", id, "review").state == "reviewed"


def test_only_harmless_buildings_are_closed_untreated(move, city):
    building = city.add("damaged_building", "a1", action="none")
    move("school_a", "damaged_building", building, "request_appraisal")
    city.add("appraisal", "a1", damaged_building=building, grade="C")
    model = tables.model("damaged_building")
    model.update(f_use_state="stopped").where(model.id == building).execute()
    move("district_a", "damaged_building", building, "confirm_appraisal")
    error = refused(NotAllowed, move, "district_a", "damaged_building", building, "close_untreated", reason="轻微")
    assert error.rule == "not_yet:close_untreated" and "A、B" in str(error)


def test_an_accepted_building_needs_its_day_and_another_person(move, city):
    building = city.add("damaged_building", "a1", action="repair", responsible="李若禾", due_on=day(30))
    move("school_a", "damaged_building", building, "request_appraisal")
    city.add("appraisal", "a1", damaged_building=building, grade="B")
    move("district_a", "damaged_building", building, "confirm_appraisal")
    move("district_a", "damaged_building", building, "start_works")
    move("district_a", "damaged_building", building, "finish_works")
    assert refused(NotAllowed, move, "district_a", "damaged_building", building, "accept", accepted_on=day(0)).rule == "own_item"
    assert refused(Invalid, move, "city_clerk", "damaged_building", building, "accept").faults[0].field == "accepted_on"
    assert move("city_clerk", "damaged_building", building, "accept", accepted_on=day(0)).state == "closed"


def test_a_visit_is_submitted_with_its_result_and_stamped(move, city):
    inspector = city.actor("inspector_a")
    visit = records.create("visit", inspector, city.new("visit", "a1", result=None, visited_on=day(0))).record
    assert visit.values["submitted_at"] is None
    assert refused(Invalid, move, "inspector_a", "visit", visit.id, "submit").faults[0].field == "result"
    assert move("inspector_a", "visit", visit.id, "submit", result="passed").values["submitted_at"]


def test_rectify_by_a_date_needs_hazards_with_an_owner_first(move, city):
    inspector = city.actor("inspector_a")
    visit = records.create("visit", inspector, city.new("visit", "a1", result="rectify", visited_on=day(0))).record
    error = refused(Invalid, move, "inspector_a", "visit", visit.id, "submit")
    assert error.faults[0].code == "result_hazards"
    hazard = city.new("hazard", "a1", source="team", visit=visit.id)
    made = records.create("hazard", inspector, hazard).record
    refused(Invalid, move, "inspector_a", "visit", visit.id, "submit")
    records.update("hazard", inspector, made.id, {"responsible": "李若禾", "due_on": day(9)}, version=1)
    assert move("inspector_a", "visit", visit.id, "submit").state == "submitted"


def test_out_of_use_needs_a_hazard_or_a_building_out_of_use(move, city):
    inspector = city.actor("inspector_a")
    visit = records.create("visit", inspector, city.new("visit", "a2", result="stop_use", visited_on=day(0))).record
    refused(Invalid, move, "inspector_a", "visit", visit.id, "submit")
    city.add("damaged_building", "a2", use_state="stopped")
    assert move("inspector_a", "visit", visit.id, "submit").state == "submitted"


def test_passed_with_an_open_major_hazard_asks_for_a_reason(move, city):
    city.add("hazard", "a1", level="major")
    inspector = city.actor("inspector_a")
    values = city.new("visit", "a1", result="passed")
    assert refused(NeedsConfirmation, records.create, "visit", inspector, values).faults[0].code == "passed_major"
    assert records.create("visit", inspector, values, confirmed="隐患在校外").record.id


def test_an_accepted_project_closes_its_buildings(move, city):
    building = city.add("damaged_building", "a1")
    project = city.add("rebuild_project", "a1", buildings=[building], start_on=day(-30), done_on=day(-1))
    for name, step in (("school_a", "start"), ("school_a", "finish")):
        move(name, "rebuild_project", project, step)
    assert move("district_a", "rebuild_project", project, "accept").state == "accepted"
    record = query.get("damaged_building", SYSTEM, building)
    assert record.state == "closed" and record.values["progress"] == 100 and record.values["accepted_on"].isoformat() == day(0)
