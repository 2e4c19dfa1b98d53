"""Lists, files and summaries by program: what is asked is what is given, and nothing else can be asked."""

import csv
import io
import itertools
import time
from dataclasses import replace

import pytest

from models import registry, tables
from services import query, records
from services.actor import SYSTEM
from tests.clients import Browser, Caller
from tests.state import everything

SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BASE = "/api/v1/registers"
BUILDINGS = f"{BASE}/damaged_building/records"


def all_of(caller, path):
    """All records of a list, page by page."""
    found, cursor = [], ""
    while cursor is not None:
        page = caller.get(f"{path}{'&' if '?' in path else '?'}limit=4" + (f"&cursor={cursor}" if cursor else "")).json
        found, cursor = found + page["records"], page["next"]
    return found


def test_a_list_gives_what_it_is_asked_for(city, caller_of):
    caller = caller_of("district_a")
    page = caller.get(f"{BUILDINGS}?limit=2&fields=name,school&count=exact").json
    total = sum(len(city.rows["damaged_building"][unit]) for unit in ("a1", "a2", "ax"))
    assert len(page["records"]) == 2 and page["count"] == {"value": total, "capped": False}
    assert all(set(record) == {"id", "version", "name", "school"} for record in page["records"])
    assert caller.get(f"{BUILDINGS}?fields=id").json["records"][0].keys() == {"id", "version"}
    assert caller.get(BUILDINGS).json["count"] is None
    full = caller.get(BUILDINGS).json["records"][0]
    assert set(full) == {"id", "version"} | {field.name for field in registry.get("damaged_building").live}
    ids = [record["id"] for record in all_of(caller, f"{BUILDINGS}?sort=id")]
    assert ids == sorted(ids) and len(ids) == total
    some = ",".join(map(str, ids[:2]))
    assert [record["id"] for record in caller.get(f"{BUILDINGS}?id__in={some}&sort=id").json["records"]] == ids[:2]
    assert [record["id"] for record in caller.get(f"{BUILDINGS}?id__gt={ids[3]}&sort=id").json["records"]] == ids[4:]
    assert caller.get(f"{BUILDINGS}?q=青禾一&count=capped").json["count"]["value"] == len(city.rows["damaged_building"]["a1"])


@pytest.mark.parametrize("sort", ["kind,name", "-found_on,id", "found_on,-id", "-due_on,kind,-id", "kind,-due_on"])
def test_several_keys_sort_in_pages_without_loss(city, caller_of, sort):
    """Ties, unknown values, mixed directions: page by page the same rows as at once."""
    for at, (found, due, kind) in enumerate(
        itertools.product(("2021-08-01", "2021-08-03"), ("2021-09-01", None), ("teaching", "dormitory", "teaching"))
    ):
        city.add("damaged_building", "a1", found_on=found, due_on=due, kind=kind, name=f"{at % 3}号楼")
    caller = caller_of("school_a")
    one = caller.get(f"{BUILDINGS}?sort={sort}&limit=200").json["records"]
    paged = all_of(caller, f"{BUILDINGS}?sort={sort}")
    assert [record["id"] for record in paged] == [record["id"] for record in one] and len(one) > 12
    keys = [(part.lstrip("-"), part.startswith("-")) for part in sort.split(",")]
    assert one == _sorted(one, keys)
    page = caller.get(f"{BUILDINGS}?sort={sort}&limit=4").json
    second = caller.get(f"{BUILDINGS}?sort={sort}&limit=4&cursor={page['next']}").json
    assert caller.get(f"{BUILDINGS}?sort={sort}&limit=4&cursor={second['previous']}").json["records"] == page["records"]


def _sorted(found, keys):
    """Sorted by each key, the last first; unknown values last in both directions."""
    found = list(found)
    if "id" not in dict(keys):
        keys = [*keys, ("id", keys[0][1])]
    for name, down in reversed(keys):
        known = sorted((one for one in found if one[name] is not None), key=lambda one: one[name], reverse=down)
        if down:
            known = _stable_reverse(found, name)
        found = known + [one for one in found if one[name] is None]
    return found


def _stable_reverse(found, name):
    """Falling by a key, equal ones in the order they had."""
    groups = {}
    for one in found:
        if one[name] is not None:
            groups.setdefault(one[name], []).append(one)
    return [one for value in sorted(groups, reverse=True) for one in groups[value]]


