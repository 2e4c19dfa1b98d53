"""Views on the journal: a record's history, undo of a change set, back to an earlier time."""

from dataclasses import dataclass
from datetime import datetime

from models import registry, tables
from models.base import atomic
from models.errors import AppError, Conflict, Contested, NotAllowed, NotFound, say
from models.fields import Relation, Relations, masked
from models.journal import Change
from models.values import NA
from services import policy, query, records, writer
from services.actor import SYSTEM
from services.journal import CREATE, RESTORE, TRASH, UPDATE, field_by_id, loads, since
from services.records import working

LONGEST = 500


@dataclass(frozen=True)
class Entry:
    """One change set's part in a record: `changes` are (field, old text, new text); `action` create, update, trash, restore."""

    at: object
    who: str
    kind: str
    reason: str
    change_set: int
    action: str
    changes: tuple


@dataclass(frozen=True)
class Undone:
    """How many records went back, and what stayed because someone has changed it since: (register, title, sentence)."""

    count: int
    kept: list
    change_set: int | None


def history(register_name, actor, id, limit=LONGEST):
    """A record's entries, newest first, read through the register as the actor sees this record. NotFound out of scope."""
    return entries(found(register_name, actor, id), actor, limit)


def found(register_name, actor, id):
    """The record, be it in the trash. NotFound out of scope."""
    try:
        return query.get(register_name, actor, id)
    except NotFound:
        return query.get(register_name, actor, id, trash=True)


def entries(record, actor, limit=LONGEST):
    """The entries of a record already read for this actor, newest first; `limit` counts changes."""
    sets = tables.model("change_set")
    rows = (
        Change.select(Change, sets.f_at, sets.f_username, sets.f_account, sets.f_kind, sets.f_reason)
        .join(sets, on=(sets.id == Change.change_set))
        .where((Change.register == record.register.name) & (Change.record_id == record.id))
        .order_by(Change.id.desc())
        .limit(limit)
        .dicts()
    )
    groups = {}
    for row in rows:
        groups.setdefault((row["change_set"], row["action"]), []).append(row)
    names = people({group[0]["f_account"] for group in groups.values()})
    texts = _texts(record.register, actor, [row for group in groups.values() for row in group])
    return [_entry(record.register, group, names, texts) for group in groups.values()]


def changed_since(record, version):
    """What others saved of a record after a version, as far as it is seen here: [Contested] whose `mine` is unknown."""
    shown = {part.id: part for part in record.register.fields}
    later = since(record.register.name, record.id, version)
    return [
        Contested(shown[id].name, loads(shown[id], before), loads(shown[id], after), None)
        for id, (before, after) in later.items()
        if id in shown
    ]


def people(account_ids):
    """{account id: name}: who did it is said to everyone who may read the record."""
    account = tables.model("account")
    ids = [id for id in account_ids if id]
    return dict(account.select(account.id, account.f_name).where(account.id.in_(ids)).tuples()) if ids else {}


def _texts(register, actor, rows):
    """{relation field id: {id: label}} of every relation value mentioned."""
    found = {}
    for part in register.fields:
        if isinstance(part, (Relation, Relations)):
            ids = set()
            for row in rows:
                if row["field_id"] == part.id:
                    for text in (row["old"], row["new"]):
                        value = loads(part, text)
                        ids.update(value if isinstance(value, tuple) else {value} - {None})
            found[part.id] = query.labels(part.to, ids, actor) if ids else {}
    return found


def _entry(register, rows, names, texts):
    first = rows[0]
    shown = {part.id: part for part in register.fields}
    changes = [
        (shown[row["field_id"]], _text(shown[row["field_id"]], row["old"], texts), _text(shown[row["field_id"]], row["new"], texts))
        for row in reversed(rows)
        if row["field_id"] in shown
    ]
    who = names.get(first["f_account"]) or (SYSTEM.name if first["f_username"] == SYSTEM.username else first["f_username"] or "")
    return Entry(first["f_at"], who, first["f_kind"], first["f_reason"] or "", first["change_set"], first["action"], tuple(changes))


def _text(part, stored, texts):
    value = loads(part, stored)
    if part.id in texts and value is not None:
        ids = value if isinstance(value, tuple) else (value,)
        return "、".join(texts[part.id].get(id, str(id)) for id in ids)
    if part.sensitivity == "masked" and value is not None:
        return masked(part.render(value))
    if isinstance(value, datetime):
        value = value.replace(microsecond=0)
    option = getattr(part, "get", None)
    return (
        option(value).title
        if option and value is not None and value is not NA and not isinstance(value, tuple)
        else part.render(value)
    )


