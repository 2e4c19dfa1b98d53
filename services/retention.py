"""Retention: people's values whose time is over are removed for good, with a tombstone that says which, when and by what rule.

Nothing else in the app removes history. Two steps: `due` says what would go, `apply` removes exactly that.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from models import conditions, parameters, registry, tables
from models.base import atomic, database, is_postgres
from models.errors import Conflict, say
from models.fields import Attachment
from models.journal import Attachment as StoredFile, Change, Draft, Link
from models.values import day_bounds, today
from services import policy, query, search, writer
from services.actor import SYSTEM
from services.journal import ERASE
from services.records import working

CHUNK = 500


@dataclass(frozen=True)
class Due:
    """What one clock has come to: the records of a register, by id, in rising order. Nothing personal."""

    register: object
    clock: object
    ids: tuple


def due(day=None):
    """[Due] of every clock that has something to remove on a day, today by default."""
    day = day or today()
    found = []
    for register in registry.all():
        for clock in register.clocks:
            ids = _ids(register, clock, day) if _running(clock, day) else ()
            if ids:
                found.append(Due(register, clock, ids))
    return found


def code_of(found):
    """A short code for exactly these records: who applies says it, so that nothing goes that was not shown."""
    text = json.dumps([[part.register.name, part.clock.id, part.ids] for part in found])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def apply(code, day=None):
    """Removes what `due` says, all or nothing, and gives it. Conflict where it is no longer what was shown.

    Each clock's part is a change set of kind retention, with the clock's id as its reason.
    """
    if not is_postgres():
        database.execute_sql("PRAGMA secure_delete = ON")
    with atomic():
        found = due(day)
        if code_of(found) != code:
            raise Conflict(say("到期的记录与您看到的不同，请重新查看后再执行。"), code="changed")
        for part in found:
            with working(SYSTEM, kind="retention", reason=f"{part.register.name}.{part.clock.id}") as work:
                for id in part.ids:
                    erase(work, part.register, id, part.clock)
    _settle({part.register.name for part in found})
    return found


def _running(clock, day):
    if not clock.after:
        return True
    start = parameters.dated(clock.after, day)
    return start is not None and day > start + timedelta(days=_days(clock, day))


def _days(clock, day):
    """The clock's own number of days."""
    key, mark, default = clock.days.strip("{}").partition(":")
    return parameters.days(key, int(default), day) if mark else int(clock.days)


def _ids(register, clock, day):
    """The records a clock has come to: those that still have something to lose."""
    model = tables.model(register.name)
    column = lambda name: query.column(model, register, name)
    states = (True,) if clock.trash else (False, True)
    found = []
    for trash in states:
        rows = policy.rows(register, SYSTEM, trash=trash)
        if clock.trash:
            rows = rows.where(model.deleted_at < day_bounds(day - timedelta(days=_days(clock, day)))[0])
        rows = rows.where(conditions.sql(clock.when, column, day))
        if clock.erases:
            held = [column(name).is_null(False) for name in clock.erases]
            rows = rows.where(_any(held))
        found += [id for (id,) in rows.select(model.id).tuples()]
    return tuple(sorted(found))


def _any(parts):
    found = parts[0]
    for part in parts[1:]:
        found |= part
    return found


# removing ---------------------------------------------------------------------------------------------------------------


def erase(work, register, id, clock):
    """One record's values, or the record, out of the row, the journal, the search index, drafts and attachments."""
    found = writer.fetch(register, id, lock=True)
    if found is None:
        return  # another clock of this run took the whole record
    row, values = found
    fields = [register.field(name) for name in clock.erases]
    lost = [values[field.name] for field in fields or register.fields if isinstance(values.get(field.name), str)]
    _forget_drafts(register, id, lost)
    _forget_journal(register, id, [field.id for field in fields])
    _forget_files(register, id, fields)
    model = tables.model(register.name)
    if fields:
        blank = {f"f_{field.id}": None for field in fields}
        stamp = {"version": row["version"] + 1, "updated_at": work.at, "updated_by": work.by}
        model.update(**blank, **stamp).where(model.id == id).execute()
        if row["deleted_at"] is None:
            writer.reindex(register, [id])
            writer.reindex_mentions(register.name, [id])
    else:
        Link.delete().where((Link.register == register.name) & (Link.record_id == id)).execute()
        search.remove(register.name, [id])
        model.delete().where(model.id == id).execute()
    # The tombstone: which record and field, when and by which rule (its change set says), nothing of what it was.
    work.note(register, id, row["version"] + 1, ERASE, [(field, None, None) for field in fields])


def _forget_journal(register, id, field_ids):
    """The values the journal holds of the record (of these fields, or all), and the reasons typed for it alone."""
    mine = (Change.register == register.name) & (Change.record_id == id) & (Change.action != ERASE)
    asked = mine & Change.field_id.in_(field_ids) if field_ids else mine
    Change.update(old=None, new=None).where(asked).execute()
    sets = tables.model("change_set")
    of_record = Change.select(Change.change_set).where(mine)
    of_others = Change.select(Change.change_set).where(
        Change.change_set.in_(of_record) & ((Change.register != register.name) | (Change.record_id != id))
    )
    sets.update(f_reason=None).where(sets.id.in_(of_record) & sets.id.not_in(of_others)).execute()


def _forget_files(register, id, fields):
    """The files of the record where it goes, or of the attachment fields that do."""
    if not fields or any(isinstance(field, Attachment) for field in fields):
        StoredFile.delete().where((StoredFile.register == register.name) & (StoredFile.record_id == id)).execute()


def _forget_drafts(register, id, lost):
    """Drafts of the register's forms that stand on this record's page, or hold a value that goes."""
    for draft in Draft.select().where(Draft.path.contains(f"/r/{register.name}/")):
        typed = [value for _, value in json.loads(draft.payload)]
        if str(id) in draft.path.split("/") or any(value in typed for value in lost):
            draft.delete_instance()


def _settle(names):
    """After the transaction: SQLite's index and write-ahead log keep no remains. PostgreSQL's vacuum does that by itself."""
    if is_postgres():
        return
    for name in sorted(names):
        table = search.search_table(name)
        database.execute_sql(f'INSERT INTO "{table}" ("{table}") VALUES (\'optimize\')')
    database.obj.empty_log()
    database.execute_sql("PRAGMA secure_delete = OFF")
