"""Grouped numbers of a register: counts and sums by up to two fields, each with the filter that opens its rows.

Rows come from the list's own query for the right to count. Where the actor may only count people, small groups are told as `<5`,
and another beside a lone one as `*`, so that totals do not give it away.
"""

import logging
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal as Exact

import peewee

from models import base, registry, totals
from models.errors import Fault, Invalid, Unavailable, say
from models.fields import Choice, Choices, Date, Decimal, Derived, Number, Percent, Relation, YesNo
from models.routing import elsewhere
from models.values import NA, NA_CODE
from services import policy, query as lists

MOST_FIELDS, MOST_GROUPS = 2, 5000
THRESHOLD = 5
SMALL, HIDDEN = f"<{THRESHOLD}", "*"
# From so many rows on their numbers are kept, where they fall into few groups.
KEPT_FROM, MOST_KEPT_GROUPS = 20_000, 2_000
log = logging.getLogger("taizhang.summaries")


@dataclass(frozen=True)
class Group:
    """One group: its value per field, its numbers per measure, and the list parameters that show its rows.

    `numbers` are int for count, Decimal, int or None (nothing known) for sums; SMALL or HIDDEN for what is not told.
    """

    values: tuple
    labels: tuple
    numbers: dict
    filter: dict


@dataclass(frozen=True)
class Summary:
    """Groups in the order of their values; `total` has the measures of all of them together that are told."""

    query: object
    by: tuple
    measures: tuple
    groups: tuple
    total: dict


def summary(register_name, actor, *, by="", measure="count", pairs=()):
    """The numbers of the rows that the list parameters leave, grouped. Invalid names the parameter that cannot be."""
    asked = lists.parse(register_name, actor, pairs, action="count")
    fields = _fields(asked.register, by)
    measures = _measures(asked.register, measure)
    if registry.get(register_name).grain == "person" and policy.only_counts(asked.register, actor):
        return _guarded(asked, fields, measures)
    rows = _rows(asked, fields, measures)
    return _summary(asked, fields, measures, rows, _total(rows, measures))


def groupable(register):
    """The fields a register's numbers can be grouped by: the units every row carries, then what has few or lasting values."""
    units = [lists.field_of(register, name) for name in lists.UNIT_FIELDS if lists.field_of(register, name)]
    kinds = (Choice, YesNo, Relation, Date)
    own = [f for f in register.live if isinstance(f, kinds) and not isinstance(f, Choices) and f.sensitivity == "open"]
    return tuple(dict.fromkeys([*units, *own]))


def summable(register):
    """The fields whose numbers can be added up: percentages cannot."""
    return tuple(f for f in register.live if isinstance(f, Number) and not isinstance(f, Percent) and f.sensitivity == "open")


def _fields(register, by):
    names = [part.strip() for part in by.split(",") if part.strip()]
    known = {field.name: field for field in groupable(register)}
    for name in names:
        if name not in known:
            raise _wrong("by", "unknown_field", say("不能按「{name}」分组。", name=name[:60]))
    if len(names) > MOST_FIELDS or len(set(names)) < len(names):
        raise _wrong("by", "too_many", say("最多按 {most} 个不同的字段分组。", most=MOST_FIELDS))
    return tuple(known[name] for name in names)


def _measures(register, text):
    known = {f"sum:{field.name}": field for field in summable(register)} | {"count": None}
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in known:
            raise _wrong("measure", "unknown_measure", say("没有「{name}」这种合计，可用 count 和 sum:字段。", name=name[:60]))
    return tuple((name, known[name]) for name in names or ("count",))


def _wrong(parameter, code, sentence):
    return Invalid([Fault(parameter, code, sentence)])


# reading ---------------------------------------------------------------------------------------------------------------


