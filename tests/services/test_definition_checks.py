"""What people may ask of a definition and must not get: each is a problem with a stable id, and nothing is published."""

from copy import deepcopy

import pytest

from models import base, registry
from models.errors import FieldError
from models.fields import Code, Text
from services import definitions, exports, query, records
from services.actor import SYSTEM
from tests.made import WISH

SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PLAIN = {"label": "夜间排查", "fields": [{"type": "text", "label": "情况", "name": "state"}]}


def ids(wish, name=None):
    return {problem.id for problem in definitions.check(SYSTEM, wish, name).problems}


def with_fields(*fields, **more):
    return PLAIN | {"fields": [*PLAIN["fields"], *fields]} | more


@SQLITE
@pytest.mark.parametrize(
    "wish, id",
    [
        ([], "R000"),
        ("x", "R000"),
        ({"colour": 1}, "R000"),
        ({"fields": 5}, "R000"),
        ({"fields": [5]}, "R000"),
        ({"label": 5}, "R000"),
        (with_fields({"type": "magic", "label": "x"}), "R000"),
        (with_fields({"type": "text", "label": "x", "colour": 1}), "R000"),
        (with_fields({"type": "text", "label": "x", "max_length": "x"}), "R000"),
        (with_fields({"type": "text", "label": "x", "required": "yes"}), "R000"),
        (with_fields({"type": "choice", "label": "x", "options": [5]}), "R000"),
        (with_fields({"type": "choice", "label": "x", "options": [{"label": "a", "colour": 1}]}), "R000"),
        (PLAIN | {"workflow": 5}, "R000"),
        (PLAIN | {"workflow": {"field": {}, "initial": []}}, "R000"),
        (PLAIN | {"rules": [{"id": "x"}]}, "R000"),
        (PLAIN | {"scope": 5}, "R000"),
        (PLAIN | {"grants": [5]}, "R000"),
        (PLAIN | {"grants": [{"role": {}, "actions": "view", "rows": "all"}]}, "R000"),
        (PLAIN | {"help": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}, "R000"),
        (PLAIN | {"label": ""}, "R002"),
        (PLAIN | {"label": "长" * 61}, "R002"),
        (PLAIN | {"fields": []}, "R003"),
        (PLAIN | {"fields": [{"type": "text", "label": f"列{n}"} for n in range(500)]}, "R004"),
        (with_fields({"type": "text", "label": "x", "name": "a b"}), "R006"),
        (with_fields({"type": "text", "label": "x", "name": 'x"]; DROP TABLE r_school'}), "R006"),
        (with_fields({"type": "text", "label": "x", "name": "名"}), "R006"),
        (with_fields({"type": "text", "label": "x", "name": "😀"}), "R006"),
        (with_fields({"type": "text", "label": "x", "name": "id"}), "R007"),
        (with_fields({"type": "text", "label": "x", "name": "version"}), "R007"),
        (with_fields({"type": "text", "label": "x", "name": "endpoint"}), "R007"),
        (with_fields({"type": "text", "label": "x", "name": "state"}), "R008"),
        (with_fields({"type": "text", "label": "情况", "name": "other"}), "R011"),
        (with_fields({"type": "text", "label": "民族"}), "R013"),
        (with_fields({"type": "text", "label": "身份证号"}), "R013"),
        (with_fields({"type": "choice", "label": "类别", "options": [{"label": "汉族"}, {"label": "回族"}]}), "R013"),
        (with_fields({"type": "choice", "label": "x", "options": []}), "R014"),
        (with_fields({"type": "code", "label": "x", "pattern": "("}), "R018"),
        (with_fields({"type": "code", "label": "x", "pattern": "(a+)+$"}), "R018"),
        (with_fields({"type": "code", "label": "x", "pattern": r"(\d|\d\d)*x"}), "R018"),
        (with_fields({"type": "code", "label": "x", "pattern": r"(.)\1"}), "R018"),
        (with_fields({"type": "relation", "label": "x", "to": "nowhere"}), "R021"),
        (PLAIN | {"list_columns": ["nowhere"]}, "R024"),
        (PLAIN | {"key": ["state", "state"]}, "R025"),
        (PLAIN | {"scope": "school"}, "R027"),
        (PLAIN | {"scope": "state"}, "R027"),
        (with_fields({"type": "relation", "label": "台账", "name": "p", "to": "parameter"}, scope="p"), "R027"),
        (with_fields({"type": "relation", "label": "台账", "name": "p", "to": "parameter"}, scope="p.school"), "R027"),
        (PLAIN | {"scope": "id:school"}, "R051"),
        (PLAIN | {"system": True}, "R051"),
        (PLAIN | {"behaviours": ["end_sessions"]}, "R051"),
        (PLAIN | {"behaviours": ["rm_rf"]}, "R051"),
        (PLAIN | {"icon": '"><script>'}, "R051"),
        (PLAIN | {"rules": [{"id": "x", "message": "不行。", "check": "within_own_powers"}]}, "R051"),
        (with_fields({"type": "code", "label": "x", "make": "x'; --"}), "R051"),
        (with_fields(*({"type": "text", "label": f"列{n}", "indexed": True} for n in range(40))), "R052"),
        (PLAIN | {"name": "select 1"}, "R050"),
        (PLAIN | {"name": "hazard"}, "R050"),
        (PLAIN | {"name": "definition"}, "R050"),
        (PLAIN | {"name": "a" * 31}, "R050"),
        (PLAIN | {"label": "隐患台账"}, "R050"),
        (PLAIN | {"grants": [{"role": "root", "actions": ["view"], "rows": "all"}]}, "R057"),
        (PLAIN | {"grants": [{"role": "leader", "actions": ["view"], "rows": "1=1"}]}, "R057"),
        (PLAIN | {"grants": [{"role": "leader", "actions": ["view"], "rows": "all", "names": True}]}, "R057"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_a_stable_id(city, wish, id):
    before, tables = registry.names(), base.database.get_tables()
    assert id in ids(wish), definitions.check(SYSTEM, wish).problems
    with pytest.raises(definitions.Refused):
        definitions.publish(SYSTEM, None, wish, 0)
    assert registry.names() == before and base.database.get_tables() == tables


def test_a_required_relation_to_itself_is_refused(city):
    wish = PLAIN | {
        "name": "chain",
        "fields": [{"type": "relation", "label": "上一条", "name": "parent", "to": "chain", "required": True}],
    }
    assert "R053" in ids(wish)
    wish["fields"][0]["required"] = False
    assert not ids(wish)


def test_two_registers_that_need_each_other_are_refused(city):
    definitions.publish(SYSTEM, None, PLAIN | {"name": "one", "label": "甲"}, 0)
    two = {
        "name": "two",
        "label": "乙",
        "fields": [{"type": "relation", "label": "甲方", "name": "one", "to": "one", "required": True}],
    }
    definitions.publish(SYSTEM, None, two, 0)
    wish = definitions.read(SYSTEM, "one").wish
    wish["fields"].append({"type": "relation", "label": "乙方", "name": "two", "to": "two", "required": True})
    assert ids(wish, "one") == {"R053"}
    wish["fields"][-1]["required"] = False
    assert not ids(wish, "one")


def test_units_that_lead_round_in_a_circle_are_refused(city):
    school = {"type": "relation", "label": "学校", "name": "school", "to": "school"}
    definitions.publish(SYSTEM, None, PLAIN | {"name": "one", "label": "甲", "fields": [school], "scope": "school"}, 0)
    two = {
        "name": "two",
        "label": "乙",
        "scope": "one.school",
        "fields": [{"type": "relation", "label": "甲方", "name": "one", "to": "one"}, school],
    }
    definitions.publish(SYSTEM, None, two, 0)
    wish = definitions.read(SYSTEM, "one").wish
    wish["fields"].append({"type": "relation", "label": "乙方", "name": "two", "to": "two"})
    wish["scope"] = "two.school"
    assert "R027" in ids(wish, "one")


HOSTILE = """'"<script>window.__x=1</script>{{7*7}}${7*7}]|\\😀"""


def test_sql_words_quotes_and_emoji_in_labels_and_names_are_handled(city):
    """X4, X5, X16: names people choose are never part of SQL; labels come out as they were typed."""
    words = ["select", "order", "group", "table", "where", "from", "class", "default", "index", "null", "not", "user", "primary"]
    fields = [{"type": "text", "label": f"{HOSTILE}{n}", "name": name, "indexed": True} for n, name in enumerate(words[:5])]
    fields += [{"type": "text", "label": f"😀{n}", "name": name} for n, name in enumerate(words[5:])]
    fields.append(
        {"type": "choice", "label": "选", "name": "choice", "options": [{"code": "a'b", "label": HOSTILE}, {"label": "😀"}]}
    )
    wish = {"name": "table", "label": HOSTILE[:50], "help": HOSTILE, "group": "'", "fields": fields, "sort": "-order"}
    done = definitions.publish(SYSTEM, None, wish, 0)
    name = done.register.name
    values = dict.fromkeys(words, HOSTILE) | {"choice": HOSTILE}
    saved = records.create(name, SYSTEM, values).record
    assert all(saved.values[word] == HOSTILE for word in words)
    found = query.page(
        query.parse(name, SYSTEM, [("select", HOSTILE), ("order__contains", "'"), ("q", "script"), ("sort", "group")])
    )
    assert [record.id for record in found.records] == [saved.id]
    for stream in (exports.csv_stream, exports.xlsx_stream):
        assert b"".join(stream(query.parse(name, SYSTEM, action="export"), SYSTEM))


def test_a_hundred_choices_to_filter_by_fit_the_database(city):
    fields = [{"type": "choice", "label": f"选{n}", "name": f"pick{n}", "options": [{"label": "a"}]} for n in range(100)]
    done = definitions.publish(SYSTEM, None, PLAIN | {"fields": fields}, 0)
    assert records.create(done.register.name, SYSTEM, {"pick99": "a"})


def test_what_was_posted_besides_sets_nothing_it_must_not(city):
    """X12: ids and the generated columns are the app's, whatever a definition says."""
    wish = with_fields({"type": "text", "label": "x", "name": "x", "id": "school_id"}, {"type": "text", "label": "y", "id": "c1"})
    register = definitions.publish(SYSTEM, None, wish, 0).register
    assert [field.id for field in register.fields] == ["c1", "c2", "c3"]
    with pytest.raises(definitions.Refused):
        definitions.publish(SYSTEM, None, wish | {"version": 7}, 0)


def test_patterns_that_are_let_through_are_quick():
    field = Code(name="x", label="x", pattern=r"[A-Z]{2}\d*-\d*[a-z]*", max_length=4000)
    with pytest.raises(FieldError):
        field.clean("AB" + "1" * 3900)
    assert Text(name="x", label="x").clean("y") == "y"


def test_every_part_of_a_full_definition_survives_the_way_through_json(city):
    found = definitions.read(SYSTEM, WISH["name"])
    again = definitions.check(SYSTEM, deepcopy(found.wish), found.name)
    assert not again.problems and not again.changes and again.register == found.published
