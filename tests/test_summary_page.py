"""The summary page: grouped numbers that open their rows, as a table, a chart and a file; blind to what may only be counted."""

import html
import io
import json
import re
import zipfile

import pytest

from models import registry, tables
from services import records
from services.actor import SYSTEM

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PATH = "/admin/r/damaged_building/summary"


def numbers(page):
    """[(what the number says, the address it opens)] of the table."""
    return [(int(n), html.unescape(url)) for url, n in re.findall(r'<td class="num"><a href="([^"]+)">(\d+)</a>', page)]


def test_every_number_opens_as_many_rows(client_of):
    for name in ("city_clerk", "district_a", "leader_a"):
        browser = client_of(name)
        page = browser.get(f"{PATH}?by=district&by2=kind").text
        found = numbers(page)
        assert found
        for count, url in found:
            assert len(re.findall(r"data-row=", browser.get(url).text)) == count
        assert "松泉" not in page or name == "city_clerk"


def test_the_page_opens_with_what_the_register_declares(client_of):
    browser = client_of("city_clerk")
    for register in registry.all():
        if register.name != "access_log":
            answer = browser.get(f"/admin/r/{register.name}/summary")
            assert answer.status_code in (200, 404), register.name
    page = browser.get(PATH).text
    first = registry.get("damaged_building").summaries[0]
    assert f'value="{first.by[0]}" selected' in page


def test_the_chart_says_what_the_table_says(client_of):
    page = client_of("city_clerk").get(f"{PATH}?by=school").text
    chart = json.loads(re.search(r'id="chart-data">(.*?)</script>', page, re.S)[1])
    assert sum(chart["series"][0]["values"]) == sum(count for count, _ in numbers(page))
    assert all(url.startswith("/admin/r/damaged_building/?") for url in chart["series"][0]["urls"])
    assert "echarts.simple.min.js" in page and "chart-data" not in client_of("city_clerk").get(f"{PATH}?by=").text


def test_filters_stay_and_can_be_taken_off(city, client_of):
    page = client_of("city_clerk").get(f"{PATH}?by=kind&district={city.district('a')}").text
    assert f'name="district" value="{city.district("a")}"' in page and "青禾区" in page
    assert all(f"district={city.district('a')}" in url for _, url in numbers(page))
    assert client_of("city_clerk").get(f"{PATH}?by=kind&colour=red").status_code == 422
    assert client_of("city_clerk").get(f"{PATH}?by=note").status_code == 422


def test_files_say_the_same_and_are_logged(client_of):
    browser = client_of("city_clerk")
    body = browser.get(f"{PATH}/file?format=csv&by=school")
    lines = body.data.decode("utf-8-sig").splitlines()
    assert body.mimetype == "text/csv" and lines[0].startswith("学校,条数") and lines[-1].startswith("合计,")
    assert sum(int(line.split(",")[1]) for line in lines[1:-1]) == int(lines[-1].split(",")[1])
    book = zipfile.ZipFile(io.BytesIO(browser.get(f"{PATH}/file?format=xlsx&by=school").data))
    assert "xl/worksheets/sheet2.xml" in book.namelist()
    assert browser.get(f"{PATH}/file?format=pdf").status_code == 422
    log = tables.model("access_log")
    assert log.select().where((log.f_action == "export") & log.f_detail.contains("汇总")).count() == 2


def test_who_only_counts_sees_numbers_without_rows_and_none_that_is_small(city, client_of):
    rows = [city.new("inland_student", "a1", inland_class=city.id("inland_class", "a1")) for _ in range(20)]
    records.create_many("inland_student", SYSTEM, rows)
    page = client_of("district_a").get("/admin/r/inland_student/summary?by=school").text
    assert not numbers(page) and "&lt;5" in page and "姓名" not in page
    assert client_of("district_a").get("/admin/r/inland_student/summary?by=name").status_code == 422
    assert client_of("inspector_a").get("/admin/r/inland_student/summary").status_code == 404


def test_small_numbers_of_care_leave_the_bureau_as_less_than_five(city, client_of):
    """DESIGN §9: on the screen the number, in the file `<5` and one beside it hidden."""
    browser = client_of("city_clerk")
    field = next(f.name for f in registry.get("inland_daily").live if f.type == "integer" and not f.readonly)
    asked = f"by=school&measure=sum:{field}"
    ids = [id for unit in ("a1", "b1") for id in city.rows["inland_daily"][unit]]
    model = tables.model("inland_daily")
    column = getattr(model, f"f_{registry.get('inland_daily').field(field).id}")
    model.update({column: 0}).where(model.id.in_(ids)).execute()
    model.update({column: 3}).where(model.id == ids[0]).execute()
    body = browser.get(f"/admin/r/inland_daily/summary/file?format=csv&{asked}").data.decode("utf-8-sig")
    told = [line.split(",")[2] for line in body.splitlines()[1:-1]]
    assert "<5" in told and "3" not in told and "*" in told


def test_the_page_speaks_english(client_of):
    browser = client_of("city_clerk")
    browser.post("/language", data={"lang": "en"})
    page = browser.get(f"{PATH}?by=kind").text
    assert "Summary" in page and "汇总" not in page
