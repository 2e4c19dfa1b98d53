"""What the rows of a file mean: which records their relations name and which records they are, found in sets, not row by row."""

import re
import unicodedata
from dataclasses import dataclass

from models import registry, tables
from models.base import one_of
from models.errors import Sentence, say
from models.fields import Attachment, Choices, Code, LongText, Relation, Relations, Text
from models.fields.dates import DayField
from models.prepared import Statement
from models.values import NA
from services import policy, query
from services.actor import SYSTEM

ALIASES = "former_names"
_CHUNK = 1_000
# From how many rows of a batch on, and up to how many records, all records are looked up at once.
_MANY, _MOST_HELD = 500, 20_000
_NOT_TELLING = (LongText, Choices, Attachment)
SECTION_START = re.compile(r"^[(（]?[一二三四五六七八九十]+[)）、.．]\s*")
SECTION_END = re.compile(r"[(（]\s*(?:共\s*)?\d+\s*\w{0,2}\s*[)）]\s*$")
_BETWEEN = re.compile(r"[、，,；;\n]+")


def fold(text):
    """Width and spaces made one: how names and column heads are compared."""
    if text.isascii() and text.isalnum():
        return text
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@dataclass(frozen=True)
class Unresolved:
    """A text that names no one record, and why; `foreign` where the record is there but out of the actor's scope."""

    sentence: Sentence
    foreign: bool = False


# Relations by text --------------------------------------------------------------------------------------------------


def resolve(field, texts, actor):
    """{text: id, tuple of ids, or Unresolved} for what a file says in a relation's column: code, name, both, or a former name."""
    several = isinstance(field, Relations)
    parts = {text: tuple(filter(None, map(str.strip, _BETWEEN.split(text)))) if several else (text.strip(),) for text in texts}
    wanted = {part for found in parts.values() for part in found}
    known = _Names(registry.get(field.to), actor, wanted)
    public = _Names(registry.get(field.to), SYSTEM, wanted - set(known.found)) if registry.get(field.to).label_public else None
    answers = {part: _answer(field, part, known, public) for part in wanted}
    return {text: _together(found, answers) if several else answers[found[0]] for text, found in parts.items()}


def _together(parts, answers):
    found = [answers[part] for part in parts]
    return next((one for one in found if isinstance(one, Unresolved)), None) or tuple(found)


def _answer(field, text, known, public):
    ids = known.found.get(text, ())
    if len(ids) == 1:
        return ids[0]
    if ids:
        return Unresolved(
            say("「{label}」里叫「{raw}」的有 {count} 个，请改写代码。", label=field.title, raw=text[:40], count=len(ids))
        )
    if text in known.at_odds:
        return Unresolved(say("「{label}」的代码和名称对不上：「{raw}」。", label=field.title, raw=text[:40]))
    if public is None:
        return Unresolved(say("「{label}」没有找到「{raw}」，或不在您的数据范围内。", label=field.title, raw=text[:40]))
    if public.found.get(text):
        return Unresolved(say("「{label}」的「{raw}」不在您的数据范围内。", label=field.title, raw=text[:40]), foreign=True)
    return Unresolved(say("「{label}」没有找到「{raw}」，请核对代码或名称。", label=field.title, raw=text[:40]))


class _Names:
    """Which of a register's records, among those the actor may see, each text means: {text: (id, …)}, texts without one left out."""

    def __init__(self, register, actor, texts):
        self.found, self.at_odds = {}, set()
        self._source = policy.rows(register, actor)
        self._code = _only([name for name in register.key if isinstance(register.field(name), Text)], len(register.key))
        titles = [name for name in register.title if name != self._code and isinstance(register.field(name), Text)]
        self._name = _only(titles, len(titles))
        self._register = register
        self._look_up(texts)
        rest = texts - set(self.found) - self.at_odds
        if rest and ALIASES in register.by_name:
            self._look_up_former(rest)

    def _look_up(self, texts):
        by_code, by_name = {}, {}
        for id, code, name in self._rows({form for text in texts for form in _forms(text)}):
            if code is not None:
                by_code.setdefault(fold(code), []).append(id)
            if name is not None:
                by_name.setdefault(fold(name), []).append(id)
        for text in texts:
            whole = by_code.get(fold(text)) or by_name.get(fold(text))
            head, _, tail = text.partition(" ")
            if not whole and tail and fold(head) in by_code:
                whole = [id for id in by_code[fold(head)] if not self._name or id in by_name.get(fold(tail), ())]
                if not whole:
                    self.at_odds.add(text)
            if whole:
                self.found[text] = tuple(whole)

    def _rows(self, forms):
        model = self._source.model
        columns = [query.column(model, self._register, name) if name else None for name in (self._code, self._name)]
        if not self._code and not self._name:
            return
        wanted, found = [column for column in columns if column is not None], {}
        # Each column by its own index.
        for column in wanted:
            rows = Statement(self._source.where(one_of(column, forms)).select(model.id, *wanted)).rows()
            found |= {id: iter(values) for id, *values in rows}
        for id, values in found.items():
            yield id, *(next(values) if column is not None else None for column in columns)

    def _look_up_former(self, texts):
        model = self._source.model
        column = query.column(model, self._register, ALIASES)
        former = {}
        for id, names in self._source.where(column.is_null(False)).select(model.id, column).tuples():
            for name in _BETWEEN.split(names):
                former.setdefault(fold(name), []).append(id)
        self.found |= {text: tuple(former[fold(text)]) for text in texts if fold(text) in former}


