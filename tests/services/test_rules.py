"""The rules that ask other records: what an agency graded, who may visit whom, what a school may say of itself."""

import pytest

from models import registry, tables
from models.errors import NeedsConfirmation
from services import behaviours, history, query, records, transitions
from services.actor import SYSTEM
from tests.factories import day
from tests.writing import broken, change, create


def test_every_named_behaviour_is_there(city):
    for register in registry.all():
        assert set(register.behaviours) <= behaviours.names()
        assert {rule.check for rule in register.rules if rule.check} <= set(behaviours.CHECKS)


# grades -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def building(city):
    return create(city, "damaged_building", "a1", use_state="stopped").id


@pytest.fixture
def grade(city, building):
    return lambda: query.get("damaged_building", SYSTEM, building).values["grade"]


@pytest.fixture
def appraise(city, building):
    def made(**over):
        return create(city, "appraisal", "a1", damaged_building=building, **over).id

    return made


def test_a_building_has_the_worst_grade_in_force(appraise, grade):
    assert grade() is None
    appraise(grade="B", kind="danger", appraised_on=day(-50))
    assert grade() == "B"
    appraise(grade="C", kind="danger", appraised_on=day(-40), agency="甲鉴定所")
    assert grade() == "C"
    appraise(grade="A", kind="danger", appraised_on=day(-30))
    assert grade() == "A", "the latest of one kind and standard stands for it"


def test_the_building_says_who_graded_it_and_when(city, building, appraise):
    appraise(grade="C", appraised_on=day(-40), agency="甲鉴定所")
    values = query.get("damaged_building", SYSTEM, building).values
    assert (values["appraiser"], values["appraised_on"].isoformat(), values["appraisal_state"]) == ("甲鉴定所", day(-40), "done")


def test_a_void_appraisal_does_not_count(city, appraise, grade):
    appraise(grade="B", appraised_on=day(-50))
    id = appraise(grade="D", appraised_on=day(-40))
    assert grade() == "D"
    records.delete("appraisal", city.actor("city_admin"), id, version=1, reason="作废")
    assert grade() == "B"
    records.restore("appraisal", city.actor("city_admin"), id)
    assert grade() == "D"


def test_an_expired_appraisal_does_not_count(appraise, grade):
    appraise(grade="D", appraised_on=day(-50), valid_until=day(-1))
    assert grade() is None
    appraise(grade="B", appraised_on=day(-40), valid_until=day(0))
    assert grade() == "B"


def test_other_standards_stand_beside_and_give_no_grade(appraise, grade):
    appraise(grade="B", appraised_on=day(-50))
    appraise(grade="D", appraised_on=day(-40), standard="rural")
    appraise(standard="gb50292", kind="safety", grade=None, conclusion="Dsu", appraised_on=day(-30))
    assert grade() == "B"


def test_an_appraisal_put_under_another_building_no_longer_grades_the_first(city, appraise, building, grade):
    other = create(city, "damaged_building", "a1", use_state="stopped").id
    id = appraise(grade="C")
    change(city, "appraisal", id, damaged_building=other)
    assert grade() is None
    assert query.get("damaged_building", SYSTEM, other).values["grade"] == "C"


def test_a_corrected_grade_is_taken_over(city, appraise, grade):
    id = appraise(grade="B")
    change(city, "appraisal", id, grade="C")
    assert grade() == "C"


def test_grading_is_noted_in_the_buildings_history(city, appraise, building):
    appraise(grade="C")
    entry = history.history("damaged_building", SYSTEM, building)[0]
    assert [(old, str(new.zh)) for field, old, new in entry.changes if field.name == "grade"] == [("", "C")]


@pytest.mark.parametrize(
    "over, code",
    [
        ({"grade": None}, "danger_graded"),
        ({"kind": "safety", "grade": None}, "others_concluded"),
        ({"kind": "safety", "grade": "B", "conclusion": "Bsu"}, "grade_only_danger"),
        ({"kind": "seismic", "grade": None, "conclusion": "Bsu"}, "conclusion_seismic"),
        ({"kind": "fire", "grade": None, "conclusion": "I"}, "conclusion_fire"),
        ({"appraised_on": day(1)}, "appraised_on_not_future"),
        ({"appraised_on": day(-900)}, "after_found"),
    ],
)
def test_appraisals_that_cannot_be(city, over, code):
    assert code in broken(create, city, "appraisal", "a1", **over)


