"""The one gate for changing rows: create, update, delete, restore, in ones and in sets, each in one transaction and change set."""

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import peewee

from models import registry
from models.base import atomic, database
from models.errors import Conflict, Fault, Invalid, NeedsConfirmation, NotAllowed, NotFound, say
from models.journal import IdempotencyKey
from models.values import now
from services import policy, query, rules, writer
from services.journal import Work

MOST_AT_ONCE = 1000
LOCKED, Sheet = writer.LOCKED, writer.Sheet
assert rules.SUBJECTS  # importing the rules is what registers them


@dataclass(frozen=True)
class Saved:
    """A record as saved, the change set that did it, the fields others had changed, and what is only said."""

    record: object
    change_set: int | None
    merged: tuple = ()
    infos: tuple = ()


@dataclass(frozen=True)
class Ref:
    """In a batch: the id of the record that operation `at` makes."""

    at: int


@dataclass(frozen=True)
class Operation:
    """One step of a batch. `action`: create, update or move."""

    register: str
    values: dict = field(default_factory=dict)
    id: int | Ref | None = None
    version: int | None = None
    action: str = "create"
    move: str = ""
    reason: str = ""


@dataclass(frozen=True)
class BulkPlan:
    """What a bulk change would do: [(record, [(field, old, new)])] that can change, [(record, sentence)] that cannot."""

    ready: list
    refused: list


@dataclass(frozen=True)
class BulkDone:
    count: int
    change_set: int | None
    refused: list


@contextmanager
def working(actor, *, kind="form", reason="", confirmed="", change_set=None):
    """One transaction and one Work, which goes on with `change_set` where one is given: long work lets others save in between.

    A unique key taken in the same moment is told as a taken value.
    """
    work = Work(actor, kind, reason, confirmed)
    try:
        with atomic():
            if change_set is not None:
                work.resume(change_set)
            yield work
            work.end()
    except peewee.IntegrityError as error:
        raise Invalid([Fault("", "taken", say("刚刚有人保存了同样编号的记录，请核对后重试。"))]) from error


def saved(work, written):
    """What the caller is shown of a written row; a row he may edit but not see again is still his to see once."""
    record = query.get(written.register.name, work.actor, written.id)
    return Saved(record, work.change_set, written.merged, tuple(work.infos))


def create(register_name, actor, values, *, confirmed="", key="", kind="form"):
    """A new record from raw values. With `key`, the same key and content answers with the same record again.

    Raises Invalid (all faults), NeedsConfirmation (only warnings), NotAllowed, Conflict (key used for other content), Unavailable.
    """
    return batch(actor, [Operation(register_name, values)], confirmed=confirmed, key=key, kind=kind)[0]


def update(register_name, actor, id, values, *, version, confirmed="", kind="form"):
    """Changes some fields of a record, from raw values of the changed fields alone.

    Where others saved other fields since `version`, both stay and `merged` names theirs; Conflict where they overlap.
    """
    with working(actor, kind=kind, confirmed=confirmed) as work:
        return saved(work, writer.update(register_name, work, id, values, version=version))


def batch(actor, operations, *, confirmed="", key="", kind="form", reason=""):
    """Several writes that stand or fall together, in one change set. A fault of operation n is at field "n.name" (n > 0)."""
    with working(actor, kind=kind, confirmed=confirmed, reason=reason) as work:
        done = once(actor, key, operations)
        if done is not None:
            return [Saved(query.get(name, actor, id), change_set) for name, id, change_set in done]
        written = []
        for at, operation in enumerate(operations):
            try:
                written.append(_run(work, operation, written))
            except Invalid as error:
                raise _placed(error, at) from error
        results = [saved(work, part) for part in written]
        answered(actor, key, [(part.register.name, part.id, work.change_set) for part in written])
        return results


def require_editable(record, actor):
    """Raises NotAllowed where a record the actor sees is not his to edit, or is in a locked state."""
    decision = may_edit(record, actor)
    if not decision:
        raise NotAllowed(decision.reason, decision.rule)


