"""How one row is written: cleaned, checked, scoped, saved, journalled, indexed. Only services.records and its kin call this.

A write runs inside one transaction (models.base.atomic) and one Work. It checks the row before and after saving: what an
actor may not have, he may not make.
"""

from dataclasses import dataclass
from functools import lru_cache

import peewee

from models import conditions, registry, tables
from models.base import database, is_postgres
from models.conditions import days_from
from models.errors import Conflict, Contested, Fault, FieldError, Invalid, NeedsConfirmation, NotAllowed, NotFound, say
from models.fields import Attachment, Code, Derived, Relation, Relations
from models.journal import Attachment as StoredFile, Link
from models.values import NA, now
from services import behaviours, policy, query, search
from services.behaviours import Checked
from services.journal import CREATE, UPDATE, loads, since

FREE = "free"


@dataclass(frozen=True)
class Written:
    """A row as it was saved: its id, version, values by field name, and which fields others had changed meanwhile."""

    register: object
    id: int
    version: int
    values: dict
    merged: tuple = ()


# -- values --------------------------------------------------------------------------------------------------------------


def clean(register, actor, raw, *, by_app=False):
    """Python values of the raw ones, all faults gathered. Unknown and read-only fields are faults, unless the app writes."""
    values, faults = {}, []
    for name, given in raw.items():
        field = register.by_name.get(name)
        if field is None:
            faults.append(Fault(name, "unknown_field", say("没有「{name}」这一列。", name=str(name)[:60])))
        elif isinstance(field, Derived) or (field.readonly and not by_app):
            faults.append(Fault(field.name, "read_only", say("「{label}」由系统填写，不能修改。", label=field.title)))
        else:
            try:
                values[field.name] = field.clean(given)
            except FieldError as error:
                faults.append(Fault(field.name, error.code, error.sentence))
    return values, faults


def check_relations(register, actor, rows):
    """Faults by row index for relations to records the actor may not see or that are in the trash; one query per target."""
    fields = [field for field in register.fields if isinstance(field, (Relation, Relations))]
    named = [(at, field, _ids(values.get(field.name))) for at, values in enumerate(rows) for field in fields]
    wanted = {}
    for _, field, ids in named:
        wanted.setdefault(field.to, set()).update(ids)
    known = {target: visible(target, actor, ids) for target, ids in wanted.items() if ids}
    faults = {}
    for at, field, ids in named:
        if ids and not known[field.to].issuperset(ids):
            sentence = say("「{label}」所选的记录不存在，或不在您的数据范围内。", label=field.title)
            faults.setdefault(at, []).append(Fault(field.name, "relation", sentence))
    return faults


def _ids(value):
    """The ids a relation's value names: one, several or none."""
    if value is None or value is NA:
        return ()
    return value if isinstance(value, tuple) else (value,)


def visible(target, actor, ids):
    """Which of these ids of a register the actor may see."""
    ids, found = sorted(ids), set()
    source = policy.rows(registry.get(target), actor)
    for at in range(0, len(ids), 500):
        part = source.where(source.model.id.in_(ids[at : at + 500])).select(source.model.id)
        found |= {id for (id,) in part.tuples()}
    return found


def fill_defaults(register, actor, values):
    """Declared defaults for fields that were not given at all; a workflow's first state."""
    for field in register.live:
        if field.name not in values and field.default is not None and field.stored:
            default = field.default
            if default == "$me":
                values[field.name] = actor.id
            elif isinstance(default, str) and default.startswith("$today"):
                values[field.name] = days_from(default)
            else:
                values[field.name] = now() if default == "$now" else field.clean(default)
    if register.workflow and values.get(register.workflow.field) is None:
        values[register.workflow.field] = register.workflow.initial


def fill(register, rows):
    """Values the register's behaviours work out, row set at a time."""
    for name in register.behaviours:
        if name in behaviours.FILLS:
            behaviours.FILLS[name](register, rows)


def make_codes(register, rows, ids):
    """Codes for rows that have none: the series and the record's number; unique because the number is."""
    for field in register.live:
        if isinstance(field, Code) and field.make:
            for values, id in zip(rows, ids, strict=True):
                if values.get(field.name) is None:
                    values[field.name] = f"{field.make}-{id:06d}"


# -- scope ---------------------------------------------------------------------------------------------------------------


