"""The application on the test city with settings of the test's own; a browser that fills in forms as people do."""

import re

import pytest

import config
from app import create_app
from services import accounts
from tests import engines
from tests.actors import PASSWORD

CHEAP = {
    "TAIZHANG_PASSWORD_MEMORY": "64",
    "TAIZHANG_PASSWORD_ROUNDS": "1",
    "TAIZHANG_SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
}


def settings(folder, **more):
    return config.load(CHEAP | {"TAIZHANG_DATA_DIR": str(folder)} | more)


@pytest.fixture
def make_app(city, tmp_path):
    """Makes the app on the test city, with other settings where the test asks for them."""

    def make(**more):
        engines.disconnect()
        made = create_app(settings(tmp_path, **({"TAIZHANG_DATABASE_URL": city.url} | more)))
        made.add_url_rule("/probe", "probe", lambda: "ok", methods=("GET", "POST"))
        return made

    return make


@pytest.fixture
def app(make_app):
    return make_app()


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
        """The token of the form the person stands before: the password page's, or the login page's."""
        forms = self.get("/password").text + self.get("/login").text
        return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', forms)[1]

    def post(self, path, data=None, token=True, **more):
        fields = dict(data or {})
        if token:
            fields["csrf_token"] = self.token()
        return self.client.post(path, data=fields, **(self.sent | more))

    def login(self, username, password=PASSWORD, **fields):
        return self.post("/login", {"username": username, "password": password} | fields)

    def inside(self):
        """Whether the browser is logged in."""
        return self.get("/probe").status_code == 200


def account_id(username):
    return accounts.by_username(username)
