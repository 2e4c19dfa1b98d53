"""Hidden fields and foreign rows in what is asked and given out: filters, orders, pickers, exports; and no way through to SQL."""

import re

import pytest

from models import tables
from models.errors import NotAllowed
from services import policy, query
from tests.access import foreign_tags
from tests.actors import NAMES
from tests.state import everything

SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

# hidden fields ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        "name=x",
        "name__contains=姓",
        "name__empty=true",
        "name__ne=x",
        "name__in=a,b",
        "sort=name",
        "sort=-name",
        "fields=code,name",
        "fields=name",
    ],
)
def test_a_hidden_field_is_refused_by_name_at_every_list_door(client_of, asked):
    """A15–A18, X2: not ignored, and telling nothing."""
    browser = client_of("city_clerk")
    for ending in ("", "count", "facet/stay_status"):
        answer = browser.get(f"/admin/r/inland_student/{ending}?{asked}")
        assert answer.status_code == 422 and asked.partition("=")[0] in answer.text
        assert "姓名" not in answer.text.replace("不写", "")
    assert browser.get("/admin/r/inland_student/facet/name").status_code == 422
    assert browser.get("/admin/r/inland_student/lookup/name").status_code == 404


def test_an_unknown_parameter_is_a_page_that_names_it(client_of):
    browser = client_of("city_clerk")
    for asked in (
        "colour=red",
        "grade=E",
        "limit=0",
        "limit=null",
        "sort=colour",
        "cursor=x",
        "page=10",
        "school=abc",
        "due_on=2021-02-30",
    ):
        answer = browser.get(f"/admin/r/damaged_building/?{asked}")
        assert answer.status_code == 422 and asked.partition("=")[0] in answer.text, asked


INJECTIONS = [
    "'",
    '"',
    "1 OR 1=1",
    "1;DROP TABLE r_school",
    "1' UNION SELECT 1--",
    "%27",
    "\\",
    "${7*7}",
    "{{7*7}}",
    "../../etc/passwd",
    "\x00",
    "<script>alert(1)</script>",
]


def test_no_parameter_reaches_the_database_as_sql(city, client_of):
    """X4: every parameter × a dozen payloads; no error of ours, no SQL words in the page."""
    browser, before = client_of("city_clerk"), everything()
    for name in (
        "q",
        "sort",
        "limit",
        "cursor",
        "fields",
        "school",
        "grade",
        "grade__in",
        "area_m2__gte",
        "name__contains",
        "due_on",
        "x y",
        "id",
    ):
        for value in INJECTIONS:
            answer = browser.get("/admin/r/damaged_building/", query_string={name: value})
            assert answer.status_code in (200, 422), (name, value)
            assert not re.search(r"syntax error|near \"|r_damaged|Traceback|peewee|psycopg|apsw", answer.text), (name, value)
            assert "<script>alert" not in answer.text
    assert everything() == before


# lists, pickers, exports ------------------------------------------------------------------------------------------------


@SQLITE
@pytest.mark.parametrize("name", NAMES)
def test_pickers_offer_only_what_the_person_sees(city, client_of, name):
    """A10, A11: every relation of every register."""
    actor, browser = city.actor(name), client_of(name)
    for register in policy.registers(actor):
        for field in register.live:
            if hasattr(field, "to"):
                mine = {record.id for record in _all(field.to, actor)}
                for asked in ("", "?q=中学", "?q=1", f"?where_district={city.district('b')}", "?where_x=1"):
                    found = browser.get(f"/admin/r/{register.name}/lookup/{field.name}{asked}").json["items"]
                    assert {item["id"] for item in found} <= mine


def _all(register, actor):
    try:
        return query.stream(query.parse(register, actor))
    except NotAllowed:
        return ()


@pytest.mark.parametrize("name", ["city_clerk", "district_a", "district_b", "leader_a", "leader"])
def test_exports_hold_own_rows_and_columns_only(city, client_of, name):
    """A2, A3: the bytes of both formats."""
    actor, browser = city.actor(name), client_of(name)
    for register in policy.registers(actor):
        if not policy.may(actor, "export", register):
            continue
        for kind in ("csv", "xlsx"):
            answer = browser.get(f"/admin/r/{register.name}/export?format={kind}")
            assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
            assert not foreign_tags(name, answer), (register.name, kind)
        lines = browser.get(f"/admin/r/{register.name}/export?format=csv").text.count("\r\n")
        assert lines == 1 + query.count(query.parse(register.name, actor, action="export")).value


def test_an_export_of_chosen_rows_takes_no_foreign_ones(city, client_of):
    browser = client_of("district_a")
    answer = browser.get(f"/admin/r/hazard/export?format=csv&_ids={city.id('hazard', 'a1')}&_ids={city.id('hazard', 'b1')}")
    assert "松泉" not in answer.text and answer.text.count("\r\n") <= 2
    assert browser.get("/admin/r/hazard/export?format=csv&_ids=x").status_code == 404


def test_every_export_and_refusal_is_written_down(city, client_of):
    client_of("district_a").get("/admin/r/hazard/export?format=csv&level=minor&_purpose=上报汇总")
    client_of("school_a").get("/admin/r/hazard/export?format=csv")
    model = tables.model("access_log")
    logged = {
        (row.f_username, row.f_action): row.f_detail for row in model.select().where(model.f_action.in_(["export", "denied"]))
    }
    assert "上报汇总" in logged[("district_a", "export")] and "隐患等级" in logged[("district_a", "export")]
    assert "no_grant:hazard:export" in logged[("school_a", "denied")]
