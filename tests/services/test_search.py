"""Search: any two characters, one character, initials, codes, in any width and case; nothing typed becomes an operator."""

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from models import registry, tables
from services import policy, query, records, search
from services.actor import SYSTEM
from services.writer.sheets import Apart
from tests.actors import NAMES


@pytest.fixture
def find(city):
    """find("lxm") -> ids of buildings in the search's order, as the city's clerk sees them."""

    def found(q, name="city_clerk", register="damaged_building", **options):
        actor = city.actor(name) if name else SYSTEM
        asked = query.parse(register, actor, [("q", q), ("limit", "200")], **options)
        return [record.id for record in query.page(asked).records]

    return found


@pytest.fixture
def named(city):
    """named("综合楼", …) -> ids of new buildings of these names in one school."""
    return lambda *names, **over: [city.add("damaged_building", "a1", name=name, **over) for name in names]


@pytest.mark.parametrize(
    "q",
    [
        "综合楼",
        "综合",
        "合楼",
        "楼",
        "zhl",
        "ZHL",
        "zh",
        "ＺＨＬ",
        "  综合  ",
        "综合楼 青禾一",
        "青禾一 zhl",
        "综合\u3000楼",
        "李若",
        "lrh",
        "综合楼B座",
        "b座",
    ],
)
def test_a_building_is_found_by_any_part_of_what_it_says(named, find, q):
    (id,) = named("综合楼B座", responsible="李若禾")
    assert id in find(q)


@pytest.mark.parametrize("q", ["楼合", "综楼", "综合楼C", "hlz", "松泉", "综合楼 食堂", "lzh"])
def test_what_it_does_not_say_does_not_find_it(named, find, q):
    (id,) = named("综合楼B座", responsible="李若禾")
    assert id not in find(q)


def test_codes_are_found_whole_and_by_their_parts(named, find):
    (id,) = named("综合楼", code="DB-004711")
    for q in ("DB-004711", "db-004711", "db004711", "ＤＢ－００４７１１", "004711", "db 004711"):
        assert find(q) == [id]


def test_the_exact_code_comes_first_then_beginnings_then_the_newest(named, find):
    inside, begins, exact, newest = named("旧风雨楼", "风雨操场", "食堂", "新风雨楼")
    assert find("风雨") == find("fy") == [begins, newest, inside]
    code = query.get("damaged_building", SYSTEM, exact).values["code"]
    records.update("damaged_building", SYSTEM, inside, {"name": f"{code} 旁"}, version=1)
    assert find(code)[0] == exact


def test_a_relation_is_found_by_its_label(city, find):
    assert set(find("青禾一中学")) == set(city.rows["damaged_building"]["a1"])
    assert set(find("qhy", register="hazard")) >= set(city.rows["hazard"]["a1"])


def test_renaming_a_school_finds_its_rows_by_the_new_name(city, find):
    records.update("school", city.actor("city_admin"), city.school("a1"), {"name": "云川路中学"}, version=1)
    assert set(find("云川路")) == set(city.rows["damaged_building"]["a1"]) and find("青禾一中学") == []
    assert set(find("云川路", register="hazard")) == set(city.rows["hazard"]["a1"])
    assert set(find("云川路", register="inland_class")) == set(city.rows["inland_class"]["a1"])


def test_an_edit_a_delete_and_a_restore_are_found_at_once(named, find):
    (id,) = named("综合楼")
    records.update("damaged_building", SYSTEM, id, {"name": "风雨操场"}, version=1)
    assert find("风雨") == [id] and id not in find("综合楼")
    records.delete("damaged_building", SYSTEM, id, version=2)
    assert find("风雨") == []
    records.restore("damaged_building", SYSTEM, id)
    assert find("风雨") == [id]


def test_what_was_not_saved_is_not_found(city, find):
    with pytest.raises(Exception, match="范围"):
        records.create(
            "school_headcount", city.actor("district_a"), city.new("school_headcount", "ax", note="不该留下", as_of="2020-01-02")
        )
    rows = tables.model("school_headcount").select().count()
    index = query.rows(query.parse("school_headcount", SYSTEM, [("q", "青禾直"), ("sort", "as_of")])).count()
    assert index == len(city.rows["school_headcount"]["ax"]) and rows == 15