def _rows(asked, fields, measures):
    """[(values, {measure: number})] of all groups: from the numbers that are kept, else by one GROUP BY."""
    keeping = _keeping(asked, fields, measures)
    rows = keeping and _kept_rows(asked, fields, measures, keeping)
    if rows is not None:
        return rows
    keys = [_key(asked, field).alias(f"key_{at}") for at, field in enumerate(fields)]
    sums = [part for _, field in measures if field is not None for part in _sum(asked, field)]
    found = lists.rows(asked).select(*keys, peewee.fn.COUNT(peewee.SQL("1")), *sums)
    if keys:
        found = found.group_by(*_places(keys))
    gathered = _fetched(found.limit(MOST_GROUPS + 1))
    if len(gathered) > MOST_GROUPS:
        raise _wrong("by", "too_many_groups", say("分出的组超过 {most} 个，请换一个字段或先筛选。", most=MOST_GROUPS))
    rows = [_read(row, fields, measures) for row in gathered if row[len(fields)] or not fields]
    if keeping and len(rows) <= MOST_KEPT_GROUPS and sum(numbers["count"] for _, numbers in rows) >= KEPT_FROM:
        _keep(asked.register.name, keeping)
    return rows


@elsewhere
def _fetched(found):
    return list(found.tuples())


def _places(keys):
    """Groups by place: PostgreSQL takes two bindings of one value for two expressions."""
    return [peewee.SQL(str(at)) for at in range(1, len(keys) + 1)]


@dataclass(frozen=True)
class _Keeping:
    """What would have to be kept for a summary: the ids of its fields that are no units, of what is added up, and whose lines to read."""

    fields: tuple
    sums: tuple
    lines: object


def _keeping(asked, fields, measures):
    """How the summary can be read from kept numbers; None where it asks for more than they tell."""
    full = registry.get(asked.register.name)
    own = [field for field in fields if not field.id.startswith("@")]
    plain = all(isinstance(field, (Choice, YesNo, Relation)) and field.stored and not field.na for field in own)
    if not plain or asked.filters or asked.q or asked.ids or asked.trash:
        return None
    lines = policy.unit_rows(full, asked.actor, "count", totals.Line)
    sums = tuple(field.id for _, field in measures if field is not None)
    return None if lines is None else _Keeping(tuple(field.id for field in own), sums or ("",), lines)


def _keep(register, keeping):
    try:
        with base.atomic():
            for summed in keeping.sums:
                totals.keep(register, keeping.fields, summed)
    except (Unavailable, peewee.OperationalError) as error:
        # The answer is there; it only takes as long the next time.
        log.info("totals of %s are not kept: %s", register, error)


@elsewhere
def _kept_rows(asked, fields, measures, keeping):
    kept = [totals.find(asked.register.name, keeping.fields, summed) for summed in keeping.sums]
    if None in kept:
        return None
    line, at = totals.Line, {}
    for place, field in enumerate(own for own in fields if not own.id.startswith("@")):
        at[field.id] = (line.first, line.second)[place]
    units = {"@district": line.district_id, "@school": line.school_id}
    keys = [units[field.id] if field.id in units else at[field.id] for field in fields]
    summed = [peewee.fn.SUM(part) for part in (line.number, line.high, line.low, line.known)]
    groups = {}
    asked_for = line.select(*keys, line.kept_id, *summed).where(line.kept_id.in_([one.id for one in kept]) & keeping.lines)
    for row in asked_for.group_by(*_places([*keys, line.kept_id])).tuples():
        groups.setdefault(row[: len(keys)], {})[row[len(keys)]] = [int(number) for number in row[len(keys) + 1 :]]
    rows = []
    for values, found in groups.items() if fields else [((), groups.get((), {}))]:
        told = [found.get(one.id, (0, 0, 0, 0)) for one in kept]
        if told[0][0] or not fields:
            rows.append(_read((*values, told[0][0], *(part for line in told for part in line[1:])), fields, measures))
    return rows


