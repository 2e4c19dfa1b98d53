"""Writing in sets: each row checked as a single one is, a faulty one hiding none of the others, and the same left behind."""

import pytest
from hypothesis import given, strategies as st

from models import registry, tables
from models.errors import Invalid, NotAllowed
from models.journal import Change
from services import policy, query, records
from services.actor import SYSTEM
from services.records import Sheet
from services.writer.values import clean, clean_sheet
from tests.actors import PEOPLE
from tests.factories import day
from tests.refusals import refused
from tests.state import everything


def written(actor, register, creates=(), updates=(), **options):
    with records.working(actor, kind="import", **options) as work:
        return work, records.write_set(work, register, creates, updates)


def codes(faults):
    return {at: {fault.code for fault in found} for at, found in faults.items()}


def version(register, id):
    model = tables.model(register)
    return model.get(model.id == id).version


def test_a_faulty_row_hides_none_of_the_others(city):
    clerk = city.actor("district_a")
    rows = [
        city.new("damaged_building", "a1", name="甲楼"),
        city.new("damaged_building", "a1", kind="宫殿", area_m2="很大"),
        city.new("damaged_building", "b1"),
        city.new("damaged_building", "a1", found_on=day(9)),
        city.new("damaged_building", "a1", code="SET-1", found_on=day(-3)),
        city.new("damaged_building", "a1", code="SET-1"),
        city.new("damaged_building", "a1", name="", note="没有名称"),
        city.new("damaged_building", "a1") | {"colour": "红"},
        city.new("damaged_building", "a1", state="closed"),
    ]
    work, done = written(clerk, "damaged_building", rows)
    found = codes(done.faults)
    assert found[1] == {"choice", "number"} and found[2] == {"relation"} and found[5] == {"taken"}
    assert found[6] == {"required"} and found[7] == {"unknown_field"} and found[8] == {"read_only"}
    assert set(found) == {1, 2, 3, 5, 6, 7, 8}
    assert [at for at, id in enumerate(done.ids) if id] == [0, 4]
    assert work.changes == 2 and Change.select().where(Change.change_set == work.change_set).count() == 2
    hits = query.page(query.parse("damaged_building", clerk, [("q", "甲楼")])).records
    assert [hit.id for hit in hits] == [done.ids[0]]


def test_a_set_leaves_behind_what_single_writes_leave(city):
    clerk = city.actor("district_a")
    raw = city.new("damaged_building", "a1", name="同样楼", area_m2="120.5")
    single = records.create("damaged_building", clerk, raw, kind="import").record
    _, done = written(clerk, "damaged_building", [raw])
    change = {"name": "改过楼", "due_on": day(5), "note": "改"}
    records.update("damaged_building", clerk, single.id, change, version=1, kind="import")
    _, changed = written(clerk, "damaged_building", updates=[(done.ids[0], 1, change)])
    assert changed.changes(0) == {
        name: (single.values[name], query.get("damaged_building", clerk, single.id).values[name]) for name in change
    }
    model = tables.model("damaged_building")
    one, many = (model.select().where(model.id == id).dicts().get() for id in (single.id, done.ids[0]))
    apart = {"id", "f_code", "created_at", "updated_at"}
    assert {k: v for k, v in one.items() if k not in apart} == {k: v for k, v in many.items() if k not in apart}

    def noted(id):
        rows = Change.select().where((Change.register == "damaged_building") & (Change.record_id == id)).order_by(Change.id)
        return [(row.version, row.action, row.field_id, row.old, row.new) for row in rows]

    assert noted(single.id) == noted(done.ids[0])
    found = query.page(query.parse("damaged_building", clerk, [("q", "改过楼")])).records
    assert {record.id for record in found} == {single.id, done.ids[0]}
    assert not query.page(query.parse("damaged_building", clerk, [("q", "同样楼")])).records


