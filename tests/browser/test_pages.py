"""Every page opens, fits a phone, and is usable without sight: axe-core finds nothing serious."""

from pathlib import Path

import pytest

from models import registry
from tests.browser.conftest import first_record

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text(encoding="utf-8")
MAIN = (
    "/admin/",
    "/admin/r/damaged_building/",
    "/admin/r/damaged_building/new",
    "/admin/r/damaged_building/trash",
    "/admin/r/visit/new",
    "/admin/r/school/?nonsense=1",
    "/admin/desk/why",
)


def violations(page):
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(done => done.violations)")
    return [
        (item["id"], node["target"], node["failureSummary"][:200])
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(come_in, width, scheme):
    stranger = come_in(None, width, color_scheme=scheme)
    stranger.goto("/login")
    assert not violations(stranger)
    page = come_in("district_410105", width, color_scheme=scheme)
    record = first_record(page, "/admin/r/damaged_building/")
    for path in (*MAIN, record, f"{record}history"):
        page.goto(path)
        page.wait_for_timeout(250)
        assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
        assert not violations(page), path
    page.goto("/admin/r/damaged_building/")
    page.click("form[action$='/print'] button")
    page.locator(".leaf").first.wait_for()
    assert not violations(page), "paper"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_serious_on_an_administrators_pages(come_in, width, scheme):
    page = come_in("city_admin", width, color_scheme=scheme)
    for path in (
        "/admin/build/",
        "/admin/build/hazard/",
        "/admin/hooks/",
        "/admin/tokens/",
        "/admin/imports/",
        "/admin/imports/new/hazard",
    ):
        page.goto(path)
        assert not violations(page), path
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), path


def test_nothing_scrolls_sideways_on_a_phone(come_in):
    page = come_in("city_admin", 390)
    for register in registry.all():
        for path in (f"/admin/r/{register.name}/", f"/admin/r/{register.name}/new"):
            page.goto(path)
            assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("username", ["city_admin", "city_clerk", "district_410105", "leader", "auditor", "inspector_1"])
def test_every_register_in_the_menu_opens(come_in, username):
    page = come_in(username)
    links = [link.get_attribute("href") for link in page.locator(".side li a").all()]
    assert len(links) > 1
    for link in links:
        assert page.goto(link).status == 200, link
        first = page.locator("tr[data-row]")
        if first.count():
            assert page.goto(first.first.get_attribute("data-row")).status == 200
            if page.locator("[role=tab]").count():
                page.locator("#tabpanel:not(:has-text('正在查找'))").wait_for()