def _key(asked, field):
    """What rows are grouped by: the column, with a value of its own for 不适用."""
    full, model = registry.get(asked.register.name), asked.model
    if field.id.startswith("@"):
        return model.district_id if field.name == "district" else model.school_id
    if isinstance(field, Derived):
        return peewee.Case(None, [(lists.expression(full, field, "eq", True), 1)], 0)
    column = lists.column(model, full, field.name)
    if not field.na:
        return column
    return peewee.Case(None, [(lists.not_applicable(model, field), NA_CODE)], column.cast("TEXT"))


def _sum(asked, field):
    """The sum in two parts: of whole thousands of millions and of the rest. One sum of large numbers overflows on SQLite."""
    column = lists.column(asked.model, registry.get(asked.register.name), field.name)
    whole, part = column.cast("BIGINT"), totals.PART
    return [peewee.fn.SUM(whole / part), peewee.fn.SUM(whole - (whole / part) * part), peewee.fn.COUNT(column).coerce(False)]


def _read(row, fields, measures):
    values = tuple(_value(field, stored) for field, stored in zip(fields, row, strict=False))
    numbers, rest = {"count": row[len(fields)]}, list(row[len(fields) + 1 :])
    for name, field in measures:
        if field is not None:
            high, low, known = rest[:3]
            del rest[:3]
            total = int(high or 0) * totals.PART + int(low or 0)
            numbers[name] = None if not known else Exact(total).scaleb(-field.places) if isinstance(field, Decimal) else total
    return values, numbers


def _value(field, stored):
    """A grouping value back from what the database gives, which is text for fields that know 不适用."""
    if stored is None:
        return None
    if field.na and stored == NA_CODE:
        return NA
    if isinstance(field, YesNo):
        return str(stored).lower() in ("1", "true", "t")
    if isinstance(field, Relation):
        return int(stored)
    return field.clean(stored) if isinstance(field, Date) else stored


def _total(rows, measures):
    total = {"count": sum(numbers["count"] for _, numbers in rows)}
    for name, field in measures:
        if field is not None:
            known = [numbers[name] for _, numbers in rows if numbers[name] is not None]
            total[name] = sum(known) if known else None
    return total


# telling ---------------------------------------------------------------------------------------------------------------


def _summary(asked, fields, measures, rows, total):
    labels = [_labels(field, [values[at] for values, _ in rows], asked.actor) for at, field in enumerate(fields)]
    order = [_order(field) for field in fields]
    rows = sorted(rows, key=lambda row: [place(value) for place, value in zip(order, row[0], strict=True)])
    own = {name: value for name, value in lists.pairs(asked) if name not in ("sort", "fields", "limit")}
    groups = tuple(
        Group(
            values,
            tuple(known.get(value, value) for known, value in zip(labels, values, strict=True)),
            _only(numbers, measures),
            own | dict(_parameter(field, value) for field, value in zip(fields, values, strict=True)),
        )
        for values, numbers in rows
    )
    return Summary(asked, fields, tuple(name for name, _ in measures), groups, _only(total, measures))


def _only(numbers, measures):
    return {name: numbers[name] for name, _ in measures}


def _labels(field, values, actor):
    """{value: label} of a grouping field."""
    if isinstance(field, Relation):
        return lists.labels(field.to, {value for value in values if isinstance(value, int)}, actor)
    return {value: field.get(value).title for value in values if hasattr(field, "get") and value is not None and value is not NA}


def _order(field):
    """Choices in their declared order, the rest by value; 不适用 and unknown last."""
    known = {option.code: at for at, option in enumerate(getattr(field, "options", ()))}

    def place(value):
        if value is None or value is NA:
            return (2 if value is None else 1, 0)
        return (0, known.get(value, len(known)) if known else value)

    return place


def _parameter(field, value):
    """The list parameter that shows the rows with this value."""
    if value is None:
        return f"{field.name}__empty", "true"
    if value is NA:
        return field.name, NA_CODE
    return field.name, ("true" if value else "false") if isinstance(field, YesNo) else str(value)


