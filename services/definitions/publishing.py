"""Putting a definition in force: table, data, rights and every worker's knowledge of it in one transaction, or nothing."""

import json
from dataclasses import dataclass

from models import definitions as stored, registry, tables
from models.base import alone, atomic, database, is_postgres
from models.checks import Known, Problem, check as check_register
from models.definition_checks import ACTIONS, Right
from models.definitions import Definition, DefinitionVersion
from models.errors import Conflict, NotFound, say
from models.fields import Relation, Relations
from models.values import now
from services import audit, behaviours, policy, records, writer
from services.actor import SYSTEM
from services.definitions.conversion import fill, fill_rest
from services.definitions.differences import difference
from services.definitions.drafts import Refused, Stale, in_force, looked_at, read, require, rights_of
from services.journal import UPDATE
from services.writer import rows as stored_rows, scope, sheets

LOCK, BATCH = "definitions", 500
_LOCK_WAIT = "SET LOCAL lock_timeout = '5s'"
ADMIN = "city_admin"


@dataclass(frozen=True)
class Published:
    """What came into force: the register, its version, and in sentences what changed."""

    register: object
    version: int
    changes: tuple


def publish(actor, name, wish, version, draft_version=None):
    """Puts a wish in force. `name` is None for a new register; `version` is the one the wish started from (0: none).

    Refused names every problem, Stale tells what another has published meanwhile, NotAllowed where the actor may not build.
    A register out of use comes back into use. What was typed into forms drawn before is still taken, by its field's id.
    """
    require(actor)
    if name is not None:
        name = read(actor, name).name
    row = _row(name)
    _first(name, row, version)
    before = in_force(name, row)
    settled = _good(wish, before, actor, own=name or "")
    began = None
    if settled.copies:
        began = fill(before, settled, lambda: _still(name, version))
    with records.working(actor, kind="define") as work:
        _alone()
        row = _row(name)
        _first(name, row, version)
        _good(wish, before, actor, deep=False, settled=settled, own=name or "")
        changes = tuple(difference(before, settled.register, settled.copies, settled.merges))
        tables.sync(settled.register)
        if began is not None:
            fill_rest(before, settled, began)
        _merge_options(work, settled)
        stale = _after(before, settled, work)
        made = _keep(actor, row, settled.register, changes, stale, draft_version)
        _set_rights(actor, settled, before is None)
        audit.log(actor, "define", register=settled.register.name, detail=" ".join(map(str, changes)))
    stored.refresh()
    registry.pin()
    if stale:
        index_again(settled.register.name)
    return Published(settled.register, made, changes)


# being the only one -----------------------------------------------------------------------------------------------------


def _alone():
    """From here to the end nobody else publishes; on PostgreSQL long readers are not waited for without end."""
    alone(LOCK)
    if is_postgres():
        database.execute_sql(_LOCK_WAIT)


def _still(name, version):
    alone(LOCK)
    _first(name, _row(name), version)


def _row(name):
    return None if name is None else Definition.get_or_none(Definition.register == name)


def _first(name, row, version):
    """Raises Stale where the register is no longer at the version the wish started from."""
    now_at = row.version if row is not None else 0
    if now_at == version:
        return
    started = DefinitionVersion.get_or_none((DefinitionVersion.register == name) & (DefinitionVersion.version == version))
    old = stored.register_of_text(name, started.content) if started else stored.BUILT_IN.get(name)
    changes = difference(old, in_force(name, row)) if old is not None else ()
    told = tuple(changes)[:5]
    raise Stale(say("您打开之后，别人发布了新版本（第 {version} 版）：{changes}", version=now_at, changes=told), changes, now_at)


def _good(wish, before, actor, *, deep=True, settled=None, own=""):
    """The settled wish, once nothing is wrong with it."""
    found = looked_at(wish, before, actor, deep=deep, own=own)
    if found.problems:
        raise Refused(found.problems)
    return settled or found.settled


# the rows there are -----------------------------------------------------------------------------------------------------


