"""Seeds: reference data made once, a demo city that is the same from the same seed and breaks no rule, rows for scale."""

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

import config
import seeds
from models import conditions, registry, tables
from models.errors import Conflict
from models.fields import Derived
from models.registers import DECLARED
from seeds import grants, names, plan as plans
from seeds.demo_city import SEED, planned
from seeds.reference import HERE, every, read, reference
from services import accounts, actor as actors, policy, query, records, writer
from services.actor import SYSTEM
from services.journal import Work
from tests import engines

PASSWORD = "demo city of the tests"
DAY = date(2026, 8, 20)
REFERENCE = ("district", "parameter", "role_grant")
WORKFLOWS = [(register.name, register.workflow) for register in DECLARED if register.workflow]
# Registers of many rows are looked at in part: every so many.
STRIDES = {"school_headcount": 6, "team_assignment": 8, "school": 3}


@pytest.fixture(scope="module")
def districts():
    return read(HERE, "districts")


@pytest.fixture(scope="module")
def plan(districts):
    return planned(districts, SEED, DAY)


@pytest.fixture(scope="module")
def filled(engine, settings):
    """A database with the demo city in it: its address, and its accounts by user name."""
    config.activate(settings)
    url = engine.blank()
    engines.connect(url)
    tables.migrate()
    made = dict(seeds.demo(PASSWORD))
    engines.disconnect()
    yield url, made
    engine.drop(url)


@pytest.fixture
def demo(filled):
    """The demo city, bound; its accounts by user name."""
    url, made = filled
    engines.connect(url)
    yield made
    engines.disconnect()


@pytest.fixture
def empty(blank):
    tables.migrate()
    return blank


def counts():
    return {register.name: query.count(query.parse(register.name, SYSTEM), exact=True).value for register in DECLARED}


# the plan ---------------------------------------------------------------------------------------------------------------


def test_the_same_seed_and_day_give_the_same_city(plan, districts):
    assert planned(districts, SEED, DAY).rows == plan.rows
    assert planned(districts, SEED + 1, DAY).rows != plan.rows


def test_every_register_has_rows(plan):
    wanted = {register.name for register in DECLARED if not register.system} - set(REFERENCE)
    assert {name for name in wanted if not plan.of(name)} == set()
    assert set(plan.rows) == set(plans.ORDER)


def test_the_city_is_of_a_city_s_size(plan):
    assert 1150 <= len(plan.of("school")) <= 1250
    assert 800 <= len(plan.of("damaged_building")) <= 1000
    assert len(plan.of("visit")) >= 290
    assert len(plan.of("hazard")) >= 480
    assert len({row["school"] for row in plan.of("inland_class")}) == 6
    assert len(plan.of("foreign_teacher")) >= 55


@pytest.mark.parametrize(("register", "workflow"), WORKFLOWS, ids=[name for name, _ in WORKFLOWS])
def test_every_state_occurs(plan, register, workflow):
    states = {option.code for option in registry.get(register).field(workflow.field).options}
    assert {row["state"] for row in plan.of(register)} >= states - {"draft"}


def test_every_level_and_kind_of_school_occurs(plan):
    for field in ("level", "managed_by", "ownership", "area_type", "foreign_kind"):
        wanted = {option.code for option in registry.get("school").field(field).options}
        assert wanted <= {row[field] for row in plan.of("school")}


def test_a_text_names_no_unit_but_its_own(plan, districts):
    shorts = [row["short"] for row in districts]
    for register, rows in plan.rows.items():
        for row in rows:
            own = {shorts[at] for at in places_of(plan, row)}
            said = {short for value in row.values() if isinstance(value, str) for short in shorts if short in value}
            assert said <= own or (not own and not said), (register, row)


def places_of(plan, row):
    """The districts a row belongs to: its own, its school's, or those of the rows it points at."""
    found = set()
    for value in row.values():
        if isinstance(value, plans.At):
            found |= {value.row} if value.register == "district" else places_of(plan, plan.of(value.register)[value.row])
    return found


def test_rows_of_a_school_say_whose_they_are(plan, districts):
    shorts = [row["short"] for row in districts]
    for register in ("damaged_building", "rebuild_project", "visit", "hazard", "foreign_teacher", "four_party_link"):
        for row in plan.of(register):
            at = plan.of("school")[row["school"].row]["district"].row
            assert any(shorts[at] in value for value in row.values() if isinstance(value, str)), (register, row)


def test_no_text_holds_a_person_s_number(plan):
    texts = [
        value
        for rows in plan.rows.values()
        for row in rows
        for name, value in row.items()
        if isinstance(value, str) and name != "code"
    ]
    assert not [text for text in texts if re.search(r"(?<!\d)(?:\d{11}|\d{17}[\dXx])(?!\d)", text)]


