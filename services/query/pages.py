"""Pages in order, by marks rather than distances; the search's own order; all rows in turn."""

import base64
import binascii
import hashlib
import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal as Exact
from functools import reduce
from operator import and_, or_

import peewee

from models import registry
from models.errors import Fault, FieldError, Invalid, say
from models.fields import Choice, Date, DateTime, LongText, Number, Text
from models.prepared import Mark, Statement
from models.routing import elsewhere
from models.values import NA
from services import usage
from services.query.asking import ID, order_of
from services.query.narrowing import by_index, column, match_of, plan, rows
from services.query.shown import records_of, selected

CHUNK = 2000
# The cursor of the last page; the first page has none.
LAST = "last"
_BACK = "p"
_FARTHEST = 2**62  # no record's number is so great


@dataclass(frozen=True)
class Page:
    records: list
    next: str | None = None
    previous: str | None = None


def page(query):
    """One page in order, and the cursors of its neighbours."""
    usage.note(query)
    position = _position(query)
    if _ranked(query):
        return _ranked_page(query, position)
    backwards = position is not None and position[0] == _BACK
    found = _ordered(query, position and position[1:], backwards, query.limit + 1)
    return _page(query, found, position, backwards, _mark_of)


def _ranked(query):
    """Whether the list is in the search's own order: something is sought and no other order asked for."""
    return bool(query.q) and not query.trash and query.sort == order_of(query.register, query.register.sort)


def _page(query, found, position, backwards, mark_of):
    more = len(found) > query.limit
    found = found[: query.limit]
    if backwards:
        found.reverse()
    records = records_of(query, [row for _, row in found])
    if not found:
        return Page(records)
    has_next, has_previous = (position != [_BACK], more) if backwards else (more, position is not None)
    return Page(
        records,
        cursor_for(query, ["n", *mark_of(found[-1])]) if has_next else None,
        cursor_for(query, [_BACK, *mark_of(found[0])]) if has_previous else None,
    )


@elsewhere
def _ordered(query, start, backwards, limit):
    """[((phase, names of the sort's columns), row)] in sort order from a mark on."""
    found = []
    for phase, part, keys in phases(query, start, backwards):
        values = [key.alias(f"sort_{at}") for at, key in enumerate(keys)]
        place = (phase, [value.name for value in values])
        asked = Statement(part.limit(limit - len(found)).select(*values, selected(query)))
        found += [(place, row) for row in asked.dicts()]
        if len(found) >= limit:
            break
    return found


def _mark_of(found):
    """The mark of a row that _ordered gave."""
    (phase, names), row = found
    return [phase, [_plain(row[name]) for name in names], row["id"]]


def phases(query, start, backwards):
    """(phase, its rows in order from a mark on, the sort's columns), one after the other. Rows whose first sort value is unknown
    come last, both ways.
    """
    keys = _keys(query)
    order = ("known",) if len(keys) == 1 else (("unknown", "known") if backwards else ("known", "unknown"))
    query, hints = plan(query)
    for phase in order[order.index(start[0]) if start else 0 :]:
        part = rows(query, hints)
        if len(keys) > 1:
            part = part.where(keys[0][0].is_null(phase == "unknown"))
        left = keys[1:] if phase == "unknown" else keys
        if start and start[0] == phase:
            part = part.where(_beyond(left, [*start[1], start[2]][-len(left) :], backwards))
        yield phase, part.order_by(*_order_by(left, phase, backwards)), [column_ for column_, _ in keys[:-1]]


def _keys(query):
    """[(column, descending)] of the order, the record's number last: it tells rows apart that are equal otherwise."""
    full, named = registry.get(query.register.name), [key for key in query.sort if key[0] != "id"]
    by_id = next((descending for name, descending in query.sort if name == "id"), query.sort[0][1])
    return [*((column(query.model, full, name), descending) for name, descending in named), (query.model.id, by_id)]


