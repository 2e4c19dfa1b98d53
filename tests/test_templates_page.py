"""The page of export templates: a form is checked, kept, tried, used from the list and from a record, and taken out of use."""

import io

import openpyxl
import pytest

from models.export_templates import ExportTemplate
from tests.blank_forms import document, paragraph, text_of, workbook

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BASE = "/admin/r/damaged_building"


def upload(browser, rows, **more):
    out = io.BytesIO()
    workbook(rows).save(out)
    data = {"kind": "form", "name": "上报表", "use": "list", "file": (io.BytesIO(out.getvalue()), "表.xlsx")} | more
    return browser.post(f"{BASE}/templates", data=data, content_type="multipart/form-data")


def test_a_form_is_kept_tried_and_used(city, client_of):
    browser = client_of("city_clerk")
    assert upload(browser, [["{{序号}}", "{{建筑名称}}", "{{学校}}"]], roles=["district_clerk"]).status_code == 303
    id = ExportTemplate.get().id
    assert "上报表" in browser.get(f"{BASE}/templates").text
    tried = browser.get(f"{BASE}/templates/{id}/try")
    assert openpyxl.load_workbook(io.BytesIO(tried.data)).active.max_row == 3
    listed = client_of("district_a").get(f"{BASE}/")
    assert f'name="_template" value="{id}"' in listed.text
    made = client_of("district_a").get(f"{BASE}/export?_template={id}&kind=teaching")
    assert made.status_code == 200 and "青禾" in text_of(made.data) and "松泉" not in text_of(made.data)
    assert client_of("school_a").get(f"{BASE}/export?_template={id}").status_code == 404


def test_a_record_offers_its_forms(city, client_of):
    browser, id = client_of("city_clerk"), city.id("damaged_building", "a1")
    data = {"name": "单子", "use": "record", "file": (io.BytesIO(document(paragraph("{{建筑名称}}"))), "单.docx")}
    assert browser.post(f"{BASE}/templates", data=data, content_type="multipart/form-data").status_code == 303
    template = ExportTemplate.get().id
    assert f"_template={template}" in browser.get(f"{BASE}/{id}/").text
    made = browser.get(f"{BASE}/export?_ids={id}&_template={template}")
    assert made.headers["Content-Type"].endswith("wordprocessingml.document") and "青禾一" in text_of(made.data)


def test_what_is_wrong_is_said_with_what_was_typed(city, client_of):
    browser = client_of("city_clerk")
    answer = upload(browser, [["{{校名}}", "{{学校}}"]])
    assert answer.status_code == 422 and "{{校名}}" in answer.text and 'value="上报表"' in answer.text
    assert not ExportTemplate.select().exists()
    for data in (
        {"kind": "form", "name": "空"},
        {"kind": "columns", "name": "空"},
        {"kind": "columns", "name": "", "order-name": "1"},
    ):
        assert browser.post(f"{BASE}/templates", data=data).status_code == 422


def test_columns_in_their_order(city, client_of):
    browser = client_of("city_clerk")
    data = {"kind": "columns", "name": "三列", "order-school": "3", "order-name": "1", "order-code": "2", "order-note": ""}
    assert browser.post(f"{BASE}/templates", data=data).status_code == 303
    id = ExportTemplate.get().id
    made = browser.get(f"{BASE}/export?format=csv&_template={id}").text
    assert made.splitlines()[0] == "\ufeff建筑名称,校舍编号,学校"


def test_renamed_and_taken_out_of_use(city, client_of):
    browser = client_of("city_clerk")
    upload(browser, [["{{学校}}"]])
    id = ExportTemplate.get().id
    assert browser.post(f"{BASE}/templates/{id}", data={"step": "rename", "name": "新名"}).status_code == 303
    assert client_of("district_a").post(f"{BASE}/templates/{id}", data={"step": "retire"}).status_code == 404
    assert browser.post(f"{BASE}/templates/{id}", data={"step": "retire"}).status_code == 303
    assert ExportTemplate.get().name == "新名" and browser.get(f"{BASE}/export?_template={id}").status_code == 404
    assert browser.post(f"{BASE}/templates/{id}", data={"step": "use"}).status_code == 303
    assert browser.get(f"{BASE}/export?_template={id}").status_code == 200


@pytest.mark.parametrize("value", ["999999", "declared:nothing", "x", "-1", "1 or 1=1"])
def test_no_such_template(city, client_of, value):
    assert client_of("city_clerk").get(f"{BASE}/export", query_string={"_template": value}).status_code == 404
