"""A clerk's import: the file she has, one column and one school asked, the wrong row marked, put right and sent again, taken back."""

import openpyxl
import pytest
from openpyxl.styles import Font

from tests.browser.conftest import loaded
from tests.browser.test_pages import violations

CLERK, NEW = "district_410105", "/admin/imports/new/damaged_building"
LIST = "/admin/r/damaged_building/"


@pytest.fixture
def workbook(tmp_path):
    """workbook("E", school): a list as clerks keep it: a title, a header of two rows, a total; one area is 约30, one school cut short.

    The code stands in what is unknown: answers are remembered for the unit, and each test asks anew.
    """

    def make(code, school):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "汇总"
        sheet.append(["金水区受损校舍汇总表"])
        sheet["A1"].font = Font(bold=True, size=16)
        sheet.append(["校舍编号", "学校", "建筑名称", "建筑类别", "建筑面积（㎡）", "现场核查"])
        sheet.append([None] * 5 + [f"情况说明{code}"])
        for merged in ("A1:F1", *(f"{letter}2:{letter}3" for letter in "ABCDE")):
            sheet.merge_cells(merged)
        for at in range(4):
            sheet.append([f"{code}-{at}", school, f"{at + 1} 号楼", "教学楼", 1000 + at, f"第 {at + 1} 栋已看"])
        sheet["B5"] = school.removeprefix("金水区").replace("小学", f"小{code}")
        sheet["E7"] = "约30"
        sheet.append(["合计", None, None, None, 4006, None])
        path = tmp_path / f"金水区受损校舍-{code}.xlsx"
        book.save(path)
        return path

    return make


def a_school(page):
    page.goto("/admin/r/school/?name__contains=小学")
    return page.locator("tr[data-row] td.key, tr[data-row] td").filter(has_text="小学").first.inner_text()


def upload(page, path):
    page.goto(NEW)
    page.set_input_files("#files", path)
    page.click("button:has-text('上传并检查')")
    page.wait_for_url("**/admin/imports/*/")


def count(page, code):
    page.goto(f"{LIST}?code__contains={code}")
    return page.locator("tr[data-row]").count()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_clerk_imports_corrects_sends_again_and_takes_back(come_in, workbook, tmp_path, width):
    page = come_in(CLERK, width)
    code, school = f"IMP{width}", a_school(page)
    page.goto(LIST)
    with loaded(page):
        page.click(f"main a[href='{NEW}']")
    path = workbook(code, school)
    page.set_input_files("#files", path)
    assert not violations(page)
    page.click("button:has-text('上传并检查')")

    page.locator("#questions").wait_for()
    understood = page.inner_text("#understood")
    assert (
        "工作表「汇总」" in understood
        and "表头第 2–3 行" in understood
        and "金水区受损校舍汇总表" in understood
        and "合计" in understood
    )
    assert page.locator(".im-sheet tr.head").count() == 2
    assert f"现场核查/情况说明{code}" in page.inner_text("#questions") and "第 1 栋已看" in page.inner_text("#questions")
    assert not violations(page) and page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    page.select_option("select[name^=q-column]", label="备注")
    page.select_option("select[name^=q-value]", "other")
    finder = page.locator("[data-other-for] .ts-wrapper")
    finder.locator("input").fill(school[3:5])
    finder.locator(".option", has_text=school).first.click()
    page.click("button:has-text('就这样，重新检查')")

    page.locator(".im-tiles").wait_for()
    assert "有误 1 行" in page.inner_text("main") and page.locator("button:has-text('导入 3 行')").is_disabled()
    wrong = page.locator(".im-rows tbody tr").inner_text()
    assert "E7" in wrong and "建筑面积" in wrong and "约30" in wrong and "不能读成数字" in wrong
    assert not violations(page) and page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    with loaded(page):
        page.click(".im-tiles a:has-text('新增')")
    assert school in page.inner_text(".im-rows") and "第 2 栋已看" in page.inner_text(".im-rows")
    with loaded(page):
        page.click(".im-policy label:has-text('有误的留下')")
    with loaded(page):
        page.click("button:has-text('导入 3 行')")

    page.locator("#done").wait_for()
    first = page.url
    assert "已导入 3 行" in page.inner_text("#done") and "有误 1" in page.inner_text("#done")
    assert not violations(page)
    with page.expect_download() as going:
        page.click("#done a:has-text('下载标注好的原表')")
    fixed = tmp_path / "改好.xlsx"
    going.value.save_as(fixed)
    book = openpyxl.load_workbook(fixed)
    sheet = book["汇总"]
    assert "约30" in sheet["G7"].value and sheet["E7"].comment and sheet["A1"].font.size == 16
    sheet["E7"] = 30
    book.save(fixed)

    page.set_input_files("#files", fixed)
    page.click("button:has-text('上传并检查')")
    page.wait_for_url(lambda url: url != first)
    page.locator(".im-tiles").wait_for()
    assert "导入 1 行" in page.inner_text(".actions") and "不变\n3" in page.inner_text(".im-tiles").replace("\n\n", "\n")
    with loaded(page):
        page.click("button:has-text('导入 1 行')")
    page.locator("#done").wait_for()
    assert count(page, code) == 4
    page.goto("/admin/imports/")
    assert not violations(page) and page.locator("tbody tr").count() >= 2
    for _ in range(2):
        page.goto("/admin/imports/")
        page.locator("tr", has_text="已导入").first.locator("a").click()
        page.click("button:has-text('撤销此次导入')")
        page.click("[data-confirmed]")
        page.locator("#done:has-text('已撤销')").wait_for()
    assert count(page, code) == 0


