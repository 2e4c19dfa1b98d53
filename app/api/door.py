"""The way in: a bearer token with every call, so many calls a minute; a browser's cookie opens nothing here."""

import math
import time
from dataclasses import replace

from flask import Blueprint, current_app, g, request

from app import errors
from app.words import language
from models.errors import AppError, say
from services import tokens

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


class TooManyCalls(AppError):
    """More calls a minute than the setting allows for a token, or for an address without one."""

    status = 429

    def __init__(self, retry_after):
        super().__init__(say("调用太频繁，请等 {seconds} 秒再试。", seconds=retry_after))
        self.retry_after = retry_after


@blueprint.before_request
def enter():
    """Finds the token's actor, or answers 401 or 429."""
    address = request.remote_addr or ""
    try:
        actor, g.api_token = tokens.actor_of(_bearer(), address=address, request_id=g.request_id)
    except tokens.NoToken:
        _count(f"address:{address}")
        raise
    g.actor = replace(actor, language=language())
    _count(f"token:{g.api_token.id}")


def _bearer():
    said = request.authorization
    return said.token if said is not None and said.type == "bearer" and said.token else ""


def _count(caller):
    """Each process counts the calls it answers; what counts is loaded with the first."""
    from limits import RateLimitItemPerMinute
    from limits.storage import MemoryStorage
    from limits.strategies import FixedWindowRateLimiter

    found = current_app.extensions
    calls = found.get("taizhang_calls") or found.setdefault("taizhang_calls", FixedWindowRateLimiter(MemoryStorage()))
    limit = RateLimitItemPerMinute(current_app.config["TAIZHANG"].api_limit)
    if not calls.hit(limit, caller):
        raise TooManyCalls(max(1, math.ceil(calls.get_window_stats(limit, caller).reset_time - time.time())))


@blueprint.errorhandler(tokens.NoToken)
def without_token(error):
    answer = errors.on_app_error(error)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
