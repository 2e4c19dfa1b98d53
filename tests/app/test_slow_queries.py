"""A question the database takes too long over is cut off: the page says what to narrow, the next page answers, who writes is left alone."""

import time
from dataclasses import replace

import peewee
import pytest

from app import create_app
from models import base
from services import query, records
from services.actor import SYSTEM
from tests.clients import Browser

COUNTING = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {}) SELECT COUNT(*) FROM t"
ENDLESS, LONG = COUNTING.format(500_000_000), COUNTING.format(3_000_000)


@pytest.fixture
def hurried(city, settings):
    """The app, where a page's question may take a fifth of a second, with a page that asks an endless one."""
    app = create_app(replace(settings, database_url=city.url, query_seconds=0.2))
    app.test_client_class = Browser
    app.add_url_rule("/endless", "endless", lambda: str(base.database.execute_sql(ENDLESS).fetchall()))
    yield Browser.of(app, city, "city_clerk")
    base.open_connection()


def test_a_page_that_takes_too_long_says_what_to_narrow(hurried):
    begun = time.monotonic()
    answer = hurried.get("/endless")
    assert answer.status_code == 503 and "请先选区县或学校" in answer.text and time.monotonic() - begun < 10
    assert hurried.get("/admin/r/school/").status_code == 200
    told = hurried.get("/endless", headers={"Accept": "application/json"}).json
    assert told["status"] == 503 and "太慢" in told["detail"]


def test_jobs_and_writes_are_not_cut_off(city, hurried):
    hurried.get("/admin/r/school/")
    base.open_connection()
    assert base.database.execute_sql(LONG).fetchone()[0] == 3_000_000
    base.open_connection(0.05)
    if not base.is_postgres():
        with base.atomic():
            many = f"INSERT INTO preference (account_id, name, value) SELECT ?, 'long', n FROM ({LONG.replace('COUNT(*)', 'COUNT(*) AS n')})"
            base.execute_many(many, [(9,)])
            assert base.database.execute_sql(LONG).fetchone()[0] == 3_000_000
            records.create("parameter", SYSTEM, {"key": "限时", "value": "1", "effective_from": "2021-08-02"})
    with pytest.raises(peewee.OperationalError) as cut:
        base.database.execute_sql(ENDLESS).fetchall()
    assert base.is_cut_off(cut.value)


def test_choices_are_shown_without_numbers_where_counting_takes_too_long(city, monkeypatch):
    asked = query.parse("damaged_building", city.actor("city_clerk"))
    assert any(number for _, _, number in query.facets(asked, "kind"))
    monkeypatch.setattr("services.query.picking.column", lambda *asked: peewee.SQL(f"({ENDLESS})"))
    monkeypatch.setattr("services.query.picking.FACET_SECONDS", 0.2)
    found = query.facets(asked, "kind")
    assert found and all(number is None for _, _, number in found)
