"""The rows of a file on their way in: which of them are records, what their cells mean, which say the same thing twice."""

from dataclasses import dataclass, field as attribute
from operator import itemgetter
from typing import NamedTuple

from models.errors import FieldError, say
from models.fields import Attachment, Derived, Relation, Relations
from models.values import NA, NA_CODE
from services.imports import matching
from services.imports.matching import Unresolved, fold
from services.readers.aside import filled_first

EMPTY_ANSWER = "$empty"
# The faults a clerk can answer once for every cell that says the same.
ASKABLE = ("relation", "choice", "yes_no")
_MOST_KEPT = 50_000
_PLAIN = {str}  # what cells are that were read undamaged


class Meaning(NamedTuple):
    """What a text means in a field: its value and what the record gate is given for it, or its fault (code, sentence)."""

    value: object = None
    raw: object = None
    fault: tuple | None = None


EMPTY = Meaning()


class Meant:
    """What the cells of some rows mean, column by column in the order of the task's names, with their values and raw values apart."""

    __slots__ = ("columns", "raws", "values")

    def __init__(self, columns):
        self.columns = columns
        self.values = [list(map(_VALUE, column)) for column in columns]
        self.raws = [list(map(_RAW, column)) for column in columns]


_VALUE, _RAW = itemgetter(0), itemgetter(1)


@dataclass(slots=True)
class Row:
    """One row of a file on its way: its texts, in the order of the task's names, and what they mean; what is wrong, which record it is.

    `places` {field name: place} is the task's; `at` is the row's own place among those that were `meant` together. `settled`: an error
    workbook sent again says of this row what its import has written, or found unchanged.
    """

    number: int
    places: dict
    texts: list
    meant: Meant = None
    at: int = 0
    faults: dict = attribute(default_factory=dict)
    told: list = attribute(default_factory=list)
    identity: tuple = ()
    mark: tuple = ()
    record: object = None
    changes: dict | None = None
    outcome: str = ""
    settled: bool = False

    def text(self, name):
        """The text of a field the row says something about; "" for any other."""
        return self.texts[self.places[name]] if name in self.places else ""

    def value(self, name):
        return self.meant.values[self.places[name]][self.at] if name in self.places else None

    def raw(self, name):
        return self.meant.raws[self.places[name]][self.at]

    def refuse(self, name, code, sentence, outcome="error"):
        self._tell(name, code, sentence, "error")
        self.outcome = "error" if "error" in (self.outcome, outcome) else outcome

    def warn(self, name, code, sentence):
        self._tell(name, code, sentence, "warning")

    def _tell(self, *said):
        if said not in self.told:
            self.told.append(said)

    def accept(self):
        """A row that was written or found unchanged before, and says what it said then: nothing is asked about it again."""
        self.outcome, self.told, self.faults = "unchanged", [], {}

    def refuse_faults(self):
        """The faults kept back until it was known that the cell does not say what is stored anyway."""
        for name, (code, sentence) in self.faults.items():
            self.refuse(name, code, sentence, "out_of_scope" if code == "out_of_scope" else "error")


@dataclass
class Task:
    """What is asked of a file's rows: the register as the actor sees it, which column is which field, how rows are taken.

    `names` are the fields a row says something about, `places` where each stands among them; `closed`, `open` and `masked` name those that
    are compared only, those a new row is given, and those shown cut short. `columns` {at: field}; `named` the places of the columns that
    have a name, `last` the last of all; `section` the field that takes the text of the section a row stands in; `meanings`, `codes` and
    `existing` are shared by all files of an import.
    """

    register: object
    actor: object
    columns: dict
    named: frozenset
    constants: dict
    where: dict
    mode: str
    empty: str
    key: tuple
    section: str
    meanings: object
    codes: dict
    existing: matching.Existing
    telling: matching.Telling = None
    names: tuple = ()
    places: dict = attribute(default_factory=dict)
    closed: tuple = ()
    open: tuple = ()
    masked: tuple = ()
    last: int = 0

    def __post_init__(self):
        self.last = max({*self.named, *self.columns}, default=0)
        self.telling = matching.Telling(self.register)
        said = [field.name for field in self.columns.values()] + list(self.constants) + ([self.section] if self.section else [])
        self.names = tuple(dict.fromkeys(said))
        self.places = {name: at for at, name in enumerate(self.names)}
        parts = [self.register.field(name) for name in self.names]
        self.closed = tuple(part.name for part in parts if part.readonly or isinstance(part, Attachment))
        self.open = tuple(name for name in self.names if name not in self.closed)
        self.masked = tuple(part.name for part in parts if part.sensitivity == "masked" and part.name not in self.closed)


