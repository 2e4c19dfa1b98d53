"""Several records in one call, each with its own result."""

from flask import g, jsonify

from app import errors
from app.api import telling
from app.api.asking import body, confirmed, idempotency_key, member, only, shown
from app.api.door import blueprint
from app.api.records import RECORDS, move_of
from models import registry
from models.errors import AppError, Fault, Invalid, say
from services import batches, policy, wire
from services.records import Operation, Saved


@blueprint.post(f"{RECORDS}:batch")
def batch(register):
    """200 with a result for each part; 409 with the results, nothing written, where all were to be done and one could not."""
    view = shown(register)
    _require_some_right(view)
    reason, key = confirmed(), idempotency_key()
    sent = only(body(), "operations", "all_or_nothing", "reason")
    whole = member(sent, "all_or_nothing", bool, False)
    operations = _operations(view, member(sent, "operations", list, []))
    results = batches.run(
        g.actor, operations, _tell, whole=whole, key=key, reason=member(sent, "reason", str, "")[:1000], confirmed=reason
    )
    failed = [at for at, result in enumerate(results) if "problem" in result]
    if whole and failed:
        more = {"results": [result if "problem" in result else {"status": 424} for result in results]}
        sentence = say("第 {places} 项不能办，全部没有保存。", places=tuple(at + 1 for at in failed[:20]))
        return errors.problem(409, sentence, code="batch_refused", more=more)
    return jsonify({"results": results})


def _require_some_right(view):
    if not policy.may(g.actor, "approve", view):
        policy.require(g.actor, "edit", view)


def _operations(view, parts):
    if not 1 <= len(parts) <= batches.MOST:
        raise Invalid([Fault("operations", "operations", say("一次应有 1 到 {most} 项。", most=batches.MOST))])
    found, faults = [], []
    for at, part in enumerate(parts):
        try:
            found.append(_operation(view, part))
        except Invalid as error:
            faults += [Fault(f"operations.{at}.{fault.field}".rstrip("."), fault.code, fault.sentence) for fault in error.faults]
    if faults:
        raise Invalid(faults)
    return found


def _operation(view, part):
    if not isinstance(part, dict):
        raise Invalid([Fault("", "object", say("每一项应是一个 JSON 对象。"))])
    only(part, "action", "id", "version", "values", "transition", "reason")
    action = member(part, "action", str, "")
    if action not in _ACTIONS:
        raise Invalid([Fault("action", "choice", say("参数 {name} 只能是 {accepted}。", name="action", accepted=tuple(_ACTIONS)))])
    id, version = member(part, "id", int), member(part, "version", int)
    needed = [name for name, value in (("id", id), ("version", version)) if value is None and name in _ACTIONS[action]]
    if needed:
        raise Invalid([Fault(name, "required", say("「{name}」这一项不能少。", name=name)) for name in needed])
    if id is not None and not 0 < id < 2**63:
        raise Invalid([Fault("id", "relation", say("「{name}」应是记录号。", name="id"))])
    if action == "transition":
        name, values = move_of(view, part)
        return Operation(view.name, values, id, version, "move", name, member(part, "reason", str, ""))
    return Operation(view.name, wire.read(view, member(part, "values", dict, {})), id, version, action)


# What each action must name.
_ACTIONS = {"create": (), "update": ("id", "version"), "delete": ("id", "version"), "transition": ("id",)}


def _tell(operation, outcome):
    """One part's result: its status, and the record as saved or the problem."""
    if isinstance(outcome, AppError):
        return {"status": outcome.status, "problem": telling.problem_of(outcome, registry.get(operation.register))}
    if isinstance(outcome, Saved):
        return {"status": 201 if operation.action == "create" else 200, "record": wire.record(outcome.record)}
    return {"status": 204, "id": outcome}
