"""Reading: a list's filters, search, order and pages; one record; labels; related counts. All rows come from policy.rows."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal as Exact

import peewee

from models import conditions, registry, tables
from models.base import database, is_postgres
from models.errors import Fault, FieldError, Invalid, Label, NotFound, say
from models.fields import Choice, Code, Derived, Relation, Relations
from models.filters import EMPTY_NOT, OPERATORS, split
from models.journal import Link
from models.values import NA
from services import policy, search

PAGE, LARGEST_PAGE, CAP = 50, 200, 1000
SEARCH, NARROW = "search", 2000
UNIT_FIELDS = {
    "district": Relation(name="district", label="区县", label_en="District", to="district", id="@district"),
    "school": Relation(name="school", label="学校", label_en="School", to="school", id="@school"),
}
NO_ACCESS = Label("（无权查看）", "(no access)")
CHUNK = 2000


@dataclass(frozen=True)
class Record:
    """One row as an actor may see it: `values` by field name, `labels` of its relations, `title` its name."""

    register: object
    id: int
    version: int
    values: dict
    labels: dict
    title: str
    district_id: int | None = None
    school_id: int | None = None
    created_at: datetime | None = None
    created_by: int | None = None
    updated_at: datetime | None = None
    updated_by: int | None = None
    deleted_at: datetime | None = None

    @property
    def state(self):
        """Its workflow state's code, or None."""
        return self.values.get(self.register.workflow.field) if self.register.workflow else None


@dataclass(frozen=True)
class Filter:
    """One condition of a list; `value` is what the field's clean_filter gave, `raw` what the URL said."""

    field: object
    operator: str
    value: object
    raw: str

    @property
    def parameter(self):
        return self.field.name if self.operator == "eq" else f"{self.field.name}__{self.operator}"


@dataclass(frozen=True)
class ListQuery:
    """A list request worked out: what to show, of which rows, in which order, from where."""

    register: object
    actor: object
    filters: tuple = ()
    q: str = ""
    sort: tuple = ()
    limit: int = PAGE
    cursor: str = ""
    columns: tuple = ()
    trash: bool = False
    action: str = "view"
    ids: tuple = ()
    own_columns: bool = False

    @property
    def model(self):
        return tables.model(self.register.name)


@dataclass(frozen=True)
class Page:
    records: list
    next: str | None = None
    previous: str | None = None


@dataclass(frozen=True)
class Count:
    """How many; `capped` means at least so many."""

    value: int
    capped: bool = False


@dataclass(frozen=True)
class Chip:
    """One part of the filter sentence and the URL parameter it stands for."""

    parameter: str
    value: str
    sentence: object


@dataclass(frozen=True)
class Hit:
    """One answer of a relation picker."""

    id: int
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Related:
    """Records of another register that belong to this one; `field` is None where they belong by their school."""

    register: object
    field: object
    count: Count


# -- asking --------------------------------------------------------------------------------------------------------------


def parse(register_name, actor, pairs=(), *, trash=False, action="view", ids=()):
    """The list query that URL parameters ask for, on the register as this actor sees it. Invalid names a bad parameter."""
    register = policy.view(registry.get(register_name), actor)
    faults, filters, seen = [], [], set()
    query = ListQuery(register, actor, trash=trash, action=action, ids=tuple(ids))
    for name, raw in pairs:
        if name in seen and name in _PARAMETERS:
            faults.append(Fault(name, "repeated", say("参数 {name} 出现了两次。", name=name)))
            continue
        seen.add(name)
        try:
            if name in _PARAMETERS:
                query = _PARAMETERS[name](query, raw)
            else:
                filters.append(_filter(register, name, raw))
        except FieldError as error:
            faults.append(Fault(name, error.code, error.sentence))
    if faults:
        raise Invalid(faults)
    filters = tuple(dict.fromkeys(filters))
    columns = query.columns or tuple(register.field(name) for name in register.list_columns)
    return replace(query, filters=filters, sort=query.sort or _sort(register, register.sort), columns=columns)


