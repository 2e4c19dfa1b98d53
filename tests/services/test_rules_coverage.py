"""What is missing at schools and districts, plans, and where pupils are placed."""

import pytest

from models.errors import Invalid, NeedsConfirmation, NotAllowed
from services import attachments, home, query
from services.actor import SYSTEM
from tests.factories import day
from tests.writing import broken, change, create, found, move, set_parameter


def test_schools_and_districts_without_a_team_are_a_list(city):
    assert city.school("a1") not in found("school", ("uncovered", "true"))
    assert city.school("ax") not in found("school", ("uncovered", "true")), "the city's team takes it by name"
    work = city.id("team_assignment", "a")
    change(city, "team_assignment", work, to_date=day(-1))
    assert found("school", ("uncovered", "true")) == {city.school("a1"), city.school("a2")}
    assert found("district", ("uncovered", "true")) == {city.district("a")}
    district_a = city.actor("district_a")
    assert found("school", ("uncovered", "true"), district_a) == {city.school("a1"), city.school("a2")}
    assert found("school", ("uncovered", "true"), city.actor("district_b")) == set()
    assert query.get("school", district_a, city.school("a1")).values["uncovered"] is True
    cards = {(card.register.name, card.pairs): card.count.value for card in home.tasks(district_a)}
    assert cards[("school", (("uncovered", "true"),))] == 2


def test_schools_that_the_district_runs_want_an_area_team(city):
    assert found("school", ("area_uncovered", "true")) == {city.school(unit) for unit in ("a1", "a2", "b1", "b2")}
    team = create(city, "inspection_team", "a", kind="area", district=city.district("a")).id
    create(city, "team_assignment", "a", team=team, school=city.school("a1"))
    assert city.school("a1") not in found("school", ("area_uncovered", "true"))
    change(city, "inspection_team", team, to_date=day(-1))
    assert city.school("a1") in found("school", ("area_uncovered", "true")), "a team that ended takes nobody"


def test_schools_never_visited_uncounted_or_unsurveyed_are_lists(city):
    new = create(city, "school", "a", district=city.district("a")).id
    for name in ("unvisited", "headcount_missing", "unsurveyed"):
        assert new in found("school", (name, "true")), name
    assert city.school("a1") not in found("school", ("unsurveyed", "true"))
    change(city, "school", new, closed_on=day(-1))
    for name in ("unvisited", "headcount_missing", "unsurveyed", "uncovered"):
        assert new not in found("school", (name, "true")), "a closed school lacks nothing"


def test_who_sees_nothing_of_a_register_sees_no_field_drawn_from_it(city):
    inspector = city.actor("inspector_a")
    assert "parties_missing" not in query.get("school", inspector, city.school("a1")).values
    with pytest.raises(Invalid):
        query.parse("school", inspector, [("parties_missing", "true")])
    assert "parties_missing" in query.get("school", city.actor("district_a"), city.school("a1")).values


def test_four_parties_are_all_confirmed_of_late(city):
    school = create(city, "school", "a", district=city.district("a")).id
    for at, party in enumerate(("school", "community", "health", "police")):
        assert school in found("school", ("parties_missing", "true"))
        create(city, "four_party_link", "a", school=school, party=party, phone=f"0371-6718000{at}", confirmed_on=day(-at))
    assert school not in found("school", ("parties_missing", "true"))
    set_parameter(city, "四方联络确认时限", "2")
    assert school in found("school", ("parties_missing", "true"))


def test_a_badly_damaged_school_has_a_plan_on_file_and_a_project_with_an_owner(city):
    school = create(city, "school", "a", district=city.district("a")).id
    assert school not in found("school", ("plan_missing", "true"))
    create(city, "damaged_building", "a", school=school, damage="severe", use_state="stopped")
    assert school in found("school", ("plan_missing", "true"))
    plan = create(city, "plan_doc", "a", school=school, responsible="李若禾", due_on=day(30)).id
    create(city, "rebuild_project", "a", school=school, responsible="李若禾")
    assert school in found("school", ("plan_missing", "true")), "a draft is not in force"
    move(city, "district_a", "plan_doc", plan, "file", file=[document(city)])
    assert school not in found("school", ("plan_missing", "true"))


def document(city, who="district_a"):
    return attachments.store(city.actor(who), "方案.pdf", b"%PDF-1.4 plan")


def test_one_plan_of_an_owner_and_kind_is_in_force(city):
    plan = {"school": city.school("a1"), "kind": "flood", "version_no": None}
    first, second = (create(city, "plan_doc", "a1", **plan) for _ in range(2))
    assert (first.values["version_no"], second.values["version_no"]) == (1, 2)
    assert first.values["district"] == city.district("a")
    for made in (first, second):
        move(city, "district_a", "plan_doc", made.id, "file", file=[document(city)])
    assert [query.get("plan_doc", SYSTEM, made.id).state for made in (first, second)] == ["void", "filed"]
    with pytest.raises(NotAllowed):
        change(city, "plan_doc", second.id, due_on=day(3))
    assert move(city, "district_a", "plan_doc", second.id, "review").values["reviewed_on"].isoformat() == day(0)


