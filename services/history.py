"""Views on the journal: a record's history, undo of a change set, back to an earlier time."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import peewee

from models import registry, tables
from models.base import one_of
from models.errors import AppError, Conflict, Contested, NotAllowed, NotFound, say
from models.fields import Relation, Relations, masked
from models.journal import Change
from models.values import NA
from services import policy, query, records, writer
from services.actor import SYSTEM
from services.journal import CREATE, ERASE, RESTORE, TRASH, UPDATE, field_by_id, loads, since
from services.records import working

LONGEST = 500
AT_ONCE = 2000


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
    # Fields no longer in use stay readable in what was written while they were.
    register = policy.view(registry.get(record.register.name), actor, record, retired=True)
    texts = _texts(register, actor, [row for group in groups.values() for row in group])
    return [_entry(register, group, names, texts) for group in groups.values()]


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


def undo(actor, change_set, *, progress=None):
    """Takes a change set back, except where someone has since changed a field: those are listed and stay. One transaction.

    `progress(done, all)` is told how many records have been looked at.
    """
    row = _to_undo(actor, change_set)
    touched, undone = [part for part in _touched(change_set) if part[0] in registry.current()], 0
    with working(actor, kind="undo", reason=str(change_set)) as work:
        work.begin()
        undoing = _Undoing(work, change_set)
        for (register_name, way), records_of_it in groupby(touched, key=lambda part: part[:2]):
            found = list(records_of_it)
            for at in range(0, len(found), AT_ONCE):
                part = {id: version for _, _, id, version in found[at : at + AT_ONCE]}
                undoing.take_back(registry.get(register_name), way, part)
                undone += len(part)
                if progress:
                    progress(undone, len(touched))
        if undoing.count:
            sets = tables.model("change_set")
            sets.update(f_undone_by=work.begin()).where(sets.id == row.id).execute()
    return Undone(undoing.count, undoing.kept, work.change_set)


def _to_undo(actor, change_set):
    """The change set, if the actor may undo it."""
    sets = tables.model("change_set")
    row = sets.get_or_none(sets.id == change_set)
    if row is None or not _seen(actor, change_set):
        raise NotFound()
    if actor.read_only:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    if row.f_undone_by is not None:
        raise Conflict(say("这次修改已经撤销过了。"), code="undone")
    if row.f_account != actor.id and not actor.roles & {"city_admin", "city_clerk", "district_clerk"}:
        raise NotAllowed(say("只能撤销自己做的修改。"), "own_changes_only")
    return row


def _seen(actor, change_set):
    """Whether the actor may see at least one record the change set touched (in the trash or not)."""
    rows = Change.select(Change.register, Change.record_id).where(Change.change_set == change_set).order_by(Change.id.desc())
    found = {}
    for register, id in rows.limit(50).tuples():
        if register in registry.names():
            found.setdefault(register, set()).add(id)
    return any(_among(registry.get(register), actor, ids) for register, ids in found.items())


def _among(register, actor, ids):
    """Which of these records the actor may see, be they in the trash."""
    return policy.among(register, actor, ids) | policy.among(register, actor, ids, trash=True)


def _touched(change_set):
    """[(register, way back, id, version it was left at)] of the records a change set touched, the last one first."""
    mine = Change.change_set == change_set
    came = peewee.fn.MAX(peewee.Case(None, [(Change.action == CREATE, 1)], 0))
    last = (
        Change.select(peewee.fn.MAX(Change.id).alias("id"), peewee.fn.MAX(Change.version).alias("version"), came.alias("came"))
        .where(mine)
        .group_by(Change.register, Change.record_id)
        .alias("last")
    )
    rows = (
        Change.select(Change.register, Change.action, Change.record_id, last.c.version, last.c.came)
        .join(last, on=(Change.id == last.c.id))
        .order_by(Change.id.desc())
        .tuples()
    )
    return [(register, CREATE if came else action, id, version) for register, action, id, version, came in rows]


class _Undoing:
    """A change set on its way back, records of one register and kind at a time: `count` went back, `kept` stayed and why."""

    def __init__(self, work, change_set):
        self.work, self.change_set, self.count, self.kept = work, change_set, 0, []

    def take_back(self, full, way, versions):
        """`versions` are {id: version the change set left the record at}."""
        ways = {
            CREATE: self._unmake,
            TRASH: self._bring_back,
            RESTORE: self._trash,
            UPDATE: self._put_back,
            ERASE: self._stays_erased,
        }
        stayed = ways[way](full, versions)
        if stayed:
            titles = self._titles(full, stayed)
            self.kept += [(full, titles[id], sentence) for id, sentences in stayed.items() for sentence in sentences]

    def _titles(self, full, ids):
        """What the actor may be told of records' names: he need not see every record of a change set."""
        seen = _among(full, self.work.actor, ids)
        return dict.fromkeys(ids, query.NO_ACCESS.zh) | query.labels(full.name, seen, writer.INDEXER)

    def _stays_erased(self, full, versions):
        return {id: [say("按保留期限清除的内容不能恢复。")] for id in versions}

    def _unmake(self, full, versions):
        found = writer.fetch_many(full, versions)
        there = [id for id in versions if id in found and found[id][0]["deleted_at"] is None]
        changed = {id: [say("新增之后有人改过，保留。")] for id in there if found[id][0]["version"] != versions[id]}
        return changed | self._trash(full, [id for id in there if id not in changed])

    def _trash(self, full, ids):
        return self._counted(ids, writer.trash(full.name, self.work, dict.fromkeys(ids)))

    def _bring_back(self, full, ids):
        return self._counted(ids, writer.bring_back(full.name, self.work, list(ids)))

    def _counted(self, ids, refused):
        self.count += len(ids) - len(refused)
        return {id: [error.sentence] for id, error in refused.items()}

    def _put_back(self, full, versions):
        """Fields go back to what stood there before, those apart that someone has changed since."""
        stayed, back = {}, {}
        editable = policy.among(full, self.work.actor, versions, action="edit")
        found = writer.fetch_many(full, versions, lock=True)
        for id, rows in self._field_changes(full, versions).items():
            try:
                if id not in editable:
                    policy.require(self.work.actor, "edit", full, id)
                values = _earlier_values(full, found[id][1], rows, stayed.setdefault(id, []))
                if values:
                    _refuse_settled(self.work, full, *found[id], values)
                    back[id] = values
            except AppError as error:
                stayed[id] = [error.sentence]
        refused = writer.put_back(full.name, self.work, back)
        for id, error in refused.items():
            stayed[id].append(error.sentence)
        self.count += len(back) - len(refused)
        return {id: sentences for id, sentences in stayed.items() if sentences}

    def _field_changes(self, full, ids):
        """{record id: [(field, old, new)]}, the last change first."""
        mine = (Change.change_set == self.change_set) & (Change.register == full.name) & one_of(Change.record_id, list(ids))
        rows = Change.select(Change.record_id, Change.field_id, Change.old, Change.new).where(mine & (Change.action == UPDATE))
        found = {id: [] for id in ids}
        for id, field_id, old, new in rows.order_by(Change.id.desc()).tuples():
            part = field_by_id(full.name, field_id)
            if part is not None:
                found[id].append((part, loads(part, old), loads(part, new)))
        return found


def _earlier_values(full, current, changes, stayed):
    """{field name: value before} of what still stands as the change set left it; the sentences for what does not go to `stayed`."""
    back = {}
    for part, old, new in changes:
        if part.retired:
            stayed.append(say("「{label}」已停用，保留现在的值。", label=part.title))
        elif back.get(part.name, current.get(part.name)) == new:
            back[part.name] = old
        else:
            stayed.append(say("「{label}」此后又被改过，保留现在的值。", label=part.title))
    return back


def _refuse_settled(work, full, row, current, back):
    """A state that others settled stays, and so does a record in a locked state."""
    if not full.workflow or full.workflow.field not in back:
        writer.refuse_locked(full, current)
    elif not policy.may(work.actor, "approve", full, row["id"]) and row["updated_by"] != work.by:
        raise NotAllowed(say("状态已由他人办理，不能撤销。"), "state_of_others")
