"""A small city with a few people, made once and copied for each test; a browser that fills in forms as people do."""

import logging
import re
import shutil
from contextlib import contextmanager

import pytest

import config
import seeds
from app import create_app
from models import base, tables
from services import accounts, records
from services.actor import SYSTEM

PASSWORD = "quiet river 58"
CHEAP = {"TAIZHANG_PASSWORD_MEMORY": "64", "TAIZHANG_PASSWORD_ROUNDS": "1", "TAIZHANG_SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
DISTRICTS = (("410105", "金水区"), ("410102", "中原区"))


def settings(folder, **more):
    return config.load(CHEAP | {"TAIZHANG_DATA_DIR": str(folder)} | more)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A database file: two districts, a school in each, a person in each role that the tests need."""
    folder = tmp_path_factory.mktemp("city")
    chosen = settings(folder)
    with create_app(chosen).app_context():
        tables.migrate()
        seeds.reference()
        _people(_schools())
        base.database.close()
    return chosen.database_url


def _schools():
    district = tables.model("district")
    have = {row.f_code: row.id for row in district.select()}
    for code, name in DISTRICTS:
        if code not in have:
            have[code] = records.create("district", SYSTEM, {"code": code, "name": name, "kind": "district"}).record.id
    schools = {}
    for code, _ in DISTRICTS:
        values = {"code": f"S{code}", "name": f"{code}第一小学", "district": have[code], "level": "primary", "managed_by": "district", "ownership": "public"}
        schools[code] = records.create("school", SYSTEM, values).record.id
    return have, schools


def _people(places):
    districts, schools = places
    people = {
        "boss": {"role": "city_admin"},
        "office": {"role": "city_clerk"},
        "auditor": {"role": "auditor"},
        "clerk": {"role": "district_clerk", "district": districts["410105"]},
        "teacher": {"role": "school_reporter", "district": districts["410105"], "school": schools["410105"]},
        "stranger": {"role": "school_reporter", "district": districts["410102"], "school": schools["410102"]},
    }
    made = [accounts.create(SYSTEM, username, f"{username}先生", [held])[0] for username, held in people.items()]
    accounts.give_passwords(made, PASSWORD, must_change=False)


@pytest.fixture
def make_app(prepared, tmp_path):
    """Makes the app on a fresh copy of the city, with other settings where the test asks for them."""
    shutil.copy(prepared, tmp_path / "taizhang.sqlite3")

    def make(**more):
        return create_app(settings(tmp_path, **more))

    yield make
    base.database.close()


@pytest.fixture
def app(make_app):
    made = make_app()
    made.add_url_rule("/probe", "probe", lambda: "ok", methods=("GET", "POST"))
    return made


@pytest.fixture
def browser(app):
    return Browser(app)


class Browser:
    """A person's browser: keeps cookies, sends the token of the page it stands on."""

    def __init__(self, app, address="10.0.0.1", **headers):
        self.client = app.test_client()
        self.sent = {"environ_overrides": {"REMOTE_ADDR": address}, "headers": {"Accept": "text/html"} | headers}

    def get(self, path, **more):
        return self.client.get(path, **(self.sent | more))

    def token(self):
        return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/password").text or "") or re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/login").text
        )

    def post(self, path, data=None, token=True, **more):
        fields = dict(data or {})
        if token:
            fields["csrf_token"] = self.token()[1]
        return self.client.post(path, data=fields, **(self.sent | more))

    def login(self, username, password=PASSWORD, **fields):
        return self.post("/login", {"username": username, "password": password} | fields)

    def inside(self):
        """Whether the browser is logged in."""
        return self.get("/probe").status_code == 200


def account_id(username):
    return accounts.by_username(username)


@pytest.fixture
def count_queries():
    """Collects the SQL statements of a block."""

    @contextmanager
    def counting():
        found = []
        handler = logging.Handler()
        handler.emit = lambda record: found.append(record.getMessage())
        logger = logging.getLogger("peewee")
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        yield found
        logger.removeHandler(handler)

    return counting
