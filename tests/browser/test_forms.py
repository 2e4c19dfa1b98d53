"""One round of forms: published, filled, taken back with a planted error and a unit missing, and on to the plan."""

import io
import zipfile

import openpyxl
import pytest

from services import readers
from tests.browser.conftest import loaded
from tests.browser.test_pages import violations

CLERK, LIST = "district_410105", "/admin/r/damaged_building/"


def filled(data, code, school, area):
    """A form with one row, as a school would fill it."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book.worksheets[0]
    heads = [cell.value for cell in page[2]]
    row = {
        "校舍编号": f"FB-{code}",
        "学校": f"{code} {school}",
        "建筑名称": "填报楼",
        "建筑类别": "教学楼",
        "建筑面积（平方米）": area,
    }
    for head, value in row.items():
        page.cell(3, heads.index(head) + 1).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), readers.letter(heads.index("建筑面积（平方米）"))


@pytest.mark.parametrize("width", [1440, 390])
def test_forms_go_out_come_back_and_go_on_to_the_plan(come_in, tmp_path, width):
    page = come_in(CLERK, width)
    page.goto(LIST)
    with loaded(page):
        page.click("main a[href$='/admin/forms/damaged_building/']")
    assert not violations(page)

    page.fill("[name=rows]", "5")
    with page.expect_download() as download:
        page.click("button:has-text('下载填报表')")
    assert "填报表" in download.value.suggested_filename
    with zipfile.ZipFile(download.value.path()) as packet:
        forms = {name: packet.read(name) for name in packet.namelist()}
    names = sorted(forms)
    assert len(names) > 3
    files = []
    for at, name in enumerate(names[1:]):
        code, school = name.rpartition("受损校舍-")[2].removesuffix(".xlsx").split(" ", 1)
        data, letter = filled(forms[name], f"{code}", school, "约30" if at == 0 else 100 + at)
        files.append({"name": f"填报表{at}.xlsx", "mimeType": "application/octet-stream", "buffer": data})
    page.set_input_files("[name=files]", files)
    with loaded(page):
        page.click("button:has-text('收回并检查')")
    page.locator("#missing").wait_for(timeout=60_000)
    missing = names[0].rpartition(" ")[2].removesuffix(".xlsx")
    assert "还有 1 个单位没有交" in page.inner_text("#missing") and missing in page.input_value("#reminder")
    assert page.locator("#cells tbody tr").count() == 1
    wrong = page.inner_text("#cells tbody tr")
    assert f"{letter}3" in wrong and "约30" in wrong
    assert page.locator("#files summary").inner_text().startswith(f"没有问题的 {len(files)} 份")
    page.click("[data-copy]")
    assert "已复制" in page.inner_text("#missing")
    assert not violations(page)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")

    id = page.url.rstrip("/").rpartition("/")[2]
    with loaded(page):
        page.click("[data-go-on]")
    assert page.url.endswith(f"/admin/imports/{id}/")
    assert wrong.splitlines()[0].split()[0] in page.inner_text("main") and "约30" in page.inner_text("main")
    assert page.locator("form[action$='/apply'] button").is_enabled()