def test_a_plan_is_sent_back_with_an_opinion_and_names_a_person(city):
    plan = create(city, "plan_doc", "a1", responsible="李若禾").id
    assert broken(move, city, "district_a", "plan_doc", plan, "send_back") == {"required"}
    assert move(city, "district_a", "plan_doc", plan, "send_back", opinion="工期不明").state == "returned"
    assert move(city, "school_a", "plan_doc", plan, "redraft").state == "draft"
    assert broken(change, city, "plan_doc", plan, responsible="学校") == {"responsible_person"}
    assert broken(move, city, "district_a", "plan_doc", plan, "file", file=[document(city)]) == {"owned"}


def test_plans_of_school_district_and_city_are_seen_by_their_own(city):
    school = create(city, "plan_doc", "a1").id
    district = create(city, "plan_doc", "a", owner_kind="district", district=city.district("a"), version_no=None).id
    whole = create(city, "plan_doc", "", owner_kind="city", version_no=None).id
    assert found("plan_doc", ("kind", "rebuilding"), city.actor("school_a")) >= {school}
    assert district not in found("plan_doc", ("kind", "rebuilding"), city.actor("school_a"))
    assert {school, district} <= found("plan_doc", ("kind", "rebuilding"), city.actor("district_a"))
    assert not {school, district, whole} & found("plan_doc", ("kind", "rebuilding"), city.actor("district_b"))
    assert whole not in found("plan_doc", ("kind", "rebuilding"), city.actor("district_a"))
    assert broken(create, city, "plan_doc", "a", owner_kind="district", school=city.school("a1")) >= {"district_named"}
    assert broken(create, city, "plan_doc", "", owner_kind="city", district=city.district("a")) == {"city_alone"}


def guest(city, unit="a1", **over):
    placed = {"ability": "unable", "reason": "damage", "placement": "borrowed", "host_school": city.school("ax")}
    return placed | {"term": "2021秋", "students_affected": "300", "students_placed": "200"} | over


def test_a_host_takes_in_no_more_than_its_spare_places(city):
    assert broken(create, city, "term_readiness", "a1", refused=NeedsConfirmation, **guest(city)) == {"host_stated"}
    create(city, "term_readiness", "ax", term="2021秋", ability="ready", spare_places="350")
    create(city, "term_readiness", "a1", **guest(city))
    assert broken(create, city, "term_readiness", "a2", **guest(city)) == {"host_spare"}
    assert create(city, "term_readiness", "a2", **guest(city, students_placed="150")).id


def test_nobody_borrows_from_a_borrower(city):
    host = create(city, "term_readiness", "ax", term="2021秋", ability="ready", spare_places="350").id
    create(city, "term_readiness", "a1", **guest(city))
    assert broken(change, city, "term_readiness", host, ability="in_time") == {"hosting"}
    assert "hosting" in broken(change, city, "term_readiness", host, placement="merged", host_school=city.school("a2"))


def test_a_school_opens_no_later_than_its_district(city):
    late = {"term": "2021秋", "ability": "ready", "planned_open_on": "2021-09-10"}
    create(city, "term_readiness", "a2", **late)
    create(city, "parameter", "", key="开学日", value="9-1", effective_from="2021-08-02")
    assert broken(create, city, "term_readiness", "a1", refused=NeedsConfirmation, **late) == {"opens_in_time"}
    change(city, "district", city.district("a"), return_stage="2")
    create(city, "parameter", "", key="开学日（第2阶次）", value="9-13", effective_from="2021-08-02")
    assert create(city, "term_readiness", "a1", **late).id
    assert create(city, "term_readiness", "b1", **late | {"term": "2022春"}).id, "the autumn's day is not the spring's"


def test_works_past_the_start_of_term_want_a_placement(city):
    school = create(city, "school", "a", district=city.district("a")).id
    create(city, "parameter", "", key="开学日", value="9-1", effective_from="2021-08-02")
    works = {"school": school, "start_on": "2022-08-01", "due_on": "2022-11-01"}
    assert broken(create, city, "rebuild_project", "a", refused=NeedsConfirmation, **works) == {"placed_past_term_start"}
    assert create(city, "rebuild_project", "a", **works | {"due_on": "2022-08-20"}).id
    create(city, "term_readiness", "a", school=school, term="2022秋", placement="cabins")
    assert create(city, "rebuild_project", "a", **works).id


def test_a_joint_school_without_foreign_teachers_says_why(city):
    joint = {"district": city.district("a"), "foreign_kind": "joint"}
    assert broken(create, city, "school", "a", refused=NeedsConfirmation, **joint) == {"joint_without_teachers"}
    assert create(city, "school", "a", **joint, note="外方教师尚未到岗").id
    assert change(city, "school", city.school("a1"), foreign_kind="joint").id, "it has some"