def scope_of(register, rows, ids):
    """[(district_id, school_id)] of the rows, from the register's scope path; one query per step whatever their number."""
    if not register.scope:
        return [(None, None)] * len(rows)
    if register.scope == "id:district":
        return [(id, None) for id in ids]
    if register.scope == "id:school":
        return [(values.get("district"), id) for values, id in zip(rows, ids, strict=True)]
    first = register.field(register.scope.split(".")[0])
    targets = {values.get(first.name) for values in rows} - {None, NA}
    found = units_of(first.to, targets)
    return [found.get(values.get(first.name), (None, None)) for values in rows]


def gone_targets(register, values):
    """Faults for relations to records that are in the trash: a row does not come back without what it hangs on."""
    faults = []
    for field in register.live:
        value = values.get(field.name)
        if isinstance(field, (Relation, Relations)) and value is not None and value is not NA:
            ids = set(value if isinstance(value, tuple) else (value,))
            model = tables.model(field.to)
            alive = model.select().where(model.id.in_(sorted(ids)) & model.deleted_at.is_null()).count()
            if alive < len(ids):
                sentence = say("「{label}」所指的记录已删除，请先恢复那条记录。", label=field.title)
                faults.append(Fault(field.name, "relation", sentence))
    return faults


def units_of(register_name, ids):
    """{id: (district_id, school_id)} of records, trash included."""
    model, found = tables.model(register_name), {}
    ids = sorted(ids)
    for at in range(0, len(ids), 500):
        part = model.select(model.id, model.district_id, model.school_id).where(model.id.in_(ids[at : at + 500]))
        found |= {id: (district, school) for id, district, school in part.tuples()}
    return found


def dependents(register_name):
    """(register, relation) pairs whose rows take their unit from this register's rows."""
    found = []
    for other in registry.all():
        if other.scope and not other.scope.startswith("id:"):
            first = other.field(other.scope.split(".")[0])
            if first.to == register_name:
                found.append((other, first))
        elif other.scope == "id:school" and register_name == "district":
            found.append((other, other.field("district")))
    return found


def propagate_scope(register_name, id, units):
    """Rows that hang on a record take its new unit, and theirs in turn."""
    for other, relation in dependents(register_name):
        model = tables.model(other.name)
        tied = query.column(model, other, relation.name) == id
        ids = [row_id for (row_id,) in model.select(model.id).where(tied).tuples()]
        change = {"district_id": units[0]} if other.scope == "id:school" else {"district_id": units[0], "school_id": units[1]}
        model.update(**change).where(tied).execute()
        if ids:
            reindex(other, ids)
        for row_id in ids:
            propagate_scope(other.name, row_id, units_of(other.name, [row_id])[row_id])


# -- rules ---------------------------------------------------------------------------------------------------------------


def faults_of(register, work, values, old=None, changed=None, record_id=None, move=""):
    """Faults of a whole row: required fields and rules. A fault that stood before and is not touched does not block an edit."""
    old = old or {}
    changed = frozenset(values if changed is None else changed)
    faults = []
    for field in register.live:
        if field.required and field.name in changed and values.get(field.name) is None:
            faults.append(Fault(field.name, "required", say("请填写「{label}」。", label=field.title)))
    with_derived = derive(register, values)
    for rule in register.rules:
        touched = not old or rule.always or move or involved(rule) & changed
        if touched and not satisfied(rule, register, work.actor, with_derived, old, changed, record_id, move):
            faults += rule_faults(rule, register, with_derived)
    return faults


def blanks(found, faults):
    """The required fields left blank, but for those that already have a fault: a wrong value is not a missing one."""
    told = {fault.field for fault in faults}
    return [fault for fault in found if fault.code == "required" and fault.field not in told]


def refuse_whole(register, work, id, values):
    """Raises NotAllowed where a rule that is asked on every write keeps this row from coming or going as a whole."""
    for rule in register.rules:
        if rule.always and not satisfied(rule, register, work.actor, derive(register, values), values, frozenset(values), id, ""):
            raise NotAllowed(say("{text}", text=rule.title), rule.id)


def derive(register, values):
    derived = {field.name: conditions.holds(field.when, values) for field in register.fields if isinstance(field, Derived)}
    return values | derived


@lru_cache(maxsize=4096)
def involved(rule):
    """The fields whose change makes a rule worth asking again."""
    return (
        conditions.fields_of(rule.when)
        | conditions.fields_of(rule.must)
        | set(rule.require)
        | ({rule.field} if rule.field else set())
    )


def satisfied(rule, register, actor, values, old, changed, record_id, move):
    if rule.when and not conditions.holds(rule.when, values):
        return True
    if rule.must and not conditions.holds(rule.must, values):
        return False
    if any(values.get(name) is None for name in rule.require):
        return False
    if not rule.check:
        return True
    return behaviours.CHECKS[rule.check](Checked(actor, register, record_id, values, old, changed, move))