@pytest.mark.parametrize("name", NAMES)
def test_search_finds_own_rows_only(city, find, name):
    """A15, A21: in both orders, for words that stand in every row."""
    actor = city.actor(name)
    for register in policy.registers(actor):
        if not register.search:
            continue
        own = {record.id for record in query.stream(query.parse(register.name, actor))}
        for q in ("中学", "松泉", "k"):
            assert set(find(q, name, register.name)) <= own
            by_number = query.page(query.parse(register.name, actor, [("q", q), ("sort", "id"), ("limit", "200")]))
            assert {record.id for record in by_number.records} == set(find(q, name, register.name))
            assert query.count(query.parse(register.name, actor, [("q", q)])).value == len(by_number.records)


INJECTIONS = [
    '"', "'", '"*', "*", "综合*", "综合 OR 食堂", "综合 AND NOT 青禾", "NOT 综合", "NEAR(综合 食堂)", "tokens:综合", "^综合", "(综合", "综合)",
    "综合 | 食堂", "综合 & !青禾", "!综合", "综合:*", "<->", "\\", "%", "_", "综合%", "ud1", "us1", "w综合", "k", "x", "' OR 1=1 --", "\x00综合",
    "；drop table s_school", "${7*7}", "{{7*7}}", "\U0001f600", "\u202e综合", "a" * 5000, "综" * 5000, " ".join(["楼"] * 300), "-", "--", ":", "",
]  # fmt: skip


def test_nothing_typed_is_an_operator(city, named, find):
    """What is no letter, digit or character parts words and does nothing else."""
    made, others = named("综合楼")[0], named("食堂", "厕所")
    every = set(find("青禾一"))
    for q in INJECTIONS:
        found = set(find(q))
        assert not found & set(others) or "综合" not in q, q
    for q in ("综合*", '综合"', "^综合", "(综合", "综合:*", "!综合"):
        assert find(q) == [made], q
    assert set(find("青禾一")) == every
    for unit in ("ud1", "us1", f"us{city.school('b1')}"):
        assert find(unit) == [], "tokens of units are not typed"


def test_hundreds_of_words_answer(named, find):
    """Flask-Admin's search of a hundred words overflowed the parser."""
    (id,) = named("综合楼")
    assert id in find("综合 " * 100) and find("a " * 100) == [] and find("甲乙丙丁 " * 60) == []


def test_long_unbroken_text_is_saved_and_found(city):
    """PostgreSQL refuses words over 2,046 bytes; a report pasted without spaces has them."""
    id = city.add("visit", "a1", note="x" * 3900)
    assert id in [record.id for record in query.page(query.parse("visit", SYSTEM, [("q", "xxxx")])).records]
    long = city.add("visit", "a1", note="某" * 3900 + "终")
    assert long in [record.id for record in query.page(query.parse("visit", SYSTEM, [("q", "某某")])).records]


def test_blank_search_is_no_search(city, find):
    assert len(find("")) == len(find("   ")) == sum(len(ids) for ids in city.rows["damaged_building"].values())


def test_trash_is_not_searched_through_the_index(city, find):
    gone = city.trashed["damaged_building"]["a1"][0]
    assert gone not in find("青禾一")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(max_size=40))
def test_any_text_may_be_searched(city, q):
    for sort in ((), (("sort", "id"),)):
        asked = query.parse("damaged_building", SYSTEM, [("q", q), *sort])
        assert query.count(asked).value >= len(query.page(asked).records) or query.page(asked).next


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="青禾路Ａａ1 -，。", max_size=12))
def test_tokens_are_letters_digits_and_characters_alone(text):
    """So that no quoting can break, on either database."""
    (found,) = search.tokens(registry.get("damaged_building"), Apart([{"name": text, "code": text}]), {}, [(1, 2)])
    assert all(token.isalnum() for token in found.split())