def filter_fields(register):
    """The fields a list offers to filter by: the declared ones, and the units every scoped row carries."""
    declared = tuple(field for field in map(register.field, register.filters) if field.sensitivity != "masked")
    return tuple(field for name, field in UNIT_FIELDS.items() if carries(register, name)) + declared


def carries(register, unit):
    """Whether the register's rows have this unit without a field of that name."""
    if not registry.get(register.name).scope or unit in registry.get(register.name).by_name:
        return False
    return unit == "district" or "school" in registry.get(register.name).scope


def _filter(register, name, raw):
    field_name, operator = split(name)
    field = register.by_name.get(field_name) or (UNIT_FIELDS.get(field_name) if carries(register, field_name) else None)
    if field is not None and field.sensitivity == "masked" and operator != "empty":
        # A filter on a value that is shown cut short would tell it letter by letter.
        raise FieldError("masked", say("「{label}」是遮挡的，不能按它筛选。", label=field.title))
    if field is None or operator not in field.operators:
        raise FieldError("unknown_parameter", say("没有「{name}」这个筛选条件。", name=name[:60]))
    if len(raw) > 2000 or "\x00" in raw:
        raise FieldError("too_long", say("「{label}」的筛选值太长或含有控制字符。", label=field.title))
    if operator == "empty":
        if raw not in ("true", "false", "1", "0"):
            raise FieldError("flag", say("「{label}」为空的条件只能是 true 或 false。", label=field.title))
        return Filter(field, operator, raw in ("true", "1"), raw)
    if operator == "in":
        return Filter(field, operator, tuple(field.clean_filter(operator, part) for part in raw.split(",")[:200]), raw)
    return Filter(field, operator, field.clean_filter(operator, raw), raw)


def _set_q(query, raw):
    if not query.register.search:
        raise FieldError("no_search", say("「{register}」不能搜索，请用筛选。", register=query.register.titled))
    return replace(query, q=raw.strip()[: search.LONGEST_QUERY])


def _set_limit(query, raw):
    if not raw.isascii() or not raw.isdigit() or len(raw) > 4 or not 1 <= int(raw) <= LARGEST_PAGE:
        raise FieldError("limit", say("每页条数应在 1 到 {most} 之间。", most=LARGEST_PAGE))
    return replace(query, limit=int(raw))


def _set_sort(query, raw):
    return replace(query, sort=_sort(query.register, raw))


def _sort(register, raw):
    found = []
    for part in raw.split(","):
        name, descending = part.strip().lstrip("-"), part.strip().startswith("-")
        field = register.by_name.get(name)
        if name != "id" and (field is None or not field.sortable or field.sensitivity == "masked"):
            raise FieldError("unknown_sort", say("不能按「{name}」排序。", name=name[:60]))
        found.append((name if field is None else field.name, descending))
    return tuple(found[:1]) if found[0][0] != "id" else (("id", found[0][1]),)


def _set_fields(query, raw):
    columns = []
    for name in dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()):
        field = query.register.by_name.get(name)
        if field is None:
            raise FieldError("unknown_field", say("没有「{name}」这一列。", name=name[:60]))
        columns.append(field)
    return replace(query, columns=tuple(columns), own_columns=bool(columns))


_PARAMETERS = {
    "q": _set_q,
    "limit": _set_limit,
    "sort": _set_sort,
    "fields": _set_fields,
    "cursor": lambda query, raw: replace(query, cursor=raw),
}


