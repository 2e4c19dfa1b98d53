"""The built-in registers: complete, checked, the same after JSON, and true to the rules on people's data."""

import json
import re

import pytest

from models.checks import all_problems
from models.conditions import holds
from models.errors import Label
from models.fields import Code
from models.register import Register
from models.registers import DECLARED, GROUPS
from models.values import today
from services import behaviours, rules

BY_NAME = {register.name: register for register in DECLARED}
EVERY = pytest.mark.parametrize("register", DECLARED, ids=lambda register: register.name)
LETTER = re.compile(r"[A-Za-z]")


def test_all_are_there():
    names = """
        district parameter school school_headcount damaged_building appraisal rebuild_project plan_doc term_readiness
        inspection_team team_member team_assignment visit hazard inland_class inland_student inland_daily
        foreign_teacher foreign_contact four_party_link account membership role_grant access_log change_set job delivery
    """
    assert sorted(register.name for register in DECLARED) == sorted(names.split())


def test_checks_find_nothing():
    assert all_problems(DECLARED) == []


def test_behaviours_are_known():
    assert rules.__doc__, "importing the rules fills the registry of behaviours"
    assert all_problems(DECLARED, behaviours.names()) == []


@EVERY
def test_json_round_trip(register):
    again = Register.from_dict(json.loads(json.dumps(register.to_dict(), ensure_ascii=False)))
    assert again == register
    assert hash(again) == hash(register)


def _words(register):
    """(where, Chinese, English) of everything people read."""
    yield "label", register.label, register.label_en
    yield "help", register.help, register.help_en
    for field in register.fields:
        yield field.name, field.label, field.label_en
        if field.help:
            yield f"{field.name} help", field.help, field.help_en
        for option in getattr(field, "options", ()):
            yield f"{field.name} {option.code}", option.label, option.label_en
    for section in register.sections:
        yield "section", section.label, section.label_en
    for summary in register.summaries:
        yield summary.name, summary.label, summary.label_en
    for rule in register.rules:
        yield rule.id, rule.message, rule.message_en
    for move in register.workflow.transitions if register.workflow else ():
        yield move.name, move.label, move.label_en
        if move.when:
            yield f"{move.name} refusal", move.refusal, move.refusal_en


@EVERY
def test_everything_is_said_in_both_languages(register):
    missing = [where for where, chinese, english in _words(register) if not chinese or not LETTER.search(english)]
    assert missing == []


@EVERY
def test_screens_have_what_they_need(register):
    assert register.group in GROUPS and register.icon.startswith("ti-")
    assert register.help and register.title and register.filters and register.sections
    assert 2 <= len(register.phone) <= 3
    assert 5 <= len(register.list_columns) <= 10
    assert bool(register.key) is not register.system
    placed = {name for section in register.sections for name in section.fields}
    assert placed == {field.name for field in register.fields}


@EVERY
def test_only_the_named_fields_are_required(register):
    needed = {field.name for field in register.fields if field.required}
    made = {field.name for field in register.fields if isinstance(field, Code) and field.make}
    assert not needed & made
    if register.name == "school":
        # The code is always there: made when none is typed.
        assert needed | made == {"code", "name", "district", "level", "managed_by", "ownership"}


@EVERY
def test_states_are_written_by_moves_alone(register):
    if register.workflow:
        state = register.field(register.workflow.field)
        assert state.readonly and state.default == register.workflow.initial
        reached = {move.target for move in register.workflow.transitions} | {register.workflow.initial}
        assert reached == {option.code for option in state.options}


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("school_headcount", "草稿 已报送 县区已审"),
        ("damaged_building", "登记 待鉴定 已鉴定 施工 待验收 销号"),
        ("rebuild_project", "未开工 施工中 停工 已完工 已验收"),
        ("plan_doc", "草稿 已备案 退回 失效"),
        ("visit", "草稿 已提交 已归档"),
        ("hazard", "登记 整改中 待复查 已销号 退回整改"),
    ],
)
def test_states_are_those_of_the_bureau(name, states):
    register = BY_NAME[name]
    assert [option.label for option in register.field("state").options] == states.split()


def test_nobody_rechecks_his_own_fix():
    moves = BY_NAME["hazard"].workflow
    assert all("report_fixed" in moves.get(name).different_from for name in ("close", "send_back"))


