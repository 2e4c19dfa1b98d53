"""Yes/no, one of several, several of several."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import peewee

from models.errors import Label, say
from models.fields import said
from models.fields.base import Field, frozen

TONES = ("quiet", "blue", "green", "amber", "red")
_YES = frozenset(("是", "有", "√", "✓", "✔", "对", "y", "yes", "true", "1", "1.0", "on"))
_NO = frozenset(("否", "无", "没有", "×", "✗", "✘", "x", "n", "no", "false", "0", "0.0", "off"))


@dataclass(frozen=True)
class Option:
    """One choice: a stable code, its labels, other words people write for it, and the colour of its badge.

    A `retired` one is offered no longer; rows that hold it stay readable, and may be saved as they are.
    """

    code: str
    label: str
    label_en: str = ""
    tone: str = "quiet"
    synonyms: tuple = ()
    retired: bool = False

    def to_dict(self):
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in vars(self).items()
            if value not in ("", (), "quiet", False) or key in ("code", "label")
        }

    @property
    def title(self):
        return Label(self.label, self.label_en)


def options(*lines):
    """Options from short lines: "code label", "code label | English | tone | synonym、synonym"."""
    found = []
    for line in lines:
        head, *rest = [part.strip() for part in line.split("|")]
        code, _, label = head.partition(" ")
        rest += [""] * (3 - len(rest))
        found.append(Option(code, label.strip() or code, rest[0], rest[1] or "quiet", tuple(filter(None, rest[2].split("、")))))
    return tuple(found)


ANSWERS = options("false 否 | No", "true 是 | Yes")


@dataclass(frozen=True, kw_only=True)
class YesNo(Field):
    """是 or 否; empty is unknown."""

    type: ClassVar[str] = "yes_no"
    control: ClassVar[str] = "yesno"
    operators: ClassVar[tuple] = ("eq", "empty")

    def column(self):
        return FlagField(null=True)

    def parse(self, raw):
        if isinstance(raw, bool):
            return raw
        word = unicodedata.normalize("NFKC", str(raw)).strip().lower()
        if word in _YES or word in _NO:
            return word in _YES
        raise self.error("yes_no", say("「{label}」请填「是」或「否」。", label=self.title))

    def format(self, value):
        return self.get(value).label

    def format_sql(self, column):
        no, yes = ANSWERS
        return peewee.Case(None, [(column == True, said.word(yes.label)), (column == False, said.word(no.label))])

    def get(self, value):
        """The answer, as a choice."""
        return ANSWERS[bool(value)]


class FlagField(peewee.BooleanField):
    """A boolean the SQLite driver can bind."""

    def db_value(self, value):
        return None if value is None else bool(value)


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of `options`, stored by code. `depends_on` names a relation or choice whose value narrows it (shown only)."""

    options: tuple = ()

    type: ClassVar[str] = "choice"
    control: ClassVar[str] = "select"
    operators: ClassVar[tuple] = ("eq", "ne", "in", "empty")

    def column(self):
        return peewee.TextField(null=True)

    @classmethod
    def option(cls, name, value):
        return option_list(value) if name == "options" else super().option(name, value)

    def parse(self, raw):
        return self.code_of(raw)

    @cached_property
    def offered(self):
        """The options that may be chosen: not retired."""
        return tuple(option for option in self.options if not option.retired)

    def code_of(self, raw):
        word = str(raw).strip()
        for option in self.options:
            if word == option.code or (word == option.label and not option.retired):
                return option.code
        plain = _plain(word)
        for option in self.offered:
            if plain in map(_plain, (option.code, option.label, option.label_en, *option.synonyms)):
                return option.code
        raise self.error(
            "choice",
            say(
                "「{label}」没有「{raw}」这一项，可填：{accepted}。",
                label=self.title,
                raw=word[:30],
                accepted=tuple(option.title for option in self.offered[:20]),
            ),
        )

    def get(self, code):
        """The option with this code; a plain one for a code no longer offered, so that old rows stay readable."""
        return next((option for option in self.options if option.code == code), Option(str(code), str(code)))

    def format(self, value):
        return self.get(value).label

    def format_sql(self, column):
        return said.labels(column, self.options)


def _plain(word):
    """A word without width, case and spaces: Ｃ 级 is C级."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", word)).lower()


@dataclass(frozen=True, kw_only=True)
class Choices(Choice):
    """Several of `options`, a tuple of codes in the declared order; stored as |a|b| so that one can be found."""

    type: ClassVar[str] = "choices"
    control: ClassVar[str] = "multiselect"
    operators: ClassVar[tuple] = ("contains", "empty")
    sortable: ClassVar[bool] = False
    several: ClassVar[bool] = True

    def column(self):
        return CodeSetField(null=True)

    def parse(self, raw):
        if not isinstance(raw, (list, tuple, set, frozenset)):
            raw = re.split("[、，,；;\n]", str(raw))
        wanted = {self.code_of(word) for word in raw if str(word).strip()}
        return self.ordered(wanted) or None

    def ordered(self, codes):
        known = [option.code for option in self.options]
        return tuple(sorted(codes, key=lambda code: (known.index(code) if code in known else len(known), code)))

    def clean(self, raw):
        if isinstance(raw, (list, tuple, set, frozenset)) and not any(str(word).strip() for word in raw):
            return None
        return super().clean(raw)

    def clean_filter(self, operator, raw):
        return self.code_of(raw)

    def format(self, value):
        return "、".join(self.get(code).label for code in value)

    def format_sql(self, column):
        return said.all_labels(column, self.options)

    def json_value(self, value):
        return list(value)


class CodeSetField(peewee.TextField):
    def db_value(self, value):
        return "|" + "|".join(value) + "|" if isinstance(value, (tuple, list)) else value

    def python_value(self, value):
        return tuple(value.strip("|").split("|")) if value else None


def option_list(values):
    """Options from JSON objects; values that are options already pass through."""
    return tuple(
        value if isinstance(value, Option) else Option(**{key: frozen(part) for key, part in value.items()}) for value in values
    )
