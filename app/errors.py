"""From errors to answers: a page for people, problem+json for programs, never anything internal; bugs go to the log whole."""

import logging
from contextlib import suppress

import peewee
from flask import g, jsonify, make_response, render_template, request
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import HTTPException, SecurityError
from wtforms import ValidationError

from app import kept
from app.paths import this_path, wants_json
from app.words import text
from models.errors import AppError, Fault, Invalid, NotAllowed, say
from services import audit, health

log = logging.getLogger("taizhang.app")

TITLES = {
    400: say("请求有误"),
    401: say("请先登录"),
    403: say("没有权限"),
    404: say("没有找到"),
    405: say("不能这样访问"),
    409: say("与别人的修改冲突"),
    413: say("内容太大"),
    415: say("格式不对"),
    422: say("内容有误"),
    428: say("缺少版本号"),
    429: say("操作太频繁"),
    500: say("系统出错"),
    503: say("系统暂时不能保存"),
}
_PLAIN = {
    400: say("请求不完整或格式不对，请返回后重试。"),
    404: say("这个页面不存在，或不在您的数据范围内。"),
    405: say("这个地址不能这样访问，请从页面上的按钮进入。"),
    413: say("提交的内容太大，没有保存。请缩小文件或分几次提交。"),
    415: say("提交的格式不对，没有保存。"),
    429: say("操作太频繁，请稍后再试。"),
    500: say("系统出错，这一步没有完成。请稍后重试；若再出错，请把编号告诉管理员。"),
}


def init_errors(app):
    """One handler for each kind of error."""
    app.register_error_handler(AppError, on_app_error)
    app.register_error_handler(HTTPException, on_http_error)
    for kind in health.CANNOT_SERVE:
        app.register_error_handler(kind, on_database_error)
    app.register_error_handler(Exception, on_bug)


def on_app_error(error):
    if isinstance(error, NotAllowed):
        # The refusal stands, also while it cannot be written down.
        with suppress(peewee.OperationalError):
            audit.log(g.get("actor"), "denied", detail=f"{request.method} {request.path} {error.rule}", address=_address())
    faults = error.faults if isinstance(error, Invalid) else ()
    answer = respond(error.status, error.sentence, faults=faults, rule=getattr(error, "rule", ""))
    if getattr(error, "retry_after", None):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def on_http_error(error):
    if isinstance(error, SecurityError) and not request.path.startswith("/api/"):
        # A foreign Host: no address can be built, so no page can be drawn.
        return make_response("400 Bad Request\n", 400, {"Content-Type": "text/plain; charset=utf-8"})
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    code = error.code if error.code in TITLES else 400 if error.code < 500 else 500
    answer = respond(code, _PLAIN.get(code, _PLAIN[400]))
    if code == 405 and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def on_database_error(error):
    """Busy, full, read-only or away: nothing was saved, and the same form can be sent once more."""
    g.actor = None
    unavailable = health.unavailable(error)
    hidden = kept.typed() if _is_ours() else []
    answer = respond(503, unavailable.sentence, hidden=hidden, again=this_path() if hidden else "")
    answer.headers["Retry-After"] = "5"
    return answer


def _is_ours():
    """Whether the form sent is of this site. Asked here, because the database can be missed before the guard has looked."""
    if request.method != "POST":
        return False
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except (ValidationError, HTTPException):
        return False
    return True


def on_bug(error):
    log.error("unexpected %s", type(error).__name__, exc_info=error, extra=context())
    g.actor = None
    return respond(500, _PLAIN[500])


def respond(status, sentence, *, faults=(), code="", rule="", draft_url="", hidden=(), again=""):
    """The answer to an error: problem+json or the error page."""
    if wants_json():
        return problem(status, sentence, faults=faults, code=code, rule=rule)
    page = render_template(
        "error.html", status=status, title=TITLES[status], sentence=sentence, faults=faults, draft_url=draft_url,
        hidden=hidden, again=again, reference=g.get("request_id", ""),
    )  # fmt: skip
    return make_response(page, status)


def problem(status, sentence, *, faults=(), code="", rule="", more=None):
    """The one JSON shape of errors (RFC 9457) as an answer."""
    answer = jsonify(shape(status, sentence, faults=faults, code=code, rule=rule, more=more))
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    return answer


def shape(status, sentence, *, faults=(), code="", rule="", more=None):
    """The members of a problem; `more` are further ones, such as the two sides of a conflict."""
    body = {
        "type": f"urn:taizhang:{code or (faults[0].code if faults else status)}",
        "title": text(TITLES[status]),
        "status": status,
        "detail": text(sentence),
        "errors": [_fault(fault) for fault in faults],
        "request_id": g.get("request_id", ""),
    }
    return body | ({"rule": rule} if rule else {}) | (more or {})


def _fault(fault: Fault):
    return {"field": fault.field, "code": fault.code, "message": text(fault.sentence)}


def context():
    """What a log line says about the request."""
    actor = g.get("actor")
    return {
        "request_id": g.get("request_id", ""), "account": actor.id if actor else None, "method": request.method,
        "path": request.path, "address": _address(),
    }  # fmt: skip


def _address():
    return request.remote_addr or ""