def test_no_school_is_a_real_one(plan):
    samples = config.load().samples
    if not samples:
        pytest.skip("TAIZHANG_SAMPLES names no folder of real files")
    with (Path(samples) / "schools" / "zhengzhou-148.csv").open(encoding="utf-8-sig") as file:
        real = {row["学校名称"] for row in csv.DictReader(file)}
    sheet = CalamineWorkbook.from_path(str(Path(samples) / "intake" / "moe2025-universities.xls")).get_sheet_by_index(0)
    real |= {str(row[1]).strip() for row in sheet.to_python() if len(row) > 1}
    assert len(real) > 2900
    assert not real & {row["name"] for row in plan.of("school")}


def test_schools_of_a_district_have_names_of_their_own(plan):
    found = Counter((row["district"], row["name"]) for row in plan.of("school"))
    assert found.most_common(1)[0][1] == 1


def test_some_things_are_overdue_and_some_are_due_soon(plan):
    for register in ("damaged_building", "rebuild_project", "hazard"):
        overdue = next(field for field in registry.get(register).fields if isinstance(field, Derived) and field.name == "overdue")
        rows = [row | {"due_on": date.fromisoformat(row["due_on"])} for row in plan.of(register) if row.get("due_on")]
        late = [row for row in rows if conditions.holds(overdue.when, row, DAY)]
        soon = [row for row in rows if 0 <= (row["due_on"] - DAY).days <= 7]
        assert late
        assert soon
        assert len(late) < len(rows) / 2


# grants -----------------------------------------------------------------------------------------------------------------


def test_grants_name_known_registers_roles_actions_and_row_rules():
    fields = registry.get("role_grant").by_name
    for row in grants.rows():
        assert row["register"] in registry.names()
        assert row["role"] in {option.code for option in fields["role"].options} == set(policy.ROLES)
        assert set(row["actions"]) <= {option.code for option in fields["actions"].options} == set(policy.ACTIONS)
        assert row["rows"] in {*policy.ROW_RULES, "self"}


def test_a_grant_stands_once_for_role_register_and_rows():
    found = Counter((row["role"], row["register"], row["rows"]) for row in grants.rows())
    assert found.most_common(1)[0][1] == 1


def test_every_register_is_granted_to_someone():
    assert {row["register"] for row in grants.rows()} == set(registry.names())


def test_names_of_boarders_are_cleared_for_their_school_alone():
    assert {(row["role"], row["register"]) for row in grants.rows() if row["names"]} == {("school_reporter", "inland_student")}


@pytest.mark.parametrize(
    ("role", "register", "actions"),
    [
        ("city_admin", "district", "view edit"),
        ("city_clerk", "district", "view"),
        ("city_clerk", "inland_class", "view export"),
        ("city_admin", "inland_student", "view"),
        ("district_clerk", "foreign_teacher", "count"),
        ("district_clerk", "damaged_building", "view edit approve export"),
        ("school_reporter", "damaged_building", "view edit"),
        ("school_reporter", "visit", "view"),
        ("inspector", "hazard", "view edit approve"),
        ("inspector", "foreign_teacher", ""),
        ("inspector", "inland_student", ""),
        ("leader", "hazard", "view export"),
        ("leader", "inland_daily", "count"),
        ("auditor", "school", ""),
        ("auditor", "access_log", "view"),
    ],
)
def test_a_role_may_do_what_the_table_says_and_no_more(role, register, actions):
    given = {action for row in grants.rows() if (row["role"], row["register"]) == (role, register) for action in row["actions"]}
    assert given == set(actions.split())


# reference data ---------------------------------------------------------------------------------------------------------


def test_reference_data_made_twice_is_there_once(empty):
    first = reference()
    assert first["district"] == 16
    assert first["parameter"] >= 30
    assert first["role_grant"] == len(grants.rows())
    assert reference() == dict.fromkeys(REFERENCE, 0)


def test_what_was_changed_or_deleted_is_not_put_back(empty):
    reference()
    grant = next(iter(every("role_grant", "role", "rows")))
    records.delete("role_grant", SYSTEM, grant.id, version=grant.version)
    records.update("parameter", SYSTEM, 1, {"value": "21"}, version=1)
    assert reference() == dict.fromkeys(REFERENCE, 0)
    assert query.get("parameter", SYSTEM, 1).values["value"] == "21"


def test_the_zone_without_an_official_code_says_so(empty):
    reference()
    own = [record.values["code"] for record in every("district", "code", "own_code") if record.values["own_code"]]
    assert own == ["410199"]


# the demo city ----------------------------------------------------------------------------------------------------------


def test_the_demo_city_breaks_no_rule(demo):
    for register in DECLARED:
        if not register.system:
            assert errors_of(register) == {}, register.name


def errors_of(register):
    """{(rule, field): id of a record that breaks it}, warnings and what is only said aside."""
    found = {}
    for at, record in enumerate(every(register.name, *(field.name for field in register.live))):
        if at % STRIDES.get(register.name, 1) == 0:
            faults = writer.faults_of(register, Work(SYSTEM), record.values, record_id=record.id)
            found |= {(fault.code, fault.field): record.id for fault in faults if fault.level == "error"}
    return found