def pairs(query, without=None, **changed):
    """The URL parameters of a query, for building links: `without` drops one (name, value), keywords replace or remove (None)."""
    default_sort = _sort(query.register, query.register.sort)
    found = [(part.parameter, part.raw) for part in query.filters]
    found += [("q", query.q)] if query.q else []
    if query.sort != default_sort:
        found.append(("sort", ",".join(("-" if down else "") + name for name, down in query.sort)))
    found += [("fields", ",".join(field.name for field in query.columns))] if query.own_columns else []
    found += [("limit", str(query.limit))] if query.limit != PAGE else []
    found = [pair for pair in found if pair != without and pair[0] not in changed]
    return found + [(name, value) for name, value in changed.items() if value is not None]


def describe(query):
    """The filter in words, part by part."""
    chips = []
    for part in query.filters:
        if part.operator == "empty":
            sentence = replace(OPERATORS["empty"].sentence if part.value else EMPTY_NOT, params=(("label", part.field.title),))
        else:
            values = part.value if part.operator == "in" else (part.value,)
            words = tuple(_words(part.field, value, query.actor) for value in values)
            sentence = replace(OPERATORS[part.operator].sentence, params=(("label", part.field.title), ("value", words)))
        chips.append(Chip(part.parameter, part.raw, sentence))
    if query.q:
        chips.append(Chip("q", query.q, say("搜索「{q}」", q=query.q)))
    return tuple(chips)


def _words(field, value, actor):
    if isinstance(field, (Relation, Relations)):
        return labels(field.to, (value,), actor).get(value, str(value))
    option = getattr(field, "get", None)
    return option(value).title if option else field.render(value)


# -- rows ----------------------------------------------------------------------------------------------------------------


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
        return query.model.id.in_(_search_ids(query))
    return expression(registry.get(query.register.name), part.field, part.operator, part.value)


def _plan(query):
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
    if part == SEARCH and _match(query):
        return _index_ids(query.register.name, _match(query).every)
    return query.model.select(peewee.SQL("1")).where(query.model.deleted_at.is_null() & _condition(query, part))


def _has_index(part, operators=("eq", "in", "gt", "gte", "lt", "lte")):
    if part == SEARCH or isinstance(part.field, Relations):
        return True
    return (part.field.indexed or isinstance(part.field, Relation)) and part.operator in operators


def _is_carried(query, part):
    """Whether the indexes of orders answer this part without the row."""
    if part == SEARCH or isinstance(part.field, Relations):
        return True
    names = conditions.fields_of(part.field.when) if isinstance(part.field, Derived) else {part.field.name}
    return names <= {query.sort[0][0], *tables.carried(registry.get(query.register.name))}


def expression(register, field, operator, value):
    """A filter as a peewee expression on the register's model."""
    model = tables.model(register.name)
    if field in UNIT_FIELDS.values():
        unit = model.district_id if field.name == "district" else model.school_id
        return OPERATORS[operator].sql(unit, value)
    if isinstance(field, Derived):
        inside = conditions.sql(field.when, lambda name: column(model, register, name))
        return peewee.Case(None, [(inside, 1)], 0) == int(bool(value))
    if isinstance(field, Relations):
        linked = Link.select(Link.record_id).where((Link.register == register.name) & (Link.field_id == field.id))
        if operator == "empty":
            return model.id.not_in(linked) if value else model.id.in_(linked)
        return model.id.in_(linked.where(Link.target_id == value))
    found = OPERATORS[operator].sql(column(model, register, field.name), _stored_text(field, operator, value))
    if operator == "empty" and field.na:
        marked = model.na_fields.contains(f"|{field.id}|") & model.na_fields.is_null(False)
        found = (found & ~marked_or_false(marked)) if value else (found | marked)
    return found


def marked_or_false(marked):
    return peewee.Case(None, [(marked, 1)], 0) == 1


def _stored_text(field, operator, value):
    return f"|{value}|" if operator == "contains" and field.type == "choices" else value


def column(model, register, name):
    return getattr(model, f"f_{register.field(name).id}")


def _search_ids(query):
    """The ids a search finds, as a subquery, for orders other than the search's own."""
    found = _match(query)
    return [-1] if found is None else _index_ids(query.register.name, found.every)


