"""The one gate: deny by default, each grant as the table of rights says, and a register narrowed to what its reader may know."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from models import registry, tables
from models.errors import Invalid, NotAllowed, NotFound
from models.values import now
from seeds import grants
from services import actor as actors, policy, query, records
from services.actor import SYSTEM, Actor, Grant, Membership
from services.query import NO_ACCESS
from tests.actors import NAMES
from tests.city import SCHOOLS
from tests.factories import day

REGISTERS = registry.names()


def seen(actor, register, action="view"):
    """The ids the actor's grants open for an action."""
    found = policy.rows(registry.get(register), actor, action=action)
    return {id for (id,) in found.select(found.model.id).tuples()}


def units_seen(city, actor, register, action="view"):
    """The units whose rows the actor reaches, "a1" and so on."""
    reached = seen(actor, register, action)
    return {unit for unit, ids in city.rows.get(register, {}).items() if set(ids) <= reached}


def nobody_with(*memberships, **grant):
    """An actor with one hand-made grant."""
    made = Grant(**{"role": "leader", "register": "school", "actions": frozenset(["view"]), "rows": "all"} | grant)
    return Actor(1, "made", "made", tuple(memberships), (made,))


# deny by default --------------------------------------------------------------------------------------------------------


def test_without_a_role_nothing_is_seen_or_allowed(city):
    actor = city.actor("nobody")
    for register in REGISTERS:
        for action in policy.ACTIONS:
            assert seen(actor, register, action) == set()
            decision = policy.may(actor, action, registry.get(register))
            assert not decision and decision.rule == f"no_grant:{register}:{action}" and str(decision.reason)


def test_without_a_role_there_is_no_menu(city):
    assert policy.registers(city.actor("nobody")) == ()


def test_a_register_nobody_was_granted_is_refused_with_its_name(city):
    with pytest.raises(NotAllowed) as refused:
        policy.view(registry.get("hazard"), city.actor("auditor"))
    assert "隐患台账" in str(refused.value) and refused.value.rule == "no_grant:hazard:view"


@pytest.mark.parametrize("rule", sorted(policy.ROW_RULES.keys() - {"all", "unit"}))
def test_a_membership_that_names_no_unit_sees_nothing(city, rule):
    """A20: an empty scope is no rows, never all rows."""
    for register in REGISTERS:
        if rule == "team" and "team" not in registry.get(register).by_name and register != "inspection_team":
            continue
        assert seen(nobody_with(Membership("leader"), register=register, rows=rule), register) == set()


@pytest.mark.parametrize("rule", [*policy.ROW_RULES, "self"])
def test_a_unit_that_is_not_there_sees_nothing(city, rule):
    gone = Membership("leader", district_id=9_000_001, school_id=9_000_002, team_id=9_000_003)
    actor = replace(nobody_with(gone, rows=rule, register="hazard"), id=9_000_004)
    if rule in ("all", "self"):
        return
    if rule != "team":
        assert seen(actor, "hazard") == set()


def test_a_team_is_no_unit_for_rules_about_units(city):
    """A membership that names a team alone is not a membership of the whole city."""
    held = Membership("leader", team_id=city.id("inspection_team", "a"))
    for register in ("school", "hazard", "inspection_team"):
        assert seen(nobody_with(held, register=register, rows="unit"), register) == set()


def test_a_row_without_a_school_is_no_schools(city):
    """A20: a row whose unit is unknown belongs to nobody but the whole city."""
    id = city.id("hazard", "a1")
    model = tables.model("hazard")
    model.update(school_id=None, district_id=None).where(model.id == id).execute()
    reached = {name for name in NAMES if id in seen(city.actor(name), "hazard")}
    assert reached == {"city_admin", "city_clerk", "leader"}


def test_a_membership_counts_only_on_its_days(city):
    model = tables.model("membership")
    mine = model.f_account == city.accounts["district_a"]
    for days in ({"f_from_date": day(1), "f_to_date": None}, {"f_from_date": day(-9), "f_to_date": day(-1)}):
        model.update(**days).where(mine).execute()
        assert city.actor("district_a").memberships == () and seen(city.actor("district_a"), "hazard") == set()
    model.update(f_from_date=day(0), f_to_date=day(0)).where(mine).execute()
    assert city.actor("district_a").roles == {"district_clerk"}


