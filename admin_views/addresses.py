"""The app's addresses: each is worked out once, not for every page that names it."""

import flask
from flask import current_app, request

MOST = 4000  # kept at a time


def url_for(endpoint, **values):
    """Flask's address of a page with these values."""
    kept = current_app.extensions.setdefault(__name__, {})
    asked = (request.script_root, endpoint, tuple(values.items()))
    found = kept.get(asked)
    if found is None:
        if len(kept) >= MOST:
            kept.clear()
        found = kept[asked] = flask.url_for(endpoint, **values)
    return found