def test_a_building_s_grade_is_what_its_appraisals_say(demo):
    """Nothing was left for the app to put right when the appraisals came."""
    model = tables.model("damaged_building")
    assert model.select().where(model.f_grade.is_null(False)).count() > 500
    assert not model.select().where(model.version > 1).exists()
    appraised = tables.model("appraisal")
    graded = appraised.select(appraised.f_damaged_building).where(appraised.f_grade.is_null(False))
    assert not model.select().where(model.f_grade.is_null(False), model.id.not_in(graded)).exists()


def test_every_role_has_an_account_and_every_district_a_clerk_and_a_school(demo, districts):
    assert {"city_admin", "city_clerk", "leader", "auditor", "inspector_1"} <= set(demo)
    for row in districts:
        assert f"district_{row['code']}" in demo
        assert [name for name in demo if name.startswith(f"school_{row['code']}")]


def test_a_demo_account_logs_in_and_need_not_change_its_password(demo):
    accounts.authenticate("school_4101050001", PASSWORD, "127.0.0.1", "test")
    id = accounts.by_username("school_4101050001")
    assert not accounts.must_change(id)
    actor = actors.load(id)
    assert [record.values["code"] for record in query.page(query.parse("school", actor)).records] == ["4101050001"]


@pytest.mark.parametrize("register", ["damaged_building", "hazard", "visit", "rebuild_project", "school_headcount"])
def test_everyone_below_the_city_finds_something_of_his_own(demo, register):
    for name in ("district_410199", "inspector_1", "school_4101050001"):
        actor = actors.load(accounts.by_username(name))
        if (name, register) != ("school_4101050001", "visit"):
            assert query.count(query.parse(register, actor)).value, (name, register)


def test_a_district_clerk_reads_no_other_district_s_name(demo, districts):
    actor = actors.load(accounts.by_username("district_410105"))
    others = [row["short"] for row in districts if row["code"] != "410105"]
    for register in policy.registers(actor):
        if register.name in REFERENCE:
            continue
        for record in query.stream(query.parse(register.name, actor, [("fields", ",".join(f.name for f in register.live))])):
            said = f"{record.title} {record.values} {record.labels}"
            assert not [short for short in others if short in said], (register.name, said)


def test_every_district_and_city_run_school_has_one_comprehensive_team(demo):
    team, work, school = tables.model("inspection_team"), tables.model("team_assignment"), tables.model("school")
    mine = work.f_team.in_(team.select(team.id).where(team.f_kind == "comprehensive"))
    taken = Counter(id for (id,) in work.select(work.f_district).where(mine, work.f_school.is_null()).tuples())
    assert len(taken) == 16
    assert set(taken.values()) == {1}
    run = {id for (id,) in school.select(school.id).where(school.f_managed_by == "city").tuples()}
    assert {id for (id,) in work.select(work.f_school).where(mine, work.f_school.is_null(False)).tuples()} == run


def test_a_demo_is_refused_where_there_is_something(demo):
    before = counts()
    with pytest.raises(Conflict, match="空的数据库"):
        seeds.demo(PASSWORD)
    assert counts() == before


# rows for scale ---------------------------------------------------------------------------------------------------------


def test_rows_for_scale_come_in_the_numbers_asked_for(empty):
    made = dict(seeds.many(schools=40, buildings=70, rows_per_register=25, random_seed=3))
    assert made.pop("school") == 40
    assert made.pop("damaged_building") == 70
    assert made.pop("four_party_link") == 12
    assert set(made.values()) == {25}
    assert {register.name: errors_of(register) for register in DECLARED if not register.system and errors_of(register)} == {}


def test_rows_for_scale_are_the_same_for_the_same_seed(engine, settings):
    config.activate(settings)
    made = [after_many(engine, random_seed) for random_seed in (7, 7, 8)]
    assert made[0] == made[1] != made[2]


def after_many(engine, random_seed):
    """What stands in a fresh database after a run."""
    url = engine.blank()
    engines.connect(url)
    try:
        tables.migrate()
        list(seeds.many(schools=20, buildings=30, rows_per_register=10, random_seed=random_seed))
        registers = [register for register in DECLARED if not register.system and register.name not in REFERENCE]
        stamped = {"submitted_at"}
        return {
            register.name: [
                {name: value for name, value in record.values.items() if name not in stamped}
                for record in every(register.name, *(field.name for field in register.live))
            ]
            for register in registers
        }
    finally:
        engines.disconnect()
        engine.drop(url)


def test_rows_for_scale_add_to_the_demo_again_and_again(demo):
    before = counts()
    for seed in (1, 1, 2):
        list(seeds.many(rows_per_register=15, random_seed=seed))
    after = counts()
    for register in ("damaged_building", "school_headcount", "appraisal", "visit", "hazard", "inland_student", "foreign_contact"):
        assert after[register] == before[register] + 45
    assert after["school"] == before["school"]


def test_rows_for_scale_bring_schools_where_there_are_none(empty):
    made = dict(seeds.many(buildings=5))
    assert made["school"] > 0
    assert made["damaged_building"] == 5


def test_names_are_put_together_from_roads_that_are_all_different():
    assert len(set(names.roads())) == len(names.roads()) > 300
