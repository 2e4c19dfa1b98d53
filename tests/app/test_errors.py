"""Errors become answers that help people and programs and tell nothing about the inside; bugs are logged whole."""

import json
import logging
import re

import apsw
import peewee
import pytest

from app import log as logs
from models import tables
from models.errors import Conflict, Fault, Invalid, NotAllowed, NotFound, Unavailable, say
from services import health
from tests.app.conftest import Browser, settings

INSIDE = re.compile(
    r"Traceback|sqlite3|apsw|peewee|psycopg|SELECT |/home/|\.py\b|constraint failed|werkzeug|database is locked", re.I
)
KINDS = {
    "not_found": (NotFound(), 404),
    "not_allowed": (NotAllowed(say("您的角色没有这个权限。"), "no_grant:school:edit"), 403),
    "invalid": (
        Invalid([Fault("area", "number", say("「面积」不是数。")), Fault("name", "required", say("请填写「名称」。"))]),
        422,
    ),
    "conflict": (Conflict(say("别人刚刚改了这条记录。")), 409),
    "unavailable": (Unavailable(say("系统正忙，没有保存。")), 503),
    "bug": (RuntimeError("SELECT secret FROM /home/x.py"), 500),
    "key_error": (KeyError("secret"), 500),
    "locked": (peewee.OperationalError("database is locked"), 503),
    "full": (peewee.OperationalError("database or disk is full"), 503),
    "readonly": (peewee.OperationalError("attempt to write a readonly database"), 503),
    "away": (peewee.InterfaceError("connection already closed"), 503),
    "integrity": (peewee.IntegrityError("UNIQUE constraint failed: r_school.f_code"), 500),
}


@pytest.fixture
def failing(app):
    """An app with a page for every kind of error."""

    def fail(kind):
        raise KINDS[kind][0]

    app.add_url_rule("/fail/<kind>", "fail", fail, methods=("GET", "POST"))
    browser = Browser(app)
    browser.login("city_admin")
    return browser


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_gets_a_page_with_a_sentence_and_a_number(failing, kind):
    answer = failing.get(f"/fail/{kind}")
    assert (answer.status_code, answer.mimetype) == (KINDS[kind][1], "text/html")
    assert not INSIDE.search(answer.text)
    assert re.search(r"[\u4e00-\u9fff]{4,}", answer.text)
    assert answer.headers["X-Request-Id"] in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_gets_the_one_json_shape(failing, kind):
    answer = failing.client.get(f"/fail/{kind}", headers={"Accept": "application/json"})
    body = answer.json
    assert (answer.status_code, answer.mimetype) == (KINDS[kind][1], "application/problem+json")
    assert set(body) - {"rule"} == {"type", "title", "status", "detail", "errors", "request_id"}
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert not INSIDE.search(answer.text)


def test_all_faults_are_told_at_once(failing):
    body = failing.client.get("/fail/invalid", headers={"Accept": "application/json"}).json
    assert body["errors"] == [
        {"field": "area", "code": "number", "message": "「面积」不是数。"},
        {"field": "name", "code": "required", "message": "请填写「名称」。"},
    ]


def test_a_refusal_names_its_rule_and_is_in_the_access_log(failing):
    assert failing.client.get("/fail/not_allowed", headers={"Accept": "application/json"}).json["rule"] == "no_grant:school:edit"
    row = tables.model("access_log").select().where(tables.model("access_log").f_action == "denied").get()
    assert (row.f_username, row.f_detail) == ("city_admin", "GET /fail/not_allowed no_grant:school:edit")


def test_a_bug_is_logged_whole_on_one_line(failing, caplog):
    answer = failing.get("/fail/bug")
    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    line = logs.JsonLines().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert "SELECT secret" in entry["trace"]


def test_a_log_line_cannot_be_forged():
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "user %s", ('boss\n{"level":"info"}\x1b[2J\u2028',), None)
    line = logs.JsonLines().format(record)
    assert line.isascii()
    assert line.isprintable()


def test_the_request_log_holds_no_search_words_and_no_token(app, caplog):
    caplog.set_level(logging.INFO, logger="taizhang.requests")
    Browser(app).get("/probe?q=李小明&token=abc")
    line = logs.JsonLines().format(next(record for record in caplog.records if record.name == "taizhang.requests"))
    assert json.loads(line)["path"] == "/probe"
    assert "abc" not in line