def _match(query):
    return search.match(query.q, policy.unit_tokens(query.register, query.actor, query.action))


def _index_ids(name, match):
    table = peewee.Table(search.search_table(name))
    if is_postgres():
        return table.select(table.c.id).where(peewee.SQL("tokens @@ %s::tsquery", [match]))
    return table.select(peewee.SQL("rowid")).where(peewee.SQL(f'"{table._path[-1]}" MATCH ?', [match]))


def count(query, exact=False):
    """How many rows the list has: up to 1,000 counted, more said as capped; all of them when exact."""
    if exact:
        return Count(rows(query).select(peewee.SQL("1")).count())
    return counts([query])[0]


def counts(queries):
    """The capped counts of several lists, in one statement or two."""
    hints = _hints([(query, () if query.q or len(_free(query)) < 2 else _free(query)) for query in queries])
    return _capped([_counted(query, hint).select(peewee.SQL("1")) for query, hint in zip(queries, hints, strict=True)])


def _counted(query, hints):
    match = _match(query) if query.q else None
    return _by_index(query, match.every)[0] if match else rows(query, hints)


def counts_of(registers, actor):
    """The capped number of rows of registers, as far as the actor may count them, in one statement."""
    return _capped([policy.rows(register, actor, action="count").select(peewee.SQL("1")) for register in registers])


def _capped(selections):
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


def page(query):
    """One page in order, and the cursors of its neighbours."""
    position = _position(query)
    if _ranked(query):
        return _ranked_page(query, position)
    backwards = position is not None and position[0] == "p"
    found = _ordered(query, position[1:] if position else None, backwards, query.limit + 1)
    return _page(query, found, position, backwards)


def _ranked(query):
    """Whether the list is in the search's own order: something is sought and no other order asked for."""
    return bool(query.q) and query.sort == _sort(query.register, query.register.sort)


def _page(query, found, position, backwards):
    more = len(found) > query.limit
    found = found[: query.limit]
    if backwards:
        found.reverse()
    records = _records(query, [row for _, row in found])
    if not found:
        return Page(records)
    has_next, has_previous = (True, more) if backwards else (more, position is not None)
    ends = [mark for mark, _ in found]
    return Page(
        records,
        _cursor(query, ["n", *ends[-1]]) if has_next else None,
        _cursor(query, ["p", *ends[0]]) if has_previous else None,
    )


def _ordered(query, start, backwards, limit):
    """[(mark, row)] in sort order from a mark on. Rows whose sort value is unknown come last, both ways."""
    name, descending = query.sort[0]
    model = query.model
    by_id = name == "id"
    sort_column = model.id if by_id else column(model, registry.get(query.register.name), name)
    down = descending != backwards
    phases = ("known",) if by_id else (("unknown", "known") if backwards else ("known", "unknown"))
    (query, hints), found = _plan(query), []
    for phase in phases:
        if start and phases.index(phase) < phases.index(start[0]):
            continue
        mark = start if start and start[0] == phase else None
        part = rows(query, hints)
        key = model.id if phase == "unknown" or by_id else sort_column
        if not by_id:
            part = part.where(sort_column.is_null(phase == "unknown"))
        if mark:
            part = part.where(_beyond(key, model.id, mark, down))
        keys = (key,) if key is model.id else (key, model.id)
        part = part.order_by(*(ordered.desc() if down else ordered.asc() for ordered in keys)).limit(limit - len(found))
        for row in part.select(*_selected(query), sort_column.alias("sort_value")).dicts():
            found.append(([phase, _plain(row["sort_value"]) if phase == "known" and not by_id else None, row["id"]], row))
        if len(found) >= limit:
            break
    return found


def _beyond(key, id_column, mark, down):
    """The rows after a mark. Compared as pairs, an index goes straight to the place, however deep it is."""
    _, value, id = mark
    if key is id_column:
        return id_column < id if down else id_column > id
    here, there = peewee.Tuple(key, id_column), peewee.Tuple(peewee.Value(value, converter=key.db_value), id)
    return here < there if down else here > there


