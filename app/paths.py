"""Addresses inside this app, and what kind of answer a request waits for."""

from urllib.parse import urlsplit

from flask import request

_LONGEST = 2000


def own_path(target, otherwise="/"):
    """The address when it is a path of this app, else `otherwise`: nobody is sent elsewhere by a link (open redirect)."""
    if not target or len(target) > _LONGEST or not target.startswith("/"):
        return otherwise
    if "\\" in target or not target.isprintable() or " " in target:
        return otherwise
    path = urlsplit(target).path
    return otherwise if "//" in target.partition("?")[0] or path in ("/login", "/logout") else target


def this_path():
    """The path and query of the current request."""
    query = request.query_string.decode("utf-8", "replace")
    return request.path + (f"?{query}" if query else "")


def wants_json():
    """Whether a program (the API, a page's own script) asked, rather than a person in a browser."""
    if request.path.startswith("/api/") or request.is_json or request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return True
    # Old browsers send no Sec-Fetch-Mode; their scripts say X-Requested-With.
    if request.headers.get("Sec-Fetch-Mode") in ("cors", "same-origin") or "HX-Request" in request.headers:
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]
