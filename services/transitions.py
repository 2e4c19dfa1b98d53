"""Moving a record through its states."""

from models import conditions, registry, tables
from models.conditions import days_from
from models.errors import Conflict, Fault, Invalid, Label, NotAllowed, NotFound, say
from models.journal import Change
from models.values import now
from services import policy, query, records, writer
from services.journal import UPDATE, dumps
from services.policy import Decision
from services.records import Saved, working


def available(actor, record):
    """[(transition, Decision)] out of the record's present state, allowed or not, with the reason."""
    full = registry.get(record.register.name)
    if not full.workflow:
        return []
    return [(move, _decide(actor, full, record.id, record.values, move)) for move in full.workflow.from_state(record.state)]


def _decide(actor, full, id, values, move):
    decision = policy.may(actor, move.action, full, id)
    if not decision:
        return decision
    if move.when and not conditions.holds(move.when, writer.derive(full, values)):
        sentence = (
            say("{text}", text=Label(move.refusal, move.refusal_en))
            if move.refusal
            else say("现在还不能「{move}」。", move=move.title)
        )
        return Decision(False, sentence, f"not_yet:{move.name}")
    for name in move.different_from:
        earlier = full.workflow.get(name)
        if doer_of(full, id, earlier) == actor.id and actor.id is not None:
            return Decision(
                False,
                say("「{earlier}」是您本人做的，「{move}」须由他人办理。", earlier=earlier.title, move=move.title),
                "own_item",
            )
    return decision


def doer_of(full, id, transition):
    """The account that last brought the record to a transition's target, or None."""
    field = full.field(full.workflow.field)
    sets = tables.model("change_set")
    row = (
        Change.select(sets.f_account)
        .join(sets, on=(sets.id == Change.change_set))
        .where(
            (Change.register == full.name)
            & (Change.record_id == id)
            & (Change.action == UPDATE)
            & (Change.field_id == field.id)
            & (Change.new == dumps(field, transition.target))
        )
        .order_by(Change.id.desc())
        .tuples()
        .first()
    )
    return row[0] if row else None


def move(register_name, actor, id, name, *, values=None, reason="", version, confirmed=""):
    """Takes a record through one transition, with the fields it asks for. Conflict when it is not in a source state."""
    with working(actor, kind="move", reason=reason, confirmed=confirmed) as work:
        written = run(work, records.Operation(register_name, values or {}, id, version, "move", name, reason))
        return Saved(query.get(register_name, actor, written.id), work.change_set, written.merged, tuple(work.infos))


def run(work, operation):
    """One move inside a Work; services.records runs it in batches."""
    full, actor = registry.get(operation.register), work.actor
    transition = full.workflow.get(operation.move) if full.workflow else None
    if transition is None:
        raise NotFound(say("没有「{name}」这一步。", name=operation.move[:40]))
    policy.require(actor, "view", full, operation.id)
    found = writer.fetch(full, operation.id, lock=True)
    if found is None:
        raise NotFound()
    row, old = found
    right = policy.may(actor, transition.action, full, operation.id)
    if not right:
        raise NotAllowed(right.reason, right.rule)
    if old.get(full.workflow.field) not in transition.sources:
        state = full.field(full.workflow.field).get(old.get(full.workflow.field)).title
        raise Conflict(
            say("这条记录现在是「{state}」，不能「{move}」。", state=state, move=transition.title),
            version=row["version"],
            code="state",
        )
    decision = _decide(actor, full, operation.id, old, transition)
    if not decision:
        raise NotAllowed(decision.reason, decision.rule)
    if transition.reason and not operation.reason.strip():
        raise Invalid([Fault("reason", "required", say("请写明理由。"))])
    refuse_other_fields(full, operation.values)
    sets = {full.workflow.field: transition.target} | {key: _value(value, actor) for key, value in transition.sets}
    missing = [full.field(part) for part in transition.requires if _blank(operation.values.get(part, old.get(part)))]
    if missing:
        raise Invalid(
            [
                Fault(part.name, "required", say("「{move}」前请填写「{label}」。", move=transition.title, label=part.title))
                for part in missing
            ]
        )
    return writer.update(
        full.name, work, operation.id, operation.values | sets, version=operation.version or row["version"], move=transition
    )


def _blank(value):
    return value is None or value in ("", (), []) or (isinstance(value, str) and not value.strip())


def not_now(record, name):
    """Why a move that exists is not offered for a record now."""
    workflow = record.register.workflow
    move = workflow.get(name) if workflow else None
    if move is None:
        raise NotFound(say("没有「{name}」这一步。", name=name[:40]))
    state = registry.get(record.register.name).field(workflow.field).get(record.state).title
    return say("这条记录现在是「{state}」，不能「{move}」。", state=state, move=move.title)


def refuse_other_fields(full, values):
    """With a move come the fields it asks for and ordinary ones; never those the app fills, also where the move wants them filled."""
    for name in values:
        field = full.by_name.get(name)
        if field is not None and field.readonly:
            raise Invalid([Fault(name, "read_only", say("「{label}」由系统填写，不能修改。", label=field.title))])


def _value(value, actor):
    if isinstance(value, str) and value.startswith("$today"):
        return days_from(value)
    if value == "$now":
        return now()
    return actor.id if value == "$me" else value


records.MOVES["move"] = run
