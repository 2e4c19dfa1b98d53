"""Takes the pictures of the documentation from a fresh demo city: `python -m tests.browser.pictures`."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import SIZES, City, log_in

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LIST = "/admin/r/damaged_building/"
SHOTS = (
    ("list-1440", "district_410105", 1440, f"{LIST}?grade__in=C,D&sort=due_on", "light"),
    ("list-dark-1440", "district_410105", 1440, f"{LIST}?grade__in=C,D&sort=due_on", "dark"),
    ("record-1440", "district_410105", 1440, f"{LIST}?state=acceptance", "light"),
    ("form-1440", "district_410105", 1440, f"{LIST}new", "light"),
    ("home-1440", "district_410105", 1440, "/admin/", "light"),
    ("list-390", "district_410105", 390, LIST, "light"),
    ("visit-390", "inspector_1", 390, "/admin/r/visit/new", "light"),
)


def take():
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        city = City(Path(folder))
        city.run("demo")
        city.serve()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for name, username, width, path, scheme in SHOTS:
            viewport = {"width": width, "height": SIZES[width]}
            page = browser.new_context(viewport=viewport, base_url=city.url, color_scheme=scheme).new_page()
            log_in(page, username)
            page.goto(path)
            if name.startswith("record"):
                page.goto(page.locator("tr[data-row]").first.get_attribute("data-row"))
            page.wait_for_timeout(800)
            page.screenshot(path=FOLDER / f"{name}.png")
        _from_a_file(browser, city, Path(folder) / "地下室排查.csv")
        browser.close()
        city.process.terminate()
        city.process.wait(20)


def _from_a_file(browser, city, path):
    """The builder with what it proposes of a file, and the import that follows."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=city.url).new_page()
    log_in(page, "city_admin")
    page.goto("/admin/r/school/?name__contains=金水区")
    names = page.locator("tr[data-row] td.key").all_inner_texts()[:8]
    states = ("有水", "已抽干", "无水")
    rows = [f"{names[at % len(names)]},{at % 7}.5,{states[at % 3]},2021-07-{at % 9 + 20}" for at in range(60)]
    path.write_text("学校名称,水深（厘米）,情况,发现日期\n" + "\n".join(rows), encoding="utf-8")
    page.goto("/admin/build/")
    page.fill("#b-label", "地下室排查")
    page.set_input_files("#b-file", path)
    page.click("button:has-text('开始')")
    page.locator("summary strong:text-is('水深')").click()
    page.screenshot(path=FOLDER / "builder-1440.png")
    page.click("button[value=publish]")
    page.locator("button:has-text('导入 60 行')").wait_for()
    page.screenshot(path=FOLDER / "import-1440.png")


if __name__ == "__main__":
    take()
