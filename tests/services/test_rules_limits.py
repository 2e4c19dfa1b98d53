"""Limits that follow the parameters, buildings out of use, and records that are closed."""

import pytest

from models import tables
from models.errors import NeedsConfirmation, NotAllowed
from services import history, query, records
from services.actor import SYSTEM
from tests.factories import day
from tests.writing import broken, change, create, found, move, set_parameter


def test_a_parameter_moves_the_limit_in_the_list_and_on_the_page(city):
    id = create(city, "foreign_teacher", "a1", who="school_a", last_contact_on=day(-9)).id
    assert id in found("foreign_teacher", ("contact_due", "true"))
    set_parameter(city, "外籍教师联系间隔（本市）", "10")
    assert id in found("foreign_teacher", ("contact_due", "false"))
    assert query.get("foreign_teacher", SYSTEM, id).values["contact_due"] is False


def test_a_limit_in_hours_counts_the_days_begun(city):
    set_parameter(city, "走访提交时限", "30", "小时")
    old, new = (create(city, "visit", "a1", who="inspector_a", visited_on=day(at)).id for at in (-3, -2))
    assert found("visit", ("submit_due", "true")) >= {old} and new not in found("visit", ("submit_due", "true"))


def test_a_limit_that_is_taken_back_no_longer_counts(city):
    set_parameter(city, "四方联络确认时限", "5")
    id = city.id("four_party_link", "a1")
    change(city, "four_party_link", id, confirmed_on=day(-9))
    assert id in found("four_party_link", ("current", "false"))
    row = tables.model("parameter").get(tables.model("parameter").f_key == "四方联络确认时限")
    records.delete("parameter", city.actor("city_admin"), row.id, version=row.version, reason="取消")
    assert id in found("four_party_link", ("current", "true"))


def test_a_visit_submitted_late_asks_why_and_is_marked_for_good(city):
    late = create(city, "visit", "a1", who="inspector_a", visited_on=day(-2)).id
    assert broken(move, city, "inspector_a", "visit", late, "submit", refused=NeedsConfirmation) == {"submitted_late"}
    assert move(city, "inspector_a", "visit", late, "submit", confirmed="山里没有信号").values["late"] is True
    move(city, "district_a", "visit", late, "send_back", reason="补照片")
    assert move(city, "inspector_a", "visit", late, "submit", confirmed="山里没有信号").values["late"] is True
    prompt = create(city, "visit", "a1", who="inspector_a", visited_on=day(-1)).id
    assert move(city, "inspector_a", "visit", prompt, "submit").values["late"] is False


def test_a_recheck_is_submitted_when_every_hazard_has_its_verdict(city):
    parent = city.id("visit", "a1")
    hazard = create(city, "hazard", "a1", who="inspector_a", source="team", visit=parent, responsible="李若禾", due_on=day(5)).id
    move(city, "school_a", "hazard", hazard, "start", measure="清理")
    move(city, "school_a", "hazard", hazard, "report_fixed", fixed_on=day(0))
    again = create(city, "visit", "a1", who="inspector_a", kind="recheck", parent=parent, visited_on=day(0)).id
    assert broken(move, city, "inspector_a", "visit", again, "submit") == {"recheck_settles"}
    move(city, "inspector_a", "hazard", hazard, "close")
    assert move(city, "inspector_a", "visit", again, "submit").state == "submitted"


def stopped(city, **over):
    id = create(city, "damaged_building", "a1", use_state="stopped", stopped_on=day(-10), **over).id
    create(city, "appraisal", "a1", damaged_building=id, grade="D", appraised_on=day(-11))
    return id


def test_a_visit_confirms_that_a_building_is_out_of_use(city):
    id = stopped(city)
    assert id in found("damaged_building", ("stop_unconfirmed", "true"))
    visit = create(city, "visit", "a1", who="inspector_a", visited_on=day(0), stops_confirmed=[id]).id
    assert id in found("damaged_building", ("stop_unconfirmed", "true")), "a draft confirms nothing"
    move(city, "inspector_a", "visit", visit, "submit")
    values = query.get("damaged_building", SYSTEM, id).values
    assert values["stop_confirmed_on"].isoformat() == day(0) and values["stop_unconfirmed"] is False
    move(city, "district_a", "visit", visit, "send_back", reason="照片不清")
    assert query.get("damaged_building", SYSTEM, id).values["stop_confirmed_on"] is None
    foreign = city.id("damaged_building", "a2")
    assert broken(create, city, "visit", "a1", stops_confirmed=[foreign]) == {"own_buildings"}


