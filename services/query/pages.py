"""Pages in order, by marks rather than distances; the search's own order; all rows in turn for exports."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal as Exact

import peewee

from models import registry
from models.errors import Fault, FieldError, Invalid, say
from models.fields import Choice
from models.values import NA
from services.query.asking import order_of
from services.query.narrowing import by_index, column, match_of, plan, rows
from services.query.shown import records_of, selected

CHUNK = 2000


@dataclass(frozen=True)
class Page:
    records: list
    next: str | None = None
    previous: str | None = None


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
    return bool(query.q) and query.sort == order_of(query.register, query.register.sort)


def _page(query, found, position, backwards):
    more = len(found) > query.limit
    found = found[: query.limit]
    if backwards:
        found.reverse()
    records = records_of(query, [row for _, row in found])
    if not found:
        return Page(records)
    has_next, has_previous = (True, more) if backwards else (more, position is not None)
    ends = [mark for mark, _ in found]
    return Page(
        records,
        cursor_for(query, ["n", *ends[-1]]) if has_next else None,
        cursor_for(query, ["p", *ends[0]]) if has_previous else None,
    )


def _ordered(query, start, backwards, limit):
    """[(mark, row)] in sort order from a mark on. Rows whose sort value is unknown come last, both ways."""
    name, descending = query.sort[0]
    model = query.model
    by_id = name == "id"
    sort_column = model.id if by_id else column(model, registry.get(query.register.name), name)
    down = descending != backwards
    phases = ("known",) if by_id else (("unknown", "known") if backwards else ("known", "unknown"))
    (query, hints), found = plan(query), []
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
        for row in part.select(*selected(query), sort_column.alias("sort_value")).dicts():
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
    found = match_of(query)
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
    found, key = by_index(query, match)
    if start is not None:
        found = found.where(key > start if backwards else key < start)
    return list(found.order_by(key.asc() if backwards else key.desc()).limit(limit).select(*selected(query)).dicts())


def stream(query):
    """All records of a list in its order, read by keyset in chunks: memory stays flat, no transaction stays open."""
    query = replace(query, sort=(("id", True),)) if _ranked(query) else query
    start = None
    while True:
        found = _ordered(query, start, False, CHUNK)
        yield from records_of(query, [row for _, row in found])
        if len(found) < CHUNK:
            return
        start = found[-1][0]


def _context(query):
    """What a cursor is bound to: the actor, the register, the filters and the order."""
    filters = sorted((part.parameter, part.raw) for part in query.filters)
    text = json.dumps([query.actor.id, query.register.name, filters, query.q, query.sort, query.trash], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cursor_for(query, mark):
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