def rule_faults(rule, register, values):
    """Where a broken rule's sentence stands: at its field, else at the first required field that is empty, else on top."""
    empty = [name for name in rule.require if values.get(name) is None]
    place = rule.field or (empty[0] if empty else "")
    return [Fault(place, rule.id, say("{text}", text=rule.title), rule.level)]


def settle(work, faults):
    """Raises for errors, then for warnings that are not confirmed; keeps what is only said."""
    errors = [fault for fault in faults if fault.level == "error"]
    warnings = [fault for fault in faults if fault.level == "warning"]
    if errors:
        raise Invalid(errors + warnings)
    if warnings and not work.confirmed:
        raise NeedsConfirmation(warnings)
    work.infos += [fault.sentence for fault in faults if fault.level == "info"]


def taken(register, values, record_id=None):
    """Faults for a business key, or a unique field, that another row has already. They do not say whose."""
    model, faults = tables.model(register.name), []
    groups = [register.key] if register.key else []
    groups += [(field.name,) for field in register.live if field.unique and (field.name,) not in groups]
    for names in groups:
        if all(values.get(name) is None for name in names):
            continue
        same = model.deleted_at.is_null()
        for name in names:
            part = query.column(model, register, name)
            # Parts of a key may be empty (a team takes a district or a school): empty equals empty, which an index does not say.
            same &= part.is_null() if values.get(name) in (None, NA) else part == values[name]
        if record_id is not None:
            same &= model.id != record_id
        if model.select(model.id).where(same).exists():
            labels = tuple(register.field(name).title for name in names)
            faults.append(Fault(names[-1], "taken", say("「{labels}」已有同样的值，请核对后换一个。", labels=labels)))
    return faults


# -- rows ----------------------------------------------------------------------------------------------------------------


def next_ids(model, count):
    """Fresh ids for rows about to be inserted, in rising order."""
    if is_postgres():
        sequence = f"{model._meta.table_name}_id_seq"
        found = database.execute_sql(f"SELECT nextval('{sequence}') FROM generate_series(1, %s)", (count,))
        return [id for (id,) in found.fetchall()]
    # SQLite: the transaction is IMMEDIATE, nobody else is inserting; rows are never deleted, so ids are never used twice.
    last = model.select(peewee.fn.MAX(model.id)).scalar() or 0
    return list(range(last + 1, last + count + 1))


def stored(register, values):
    """Column values of a row's Python values; 不适用 is kept beside an empty column."""
    row, marks = {}, ""
    for field in register.fields:
        value = values.get(field.name)
        if field.stored and field.name in values:
            row[f"f_{field.id}"] = None if value is NA else value
        if value is NA:
            marks += f"|{field.id}"
    return row | {"na_fields": f"{marks}|" if marks else None}


def insert(register, work, rows, ids):
    """Rows into the table, their links, files, journal entries and index entries."""
    model = tables.model(register.name)
    units = scope_of(register, rows, ids)
    made = [
        stored(register, values)
        | {
            "id": id,
            "version": 1,
            "created_at": work.at,
            "created_by": work.by,
            "updated_at": work.at,
            "updated_by": work.by,
            "district_id": district,
            "school_id": school,
        }
        for values, id, (district, school) in zip(rows, ids, units, strict=True)
    ]
    tables.insert_rows(model, made)
    links = [
        {"register": register.name, "field_id": field.id, "record_id": id, "target_id": target}
        for field in register.fields
        if isinstance(field, Relations)
        for values, id in zip(rows, ids, strict=True)
        for target in _ids(values.get(field.name))
    ]
    if links:
        tables.insert_rows(Link, links)
    if any(isinstance(field, Attachment) for field in register.fields):
        for values, id in zip(rows, ids, strict=True):
            claim_files(register, work.actor, id, values)
    work.note_many(register, [(id, 1, CREATE, ()) for id in ids])
    index(register, [(id, values, unit) for id, values, unit in zip(ids, rows, units, strict=True)])


def link(register, id, values):
    """The links of a record's several-relations fields, as given."""
    for field in register.fields:
        if isinstance(field, Relations) and field.name in values:
            mine = (Link.register == register.name) & (Link.field_id == field.id) & (Link.record_id == id)
            Link.delete().where(mine).execute()
            targets = values[field.name] or ()
            if targets:
                base = {"register": register.name, "field_id": field.id, "record_id": id}
                Link.insert_many([base | {"target_id": target} for target in targets]).execute()