def test_dangerous_buildings_are_out_of_use(city, building, appraise):
    appraise(grade="D")
    assert broken(change, city, "damaged_building", building, use_state="in_use") == {"dangerous_stopped"}
    assert broken(change, city, "damaged_building", building, action="repair") == {"d_rebuilt"}
    assert change(city, "damaged_building", building, action="rebuild").values["dangerous"] is True


def test_severe_damage_is_not_used_before_it_is_graded(city, appraise, building):
    change(city, "damaged_building", building, damage="severe")
    assert broken(change, city, "damaged_building", building, use_state="in_use") == {"severe_ungraded"}
    appraise(grade="B")
    assert change(city, "damaged_building", building, use_state="in_use").values["use_state"] == "in_use"


def test_progress_that_falls_asks_why(city, building):
    change(city, "damaged_building", building, progress="60")
    assert broken(change, city, "damaged_building", building, progress="50", refused=NeedsConfirmation) == {"progress_falls"}
    assert change(city, "damaged_building", building, progress="50", confirmed="返工").values["progress"] == 50


# projects and terms -----------------------------------------------------------------------------------------------------


def test_a_building_is_in_one_open_project_of_its_school(city):
    building, foreign = city.id("damaged_building", "a1"), city.id("damaged_building", "a2")
    first = create(city, "rebuild_project", "a1", buildings=[building], start_on=day(-9), done_on=day(-1))
    assert broken(create, city, "rebuild_project", "a1", buildings=[building]) == {"one_project"}
    assert broken(create, city, "rebuild_project", "a1", buildings=[foreign]) == {"one_project"}
    for who, step in (("city_clerk", "start"), ("city_clerk", "finish"), ("city_admin", "accept")):
        version = tables.model("rebuild_project").get_by_id(first.id).version
        transitions.move("rebuild_project", city.actor(who), first.id, step, version=version)
    assert create(city, "rebuild_project", "a1", buildings=[building]).id


@pytest.mark.parametrize("ability, ok", [("ready", True), ("in_time", False), ("unable", False)])
def test_a_host_school_must_itself_be_ready(city, ability, ok):
    more = {"reason": "damage", "placement": "cabins"} if ability == "unable" else {}
    create(city, "term_readiness", "a2", term="2021秋", ability=ability, spare_places="600", **more)
    guest = {"term": "2021秋", "ability": "unable", "reason": "damage", "placement": "borrowed", "host_school": city.school("a2")}
    if ok:
        assert create(city, "term_readiness", "a1", **guest).values["host_school"] == city.school("a2")
    else:
        assert broken(create, city, "term_readiness", "a1", **guest) == {"host_ready"}


def test_a_school_is_not_its_own_host(city):
    own = {"ability": "unable", "reason": "damage", "placement": "merged", "host_school": city.school("a1")}
    assert broken(create, city, "term_readiness", "a1", **own) == {"host_ready"}
    assert "host_named" in broken(create, city, "term_readiness", "a1", **own | {"host_school": None})


# schools ----------------------------------------------------------------------------------------------------------------


def test_a_school_counts_under_its_district_or_as_city_run(city):
    assert query.get("school", SYSTEM, city.school("a1")).values["bucket"] == "青禾区"
    assert query.get("school", SYSTEM, city.school("ax")).values["bucket"] == "市直"
    assert change(city, "school", city.school("a1"), managed_by="city").values["bucket"] == "市直"


def test_one_district_has_no_two_schools_of_one_name(city):
    same = {"name": "青禾一中学"}
    assert "duplicate_name" in broken(create, city, "school", "a", district=city.district("a"), **same)
    assert create(city, "school", "b", district=city.district("b"), **same).id


def test_a_school_with_damage_is_not_attested_undamaged(city):
    assert broken(change, city, "school", city.school("a1"), no_damage="是", no_damage_on=day(-1)) == {"no_damage_true"}
    new = create(city, "school", "a", district=city.district("a"))
    assert broken(change, city, "school", new.id, no_damage="是") == {"no_damage_dated"}
    assert change(city, "school", new.id, no_damage="是", no_damage_on=day(-1)).values["no_damage"] is True


def test_a_school_closes_with_a_reason_while_hazards_are_open(city):
    assert broken(change, city, "school", city.school("a1"), closed_on=day(0), refused=NeedsConfirmation) == {"closing"}


