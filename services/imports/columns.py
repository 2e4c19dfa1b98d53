"""Which column of a file is which field: by what was answered, by name, label or another word for it; what only looks like one is asked."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from models.errors import Fault, Invalid, say
from models.fields import Attachment, Derived
from models.refused import refused
from services.imports.matching import fold
from services.workbooks.about import COLUMN

GIVEN, MEMORY, NAME, LABEL, ALIAS, IGNORED, OPEN = "given", "memory", "name", "label", "alias", "ignored", ""
# Columns that say nothing of a record: running numbers, and what an error workbook adds.
NUMBERING = frozenset(("序号", "行号", "no", "no.", "#", COLUMN.casefold()))
_LIKE = 0.55
_SAME_UNITS = (("㎡", "平方米", "平米", "m2"), ("人", "名"), ("%", "百分比"))


@dataclass(frozen=True)
class Match:
    """A column and the field it is, None where it is none; `how` that is known, OPEN where it must be asked."""

    at: int
    letter: str
    head: str
    field: object
    how: str


def key(head):
    """A column's head as it is compared: without spaces, width or case."""
    return fold(head).casefold()


def known_heads(register):
    """{key: (field, how)} of the heads a register understands. A word that two fields claim equally belongs to neither."""
    tiers = (
        (NAME, lambda field: (field.name, *field.aliases)),
        (LABEL, lambda field: (field.label, field.heading, f"{field.label}({field.unit})" if field.unit else field.label)),
        (LABEL, lambda field: (field.label_en,) if field.label_en else ()),
        (ALIAS, lambda field: field.label_aliases),
    )
    found = {}
    for how, words in tiers:
        claims = {}
        for field in register.live:
            for word in words(field):
                claims.setdefault(key(word), set()).add(field)
        found = {word: (next(iter(fields)), how) for word, fields in claims.items() if len(fields) == 1} | found
    return found


class Columns:
    """What the caller says of columns, {head: field name or "" to leave out}, and of fields set for every row, both checked.

    `memory` is {key of a head: field id} of what this unit's earlier imports were answered.
    """

    def __init__(self, register, mapping, constants, memory=None):
        self._register = register
        self._known = known_heads(register)
        self._mapped = {key(head): self._field(name) if name else None for head, name in mapping.items()}
        self._written = dict(zip(self._mapped, mapping, strict=False))
        by_id = {field.id: field for field in register.live}
        self._memory = {word: by_id[id] for word, id in (memory or {}).items() if id in by_id}
        self.constants = self.named(constants)
        both = [field for field in self._mapped.values() if field and field.name in self.constants]
        if both:
            raise _wrong("set_twice", say("「{label}」既对应了一列，又给了固定值，请只留一个。", label=both[0].title))

    def named(self, texts):
        """{field name: what was said} of what was said under any name a field has."""
        return {self._field(name).name: said for name, said in texts.items()}

    def _field(self, name):
        field = self._register.by_name.get(name)
        if field is None:
            raise _wrong(
                "unknown_field", say("「{register}」没有「{name}」这个字段。", register=self._register.titled, name=str(name)[:60])
            )
        return field

    def score(self, cells):
        """How many of a row's cells are heads that mean something here: a header row has at least two."""
        return len({key(cell) for cell in cells if cell.strip()} & (set(self._mapped) | set(self._memory) | set(self._known)))

    def require(self, tables_heads):
        """Raises Invalid where the caller speaks of columns that no file has."""
        there = {key(head) for heads in tables_heads for head in heads}
        missing = [head for word, head in self._written.items() if word not in there]
        if missing:
            raise _wrong("no_column", say("文件里没有这些列：{columns}。", columns=tuple(missing)))

    def of(self, columns):
        """[Match] of a header's columns that have a name. Invalid where a head is refused or given to one field twice."""
        self._refuse(columns)
        found = {column.at: self._known_as(column) for column in columns if column.head}
        given = [field for field, how in found.values() if how == GIVEN and field]
        self._refuse_twice(columns, found, given)
        taken = {field.name for field in given} | set(self.constants)
        made = []
        for column in columns:
            if column.head:
                field, how = found[column.at]
                if field and how != GIVEN:
                    # A second column for one field, or one that has a fixed value, is asked about, never chosen between.
                    field, how = (None, OPEN) if field.name in taken else (field, how)
                    taken |= {field.name} if field else set()
                made.append(Match(column.at, column.letter, column.head, field, how))
        return made

    def _known_as(self, column):
        """(field or None, how) of one head."""
        word = key(column.head)
        if word in self._mapped:
            return self._mapped[word], GIVEN
        if word in self._known:
            return self._known[word]
        if word in self._memory:
            return self._memory[word], MEMORY
        bare = self._known.get(key(column.text))
        if bare and _same_unit(column.unit, bare[0].unit):
            return bare
        return (None, IGNORED) if word in NUMBERING else (None, OPEN)

    def index(self, columns, head):
        """Where a head stands in the header."""
        at = next((column.at for column in columns if key(column.head) == key(head)), None)
        if at is None:
            raise _wrong("no_column", say("文件里没有这些列：{columns}。", columns=(head,)))
        return at

    def candidates(self, head, taken):
        """The fields a column may be, the likeliest first, those that sound nothing like it after."""
        free = [field for field in self._register.live if field.name not in taken and _importable(field)]
        return sorted(free, key=lambda field: -likeness(head, field))

    def _refuse(self, columns):
        faults = [
            Fault("", "refused_column", say("「{column}」这一列不能导入：{why}", column=column.head, why=why))
            for column in columns
            if column.head and (why := refused(column.head, self._register.grain))
        ]
        if faults:
            raise Invalid(faults)

    def _refuse_twice(self, columns, found, given):
        for field in given:
            twice = tuple(column.head for column in columns if found.get(column.at) == (field, GIVEN))
            if len(twice) > 1:
                raise _wrong(
                    "column_twice", say("{columns} 这几列都对应「{label}」，请指明用哪一列。", columns=twice, label=field.title)
                )


def _importable(field):
    return not field.readonly and not isinstance(field, (Derived, Attachment))


def likeness(head, field):
    """How much a head sounds like a field, 0 to 1."""
    words = (field.label, *field.label_aliases, *((field.label_en,) if field.label_en else ()))
    return max(SequenceMatcher(None, key(head), key(word)).ratio() for word in words)


def sounds_like(head, field):
    return likeness(head, field) >= _LIKE


def _same_unit(mine, its):
    if not mine or fold(mine).casefold() == fold(its).casefold():
        return True
    return any(fold(mine).casefold() in map(fold, same) and fold(its).casefold() in map(fold, same) for same in _SAME_UNITS)


def _wrong(code, sentence):
    return Invalid([Fault("", code, sentence)])
