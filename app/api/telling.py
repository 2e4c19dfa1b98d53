"""What a call is answered: records with their version, and the one shape of errors with what only programs need."""

from flask import jsonify, request, url_for

from app import errors
from app.api.door import blueprint
from models import registry
from models.errors import AppError, Conflict, Invalid, NeedsConfirmation
from services import wire


def of_record(found, status=200, saved=None):
    """A record as an answer: its version as ETag; after a save, the change set, and the fields others had changed meanwhile."""
    answer = jsonify(wire.record(found))
    answer.status_code = status
    answer.headers["ETag"] = f'"{found.version}"'
    if status == 201:
        answer.headers["Location"] = url_for("api.get_record", register=found.register.name, id=found.id)
    if saved is not None and saved.change_set is not None:
        answer.headers["Taizhang-Change-Set"] = str(saved.change_set)
    if saved is not None and saved.merged:
        answer.headers["Taizhang-Merged"] = ",".join(field.name for field in saved.merged)
    return answer


def nothing():
    """204: done, and nothing to show."""
    return "", 204


def moment(value):
    return None if value is None else value.isoformat()


@blueprint.errorhandler(Conflict)
def conflict(error):
    """409 with base, yours and theirs of the contested fields, and the version that is current."""
    answer = errors.problem(error.status, error.sentence, code=error.code, more=contested(error, _register()))
    if error.version is not None:
        answer.headers["ETag"] = f'"{error.version}"'
    return answer


def _register():
    name = (request.view_args or {}).get("register")
    return registry.get(name) if name in registry.names() else None


def contested(error, register):
    """{base, yours, theirs: {field: value}, version} of a conflict; empty where none is about fields."""
    found = {"base": {}, "yours": {}, "theirs": {}}
    for part in error.contested:
        field = register.field(part.field)
        for name, value in (("base", part.base), ("theirs", part.theirs), ("yours", part.mine)):
            found[name][part.field] = wire.alone(field, value)
    return found | ({"version": error.version} if error.version is not None else {})


@blueprint.errorhandler(NeedsConfirmation)
def needs_confirmation(error):
    return errors.problem(error.status, error.sentence, faults=error.faults, code="needs_confirmation")


def problem_of(error: AppError, register):
    """An error as a part of an answer: the problem's own members."""
    faults = error.faults if isinstance(error, Invalid) else ()
    code = "needs_confirmation" if isinstance(error, NeedsConfirmation) else getattr(error, "code", "")
    more = contested(error, register) if isinstance(error, Conflict) else {}
    return errors.shape(error.status, error.sentence, faults=faults, code=code, rule=getattr(error, "rule", ""), more=more)
