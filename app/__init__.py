"""The application: `create_app` wires the parts together and holds no logic of its own."""

from app import memory  # isort: skip -- first, see there

from contextlib import suppress

from flask import Flask, current_app, request, session
from werkzeug.middleware.proxy_fix import ProxyFix

import admin_views
import config
from app.api import init_api
from app.auth import cookie_settings, init_auth
from app.compiled import init_compiled
from app.errors import init_errors
from app.headers import init_headers
from app.operations import init_operations
from app.words import init_words
from models import base, definitions, registry, routing
from services import health


def create_app(settings=None):
    """A WSGI application on these settings, by default those of the environment."""
    settings = settings or config.load()
    config.activate(settings)
    base.connect(settings.database_url, replica=settings.replica_url)
    app = Flask(__name__)
    app.config.update(
        TAIZHANG=settings,
        SECRET_KEY=settings.secret_key,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=settings.max_request_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=settings.max_form_kb * 1024,
        MAX_FORM_PARTS=5000,
        # A page may stand open all day: the token lives as long as the session, and Origin is checked as well.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        **cookie_settings(settings.https),
    )
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies)
    app.before_request(_connect)
    app.teardown_request(_disconnect)
    app.after_request(_mark_written)
    app.after_request(_disconnect_after_stream)
    for part in (
        init_compiled,
        init_headers,
        init_operations,
        init_errors,
        init_words,
        init_auth,
        init_api,
        admin_views.init_admin,
    ):
        part(app)
    return app


WROTE = "wrote"  # in the session: what a replica must have before this person reads there


def _connect():
    """For pages; files and the questions of operations are answered without a database."""
    if request.endpoint != "static" and request.blueprint != "operations":
        base.open_connection(current_app.config["TAIZHANG"].query_seconds)
        if request.method == "GET" and request.blueprint != "api":
            routing.allow(session.get(WROTE, ""))
        definitions.follow()


def _mark_written(answer):
    """Who may have saved something reads it again at once, also where lists come from a replica."""
    if base.database.replica is not None and request.method == "POST" and request.blueprint != "api":
        with suppress(*health.CANNOT_SERVE):
            session[WROTE] = routing.write_mark()
    return answer


def _disconnect(error):
    registry.unpin()
    base.release_connection()


def _disconnect_after_stream(answer):
    """A streamed export reads while it is sent, after the request's own end: its connection is released then."""
    if answer.is_streamed:
        answer.call_on_close(base.release_connection)
    return answer


memory.wake()