def test_changes_of_a_set_are_merged_contested_or_refused_row_by_row(city):
    clerk, admin = city.actor("district_a"), city.actor("city_admin")
    a, b, c, d = (city.add("damaged_building", "a1", note="原来", name=f"{n}楼") for n in "甲乙丙丁")
    foreign = city.add("damaged_building", "b1")
    records.update("damaged_building", admin, b, {"responsible": "周若禾"}, version=1)
    records.update("damaged_building", admin, c, {"note": "别人改的"}, version=1)
    records.delete("damaged_building", admin, d, version=1)
    change = {"note": "我改的"}
    rows = [
        (a, 1, change),
        (b, 1, change),
        (c, 1, change),
        (d, 1, change),
        (foreign, 1, change),
        (10**9, 1, change),
        (a, 1, {"note": "又改"}),
    ]
    rows += [(b, 1, {"area_m2": "零"})]
    work, done = written(clerk, "damaged_building", updates=rows)
    found = codes(done.faults)
    assert found == {2: {"conflict"}, 3: {"not_found"}, 4: {"not_found"}, 5: {"not_found"}, 6: {"repeated"}, 7: {"repeated"}}
    assert [field.name for field in done.merged[1]] == ["responsible"]
    assert version("damaged_building", a) == 2 and version("damaged_building", b) == 3 and version("damaged_building", c) == 2
    assert query.get("damaged_building", clerk, b).values["note"] == "我改的" and work.changes == 2


def test_a_set_asks_for_the_right_to_edit(city):
    before = everything()
    building = city.id("damaged_building", "a1")
    refused(NotAllowed, written, city.actor("leader"), "damaged_building", [], [(building, 1, {"note": "x"})])
    _, done = written(city.actor("inspector_a"), "visit", updates=[(city.id("visit", "b1"), 1, {"note": "x"})])
    assert codes(done.faults) == {0: {"not_found"}}
    model = tables.model("school")
    seen = policy.rows(registry.get("school"), city.actor("district_a")).where(model.id == city.school("ax")).exists()
    _, done = written(
        city.actor("district_a"), "school_headcount", updates=[(city.id("school_headcount", "ax"), 1, {"students": "9"})]
    )
    assert seen and all(code.startswith("out_of_rows") for code in codes(done.faults)[0])
    assert everything() == before


def test_rows_that_would_leave_the_scope_take_none_along(city):
    clerk = city.actor("district_a")
    rows = [city.new("school_headcount", unit, as_of=day(-998)) for unit in ("a1", "ax", "a2")]
    work, done = written(clerk, "school_headcount", rows)
    assert codes(done.faults) == {1: {"out_of_scope"}} and [id is not None for id in done.ids] == [True, False, True]
    model = tables.model("school_headcount")
    assert model.select().where(model.id.in_([id for id in done.ids if id])).count() == 2
    assert work.changes == 2 == Change.select().where(Change.change_set == work.change_set).count()


def test_a_row_whose_rule_asks_its_own_register_sees_the_rows_before_it(city):
    rows = [city.new("school", "a1", name=name) for name in ("青穗小学", "青穗小学", "青禾新校")]
    for row in rows:
        row["district"] = city.district("a")
    _, done = written(city.actor("city_admin"), "school", rows)
    assert set(done.faults or done.warnings) == {1}
    model = tables.model("school")
    assert model.select().where(model.f_name == "青穗小学").count() == (2 if done.ids[1] else 1)


def test_rows_with_warnings_wait_for_a_word(city):
    rows = [city.new("damaged_building", "a1", area_m2="60000"), city.new("damaged_building", "a1")]
    _, done = written(city.actor("district_a"), "damaged_building", rows)
    assert codes(done.warnings) == {0: {"area_size"}} and not done.faults and done.ids[0] is None and done.ids[1]
    _, done = written(city.actor("district_a"), "damaged_building", rows[:1], confirmed="已核对")
    assert codes(done.warnings) == {0: {"area_size"}} and done.ids[0]