def _merge_options(work, settled):
    """Rows that hold a merged option get the one it became, each with its entry in the journal."""
    register = settled.register
    model = tables.model_of(register)
    for id, merges in settled.merges.items():
        field = next(part for part in register.fields if part.id == id)
        column, codes = getattr(model, f"f_{id}"), _through(merges)
        holds = column.in_(list(codes))
        if field.several:
            holds = column.contains("|none|") & (column == "")
            for code in codes:
                holds |= column.contains(f"|{code}|")
        last = 0
        while True:
            rows = list(
                model.select(model.id, model.version, column)
                .where((model.id > last) & holds)
                .order_by(model.id)
                .limit(BATCH)
                .tuples()
            )
            if not rows:
                break
            notes = []
            for row_id, version, old in rows:
                new = field.ordered({codes.get(code, code) for code in old}) if field.several else codes.get(old, old)
                changed = {f"f_{id}": new, "version": version + 1, "updated_at": work.at, "updated_by": work.by}
                if new != old and model.update(**changed).where((model.id == row_id) & (model.version == version)).execute():
                    notes.append((row_id, version + 1, UPDATE, [(field, old, new)]))
            if notes:
                work.note_many(register, notes)
            last = rows[-1][0]


def _through(merges):
    """{code: the code it ends as}, where one that was merged is merged on."""
    found = {}
    for code in merges:
        end, seen = code, set()
        while end in merges and end not in seen:
            seen.add(end)
            end = merges[end]
        found[code] = end
    return found


def _after(before, settled, work):
    """What follows for the rows when the unit path or the searched fields change. Whether the search index is to be made anew."""
    register = settled.register
    if before is None:
        return False
    if _path(before) != _path(register):
        _move_units(register)
        return True
    return _searched(before) != _searched(register) and tables.model_of(register).select().exists()


def _path(register):
    found = []
    for path in register.scope.split("|"):
        first, _, rest = path.partition(".")
        found.append((register.by_name[first].id if first in register.by_name else first, rest))
    return found


def _searched(register):
    return [[register.field(name).id for name in listed] for listed in (register.search, register.title)]


def _move_units(register):
    """Every row's unit worked out again; rows of other registers that hang on them follow."""
    model, last = tables.model_of(register), 0
    hang = scope.dependents(register.name)
    while True:
        rows = list(model.select().where(model.id > last).order_by(model.id).limit(BATCH).dicts())
        if not rows:
            return
        ids = [row["id"] for row in rows]
        units = scope.scope_of(register, sheets.Apart([stored_rows.values_of(register, row) for row in rows]), ids)
        for row, unit in zip(rows, units, strict=True):
            if unit != (row["district_id"], row["school_id"]):
                model.update(district_id=unit[0], school_id=unit[1]).where(model.id == row["id"]).execute()
                if hang:
                    scope.propagate_scope(register.name, row["id"], unit)
        last = ids[-1]


def index_again(name):
    """The search index of a register made anew, in batches others can write between; taken up again where it was cut off."""
    register, model, last = registry.get(name), tables.model(name), 0
    while True:
        with atomic():
            ids = [id for (id,) in model.select(model.id).where(model.id > last).order_by(model.id).limit(BATCH).tuples()]
            if not ids:
                Definition.update(unsearched=False).where(Definition.register == name).execute()
                return
            writer.reindex(register, ids)
        last = ids[-1]


def finish_indexes():
    """Takes up what a killed process left of making indexes anew."""
    for (name,) in list(Definition.select(Definition.register).where(Definition.unsearched == True).tuples()):
        if name in registry.current():
            index_again(name)


# keeping it -------------------------------------------------------------------------------------------------------------