def _order_by(keys, phase, backwards):
    """Unknown values last; the first key of a phase has none."""
    found = []
    for at, (key, descending) in enumerate(keys):
        if key is not keys[-1][0] and (at or phase == "unknown"):
            unknown = key.is_null()
            found.append(unknown.desc() if backwards else unknown.asc())
        found.append(key.desc() if descending != backwards else key.asc())
    return found


def _beyond(keys, values, backwards):
    """The rows after a mark. One key and the number are compared as a pair: an index goes straight to the place, however deep."""
    marks = [_mark(key, value) for (key, _), value in zip(keys, values, strict=True)]
    downs = {descending != backwards for _, descending in keys}
    if len(keys) <= 2 and len(downs) == 1 and None not in values:
        here, there = (keys[0][0], marks[0]) if len(keys) == 1 else (peewee.Tuple(*(key for key, _ in keys)), peewee.Tuple(*marks))
        return here < there if downs == {True} else here > there
    found, same = [], []
    for (key, descending), value, mark in zip(keys, values, marks, strict=True):
        found.append(reduce(and_, [*same, _after(key, value, mark, descending != backwards, backwards)]))
        same.append(key.is_null() if value is None else key == mark)
    return reduce(or_, found)


def _mark(key, value):
    """A value to compare a column with, also one that is given later."""
    if isinstance(value, Mark):
        return peewee.Value(replace(value, convert=key.db_value), converter=False)
    return peewee.Value(value, converter=key.db_value)


def _after(key, value, mark, down, backwards):
    if value is None:
        return key.is_null(False) if backwards else peewee.SQL("1") == peewee.SQL("0")
    beyond = key < mark if down else key > mark
    return beyond if backwards else beyond | key.is_null()


def _ranked_page(query, position):
    """A search in its own order: exact code, then titles that begin so, then the rest, newest first in each."""
    found = match_of(query)
    if found is None:
        return Page([])
    backwards = position is not None and position[0] == _BACK
    groups = range(len(found.groups) - 1, -1, -1) if backwards else range(len(found.groups))
    statement, gathered = _by_number(query, backwards), []
    for group in groups:
        at, mark = position[2:] if position and position != [_BACK] else (None, None)
        if at is not None and (group > at if backwards else group < at):
            continue
        start = mark if group == at else -1 if backwards else _FARTHEST
        some = _rows_of(statement, found.groups[group], start, query.limit + 1 - len(gathered))
        gathered += [(group, row) for row in some]
        if len(gathered) > query.limit:
            break
    return _page(query, gathered, position, backwards, lambda ranked: ["rank", ranked[0], ranked[1]["id"]])


def _by_number(query, backwards):
    """The Statement that gives rows of a search by their numbers: for a match, the number to begin after, and how many."""
    start, limit = (peewee.Value(Mark(at), converter=False) for at in (1, 2))
    found, key = by_index(query, Mark(0))
    found = found.where(key > start if backwards else key < start).order_by(key.asc() if backwards else key.desc())
    return Statement(found.limit(limit).select(selected(query)))


@elsewhere
def _rows_of(statement, *values):
    return statement.dicts(*values)


def in_turn(query):
    """The list in an order that all its rows have: a search's own order is for pages."""
    return replace(query, sort=(("id", True),)) if _ranked(query) else query


def stream(query):
    """All records of a list in its order, read by keyset in chunks: memory stays flat, no transaction stays open."""
    query, start = in_turn(query), None
    while True:
        found = _ordered(query, start, False, CHUNK)
        yield from records_of(query, [row for _, row in found])
        if len(found) < CHUNK:
            return
        start = _mark_of(found[-1])


