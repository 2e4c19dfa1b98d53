"""Lists: what the URL may ask, pages by key in any order, capped counts, labels, facets and related records."""

import base64
import json
import random
from datetime import date

import pytest

from models import registry, tables
from models.errors import Invalid
from models.fields import Relation, Relations
from services import query, records
from services.actor import SYSTEM
from tests.factories import day

MANY = 90


def asked(register, actor, *pairs, **options):
    return query.parse(register, actor, pairs, **options)


def ids_of(register, actor, *pairs, **options):
    return [record.id for record in query.page(asked(register, actor, *pairs, **options)).records]


def fault(register, actor, *pairs):
    with pytest.raises(Invalid) as refused:
        asked(register, actor, *pairs)
    return refused.value.faults[0]


@pytest.fixture
def clerk(city):
    return city.actor("city_clerk")


@pytest.fixture
def many(city):
    """Ids of many buildings of one school: some without a date or grade, several with the same."""
    dice = random.Random(7)
    rows = [
        city.new("damaged_building", "a2", name=f"教学楼{at}", due_on=dice.choice([None, day(5), day(5), day(at)]))
        for at in range(MANY)
    ]
    made = records.create_many("damaged_building", SYSTEM, rows)
    model = tables.model("damaged_building")
    for at, id in enumerate(made):
        model.update(f_grade=dice.choice([None, "A", "B"]), f_progress=dice.choice([None, 0, at])).where(model.id == id).execute()
    return made