def test_a_building_out_of_use_is_used_again_only_after_a_new_appraisal(city):
    id = create(city, "damaged_building", "a1", use_state="stopped", stopped_on=day(-10)).id
    assert broken(change, city, "damaged_building", id, use_state="in_use") == {"back_in_use"}
    create(city, "appraisal", "a1", damaged_building=id, grade="B", appraised_on=day(-3))
    assert change(city, "damaged_building", id, use_state="in_use").values["stopped_on"] is None
    assert change(city, "damaged_building", id, use_state="stopped").values["stopped_on"].isoformat() == day(0)
    assert change(city, "damaged_building", id, use_state="in_use").id, "a slip of the same day is put right"


def test_a_dangerous_building_in_use_is_a_major_hazard(city):
    id = create(city, "damaged_building", "a1", use_state="in_use").id
    create(city, "appraisal", "a1", damaged_building=id, grade="C")
    assert broken(create, city, "hazard", "a1", building=id) == {"danger_in_use"}
    assert create(city, "hazard", "a1", building=id, level="major").id


def closed_building(city, **over):
    id = create(city, "damaged_building", "a1", use_state="in_use", **over).id
    create(city, "appraisal", "a1", damaged_building=id, grade="B", appraised_on=day(-40))
    change(city, "damaged_building", id, action="none", note="墙面开裂")
    move(city, "school_a", "damaged_building", id, "request_appraisal")
    move(city, "district_a", "damaged_building", id, "confirm_appraisal")
    move(city, "district_a", "damaged_building", id, "close_untreated", reason="无需处理")
    return id


def test_a_closed_building_is_edited_only_after_it_is_opened_again(city):
    id = closed_building(city)
    with pytest.raises(NotAllowed, match="销号"):
        change(city, "damaged_building", id, note="改一改")
    with pytest.raises(NotAllowed, match="销号"):
        records.delete("damaged_building", city.actor("city_admin"), id, version=None)
    assert move(city, "district_a", "damaged_building", id, "reopen", reason="登记有误").state == "appraised"
    assert change(city, "damaged_building", id, note="改一改").values["note"] == "改一改"


def test_an_edit_of_a_closed_building_is_not_undone_but_its_closing_is(city):
    id = closed_building(city)
    entries = history.history("damaged_building", SYSTEM, id)
    edit = next(entry for entry in entries if any(field.name == "note" for field, _, _ in entry.changes))
    undone = history.undo(city.actor("city_admin"), edit.change_set)
    assert undone.count == 0 and "销号" in str(undone.kept[0][2])
    assert history.undo(city.actor("city_admin"), entries[0].change_set).count == 1
    assert query.get("damaged_building", SYSTEM, id).state == "appraised"


def test_a_closed_building_found_dangerous_is_open_again(city):
    id = closed_building(city)
    create(city, "appraisal", "a1", damaged_building=id, grade="B", appraised_on=day(-2))
    assert query.get("damaged_building", SYSTEM, id).state == "closed"
    create(city, "appraisal", "a1", damaged_building=id, grade="D", appraised_on=day(-1))
    record = query.get("damaged_building", SYSTEM, id)
    assert (record.state, record.values["grade"], record.values["dangerous_in_use"]) == ("appraised", "D", True)
    assert change(city, "damaged_building", id, use_state="stopped").values["dangerous_in_use"] is False


def test_a_closed_hazard_is_opened_again_not_entered_anew(city):
    text = {"description": "配电箱进水", "kind": "electricity"}
    id = create(city, "hazard", "a1", who="school_a", responsible="李若禾", due_on=day(5), measure="检修", **text).id
    move(city, "school_a", "hazard", id, "start")
    move(city, "school_a", "hazard", id, "report_fixed", fixed_on=day(0))
    move(city, "district_a", "hazard", id, "close")
    with pytest.raises(NotAllowed, match="已销号"):
        change(city, "hazard", id, measure="再检修")
    assert broken(create, city, "hazard", "a1", refused=NeedsConfirmation, **text) == {"closed_before"}
    assert move(city, "district_a", "hazard", id, "reopen", reason="又进水").state == "returned"


def test_a_hazard_due_later_than_its_level_allows_asks_why(city):
    assert broken(create, city, "hazard", "a1", found_on=day(0), due_on=day(31), refused=NeedsConfirmation) == {"due_late"}
    set_parameter(city, "隐患限时（一般）", "40")
    assert create(city, "hazard", "a1", found_on=day(0), due_on=day(31)).id