def test_cleaned_values_are_taken_as_they_are_but_for_rights_and_rules(city):
    clerk = city.actor("district_a")
    register = registry.get("damaged_building")
    raw = city.new("damaged_building", "a1")
    good = {name: register.field(name).clean(value) for name, value in raw.items()}
    rows = [good, good | {"grade": "A"}, good | {"school": city.school("b1")}, good | {"kind": "wall"}]
    _, done = written(clerk, "damaged_building", Sheet.of(rows, cleaned=True))
    found = codes(done.faults)
    assert found == {1: {"read_only"}, 2: {"relation"}, 3: {"wall_no_area"}} and done.ids[0]


def test_a_set_moves_what_hangs_on_its_rows(city):
    buildings = [city.add("damaged_building", "a1") for _ in range(2)]
    appraisals = [city.add("appraisal", "a1", damaged_building=id) for id in buildings]
    change = {"school": city.school("b1")}
    rows = [(id, version("damaged_building", id), change) for id in buildings]
    _, done = written(city.actor("city_clerk"), "damaged_building", updates=rows)
    assert not done.faults
    model = tables.model("appraisal")
    units = model.select(model.district_id, model.school_id).where(model.id.in_(appraisals)).tuples()
    assert set(units) == {(city.district("b"), city.school("b1"))}


def test_long_work_lets_others_save_in_between_and_is_one_change_set(city):
    clerk = city.actor("district_a")
    with records.working(clerk, kind="import") as work:
        records.write_set(work, "damaged_building", [city.new("damaged_building", "a1")])
    other = records.create("damaged_building", city.actor("school_a"), city.new("damaged_building", "a1"))
    with records.working(clerk, kind="import", change_set=work.change_set) as work:
        records.write_set(work, "damaged_building", [city.new("damaged_building", "a1")])
    sets = tables.model("change_set")
    assert sets.get(sets.id == work.change_set).f_changes == 2 and other.change_set != work.change_set


def test_effects_that_refuse_one_row_leave_the_others(city):
    """The last administrator stays; the account beside it is changed."""
    admin, spare = city.accounts["city_admin"], city.rows["account"]["a1"][2]
    rows = [(spare, 1, {"name": "孟若禾"}), (admin, 1, {"active": "否"})]
    model = tables.model("account")
    _, done = written(city.actor("city_admin"), "account", updates=rows)
    assert set(done.faults) == {1} and model.get(model.id == admin).f_active
    assert model.get(model.id == spare).f_name == "孟若禾"


def test_all_or_none_is_the_callers_word(city):
    before = everything()
    rows = [city.new("hazard", "a1"), city.new("hazard", "a1", level="巨大")]
    assert {fault.field for fault in refused(Invalid, records.create_many, "hazard", SYSTEM, rows, kind="import").faults} == {
        "1.level"
    }
    assert everything() == before


@pytest.mark.parametrize("size", [1, 40])
def test_a_set_costs_no_statement_per_row(city, statements, size):
    clerk = city.actor("district_a")
    rows = [city.new("damaged_building", "a1") for _ in range(size)]
    with records.working(clerk, kind="import") as work:
        done = records.write_set(work, "damaged_building", rows)
        records.write_set(work, "damaged_building", updates=[(id, 1, {"note": "改"}) for id in done.ids])
        statements.clear()
        records.write_set(work, "damaged_building", updates=[(id, 2, {"note": "再改"}) for id in done.ids])
        assert len(statements) <= 12
        statements.clear()
        records.write_set(work, "damaged_building", rows)
    assert len(statements) <= 20


class Tried(Exception):
    """Takes a trial back."""


