"""A list as lines of text that the database makes: what files carry, cell for cell, without a Python object for each.

The text of a cell is the text of `Field.render`, of relations code and name, of masked fields what may be seen of them. Which rows
and which fields these are is decided as for every list: the rows are `narrowing.rows`, the fields those of the narrowed register.
"""

import peewee

from models import registry, tables
from models.base import database, is_postgres
from models.fields import Attachment, Choice, Code, DateTime, Derived, Relation, Relations, said
from models.fields.said import BETWEEN
from models.journal import Link
from models.routing import elsewhere
from models.values import NA_TEXT
from services import policy
from services.query.narrowing import column, derived
from services.query.pages import CHUNK, in_turn, phases
from services.query.shown import NO_ACCESS

ARGUMENTS = 100  # the most that PostgreSQL gives a function
DEEPEST = 5  # names may hold names of other records; a chain of them ends here


def lines(query, revealed=False):
    """All rows of a list in its order as lists of lines, each cell with BETWEEN before it; unknown is empty.

    Read by keyset in chunks: memory stays flat, no transaction stays open. `revealed` shows masked fields whole.
    """
    query, start = in_turn(query), None
    texts = [cell(query, field, revealed) for field in query.columns]
    while True:
        found, start = _chunk(query, start, texts)
        if found:
            yield found
        if start is None:
            return


@elsewhere
def _chunk(query, start, texts):
    """The lines of a chunk, and the mark to read on from: None at the end."""
    found, last = [], None
    for phase, part, keys in phases(query, start, False):
        part = part.limit(CHUNK - len(found))
        rows = _read(part, keys, _line(texts))
        if sum(row[0].count(BETWEEN) for row in rows) != len(texts) * len(rows):
            # Somebody wrote past the app: the mark stands inside a text, and must not shift the columns.
            rows = _read(part, keys, _line([peewee.fn.REPLACE(text, said.word(BETWEEN), said.word(" ")) for text in texts]))
        found += [row[0] for row in rows]
        if len(found) == CHUNK:
            _, id, *values = rows[-1]
            last = [phase, values, id]
            break
    return found, last


def _read(part, keys, line):
    """Rows as the driver gives them; what the sort values are stored as serves as a mark."""
    return database.execute(part.select(line, part.model.id, *keys)).fetchall()


def _line(texts):
    """One text of all: CONCAT takes what is unknown for empty."""
    parts = [peewee.fn.CONCAT(*_marked(texts[at : at + ARGUMENTS // 2])) for at in range(0, len(texts), ARGUMENTS // 2)]
    return said.together(*parts)


def _marked(texts):
    return [part for text in texts for part in (said.word(BETWEEN), text)]


# Cells --------------------------------------------------------------------------------------------------------------


def cell(query, field, revealed=False):
    """The text of a field in a file, as an expression on the list's model: NULL for unknown."""
    hidden = field.sensitivity == "masked" and not revealed and not isinstance(field, (Choice, Relation, Relations, Attachment))
    found = said.masked(_present(query, field)) if hidden else _present(query, field, said.moment)
    if not field.na:
        return found
    marked = said.place(query.model.na_fields, f"|{field.id}|") > 0
    return peewee.Case(None, [(marked, said.word(NA_TEXT))], found)


def _present(query, field, moment=said.short_moment):
    """The text of a value that is neither 不适用 nor masked."""
    full = registry.get(query.register.name)
    if isinstance(field, Derived):
        holds = derived(full, query.model, field, lambda name: _condition_column(query, full, name))
        return peewee.Case(None, [(holds, said.word(field.render(True)))], said.word(field.render(False)))
    if isinstance(field, Relations):
        return _targets(query, field)
    stored = column(query.model, full, field.name)
    if isinstance(field, Relation):
        return coded_label(field.to, stored, query.actor)
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


def coded_label(to, id, actor):
    """Code and name of the record with this id, as the actor may know it; the name alone where it has no code or begins with it."""
    full = registry.get(to)
    key = full.field(full.key[0]) if len(full.key) == 1 else None
    return _label(full, id, actor, key if isinstance(key, Code) else None)


def _label(full, id, actor, code=None, depth=1):
    target = tables.model(full.name).alias()
    name = _title(full, target, actor, depth)
    shown = _coded(name, column(target, full, code.name)) if code else name
    found = target.select(shown).where(target.id == id)
    if not (full.label_public or actor.system):
        own = policy.rows(full, actor)
        found = found.where(peewee.fn.EXISTS(own.where(own.model.id == target.id).select(peewee.SQL("1"))))
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
