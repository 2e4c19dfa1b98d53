"""Whose rows they are: the unit a row gets from what it hangs on, kept true when that moves, and asked again after saving."""

from functools import partial

from models import registry, tables
from models.base import one_of
from models.errors import Fault, Invalid, say
from models.prepared import Statement
from models.values import NA
from services import policy, query
from services.writer.indexing import reindex


def scope_of(register, rows, ids, work=None):
    """[(district_id, school_id)] of rows asked field by field (services.writer.sheets), from the register's scope path; one query per step
    whatever their number, and none for what a Work has seen.
    """
    if not register.scope:
        return [(None, None)] * len(ids)
    if register.scope == "id:district":
        return [(id, None) for id in ids]
    if register.scope == "id:school":
        return list(zip(rows.column("district"), ids, strict=True))
    units = [(None, None)] * len(ids)
    for relation in reversed(register.scope_relations):
        column = rows.column(relation.name)
        named, look = set(column) - {None, NA}, partial(units_of, relation.to)
        found = work.looked_up("unit", register, relation.to, named, look) if work else look(named)
        units = [found.get(value, unit) for value, unit in zip(column, units, strict=True)]
    return units


def units_of(register_name, ids):
    """{id: (district_id, school_id)} of records, trash included."""
    model = tables.model(register_name)
    rows = model.select(model.id, model.district_id, model.school_id).where(one_of(model.id, ids))
    return {id: (district, school) for id, district, school in Statement(rows).rows()}


def dependents(register_name):
    """(register, relation) pairs whose rows take their unit from this register's rows."""
    found = []
    for other in registry.all():
        found += [(other, relation) for relation in other.scope_relations if relation.to == register_name]
        if other.scope == "id:school" and register_name == "district":
            found.append((other, other.field("district")))
    return found


def propagate_scope(register_name, ids):
    """Rows that hang on these records take the unit these now have, and theirs in turn."""
    parent = tables.model(register_name).alias()
    for other, relation in dependents(register_name):
        model = tables.model(other.name)
        held_by = query.column(model, other, relation.name)
        units = ("district_id",) if other.scope == "id:school" else ("district_id", "school_id")
        change = {unit: parent.select(getattr(parent, unit)).where(parent.id == held_by) for unit in units}
        moved = [id for (id,) in model.select(model.id).where(one_of(held_by, ids)).tuples()]
        model.update(**change).where(one_of(held_by, ids)).execute()
        if moved:
            reindex(other, moved)
            propagate_scope(other.name, moved)


def confirm_scope(full, actor, id, action="edit"):
    """After saving: the row must be one the actor may still do this to, else nothing is saved."""
    if not policy.covers(full, actor, action, id):
        raise Invalid([out_of_scope(full)])


def out_of_scope(full):
    """The fault of a row outside the actor's scope, at the field that put it there."""
    place = full.scope_relations[0].name if full.scope_relations else ("district" if full.scope else "")
    label = full.field(place).title if place in full.by_name else full.titled
    return Fault(place, "out_of_scope", say("「{label}」不在您可以填报的范围内，没有保存。", label=label))