def revert(register_name, actor, id, change_set, *, version):
    """Back to how the record stood right after a change set: what was changed later is written back, as a new change."""
    record = query.get(register_name, actor, id)
    policy.require(actor, "edit", registry.get(register_name), id)
    later = (
        Change.select()
        .where(
            (Change.register == register_name)
            & (Change.record_id == id)
            & (Change.change_set > change_set)
            & (Change.action == UPDATE)
        )
        .order_by(Change.id)
    )
    values = {}
    for row in later:
        part = field_by_id(register_name, row.field_id)
        if part is not None and part.name in record.register.by_name and not part.readonly and part.name not in values:
            values[part.name] = loads(part, row.old)
    if not values:
        raise Conflict(say("这条记录此后没有可恢复的修改。"), code="nothing")
    return records.update(register_name, actor, id, values, version=version, kind="undo")


def undo(actor, change_set):
    """Takes a change set back, except where someone has since changed a field: those are listed and stay."""
    sets = tables.model("change_set")
    row = sets.get_or_none(sets.id == change_set)
    if row is None:
        raise NotFound()
    rows = list(Change.select().where(Change.change_set == change_set).order_by(Change.id.desc()))
    if not rows or not _touched(actor, rows):
        raise NotFound()
    if actor.read_only:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    if row.f_undone_by is not None:
        raise Conflict(say("这次修改已经撤销过了。"), code="undone")
    if row.f_account != actor.id and not actor.roles & {"city_admin", "city_clerk", "district_clerk"}:
        raise NotAllowed(say("只能撤销自己做的修改。"), "own_changes_only")
    kept, count = [], 0
    with working(actor, kind="undo", reason=str(change_set)) as work:
        work.begin()
        for record_key, group in _by_record(rows).items():
            try:
                with atomic():
                    count += _undo_record(work, *record_key, group, kept)
            except AppError as error:
                kept.append((registry.get(record_key[0]), _title(actor, *record_key), error.sentence))
        if count:
            sets.update(f_undone_by=work.begin()).where(sets.id == change_set).execute()
    return Undone(count, kept, work.change_set)


def _touched(actor, rows):
    """Whether the actor may see at least one record the change set touched (in the trash or not)."""
    return any(
        row.register in registry.names()
        and any(policy.covers(registry.get(row.register), actor, "view", row.record_id, trash) for trash in (False, True))
        for row in rows[:50]
    )


def _by_record(rows):
    found = {}
    for row in rows:
        found.setdefault((row.register, row.record_id), []).append(row)
    return found


def _title(actor, register_name, id):
    """What the actor may be told of the record's name: he need not see every record of a change set."""
    register = registry.get(register_name)
    seen = any(policy.covers(register, actor, "view", id, trash) for trash in (False, True))
    return query.labels(register_name, {id}, writer.INDEXER)[id] if seen else query.NO_ACCESS.zh


def _undo_record(work, register_name, id, rows, kept):
    """1 when something of the record went back. `rows` are newest first."""
    full, action = registry.get(register_name), rows[0].action
    if any(row.action == CREATE for row in rows):
        found = writer.fetch(full, id)
        if found is None or found[0]["deleted_at"] is not None:
            return 0
        if found[0]["version"] != max(row.version for row in rows):
            kept.append((full, _title(work.actor, register_name, id), say("新增之后有人改过，保留。")))
            return 0
        records.trash(work, register_name, id)
        return 1
    if action == TRASH:
        records.bring_back(work, register_name, id)
        return 1
    if action == RESTORE:
        records.trash(work, register_name, id)
        return 1
    return _undo_fields(work, full, id, rows, kept)


def _undo_fields(work, full, id, rows, kept):
    policy.require(work.actor, "edit", full, id)
    row, current = writer.fetch(full, id, lock=True)
    back, state_moved = {}, False
    for change in rows:
        part = field_by_id(full.name, change.field_id)
        if part is None:
            continue
        if current.get(part.name) != loads(part, change.new):
            kept.append((full, _title(work.actor, full.name, id), say("「{label}」此后又被改过，保留现在的值。", label=part.title)))
            continue
        back[part.name] = loads(part, change.old)
        state_moved |= bool(full.workflow) and part.name == full.workflow.field
    if not back:
        return 0
    if state_moved and not policy.may(work.actor, "approve", full, id) and row["updated_by"] != work.by:
        raise NotAllowed(say("状态已由他人办理，不能撤销。"), "state_of_others")
    writer.restore_values(full, work, id, back)
    return 1
