"""States a record goes through, and who may move it."""

from dataclasses import dataclass, fields as attributes

from models.errors import Label
from models.fields.base import _plain, frozen


@dataclass(frozen=True)
class Transition:
    """A move from one of `sources` to `target`.

    `action` is the right it asks for: edit, or approve. `requires` are fields that must be filled. `when` must hold, else
    `refusal` is said. `different_from` names earlier transitions whose doer may not do this one (nobody re-checks his own).
    `reason` asks for a written reason. `sets` are field values the move itself writes ("$today", "$me" allowed).
    `tone` colours the button: primary, plain or danger.
    """

    name: str
    label: str
    sources: tuple
    target: str
    label_en: str = ""
    action: str = "edit"
    requires: tuple = ()
    when: tuple = ()
    refusal: str = ""
    refusal_en: str = ""
    different_from: tuple = ()
    reason: bool = False
    sets: tuple = ()
    tone: str = "primary"

    @property
    def title(self):
        return Label(self.label, self.label_en)

    def to_dict(self):
        return _changed(self, conditions=("when", "sets"))

    @classmethod
    def from_dict(cls, data):
        return cls(**{key: frozen(value, key in ("when", "sets")) for key, value in data.items()})


@dataclass(frozen=True)
class Workflow:
    """The state field, its first state, the moves, and the states in which nothing else may be edited."""

    field: str
    initial: str
    transitions: tuple = ()
    locked: tuple = ()

    def get(self, name):
        return next((transition for transition in self.transitions if transition.name == name), None)

    def from_state(self, state):
        return tuple(transition for transition in self.transitions if state in transition.sources)

    def to_dict(self):
        return _changed(self) | {"transitions": [transition.to_dict() for transition in self.transitions]}

    @classmethod
    def from_dict(cls, data):
        moves = tuple(Transition.from_dict(part) for part in data.get("transitions", ()))
        return cls(**{key: frozen(value) for key, value in data.items()} | {"transitions": moves})


def _changed(value, conditions=()):
    found = {}
    for attribute in attributes(value):
        part = getattr(value, attribute.name)
        if part != attribute.default:
            found[attribute.name] = _plain(part, attribute.name in conditions)
    return found
