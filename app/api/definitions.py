"""Registers made by program: a draft, its check, its publication, and a proposal from a file. The same services as the screens'."""

from decimal import Decimal

from flask import g, jsonify, request, url_for
from werkzeug.exceptions import UnsupportedMediaType

from app import errors
from app.api.asking import body, if_match, only, parameters
from app.api.door import blueprint
from app.words import text
from models.errors import Fault, Invalid, say
from services import definitions, infer
from services.definitions import Stale

ONE = "/registers/<register>"


@blueprint.post("/registers")
def draft_register():
    """201: the definition is kept as a draft, good or not; `problems` say what keeps it from being published."""
    definitions.require(g.actor)
    parameters()
    found = definitions.save(g.actor, _plain(body()))
    answer = _answer(found, definitions.check(g.actor, found.wish, found.name))
    answer.status_code = 201
    answer.headers["Location"] = url_for("api.register", register=found.name)
    return answer


@blueprint.patch(ONE)
def change_draft(register):
    """The draft's top members replaced by those sent; If-Match is the draft's version (`draft_version`, 0 where there is none)."""
    found = _defined(register)
    version = if_match()
    wish = found.wish | _plain(body())
    saved = definitions.save(g.actor, wish, found.name, version)
    return _answer(saved, definitions.check(g.actor, saved.wish, saved.name))


@blueprint.post(f"{ONE}:check")
def check_register(register):
    """What is wrong with the draft, or with the definition sent, and what publishing it would change. Nothing is kept."""
    found = _defined(register)
    sent = _plain(body())
    return _answer(found, definitions.check(g.actor, found.wish | sent, found.name))


@blueprint.post(f"{ONE}:publish")
def publish_register(register):
    """The draft put in force; If-Match is the version in force that it was made from (`version`, 0 before the first)."""
    found = _defined(register)
    version = if_match()
    only(body())
    done = definitions.publish(g.actor, found.name, found.wish, version, found.draft_version)
    return jsonify({"name": done.register.name, "version": done.version, "changes": [text(part) for part in done.changes]})


@blueprint.post("/registers:infer")
def infer_register():
    """A proposed definition from the form part `file`: each field with its reason, and what does not fit it. Nothing is kept."""
    definitions.require(g.actor)
    parameters()
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType()
    form = only({name or "": value for name, value in request.form.items()}, "label")
    files = request.files.getlist("file")
    if len(files) != 1:
        raise Invalid([Fault("file", "required", say("请上传一个文件。"))])
    proposal = infer.from_file(g.actor, files[0].filename or "file", files[0].read(), form.get("label", "").strip())
    return jsonify(infer.to_json(proposal, text))


@blueprint.errorhandler(Stale)
def stale(error):
    """409 with what the other one changed, in sentences."""
    more = {"changes": [text(part) for part in error.changes], "version": error.version}
    answer = errors.problem(error.status, error.sentence, code=error.code, more=more)
    answer.headers["ETag"] = f'"{error.version}"'
    return answer


def _defined(register):
    definitions.require(g.actor)
    found = definitions.read(g.actor, register)
    parameters()
    return found


def _answer(found, checked):
    """A definition as it stands, with what its check says; the draft's version as ETag."""
    answer = jsonify(
        {
            "name": found.name,
            "version": found.version,
            "draft_version": found.draft_version,
            "built_in": found.built_in,
            "retired": found.retired,
            "register": found.wish,
            "problems": [{"id": one.id, "where": one.where, "message": text(one.sentence)} for one in checked.problems],
            "changes": [text(part) for part in checked.changes],
            "casualties": [
                {"field": one.field.name, "exact": one.exact, "lossy": one.lossy, "lost": one.lost} for one in checked.casualties
            ],
        }
    )
    answer.headers["ETag"] = f'"{found.draft_version}"'
    return answer


def _plain(value):
    """JSON as a definition keeps it: exact decimals as text."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Decimal) else value
