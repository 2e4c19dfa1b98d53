"""The append-only journal: change sets, and what each changed. History, undo and "who touched this" are views on it."""

import json
from dataclasses import dataclass, field

from models import registry, tables
from models.base import has_helper, write_beside
from models.journal import Change
from models.values import now
from services import outbox

CREATE, UPDATE, TRASH, RESTORE, ERASE = "create", "update", "trash", "restore", "erase"
_COLUMNS = ("change_set", "register", "record_id", "version", "action", "field_id", "old", "new")
_NEW = (
    f'INSERT OR FAIL INTO "{Change._meta.table_name}" ({", ".join(_COLUMNS[:6])}) '
    "SELECT ?, ?, value, 1, ?, '' FROM json_each(?) ORDER BY key"
)


@dataclass
class Known:
    """What was found out about one set of rows and holds for the next: by register, what texts were `cleaned` to (writer.values.clean_sheet),
    for which values its rules `held` (writer.faults.unsettled), and what was `seen` of other registers' records (Work.looked_up).
    """

    cleaned: dict = field(default_factory=dict)
    held: dict = field(default_factory=dict)
    seen: dict = field(default_factory=dict)


@dataclass
class Work:
    """One write under way: who does it, why, its change set, and what it has changed so far.

    Everything a request writes shares one Work, hence one change set and one transaction. A `trial` is always rolled back: new rows
    are checked as ever, but nobody will look them up in the journal or by search. `known` is what one set has found out for the next.
    `touched` are the registers written to, `told` the journal's last line before this part of the change set.
    """

    actor: object
    kind: str = "form"
    reason: str = ""
    confirmed: str = ""
    at: object = field(default_factory=now)
    change_set: int | None = None
    changes: int = 0
    infos: list = field(default_factory=list)
    trial: bool = False
    known: Known = field(default_factory=Known)
    touched: set = field(default_factory=set)
    told: int = 0

    @property
    def by(self):
        return self.actor.id

    def begin(self):
        """The change set's id; its row is written with the first change."""
        if self.change_set is None:
            model = tables.model("change_set")
            row = {
                "version": 1,
                "created_at": self.at,
                "created_by": self.by,
                "updated_at": self.at,
                "updated_by": self.by,
                "f_at": self.at,
                "f_account": self.by,
                "f_username": self.actor.username,
                "f_kind": self.kind,
                "f_reason": self.reason or self.confirmed or None,
                "f_changes": 0,
                "f_request": self.actor.request_id or None,
            }
            self.change_set = model.insert(row).execute()
        return self.change_set

    def resume(self, change_set):
        """Goes on with a change set of the same person's, begun in an earlier transaction."""
        model = tables.model("change_set")
        row = model.get(model.id == change_set, model.f_account == self.by)
        self.change_set, self.changes, self.told = row.id, row.f_changes, outbox.mark()

    def looked_up(self, what, register, target, ids, look):
        """{id: answer} of records of `target` while rows of `register` are written, by look(ids) → {id: answer}: what was once found is not
        asked again, as long as this Work has written to no other register.
        """
        if target == register.name or self.touched - {register.name}:
            return look(ids)
        known = self.known.seen.setdefault((what, target), {})
        new = [id for id in ids if id not in known]
        if new:
            known.update(look(new))
        return {id: known[id] for id in ids if id in known}

    def note(self, register, record_id, version, action, changes=()):
        """Writes down changes [(field, old, new)] of one record, or that it came, went or came back."""
        self.note_many(register, [(record_id, version, action, changes)])

    def note_new(self, register, ids):
        """Writes down that records came: one row each, without values."""
        set_id, count = self.begin(), len(ids)
        if has_helper(count):
            write_beside(_NEW, (set_id, register.name, CREATE, json.dumps(ids)))
        else:
            columns = [set_id] * count, [register.name] * count, ids, [1] * count, [CREATE] * count, [""] * count
            tables.insert_columns(Change, _COLUMNS[:6], columns)
        self.touched.add(register.name)
        self.changes += count

    def note_many(self, register, notes):
        """Writes down [(record id, version, action, changes)]."""
        set_id, name = self.begin(), register.name
        self.touched.add(name)
        rows = []
        for id, version, action, changes in notes:
            if action == UPDATE or (action == ERASE and changes):
                rows += [
                    (set_id, name, id, version, action, part.id, dumps(part, old), dumps(part, new)) for part, old, new in changes
                ]
            else:
                rows.append((set_id, name, id, version, action, "", None, None))
        tables.insert_columns(Change, _COLUMNS, list(zip(*rows, strict=True)) or [()] * len(_COLUMNS))
        self.changes += len(rows)

    def end(self):
        """Writes the number of changes into the change set, and puts down who is to be told."""
        if self.change_set is not None:
            model = tables.model("change_set")
            model.update(f_changes=self.changes).where(model.id == self.change_set).execute()
            outbox.put(self.change_set, self.touched, self.told)


def dumps(part, value):
    """A field's value as the journal keeps it: the API's JSON, None for unknown."""
    return None if value is None else json.dumps(part.to_json(value), ensure_ascii=False)


def loads(part, text):
    """A field's value back from the journal."""
    return None if text is None else part.from_json(json.loads(text))


def field_by_id(register_name, field_id):
    """The field a journal entry is about, retired ones included; None when the register no longer knows it."""
    return next((part for part in registry.get(register_name).fields if part.id == field_id), None)


def since(register_name, record_id, version):
    """{field id: (value before, value now)} of what was changed after a version, as stored texts."""
    found = {}
    query = (
        Change.select(Change.field_id, Change.old, Change.new)
        .where(
            (Change.register == register_name)
            & (Change.record_id == record_id)
            & (Change.version > version)
            & Change.action.in_((UPDATE, ERASE))
        )
        .order_by(Change.id)
    )
    for field_id, old, new in query.tuples():
        found[field_id] = (found[field_id][0] if field_id in found else old, new)
    return found
