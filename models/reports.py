"""Rules, summaries, sections and export templates: the parts of a register that are about more than one field."""

from dataclasses import dataclass

from models.errors import Label
from models.fields.base import frozen
from models.workflow import _changed

LEVELS = ("error", "warning", "info")


@dataclass(frozen=True)
class Rule:
    """A cross-field rule: where `when` holds, `must` must hold and the fields in `require` must be filled.

    `check` names a behaviour of services.behaviours for what a condition cannot say. `field` is where the sentence stands.
    `level` error refuses, warning may be saved with a reason, info is only said. `always` asks on every write, not only
    when a field the rule names has changed.
    """

    id: str
    message: str
    field: str = ""
    level: str = "error"
    when: tuple = ()
    must: tuple = ()
    require: tuple = ()
    check: str = ""
    message_en: str = ""
    always: bool = False

    @property
    def title(self):
        return Label(self.message, self.message_en)

    def to_dict(self):
        return _changed(self, conditions=("when", "must"))

    @classmethod
    def from_dict(cls, data):
        return cls(**{key: frozen(value, key in ("when", "must")) for key, value in data.items()})


@dataclass(frozen=True)
class Section:
    """A heading over some fields, in forms and on the record's page."""

    label: str
    fields: tuple
    label_en: str = ""

    @property
    def title(self):
        return Label(self.label, self.label_en)

    def to_dict(self):
        return _changed(self)

    @classmethod
    def from_dict(cls, data):
        return cls(**{key: frozen(value) for key, value in data.items()})


@dataclass(frozen=True)
class Summary:
    """Grouped numbers: up to two fields to group by; measures "count" and "sum:field"."""

    name: str
    label: str
    by: tuple
    measures: tuple = ("count",)
    label_en: str = ""

    to_dict = Section.to_dict
    from_dict = classmethod(Section.from_dict.__func__)


@dataclass(frozen=True)
class ExportTemplate:
    """A named set of columns in an order."""

    name: str
    label: str
    columns: tuple
    label_en: str = ""

    to_dict = Section.to_dict
    from_dict = classmethod(Section.from_dict.__func__)
