"""The errors the app raises on purpose, and the sentences a clerk reads.

Below the screens a sentence is a value: a Chinese message id and its parameters. Screens, API and command line translate it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Label:
    """A name shown to people: Chinese, and English where it was given."""

    zh: str
    en: str = ""

    def text(self, english=False):
        return self.en if english and self.en else self.zh


@dataclass(frozen=True)
class Sentence:
    """A message id and its parameters; `text` gives the words, `translate` looks the id up in a catalogue."""

    id: str
    params: tuple = ()

    def text(self, translate=None, english=False):
        words = translate(self.id) if translate else self.id
        return words.format(**{name: _words(value, translate, english) for name, value in self.params})

    def __str__(self):
        return self.text()


def say(id, **params):
    """A sentence. The id is written literally at the call, so that the catalogue's extraction finds it."""
    return Sentence(id, tuple(params.items()))


def _words(value, translate, english):
    if isinstance(value, Label):
        return value.text(english)
    if isinstance(value, Sentence):
        return value.text(translate, english)
    if isinstance(value, (list, tuple)):
        return ("、" if not english else ", ").join(str(_words(item, translate, english)) for item in value)
    return value


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one field ('' = the record as a whole), with a stable code and its sentence."""

    field: str
    code: str
    sentence: Sentence
    level: str = "error"


class AppError(Exception):
    """An error a person caused or can answer; everything else is a bug."""

    status = 400

    def __init__(self, sentence):
        super().__init__(str(sentence))
        self.sentence = sentence


class NotFound(AppError):
    """The record is not there for this actor: absent and out of scope look alike."""

    status = 404

    def __init__(self, sentence=None):
        super().__init__(sentence or say("没有找到这条记录，或不在您的数据范围内。"))


class NotAllowed(AppError):
    """An action is not granted; `rule` names the rule that refused."""

    status = 403

    def __init__(self, sentence, rule="no_grant"):
        super().__init__(sentence)
        self.rule = rule


class Invalid(AppError):
    """Values that cannot be taken, all of them at once; `faults` are errors, then warnings to be confirmed."""

    status = 422

    def __init__(self, faults):
        super().__init__(faults[0].sentence)
        self.faults = tuple(faults)

    @property
    def by_field(self):
        """{field name: [sentence, …]}"""
        found = {}
        for fault in self.faults:
            found.setdefault(fault.field, []).append(fault.sentence)
        return found


class NeedsConfirmation(Invalid):
    """Only warnings stand in the way: save again with `confirmed` and a reason."""


@dataclass(frozen=True)
class Contested:
    """One field two people changed: what it was, what the other saved, what is typed now."""

    field: str
    base: object
    theirs: object
    mine: object


class Conflict(AppError):
    """Someone else saved the same fields first (`contested`), or the request contradicts what is stored."""

    status = 409

    def __init__(self, sentence, contested=(), version=None, code="conflict"):
        super().__init__(sentence)
        self.contested = tuple(contested)
        self.version = version
        self.code = code


class Unavailable(AppError):
    """The database cannot take the write now: busy, full, read-only or away. Nothing was saved."""

    status = 503


@dataclass
class FieldError(ValueError):
    """What `Field.clean` raises: a stable code and the sentence that says what is accepted."""

    code: str
    sentence: Sentence = field(default=None)

    def __str__(self):
        return str(self.sentence)