def claim_files(register, actor, id, values):
    """Files named in a record become its own: the actor's uploads that belong to no record yet, or its own already."""
    for field in register.fields:
        wanted = values.get(field.name) if isinstance(field, Attachment) else None
        if not wanted:
            continue
        free = StoredFile.record_id.is_null() & (StoredFile.uploaded_by == actor.id)
        own = (StoredFile.register == register.name) & (StoredFile.record_id == id)
        found = {
            row.id
            for row in StoredFile.select(StoredFile.id).where(
                StoredFile.id.in_(wanted) & (free | own) & StoredFile.kind.in_(field.accept)
            )
        }
        if set(wanted) - found:
            raise Invalid(
                [Fault(field.name, "file", say("「{label}」里有文件已失效，或不是这里收的种类，请重新上传。", label=field.title))]
            )
        StoredFile.update(register=register.name, record_id=id).where(StoredFile.id.in_(wanted)).execute()


def index(register, rows):
    """Search entries of rows [(id, values, (district, school))]."""
    if not register.search:
        return
    wanted = {name for name in (*register.search, *register.title) if isinstance(register.field(name), Relation)}
    made = [({}, values) for _, values, _ in rows]
    labelled = {
        name: query.labels(register.field(name).to, {values.get(name) for _, values in made} - {None, NA}, INDEXER)
        for name in wanted
    }
    entries = []
    for id, values, (district, school) in rows:
        own = {name: known.get(values.get(name), "") for name, known in labelled.items()}
        entries.append((id, search.tokens(register, values, own, query.title_of(register, values, own), district, school)))
    search.put(register.name, entries)


def reindex(register, ids):
    """Search entries made anew from the stored rows."""
    model = tables.model(register.name)
    for at in range(0, len(ids), 500):
        found = model.select().where(model.id.in_(ids[at : at + 500]) & model.deleted_at.is_null()).dicts()
        index(register, [(row["id"], values_of(register, row), (row["district_id"], row["school_id"])) for row in found])


class _Indexer:
    """Reads every label: an index entry is made for all, and confined by the searcher's own rows."""

    system = True


INDEXER = _Indexer()


def values_of(register, row):
    """A stored row's Python values by field name, several relations apart."""
    values = {field.name: row[f"f_{field.id}"] for field in register.fields if field.stored}
    query.mark_na(register, values, row["na_fields"])
    return values


def fetch(register, id, *, lock=False):
    """A row as stored, with its linked values; None when there is no such row. Never for showing: rights are the caller's."""
    model = tables.model(register.name)
    found = model.select().where(model.id == id)
    row = (found.for_update() if lock and is_postgres() else found).dicts().first()
    if row is None:
        return None
    values = values_of(register, row)
    for field in register.fields:
        if isinstance(field, Relations):
            mine = (Link.register == register.name) & (Link.field_id == field.id) & (Link.record_id == id)
            values[field.name] = (
                tuple(t for (t,) in Link.select(Link.target_id).where(mine).order_by(Link.target_id).tuples()) or None
            )
    return row, values


# -- the two writes ------------------------------------------------------------------------------------------------------


def create(register_name, work, raw, *, by_app=False):
    """Writes one new row. Invalid, NeedsConfirmation, NotAllowed as the rules and rights say."""
    full = registry.get(register_name)
    actor = work.actor
    policy.require(actor, "edit", full)
    view = full if named_allowed(full, actor, raw) else policy.view(full, actor)
    values, faults = clean(view, actor, raw, by_app=by_app or actor.system)
    faults += check_relations(full, actor, [values]).get(0, [])
    fill_defaults(full, actor, values)
    for field in full.live:
        values.setdefault(field.name, None)
    ids = next_ids(tables.model(full.name), 1)
    make_codes(full, [values], ids)
    if not faults:
        fill(full, [values])
        faults = faults_of(full, work, values) + taken(full, values)
    else:
        faults += blanks(faults_of(full, work, values), faults)
    settle(work, faults)
    insert(full, work, [values], ids)
    confirm_scope(full, actor, ids[0])
    run_effects(full, work, ids)
    return Written(full, ids[0], 1, values)


def named_allowed(full, actor, raw):
    """Whether the actor may write named fields into the row he describes: his own school's."""
    if actor.system:
        return True
    named = any(full.by_name[name].sensitivity == "named" for name in raw if name in full.by_name)
    if not named or not full.scope or full.scope.startswith("id:"):
        return False
    first = full.field(full.scope.split(".")[0])
    try:
        target = first.clean(raw.get(first.name))
    except FieldError:
        return False
    school = target if first.to == "school" else units_of(first.to, {target}).get(target, (None, None))[1]
    return policy.clears_names_at(full, actor, school)


