"""The records a row points at: whether they may be chosen, whether they are still there, and the links to several of them."""

from models import registry, tables
from models.errors import Fault, say
from models.fields import Relation, Relations
from models.journal import Link
from models.values import NA
from services import policy
from services.writer.values import ids_of


def check_relations(register, actor, rows):
    """Faults by row index for relations to records the actor may not see or that are in the trash; one query per target."""
    fields = [field for field in register.fields if isinstance(field, (Relation, Relations))]
    named = [(at, field, ids_of(values.get(field.name))) for at, values in enumerate(rows) for field in fields]
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


def visible(target, actor, ids):
    """Which of these ids of a register the actor may see."""
    ids, found = sorted(ids), set()
    source = policy.rows(registry.get(target), actor)
    for at in range(0, len(ids), 500):
        part = source.where(source.model.id.in_(ids[at : at + 500])).select(source.model.id)
        found |= {id for (id,) in part.tuples()}
    return found


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
