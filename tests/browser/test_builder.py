"""An order at night: a register made from the file she was sent, filled from it, and in use everywhere within minutes."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.browser.conftest import City, first_record, loaded, log_in, save
from tests.browser.test_pages import violations

SAMPLES = os.environ.get("TAIZHANG_SAMPLES")
LAQUILA = "buildings/laquila2009-56410.csv"


@pytest.fixture
def order(come_in, tmp_path):
    """A list of basements as it comes by mail, with schools of the demo city."""
    page = come_in("city_admin")
    page.goto("/admin/r/school/?name__contains=金水区")
    names = page.locator("tr[data-row] td.key, tr[data-row] td").filter(has_text="金水区").all_inner_texts()
    schools = sorted({name.strip() for name in names if name.strip().endswith(("小学", "中学", "幼儿园"))})[:5]
    assert len(schools) == 5
    path = tmp_path / "地下室排查.csv"
    lines = [f"{schools[n % 5]},{n}.5,{('有水', '已抽干')[n % 2]},2021-07-{n % 28 + 1:02d}" for n in range(40)]
    path.write_text("学校,水深（厘米）,情况,发现日期\n" + "\n".join(lines), encoding="utf-8")
    return path


def begin(page, path, label):
    page.goto("/admin/build/")
    page.fill("#b-label", label)
    page.set_input_files("#b-file", path)
    with loaded(page):
        page.click("button:has-text('开始')")


def field(page, label):
    """The inputs of one field, opened."""
    found = page.locator("details.build-field", has=page.locator(f"summary strong:text-is('{label}')"))
    found.locator("summary").click()
    return found


@pytest.mark.parametrize("width", [1440, 390])
def test_a_register_is_made_changed_and_used(come_in, order, width):
    page, label = come_in("city_admin", width), f"地下室排查{width}"
    begin(page, order, label)
    assert "没有问题，可以发布" in page.inner_text("main") and "反复出现的只有 2 种值" in page.inner_text("main")
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    depth = field(page, "水深")
    assert depth.locator("[name$='-options']").is_hidden() and depth.locator("[name$='-unit']").input_value() == "厘米"
    depth.locator("[name$='-max']").fill("500")
    depth.locator("[name$='-help']").fill("量最深的地方")
    page.locator("[data-builder-preview] :text('量最深的地方')").first.wait_for()
    page.select_option("[name='w-field']", label="情况")
    with loaded(page):
        page.click("button[value=check]")
    page.select_option("[name='t-0-from']", label="有水")
    page.fill("[name='t-0-label']", "报已抽干")
    page.select_option("[name='t-0-to']", label="已抽干")
    page.click("summary:has-text('加一条规则')")
    page.select_option("[name='rule-left']", label="发现日期")
    page.select_option("[name='rule-op']", "lte")
    page.fill("[name='rule-right']", "今天")
    page.fill("[name='rule-message']", "发现日期不能晚于今天。")
    page.locator("[name='g-district_clerk-approve']").check()
    with loaded(page):
        page.click("button[value=publish]")

    page.click("button:has-text('导入 40 行')")
    page.locator("#done:has-text('已导入 40 行')").wait_for()
    path = page.locator("#done .btn-primary").get_attribute("href")

    clerk = come_in("district_410105", width)
    clerk.goto(f"{path}new")
    clerk.fill("[name=fa_xian_ri_qi]", "2031-01-01")
    save(clerk)
    assert "发现日期不能晚于今天" in clerk.inner_text("main")
    clerk.goto(first_record(clerk, f"{path}?qing_kuang=you_shui"))
    with loaded(clerk):
        clerk.locator("main a.btn:visible", has_text="报已抽干").first.click()
    save(clerk)
    assert clerk.locator("main .tz-tag", has_text="已抽干").count() and not clerk.locator("main a.btn", has_text="报已抽干").count()


@pytest.mark.skipif(not SAMPLES, reason="TAIZHANG_SAMPLES is not set: the public sample files are not here")
def test_56410_buildings_from_a_file_to_a_register_in_five_minutes(demo, come_in):
    """Upload, accept, publish, import; then list, filter and numbers from a second server on the same data."""
    facts = json.loads((Path(SAMPLES) / "expected.json").read_text(encoding="utf-8"))[LAQUILA]["facts"][0]
    expected = [int(part) for part in facts.partition(":")[2].split(",")]
    page, began = come_in("city_admin"), time.monotonic()
    begin(page, Path(SAMPLES) / LAQUILA, "拉奎拉建筑")
    with loaded(page):
        page.click("button[value=publish]")
    page.click("button:has-text('导入 56,410 行')", timeout=150_000)
    page.locator("#done:has-text('已导入 56,410 行')").wait_for(timeout=150_000)
    path = page.locator("#done .btn-primary").get_attribute("href")

    second = City(demo.folder)
    second.environ |= {"TAIZHANG_PORT": str(second.port)}
    second.serve()
    try:
        other = page.context.browser.new_page(base_url=second.url)
        log_in(other, "city_clerk")
        other.goto(path)
        assert other.locator("tr[data-row]").count() == 50
        other.goto(f"{path}summary?by=damagestate")
        table = other.inner_text("main table").replace(",", "")
        assert [str(count) in table for count in expected] == [True] * len(expected), table
        other.goto(f"{path}?damagestate=5")
        assert other.locator("tr[data-row]").count() == 50
        other.click("button:has-text('数准')")
        other.locator(f"[data-count]:has-text('{expected[5]:,}')").wait_for()
        assert time.monotonic() - began < 300
        other.close()
    finally:
        second.process.terminate()
        second.process.wait(20)
