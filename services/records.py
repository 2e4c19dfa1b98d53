"""The one gate for changing rows: create, update, delete, restore, in ones and in sets, each in one transaction and change set."""

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import peewee

from models import registry, tables
from models.base import atomic, database
from models.errors import AppError, Conflict, Fault, Invalid, NotAllowed, NotFound, say
from models.fields import Relation, Relations
from models.journal import IdempotencyKey
from models.values import now
from services import policy, query, rules, search, writer
from services.journal import RESTORE, TRASH, Work

MOST_AT_ONCE = 1000
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
    """One transaction and one Work, which goes on with `change_set` where one is given.

    A unique key taken in the same moment is told as a taken value.
    """
    work = Work(actor, kind, reason, confirmed)
    if change_set is not None:
        work.resume(change_set)
    try:
        with atomic():
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
    full = registry.get(record.register.name)
    policy.require(actor, "edit", full, record.id)
    writer.refuse_locked(full, record.values)


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
    full = registry.get(register_name)
    policy.require(work.actor, "edit", full, id)
    row, values = writer.fetch(full, id, lock=True)
    if row["deleted_at"] is not None:
        raise NotFound()
    writer.refuse_locked(full, values)
    writer.refuse_whole(full, work, id, values)
    if version is not None and version != row["version"]:
        raise Conflict(say("您打开之后，这条记录被别人改过，请看过再删除。"), version=row["version"])
    holders = pointing_at(full, id)
    if holders:
        counts = tuple(say("{register} {count} 条", register=other.titled, count=count) for other, count in holders)
        raise Conflict(say("还有记录用到它，不能删除：{counts}。请先处理这些记录。", counts=counts), code="in_use")
    model = tables.model(register_name)
    model.update(deleted_at=work.at, deleted_by=work.by, version=row["version"] + 1).where(model.id == id).execute()
    search.remove(register_name, [id])
    work.note(full, id, row["version"] + 1, TRASH)
    writer.run_effects(full, work, [id])


def pointing_at(register, id):
    """[(other register, how many of its live records point here)]"""
    found = []
    for other in registry.all():
        if other.system:
            continue
        model = tables.model(other.name)
        for part in other.fields:
            if not isinstance(part, (Relation, Relations)) or part.to != register.name:
                continue
            tied = query.expression(other, part, "contains" if isinstance(part, Relations) else "eq", id)
            count = model.select().where(tied & model.deleted_at.is_null()).count()
            if count:
                found.append((other, count))
    return found


def restore(register_name, actor, id):
    """Takes a record out of the trash; Invalid when its key has been given to another meanwhile."""
    with working(actor, kind="restore") as work:
        bring_back(work, register_name, id)
        return Saved(query.get(register_name, actor, id), work.change_set)


def bring_back(work, register_name, id):
    full = registry.get(register_name)
    if not policy.covers(full, work.actor, "view", id, trash=True):
        raise NotFound()
    decision = policy.may(work.actor, "edit", full)
    if not decision or not policy.covers(full, work.actor, "edit", id, trash=True):
        raise NotAllowed(decision.reason, decision.rule)
    row, values = writer.fetch(full, id, lock=True)
    writer.refuse_whole(full, work, id, values)
    faults = writer.taken(full, values, id) + writer.gone_targets(full, values)
    if faults:
        raise Invalid(faults)
    model = tables.model(register_name)
    model.update(deleted_at=None, deleted_by=None, version=row["version"] + 1).where(model.id == id).execute()
    writer.reindex(full, [id])
    work.note(full, id, row["version"] + 1, RESTORE)
    writer.run_effects(full, work, [id])


# -- sets ----------------------------------------------------------------------------------------------------------------


def create_many(register_name, actor, rows, *, kind="seed", work=None):
    """Ids of many new records from raw values, in order, in one transaction: same cleaning and checks, in sets.

    Invalid names the rows by "n.field". Rules that ask other records run row by row, and not for seeds, which are made to fit.
    """
    if work is not None:
        return _insert_many(registry.get(register_name), work, list(rows))
    with working(actor, kind=kind) as work:
        return _insert_many(registry.get(register_name), work, list(rows))


def _insert_many(full, work, raws):
    actor = work.actor
    policy.require(actor, "edit", full)
    view = full if actor.system else policy.view(full, actor)
    cleaned = [writer.clean(view, actor, raw, by_app=actor.system) for raw in raws]
    rows, faults = [values for values, _ in cleaned], {at: found for at, (_, found) in enumerate(cleaned) if found}
    for at, found in writer.check_relations(full, actor, rows).items():
        faults.setdefault(at, []).extend(found)
    if faults:
        raise Invalid([replace(fault, field=f"{at}.{fault.field}") for at in sorted(faults) for fault in faults[at]])
    ids = writer.next_ids(tables.model(full.name), len(rows)) if rows else []
    for values in rows:
        writer.fill_defaults(full, actor, values)
        for part in full.live:
            values.setdefault(part.name, None)
    writer.make_codes(full, rows, ids)
    writer.fill(full, rows)
    ruled = full if work.kind != "seed" else replace(full, rules=tuple(rule for rule in full.rules if not rule.check))
    found = [replace(f, field=f"{at}.{f.field}") for at, values in enumerate(rows) for f in writer.faults_of(ruled, work, values)]
    if work.kind == "seed":
        found = [fault for fault in found if fault.level == "error"]
    writer.settle(work, found)
    writer.insert(full, work, rows, ids)
    if not actor.system:
        confirm_scopes(full, actor, ids)
    writer.run_effects(full, work, ids)
    return ids


def confirm_scopes(full, actor, ids):
    """After saving a set: every row must be one the actor may edit; a fault names the first that is not by "n.field"."""
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        source = policy.rows(full, actor, action="edit")
        allowed = {id for (id,) in source.where(source.model.id.in_(part)).select(source.model.id).tuples()}
        for at, id in enumerate(part, start):
            if id not in allowed:
                raise Invalid([replace(writer.out_of_scope(full), field=f"{at}.{writer.out_of_scope(full).field}")])


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
    full = registry.get(register_name)
    work.begin()  # before the first savepoint: what one refused record takes back must not take the change set along
    for record in known:
        try:
            with atomic():
                written = writer.update(register_name, work, record.id, values, version=record.version)
        except AppError as error:
            refused.append((record, error.sentence))
            continue
        parts = [
            (part, record.values.get(part.name), written.values.get(part.name))
            for part in full.live
            if part.name in record.values and part.name in written.values and record.values[part.name] != written.values[part.name]
        ]
        if parts:
            ready.append((record, parts))


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
    ready, refused = [], []
    try:
        with working(actor, kind="trash") as work:
            _trash_all(work, register_name, ids, ready, refused)
            raise _Rehearsed
    except _Rehearsed:
        return BulkPlan([(record, []) for record in ready], refused)


def delete_many(register_name, actor, ids, reason="", *, change_set=None):
    """Moves records to the trash; those that cannot go are told with the reason. With `change_set` they join an earlier call's."""
    ready, refused = [], []
    with working(actor, kind="trash", reason=reason, change_set=change_set) as work:
        _trash_all(work, register_name, ids, ready, refused)
    return BulkDone(len(ready), work.change_set, refused)


def _trash_all(work, register_name, ids, ready, refused):
    policy.require(work.actor, "edit", registry.get(register_name))
    known = _all_seen(register_name, work.actor, ids)
    work.begin()
    for record in known:
        try:
            with atomic():
                trash(work, register_name, record.id)
            ready.append(record)
        except AppError as error:
            refused.append((record, error.sentence))
