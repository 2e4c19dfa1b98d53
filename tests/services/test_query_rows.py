"""What lists count and records say: capped counts, facets, labels, related records, and in how few statements."""

import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from models import conditions, registry, tables
from models.errors import Invalid, NotAllowed, NotFound
from models.fields import Attachment, Derived, Relation
from models.values import now
from services import policy, query, records
from services.actor import SYSTEM
from services.query import NO_ACCESS
from tests.actors import NAMES
from tests.factories import day


def asked(register, actor, *pairs, **options):
    return query.parse(register, actor, pairs, **options)


def ids_of(register, actor, *pairs, **options):
    return [record.id for record in query.page(asked(register, actor, *pairs, **options)).records]


@pytest.fixture
def clerk(city):
    return city.actor("city_clerk")


# counts -----------------------------------------------------------------------------------------------------------------


def test_counts_stop_at_a_thousand_unless_asked_exactly(city, clerk):
    found = asked("hazard", clerk)
    before = query.count(found).value
    records.create_many("hazard", SYSTEM, [city.new("hazard", "a1") for _ in range(query.CAP - before)])
    assert query.count(found) == query.count(found, exact=True) == query.Count(query.CAP)
    city.add("hazard", "a1")
    assert query.count(found) == query.Count(query.CAP, True)
    assert query.count(found, exact=True) == query.Count(query.CAP + 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_count_is_the_number_of_rows_the_actor_sees(city, name):
    """A1: the total tells nothing of foreign rows."""
    actor = city.actor(name)
    for register in policy.registers(actor):
        found = asked(register.name, actor)
        assert query.count(found).value == len(list(query.stream(found)))


def test_facets_count_what_the_list_holds_but_for_their_own_filter(city):
    actor = city.actor("school_a")
    building = city.id("damaged_building", "a1")
    records.update("damaged_building", SYSTEM, building, {"damage": "severe"}, version=2)
    found = {value: count for value, _, count in query.facets(asked("damaged_building", actor, ("damage", "severe")), "damage")}
    assert found == {"slight": 0, "moderate": 1, "severe": 1, "collapsed": 0}
    found = {value: count for value, _, count in query.facets(asked("damaged_building", actor, ("damage", "severe")), "kind")}
    assert found["teaching"] == 1 and sum(found.values()) == 1


def test_facets_of_what_is_no_choice_are_refused(clerk):
    for name in ("name", "nothing", "school", "overdue"):
        with pytest.raises(Invalid):
            query.facets(asked("damaged_building", clerk), name)


# records, labels, related -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_record_out_of_scope_is_not_found(city, name):
    """A4, A5: absent and out of scope look alike."""
    actor = city.actor(name)
    for register in registry.names():
        mine = {id for (id,) in policy.rows(registry.get(register), actor).select(tables.model(register).id).tuples()}
        foreign = [id for ids in city.rows.get(register, {}).values() for id in ids if id not in mine]
        for id in (*foreign, 0, -1, 2**63, 10**30, 9_000_001, None, "1", 1.5):
            with pytest.raises(NotFound):
                query.get(register, actor, id)


def test_trash_holds_the_own_deleted_rows_only(city):
    actor = city.actor("school_a")
    for register in ("hazard", "inland_student", "appraisal"):
        assert ids_of(register, actor, trash=True) == city.trashed[register]["a1"]
        with pytest.raises(NotFound):
            query.get(register, actor, city.trashed[register]["a1"][0])
        with pytest.raises(NotFound):
            query.get(register, actor, city.trashed[register]["b1"][0], trash=True)


def test_labels_out_of_scope_are_not_told(city):
    actor = city.actor("school_a")
    model = tables.model("hazard")
    model.update(f_building=city.id("damaged_building", "b1")).where(model.id == city.id("hazard", "a1")).execute()
    record = query.get("hazard", actor, city.id("hazard", "a1"))
    assert record.labels["building"] == NO_ACCESS.zh and record.labels["school"] == "青禾一中学"
    listed = query.page(asked("hazard", actor, ("fields", "code,building")))
    assert {r.id: r.labels["building"] for r in listed.records}[record.id] == NO_ACCESS.zh


def test_titles_and_labels_never_hold_a_named_or_masked_field(city):
    for register in registry.all():
        for ids in city.rows.get(register.name, {}).values():
            for label in query.labels(register.name, ids, SYSTEM).values():
                assert "姓名" not in label or register.name != "inland_student"
                assert "1390000" not in label and "0371-6000" not in label


def test_a_picker_offers_own_records_only(city):
    """A10, A11."""
    for name in NAMES:
        actor = city.actor(name)
        for register in policy.registers(actor):
            mine = {id for (id,) in policy.rows(registry.get(register.name), actor).select(tables.model(register.name).id).tuples()}
            assert {hit.id for hit in query.lookup(register.name, actor, limit=200)} <= mine
    with pytest.raises(NotAllowed):
        query.lookup("hazard", city.actor("auditor"))


def test_a_picker_finds_by_name_and_narrows(city, clerk):
    hits = query.lookup("damaged_building", clerk, "青禾一", where={"school": str(city.school("a1"))})
    assert {hit.id for hit in hits} == set(city.rows["damaged_building"]["a1"])
    assert query.lookup("school", clerk, "青禾一")[0].hint
    assert "督导组名称" in query.lookup("team_member", clerk, "青禾局")[0].hint


def test_related_records_are_counted_in_one_statement_and_own_only(city, statements):
    record, clerk = query.get("school", SYSTEM, city.school("a1")), city.actor("city_clerk")
    statements.clear()
    found = {tab.register.name: tab.count.value for tab in query.related("school", clerk, record)}
    assert len(statements) == 1
    assert found["damaged_building"] == 2 and found["team_assignment"] == 0 and "change_set" not in found
    found = {tab.register.name for tab in query.related("school", city.actor("inspector_a"), record)}
    assert "foreign_teacher" not in found and "hazard" in found
    school_b = query.get("school", city.actor("city_clerk"), city.school("b1"))
    assert all(tab.count.value == 0 for tab in query.related("school", city.actor("school_a"), school_b))


def test_several_relations_are_filtered_and_shown(city, clerk):
    building = city.id("damaged_building", "a1")
    project = city.id("rebuild_project", "a1")
    records.update("rebuild_project", SYSTEM, project, {"buildings": [building]}, version=1)
    assert ids_of("rebuild_project", clerk, ("buildings__contains", str(building))) == [project]
    assert project not in ids_of("rebuild_project", clerk, ("buildings__empty", "true"))
    record = query.get("rebuild_project", clerk, project)
    assert record.values["buildings"] == (building,) and "DB-" in record.labels["buildings"][building]
    tabs = {
        tab.register.name: tab.count.value
        for tab in query.related("damaged_building", clerk, query.get("damaged_building", clerk, building))
    }
    assert tabs["rebuild_project"] == 1 and tabs["appraisal"] == 2


# speed ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["city_clerk", "district_a", "school_a", "inspector_a", "auditor"])
def test_a_page_asks_few_statements(city, statements, name):
    actor = city.actor(name)
    for register in policy.registers(actor):
        statements.clear()
        found = asked(register.name, actor)
        query.page(found)
        query.count(found)
        assert len(statements) <= 15, register.name


def test_three_thousand_rows_ask_no_more_statements_than_ten(city, statements):
    actor = city.actor("city_clerk")
    counts = []
    for size in (10, 3000):
        records.create_many("hazard", SYSTEM, [city.new("hazard", "a1") for _ in range(size)])
        for pairs in ((), (("q", "青禾一"),), (("limit", "200"),)):
            statements.clear()
            found = asked("hazard", actor, *pairs)
            query.page(found)
            query.count(found)
            counts.append(len(statements))
    assert counts[:3] == counts[3:] and max(counts) <= 15


# derived ----------------------------------------------------------------------------------------------------------------

DERIVED = [(register, field) for register in registry.all() for field in register.live if isinstance(field, Derived) and field.when]


@pytest.mark.parametrize("register, field", DERIVED, ids=[f"{register.name}.{field.name}" for register, field in DERIVED])
def test_a_derived_field_means_the_same_on_the_page_and_in_the_filter(city, register, field):
    """Rows with every combination of values near the edges; what is shown as 是 is what the filter finds."""
    dice, model = random.Random(field.name), tables.model(register.name)
    names = sorted(conditions.fields_of(field.when))
    source = next(ids for ids in city.rows[register.name].values() if ids)[0]
    row = model.select().where(model.id == source).dicts().get()
    fresh = []
    for at in range(120 if len(names) < 5 else 1200):
        values = {f"f_{register.field(name).id}": _near(register.field(name), dice) for name in names}
        keys = {f"f_{part.id}": f"k{at}" for part in register.fields if part.unique and part.type == "code"}
        spread = {f"f_{register.field(name).id}": at + 100 for name in register.key if isinstance(register.field(name), Relation)}
        fresh.append({key: value for key, value in row.items() if key != "id"} | keys | spread | values)
    for each in fresh:
        model.insert(each).execute()
    known = list(query.stream(query.parse(register.name, SYSTEM, [("fields", field.name)])))
    shown = {record.id for record in known if record.values[field.name]}
    for value, expected in (("true", shown), ("false", {record.id for record in known} - shown)):
        assert {record.id for record in query.stream(query.parse(register.name, SYSTEM, [(field.name, value)]))} == expected
    assert 0 < len(shown) < len(known)


def _near(field, dice):
    if hasattr(field, "options"):
        return dice.choice([None, *(option.code for option in field.options)])
    if field.type == "date":
        return field.clean(dice.choice([None, *(day(near) for near in (-366, -365, -31, -30, -15, -14, -8, -7, -1, 0, 1))]) or "")
    if field.type == "date_time":
        return dice.choice([None, now()])
    if field.type == "yes_no":
        return dice.choice([None, True, False])
    return dice.choice([None, 0, 1, 2])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_the_url_says_the_answer_is_a_page_or_a_named_fault(city, data):
    """X4: no parameter reaches the database but through the lists of what may be asked."""
    register = data.draw(st.sampled_from(["damaged_building", "hazard", "inland_student", "school"]))
    fields = registry.get(register).live
    field = data.draw(st.sampled_from([part for part in fields if not isinstance(part, Attachment)]))
    name = field.name + data.draw(st.sampled_from(["", "__ne", "__in", "__gt", "__lte", "__contains", "__empty"]))
    value = data.draw(
        st.one_of(st.text(max_size=30), st.integers().map(str), st.sampled_from(["' OR 1=1 --", "%", "_", "\\", "1e400", "NaN"]))
    )
    try:
        found = query.parse(register, city.actor("city_clerk"), [(name, value)])
    except Invalid as refused:
        assert refused.faults[0].field == name
        return
    query.page(found)
    query.count(found)
