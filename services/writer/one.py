"""One row written: created, changed field by field and merged with what others saved, or put back to earlier values."""

from dataclasses import dataclass

from models import registry, tables
from models.errors import Conflict, Contested, FieldError, NotAllowed, NotFound, say
from services import policy
from services.journal import loads, since
from services.writer.faults import blanks, faults_of, settle, taken
from services.writer.relations import check_relations
from services.writer.rows import fetch, next_ids
from services.writer.saving import Line, insert, run_effects, save
from services.writer.scope import confirm_scope, units_of
from services.writer.sheets import Apart
from services.writer.values import Written, clean, complete, defaults_of, fill, make_codes

FREE, LOCKED = "free", "locked_state"


def create(register_name, work, raw, *, by_app=False):
    """Writes one new row. Invalid, NeedsConfirmation, NotAllowed as the rules and rights say."""
    full = registry.get(register_name)
    actor = work.actor
    policy.require(actor, "edit", full)
    view = full if named_allowed(full, actor, raw) else policy.view(full, actor)
    values, faults = clean(view, raw, by_app=by_app or actor.system)
    faults += check_relations(full, work, Apart([values])).get(0, [])
    values = complete(full, values, defaults_of(full, actor))
    ids = next_ids(tables.model(full.name), 1)
    make_codes(full, [values], ids)
    if not faults:
        fill(full, [values])
        faults = faults_of(full, work, values) + taken(full, values)
    else:
        faults += blanks(full, values, faults)
    settle(work, faults)
    insert(full, work, [Line(id, own=values) for id in ids])
    confirm_scope(full, actor, ids[0])
    run_effects(full, work, ids)
    return Written(full, ids[0], 1, values)


def named_allowed(full, actor, raw):
    """Whether the actor may write named fields into the row he describes: his own school's."""
    if actor.system:
        return True
    named = any(full.by_name[name].sensitivity == "named" for name in raw if name in full.by_name)
    if not named or not full.scope_relations:
        return False
    first = full.scope_relations[0]
    try:
        target = first.clean(raw.get(first.name))
    except FieldError:
        return False
    school = target if first.to == "school" else units_of(first.to, {target}).get(target, (None, None))[1]
    return policy.clears_names_at(full, actor, school)


def update(register_name, work, id, raw, *, version, by_app=False, move=None):
    """Writes the changed fields of one row, merging with what others saved since `version`. Conflict where they overlap."""
    full, actor = registry.get(register_name), work.actor
    if not by_app:
        policy.require(actor, "approve" if move and move.action == "approve" else "edit", full, id)
    found = fetch(full, id, lock=True)
    if found is None or found[0]["deleted_at"] is not None:
        raise NotFound()
    row, old = found
    if not move and not by_app:
        refuse_locked(full, old)
    view = full if by_app or actor.system else policy.view(full, actor, Row(id))
    values, faults = clean(view, raw, by_app=by_app or bool(move) or actor.system)
    if not by_app:
        chosen = {name: value for name, value in values.items() if value != old.get(name)}
        faults += check_relations(full, work, Apart([chosen])).get(0, [])
    merged = () if by_app or faults else merge(full, view, id, row["version"], version, old, values)
    changed = {name: value for name, value in values.items() if value != old.get(name)}
    after = old | changed
    if not faults:
        fill(full, [after])
        changed = {name: value for name, value in after.items() if value != old.get(name)}
        if not by_app:
            faults = faults_of(full, work, after, old, frozenset(changed), id, move.name if move else "")
        if set(changed) & ({*full.key} | {field.name for field in full.live if field.unique}):
            faults += taken(full, after, id)
    else:
        faults += blanks(full, after, faults, frozenset(values))
    settle(work, faults)
    if not changed:
        return Written(full, id, row["version"], old, merged)
    save(full, work, [Line(id, row=row, old=old, own=after, changed=frozenset(changed))])
    if not by_app:
        confirm_scope(full, actor, id, move.action if move else "edit")
    run_effects(full, work, [id])
    return Written(full, id, row["version"] + 1, after, merged)


@dataclass(frozen=True)
class Row:
    id: int


def refuse_locked(full, old):
    """A record in a locked state is not edited."""
    workflow = full.workflow
    if workflow and old.get(workflow.field) in workflow.locked:
        state = full.field(workflow.field).get(old[workflow.field]).title
        raise NotAllowed(say("这条记录已是「{state}」，不能再修改。", state=state), LOCKED)


def merge(full, view, id, current, version, old, values):
    """The fields others changed since `version`; Conflict where they are also changed here, to something else."""
    if version == current:
        return ()
    if not isinstance(version, int) or version > current or version < 1:
        raise Conflict(say("版本不对，请刷新后重试。"), version=current, code="version")
    others, contested, merged = since(full.name, id, version), [], []
    for field in full.fields:
        if field.id not in others or field.name not in view.by_name:
            continue
        before, mine = loads(field, others[field.id][0]), values.get(field.name, FREE)
        if mine is FREE or mine == old[field.name]:
            merged.append(field)
        elif mine == before:
            # He posts what stood when he opened the form: he did not change this field, the other did.
            values.pop(field.name)
            merged.append(field)
        else:
            contested.append(Contested(field.name, before, old[field.name], mine))
    if contested:
        names = tuple(full.field(part.field).title for part in contested)
        raise Conflict(say("您填写期间，别人也改了{fields}，请选定用哪个。", fields=names), contested, current)
    return tuple(merged)