class Meanings:
    """What the texts of each field mean, worked out once for each text: by answers, in sets for relations, else by the field.

    `answers` {field name: {text: value}}: "" leaves the text out, EMPTY_ANSWER takes it for an empty cell, else a stored value.
    `translate` {field name: {text: text}} is what the caller says texts stand for.
    """

    def __init__(self, register, actor, answers, translate):
        self._register, self._actor, self._answers = register, actor, answers
        self._translate = translate
        self._kept = {}

    def translates(self, name, text):
        """What the caller says a text stands for; None where he says nothing of it."""
        return self._translate.get(name, {}).get(text.strip())

    def learn(self, name, texts):
        """{text: Meaning} of a field, with at least these texts."""
        kept = self._kept.setdefault(name, {})
        if len(kept) > _MOST_KEPT:
            kept.clear()
        part, new = self._register.field(name), [text for text in texts if text not in kept]
        if isinstance(part, (Derived, Attachment)):
            kept.update(dict.fromkeys(new, EMPTY))
        elif name not in self._translate and name not in self._answers and not isinstance(part, (Relation, Relations)):
            kept.update({text: _of_text(part, str(text)) if text.strip() else EMPTY for text in new})
        elif new:
            asked = {text: str(text) for text in new}
            if name in self._translate:
                asked |= {text: stands for text in new if (stands := self.translates(name, text)) is not None}
            self._take(part, asked, kept)
        return kept

    def _take(self, part, asked, kept):
        answers = self._answers.get(part.name, {})
        relation = isinstance(part, (Relation, Relations))
        known = (
            self._resolved(part, [said for said in asked.values() if said.strip() and said.strip() not in answers])
            if relation
            else {}
        )
        for text, said in asked.items():
            plain = said.strip()
            answer = answers.get(plain)
            if not plain or answer == EMPTY_ANSWER:
                kept[text] = EMPTY
            elif answer:
                kept[text] = _answered(part, answer)
            else:
                kept[text] = _of_relation(known.get(said)) if relation else _of_text(part, said)
                if answer == "" and not kept[text].fault:
                    kept[text] = Meaning(fault=("left_out", say("按您的选择，不导入「{raw}」。", raw=said.strip()[:40])))

    def _resolved(self, part, texts):
        return matching.resolve(part, set(texts), self._actor) if texts else {}


def _answered(part, answer):
    try:
        value = part.clean(answer)
    except FieldError as error:
        return Meaning(fault=(error.code, error.sentence))
    return Meaning(value, _plain(value) if isinstance(part, (Relation, Relations)) else answer)


def _of_relation(found):
    if found is None:
        return EMPTY
    if isinstance(found, Unresolved):
        return Meaning(fault=("out_of_scope" if found.foreign else "relation", found.sentence))
    return Meaning(found, _plain(found))


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def _of_text(part, text):
    try:
        value = part.clean(text)
    except FieldError as error:
        return Meaning(fault=(error.code, error.sentence))
    return EMPTY if value is None else Meaning(value, NA_CODE if value is NA else text)


# Rows of a batch ------------------------------------------------------------------------------------------------------


def aside(task, cells):
    """Why a row is no record though the reader gave it as one: "" for a record."""
    if len(task.named) > 1 and len(filled := filled_first(cells)) == 1 and _needs_more(task, filled[0]):
        return "section_rows"
    if task.where and any(fold(cells[at] if at < len(cells) else "") != fold(text) for at, text in task.where.items()):
        return "left_out"
    return ""


def _needs_more(task, at):
    """Whether a lone cell in this column cannot be a record: it has no field, or another column must be filled too."""
    lone = task.columns.get(at)
    wanted = {part.name for part in task.columns.values() if part.required}
    return lone is None or bool(wanted - {lone.name} - set(task.constants))