def may_edit(record, actor):
    """Whether a record the actor sees may be edited by him as it stands, and why."""
    decision = policy.may(actor, "edit", record.register, record.id)
    try:
        if decision:
            writer.refuse_locked(registry.get(record.register.name), record.values)
    except NotAllowed as error:
        return policy.Decision(False, error.sentence, error.rule)
    return decision


def _run(work, operation, written):
    values = {name: written[value.at].id if isinstance(value, Ref) else value for name, value in operation.values.items()}
    id = written[operation.id.at].id if isinstance(operation.id, Ref) else operation.id
    if operation.action == "create":
        return writer.create(operation.register, work, values)
    if operation.action == "move":
        return MOVES["move"](work, replace(operation, values=values, id=id))
    return writer.update(operation.register, work, id, values, version=operation.version)


MOVES = {}


def _placed(error, at):
    if at == 0:
        return error
    return type(error)([replace(fault, field=f"{at}.{fault.field}") for fault in error.faults])


# -- the same post twice -------------------------------------------------------------------------------------------------


def once(actor, key, operations):
    """None for a key seen the first time (it is now taken), else what it made. Conflict when the content differs."""
    if not key:
        return None
    content = [
        [part.register, part.action, part.move, _plain(part.id), {n: _plain(v) for n, v in part.values.items()}]
        for part in operations
    ]
    fingerprint = hashlib.sha256(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()
    found = _known(actor, key)
    if found is None:
        try:
            with database.atomic():
                IdempotencyKey.create(account_id=actor.id, key=key[:80], fingerprint=fingerprint, at=now())
            return None
        except peewee.IntegrityError:
            # The same form was posted twice at once: the other post was first and has been saved by now.
            found = _known(actor, key)
    if found.fingerprint != fingerprint:
        raise Conflict(say("这张表单已经提交过一次，内容不同。请打开已保存的记录修改。"), code="key_used")
    return json.loads(found.answer)


def _known(actor, key):
    return IdempotencyKey.get_or_none((IdempotencyKey.account_id == actor.id) & (IdempotencyKey.key == key[:80]))


def _plain(value):
    return f"ref {value.at}" if isinstance(value, Ref) else value


def answered(actor, key, made):
    if key:
        mine = (IdempotencyKey.account_id == actor.id) & (IdempotencyKey.key == key[:80])
        IdempotencyKey.update(answer=json.dumps(made)).where(mine).execute()


# -- trash ---------------------------------------------------------------------------------------------------------------


def delete(register_name, actor, id, *, version, reason=""):
    """Moves a record to the trash. Refused while live records of other registers point at it: they would lose their footing."""
    with working(actor, kind="trash", reason=reason) as work:
        trash(work, register_name, id, version)
        return BulkDone(1, work.change_set, [])


def trash(work, register_name, id, version=None):
    """One record to the trash, inside a Work; raises what keeps it."""
    for error in writer.trash(register_name, work, {id: version}).values():
        raise error


def restore(register_name, actor, id):
    """Takes a record out of the trash; Invalid when its key has been given to another meanwhile."""
    with working(actor, kind="restore") as work:
        for error in writer.bring_back(register_name, work, [id]).values():
            raise error
        return Saved(query.get(register_name, actor, id), work.change_set)


# -- sets ----------------------------------------------------------------------------------------------------------------


def write_set(work, register_name, creates=(), updates=()):
    """Writes many rows inside a Work, each checked as a single one is; gives a SetDone that tells of every row what became of it.

    `creates` are raw values, row by row or as a Sheet (of values that `Field.clean` has given already: a `cleaned` one), `updates` (id,
    version, raw changed values); rows are numbered through both. Sound rows are written, faulty ones are not, and hide nothing of the
    others. Rows with warnings are written where `work.confirmed`. Some thousands of rows at a time keep memory small.
    Raises only what is not about one row: NotAllowed for the whole register, Unavailable.
    """
    return writer.write_set(register_name, work, creates, updates)


def create_many(register_name, actor, rows, *, kind="seed", work=None):
    """Ids of many new records from raw values, in order, all or none, in one transaction.

    Invalid names the rows by "n.field". Rules with a check are not asked of seeds, which are made to fit.
    """
    if work is None:
        with working(actor, kind=kind) as work:
            return create_many(register_name, actor, rows, work=work)
    with atomic():
        done = writer.write_set(register_name, work, rows)
        if done.faults:
            raise Invalid(_numbered(done.faults) + _numbered(done.warnings))
        if done.warnings and None in done.ids:
            raise NeedsConfirmation(_numbered(done.warnings))
    work.infos += [fault.sentence for faults in done.infos.values() for fault in faults]
    return list(done.ids)


def _numbered(faults):
    """The faults of a set's rows, in order, each at "n.field"."""
    return [replace(fault, field=f"{at}.{fault.field}") for at in sorted(faults) for fault in faults[at]]


class _Rehearsed(Exception):
    """Ends a rehearsal: the transaction is rolled back, nothing was written."""


def plan_bulk(register_name, actor, ids, values):
    """What changing these records would do, record by record, with nothing written."""
    ready, refused = [], []
    try:
        with working(actor, kind="bulk") as work:
            _bulk(work, register_name, ids, values, ready, refused)
            raise _Rehearsed
    except _Rehearsed:
        return BulkPlan(ready, refused)


def apply_bulk(register_name, actor, ids, values, *, reason="", change_set=None):
    """Changes those of these records that can change; the rest are told with the reason. One change set, one undo.

    With `change_set` the changes join those of an earlier call.
    """
    ready, refused = [], []
    with working(actor, kind="bulk", reason=reason, confirmed=reason, change_set=change_set) as work:
        _bulk(work, register_name, ids, values, ready, refused)
    return BulkDone(len(ready), work.change_set, refused)


def _bulk(work, register_name, ids, values, ready, refused):
    known = _all_seen(register_name, work.actor, ids)
    done = writer.write_set(register_name, work, updates=[(record.id, record.version, values) for record in known])
    for at, record in enumerate(known):
        stopped = done.faults.get(at) or (() if work.confirmed else done.warnings.get(at))
        if stopped:
            refused.append((record, stopped[0].sentence))
            continue
        changes = done.changes(at)
        parts = [(record.register.by_name[name], *pair) for name, pair in changes.items() if name in record.values]
        if parts:
            ready.append((record, sorted(parts, key=lambda part: record.register.fields.index(part[0]))))


def _all_seen(register_name, actor, ids):
    """The records, every one visible to the actor: with a foreign one among them the whole action is refused."""
    ids = tuple(dict.fromkeys(ids))
    if not ids:
        raise Invalid([Fault("", "none_chosen", say("请先选择记录。"))])
    if len(ids) > MOST_AT_ONCE:
        raise Invalid(
            [Fault("", "too_many", say("一次最多处理 {most} 条，现在选了 {count} 条。", most=MOST_AT_ONCE, count=len(ids)))]
        )
    if any(not isinstance(id, int) or not 0 < id < 2**63 for id in ids):
        raise NotFound()
    register = policy.view(registry.get(register_name), actor)
    asked = replace(query.parse(register_name, actor, (), ids=ids), columns=register.fields)
    known = list(query.stream(asked))
    if len(known) < len(ids):
        raise NotFound()
    return known


def plan_delete(register_name, actor, ids):
    """Which of these records could go to the trash, with nothing written."""
    try:
        with working(actor, kind="trash") as work:
            ready, refused = _trash_all(work, register_name, ids)
            raise _Rehearsed
    except _Rehearsed:
        return BulkPlan([(record, []) for record in ready], refused)


def delete_many(register_name, actor, ids, reason="", *, change_set=None):
    """Moves records to the trash; those that cannot go are told with the reason. With `change_set` they join an earlier call's."""
    with working(actor, kind="trash", reason=reason, change_set=change_set) as work:
        ready, refused = _trash_all(work, register_name, ids)
    return BulkDone(len(ready), work.change_set, refused)


def _trash_all(work, register_name, ids):
    """([records that went], [(record, sentence) that stay])"""
    policy.require(work.actor, "edit", registry.get(register_name))
    known = _all_seen(register_name, work.actor, ids)
    kept = writer.trash(register_name, work, {record.id: None for record in known})
    ready = [record for record in known if record.id not in kept]
    return ready, [(record, kept[record.id].sentence) for record in known if record.id in kept]
