"""A list as lines of text that the database makes: what files carry, cell for cell, without a Python object for each.

The text of a cell is the text of `Field.render`, of relations code and name, of masked fields what may be seen of them. Which rows
and which fields these are is decided as for every list: the rows are `narrowing.rows`, the fields those of the narrowed register.
"""

from dataclasses import dataclass
from functools import partial

import peewee

from models import registry, tables
from models.base import is_postgres, rows_while
from models.fields import Attachment, Choice, Code, DateTime, Derived, Relation, Relations, said
from models.fields.said import APART, BETWEEN
from models.journal import Link
from models.prepared import Mark
from models.routing import elsewhere
from models.values import NA_TEXT
from services import policy
from services.query.narrowing import column, derived
from services.query.pages import in_turn, phases
from services.query.shown import NO_ACCESS

# Rows read at once, by is_postgres(): there each question is a way to the server and back.
CHUNKS = {False: 4_000, True: 10_000}
ARGUMENTS = 100  # the most that PostgreSQL gives a function
DEEPEST = 5  # names may hold names of other records; a chain of them ends here
_BEGINNING = (0, None)  # the place of the first chunk
_UNSOUND = object()  # what is made of a chunk that has marks inside a text


def lines(query, revealed=False, make=list):
    """All rows of a list in its order, as (how many, what `make` makes of their lines): each cell with BETWEEN before it, unknown is empty.

    Read by keyset in chunks: memory stays flat, no transaction stays open. A chunk is made while the database reads the next one;
    `make` asks nothing of it. `revealed` shows masked fields whole.
    """
    reader = _Reader(in_turn(query), revealed)
    chunk, _ = reader.read(_BEGINNING)
    while chunk is not None:
        following, made = reader.read(chunk.following, partial(reader.made, chunk, make))
        if made is _UNSOUND:
            # Somebody wrote past the app: a mark stands inside a text, and must not shift the columns.
            chunk, _ = reader.read(chunk.place, tame=True)
            continue
        if chunk.count:
            yield chunk.count, made
        chunk = following


@dataclass(frozen=True)
class _Chunk:
    """What one statement gave, not yet taken apart; its place and the one to read on from, None at the end."""

    place: tuple
    told: object
    count: int
    following: tuple | None


class _Reader:
    """Reads a list chunk by chunk. What is asked of the database is put together once for each shape that marks have."""

    def __init__(self, query, revealed):
        self._query, self._targets, self._kept = query, [], {}
        self._texts = [cell(query, field, revealed, self._targets) for field in query.columns]

    @elsewhere
    def read(self, place, meanwhile=None, tame=False):
        """The _Chunk at a place, (which of the phases from a mark on, that mark), None at None; what `meanwhile()` gave, which ran
        beside it. The last row's number and sort values serve as a mark as they are stored.
        """
        if place is None:
            return None, meanwhile()
        (at, start), size = place, CHUNKS[is_postgres()]
        statements = self._statements(start, tame)
        phase, sql, params = statements[at]
        given = [*start[1], start[2], size] if start else [size]
        rows, made = rows_while(sql, [part.of(given) if isinstance(part, Mark) else part for part in params], meanwhile)
        if is_postgres():
            ((told, count, *end),) = rows
        else:
            told, count, end = rows, len(rows), rows[-1][1:] if rows else ()
        if count == size:
            id, *values = end
            following = 0, [phase, values, id]
        else:
            following = (at + 1, start) if at + 1 < len(statements) else None
        return _Chunk(place, told, count, following), made

    def made(self, chunk, make):
        """What `make` makes of a chunk's lines; _UNSOUND where there are marks inside a text."""
        if not chunk.count:
            return None
        if is_postgres():
            text = chunk.told.decode()
            lines = text.split(APART)
        else:
            lines = [line for line, *_ in chunk.told]
            text = APART.join(lines)
        sound = text.count(APART) == chunk.count - 1 and text.count(BETWEEN) == len(self._texts) * chunk.count
        return make(lines) if sound else _UNSOUND

    def _statements(self, start, tame=False):
        """[(phase, SQL, its values)] of the phases from a mark on; a mark's own values and the limit are Marks."""
        shape = tame, start and (start[0], tuple(value is None for value in start[1]))
        if shape not in self._kept:
            texts = list(map(_tamed, self._texts)) if tame else self._texts
            if start:
                values = [None if value is None else Mark(at) for at, value in enumerate(start[1])]
                start = [start[0], values, Mark(len(values))]
            self._kept[shape] = [
                (phase, *_at_once(self._asked(part, keys, texts), keys)) for phase, part, keys in phases(self._query, start, False)
            ]
        return self._kept[shape]

    def _asked(self, part, keys, texts):
        for target, tied in self._targets:
            part = part.join_from(self._query.model, target, peewee.JOIN.LEFT_OUTER, on=tied)
        return part.limit(peewee.Value(Mark(-1), converter=False)).select(_line(texts), part.model.id, *keys)


def _tamed(text):
    for mark in (BETWEEN, APART):
        text = peewee.fn.REPLACE(text, said.word(mark), said.word(" "))
    return text