def test_progress_outlives_a_closed_tab_and_a_file_outlives_its_login(come_in, workbook):
    page = come_in(CLERK)
    path = workbook("IMC", a_school(page))
    upload(page, path)
    address, tab = page.url, page.context.new_page()
    page.close()
    tab.goto(address)
    tab.locator("#questions").wait_for()
    tab.goto(NEW)
    tab.set_input_files("#files", path)
    tab.context.clear_cookies()
    tab.click("button:has-text('上传并检查')")
    tab.locator("[data-said]:has-text('登录已过期')").wait_for()
    assert tab.evaluate("document.getElementById('files').files.length") == 1
    other = tab.context.new_page()
    other.goto("/login")
    other.fill("[name=username]", CLERK)
    other.fill("[name=password]", "demo-browser-2026")
    with loaded(other):
        other.click("main button.btn-primary")
    tab.click("button:has-text('上传并检查')")
    tab.locator("#questions").wait_for()
    assert tab.url != address


def test_a_file_is_dropped_and_the_page_works_without_a_mouse(come_in, tmp_path):
    page = come_in(CLERK)
    page.goto(NEW)
    page.evaluate("""() => {
        const carried = new DataTransfer();
        carried.items.add(new File(["校舍编号,建筑名称\\nA,一"], "拖来的.csv"));
        const drop = document.querySelector("[data-drop]");
        for (const name of ["dragenter", "dragover", "drop"]) drop.dispatchEvent(new DragEvent(name, { dataTransfer: carried, bubbles: true, cancelable: true }));
    }""")
    assert page.evaluate("document.getElementById('files').files[0].name") == "拖来的.csv"
    page.focus("#files")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "上传并检查":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/imports/*/")
    page.locator(".im-tiles, #questions").first.wait_for()


def test_without_scripts_the_forms_are_enough(come_in, chromium, demo, workbook):
    school = a_school(come_in(CLERK))
    context = chromium.new_context(base_url=demo.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=username]", CLERK)
    page.fill("[name=password]", "demo-browser-2026")
    page.click("main button.btn-primary")
    page.goto(NEW)
    page.set_input_files("#files", workbook("IMN", school))
    page.click("button:has-text('上传并检查')")
    page.locator("#questions").wait_for()
    page.select_option("select[name^=q-value]", label="不导入这些行")
    page.click("button:has-text('就这样，重新检查')")
    page.locator(".im-tiles").wait_for()
    page.check(".im-policy input[value=good]")
    page.click("button:has-text('就按这个')")
    page.click("button:has-text('导入 2 行')")
    page.locator("#done:has-text('已导入 2 行')").wait_for()
    page.click("button:has-text('撤销此次导入')")
    page.locator("#done:has-text('已撤销')").wait_for()
    context.close()
