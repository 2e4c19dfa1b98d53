"""A browser for the tests: keeps its cookie, sends the page's token with every post, and can come in as any person."""

from dataclasses import replace

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from services import sessions, tokens
from tests.actors import STRANGER

_RAW_TOKEN = "0123456789abcdef0123456789abcdef01234567"


class Browser(FlaskClient):
    """A test client whose posts carry a good CSRF token, as those of the app's own pages do."""

    def post(self, path, data=None, **options):
        if options.pop("token", True):
            options["headers"] = {"X-CSRFToken": self._signed()} | dict(options.get("headers") or {})
        return super().post(path, data=data, **options)

    def _signed(self):
        return URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(_RAW_TOKEN)

    @staticmethod
    def app_on(settings, url):
        """The application with these settings on a database."""
        # Imported here so that tests below the screens run without them.
        from app import create_app

        made = create_app(replace(settings, database_url=url))
        made.config["TESTING"] = False
        made.test_client_class = Browser
        return made

    @staticmethod
    def of(app, city, name):
        browser = app.test_client()
        with browser.session_transaction() as session:
            session["csrf_token"] = _RAW_TOKEN
            if name != STRANGER:
                session["token"] = sessions.start(city.accounts[name])
        return browser


class Caller:
    """A program: sends a bearer token with every call and keeps no cookie."""

    def __init__(self, app, secret):
        self._client = app.test_client(use_cookies=False)
        self._secret = secret

    @classmethod
    def of(cls, app, city, name, **limits):
        """The program of a person, with a token of his limited so."""
        return cls(app, "none" if name == STRANGER else tokens.create(city.actor(name), "测试", **limits)[1])

    def open(self, path, method="GET", headers=None, **options):
        headers = {"Authorization": f"Bearer {self._secret}"} | dict(headers or {})
        return FlaskClient.open(self._client, path, method=method, headers=headers, **options)

    def get(self, path, **options):
        return self.open(path, "GET", **options)

    def post(self, path, json=None, **options):
        return self.open(path, "POST", **({"json": json} if json is not None else {}), **options)

    def patch(self, path, json, version, **options):
        return self.open(path, "PATCH", json=json, headers={"If-Match": f'"{version}"'} | options.pop("headers", {}), **options)

    def delete(self, path, version):
        return self.open(path, "DELETE", headers={"If-Match": f'"{version}"'})