def _at_once(asked, keys):
    """The SQL and its values by which lines are asked for. PostgreSQL gives them as one text's bytes, with how many there are and what is told
    of the last one: a row for each takes a quarter longer.
    """
    sql, values = asked.sql()
    if not is_postgres():
        return sql, values
    told = ["id", *(f"key_{at}" for at in range(len(keys)))]
    ends = ", ".join(f"(ARRAY_AGG({name}))[COUNT(*)]" for name in told)
    together = f"CONVERT_TO(STRING_AGG(line, CHR({ord(APART)})), 'UTF8')"
    return f"SELECT {together}, COUNT(*), {ends} FROM ({sql}) AS part(line, {', '.join(told)})", values


def _line(texts):
    """One text of all, BETWEEN before each; what is unknown is empty."""
    known = [peewee.fn.COALESCE(text, said.word("")) for text in texts]
    parts = [known[at : at + ARGUMENTS - 2] for at in range(0, len(known), ARGUMENTS - 2)]
    return said.together(*(peewee.fn.CONCAT_WS(said.word(BETWEEN), said.word(""), *part) for part in parts))


# Cells --------------------------------------------------------------------------------------------------------------


def cell(query, field, revealed=False, targets=None):
    """The text of a field in a file, as an expression on the list's model: NULL for unknown. Of a relation it is one on the model it
    points at as well, which then joins `targets` with what ties it.
    """
    hidden = field.sensitivity == "masked" and not revealed and not isinstance(field, (Choice, Relation, Relations, Attachment))
    found = said.masked(_present(query, field)) if hidden else _present(query, field, said.moment, targets)
    if not field.na:
        return found
    marked = said.place(query.model.na_fields, f"|{field.id}|") > 0
    return peewee.Case(None, [(marked, said.word(NA_TEXT))], found)


def _present(query, field, moment=said.short_moment, targets=None):
    """The text of a value that is neither 不适用 nor masked."""
    full = registry.get(query.register.name)
    if isinstance(field, Derived):
        holds = derived(full, query.model, field, lambda name: _condition_column(query, full, name))
        return peewee.Case(None, [(holds, said.word(field.render(True)))], said.word(field.render(False)))
    if isinstance(field, Relations):
        return _targets(query, field)
    stored = column(query.model, full, field.name)
    if isinstance(field, Relation):
        return coded_label(field.to, stored, query.actor, targets)
    if isinstance(field, Attachment):
        return said.together(said.number_of(stored), " 个文件")
    if isinstance(field, DateTime):
        return moment(stored)
    return field.format_sql(stored)


def _condition_column(query, full, name):
    """A field that a condition reads; unknown where the actor may not read it."""
    return column(query.model, full, name) if name in query.register.by_name else peewee.SQL("NULL")


def _targets(query, field):
    """Code and name of every target of a field that has several, with 、 between."""
    link = Link.alias()
    tied = (link.register == query.register.name) & (link.field_id == field.id) & (link.record_id == query.model.id)
    together = peewee.fn.GROUP_CONCAT if not is_postgres() else peewee.fn.STRING_AGG
    found = together(coded_label(field.to, link.target_id, query.actor), said.word("、")).order_by(link.target_id)
    return link.select(found).where(tied)


# Labels: services.query.labels and codes_of, said in SQL ------------------------------------------------------------


def coded_label(to, id, actor, targets=None):
    """Code and name of the record with this id, as the actor may know it; the name alone where it has no code or begins with it."""
    full = registry.get(to)
    key = full.field(full.key[0]) if len(full.key) == 1 else None
    return _label(full, id, actor, key if isinstance(key, Code) else None, targets=targets)


def _label(full, id, actor, code=None, depth=1, targets=None):
    target = tables.model(full.name).alias()
    name = _title(full, target, actor, depth)
    shown = _coded(name, column(target, full, code.name)) if code else name
    tied = target.id == id
    if not (full.label_public or actor.system):
        own = policy.rows(full, actor)
        tied &= peewee.fn.EXISTS(own.where(own.model.id == target.id).select(peewee.SQL("1")))
    if targets is None:
        found = target.select(shown).where(tied)
    else:
        targets.append((target, tied))
        found = shown
    return peewee.Case(None, [(id.is_null(False), peewee.fn.COALESCE(found, said.word(NO_ACCESS.zh)))])


def _coded(name, code):
    plain = code.is_null() | (code == "") | (said.first_word(name) == code)
    return peewee.Case(None, [(plain, name)], said.together(code, " ", name))


def _title(full, target, actor, depth):
    """A record's name: its title fields, one space apart; a named field never stands in it."""
    parts = []
    for field in map(full.field, full.title):
        if field.sensitivity != "open" or not field.stored:
            continue
        stored = column(target, full, field.name)
        if not isinstance(field, Relation):
            parts.append(field.format_sql(stored))
        elif depth < DEEPEST:
            parts.append(_label(registry.get(field.to), stored, actor, depth=depth + 1))
    number = said.together("#", said.text(target.id))
    if len(parts) < 2:
        return peewee.fn.COALESCE(peewee.fn.NULLIF(parts[0], said.word("")), number) if parts else number
    spaced = [peewee.Case(None, [(part != "", said.together(" ", part))], said.word("")) for part in parts]
    return peewee.fn.COALESCE(peewee.fn.NULLIF(peewee.fn.SUBSTR(said.together(*spaced), 2), said.word("")), number)