@pytest.mark.parametrize("who", ["city_admin", "district_a", "school_a"])
def test_a_trial_tells_what_writing_tells_and_leaves_nothing(city, who):
    rows = [
        city.new("damaged_building", "a1", name="试写楼"),
        city.new("damaged_building", "b1", name="别的区"),
        city.new("damaged_building", "a1", name="迟到楼", found_on=day(9)),
        city.new("damaged_building", "a1", name="试号一", code="TRY-1"),
        city.new("damaged_building", "a1", name="试号二", code="TRY-1"),
        city.new("damaged_building", "a1", name="很大楼", area_m2="60000"),
    ]
    actor, before = city.actor(who), everything()
    with pytest.raises(Tried), records.working(actor, kind="import", confirmed="看过") as work:
        work.trial = True
        tried = records.write_set(work, "damaged_building", rows)
        raise Tried
    assert everything() == before
    _, done = written(actor, "damaged_building", rows, confirmed="看过")
    assert {2, 4} <= set(done.faults) and set(done.warnings) == {5}
    assert codes(tried.faults) == codes(done.faults) and codes(tried.warnings) == codes(done.warnings)
    assert [id is None for id in tried.ids] == [id is None for id in done.ids]


def test_a_unit_that_is_surely_an_actors_is_his(city):
    """What a trial spares saving is never a row that saving would refuse; and a clerk of the city, a district or a school is spared."""
    spared = set()
    for person in PEOPLE:
        actor = city.actor(person.name)
        for register in registry.all():
            if not policy.may(actor, "edit", register):
                continue
            sure, model = policy.surely(register, actor, "edit"), tables.model(register.name)
            rows = list(model.select(model.id, model.district_id, model.school_id).where(model.deleted_at.is_null()).tuples())
            named = {id for id, district_id, school_id in rows if sure(district_id, school_id)}
            assert named <= policy.among(register, actor, {id for id, *_ in rows}, action="edit"), (person.name, register.name)
            spared |= {person.name} if named else set()
    assert {"city_admin", "district_a", "school_a"} <= spared


def test_a_rule_that_one_row_breaks_is_told_of_that_row_alone(city):
    """Rules are asked for each different set of values: rows alike are refused alike, the others go."""
    clerk = city.actor("district_a")
    late, wall = {"found_on": day(3)}, {"kind": "wall", "area_m2": "12"}
    rows = [city.new("damaged_building", "a1", **more) for more in ({}, late, {}, wall, late, {"found_on": None})]
    _, done = written(clerk, "damaged_building", rows)
    assert codes(done.faults) == {1: {"found_on_not_future"}, 3: {"wall_no_area"}, 4: {"found_on_not_future"}}
    assert [at for at, id in enumerate(done.ids) if id] == [0, 2, 5]


def test_what_a_text_meant_in_one_register_says_nothing_in_another(city):
    """`kind` is a choice of both: a word of the one is refused by the other, also in the same piece of work."""
    with records.working(city.actor("city_admin"), kind="import") as work:
        first = records.write_set(work, "damaged_building", [city.new("damaged_building", "a1", kind="toilet")])
        second = records.write_set(work, "visit", [city.new("visit", "a1", kind="toilet")])
    assert not first.faults and codes(second.faults) == {0: {"choice"}}


RAWS = st.one_of(
    st.none(), st.text(max_size=12), st.integers(-5, 70_000), st.floats(allow_nan=False), st.booleans(), st.lists(st.integers(1, 3), max_size=2),
    st.sampled_from(["教学楼", "120.5", "1,200", "2021/8/5", "约30", "不适用", " 围墙 ", "8.5"]),
)  # fmt: skip
NAMES = st.lists(
    st.sampled_from(["name", "area_m2", "kind", "found_on", "note", "state", "grade", "colour"]), unique=True, min_size=1
)


@given(names=NAMES, data=st.data())
def test_rows_cleaned_together_are_as_each_alone(names, data):
    register, known = registry.get("damaged_building"), {}
    for _ in range(2):  # what the first set has taught is used by the second
        rows = data.draw(st.lists(st.tuples(*[RAWS] * len(names)), min_size=1, max_size=5))
        raws = [dict(zip(names, row, strict=True)) for row in rows]
        sheet, faults = clean_sheet(register, Sheet.of(raws), known=known)
        for at, raw in enumerate(raws):
            values, wrong = clean(register, raw)
            assert faults.get(at, []) == wrong and sheet.row(at) == dict.fromkeys(sheet.columns) | values