def _only(names, count):
    return names[0] if count == 1 and names else None


def _forms(text):
    """How a code or name may be stored that a file writes so: itself, its half-width form, Chinese brackets, its two parts."""
    head, _, tail = text.partition(" ")
    for form in (text, head, tail.strip()) if tail else (text,):
        half = unicodedata.normalize("NFKC", form)
        yield from (form, half, half.replace("(", "（").replace(")", "）"))


# Rows by identity ---------------------------------------------------------------------------------------------------


class Telling:
    """Which fields tell one record of a register from another."""

    def __init__(self, register):
        self._key = register.key
        made = {field.name for field in register.fields if isinstance(field, Code) and field.make}
        key = [register.field(name) for name in register.key]
        self._needed = tuple(field.name for field in key if field.required or field.name in made) or register.key
        self._made = set(register.key) <= made
        stored = [field for field in register.live if field.stored and not field.readonly and field.name not in made]
        self._titles = [field.name for field in stored if field.name in register.title]
        self._relations = [field.name for field in stored if isinstance(field, Relation) and field.name not in self._titles]
        self._all = [field.name for field in stored if not isinstance(field, _NOT_TELLING)]

    def of(self, row):
        """The names of the fields that tell which record a row means: the key; where the app makes the key's code, the title and
        the relations; failing those, all that the row says. () when the row does not say, or says it wrongly.
        """
        if row.faults and not row.faults.keys().isdisjoint(self._key):
            return ()
        if self._key and all(says(row, name) for name in self._needed):
            return self._key
        if not self._made:
            return ()
        titles = [name for name in self._titles if says(row, name)]
        if titles:
            return tuple(titles + [name for name in self._relations if name in row.places and name not in row.faults])
        return tuple(name for name in self._all if says(row, name))

    def of_each(self, rows):
        """`of` for each of some rows. Where all say the same fields of key and title, and nothing wrong, what holds for one holds for all."""
        first, places = self.of(rows[0]), rows[0].places
        by_key_or_title = first and (first == self._key or first[0] in self._titles)
        wanted = [rows[0].meant.values[places[name]] for name in (*self._needed, *self._titles) if name in places]
        sound = not any(row.faults for row in rows)
        if by_key_or_title and sound and not any(value is None or value is NA for values in wanted for value in values):
            return [first] * len(rows)
        return [self.of(row) for row in rows]


def says(row, name):
    """Whether a row has a value in a field."""
    value = row.value(name)
    return value is not None and value is not NA


class Existing:
    """The live records of a register by what tells them apart, for the rows of an import. Where many rows come and not many records are
    there, all records are looked up once: each batch would go through the same ones anew.
    """

    def __init__(self, register, actor):
        self._register, self._actor, self._whole = register, actor, {}

    def of(self, wanted):
        """{(names, values): [id, …]} of the records that have these identities; `wanted` is a set of (names, values)."""
        by_names, found = {}, {}
        for names, values in wanted:
            by_names.setdefault(names, set()).add(values)
        for names, tuples in by_names.items():
            whole = self._all(names, len(tuples))
            there = _by_values(self._rows_like(names, tuples)) if whole is None else whole
            found |= {(names, values): there[values] for values in tuples if values in there}
        return found

    def _all(self, names, count):
        """{values: [id, …]} of all records; None where they are not looked up so."""
        if count >= _MANY and names not in self._whole:
            model, columns = self._columns(names)
            some = policy.rows(self._register, self._actor).select(model.id, *columns).limit(_MOST_HELD + 1)
            rows = Statement(some).rows()
            self._whole[names] = _by_values(rows) if len(rows) <= _MOST_HELD else None
        return self._whole.get(names)

    def _rows_like(self, names, tuples):
        """[id, values…] of the records that agree in the most telling field."""
        model, columns = self._columns(names)
        distinct = [{values[at] for values in tuples} - {None} for at in range(len(names))]
        leading = max(range(len(names)), key=lambda at: len(distinct[at]))
        wanted, source = list(distinct[leading]), policy.rows(self._register, self._actor)
        for at in range(0, len(wanted), _CHUNK):
            some = source.where(_among(columns[leading], wanted[at : at + _CHUNK]))
            yield from Statement(some.select(model.id, *columns)).rows()

    def _columns(self, names):
        model = tables.model(self._register.name)
        return model, [query.column(model, self._register, name) for name in names]


def _by_values(rows):
    """{values: [id, …]} of rows [id, values…]."""
    found = {}
    for id, *values in rows:
        found.setdefault(tuple(values), []).append(id)
    return found


def _among(column, values):
    """A list of days would be one of texts on its way to the database, and no day equals a text there."""
    return column.in_(values) if isinstance(column, DayField) else one_of(column, tables.db_values(column, values))