def test_headcounts_that_jump_or_do_not_add_up(city):
    school = {"school": create(city, "school", "b", district=city.district("b")).id}
    create(city, "school_headcount", "b", as_of=day(-9), students="1000", **school)
    jump = {"as_of": day(-2), "students": "1300"} | school
    assert broken(create, city, "school_headcount", "b", refused=NeedsConfirmation, **jump) == {"jump"}
    assert create(city, "school_headcount", "b", confirmed="并入一校", **jump).id
    later = {"as_of": day(-1)} | school
    assert "parts" in broken(create, city, "school_headcount", "b", students="1300", support_staff="20", **later)
    assert "size" in broken(create, city, "school_headcount", "b", refused=NeedsConfirmation, students="32000", **later)


# inspection -------------------------------------------------------------------------------------------------------------


def test_a_team_visits_only_schools_assigned_to_it_that_day(city):
    assert create(city, "visit", "a1", who="inspector_a").id
    assert "relation" in broken(create, city, "visit", "b1", who="inspector_a", team=city.id("inspection_team", "a"))
    team_a = city.id("inspection_team", "a")
    assert broken(create, city, "visit", "b1", team=team_a) == {"assigned"}
    assert broken(create, city, "visit", "ax", team=team_a) == {"assigned"}, "a district's team leaves the city-run school"
    assert broken(create, city, "visit", "a1", team=team_a, visited_on=day(-301)) == {"assigned"}


def test_a_special_visit_is_a_special_teams(city):
    assert broken(create, city, "visit", "a1", kind="special") == {"assigned"}
    special = create(city, "inspection_team", "a", kind="special", district=city.district("a"))
    create(city, "team_assignment", "a", team=special.id, school=city.school("a1"))
    assert create(city, "visit", "a1", kind="special", team=special.id).id


def test_a_recheck_names_an_earlier_visit_to_the_same_school(city):
    assert broken(create, city, "visit", "a1", kind="recheck") == {"recheck_parent"}
    assert broken(create, city, "visit", "a1", kind="recheck", parent=city.id("visit", "a2")) == {"recheck_parent"}
    assert broken(create, city, "visit", "a1", kind="first", parent=city.id("visit", "a1")) == {"parent_only_recheck"}
    assert create(city, "visit", "a1", kind="recheck", parent=city.id("visit", "a1")).id


def test_a_unit_has_one_team_of_a_kind_at_a_time(city):
    other = create(city, "inspection_team", "a", district=city.district("a"))
    taken = {"team": other.id, "district": city.district("a")}
    assert broken(create, city, "team_assignment", "a", **taken) == {"overlap"}
    assert broken(create, city, "team_assignment", "a", team=other.id) == {"one_unit"}
    assert broken(create, city, "team_assignment", "a", school=city.school("a1"), district=city.district("a")) >= {"one_unit"}
    assert broken(create, city, "team_assignment", "a", team=other.id, school=city.school("a1")) == {"overlap"}, "with its district"
    patrol = create(city, "inspection_team", "a", kind="patrol", district=city.district("a"))
    assert create(city, "team_assignment", "a", team=patrol.id, school=city.school("a1")).id
    assert "own_district" in broken(create, city, "team_assignment", "a", team=other.id, school=city.school("b2"))


def test_a_member_of_two_teams_at_once_asks_why(city):
    member = {"name": "何知舟", "account": city.accounts["inspector_a"]}
    create(city, "team_member", "a", **member)
    assert broken(create, city, "team_member", "b", refused=NeedsConfirmation, **member) == {"overlap"}


def test_a_major_hazard_is_due_within_the_parameter(city):
    major = {"level": "major", "found_on": day(0)}
    assert broken(create, city, "hazard", "a1", **major, due_on=day(8)) == {"major_due"}
    create(city, "parameter", "", key="隐患限时（重大）", value="10", effective_from=day(-1))
    assert create(city, "hazard", "a1", **major, due_on=day(10)).id
    create(city, "parameter", "", key="隐患限时（重大）", value="三天", effective_from=day(0))
    assert broken(create, city, "hazard", "a1", **major, due_on=day(8)) == {"major_due"}, "what is no number counts as not set"


def test_a_hazards_building_and_visit_are_of_its_school(city):
    for name, register in (("building", "damaged_building"), ("visit", "visit")):
        assert broken(create, city, "hazard", "a1", **{name: city.id(register, "a2")}) == {"same_school"}
        assert create(city, "hazard", "a1", **{name: city.id(register, "a1")}).id