def test_people_registers_say_how_long_rows_are_kept():
    assert all(register.retention for register in DECLARED if register.grain == "person")


def test_names_of_boarders_are_cleared_apart():
    assert BY_NAME["inland_student"].field("name").sensitivity == "named"
    assert not BY_NAME["inland_student"].field("name").required
    assert "name" not in BY_NAME["inland_student"].title
    assert BY_NAME["four_party_link"].field("phone").sensitivity == "masked"


def test_only_unit_names_are_public():
    assert {register.name for register in DECLARED if register.label_public} == {"district", "school", "inspection_team"}


def broken(register, values):
    """Ids of the rules, those with a named check left out, that these values break."""
    row = {field.name: None for field in register.fields} | values
    return {
        rule.id
        for rule in register.rules
        if not rule.check
        and holds(rule.when, row, today())
        and not (holds(rule.must, row, today()) and all(row[name] is not None for name in rule.require))
    }


RULED = [
    ("damaged_building", {"grade": "D", "use_state": "in_use"}, {"dangerous_stopped"}),
    ("damaged_building", {"grade": "D", "use_state": "stopped", "action": "repair"}, {"d_rebuilt"}),
    ("damaged_building", {"grade": "D", "use_state": "stopped", "action": "rebuild"}, set()),
    ("damaged_building", {"damage": "severe", "use_state": "in_use"}, {"severe_ungraded"}),
    ("damaged_building", {"kind": "wall", "area_m2": 500}, {"wall_no_area"}),
    ("damaged_building", {"kind": "wall", "length_m": 50}, set()),
    ("damaged_building", {"responsible": "学校"}, {"responsible_person"}),
    ("damaged_building", {"area_m2": 60000, "kind": "teaching"}, {"area_size"}),
    ("school_headcount", {"students": 100, "boarders": 101}, {"boarders_within_students"}),
    ("school_headcount", {"boarders": 101}, set()),
    ("term_readiness", {"ability": "unable", "placement": "own_site", "reason": "damage"}, {"unable_elsewhere"}),
    ("term_readiness", {"ability": "unable"}, {"unable_reason"}),
    ("term_readiness", {"placement": "borrowed"}, {"host_named"}),
    ("term_readiness", {"students_affected": 5, "students_placed": 6}, {"students_placed_within_students_affected"}),
    (
        "foreign_teacher",
        {"location": "abroad", "location_from": today(), "return_status": "at_work"},
        {"abroad_status", "work_here"},
    ),
    ("foreign_teacher", {"location": "abroad", "location_from": today(), "return_status": "deferred"}, set()),
    ("foreign_teacher", {"location": "city"}, {"location_dated"}),
    ("inland_student", {"stay_status": "at_school", "planned_return_on": today()}, {"stay_no_return"}),
    ("inland_daily", {"in_school": 5, "temp_checked": 6}, {"temp_checked_within_in_school"}),
    ("appraisal", {"kind": "safety", "conclusion": "I"}, {"conclusion_safety"}),
    ("appraisal", {"kind": "danger"}, {"danger_graded"}),
    ("team_assignment", {"team": 1}, {"one_unit"}),
    ("team_assignment", {"team": 1, "district": 1, "school": 1}, {"one_unit"}),
    ("team_assignment", {"team": 1, "school": 1}, set()),
    ("inspection_team", {"level": "county", "lead": "张三"}, {"county_district"}),
    ("hazard", {"state": "fixing"}, {"owned"}),
    ("visit", {"kind": "first", "parent": 3}, {"parent_only_recheck"}),
]


@pytest.mark.parametrize(("name", "values", "expected"), RULED)
def test_rules_say_what_the_bureau_means(name, values, expected):
    assert broken(BY_NAME[name], values) == expected


def test_a_narrowed_register_names_only_what_is_left():
    register = BY_NAME["foreign_teacher"].narrow(lambda field: field.name != "name")
    assert "name" not in register.by_name
    listed = (register.list_columns, register.title, register.search, register.phone, *(part.fields for part in register.sections))
    assert all("name" not in names for names in listed)


def test_old_names_still_find_a_field():
    register = Register(name="a", label="甲", fields=(Code(name="code", label="编号", aliases=("number",)),))
    assert register.field("number").name == "code"
    assert register.titled == Label("甲", "")
