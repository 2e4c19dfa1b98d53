"""Which rows a list has: policy's rows, the filters, the search; how SQLite best finds them, and how many there are."""

from dataclasses import dataclass, replace

import peewee

from models import conditions, registry, tables
from models.base import database, is_postgres
from models.fields import Derived, Relation, Relations
from models.filters import OPERATORS
from models.journal import Link
from models.routing import elsewhere
from models.values import NA
from services import behaviours, policy, search
from services.query import trash
from services.query.asking import CAP, ID, UNIT_FIELDS

SEARCH, NARROW = "search", 2000


@dataclass(frozen=True)
class Count:
    """How many; `capped` means at least so many."""

    value: int
    capped: bool = False


def rows(query, hints=None):
    """The rows of a list without order or page: policy's rows, the filters, the search. `hints` say how SQLite is to use a part."""
    found = policy.rows(query.register, query.actor, action=query.action, trash=query.trash)
    if query.ids:
        found = found.where(query.model.id.in_(query.ids))
    for part in _parts(query):
        found = found.where((hints or {}).get(part, _as_it_is)(_condition(query, part)))
    return found


def _as_it_is(condition):
    return condition


def _rare(condition):
    """The condition, with the word that it finds few rows: its index is the one to take."""
    return peewee.fn.LIKELIHOOD(condition, peewee.SQL("0.0001"))


def _tested(condition):
    """The condition in a form that no index serves: it is tested on each row that is read."""
    return peewee.Expression(condition, "IS", peewee.SQL("TRUE"))


def _parts(query):
    """What narrows a list down: its filters, and SEARCH where something is searched for."""
    return (*query.filters, SEARCH) if query.q else query.filters


def _condition(query, part):
    if part == SEARCH:
        return trash.sought(query) if query.trash else query.model.id.in_(_search_ids(query))
    return expression(registry.get(query.register.name), part.field, part.operator, part.value)


def plan(query):
    """(query, hints) by which a page of it is best read on SQLite.

    SQLite's planner cannot tell a value that is rare from one that half the table has, nor that a page wants fifty rows: it takes
    whatever filter has an index, gathers all the rows and sorts them. So each part is tried: one that finds few rows is left to its
    index, the others are tested while reading along the order, whose index carries most of what they ask for. What it does not
    carry is first looked for in the rows as they lie: if few rows have it, they are the list. PostgreSQL knows its values.
    """
    order = query.sort[0][0]
    free = _free(query, order)
    if not free or (order == "id" and len(free) == 1 and _has_index(free[0], ("eq",))):
        return query, {}
    hints = _hints([(query, free)])[0]
    if _rare not in hints.values() and order != "id" and not all(_is_carried(query, part) for part in free):
        few = tuple(id for (id,) in rows(query, hints).select(query.model.id).limit(NARROW + 1).tuples())
        if len(few) <= NARROW:
            return replace(query, filters=(), q="", ids=few or (0,)), {}
    return query, hints


def _free(query, order=""):
    """The parts of a list that may be found or tested: not its district, always found, nor the order's own, which bounds it."""
    if is_postgres() or query.trash or query.ids:
        return ()
    return tuple(p for p in _parts(query) if p == SEARCH or (p.field != UNIT_FIELDS["district"] and p.field.name != order))


def _hints(asked):
    """For each (query, parts) {part: hint}: the first of the parts that finds few rows is rare. One statement for all."""
    tried = [(at, query, part) for at, (query, parts) in enumerate(asked) for part in parts if _has_index(part)]
    numbers = _numbers([_finds(query, part) for _, query, part in tried], NARROW)
    found = [dict.fromkeys(parts, _tested) for _, parts in asked]
    for (at, _, part), number in zip(tried, numbers, strict=True):
        if number <= NARROW and _rare not in found[at].values():
            found[at][part] = _rare
    return found


def _finds(query, part):
    """The rows that one part finds by itself."""
    if part == SEARCH and match_of(query):
        return _index_ids(query.register.name, match_of(query).every)
    return query.model.select(peewee.SQL("1")).where(query.model.deleted_at.is_null() & _condition(query, part))


def _has_index(part, operators=("eq", "in", "gt", "gte", "lt", "lte")):
    if part == SEARCH or isinstance(part.field, Relations):
        return True
    return (part.field.indexed or isinstance(part.field, Relation)) and part.operator in operators


def _is_carried(query, part):
    """Whether the indexes of orders answer this part without the row."""
    if part == SEARCH or isinstance(part.field, Relations):
        return True
    if isinstance(part.field, Derived) and part.field.behaviour:
        return False
    names = conditions.fields_of(part.field.when) if isinstance(part.field, Derived) else {part.field.name}
    return names <= {query.sort[0][0], *tables.carried(registry.get(query.register.name))}