def _ranked_page(query, position):
    """A search in its own order: exact code, then titles that begin so, then the rest, newest first in each."""
    found = _match(query)
    if found is None:
        return Page([])
    backwards = position is not None and position[0] == "p"
    groups = range(len(found.groups) - 1, -1, -1) if backwards else range(len(found.groups))
    gathered = []
    for group in groups:
        if position and (group > position[2] if backwards else group < position[2]):
            continue
        start = position[3] if position and group == position[2] else None
        wanted = query.limit + 1 - len(gathered)
        gathered += [(["rank", group, row["id"]], row) for row in _index_rows(query, found.groups[group], start, backwards, wanted)]
        if len(gathered) > query.limit:
            break
    return _page(query, gathered, position, backwards)


def _index_rows(query, match, start, backwards, limit):
    """Rows of one search group by id."""
    found, key = _by_index(query, match)
    if start is not None:
        found = found.where(key > start if backwards else key < start)
    return list(found.order_by(key.asc() if backwards else key.desc()).limit(limit).select(*_selected(query)).dicts())


def _by_index(query, match):
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


def _selected(query):
    """The columns a page reads: who and where, the shown fields, what the title and the workflow need."""
    register, model = registry.get(query.register.name), query.model
    names = dict.fromkeys([field.name for field in query.columns] + list(query.register.title) + list(query.register.phone))
    if query.register.workflow and query.register.workflow.field in query.register.by_name:
        names[query.register.workflow.field] = None
    for name in list(names):
        field = register.field(name)
        if isinstance(field, Derived):
            names.update(dict.fromkeys(part for part in conditions.fields_of(field.when) if part in register.by_name))
    base = [getattr(model, name) for name in _BASE_COLUMNS]
    return base + [column(model, register, name) for name in names if register.field(name).stored]


_BASE_COLUMNS = (
    "id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "district_id", "school_id", "na_fields",
)  # fmt: skip


def _records(query, found):
    """Records of rows read as dicts: values by field name, derived ones worked out, relations labelled in one query each."""
    full, register = registry.get(query.register.name), query.register
    names = {f"f_{field.id}": field.name for field in full.fields if field.stored}
    made = []
    for row in found:
        values = {names[key]: value for key, value in row.items() if key in names}
        mark_na(full, values, row["na_fields"])
        made.append((row, values))
    wanted = {field.name for field in query.columns} | set(register.title)
    _link_values(full, [field for field in query.columns if isinstance(field, Relations)], made)
    for field in query.columns:
        if isinstance(field, Derived):
            for _, values in made:
                values[field.name] = conditions.holds(field.when, values)
    labelled = _labels_of(register, made, wanted, query.actor)
    keep = set(register.by_name)
    return [_record(register, row, {k: v for k, v in values.items() if k in keep}, labelled) for row, values in made]


def mark_na(register, values, na_fields):
    if na_fields:
        for field in register.fields:
            if field.na and f"|{field.id}|" in na_fields and field.name in values:
                values[field.name] = NA


def _link_values(register, fields, made):
    for field in fields:
        ids = [row["id"] for row, _ in made]
        linked = {}
        query = Link.select(Link.record_id, Link.target_id).where(
            (Link.register == register.name) & (Link.field_id == field.id) & Link.record_id.in_(ids)
        )
        for record_id, target in query.order_by(Link.target_id).tuples():
            linked.setdefault(record_id, []).append(target)
        for row, values in made:
            values[field.name] = tuple(linked[row["id"]]) if row["id"] in linked else None


def _labels_of(register, made, wanted, actor):
    """{field name: {id: label}} for the relations among the wanted fields."""
    found = {}
    for field in register.fields:
        if field.name in wanted and isinstance(field, (Relation, Relations)):
            ids = set()
            for _, values in made:
                value = values.get(field.name)
                ids.update(value if isinstance(value, tuple) else (value,) if isinstance(value, int) else ())
            found[field.name] = labels(field.to, ids, actor) if ids else {}
    return found