def _keep(actor, row, register, changes, stale, draft_version):
    """Writes down what is in force, as the next version; gives its number."""
    built_in = register.name in stored.BUILT_IN
    content = stored.added(stored.BUILT_IN[register.name], register) if built_in else register.to_dict()
    text = json.dumps(content, ensure_ascii=False)
    if row is None:
        row = _row(register.name) or Definition.create(register=register.name)
    version = row.version + 1
    values = {
        "published": text,
        "version": version,
        "published_at": now(),
        "published_by": actor.id,
        "retired": False,
        "unsearched": stale,
    }
    if draft_version is None or draft_version == row.draft_version:
        values |= {"draft": None, "draft_version": row.draft_version + 1}
    Definition.update(**values).where(Definition.id == row.id).execute()
    DefinitionVersion.create(
        register=register.name,
        version=version,
        content=text,
        changes=json.dumps([str(part) for part in changes], ensure_ascii=False),
        at=now(),
        by=actor.id,
    )
    stored.renew_stamp()
    return version


def _set_rights(actor, settled, new):
    """角色授权 for the register: what was chosen, and always the city's administrators. Nobody else gets in by default."""
    register = settled.register
    if settled.rights is None and not new:
        return
    wanted = list(settled.rights or ())
    if not any(right.role == ADMIN for right in wanted):
        wanted.append(
            Right(
                ADMIN,
                tuple(action for action in ACTIONS if action != "count" and (action != "approve" or register.workflow)),
                "all",
            )
        )
    have = {(right.role, right.rows): right for right in rights_of(register.name)}
    more = [right for right in wanted if have.pop((right.role, right.rows), None) != right]
    if not more and not have:
        return
    others = [right for right in more if right.role != ADMIN] or list(have)
    grants = registry.get("role_grant")
    if others:
        policy.require(actor, "edit", grants)
    giver = actor if others else SYSTEM
    model = tables.model("role_grant")
    for right in more:
        same = (model.f_register == register.name) & (model.f_role == right.role) & (model.f_rows == right.rows)
        row = model.select(model.id, model.version).where(same & model.deleted_at.is_null()).first()
        values = {"actions": list(right.actions), "names": right.names}
        if row:
            records.update("role_grant", giver, row.id, values, version=row.version, kind="define")
        else:
            records.create(
                "role_grant", giver, values | {"role": right.role, "register": register.name, "rows": right.rows}, kind="define"
            )
    for role, rows in have:
        same = (model.f_register == register.name) & (model.f_role == role) & (model.f_rows == rows) & model.deleted_at.is_null()
        for (id,) in list(model.select(model.id).where(same).tuples()):
            records.delete("role_grant", giver, id, version=None)


# out of use and back ----------------------------------------------------------------------------------------------------


def retire(actor, name, version):
    """Takes a register out of use: nobody sees it, its rows and history stay. Conflict while others point at it."""
    require(actor)
    name = read(actor, name).name
    if name in stored.BUILT_IN:
        raise Refused([Problem("R055", name, say("这是内置台账，不能停用。"))])
    with atomic():
        _alone()
        row = _living(name, version)
        holders = [other for other in registry.all() if other.name != name and _points(other, name)]
        if holders:
            labels = tuple(other.titled for other in holders)
            raise Conflict(say("还有台账关联到它，不能停用：{registers}。请先停用那些字段。", registers=labels), code="in_use")
        _set_retired(actor, row, True)
    stored.refresh()
    registry.pin()


def restore(actor, name, version):
    """Takes a register back into use, as it last was. Refused where what it leans on is gone meanwhile."""
    require(actor)
    with atomic():
        _alone()
        row = _living(name, version)
        register = in_force(name, row)
        others = {other.name: other for other in registry.all()}
        problems = check_register(register, Known(others, behaviours.names()))
        if problems:
            raise Refused(problems)
        tables.sync(register)
        _set_retired(actor, row, False)
    stored.refresh()
    registry.pin()


def _living(name, version):
    row = _row(name)
    if row is None or row.published is None:
        raise NotFound(say("没有「{name}」这个台账定义。", name=str(name)[:60]))
    _first(name, row, version)
    return row


def _points(other, name):
    return any(isinstance(field, (Relation, Relations)) and field.to == name for field in other.live)


def _set_retired(actor, row, retired):
    Definition.update(retired=retired).where(Definition.id == row.id).execute()
    stored.renew_stamp()
    audit.log(actor, "define", register=row.register, detail=str(say("停用台账。") if retired else say("恢复台账。")))
