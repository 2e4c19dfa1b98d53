"""What every answer carries: content security policy, caching rules and the other security headers."""

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from flask import current_app, g, request

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_FOR_EVER = "public, max-age=31536000, immutable"


def init_headers(app):
    """Headers on every answer; `csp_nonce()` in templates; addresses of static files that change with the file."""
    app.after_request(_add)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.url_defaults(_versioned)


def csp_nonce():
    """The one word that lets this page's own inline scripts run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def _add(answer):
    for name, value in _FIXED.items():
        answer.headers.setdefault(name, value)
    answer.headers["Content-Security-Policy"] = _POLICY.format(nonce=csp_nonce())
    if current_app.config["TAIZHANG"].https:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint == "static" and answer.status_code in (200, 304):
        answer.headers["Cache-Control"] = _FOR_EVER if request.args.get("v") else "no-cache"
    else:
        answer.headers["Cache-Control"] = "no-store"
        answer.vary.add("Cookie")
    if "request_id" in g:
        answer.headers["X-Request-Id"] = g.request_id
    return answer


def _versioned(endpoint, values):
    if endpoint == "static" and "filename" in values and "v" not in values:
        values["v"] = _digest(str(Path(current_app.static_folder) / values["filename"]))


@lru_cache(maxsize=512)
def _digest(path):
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else "0"