def test_a_disabled_or_deleted_account_is_no_actor(city):
    model = tables.model("account")
    mine = model.id == city.accounts["district_a"]
    model.update(f_active=False).where(mine).execute()
    assert city.actor("district_a") is None
    model.update(f_active=True, deleted_at=now()).where(mine).execute()
    assert city.actor("district_a") is None
    assert actors.load(9_000_001) is None


def test_a_grant_in_the_trash_grants_nothing(city):
    model = tables.model("role_grant")
    model.update(deleted_at=now()).where((model.f_role == "city_clerk") & (model.f_register == "hazard")).execute()
    assert seen(city.actor("city_clerk"), "hazard") == set()


def test_a_copy_of_the_system_actor_is_nobody(city):
    assert seen(replace(SYSTEM, name="系统"), "school") == set()
    assert seen(SYSTEM, "school")


# the table of rights ----------------------------------------------------------------------------------------------------

PERSON = {
    "leader": ("leader", "leader_a"),
    "school_reporter": ("school_a",),
    "district_clerk": ("district_a",),
    "inspector": ("inspector_a",),
}
OWN = {"district_a": {"a1", "a2", "ax", "a"}, "school_a": {"a1"}, "leader_a": {"a1", "a2", "ax", "a"}, "inspector_a": {"a1", "a2"}}
PEOPLE_OF = [(name, role) for role in sorted({row[0] for row in grants.TABLE}) for name in PERSON.get(role, (role,))]


@pytest.mark.parametrize("name, role", PEOPLE_OF)
def test_each_grant_opens_the_rows_of_its_rule_and_no_others(city, name, role):
    actor = city.actor(name)
    for row in grants.rows():
        for action in row["actions"] if row["role"] == role else ():
            register, rule = row["register"], row["rows"]
            assert policy.may(actor, action, registry.get(register)), row
            if rule == "self":
                assert _about(register, seen(actor, register)) <= {actor.id} or role == "district_clerk", row
            else:
                units = set(city.rows.get(register, {}))
                assert units_seen(city, actor, register, action) == units & _reach(name, rule, register), (row, action)


def _reach(name, rule, register):
    """The units a rule of the table reaches for a person of the test city."""
    if rule == "all" or (rule == "unit" and name == "leader"):
        return {*SCHOOLS, "a", "b", ""}
    if rule == "district_run":
        return {"a1", "a2"}
    if rule == "team":
        return {"a"}
    return OWN[name] | {"a"} if register in grants.TEAMS else OWN[name]


def _about(register, ids):
    """The accounts that rows are about."""
    if register == "account":
        return ids
    model = tables.model(register)
    return {account for (account,) in model.select(model.f_account).where(model.id.in_(ids)).tuples()}


NOT_GRANTED = [
    ("city_admin", "inland_student", "edit"),
    ("city_admin", "inland_student", "export"),
    ("city_clerk", "foreign_teacher", "edit"),
    ("city_clerk", "account", "edit"),
    ("city_clerk", "district", "edit"),
    ("district_a", "foreign_teacher", "view"),
    ("district_a", "inland_student", "view"),
    ("district_a", "four_party_link", "view"),
    ("district_a", "district", "edit"),
    ("school_a", "visit", "edit"),
    ("school_a", "inspection_team", "edit"),
    ("school_a", "damaged_building", "approve"),
    ("school_a", "damaged_building", "export"),
    ("inspector_a", "foreign_teacher", "view"),
    ("inspector_a", "inland_class", "count"),
    ("inspector_a", "damaged_building", "edit"),
    ("inspector_a", "hazard", "export"),
    ("leader", "hazard", "edit"),
    ("leader", "inland_student", "view"),
    ("leader", "school", "edit"),
    ("auditor", "school", "view"),
    ("auditor", "account", "edit"),
    ("auditor", "hazard", "count"),
]


@pytest.mark.parametrize("name, register, action", NOT_GRANTED)
def test_what_the_table_does_not_say_is_not_granted(city, name, register, action):
    assert not policy.may(city.actor(name), action, registry.get(register))
    assert seen(city.actor(name), register, action) == set()


def test_a_district_sees_the_city_run_school_but_does_not_change_it(city):
    actor, school = city.actor("district_a"), city.school("ax")
    assert policy.may(actor, "view", registry.get("school"), school)
    decision = policy.may(actor, "edit", registry.get("school"), school)
    assert not decision and decision.rule == "out_of_rows:school:edit"