# small groups of people ------------------------------------------------------------------------------------------------


def _guarded(asked, fields, measures):
    """The summary for somebody who may only count these people.

    A filter is one more field to group by, so that what a filter shows is hidden just as in the whole table.
    """
    filters = {part.field.name: part for part in asked.filters}
    known = {field.name: field for field in groupable(asked.register)}
    table = tuple(dict.fromkeys([*fields, *(known.get(name) for name in filters)]))
    plain = all(part.operator == "eq" for part in asked.filters) and len(filters) == len(asked.filters)
    if asked.q or None in table or not plain or len(table) > MOST_FIELDS:
        raise _wrong(
            "by", "counts_only", say("这些人员您只能看合计：只能按最多 {most} 个字段分组或筛选，条件只能是等于。", most=MOST_FIELDS)
        )
    rows = _rows(replace(asked, filters=()), table, measures)
    hidden = _hidden(rows, len(table))
    rows = [(values, dict.fromkeys(numbers, hidden[values]) if values in hidden else numbers) for values, numbers in rows]
    at = {field.name: place for place, field in enumerate(table)}
    rows = [row for row in rows if all(row[0][at[name]] == part.value for name, part in filters.items())]
    total = _total_of(rows, measures)
    rows = [(tuple(values[at[field.name]] for field in fields), numbers) for values, numbers in rows]
    return _summary(asked, fields, measures, rows if fields else [((), total)], total)


def for_file(made):
    """The summary as it may leave the bureau: of people and of their daily care, numbers under the threshold are not told."""
    if registry.get(made.query.register.name).grain not in ("person", "count"):
        return made
    rows = [(group.values, dict(group.numbers)) for group in made.groups]
    for name in made.measures:
        hidden = _hidden([row for row in rows if not isinstance(row[1][name], str)], len(made.by), name)
        for values, numbers in rows:
            numbers[name] = hidden.get(values, numbers[name])
    groups = tuple(replace(group, numbers=numbers) for group, (_, numbers) in zip(made.groups, rows, strict=True))
    return replace(made, groups=groups, total={name: _sum_of(numbers[name] for _, numbers in rows) for name in made.measures})


def _sum_of(numbers):
    """The total of the numbers that are told; HIDDEN where none of them is, None where nothing is known."""
    numbers = list(numbers)
    told = [number for number in numbers if number is not None and not isinstance(number, str)]
    return sum(told) if told else HIDDEN if any(isinstance(number, str) for number in numbers) else None


def _hidden(rows, width, name="count"):
    """{values: what is told instead} of groups with a small number, and of the next smallest where one alone would be worked out."""
    hidden = {values: SMALL for values, numbers in rows if 0 < (numbers[name] or 0) < THRESHOLD}
    lines = _lines(rows, width)
    changed = True
    while changed:
        changed = False
        for line in lines:
            others = [row for row in line if row[0] not in hidden and row[1][name]]
            if len(line) - len([row for row in line if row[0] not in hidden]) == 1 and others:
                hidden[min(others, key=lambda row: row[1][name])[0]] = HIDDEN
                changed = True
    return hidden


def _lines(rows, width):
    """The rows whose total can be seen: all of them, and in a table of two fields each row and each column."""
    found = defaultdict(list)
    for row in rows:
        for at in range(width) if width > 1 else [None]:
            found[at, row[0][at] if at is not None else None].append(row)
    return list(found.values())


def _total_of(rows, measures):
    """The total of the groups that are told; hidden with them where none is."""
    told = [row for row in rows if not isinstance(row[1]["count"], str)]
    if rows and not told:
        return dict.fromkeys(
            ["count", *(name for name, _ in measures)], SMALL if len(rows) == 1 and rows[0][1]["count"] == SMALL else HIDDEN
        )
    return _total(told, measures)