def _context(query):
    """What a cursor is bound to: the actor, the register, the filters and the order."""
    filters = sorted((part.parameter, part.raw) for part in query.filters)
    text = json.dumps([query.actor.id, query.register.name, filters, query.q, query.sort, query.trash], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cursor_for(query, mark):
    text = json.dumps([_context(query), *mark], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(query):
    """The mark a cursor carries: direction, phase, sort value (or search group), id; for the last page only the direction. Invalid for
    a made-up or foreign one.
    """
    if query.cursor in ("", LAST):
        return [_BACK] if query.cursor else None
    wrong = Invalid([Fault("cursor", "cursor", say("翻页位置无效或已过期，请从第一页看起。"))])
    try:
        text = base64.urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
        context, direction, phase, value, id = json.loads(text)
    except (binascii.Error, ValueError, TypeError):
        raise wrong from None
    names = [name for name, _ in query.sort if name != "id"]
    phases = ("rank",) if _ranked(query) else ("known", "unknown") if names else ("known",)
    if context != _context(query) or direction not in ("n", _BACK) or phase not in phases or not _is_number(id):
        raise wrong
    if phase == "rank":
        if not _is_number(value):
            raise wrong
    elif not isinstance(value, list) or len(value) != len(names) or (names and (value[0] is None) != (phase == "unknown")):
        raise wrong
    else:
        value = [
            None if part is None else _unplain(query.register.field(name), part, wrong)
            for name, part in zip(names, value, strict=True)
        ]
    return [direction, phase, value, id]


def jump_field(query):
    """The field a list can be jumped into by, ID for one in the order of record numbers; None where marks have more parts than one."""
    named = [name for name, _ in query.sort if name != ID.name]
    if _ranked(query) or query.trash or len(named) > 1:
        return None
    field = query.register.field(named[0]) if named else ID
    return field if isinstance(field, (Number, Date, DateTime, Text)) and not isinstance(field, LongText) else None


def jump(query, raw):
    """The cursor of the page that begins at a value of the field the list is ordered by, or in the order of record numbers about so many
    percent of them further on. Invalid names the field and what it takes.
    """
    field, descending = jump_field(query), query.sort[-1][1]
    if field is None:
        raise Invalid([Fault("_at", "no_jump", say("这个列表现在的顺序不能跳到某一处，请换一列排序。"))])
    if field is ID:
        return cursor_for(query, ["n", "known", [], _number_at(query, _share(raw), descending)])
    try:
        value = field.clean(raw)
        if value is None or value is NA:
            raise FieldError("required", say("请填要跳到的「{label}」。", label=field.title))
    except FieldError as error:
        raise Invalid([Fault(field.name, error.code, error.sentence)]) from None
    return cursor_for(query, ["n", "known", [_plain(value)], _FARTHEST if descending else -1])


def _share(raw):
    """A percentage as part of the whole."""
    text = unicodedata.normalize("NFKC", raw).strip().removesuffix("%").strip()
    if not text.isascii() or not text.isdigit() or int(text[:4]) > 100:
        raise Invalid([Fault("_at", "percent", say("请填 0 到 100 的整数，表示跳到约百分之几处。"))])
    return int(text) / 100


def _number_at(query, share, descending):
    """A record number between the smallest and the greatest there are, from which on about this share lies behind."""
    model = query.model
    least, most = model.select(peewee.fn.MIN(model.id), peewee.fn.MAX(model.id)).scalar(as_tuple=True)
    gone = int(((most or 0) - (least or 0)) * share)
    return (most or 0) - gone + 1 if descending else (least or 0) + gone - 1


def _is_number(value):
    return type(value) is int and abs(value) < 2**63


def _plain(value):
    if isinstance(value, Exact):
        return str(value)
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _unplain(field, value, wrong):
    """A sort value back from a cursor, cleaned as if typed: cursors come from outside."""
    if isinstance(field, Choice) and isinstance(value, str):
        return value
    try:
        cleaned = field.clean(value)
    except FieldError:
        raise wrong from None
    if cleaned is None or cleaned is NA:
        raise wrong
    return cleaned