def test_a_form_that_could_not_be_saved_can_be_sent_once_more(failing):
    answer = failing.post("/fail/locked", {"note": "漏水 <三楼>", "password": "x"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "漏水 &lt;三楼&gt;" in answer.text
    assert 'action="/fail/locked"' in answer.text
    assert 'name="password"' not in answer.text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_locked_database_still_shows_pages_and_says_that_nothing_was_saved(city, browser):
    browser.login("city_admin")
    health.base.database.obj.timeout = 0.2
    holder = apsw.Connection(city.url)
    try:
        holder.execute("BEGIN IMMEDIATE")
        assert browser.inside()
        assert browser.get("/readyz").status_code == 200
        answer = browser.post("/password", {"old": "a", "new": "b", "again": "b"})
        assert answer.status_code == 503
        assert not INSIDE.search(answer.text)
    finally:
        holder.close()
    assert browser.inside()


def test_without_a_database_nobody_is_let_in(make_app, tmp_path):
    app = make_app(TAIZHANG_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    for path in ("/probe", "/admin/"):
        answer = Browser(app).get(path, headers={"Cookie": "taizhang=x"})
        assert answer.status_code == 503
        assert not INSIDE.search(answer.text)
    answer = Browser(app).get("/readyz")
    assert (answer.status_code, answer.json["problems"]) == (503, ["database_away"])
    assert Browser(app).get("/healthz").status_code == 200


def test_an_old_database_is_not_ready(make_app, tmp_path):
    app = make_app(TAIZHANG_DATABASE_URL=str(tmp_path / "new.sqlite3"))
    answer = Browser(app).get("/readyz")
    assert (answer.status_code, answer.json["problems"]) == (503, ["migration_pending"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("POST", "/nothing", 404),
        ("GET", "/logout", 405),
        ("DELETE", "/login", 405),
        ("GET", "/static/x", 404),
    ],
)
def test_wrong_addresses_and_methods(browser, method, path, status):
    browser.login("city_admin")
    answer = browser.client.open(path, method=method, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert status != 405 or "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "path",
    [
        "/login?next=/a&next=/b", "/login?" + "a=1&" * 3000, "/login?next=" + "a" * 9000, "/login?next=%00", "/login?next=%ff%fe",
        "/%ff", "/" + "a" * 9000, "/admin/%00", "/healthz?x=%", "/language", "/login?username=1&password=2",
    ],
)  # fmt: skip
def test_odd_addresses_are_no_errors_of_ours(app, path, known):
    browser = Browser(app)
    if known:
        browser.login("city_admin")
    assert browser.get(path).status_code < 500


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded", 413),
        (b"x" * 2_000_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded", 400),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data", 400),
        (b"{", "application/json", 400),
        (b"&".join(b"a%d=1" % at for at in range(20_000)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_odd_bodies_are_no_errors_of_ours(make_app, body, kind, status):
    app = make_app(TAIZHANG_MAX_FORM_KB="500", TAIZHANG_MAX_REQUEST_MB="1")
    answer = app.test_client().post("/login", data=body, content_type=kind)
    assert answer.status_code == status or (status == 413 and len(body) < 1 << 20 and answer.status_code == 400)
    assert not INSIDE.search(answer.text)


def test_the_pages_speak_english_when_asked(browser):
    browser.post("/language", {"lang": "en"})
    browser.login("city_admin")
    assert 'lang="en"' in browser.get("/nothing").text


@pytest.mark.parametrize(
    "key",
    ["short", "x" * 64, "changeme" * 8, "secretsecretsecretsecretsecretsecret1234", "your-secret-key-goes-here-0123456789abcdef"],
)
def test_weak_signing_keys_are_refused_in_plain_words(tmp_path, key):
    with pytest.raises(ValueError, match="TAIZHANG_SECRET_KEY"):
        settings(tmp_path, TAIZHANG_SECRET_KEY=key)


def test_each_install_makes_and_keeps_its_own_key(tmp_path):
    first, again, other = (settings(tmp_path / name, TAIZHANG_SECRET_KEY="") for name in ("a", "a", "b"))
    assert first.secret_key == again.secret_key != other.secret_key
    assert len(first.secret_key) == 64
    assert (tmp_path / "a" / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "x"), ("PORT", "0"), ("HTTPS", "maybe"), ("LANGUAGE", "fr"), ("WORKERS", "-1")]
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path, name, value):
    with pytest.raises(ValueError, match=f"TAIZHANG_{name}"):
        settings(tmp_path, **{f"TAIZHANG_{name}": value})