def test_a_school_enters_self_checks_and_rectifies_the_rest(city):
    assert broken(create, city, "hazard", "a1", who="school_a", source="team") == {"reporter_rectifies"}
    assert create(city, "hazard", "a1", who="school_a").id
    found = create(city, "hazard", "a1", source="district_check").id
    assert broken(change, city, "hazard", found, who="school_a", level="major") == {"reporter_rectifies"}
    assert broken(change, city, "hazard", found, who="school_a", source="self_check") == {"reporter_rectifies"}
    assert change(city, "hazard", found, who="school_a", measure="清理", responsible="李若禾", due_on=day(9)).version == 2


def test_a_put_off_deadline_keeps_the_first(city):
    id = create(city, "hazard", "a1", due_on=day(5)).id
    assert change(city, "hazard", id, due_on=day(9)).values["first_due_on"].isoformat() == day(5)


@pytest.mark.parametrize("name", ["学校", "待定", "教育局"])
def test_the_responsible_is_a_person(city, name):
    assert broken(create, city, "hazard", "a1", responsible=name) == {"responsible_person"}


# care -------------------------------------------------------------------------------------------------------------------


def test_classes_are_at_senior_schools(city):
    primary = create(city, "school", "a", district=city.district("a"), level="primary")
    assert broken(create, city, "inland_class", "a", school=primary.id) >= {"school_level"}


@pytest.mark.parametrize(
    "before, after, ok",
    [
        ("at_school", "travelling", True),
        ("at_school", "home", False),
        ("at_school", "returned", False),
        ("travelling", "at_school", True),
        ("travelling", "returned", True),
        ("travelling", "home", True),
        ("home", "travelling", True),
        ("home", "returned", False),
        ("home", "at_school", False),
        ("returned", "at_school", True),
        ("home", "other", True),
    ],
)
def test_a_boarders_stay_changes_by_way_of_the_journey(city, before, after, ok):
    """S011: 留校⇄返程途中⇄回原籍, 返程途中→已返校, any→其他."""
    student = create(city, "inland_student", "a1", who="school_a", stay_status=before).id
    note = {"note": "在亲戚家"} if after == "other" else {}
    if ok:
        assert change(city, "inland_student", student, who="school_a", stay_status=after, **note).values["stay_status"] == after
    else:
        assert broken(change, city, "inland_student", student, who="school_a", stay_status=after) == {"transition"}


def test_daily_counts_add_up_and_are_stamped(city):
    record = create(city, "inland_daily", "a1", who="school_a", date=day(0))
    assert record.values["submitted_at"]
    wrong = {"date": day(-1), "in_school": "40", "temp_checked": "41"}
    assert "temp_checked_within_in_school" in broken(create, city, "inland_daily", "a1", who="school_a", **wrong)
    assert broken(create, city, "inland_daily", "a1", who="school_a", date=day(0)) == {"taken"}


def test_a_reached_contact_dates_the_teacher(city):
    teacher = create(city, "foreign_teacher", "a1", who="school_a").id
    contact = {"foreign_teacher": teacher}
    create(city, "foreign_contact", "a1", who="school_a", contacted_on=day(-5), **contact)
    create(city, "foreign_contact", "a1", who="school_a", contacted_on=day(-9), **contact)
    create(city, "foreign_contact", "a1", who="school_a", contacted_on=day(-1), reached="否", **contact)
    assert query.get("foreign_teacher", SYSTEM, teacher).values["last_contact_on"].isoformat() == day(-5)


def test_foreign_teachers_are_at_schools_that_employ_them(city):
    plain = create(city, "school", "a", district=city.district("a"), foreign_kind="none")
    assert broken(create, city, "foreign_teacher", "a", school=plain.id) >= {"foreign_school"}
    assert broken(change, city, "school", city.school("a1"), foreign_kind="none") == {"foreign_school"}


def test_four_parties_are_four_telephones(city):
    school = create(city, "school", "a", district=city.district("a")).id
    same = {"school": school, "phone": "0371-66880000"}
    create(city, "four_party_link", "a", party="school", **same)
    assert broken(create, city, "four_party_link", "a", party="police", refused=NeedsConfirmation, **same) == {"same_phone"}


def test_remarks_on_people_hold_no_numbers(city):
    assert broken(create, city, "inland_student", "a1", who="school_a", note="找张老师 13800000000") == {"personal_number"}
    assert broken(create, city, "inland_student", "a1", who="school_a", code="410105200901011234") == {"id_number"}
