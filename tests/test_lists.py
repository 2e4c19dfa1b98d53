"""Lists on the screens: looks that are remembered, the trash searched and filtered, what a saved form leaves for pickers."""

import re

import pytest

from services import desk

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def heads(page):
    return re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<↑↓]+)', page)


def test_chosen_columns_and_density_come_back(city, client_of):
    browser, base = client_of("city_clerk"), "/admin/r/hazard/"
    usual = heads(browser.get(base).text)
    answer = browser.post("/admin/desk/look", data={"register": "hazard", "fields": ["code", "level"], "next": base})
    assert answer.status_code == 303 and answer.headers["Location"].endswith(base)
    assert [head.strip() for head in heads(browser.get(base).text)] == ["隐患编号", "隐患等级"] != usual
    assert "fields=code%2Clevel" in browser.get(base).text, "what is exported and saved as a view is what is shown"
    assert len(heads(browser.get(f"{base}?fields=code").text)) == 1
    browser.post("/admin/desk/look", data={"register": "hazard", "reset": "1", "fields": ["code"]})
    assert heads(browser.get(base).text) == usual
    assert browser.post("/admin/desk/look", data={"density": "dense", "quiet": "1"}).status_code == 204
    assert 'class="card dense"' in browser.get(base).text and 'class="card dense"' in browser.get("/admin/r/school/").text


def test_columns_of_no_field_of_his_are_not_kept(city, client_of):
    browser = client_of("city_clerk")
    browser.post("/admin/desk/look", data={"register": "inland_student", "fields": ["name", "no_such", "code"]})
    assert desk.looks(city.actor("city_clerk"), "inland_student")[1] == ("code",)
    assert client_of("district_a").post("/admin/desk/look", data={"register": "inland_student"}).status_code == 404
    assert browser.post("/admin/desk/look", data={"register": "no_such", "fields": ["a"]}).status_code == 404


def test_a_page_is_jumped_to(city, client_of):
    browser, base = client_of("city_clerk"), "/admin/r/damaged_building/"
    assert 'name="_at"' not in browser.get(f"{base}?limit=200").text, "all is on one page"
    page = browser.get(f"{base}?sort=due_on&district=1&limit=1").text
    assert 'name="_at"' in page and "跳到 限时" in page and 'placeholder="2021-08-05"' in page
    answer = browser.get(f"{base}?sort=due_on&district=1&limit=1&_at=2021.8.1")
    assert answer.status_code == 303 and "district=1" in answer.headers["Location"]
    there = browser.get(answer.headers["Location"])
    assert there.status_code == 200 and "_at=" not in there.text
    assert "跳到约" in browser.get(f"{base}?limit=2").text
    assert browser.get(f"{base}?limit=2&_at=50").status_code == 303
    here = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', browser.get(f"{base}?sort=due_on&limit=1").text)[1].replace(
        "&amp;", "&"
    )
    wrong = browser.get(f"{here}&_at=8.5")
    assert wrong.status_code == 303 and wrong.headers["Location"].endswith(here), "the page he had is not lost"
    assert "「限时」不是日期" in browser.get(here).text


def test_a_saved_form_is_remembered_by_its_pickers(city, client_of):
    browser = client_of("city_admin")
    data = city.new("hazard", "a1") | {"school": str(city.school("a1"))}
    assert browser.post("/admin/r/hazard/new", data=data).status_code == 303
    items = browser.get("/admin/r/damaged_building/lookup/school").json["items"]
    assert items[0]["id"] == city.school("a1") and items[0]["recent"] and not items[1]["recent"]


def test_the_trash_is_searched_and_filtered(city, client_of):
    browser, base = client_of("city_admin"), "/admin/r/damaged_building/"
    rooms = [city.add("damaged_building", unit, name=name) for unit, name in (("a1", "旧锅炉房"), ("b1", "旧车棚"))]
    for id in rooms:
        assert browser.post(f"{base}{id}/delete", data={"reason": "重复"}).status_code == 303
    browser.get(base)
    found = browser.get(f"{base}trash?q=锅炉").text
    assert "旧锅炉房" in found and "旧车棚" not in found and "搜索「锅炉」" in found
    found = browser.get(f"{base}trash?q=旧 松泉").text
    assert "旧车棚" in found and "旧锅炉房" not in found, "by the school's name too"
    found = browser.get(f"{base}trash?district={city.district('a')}").text
    assert "旧锅炉房" in found and "旧车棚" not in found
    assert "回收站里没有符合条件的记录" in browser.get(f"{base}trash?q=没有这个").text
    other = client_of("district_b").get(f"{base}trash?q=旧").text
    assert "旧锅炉房" not in other and "旧车棚" in other


def test_the_menu_marks_the_page_that_is_open(city, client_of):
    """Drawn once for all who see the same registers; the mark is the page's own."""
    for name, paths in (
        ("district_a", ("/admin/r/hazard/", "/admin/r/school/")),
        ("city_admin", ("/admin/build/", "/admin/hooks/", "/admin/r/hazard/")),
    ):
        browser = client_of(name)
        for path in paths:
            page = browser.get(path).text
            assert page.count('aria-current="page"') == 1 and f'<a href="{path}" aria-current="page" title=' in page
            assert "&lt;a href" not in page
        assert 'aria-current="page"' in browser.get("/admin/").text
