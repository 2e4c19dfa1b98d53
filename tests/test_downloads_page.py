"""The page 我的下载: a large list goes there, its file comes from there, to its owner alone."""

from dataclasses import replace

import pytest

import config
from services import jobs

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BASE = "/admin/r/damaged_building"
PAGE = "/admin/desk/downloads"


@pytest.fixture
def worked(city, app):
    """Does what waits."""

    def work():
        while jobs.run_one():
            pass

    return work


def test_on_request_and_when_it_is_large(city, client_of, worked):
    browser = client_of("city_clerk")
    answer = browser.get(f"{BASE}/export?format=csv&_later=1")
    assert answer.status_code == 303 and answer.headers["Location"].endswith(PAGE)
    waiting = browser.get(PAGE)
    assert waiting.headers["Refresh"] == "3" and "等待" in waiting.text
    worked()
    done = browser.get(PAGE)
    assert "Refresh" not in done.headers and "保留到" in done.text
    address = next(part for part in done.text.split('"') if part.startswith(f"{PAGE}/"))
    made = browser.get(address)
    assert made.data == browser.get(f"{BASE}/export?format=csv").data and made.content_length == len(made.data)
    assert client_of("city_admin").get(address).status_code == 404 == client_of("district_a").get(address).status_code
    config.activate(replace(config.active(), export_job_rows=2))
    assert browser.get(f"{BASE}/export?format=xlsx").status_code == 303
    assert browser.get(f"{BASE}/export?format=pdf").status_code == 422


def test_cancelled(city, client_of, worked):
    browser = client_of("city_clerk")
    browser.get(f"{BASE}/export?format=csv&_later=1")
    page = browser.get(PAGE).text
    address = next(part for part in page.split('"') if part.startswith(f"{PAGE}/") and part.endswith("/cancel"))
    assert client_of("district_a").post(address).status_code == 404
    assert browser.post(address).status_code == 303 and "已取消" in browser.get(PAGE).text