def confirm_scope(full, actor, id, action="edit"):
    """After saving: the row must be one the actor may still do this to, else nothing is saved."""
    if not policy.covers(full, actor, action, id):
        raise Invalid([out_of_scope(full)])


def out_of_scope(full):
    """The fault of a row outside the actor's scope, at the field that put it there."""
    place = full.scope.split(".")[0] if full.scope and not full.scope.startswith("id:") else ("district" if full.scope else "")
    label = full.field(place).title if place in full.by_name else full.titled
    return Fault(place, "out_of_scope", say("「{label}」不在您可以填报的范围内，没有保存。", label=label))


def run_effects(full, work, ids):
    for name in full.behaviours:
        if name in behaviours.EFFECTS:
            behaviours.EFFECTS[name](work, full, ids)


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
    view = full if by_app or actor.system else policy.view(full, actor, _Row(id))
    values, faults = clean(view, actor, raw, by_app=by_app or bool(move) or actor.system)
    if not by_app:
        chosen = {name: value for name, value in values.items() if value != old.get(name)}
        faults += check_relations(full, actor, [chosen]).get(0, [])
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
        faults += blanks(faults_of(full, work, after, old, frozenset(values)), faults)
    settle(work, faults)
    if not changed:
        return Written(full, id, row["version"], old, merged)
    save(full, work, row, old, after, changed)
    if not by_app:
        confirm_scope(full, actor, id, move.action if move else "edit")
    run_effects(full, work, [id])
    return Written(full, id, row["version"] + 1, after, merged)


@dataclass(frozen=True)
class _Row:
    id: int


def refuse_locked(full, old):
    """A record in a locked state is not edited."""
    workflow = full.workflow
    if workflow and old.get(workflow.field) in workflow.locked:
        state = full.field(workflow.field).get(old[workflow.field]).title
        raise NotAllowed(say("这条记录已是「{state}」，不能再修改。", state=state), "locked_state")


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


def save(full, work, row, old, after, changed):
    """The changed columns, links, files, journal and index of one row; its dependants' scope when its unit moved."""
    model, id = tables.model(full.name), row["id"]
    units = scope_of(full, [after], [id])[0]
    columns = stored(full, after)
    keep = {f"f_{full.field(name).id}" for name in changed} | {"na_fields"}
    columns = {key: value for key, value in columns.items() if key in keep}
    written = (
        model.update(
            **columns,
            version=row["version"] + 1,
            updated_at=work.at,
            updated_by=work.by,
            district_id=units[0],
            school_id=units[1],
        )
        .where((model.id == id) & (model.version == row["version"]))
        .execute()
    )
    if not written:
        raise Conflict(say("别人刚刚保存了这条记录，请刷新后重试。"), version=row["version"])
    link(full, id, changed)
    claim_files(full, work.actor, id, changed)
    parts = [(full.field(name), old.get(name), value) for name, value in changed.items()]
    work.note(full, id, row["version"] + 1, UPDATE, parts)
    moved = units != (row["district_id"], row["school_id"])
    if moved or set(changed) & {*full.search, *full.title}:
        index(full, [(id, after, units)])
    if moved:
        propagate_scope(full.name, id, units)
    if set(changed) & set(full.title):
        reindex_mentions(full.name, id)


def reindex_mentions(register_name, id):
    """Records of other registers that are found by this one's name."""
    for other in registry.all():
        for name in other.search:
            field = other.field(name)
            if isinstance(field, Relation) and field.to == register_name:
                model = tables.model(other.name)
                tied = query.column(model, other, name) == id
                reindex(other, [row_id for (row_id,) in model.select(model.id).where(tied & model.deleted_at.is_null()).tuples()])


def restore_values(full, work, id, values):
    """Writes earlier values back, state and app-filled fields included: they stood there before, so they are not cleaned again.

    The row must pass the rules about what changes (warnings apart: it was saved so once), and stay in the actor's scope.
    """
    row, old = fetch(full, id, lock=True)
    after = old | values
    changed = {name: value for name, value in after.items() if value != old.get(name)}
    faults = [fault for fault in faults_of(full, work, after, old, frozenset(changed), id) if fault.level == "error"]
    settle(work, faults + [fault for fault in taken(full, after, id) if set(changed) & {*full.key}])
    save(full, work, row, old, after, changed)
    confirm_scope(full, work.actor, id)
    run_effects(full, work, [id])
