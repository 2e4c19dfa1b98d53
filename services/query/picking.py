"""What is offered beside a list: relation pickers, the tabs of a record, counts of choices."""

from dataclasses import dataclass, replace

import peewee

from models import registry, tables
from models.base import INTERRUPTED, database, is_cut_off, within
from models.errors import Fault, Invalid, say
from models.fields import Relation, Relations
from services import policy, search
from services.query.asking import Filter, ListQuery, order_of
from services.query.narrowing import Count, capped, column, expression, rows
from services.query.pages import page

MOST_RECENT = 6
FACET_SECONDS = 2


@dataclass(frozen=True)
class Hit:
    """One answer of a relation picker."""

    id: int
    label: str
    hint: str = ""
    recent: bool = False


@dataclass(frozen=True)
class Related:
    """Records of another register that belong to this one; `field` is None where they belong by their school."""

    register: object
    field: object
    count: Count


def lookup(register_name, actor, q="", *, limit=20, where=None, recent=()):
    """Records to choose from in a relation picker: those the actor may see, best match first.

    Those among the ids `recent` that match as well come before the others, in that order.
    """
    register = policy.view(registry.get(register_name), actor)
    filters = tuple(
        Filter(register.field(name), "eq", register.field(name).clean_filter("eq", value), str(value))
        for name, value in (where or {}).items()
    )
    hint = next((register.field(name) for name in register.key if name in register.by_name and name not in register.title), None)
    query = ListQuery(
        register,
        actor,
        filters=filters,
        q=q.strip()[: search.LONGEST_QUERY],
        sort=order_of(register, register.sort),
        limit=limit,
        columns=(hint,) if hint else (),
    )
    used = {record.id: record for record in page(replace(query, ids=tuple(recent))).records} if recent else {}
    first = [used[id] for id in recent if id in used][:MOST_RECENT]
    found = first + [record for record in page(query).records if record not in first]
    return [Hit(r.id, r.title or f"#{r.id}", _hint(r, hint) if hint else "", at < len(first)) for at, r in enumerate(found[:limit])]


def _hint(record, field):
    """What tells records of one name apart: their code, or the label of what they belong to."""
    return record.labels.get(field.name) or field.render(record.values.get(field.name))


def related(register_name, actor, record):
    """Registers with records of this one, each with its capped count, in one statement."""
    near = [other for other in map(registry.get, policy.menu(actor)) if register_name in other.leads_to]
    tabs = [(other, field) for other in (policy.view(full, actor) for full in near) for field in _ties(register_name, other)]
    selections = [
        policy.rows(other, actor).where(tie_expression(register_name, other, field, record.id)).select(peewee.SQL("1"))
        for other, field in tabs
    ]
    order = {name: at for at, name in enumerate(registry.get(register_name).related)}
    found = [Related(other, field, count) for (other, field), count in zip(tabs, capped(selections), strict=True)]
    return sorted(found, key=lambda tab: order.get(tab.register.name, len(order)))


def _ties(register_name, other):
    """The fields by which another register's rows belong to a record: its relations to it, else its school."""
    if other.system:
        return []
    fields = [field for field in other.fields if isinstance(field, (Relation, Relations)) and field.to == register_name]
    direct = [field for field in fields if field.name == register_name] or fields
    if register_name == "school" and not direct and registry.get(other.name).unit == "school":
        return [None]
    return direct


def tie_expression(register_name, other, field, id):
    """The expression that ties `other`'s rows to a record."""
    model = tables.model(other.name)
    if field is None:
        return model.school_id == id
    return expression(registry.get(other.name), field, "contains" if isinstance(field, Relations) else "eq", id)


def facets(query, field_name):
    """[(value, label, count)] of a choice field over the list without that field's own filter; counts None past 10,000 rows, or
    where counting takes too long.
    """
    field = query.register.by_name.get(field_name)
    if field is None or not hasattr(field, "options"):
        raise Invalid([Fault(field_name, "unknown_field", say("没有「{name}」这一列。", name=field_name[:60]))])
    query = replace(query, filters=tuple(part for part in query.filters if part.field.name != field_name))
    some = (
        rows(query)
        .select(column(query.model, registry.get(query.register.name), field_name).alias("value"))
        .limit(10_001)
        .alias("some")
    )
    counted = peewee.Select([some], [some.c.value, peewee.fn.COUNT(peewee.SQL("1"))]).group_by(some.c.value).bind(database)
    try:
        with within(FACET_SECONDS):
            counts = dict(counted.tuples().execute(database))
    except (peewee.OperationalError, INTERRUPTED) as error:
        if not is_cut_off(error):
            raise
        counts = None
    known = counts is not None and sum(counts.values()) <= 10_000
    return [(option.code, option.title, counts.get(option.code, 0) if known else None) for option in field.options]
