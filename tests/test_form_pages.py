"""The form pages: what a school, a district and a stranger to a register are given, and what comes back."""

import io
import zipfile

import openpyxl
import pytest

from services import imports, jobs
from tests.services.test_forms import _filled as filled

PAGE = "/admin/forms/damaged_building/"


def form(browser, **asked):
    answer = browser.get(f"{PAGE}form", query_string=asked)
    assert answer.status_code == 200
    return answer.data


def collect(browser, *files):
    sent = [(io.BytesIO(data), name) for name, data in files]
    answer = browser.post(f"{PAGE}collect", data={"files": sent}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    while jobs.run_one():
        continue
    return answer.headers["Location"]


def test_a_school_gets_its_own_form_and_a_district_one_for_each_unit(client_of, city):
    book = openpyxl.load_workbook(io.BytesIO(form(client_of("school_a"), rows="3")))
    assert "青禾一中学" in book.worksheets[0]["A1"].value
    with zipfile.ZipFile(io.BytesIO(form(client_of("district_a"), rows="3"))) as packet:
        names = packet.namelist()
        assert len(names) == 3 and packet.testzip() is None
    code = names[0].removeprefix("受损校舍-").split(" ")[0]
    assert openpyxl.load_workbook(io.BytesIO(form(client_of("district_a"), unit=code, rows="3")))


@pytest.mark.parametrize(("asked", "status"), [({"rows": "0"}, 422), ({"rows": "many"}, 422), ({"unit": "没有"}, 404)])
def test_a_form_that_cannot_be_made_is_told_on_the_page(client_of, asked, status):
    answer = client_of("district_a").get(f"{PAGE}form", query_string=asked)
    assert answer.status_code == status and 'class="problem"' in answer.text and "下载填报表" in answer.text


def test_nothing_chosen_is_told_on_the_page(client_of):
    answer = client_of("district_a").post(f"{PAGE}collect", data={})
    assert answer.status_code == 422 and "请选择文件" in answer.text


def test_what_came_back_is_told_and_is_its_sender_s_alone(client_of, city):
    district = client_of("district_a")
    mine = filled(form(client_of("school_a"), rows="3"), [{"建筑名称": "楼", "建筑面积（平方米）": "约30"}])
    other = form(client_of("school_b"), rows="3")
    page = collect(district, ("甲.xlsx", mine), ("乙.xlsx", mine), ("丙.xlsx", other), ("丁.xlsx", b"PK broken"))
    shown = district.get(page)
    assert shown.status_code == 200
    for words in ("约30", "完全相同", "别的单位", "还有 2 个单位没有交", "看合并后会怎样"):
        assert words in shown.text, words
    assert client_of("city_clerk").get(page).status_code == 404
    state = district.get(f"{page}progress").get_json()
    assert state["state"] == imports.PLANNED


def test_where_nothing_could_be_taken_there_is_nothing_to_go_on_with(client_of):
    district = client_of("district_a")
    page = collect(district, ("丙.xlsx", form(client_of("school_b"), rows="3")))
    shown = district.get(page)
    assert shown.status_code == 200 and "别的单位" in shown.text and "看合并后会怎样" not in shown.text


def test_an_ordinary_import_is_no_collection(client_of, city):
    item = imports.start(city.actor("district_a"), "damaged_building", [("校舍.csv", "校舍编号\r\n1\r\n".encode())], now=False)
    assert client_of("district_a").get(f"/admin/forms/taken/{item.id}/").status_code == 404


def test_the_list_leads_to_the_forms_for_who_may_fill_them(client_of):
    assert PAGE in client_of("district_a").get("/admin/r/damaged_building/").text
    assert PAGE not in client_of("leader").get("/admin/r/damaged_building/").text
