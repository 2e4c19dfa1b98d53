"""What was typed, carried over an interruption: an expired login, an expired page, a database that cannot write just now."""

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.paths import own_path, this_path
from services import desk

PREFIX = "kept:"
MOST = 200_000
_NEVER = ("csrf_token", "password", "old", "new", "again")


def typed():
    """[[name, value], …] of the posted form without secrets; empty where it is too much to carry."""
    if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return []
    pairs = [[name, value] for name, value in request.form.items(multi=True) if name not in _NEVER and not name.startswith(PREFIX)]
    return pairs if sum(len(name) + len(value) for name, value in pairs) <= MOST else []


def page():
    """The page whose form was posted: this address where it also answers GET, else the page the form stood on."""
    adapter = current_app.create_url_adapter(request)
    try:
        adapter.match(request.path, method="GET")
    except RequestRedirect:
        return this_path()
    except HTTPException:
        origin = request.host_url.rstrip("/")
        referrer = request.referrer or ""
        return own_path(referrer.removeprefix(origin)) if referrer.startswith(f"{origin}/") else "/"
    return this_path()


def packed(account_id):
    """[(name, value)] of hidden inputs that carry the posted form through the login page. A signature ties them to their writer."""
    pairs = typed()
    if not pairs:
        return []
    path = page()
    carried = [(f"{PREFIX}{name}", value) for name, value in pairs]
    return [*carried, ("kept_for", _serializer().dumps([account_id, path]))]


def again():
    """The same hidden inputs once more, when the login failed."""
    return [(name, value) for name, value in request.form.items(multi=True) if name == "kept_for" or name.startswith(PREFIX)]


def save(actor, path, pairs):
    """Makes the pairs the draft of the page at this path: its address without the query, as the page asks for it."""
    version = dict(pairs).get("_version", "")
    usable = version.isascii() and version.isdigit() and len(version) < 19
    desk.save_draft(actor, path.partition("?")[0], pairs, int(version) if usable else None)


def unpacked(account_id):
    """(page, pairs) of a form carried through the login page, or None: there was none, or somebody else typed it."""
    try:
        owner, path = _serializer().loads(request.form.get("kept_for", ""))
    except BadSignature:
        return None
    if owner not in (None, account_id):
        return None
    pairs = [[name.removeprefix(PREFIX), value] for name, value in request.form.items(multi=True) if name.startswith(PREFIX)]
    return path, pairs


def _serializer():
    return URLSafeSerializer(current_app.secret_key, salt="kept")