@SQLITE
@pytest.mark.parametrize(
    "asked, field",
    [
        ("colour=red", "colour"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=null", "limit"), ("limit=1&limit=2", "limit"),
        ("sort=colour", "sort"), ("sort=kind,due_on,found_on,name", "sort"), ("cursor=x", "cursor"), ("cursor=eyJ4Ijox", "cursor"),
        ("fields=colour", "fields"), ("count=all", "count"), ("grade=E", "grade"), ("school=abc", "school"), ("due_on=2021-02-30", "due_on"),
        ("area_m2__gte=x", "area_m2__gte"), ("name__like=x", "name__like"), ("id=x", "id"), ("id=99999999999999999999", "id"),
        ("expand=school", "expand"), ("page=10", "page"), ("encoding=utf-8", "encoding"),
    ],
)  # fmt: skip
def test_a_parameter_that_is_not_understood_is_named(caller_of, asked, field):
    answer = caller_of("city_clerk").get(f"{BUILDINGS}?{asked}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


@SQLITE
@pytest.mark.parametrize("asked", ["name=x", "name__contains=姓", "name__empty=true", "sort=name", "fields=name", "name__in=a,b"])
def test_hidden_fields_are_refused_in_lists_files_and_summaries(caller_of, asked):
    """A15–A18, X2: by a token as on the screens."""
    caller = caller_of("city_clerk")
    assert caller.get(f"{BASE}/inland_student/records?{asked}").status_code == 422
    assert caller.get(f"{BASE}/inland_student/summary?{asked}").status_code == 422
    for by in ("name", "code,name"):
        assert caller.get(f"{BASE}/inland_student/summary?by={by}").status_code == 422
    assert caller.get(f"{BASE}/four_party_link/summary?by=phone").status_code == 422
    assert caller.get(f"{BASE}/four_party_link/records?phone=139").status_code == 422


INJECTIONS = (
    "'",
    '"',
    "1 OR 1=1",
    "1;DROP TABLE r_school",
    "1' UNION SELECT 1--",
    "\\",
    "{{7*7}}",
    "\x00",
    "]",
    "`",
    "<script>",
    "%27",
)


@SQLITE
def test_no_parameter_reaches_the_database_as_sql(city, caller_of):
    """X4: every parameter × a dozen payloads; X17: nothing internal in the answer."""
    caller, before = caller_of("city_clerk"), everything()
    names = (
        "q",
        "sort",
        "limit",
        "cursor",
        "fields",
        "count",
        "school",
        "grade__in",
        "area_m2__gte",
        "name__contains",
        "id",
        "x y",
    )
    for value in INJECTIONS:
        for name in names:
            answer = caller.get(BUILDINGS, query_string={name: value})
            assert answer.status_code in (200, 422), (name, value)
            _tells_nothing(answer, value)
        for name in ("by", "measure", "q"):
            answer = caller.get(f"{BASE}/damaged_building/summary", query_string={name: value})
            assert answer.status_code in (200, 422), (name, value)
            _tells_nothing(answer, value)
        assert caller.get(f"{BASE}/{value}/records").status_code == 404
    assert everything() == before


def _tells_nothing(answer, value):
    for word in ("Traceback", "sqlite", "peewee", "psycopg", "SELECT ", "r_damaged", "constraint failed", "syntax error"):
        assert word not in answer.text.replace(value, "")


@SQLITE
def test_files_hold_the_rows_of_the_list(city, caller_of):
    caller = caller_of("district_a")
    answer = caller.get(f"{BUILDINGS}.csv?fields=name,school&sort=id&school={city.school('a1')}&encoding=utf-8")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv" and len(rows) == 1 + len(city.rows["damaged_building"]["a1"])
    assert caller.get(f"{BUILDINGS}.csv").data.startswith(b"\xef\xbb\xbf")
    assert caller.get(f"{BUILDINGS}.csv?encoding=gb18030").data.decode("gb18030")
    book = caller.get(f"{BUILDINGS}.xlsx")
    assert book.data[:4] == b"PK\x03\x04"
    for asked in ("csv?limit=5", "csv?cursor=x", "csv?encoding=utf-16", "xlsx?encoding=utf-8", "csv?_purpose=短", "csv?colour=red"):
        assert caller.get(f"{BUILDINGS}.{asked}").status_code == 422, asked
    log = tables.model("access_log")
    assert log.select().where((log.f_action == "export") & (log.f_username == "district_a")).count() == 4
    assert caller_of("school_a").get(f"{BUILDINGS}.csv").status_code == 403


def test_every_number_of_a_summary_opens_its_rows(city, caller_of):
    for unit, area in (("a1", "100.25"), ("b1", "7.50"), ("b2", None)):
        id = city.id("damaged_building", unit, 1)
        records.update("damaged_building", SYSTEM, id, {"area_m2": area}, version=1)
    for name in ("city_clerk", "district_a", "school_a"):
        caller = caller_of(name)
        made = caller.get(f"{BASE}/damaged_building/summary?by=district,kind&measure=count,sum:area_m2").json
        assert made["groups"] and made["total"]["count"] == caller.get(f"{BUILDINGS}?count=exact").json["count"]["value"]
        for group in made["groups"]:
            rows = caller.get(BUILDINGS, query_string=group["filter"] | {"limit": 200}).json["records"]
            known = [float(row["area_m2"]) for row in rows if row["area_m2"] is not None]
            assert len(rows) == group["count"] and group["district"]["id"] == int(group["filter"]["district"])
            assert group["sum:area_m2"] == (f"{sum(known):.2f}" if known else None)
    filtered = caller_of("city_clerk").get(f"{BASE}/damaged_building/summary?by=kind&district={city.district('a')}").json
    assert all(group["filter"]["district"] == str(city.district("a")) for group in filtered["groups"])
    alone = caller_of("city_clerk").get(f"{BASE}/damaged_building/summary").json
    assert len(alone["groups"]) == 1 and alone["groups"][0]["filter"] == {}


@SQLITE
def test_a_list_asks_few_statements(city, caller_of, statements):
    for register in registry.all():
        caller = caller_of("auditor" if register.name == "access_log" else "city_admin")
        for path in (f"{BASE}/{register.name}/records?count=capped", f"{BASE}/{register.name}/summary"):
            caller.get(path)
            statements.clear()
            assert caller.get(path).status_code == 200, path
            asked = [sql for sql in statements if sql.lstrip().upper().startswith(("SELECT", "WITH"))]
            assert len(asked) <= 15, (path, len(asked))


@SQLITE
def test_who_i_am_and_what_i_may(city, caller_of):
    caller = caller_of("district_a", actions=("view",))
    me = caller.get("/api/v1/me").json
    assert me["username"] == "district_a" and me["memberships"][0]["role"] == "district_clerk"
    assert me["memberships"][0]["district"] == {"id": city.district("a"), "label": "青禾区"} and me["token"]["actions"] == ["view"]
    names = [one["name"] for one in caller.get("/api/v1/registers").json["registers"]]
    assert "hazard" in names and "inland_student" not in names
    told = caller.get(f"{BASE}/damaged_building").json
    fields = {field["name"]: field for field in told["fields"]}
    assert fields["area_m2"]["unit"] and fields["grade"]["choices"][2]["code"] == "C" and told["actions"] == ["view", "count"]
    assert {"id", "name", "label", "type", "required", "unit", "choices"} <= set(fields["school"]) and fields["school"][
        "to"
    ] == "school"
    assert "name" not in {f["name"] for f in caller_of("city_clerk").get(f"{BASE}/inland_student").json["fields"]}


@SQLITE
def test_too_many_calls_are_told_when_to_come_back(city, make_limited):
    caller = make_limited(3)
    assert [caller.get("/api/v1/me").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    answer = caller.get("/api/v1/me")
    assert answer.mimetype == "application/problem+json" and 1 <= int(answer.headers["Retry-After"]) <= 60


@pytest.fixture
def make_limited(city, settings):
    """A caller of an application that answers so many calls a minute."""
    return lambda limit: Caller.of(Browser.app_on(replace(settings, api_limit=limit), city.url), city, "leader")


@SQLITE
def test_a_page_after_the_last_is_empty_and_says_so(caller_of):
    caller = caller_of("school_a")
    page = caller.get(f"{BUILDINGS}?limit=200").json
    assert page["next"] is None and page["previous"] is None and query.LARGEST_PAGE == 200


@SQLITE
@pytest.mark.parametrize(
    "asked",
    [
        f"limit={10**18}", "limit=10000000", f"cursor={'A' * 5000}", f"q={'+'.join(['学校'] * 100)}", f"q={'学' * 5000}", f"id__in={','.join(map(str, range(20_000)))}",
        f"sort={','.join(['id'] * 500)}", f"fields={','.join(['code'] * 5000)}", "&".join(f"area_m2__gte={n}" for n in range(500)), f"area_m2__gte={'9' * 5000}",
        f"q={'%22' * 500}", f"q={'NEAR(' * 200}", f"name__contains={'%25_' * 1000}",
    ],
    ids=range(13),
)  # fmt: skip
def test_costly_questions_of_a_small_user_are_answered_soon_or_refused(city, caller_of, asked):
    """X21: within two seconds, 200 or 422, and the answer of a plain question is as it was."""
    caller = caller_of("district_a")
    plain = caller.get(f"{BUILDINGS}?limit=5").json
    for path in (f"{BUILDINGS}?{asked}", f"{BASE}/damaged_building/summary?by=school,grade&{asked}"):
        began = time.monotonic()
        answer = caller.get(path)
        assert answer.status_code in (200, 414, 422), (path[:80], answer.status_code)
        assert time.monotonic() - began < 2
    assert caller.get(f"{BUILDINGS}?limit=5").json == plain