# parameters -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, value, code",
    [
        ("colour", "red", "unknown_parameter"),
        ("name__like", "x", "unknown_parameter"),
        ("grade__gt", "A", "unknown_parameter"),
        ("grade", "E", "choice"),
        ("grade", "", "filter_empty"),
        ("grade__in", "A,丁", "choice"),
        ("area_m2__gte", "约30", "number"),
        ("area_m2__lt", "2000万", "number"),
        ("due_on", "2021-02-30", "date"),
        ("due_on__empty", "maybe", "flag"),
        ("school", "纬五路", "relation"),
        ("school", "-1", "relation"),
        ("school", "9" * 30, "relation"),
        ("school", "9" * 1990, "relation"),
        ("overdue", "也许", "yes_no"),
        ("name", "a\x00b", "too_long"),
        ("name", "长" * 2001, "too_long"),
        ("limit", "0", "limit"),
        ("limit", "201", "limit"),
        ("limit", "-1", "limit"),
        ("limit", "null", "limit"),
        ("limit", "１０", "limit"),
        ("limit", "9" * 5000, "limit"),
        ("sort", "colour", "unknown_sort"),
        ("sort", "id;drop table r_school", "unknown_sort"),
        ("sort", "", "unknown_sort"),
        ("sort", "photo", "unknown_sort"),
        ("fields", "name,secret", "unknown_field"),
        ("deleted_at", "1", "unknown_parameter"),
        ("version", "1", "unknown_parameter"),
        ("r_school.id", "1", "unknown_parameter"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(clerk, name, value, code):
    found = fault("damaged_building", clerk, (name, value))
    assert (found.field, found.code) == (name, code) and str(found.sentence).endswith("。")


def test_every_bad_parameter_is_told_at_once(clerk):
    with pytest.raises(Invalid) as refused:
        asked("damaged_building", clerk, ("colour", "red"), ("limit", "0"), ("grade", "E"))
    assert [found.field for found in refused.value.faults] == ["colour", "limit", "grade"]


def test_a_parameter_given_twice_is_refused(clerk):
    assert fault("damaged_building", clerk, ("sort", "name"), ("sort", "-name")).code == "repeated"


@pytest.mark.parametrize("register", list(registry.all()), ids=lambda register: register.name)
def test_every_declared_filter_and_sort_works(city, register):
    """Every filter a list offers, with every operator, in SQL that both databases take."""
    for field in query.filter_fields(register):
        for operator in field.operators:
            value = "true" if operator == "empty" else _sample(field)
            parameter = field.name if operator == "eq" else f"{field.name}__{operator}"
            found = asked(register.name, SYSTEM, (parameter, value))
            assert query.count(found, exact=True).value >= 0 and query.page(found) and query.describe(found)
    for field in register.live:
        if field.sortable and field.sensitivity != "masked":
            for sign in ("", "-"):
                assert len(ids_of(register.name, SYSTEM, ("sort", sign + field.name))) >= 0


def _sample(field):
    if hasattr(field, "options"):
        return field.options[0].code
    if isinstance(field, (Relation, Relations)):
        return "1"
    samples = {"date": "2021-08-05", "date_time": "2021-08-05 08:00", "yes_no": "true", "derived": "true", "phone": "13800000000"}
    return samples.get(field.type) or str(getattr(field, "min", None) or 1)


def test_parameters_build_the_same_query_again(city, clerk):
    found = asked(
        "damaged_building", clerk, ("damage__in", "severe,moderate"), ("school", str(city.school("a1"))), ("q", "中学"),
        ("sort", "-due_on"), ("limit", "7"), ("fields", "code,name"), ("area_m2__gte", "10"),
    )  # fmt: skip
    assert query.parse("damaged_building", clerk, query.pairs(found)) == found
    assert ("q", "中学") not in query.pairs(found, without=("q", "中学"))
    assert ("limit", "9") in query.pairs(found, limit="9", q=None)


def test_the_filter_reads_as_a_sentence(city, clerk):
    found = query.describe(asked("damaged_building", clerk, ("damage__in", "severe,slight"), ("school", str(city.school("a1")))))
    assert [str(chip.sentence) for chip in found] == ["受损程度是 严重、轻微", "学校是 青禾一中学"]


@pytest.mark.parametrize("unit, expected", [("a", {"a1", "a2", "ax"}), ("b", {"b1", "b2"})])
def test_every_scoped_register_filters_by_district(city, clerk, unit, expected):
    for register in ("hazard", "appraisal", "inland_daily"):
        found = set(ids_of(register, clerk, ("district", str(city.district(unit)))))
        assert found == {id for school in expected for id in city.rows[register][school]}


# pages ------------------------------------------------------------------------------------------------------------------


def walk(register, actor, *pairs, limit=7):
    """All ids of a list page by page forwards, and again backwards from its last page."""
    forwards, cursor = [], None
    while True:
        page = query.page(asked(register, actor, *pairs, ("limit", str(limit)), *([("cursor", cursor)] if cursor else [])))
        forwards.append([record.id for record in page.records])
        cursor = page.next
        if cursor is None:
            break
    backwards, cursor = [], query.LAST
    while cursor:
        page = query.page(asked(register, actor, *pairs, ("limit", str(limit)), ("cursor", cursor)))
        backwards.insert(0, [record.id for record in page.records])
        assert (page.next is None) == (cursor == query.LAST)
        cursor = page.previous
    return [id for part in forwards for id in part], [id for part in backwards for id in part]


@pytest.mark.parametrize("sort", ["id", "due_on", "grade", "progress", "name", "area_m2", "school", "code"])
def test_pages_put_together_are_the_whole_list_in_order(city, many, clerk, sort):
    stored = {id for ids in city.rows["damaged_building"].values() for id in ids} | set(many)
    for sign in ("", "-"):
        forwards, backwards = walk("damaged_building", clerk, ("sort", sign + sort))
        assert len(forwards) == len(set(forwards)) and set(forwards) == stored
        assert backwards == forwards
        if sort in ("id", "due_on", "grade", "progress"):
            assert forwards == _sorted(forwards, sort, sign == "-")


def _sorted(ids, sort, descending):
    """The order a clerk expects: by value, then by number; what is unknown last, whichever way."""
    found = query.stream(query.parse("damaged_building", SYSTEM, [("fields", "grade,due_on,progress")]))
    values = {record.id: record.values.get(sort, record.id) for record in found}
    known = sorted((id for id in ids if values[id] is not None), key=lambda id: (values[id], id), reverse=descending)
    return known + sorted((id for id in ids if values[id] is None), reverse=descending)


def test_a_search_in_its_own_order_pages_both_ways(city, many, clerk):
    forwards, backwards = walk("damaged_building", clerk, ("q", "教学楼"))
    assert set(forwards) == set(many) and forwards == backwards
    forwards, backwards = walk("damaged_building", clerk, ("q", "教学楼"), ("sort", "due_on"))
    assert set(forwards) == set(many) and forwards == backwards


def test_a_page_keeps_its_place_while_others_add_and_delete(city, many, clerk):
    first = query.page(asked("damaged_building", clerk, ("sort", "id"), ("limit", "10")))
    records.delete("damaged_building", SYSTEM, first.records[3].id, version=None)
    city.add("damaged_building", "a1")
    second = query.page(asked("damaged_building", clerk, ("sort", "id"), ("limit", "10"), ("cursor", first.next)))
    assert second.records[0].id > first.records[-1].id and not {r.id for r in first.records} & {r.id for r in second.records}


@pytest.mark.parametrize("order", ["due_on", "-due_on"])
def test_a_list_is_jumped_into_at_a_value(many, clerk, order):
    whole = query.page(asked("damaged_building", clerk, ("sort", order), ("limit", "200"))).records
    for wanted in map(date.fromisoformat, (day(5), day(6), day(-400), day(4000))):
        rest = [
            one.id
            for one in whole
            if (due := one.values["due_on"]) is None or (due <= wanted if order[0] == "-" else due >= wanted)
        ]
        there = asked("damaged_building", clerk, ("sort", order), ("limit", "7"))
        text = f"{wanted.year}年{wanted.month}月{wanted.day}日"
        page = query.page(asked("damaged_building", clerk, ("sort", order), ("limit", "7"), ("cursor", query.jump(there, text))))
        assert [one.id for one in page.records] == rest[:7], wanted
        if page.previous and len(rest) < len(whole):
            before = query.page(asked("damaged_building", clerk, ("sort", order), ("limit", "7"), ("cursor", page.previous)))
            ahead = [one.id for one in whole if one.id not in rest]
            assert [one.id for one in before.records] == ahead[-7:]


@pytest.mark.parametrize("order", ["id", "-id"])
def test_a_list_by_number_is_jumped_into_by_percent(many, clerk, order):
    there = asked("damaged_building", clerk, ("sort", order), ("limit", "5"))
    whole = [one.id for one in query.page(asked("damaged_building", clerk, ("sort", order), ("limit", "200"))).records]
    least, most = min(whole), max(whole)
    for share, number in (("0", whole[0]), ("50 %", (least + most) // 2), ("１００％", whole[-1])):
        cursor = query.jump(there, share)
        found = query.page(asked("damaged_building", clerk, ("sort", order), ("limit", "5"), ("cursor", cursor))).records
        beyond = [id for id in whole if (id <= number + 1 if order == "-id" else id >= number - 1)]
        assert found[0].id in beyond[:3]


def test_a_jump_to_nowhere_is_told(many, clerk):
    for order, raw, place, said in (
        ("due_on", "8.5", "due_on", "限时"),
        ("due_on", " ", "due_on", "限时"),
        ("area_m2", "约30", "area_m2", "建筑面积"),
        ("id", "101", "_at", "0 到 100"),
        ("id", "一半", "_at", "0 到 100"),
        ("due_on,name", "2021-08-05", "_at", "不能跳到"),
        ("grade", "A", "_at", "不能跳到"),
    ):
        with pytest.raises(Invalid) as refused:
            query.jump(asked("damaged_building", clerk, ("sort", order)), raw)
        (one,) = refused.value.faults
        assert one.field == place and said in one.sentence.text(), (order, raw)
    assert query.jump_field(asked("damaged_building", clerk, ("q", "教学楼"))) is None


def test_a_cursor_belongs_to_its_actor_filters_and_order(city, many, clerk):
    cursor = query.page(asked("damaged_building", clerk, ("sort", "due_on"), ("limit", "5"))).next
    for actor, pairs in (
        (city.actor("city_admin"), [("sort", "due_on")]),
        (clerk, [("sort", "-due_on")]),
        (clerk, [("sort", "due_on"), ("damage", "severe")]),
        (clerk, [("sort", "due_on"), ("q", "教学楼")]),
    ):
        with pytest.raises(Invalid) as refused:
            query.page(asked("damaged_building", actor, *pairs, ("limit", "5"), ("cursor", cursor)))
        assert refused.value.faults[0].field == "cursor"


def forged(cursor, **change):
    context, direction, phase, value, id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    mark = {"context": context, "direction": direction, "phase": phase, "value": value, "id": id} | change
    return base64.urlsafe_b64encode(json.dumps(list(mark.values())).encode()).decode().rstrip("=")


FORGERIES = [
    {"phase": "rank"},
    {"phase": "rank", "value": 1},
    {"phase": "unknown"},
    {"phase": "known", "value": None},
    {"phase": "known", "value": "x"},
    {"phase": "known", "value": [1]},
    {"phase": "known", "value": 10**30},
    {"phase": 1},
    {"direction": "x"},
    {"id": "1"},
    {"id": 10**30},
    {"id": None},
    {"id": -(10**30)},
    {"context": "x"},
    {"value": {"a": 1}},
]


@pytest.mark.parametrize(
    "pairs", [(), (("sort", "due_on"),), (("sort", "area_m2"),), (("q", "教学楼"),), (("q", "教学楼"), ("sort", "name"))], ids=str
)
def test_a_forged_cursor_is_refused_or_harmless(many, clerk, pairs):
    cursor = query.page(asked("damaged_building", clerk, *pairs, ("limit", "5"))).next
    for change in FORGERIES:
        try:
            query.page(asked("damaged_building", clerk, *pairs, ("limit", "5"), ("cursor", forged(cursor, **change))))
        except Invalid as refused:
            assert refused.faults[0].field == "cursor", change


def test_a_made_up_cursor_is_refused(many, clerk):
    for cursor in (" ", "x", "%%%", "é", "a" * 5000, "bnVsbA", "W10", "MTIz", "eyJhIjoxfQ"):
        with pytest.raises(Invalid) as refused:
            query.page(asked("damaged_building", clerk, ("cursor", cursor)))
        assert refused.value.faults[0].field == "cursor", cursor


def test_the_stream_is_the_list(many, clerk):
    found = asked("damaged_building", clerk, ("sort", "-due_on"))
    assert [record.id for record in query.stream(found)] == walk("damaged_building", clerk, ("sort", "-due_on"), limit=200)[0]