def _record(register, row, values, labelled):
    own = {}
    for name, known in labelled.items():
        value = values.get(name)
        own[name] = {id: known.get(id, "") for id in value} if isinstance(value, tuple) else known.get(value, "")
    return Record(
        register=register,
        id=row["id"],
        version=row["version"],
        values=values,
        labels=own,
        title=title_of(register, values, own),
        **{name: row[name] for name in _BASE_COLUMNS if name not in ("id", "version", "na_fields")},
    )


def title_of(register, values, labelled):
    """A record's name: its title fields, one space apart."""
    parts = []
    for name in register.title:
        field = register.by_name.get(name)
        if field is not None:
            parts.append(labelled.get(name, "") if isinstance(field, Relation) else field.render(values.get(name)))
    return " ".join(part for part in parts if part)


def labels(register_name, ids, actor):
    """{id: label} of records of a register, in one query: names of those out of the actor's scope only where they are public."""
    ids = sorted({id for id in ids if isinstance(id, int)})
    if not ids:
        return {}
    full = registry.get(register_name)
    model = tables.model(register_name)
    public = full.label_public or actor.system
    source = model.select() if public else policy.rows(full, actor)
    title_fields = [full.field(name) for name in full.title]
    found = dict.fromkeys(ids, NO_ACCESS.zh)
    fetched = []
    for at in range(0, len(ids), 500):
        selected = [model.id, *(column(model, full, field.name) for field in title_fields if field.stored)]
        fetched += list(source.where(model.id.in_(ids[at : at + 500])).select(*selected).dicts())
    made = [(row, {field.name: row[f"f_{field.id}"] for field in title_fields if field.stored}) for row in fetched]
    # A named field never stands in a label: labels are seen wherever the record is mentioned.
    shown = full.narrow(lambda field: field.sensitivity == "open")
    nested = _labels_of(shown, made, set(full.title), actor)
    for row, values in made:
        own = {name: known.get(values.get(name), "") for name, known in nested.items()}
        found[row["id"]] = title_of(shown, values, own) or f"#{row['id']}"
    return found


def codes_of(register_name, ids):
    """{id: code} of records whose register is keyed by one code; empty for others. Only for labels already shown."""
    full = registry.get(register_name)
    if len(full.key) != 1 or not isinstance(full.field(full.key[0]), Code):
        return {}
    model = tables.model(register_name)
    found = {}
    ids = sorted(set(ids))
    for at in range(0, len(ids), 500):
        part = model.select(model.id, column(model, full, full.key[0])).where(model.id.in_(ids[at : at + 500]))
        found.update(dict(part.tuples()))
    return found


def get(register_name, actor, id, *, trash=False, action="view"):
    """One record with all the fields the actor may read of it. NotFound when it is not there for him."""
    full = registry.get(register_name)
    model = tables.model(register_name)
    if not isinstance(id, int) or not 0 < id < 2**63:
        raise NotFound()
    source = policy.rows(full, actor, action=action, trash=trash)
    row = source.where(model.id == id).select().dicts().first()
    if row is None:
        raise NotFound()
    register = policy.view(full, actor, _Identified(id))
    query = ListQuery(register, actor, columns=register.fields)
    return _records(query, [row])[0]


@dataclass(frozen=True)
class _Identified:
    id: int


def stream(query):
    """All records of a list in its order, read by keyset in chunks: memory stays flat, no transaction stays open."""
    query = replace(query, sort=(("id", True),)) if _ranked(query) else query
    start = None
    while True:
        found = _ordered(query, start, False, CHUNK)
        yield from _records(query, [row for _, row in found])
        if len(found) < CHUNK:
            return
        start = found[-1][0]