def expression(register, field, operator, value):
    """A filter as a peewee expression on the register's model."""
    model = tables.model(register.name)
    if field is ID:
        return OPERATORS[operator].sql(model.id, value)
    if field in UNIT_FIELDS.values():
        unit = model.district_id if field.name == "district" else model.school_id
        return OPERATORS[operator].sql(unit, value)
    if isinstance(field, Derived):
        inside = derived(register, model, field)
        return peewee.Case(None, [(inside, 1)], 0) == int(bool(value))
    if isinstance(field, Relations):
        linked = Link.select(Link.record_id).where((Link.register == register.name) & (Link.field_id == field.id))
        if operator == "empty":
            return model.id.not_in(linked) if value else model.id.in_(linked)
        return model.id.in_(linked.where(Link.target_id == value))
    plain = tuple(part for part in value if part is not NA) if operator == "in" else value
    found = OPERATORS[operator].sql(column(model, register, field.name), _stored_text(field, operator, plain))
    return _with_na(found, operator, value, not_applicable(model, field)) if field.na else found


def derived(register, model, field, column_of=None):
    """The expression by which a derived field is 是; `column_of(name)` gives the columns its condition reads."""
    if field.behaviour:
        return behaviours.DERIVES[field.behaviour](model)
    return conditions.sql(field.when, column_of or (lambda name: column(model, register, name)))


def not_applicable(model, field):
    """Whether 不适用 is a row's value of the field: kept beside its column, which is empty then."""
    marked = model.na_fields.contains(f"|{field.id}|") & model.na_fields.is_null(False)
    return peewee.Case(None, [(marked, 1)], 0) == 1


def _with_na(found, operator, value, marked):
    """The condition for a field of which 不适用 is an answer: neither empty nor equal to any value."""
    if operator == "empty":
        return (found & ~marked) if value else (found | marked)
    if value is NA:
        return ~marked if operator == "ne" else marked
    return (found | marked) if operator == "in" and NA in value else found


def _stored_text(field, operator, value):
    return f"|{value}|" if operator == "contains" and field.type == "choices" else value


def column(model, register, name):
    return getattr(model, f"f_{register.field(name).id}")


def _search_ids(query):
    """The ids a search finds, as a subquery, for orders other than the search's own."""
    found = match_of(query)
    return [-1] if found is None else _index_ids(query.register.name, found.every)


def match_of(query):
    return search.match(query.q, policy.unit_tokens(query.register, query.actor, query.action))


def _index_ids(name, match):
    table = peewee.Table(search.search_table(name))
    if is_postgres():
        return table.select(table.c.id).where(peewee.SQL("tokens @@ %s::tsquery", [match]))
    return table.select(peewee.SQL("rowid")).where(peewee.SQL(f'"{table._path[-1]}" MATCH ?', [match]))


@elsewhere
def count(query, exact=False):
    """How many rows the list has: up to 1,000 counted, more said as capped; all of them when exact."""
    if exact:
        return Count(rows(query).select(peewee.SQL("1")).count())
    return counts([query])[0]


@elsewhere
def counts(queries):
    """The capped counts of several lists, in one statement or two."""
    hints = _hints([(query, () if query.q or len(_free(query)) < 2 else _free(query)) for query in queries])
    return capped([_counted(query, hint).select(peewee.SQL("1")) for query, hint in zip(queries, hints, strict=True)])


def _counted(query, hints):
    match = match_of(query) if query.q and not query.trash else None
    if match is None:
        return rows(query, hints)
    if not query.filters and not query.ids and policy.reaches_all(query.register, query.actor, query.action):
        return _index_ids(query.register.name, match.every)  # rows in the trash are not in the index
    return by_index(query, match.every)[0]


def counts_of(registers, actor):
    """The capped number of rows of registers, as far as the actor may count them, in one statement."""
    return capped([policy.rows(register, actor, action="count").select(peewee.SQL("1")) for register in registers])


def capped(selections):
    """The capped number of rows of each selection."""
    return [Count(min(number, CAP), number > CAP) for number in _numbers(selections, CAP)]


def _numbers(selections, cap):
    """How many rows each selection has, cap + 1 meaning more than the cap; by one UNION ALL."""
    union = None
    for at, selection in enumerate(selections):
        some = selection.limit(cap + 1).alias("some")
        part = peewee.Select([some], [peewee.Value(at).alias("at"), peewee.fn.COUNT(peewee.SQL("1")).alias("n")])
        union = part if union is None else union.union_all(part)
    found = dict(union.bind(database).tuples().execute(database)) if union is not None else {}
    return [found[at] for at in range(len(selections))]


def by_index(query, match):
    """(rows that a search finds, their number as the index gives it): a common word costs no more than a rare one."""
    model, table = query.model, search.search_table(query.register.name)
    found = rows(replace(query, q=""))
    if is_postgres():
        index = peewee.Table(table).alias("hit")
        return found.join(index, on=(index.c.id == model.id)).where(peewee.SQL("hit.tokens @@ %s::tsquery", [match])), model.id
    # CROSS JOIN keeps the index outermost: it gives its rows in the order of their numbers, so a limit ends the reading.
    key = peewee.SQL(f'"{table}".rowid')
    found = found.from_(peewee.Join(peewee.SQL(f'"{table}"'), model, "CROSS JOIN"))
    return found.where(peewee.SQL(f'"{table}" MATCH ?', [match]) & (model.id == key)), key
