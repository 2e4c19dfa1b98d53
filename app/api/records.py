"""One record at a time: made, read, changed, moved, deleted and brought back."""

from flask import g, jsonify

from app.api import telling
from app.api.asking import body, confirmed, idempotency_key, if_match, member, only, parameters, record_id, shown
from app.api.door import blueprint
from app.api.telling import moment
from app.words import text
from models.errors import Conflict, Fault, Invalid, say
from services import history, policy, query, records, transitions, wire
from services.records import Operation

RECORDS = "/registers/<register>/records"
RECORD = f"{RECORDS}/<int:id>"


def found(register, id):
    """The record as the caller may see it; NotFound for a register or a record that is not his to see."""
    return query.get(shown(register).name, g.actor, record_id(id))


@blueprint.post(RECORDS)
def create_record(register):
    view = shown(register)
    policy.require(g.actor, "edit", view)
    reason, key = confirmed(), idempotency_key()
    operation = Operation(view.name, wire.read(view, body()))
    saved = records.batch(g.actor, [operation], confirmed=reason, key=key, kind="api")[0]
    return telling.of_record(saved.record, 201, saved)


@blueprint.get(RECORD)
def get_record(register, id):
    record = found(register, id)
    parameters()
    return telling.of_record(record)


@blueprint.patch(RECORD)
def change_record(register, id):
    record = found(register, id)
    records.require_editable(record, g.actor)
    version, reason = if_match(), confirmed()
    values = wire.as_it_was(record, wire.read(record.register, body()))
    saved = records.update(record.register.name, g.actor, id, values, version=version, confirmed=reason, kind="api")
    return telling.of_record(saved.record, saved=saved)


@blueprint.delete(RECORD)
def delete_record(register, id):
    record = found(register, id)
    records.require_editable(record, g.actor)
    version = if_match()
    parameters()
    try:
        records.delete(record.register.name, g.actor, id, version=version)
    except Conflict as error:
        if error.version is None:
            raise
        raise Conflict(error.sentence, history.changed_since(record, version), error.version) from None
    return telling.nothing()


@blueprint.get(f"{RECORD}/history")
def record_history(register, id):
    view = shown(register)
    entries = history.history(view.name, g.actor, record_id(id))
    parameters()
    return jsonify({"entries": [_entry(entry) for entry in entries]})


def _entry(entry):
    return {
        "at": moment(entry.at),
        "who": entry.who,
        "kind": entry.kind,
        "reason": entry.reason,
        "change_set": entry.change_set,
        "action": entry.action,
        "changes": [{"field": field.name, "old": text(old), "new": text(new)} for field, old, new in entry.changes],
    }


@blueprint.post(f"{RECORD}:restore")
def restore_record(register, id):
    view = shown(register)
    id = record_id(id)
    policy.require(g.actor, "view", view, id, trash=True)
    policy.require(g.actor, "edit", view, id, trash=True)
    parameters()
    saved = records.restore(view.name, g.actor, id)
    return telling.of_record(saved.record, saved=saved)


@blueprint.post(f"{RECORD}:transition")
def move_record(register, id):
    record = found(register, id)
    policy.require(g.actor, _right(record), record.register, id)
    version, reason = if_match(required=False), confirmed()
    sent = only(body(), "transition", "values", "reason")
    name, values = move_of(record.register, sent)
    saved = transitions.move(
        record.register.name, g.actor, id, name, values=values, reason=member(sent, "reason", str, ""), version=version,
        confirmed=reason,
    )  # fmt: skip
    return telling.of_record(saved.record, saved=saved)


def _right(record):
    """The right that a move of this record would ask for: to approve, where he may do only that."""
    return "approve" if not policy.may(g.actor, "edit", record.register, record.id) and _approves(record) else "edit"


def _approves(record):
    return policy.may(g.actor, "approve", record.register, record.id)


def move_of(register, sent):
    """(transition, raw values) of a move's JSON; Invalid where the register has no such transition."""
    name = member(sent, "transition", str, "")
    if register.workflow is None or register.workflow.get(name) is None:
        known = tuple(move.name for move in register.workflow.transitions) if register.workflow else ("—",)
        raise Invalid(
            [Fault("transition", "unknown_transition", say("没有「{name}」这一步，可用：{known}。", name=name[:60], known=known))]
        )
    return name, wire.read(register, member(sent, "values", dict, {}))