def test_a_team_sees_what_is_assigned_to_it_on_that_day_only(city):
    assert units_seen(city, city.actor("inspector_a"), "school") == {"a1", "a2"}
    records.update("team_assignment", SYSTEM, city.id("team_assignment", "a"), {"to_date": day(-1)}, version=1)
    assert units_seen(city, city.actor("inspector_a"), "school") == set()
    city.add("team_assignment", "a", school=city.school("b1"), from_date=day(1))
    records.delete("team_assignment", SYSTEM, city.add("team_assignment", "a", school=city.school("a1")), version=1)
    assert units_seen(city, city.actor("inspector_a"), "school") == set()
    city.add("team_assignment", "a", school=city.school("b2"))
    assert units_seen(city, city.actor("inspector_a"), "hazard") == {"b2"}
    records.update("membership", SYSTEM, city.rows["membership"]["a"][2], {"team": city.id("inspection_team", "")}, version=1)
    assert units_seen(city, city.actor("inspector_a"), "school") == {"ax"}


def test_require_says_not_found_for_foreign_rows_and_not_allowed_for_visible_ones(city):
    actor = city.actor("school_a")
    with pytest.raises(NotFound):
        policy.require(actor, "edit", registry.get("hazard"), city.id("hazard", "b1"))
    with pytest.raises(NotFound):
        policy.require(actor, "edit", registry.get("hazard"), 9_000_001)
    with pytest.raises(NotAllowed) as refused:
        policy.require(actor, "edit", registry.get("visit"), city.id("visit", "a1"))
    assert refused.value.rule == "no_grant:visit:edit"