def taken(task, table, number, cells, section):
    """A Row of a record's cells."""
    width, known = len(cells), task.constants
    if task.section:
        known = known | {task.section: section_text(section)}
    said = [cells[at] for at in task.columns] if width > task.last else [cells[at] if at < width else "" for at in task.columns]
    row = Row(number, task.places, _in_order(task, said, known) if known else said)
    if width > len(table.columns) and (beyond := [cell for cell in cells[len(table.columns) :] if cell.strip()]):
        row.refuse("", "too_many_cells", say("这一行比表头多 {count} 格，内容可能错了位。", count=len(beyond)))
    if table.encoding and width <= task.last:
        row.warn("", "too_few_cells", say("这一行只有 {count} 格，缺的当作空白。", count=width))
    if set(map(type, said)) != _PLAIN:
        for part, text in zip(task.columns.values(), said, strict=True):
            if type(text) is not str and task.meanings.translates(part.name, text) is None:
                row.refuse(part.name, "damaged", text.why)
    return row


def _in_order(task, said, known):
    """The texts of a row's columns, and those it takes from elsewhere, in the order of the task's names: a column's own goes before."""
    texts = known | {part.name: text for part, text in zip(task.columns.values(), said, strict=True)}
    return [texts[name] for name in task.names]


def section_text(text):
    """What a section's line names: 青禾区 of 二、青禾区（18所）："""
    text = matching.SECTION_END.sub("", text.strip().rstrip(":："))
    return matching.SECTION_START.sub("", text).strip()


def understand(task, rows):
    """The Meant of rows: what every cell means, each text once. Faults wait: a cell that says what is stored is right."""
    columns = []
    for name, texts in zip(task.names, zip(*[row.texts for row in rows], strict=True), strict=True):
        distinct = set(texts)
        known = task.meanings.learn(name, distinct)
        columns.append([known[text] for text in texts])
        if any(known[text].fault for text in distinct):
            for row, meaning in zip(rows, columns[-1], strict=True):
                if meaning.fault:
                    row.faults[name] = meaning.fault
    meant = Meant(columns)
    for at, row in enumerate(rows):
        row.meant, row.at = meant, at
    _identify(task, rows, meant)
    for row in rows:
        if row.settled:
            row.accept()
    return meant


def _identify(task, rows, meant):
    if task.key:
        identities = [task.key if all(matching.says(row, name) for name in task.key) else () for row in rows]
    else:
        identities = task.telling.of_each(rows)
    marks = {identity: _marks(meant, [task.places[name] for name in identity]) for identity in set(identities)}
    for row, identity in zip(rows, identities, strict=True):
        if identity:
            row.identity, row.mark = identity, (identity, marks[identity][row.at])
        else:
            _refuse_unidentified(task, row)


def _marks(meant, places):
    """The values of all rows in some columns; 不适用 is as good as empty."""
    return list(zip(*[[None if value is NA else value for value in meant.values[at]] for at in places], strict=True))


def _refuse_unidentified(task, row):
    """A row that does not say which record it is: its faults say why, else what is missing."""
    for part in map(task.register.field, task.key or task.register.key):
        if row.value(part.name) is None and part.name not in row.faults and not getattr(part, "make", ""):
            row.refuse(part.name, "required", say("请填写「{label}」。", label=part.title))
    row.refuse_faults()


class Repeats:
    """What each record was first said to be, over all rows of an import: {mark: (row number, what it said)}."""

    def __init__(self):
        self._first = {}

    def settle(self, rows):
        """Marks the rows that say again what an earlier one said; a row that says otherwise of the same record is wrong."""
        places, unclear = rows[0].places, {name for row in rows for name in row.faults}
        said = zip(*[_said(rows, places[name], name in unclear) for name in sorted(places)], strict=True)
        for row, mine in zip(rows, said, strict=bool(places)):
            if row.identity:
                mine = (row.number, hash(mine))
                first = self._first.setdefault(row.mark, mine)
                if first is not mine:
                    self._repeated(row, first[0], first[1] == mine[1])

    def _repeated(self, row, number, same):
        if same:
            row.outcome = "warning"
            row.warn("", "repeated", say("第 {row} 行与第 {first} 行重复，只导入一次。", row=row.number, first=number))
        else:
            row.refuse("", "repeated", say("与第 {first} 行是同一条记录，内容却不同，请只留一行。", first=number))


def _said(rows, at, unclear):
    """What rows mean in one field. 100 and 100.0 are one number, a space more or less says nothing; of what is not understood, the text."""
    meant = rows[0].meant
    if not unclear:
        return meant.values[at]
    return [fold(row.texts[at]) if one.fault else one.value for row, one in zip(rows, meant.columns[at], strict=True)]
