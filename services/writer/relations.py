"""The records a row points at: whether they may be chosen, whether they are still there, and the links to several of them."""

from models import registry, tables
from models.base import one_of
from models.errors import Fault, say
from models.fields import Relation, Relations
from models.journal import Link
from services import policy
from services.writer.sheets import together
from services.writer.values import ids_of


def check_relations(register, work, rows):
    """Faults by row index of rows asked field by field (services.writer.sheets), for relations to records the writing actor may not see or
    that are in the trash; one query per target.
    """
    named, wanted, faults = [], {}, {}
    for field in register.fields:
        if isinstance(field, (Relation, Relations)):
            column = rows.column(field.name)
            named.append((field, column))
            wanted.setdefault(field.to, set()).update(*map(ids_of, set(column)))
    unknown = {target: ids - _visible(register, work, target, ids) for target, ids in wanted.items() if ids}
    for field, found in named:
        if not unknown.get(field.to):
            continue
        sentence = say("「{label}」所选的记录不存在，或不在您的数据范围内。", label=field.title)
        for at, value in enumerate(found):
            if not unknown[field.to].isdisjoint(ids_of(value)):
                faults.setdefault(at, []).append(Fault(field.name, "relation", sentence))
    return faults


def _visible(register, work, target, ids):
    """Which of these ids of a register the writing actor may see."""
    return work.looked_up(
        "visible", register, target, ids, lambda some: dict.fromkeys(policy.among(registry.get(target), work.actor, some))
    ).keys()


def gone_targets(register, rows):
    """For each row its faults for relations to records in the trash: a row does not come back without what it hangs on."""
    faults = [[] for _ in rows]
    for field in register.live:
        if not isinstance(field, (Relation, Relations)):
            continue
        ids = {id for values in rows for id in ids_of(values.get(field.name))}
        model = tables.model(field.to)
        alive = {id for (id,) in model.select(model.id).where(one_of(model.id, ids) & model.deleted_at.is_null()).tuples()}
        for at, values in enumerate(rows):
            if not alive.issuperset(ids_of(values.get(field.name))):
                sentence = say("「{label}」所指的记录已删除，请先恢复那条记录。", label=field.title)
                faults[at].append(Fault(field.name, "relation", sentence))
    return faults


def link(register, lines, *, fresh=False):
    """The links of records' several-relations fields, as lines have them now, where they changed; `fresh` records have none yet."""
    rows = together(lines)
    for field in register.fields:
        if not isinstance(field, Relations):
            continue
        values = rows.column(field.name)
        given = [(line.id, value or ()) for line, value in zip(lines, values, strict=True) if fresh or field.name in line.changed]
        if given and not fresh:
            mine = (Link.register == register.name) & (Link.field_id == field.id)
            Link.delete().where(mine & one_of(Link.record_id, [id for id, _ in given])).execute()
        base = {"register": register.name, "field_id": field.id}
        made = [base | {"record_id": id, "target_id": target} for id, targets in given for target in targets]
        if made:
            tables.insert_rows(Link, made)
