"""A district clerk's day: log in, filter, search, open, edit, take back, change many, export, open the file again."""

import csv
import io

import openpyxl
import pytest

from tests.browser.conftest import first_record, loaded, save

CLERK, LIST = "district_410105", "/admin/r/damaged_building/"


@pytest.mark.parametrize("width", [1440, 390])
def test_a_clerk_finds_changes_and_hands_on(come_in, width):
    page = come_in(CLERK, width)
    page.goto(LIST)
    everything = page.locator("tr[data-row]").count()
    assert everything == 50
    page.click("summary:has-text('筛选')")
    page.click("details.filter summary:has-text('鉴定等级')")
    page.locator("[data-facet] label:has-text('C')").first.click()
    with loaded(page):
        page.click("details.filter[open] button")
    assert "grade__in=C" in page.url and page.locator(".chip", has_text="鉴定等级").count() == 1
    rows = page.locator("tr[data-row]").count()
    assert 0 < rows < 50
    school = page.locator("tr[data-row] td").nth(2).inner_text()
    two = school.replace("金水区", "").replace("郑州市", "")[:2]
    with loaded(page):
        page.fill("[data-search] input[type=search]", two)
    page.wait_for_load_state()
    assert page.locator("tr[data-row]").count() >= 1 and page.locator(".chip").count() == 2
    page.goto(f"{LIST}?q=jsq")
    assert page.locator("tr[data-row]").count() >= 1

    page.goto(f"{LIST}?q=jsq&state__ne=closed")
    with loaded(page):
        page.locator("tr[data-row] a").first.click()
    record = page.url
    with loaded(page):
        page.click("main a[href$='/edit']")
    page.fill("[name=note]", f"雨后复看 {width}")
    save(page)
    assert page.url == record and "已保存" in page.inner_text("#toasts") and f"雨后复看 {width}" in page.inner_text("main")
    with loaded(page):
        page.click("#toasts button:has-text('撤销')")
    assert f"雨后复看 {width}" not in page.inner_text(".facts-card")


@pytest.mark.parametrize("width", [1440, 390])
def test_many_are_changed_at_once_and_taken_back(come_in, width):
    page = come_in(CLERK, width)
    page.goto(f"{LIST}?state=registered")
    for box in page.locator("tr[data-row] input[name=id]").all()[:4]:
        box.check()
    assert "已选 4 条" in page.inner_text("[data-selected]")
    with loaded(page):
        page.click("button:has-text('批量修改')")
    page.select_option("#bulk-field", "responsible")
    page.fill("[name=v-responsible]", f"陈雨 {width}")
    with loaded(page):
        page.click("button:has-text('看看会改什么')")
    assert "将修改 4 条" in page.inner_text("h1") and f"陈雨 {width}" in page.inner_text("main")
    with loaded(page):
        page.click("button:has-text('确定修改')")
    assert "已修改 4 条" in page.inner_text("#toasts")
    with loaded(page):
        page.click("#toasts button:has-text('撤销')")
    assert "恢复了 4 条" in page.inner_text("#toasts")


def test_the_list_goes_out_as_it_is_shown(come_in, tmp_path):
    page = come_in(CLERK)
    page.goto(f"{LIST}?grade__in=C,D")
    heads = [head.strip().rstrip("↑↓").strip() for head in page.locator("thead th:not(.pick)").all_inner_texts()]
    shown = page.locator("tr[data-row] td.key").all_inner_texts()
    page.click("summary:has-text('导出')")
    with page.expect_download() as going:
        page.click("button[value=xlsx]")
    going.value.save_as(tmp_path / "list.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert [str(head).split("（")[0] for head in rows[0]] == [head.split("（")[0] for head in heads]
    assert [row[0] for row in rows[1 : len(shown) + 1]] == shown
    page.goto(f"{LIST}?grade__in=C,D")
    page.click("summary:has-text('导出')")
    with page.expect_download() as going:
        page.click("button[value=csv] >> nth=0")
    going.value.save_as(tmp_path / "list.csv")
    raw = (tmp_path / "list.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and "受损校舍" in going.value.suggested_filename
    lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(lines) == len(rows) and [line[0] for line in lines[1 : len(shown) + 1]] == shown


def test_the_keyboard_is_enough(come_in):
    page = come_in(CLERK)
    page.goto(LIST)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert page.locator("tr.sel").count() == 1
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    with loaded(page):
        page.keyboard.press("Enter")
    assert page.url.rstrip("/").rsplit("/", 1)[1].isdigit()
    with loaded(page):
        page.keyboard.press("Escape")
    assert page.url.endswith(LIST)
    with loaded(page):
        page.keyboard.press("n")
    assert page.url.endswith("/new")


def test_a_wrong_value_comes_back_at_its_field_with_everything_kept(come_in):
    page = come_in(CLERK)
    page.goto(f"{LIST}new")
    page.fill("[name=name]", "新楼")
    page.fill("[name=area_m2]", "约30")
    page.fill("[name=found_on]", "8.5")
    save(page)
    assert page.input_value("[name=area_m2]") == "约30" and page.input_value("[name=name]") == "新楼"
    assert "不能读成数字" in page.inner_text("[data-field=area_m2]") and "不是日期" in page.inner_text("[data-field=found_on]")
    assert "请填写「学校」" in page.inner_text("[data-field=school]")


def test_a_draft_is_kept_by_itself(come_in):
    page = come_in(CLERK)
    page.goto(f"{LIST}new")
    page.locator("[name=name]").press_sequentially("没写完的楼")
    page.locator("[data-draft-state]", has_text="已存草稿").wait_for()
    page.goto(f"{LIST}new")
    with loaded(page):
        page.click("text=接着填")
    assert page.input_value("[name=name]") == "没写完的楼"
    page.goto(f"{LIST}new")
    with loaded(page):
        page.click("button:has-text('丢弃')")
    assert page.locator("text=接着填").count() == 0


def test_a_login_that_ran_out_loses_nothing(come_in, demo):
    page = come_in("district_410106")
    address = first_record(page, LIST)
    page.goto(f"{address}edit")
    page.fill("[name=note]", "登录过期前写的")
    other = come_in("city_admin")
    other.goto("/admin/r/account/?q=district_410106")
    other.goto(other.locator("tr[data-row]").first.get_attribute("data-row"))
    other.click("main summary[aria-label]")
    other.click("button:has-text('结束登录')")
    with loaded(other):
        other.click("[data-confirmed]")
    save(page)
    assert page.locator("[name=password]").count() == 1
    page.fill("[name=username]", "district_410106")
    page.fill("[name=password]", "demo-browser-2026")
    with loaded(page):
        page.click("main button.btn-primary")
    with loaded(page):
        page.click("text=接着填")
    assert page.input_value("[name=note]") == "登录过期前写的"
    save(page)
    assert "登录过期前写的" in page.inner_text("main")