# -- cursors -------------------------------------------------------------------------------------------------------------


def _context(query):
    """What a cursor is bound to: the actor, the register, the filters and the order."""
    filters = sorted((part.parameter, part.raw) for part in query.filters)
    text = json.dumps([query.actor.id, query.register.name, filters, query.q, query.sort, query.trash], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cursor(query, mark):
    text = json.dumps([_context(query), *mark], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(query):
    """The mark a cursor carries: direction, phase, sort value (or search group), id. Invalid for a made-up or foreign one."""
    if not query.cursor:
        return None
    wrong = Invalid([Fault("cursor", "cursor", say("翻页位置无效或已过期，请从第一页看起。"))])
    try:
        text = base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
        context, direction, phase, value, id = json.loads(text)
    except (binascii.Error, ValueError, TypeError):
        raise wrong from None
    by_id = query.sort[0][0] == "id"
    phases = ("rank",) if _ranked(query) else ("known",) if by_id else ("known", "unknown")
    if context != _context(query) or direction not in ("n", "p") or phase not in phases or not _is_number(id):
        raise wrong
    if phase == "known" and not by_id:
        value = _unplain(query, value, wrong)
    elif value is not None if phase != "rank" else not _is_number(value):
        raise wrong
    return [direction, phase, value, id]


def _is_number(value):
    return type(value) is int and abs(value) < 2**63


def _plain(value):
    if isinstance(value, Exact):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _unplain(query, value, wrong):
    """A sort value back from a cursor, cleaned as if typed: cursors come from outside."""
    field = query.register.field(query.sort[0][0])
    if isinstance(field, Choice) and isinstance(value, str):
        return value
    try:
        cleaned = field.clean(value)
    except FieldError:
        raise wrong from None
    if cleaned is None or cleaned is NA:
        raise wrong
    return cleaned


# -- pickers, tabs, facets -----------------------------------------------------------------------------------------------


def lookup(register_name, actor, q="", *, limit=20, where=None):
    """Records to choose from in a relation picker: those the actor may see, best match first."""
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
        sort=_sort(register, register.sort),
        limit=limit,
        columns=(hint,) if hint else (),
    )
    return [Hit(r.id, r.title or f"#{r.id}", hint.render(r.values.get(hint.name)) if hint else "") for r in page(query).records]


def related(register_name, actor, record):
    """Registers with records of this one, each with its capped count, in one statement."""
    tabs = [(other, field) for other in policy.registers(actor) for field in _ties(register_name, other)]
    selections = [
        policy.rows(other, actor).where(tie_expression(register_name, other, field, record.id)).select(peewee.SQL("1"))
        for other, field in tabs
    ]
    order = {name: at for at, name in enumerate(registry.get(register_name).related)}
    found = [Related(other, field, count) for (other, field), count in zip(tabs, _capped(selections), strict=True)]
    return sorted(found, key=lambda tab: order.get(tab.register.name, len(order)))


def _ties(register_name, other):
    """The fields by which another register's rows belong to a record: its relations to it, else its school."""
    if other.system:
        return []
    fields = [field for field in other.fields if isinstance(field, (Relation, Relations)) and field.to == register_name]
    direct = [field for field in fields if field.name == register_name] or fields
    if register_name == "school" and not direct and "school" in other.scope:
        return [None]
    return direct


def tie_expression(register_name, other, field, id):
    """The expression that ties `other`'s rows to a record."""
    model = tables.model(other.name)
    if field is None:
        return model.school_id == id
    return expression(registry.get(other.name), field, "contains" if isinstance(field, Relations) else "eq", id)


def facets(query, field_name):
    """[(value, label, count)] of a choice field over the list without that field's own filter; counts None past 10,000 rows."""
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
    counts = dict(counted.tuples().execute(database))
    known = sum(counts.values()) <= 10_000
    return [(option.code, option.title, counts.get(option.code, 0) if known else None) for option in field.options]