def test_what_was_looked_up_is_asked_again_once_others_are_written(city):
    clerk = city.actor("city_clerk")
    with records.working(clerk, kind="import") as work:
        good = records.write_set(work, "damaged_building", [city.new("damaged_building", "a1")])
        school = query.get("school", clerk, city.school("a1"))
        records.write_set(work, "school", updates=[(school.id, school.version, {"name": "改名后的学校"})])
        later = records.write_set(work, "damaged_building", [city.new("damaged_building", "a1", name="后来楼")])
    assert not good.faults and not later.faults
    hits = query.page(query.parse("damaged_building", clerk, [("q", "改名后的学校")])).records
    assert {hit.id for hit in hits} >= {*good.ids, *later.ids}


def test_what_a_row_leaves_out_has_its_default_and_what_it_empties_is_empty(city):
    """Also beside rows that say other fields; of a column of a file None says nothing."""
    clerk, plain = city.actor("district_a"), city.new("damaged_building", "a1")
    rows = [plain, plain | {"appraisal_state": None}, plain | {"appraisal_state": "ongoing", "note": "写了"}]
    _, done = written(clerk, "damaged_building", rows)
    model = tables.model("damaged_building")
    states = dict(model.select(model.id, model.f_appraisal_state).tuples())
    assert [states[id] for id in done.ids] == ["pending", None, "ongoing"]
    columns = {name: [value, value] for name, value in plain.items()} | {"appraisal_state": [None, "ongoing"]}
    _, done = written(clerk, "damaged_building", Sheet(columns, 2))
    states = dict(model.select(model.id, model.f_appraisal_state).tuples())
    assert [states[id] for id in done.ids] == ["pending", "ongoing"]


def test_a_wrong_row_is_not_told_of_fields_that_have_a_default(city):
    """The same set as each row by itself: what is wrong with it, and nothing else."""
    clerk = city.actor("district_a")
    rows = [city.new("damaged_building", "a1", area_m2="很大"), city.new("damaged_building", "a1", appraisal_state="x", name="")]
    _, done = written(clerk, "damaged_building", rows)
    for at, row in enumerate(rows):
        with pytest.raises(Invalid) as alone:
            records.create("damaged_building", clerk, row)
        assert {fault.code for fault in alone.value.faults} == codes(done.faults)[at]


def test_a_field_may_be_given_by_its_old_name_in_some_rows(city, monkeypatch):
    register = registry.get("damaged_building")
    by_name = register.by_name | {"remark": register.field("note")}
    monkeypatch.setitem(vars(register), "by_name", by_name)
    sheet, faults = clean_sheet(
        register, Sheet.of([{"remark": "一"}, {"note": "二"}, {"remark": "三", "note": "四"}, {}]), known={}
    )
    assert not faults and sheet.columns["note"] == ["一", "二", "四", None]


def test_a_code_that_was_typed_before_is_not_made_again(city):
    """Made codes are looked for in a range, and again once typed ones may have come."""
    clerk, plain = city.actor("district_a"), city.new("damaged_building", "a1")
    model = tables.model("damaged_building")
    with records.working(clerk, kind="import") as work:
        first = records.write_set(work, "damaged_building", [plain] * 3)
        typed = f"DB-{first.ids[-1] + 3:06d}"
        second = records.write_set(work, "damaged_building", [plain | {"code": typed}])
        third = records.write_set(work, "damaged_building", [plain] * 3)
    assert not first.faults and not second.faults and codes(third.faults) == {1: {"taken"}}
    kept = model.select(model.f_code).where(model.id.in_([id for id in (*first.ids, *second.ids, *third.ids) if id])).tuples()
    assert len({code for (code,) in kept}) == 6
    with records.working(clerk, kind="import") as work:
        later = records.write_set(work, "damaged_building", [plain] * 3)
    assert not later.faults
