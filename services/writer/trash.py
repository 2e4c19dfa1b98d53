"""Rows to the trash and back, many at a time: what hangs on a row keeps it from going, what it hangs on must be there again."""

import peewee

from models import registry, tables
from models.base import one_of
from models.errors import AppError, Conflict, Invalid, NotAllowed, NotFound, say
from models.fields import Relation, Relations
from models.journal import Link
from services import policy, query, search
from services.journal import RESTORE, TRASH
from services.writer.faults import refuse_whole, taken_in_set
from services.writer.indexing import reindex
from services.writer.one import refuse_locked
from services.writer.relations import gone_targets
from services.writer.rows import fetch_many
from services.writer.saving import run_effects
from services.writer.sets import by_halves
from services.writer.sheets import Apart


def trash(register_name, work, wanted):
    """Moves records to the trash; `wanted` is {id: the version it was seen at, or None}. Gives {id: AppError} of those that stay."""
    full = registry.get(register_name)
    there, refused = _at_hand(full, work, wanted, in_trash=False)
    for id, (row, values) in there.items():
        try:
            refuse_locked(full, values)
            refuse_whole(full, work, id, values)
            if wanted[id] is not None and wanted[id] != row["version"]:
                raise Conflict(say("您打开之后，这条记录被别人改过，请看过再删除。"), version=row["version"])
        except AppError as error:
            refused[id] = error
    going = [id for id in there if id not in refused]
    while held := pointing_at(full, going):
        refused |= {id: _in_use(holders) for id, holders in held.items()}
        going = [id for id in going if id not in held]
    by_halves(work, going, lambda ids: _put_away(full, work, there, ids), refused.__setitem__)
    return refused


def bring_back(register_name, work, ids):
    """Takes records out of the trash. Gives {id: AppError} of those that stay there: a key that is taken, a record it hangs on gone."""
    full = registry.get(register_name)
    there, refused = _at_hand(full, work, ids, in_trash=True)
    rows = list(there.items())
    taken = taken_in_set(full, Apart([values for _, (_, values) in rows]), [id for id, _ in rows])
    gone = gone_targets(full, [values for _, (_, values) in rows])
    for at, (id, (_, values)) in enumerate(rows):
        faults = taken.get(at, []) + gone[at]
        try:
            refuse_whole(full, work, id, values)
            if faults:
                raise Invalid(faults)
        except AppError as error:
            refused[id] = error
    coming = [id for id in there if id not in refused]
    by_halves(work, coming, lambda ids: _take_out(full, work, there, ids), refused.__setitem__)
    return refused


def _at_hand(full, work, ids, in_trash):
    """({id: (row, values)} of those that are there for the actor to edit, {id: AppError} of the others)"""
    valid = [id for id in ids if isinstance(id, int) and 0 < id < 2**63]
    seen = policy.among(full, work.actor, valid, trash=in_trash)
    right = policy.may(work.actor, "edit", full)
    editable = policy.among(full, work.actor, seen, action="edit", trash=in_trash) if right else set()
    refused = {}
    for id in ids:
        if id not in seen:
            refused[id] = NotFound()
        elif id not in editable:
            why = policy.out_of_rows(full, "edit") if right else right
            refused[id] = NotAllowed(why.reason, why.rule)
    found = fetch_many(full, editable, lock=True)
    return {id: found[id] for id in ids if id in editable}, refused


def _in_use(holders):
    counts = tuple(say("{register} {count} 条", register=other.titled, count=count) for other, count in holders)
    return Conflict(say("还有记录用到它，不能删除：{counts}。请先处理这些记录。", counts=counts), code="in_use")


def pointing_at(register, ids):
    """{id: [(other register, how many of its live records point here)]}; records that go along do not count."""
    found = {}
    for other in registry.all() if ids else ():
        if other.system:
            continue
        model = tables.model(other.name)
        live = model.deleted_at.is_null()
        if other.name == register.name:
            live &= ~one_of(model.id, ids)
        for part in other.fields:
            if isinstance(part, Relation) and part.to == register.name:
                target = query.column(model, other, part.name)
                counted = model.select(target, peewee.fn.COUNT(model.id)).where(one_of(target, ids) & live)
            elif isinstance(part, Relations) and part.to == register.name:
                target = Link.target_id
                tied = (Link.register == other.name) & (Link.field_id == part.id) & one_of(target, ids)
                counted = Link.select(target, peewee.fn.COUNT(Link.id)).where(
                    tied & Link.record_id.in_(model.select(model.id).where(live))
                )
            else:
                continue
            for id, count in counted.group_by(target).tuples():
                found.setdefault(id, []).append((other, count))
    return found


def _put_away(full, work, there, ids):
    model = tables.model(full.name)
    change = {"deleted_at": work.at, "deleted_by": work.by, "version": model.version + 1}
    model.update(**change).where(one_of(model.id, ids)).execute()
    search.remove(full.name, ids)
    work.note_many(full, [(id, there[id][0]["version"] + 1, TRASH, ()) for id in ids])
    run_effects(full, work, ids)


def _take_out(full, work, there, ids):
    model = tables.model(full.name)
    change = {"deleted_at": None, "deleted_by": None, "version": model.version + 1}
    model.update(**change).where(one_of(model.id, ids)).execute()
    reindex(full, ids)
    work.note_many(full, [(id, there[id][0]["version"] + 1, RESTORE, ()) for id in ids])
    run_effects(full, work, ids)
