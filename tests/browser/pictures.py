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
        browser.close()
        city.process.terminate()
        city.process.wait(20)


if __name__ == "__main__":
    take()
