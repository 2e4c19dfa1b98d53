"""Pages ask as few statements of ten thousand rows as of ten."""

import pytest

from services import records
from services.actor import SYSTEM

BASE = "/admin/r/damaged_building/"
PAGES = (
    "",
    "?sort=due_on",
    "?grade__in=C,D&sort=due_on",
    "?q=中学",
    "new",
    "trash",
    "count",
    "facet/grade",
    "lookup/school?q=中学",
)
MOST = 15


def asked(browser, statements, path):
    browser.get(path)
    statements.clear()
    assert browser.get(path).status_code == 200
    return len([sql for sql in statements if sql.lstrip().upper().startswith(("SELECT", "WITH"))])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_pages_ask_no_more_at_ten_thousand_rows(city, client_of, statements):
    browser = client_of("district_a")
    school = city.school("a1")
    building = city.id("damaged_building", "a1")
    paths = [BASE + path for path in PAGES] + [
        f"{BASE}{building}/",
        f"{BASE}{building}/edit",
        f"{BASE}{building}/history",
        f"/admin/r/school/{school}/",
        "/admin/",
    ]
    few = {path: asked(browser, statements, path) for path in paths}
    rows = [
        {"school": school, "name": f"{at}号楼", "kind": "teaching", "damage": "severe", "due_on": "2021-09-01"}
        for at in range(10_000)
    ]
    records.create_many("damaged_building", SYSTEM, rows)
    many = {path: asked(browser, statements, path) for path in paths}
    assert all(number <= MOST for number in many.values()), many
    assert all(many[path] <= few[path] + 1 for path in paths), (few, many)