def test_looking_through_anothers_eyes_changes_nothing(city):
    actor = city.actor("school_a", real=city.actor("city_admin"))
    assert actor.read_only and units_seen(city, actor, "hazard") == {"a1"}
    for action in ("edit", "approve", "export"):
        assert policy.may(actor, action, registry.get("hazard")).rule == "view_as_read_only"
    hazard = city.id("hazard", "a1")
    for refused in (
        lambda: records.create("hazard", actor, city.new("hazard", "a1")),
        lambda: records.update("hazard", actor, hazard, {"measure": "清理"}, version=1),
        lambda: records.delete("hazard", actor, hazard, version=1),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_looking_through_anothers_eyes_shows_ones_own_acts_not_his(city):
    """The logs about a person stay about the person who looks."""
    actor = city.actor("school_a", real=city.actor("city_admin"))
    for register in ("access_log", "change_set", "account"):
        assert _about(register, seen(actor, register)) <= {city.accounts["city_admin"]}
    assert seen(actor, "account") == {city.accounts["city_admin"]}


def test_names_may_be_written_only_where_they_are_cleared(city):
    students, reporter = registry.get("inland_student"), city.actor("school_a")
    assert policy.clears_names_at(students, reporter, city.school("a1"))
    for school in (city.school("b1"), city.school("a2"), None):
        assert not policy.clears_names_at(students, reporter, school)
    for name in ("city_admin", "district_a", "nobody"):
        assert not policy.clears_names_at(students, city.actor(name), city.school("a1"))


def test_logs_cannot_be_changed_whatever_is_granted(city):
    actor = nobody_with(Membership("leader"), register="access_log", actions=frozenset(["view", "edit"]))
    assert policy.may(actor, "edit", registry.get("access_log")).rule == "system_register"
    with pytest.raises(NotAllowed):
        records.delete("access_log", actor, min(seen(actor, "access_log")), version=1)


def test_two_roles_reach_what_either_reaches(city):
    """A26: the union of grants, each on its own rows."""
    city.add("membership", "b1", account=city.accounts["school_a"], role="inspector", team=city.id("inspection_team", ""))
    actor = city.actor("school_a")
    assert units_seen(city, actor, "hazard") == {"a1", "ax"}
    assert units_seen(city, actor, "hazard", "approve") == {"ax"}
    assert not policy.may(actor, "edit", registry.get("damaged_building"), city.id("damaged_building", "ax"))


def test_explain_names_every_grant_and_the_decision(city):
    found = policy.explain(city.actor("school_a"), "edit", registry.get("hazard"), city.id("hazard", "b1"))
    assert [finding.matched for finding in found] == [False, False] and found[0].rule == "school_reporter:hazard:edit:school"
    assert all(str(finding.sentence).endswith("。") for finding in found)
    found = policy.explain(city.actor("school_a"), "edit", registry.get("hazard"), city.id("hazard", "a1"))
    assert all(finding.matched for finding in found)


# fields -----------------------------------------------------------------------------------------------------------------


def test_names_of_boarders_are_their_own_schools(city):
    student = city.id("inland_student", "a1")
    mine = query.get("inland_student", city.actor("school_a"), student)
    assert mine.values["name"] == "青禾一姓名"
    for name in ("city_admin", "city_clerk"):
        record = query.get("inland_student", city.actor(name), student)
        assert "name" not in record.values and "name" not in record.register.by_name
        assert "name" not in record.register.list_columns and all("name" not in part.fields for part in record.register.sections)


@pytest.mark.parametrize("parameter", ["name", "name__contains", "name__empty", "name__ne", "name__in"])
def test_filtering_by_a_hidden_field_is_refused_by_name(city, parameter):
    with pytest.raises(Invalid) as refused:
        query.parse("inland_student", city.actor("city_clerk"), [(parameter, "true")])
    assert refused.value.faults[0].field == parameter and refused.value.faults[0].code == "unknown_parameter"


@pytest.mark.parametrize("parameter, value", [("sort", "name"), ("sort", "-name"), ("fields", "code,name")])
def test_sorting_by_or_asking_for_a_hidden_field_is_refused(city, parameter, value):
    with pytest.raises(Invalid) as refused:
        query.parse("inland_student", city.actor("city_clerk"), [(parameter, value)])
    assert refused.value.faults[0].field == parameter


def test_facets_of_a_hidden_field_are_refused(city):
    with pytest.raises(Invalid):
        query.facets(query.parse("inland_student", city.actor("city_clerk")), "name")


def test_names_are_never_searched(city):
    for name in ("school_a", "city_clerk"):
        assert query.page(query.parse("inland_student", city.actor(name), [("q", "姓名")])).records == []


def test_a_person_with_two_roles_reads_names_only_where_the_clearing_role_reaches(city):
    city.add("membership", "", account=city.accounts["school_a"], role="city_clerk")
    actor = city.actor("school_a")
    assert "name" not in policy.view(registry.get("inland_student"), actor).by_name
    assert "name" in query.get("inland_student", actor, city.id("inland_student", "a1")).values
    assert "name" not in query.get("inland_student", actor, city.id("inland_student", "b1")).values
    listed = query.page(query.parse("inland_student", actor)).records
    assert len(listed) > 2 and all("name" not in record.values for record in listed)


def test_a_hidden_field_cannot_be_written(city):
    clerk = nobody_with(Membership("leader"), register="inland_student", actions=frozenset(["view", "edit"]))
    with pytest.raises(Invalid) as refused:
        records.update("inland_student", clerk, city.id("inland_student", "a1"), {"name": "王小禾"}, version=1)
    assert refused.value.faults[0].code == "unknown_field"


@pytest.mark.parametrize("school", sorted(SCHOOLS))
def test_labels_of_foreign_records_do_not_tell_their_names(city, school):
    building = city.id("damaged_building", school)
    label = query.labels("damaged_building", [building], city.actor("school_a"))[building]
    assert (label == NO_ACCESS.zh) == (school != "a1")
    assert query.labels("school", [city.school(school)], city.actor("school_a"))[city.school(school)].endswith("中学")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=st.sampled_from(sorted(policy.ROW_RULES)),
    register=st.sampled_from(["school", "hazard", "damaged_building", "inland_student", "account"]),
    district=st.sampled_from(["", "a", "b"]),
    school=st.sampled_from(["", "a1", "ax", "b1"]),
)
def test_no_membership_reaches_beyond_its_units(city, rule, register, district, school):
    """X3: whatever is missing from a membership, it never means everything."""
    if rule in ("all", "team", "assigned") or (rule == "unit" and not district and not school):
        return
    held = Membership("leader", (district and city.district(district)) or None, (school and city.school(school)) or None)
    reached = units_seen(city, nobody_with(held, register=register, rows=rule), register)
    allowed = (
        {school}
        if rule in ("school", "unit") and school
        else {key for key in SCHOOLS if district and key[0] == district} | {district}
    )
    assert reached <= (allowed if rule != "school" or school else set())
