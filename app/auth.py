"""Logging in and out, and who is at work in a request: `g.actor`, set before every request; strangers meet the login page."""

import logging
import secrets
from dataclasses import replace

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin
from flask_wtf.csrf import CSRFError, CSRFProtect

from app import kept
from app.errors import context, problem, respond
from app.paths import own_path, this_path, wants_json
from app.words import language
from models.errors import Invalid, say
from services import accounts, sessions

log = logging.getLogger("taizhang.auth")
blueprint = Blueprint("auth", __name__)
PUBLIC = frozenset(
    ("auth.login", "words.choose_language", "words.choose_theme", "operations.healthz", "operations.readyz", "operations.metrics")
)
WITH_FIRST_PASSWORD = frozenset(("auth.password", "auth.logout"))
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_LOGIN_FIRST = say("请先登录。")


class Person(UserMixin):
    """The actor as Flask-Login and Flask-Admin know users."""

    def __init__(self, actor):
        self.actor = actor

    def get_id(self):
        return str(self.actor.id)


def init_auth(app):
    """The guard first, so that a form posted after the login ran out is kept before its token is looked at."""
    app.before_request(_guard)
    CSRFProtect(app)
    app.register_error_handler(CSRFError, _expired_page)
    logins = LoginManager(app)
    logins.session_protection = None
    logins.request_loader(lambda _: Person(g.actor) if g.get("actor") else None)
    app.register_blueprint(blueprint)


# before each request -------------------------------------------------------------------------------------------------


def _guard():
    g.request_id, g.actor, g.token = secrets.token_hex(8), None, ""
    if request.routing_exception is not None or request.endpoint == "static" or request.blueprint == "api":
        return None  # the API asks for a token of its own (app.api.door) and reads no cookie
    if request.method not in _SAFE and _foreign():
        abort(400)
    g.token = session.get("token", "")
    actor = sessions.actor_of(g.token, g.request_id, request.remote_addr or "") if g.token else None
    g.actor = replace(actor, language=language()) if actor else None
    if request.endpoint in PUBLIC:
        return None
    if g.actor is None:
        return _stranger()
    if session.get("must_change") and request.endpoint not in WITH_FIRST_PASSWORD:
        return problem(403, say("请先修改初始密码。")) if wants_json() else redirect(url_for("auth.password"))
    return None


def _foreign():
    """Whether another site made the browser send this: it says so in Origin, or in Sec-Fetch-Site."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin.partition("://")[2].lower() != request.host.lower()
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _stranger():
    if wants_json():
        return problem(401, say("登录已过期，请重新登录后再试。") if g.token else _LOGIN_FIRST)
    if request.method in _SAFE:
        return redirect(url_for("auth.login", next=this_path()) if request.path != "/" else url_for("auth.login"))
    hidden = kept.packed(sessions.owner(g.token))
    note = say("登录已过期。请重新登录，刚才填写的内容会存为草稿，可以接着填。") if hidden else say("登录已过期，请重新登录。")
    return _login_page(401, note=note, next=kept.page(), hidden=hidden)


def _expired_page(error):
    """A form without its token. What was typed becomes a draft and is never posted by itself: someone else may have made it."""
    log.info("csrf: %s", error.description, extra=context())
    if wants_json():
        return problem(400, say("页面已过期，没有保存。请刷新页面后再试。"), code="csrf")
    if request.endpoint == "auth.login":
        note = say("登录页面已过期，请再登录一次。")
        return _login_page(400, note=note, username=request.form.get("username", "")[:100], hidden=kept.again())
    pairs = kept.typed()
    if g.actor is None or g.actor.read_only or not pairs:
        return respond(400, say("页面已过期，没有保存。请返回、刷新页面后再试。"))
    path = kept.page()
    kept.save(g.actor, path, pairs)
    return respond(400, say("页面已过期，没有提交。您填写的内容已存为草稿，打开表单可以接着填。"), draft_url=path)


# pages ---------------------------------------------------------------------------------------------------------------


@blueprint.get("/")
def home():
    return redirect("/admin/")


@blueprint.route("/login", methods=("GET", "POST"))
def login():
    target = own_path(request.values.get("next"))
    if request.method == "GET":
        return redirect(target) if g.actor else _login_page(200, next=target)
    username, password = request.form.get("username", ""), request.form.get("password", "")
    address, agent = request.remote_addr or "", request.user_agent.string
    try:
        token = accounts.authenticate(username, password, address, agent, g.request_id)
    except (accounts.LoginRefused, accounts.TooManyLogins) as error:
        answer = _login_page(error.status, error=error.sentence, username=username[:100], next=target, hidden=kept.again())
        if isinstance(error, accounts.TooManyLogins):
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    _enter(token)
    actor = sessions.actor_of(token, g.request_id, address)
    session["must_change"] = accounts.must_change(actor.id)
    return redirect(_with_draft(actor) or target, 303)


@blueprint.post("/logout")
def logout():
    accounts.sign_out(g.token, g.actor)
    session.clear()
    answer = redirect(url_for("auth.login"), 303)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@blueprint.route("/password", methods=("GET", "POST"))
def password():
    if request.method == "GET":
        return _password_page(200)
    form = request.form
    try:
        token = accounts.change_password(g.actor, form.get("old", ""), form.get("new", ""), form.get("again", ""))
    except Invalid as error:
        return _password_page(422, errors=error.by_field)
    _enter(token)
    return redirect("/admin/", 303)


def _enter(token):
    """A fresh cookie: nothing of what it held before the login stays (session fixation)."""
    session.clear()
    session["token"] = token


def _with_draft(actor):
    """The page whose form was posted too late, its fields now a draft; None when there is nothing to go on with."""
    carried = kept.unpacked(actor.id)
    if carried is None:
        return None
    path, pairs = carried
    kept.save(actor, path, pairs)
    return path


def _login_page(status, *, note=None, error=None, username="", next="/", hidden=()):
    page = render_template("login.html", note=note, error=error, username=username, next=next, hidden=hidden)
    return make_response(page, status)


def _password_page(status, errors=None):
    page = render_template("password.html", errors=errors or {}, must_change=bool(session.get("must_change")))
    return make_response(page, status)


def cookie_settings(https):
    """Flask's settings of the one cookie that matters. `__Host-` binds it to this host and to HTTPS."""
    return {
        "SESSION_COOKIE_NAME": "__Host-taizhang" if https else "taizhang",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_PATH": "/",
    }
