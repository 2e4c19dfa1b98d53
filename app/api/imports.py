"""Imports by program: a file becomes a plan that is shown, answered, applied and can be taken back."""

import tempfile
from pathlib import Path

from flask import Response, g, jsonify, request, url_for
from werkzeug.exceptions import UnsupportedMediaType

from app.api.asking import body, json_text, member, number, only, parameters, record_id, shown
from app.api.door import blueprint
from app.words import text
from models.errors import Fault, Invalid, say
from services import imports, policy

ONE = "/imports/<int:id>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM = ("mode", "policy", "empty", "key", "mapping", "constants", "sheet", "header", "encoding")


@blueprint.post("/registers/<register>/imports")
def start_import(register):
    """202: the file is taken and is being read; form parts `file` (one or several), `mode`, `policy`, `empty`, `key`, `mapping` …"""
    view = shown(register)
    policy.require(g.actor, "edit", view)
    parameters()
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType()
    # A part of a form may lack its name.
    form = only({name or "": value for name, value in request.form.items()}, *FORM)
    files = [(sent.filename or "file", sent.read()) for sent in request.files.getlist("file")]
    wanted = {name: form[name] for name in ("mode", "policy", "empty", "sheet", "encoding") if form.get(name)}
    item = imports.start(
        g.actor, view.name, files, **wanted, mapping=_texts(form, "mapping"), constants=_texts(form, "constants"),
        key=tuple(part.strip() for part in form.get("key", "").split(",") if part.strip()),
        header=_header(json_text(form["header"], "header")) if form.get("header") else None,
    )  # fmt: skip
    return _taken(item)


def _texts(form, name):
    """{text: text} of a form part that is a JSON object."""
    return _words(name, json_text(form[name], name)) if form.get(name) else None


def _words(name, found):
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Invalid([Fault(name, "type", say("「{name}」应是 JSON 对象，名称和值都是文字。", name=name))])
    return found


def _header(found):
    """The rows of the header: a row's number, or the first and the last."""
    rows = found if isinstance(found, list) else [found, found]
    if len(rows) != 2 or not all(type(row) is int and 0 < row < 10**6 for row in rows):
        raise Invalid([Fault("header", "type", say("「{name}」应是行号，或 [首行, 末行]。", name="header"))])
    return tuple(rows)


def _taken(item):
    """202: a job is at it; the address tells how far."""
    answer = jsonify(imports.to_json(item, g.actor, text))
    answer.status_code = 202
    answer.headers["Location"] = url_for("api.get_import", id=item.id)
    return answer


def _own(id, action="view"):
    """The caller's own import. Its owner's tokens may be limited to less than he may: to other registers (404), to looking (403)."""
    item = imports.get(g.actor, record_id(id))
    policy.require(g.actor, action, shown(item.register))
    return item


@blueprint.get(ONE)
def get_import(id):
    item = _own(id)
    parameters()
    return jsonify(imports.to_json(item, g.actor, text))


@blueprint.post(f"{ONE}:answer")
def answer_import(id):
    _own(id, "edit")
    parameters()
    sent = only(body(), "answers", "mapping", "constants", "sheet", "header", "encoding", "mode", "policy", "empty")
    changed = {name: member(sent, name, str) for name in ("sheet", "encoding", "mode", "policy", "empty")}
    changed |= {name: _words(name, member(sent, name, dict, {})) for name in ("mapping", "constants")}
    header = None if sent.get("header") is None else _header(sent["header"])
    return _taken(imports.answer(g.actor, id, answers=_answers(member(sent, "answers", dict, {})), header=header, **changed))


def _answers(found):
    """Answers as they are taken: a value, or {"value", "remember"}."""
    for id, said in found.items():
        value = said.get("value") if isinstance(said, dict) else said
        known = not isinstance(said, dict) or (set(said) <= {"value", "remember"} and isinstance(said.get("remember", False), bool))
        if not known or not isinstance(value, (str, int)) or isinstance(value, bool):
            raise Invalid([Fault(id[:60], "type", say("回答应是一个值，或 {form}。", form='{"value": …, "remember": true}'))])
    return found


@blueprint.post(f"{ONE}:apply")
def apply_import(id):
    _own(id, "edit")
    parameters()
    return _taken(imports.apply(g.actor, id))


@blueprint.post(f"{ONE}:undo")
def undo_import(id):
    _own(id, "edit")
    parameters()
    return _taken(imports.undo(g.actor, id))


@blueprint.get(f"{ONE}/rows")
def import_rows(id):
    _own(id)
    said = parameters("outcome", "after", "limit")
    limit, after = number(said, "limit", 100, 1, 200), number(said, "after", 0, 0, 10**9)
    page = imports.rows(g.actor, id, outcome=said.get("outcome", ""), after=after, limit=limit, text=text)
    return jsonify({"rows": page.rows, "next": page.next})


@blueprint.get(f"{ONE}/errors.xlsx")
def import_errors(id):
    """The file back, its wrong cells marked and explained; `file` counts from 0 where several were sent."""
    _own(id)
    at = number(parameters("file"), "file", 0, 0, 10**6)
    with tempfile.TemporaryDirectory(prefix="taizhang-") as folder:
        path = Path(folder) / "errors.xlsx"
        imports.error_workbook(g.actor, id, path, file=at, text=text)
        return Response(path.read_bytes(), content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="errors.xlsx"'})
