"""Lists are read from a replica, but never without what the person herself has just saved; a replica that is away is not missed."""

import time

import pytest

import config
from app import create_app
from models import base, routing, tables, totals
from models.values import today
from seeds import grants
from services import actor as actors, downloads, jobs, query, records
from services.actor import SYSTEM
from tests import failover
from tests.clients import Browser


class Place:
    """The app on a primary whose standby is read from; its replay can be held."""

    def __init__(self, pair, folder):
        self.pair = pair
        settings = config.load(
            {"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": pair.server(0), "TAIZHANG_REPLICA_URL": pair.server(1)}
        )
        self.app = create_app(settings)
        self.app.test_client_class = Browser
        base.open_connection()
        tables.migrate()
        rows = grants.rows()
        own = next(row for row in rows if (row["role"], row["register"]) == ("city_admin", "parameter"))
        own["actions"] = [*own["actions"], "export"]
        records.create_many("role_grant", SYSTEM, rows)
        self.accounts = {}
        for name in ("one", "two"):
            self.accounts[name] = records.create("account", SYSTEM, {"username": name, "name": name}).record.id
            records.create("membership", SYSTEM, {"account": self.accounts[name], "role": "city_admin", "from_date": "2021-01-01"})
        self.catch_up()

    def browser(self, name):
        return Browser.of(self.app, self, name)

    def hold(self, held):
        self.pair.ask(1, f"SELECT pg_wal_replay_{'pause' if held else 'resume'}()")

    def catch_up(self):
        far = base.database.execute_sql("SELECT pg_current_wal_lsn()::text").fetchone()[0]
        until = time.monotonic() + 30
        while not self.pair.ask(1, f"SELECT pg_last_wal_replay_lsn() >= '{far}'::pg_lsn")[0][0]:
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.fixture(scope="module")
def pair():
    made = failover.Pair()
    yield made
    made.end()


def new(browser, key):
    answer = browser.post("/admin/r/parameter/new", data={"key": key, "value": "1", "effective_from": "2021-08-02"})
    assert answer.status_code == 303, answer.text


def test_who_saves_sees_it_at_once_others_when_the_replica_has_it(pair, tmp_path):
    place = Place(pair, tmp_path)
    one, two = place.browser("one"), place.browser("two")
    place.catch_up()
    new(one, "早先的")
    place.catch_up()
    place.hold(True)
    new(one, "刚存的")
    assert "刚存的" in one.get("/admin/r/parameter/").text, "from the primary"
    page = two.get("/admin/r/parameter/").text
    assert "早先的" in page and "刚存的" not in page, "from the replica"
    assert "刚存的" not in two.get("/admin/r/parameter/export?format=csv").text
    assert "刚存的" in one.get("/admin/r/parameter/export?format=csv").text
    place.hold(False)
    place.catch_up()
    assert "刚存的" in two.get("/admin/r/parameter/").text
    _an_export_job_reads_what_was_there_when_it_began(place)
    _totals_asked_of_the_replica_count_as_used(place)
    _what_decides_is_asked_of_the_primary(place, two)
    _a_replica_that_is_away_is_not_missed(place)
    _a_primary_that_is_away_is_told_and_the_form_kept(place)
    base.database.replica = None


def _an_export_job_reads_what_was_there_when_it_began(place):
    place.hold(True)
    records.create("parameter", SYSTEM, {"key": "任务前", "value": "1", "effective_from": "2021-08-02"})
    owner = actors.load(place.accounts["one"])
    asked = query.parse("parameter", owner, action="export")
    downloads.ask(asked, owner, form="csv", encoding="utf-8", purpose="", address="")
    while jobs.run_one():
        continue
    made = downloads.mine(owner)[0]
    assert "任务前" in b"".join(downloads.fetch(owner, made.job.id).pieces).decode()
    place.hold(False)


def _totals_asked_of_the_replica_count_as_used(place):
    with base.atomic():
        totals.keep("parameter", ("key",))
    totals.Kept.update(used_on="2021-08-01").execute()
    place.catch_up()
    routing.allow("")
    assert routing.elsewhere(totals.find)("parameter", ("key",)).used_on == "2021-08-01", "from the replica"
    routing.allow(None)
    assert [kept.used_on for kept in totals.Kept.select()] == [str(today())]


def _what_decides_is_asked_of_the_primary(place, browser):
    """An account that is closed is out at once, whatever the replica still thinks."""
    place.catch_up()
    place.hold(True)
    version = tables.model("account").get_by_id(place.accounts["two"]).version
    records.update("account", SYSTEM, place.accounts["two"], {"active": "false"}, version=version)
    assert browser.get("/admin/r/parameter/").status_code == 302
    place.hold(False)


def _a_replica_that_is_away_is_not_missed(place):
    one = place.browser("one")
    base.database.replica.close_all()
    base.database.replica = base._postgres("postgresql://postgres@127.0.0.1:1/none?connect_timeout=1", 2)
    assert "刚存的" in one.get("/admin/r/parameter/").text


def _a_primary_that_is_away_is_told_and_the_form_kept(place):
    one = place.browser("one")
    place.pair.kill_primary()
    answer = one.post("/admin/r/parameter/new", data={"key": "没存上的", "value": "1", "effective_from": "2021-08-02"})
    assert answer.status_code == 503 and "数据库暂时连不上" in answer.text and "没存上的" in answer.text


def test_a_read_inside_a_transaction_stays_on_the_primary(city):
    asked = []
    read = routing.elsewhere(lambda: asked.append(base.database.obj is base.database.primary))
    base.database.replica = base.database.primary
    try:
        routing.allow("")
        with base.atomic():
            read()
    finally:
        base.database.replica = None
        routing.allow(None)
    assert asked == [True]
