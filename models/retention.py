"""Retention clocks: what of a person's row is removed for good, and when."""

from dataclasses import dataclass

from models.errors import Label
from models.fields.base import frozen
from models.workflow import _changed


@dataclass(frozen=True)
class Clock:
    """When `when` holds for a row, the values of `erases` are removed for good; the row itself where `erases` is empty.

    `after` names a parameter that holds a date (应急响应结束日期): the clock also waits until `days` after it, and stands still
    while it is not set. `days` is "{parameter:90}" or a number as text. `trash`: of rows in the trash, since they went there.
    """

    id: str
    label: str
    label_en: str = ""
    when: tuple = ()
    erases: tuple = ()
    after: str = ""
    days: str = "0"
    trash: bool = False

    @property
    def title(self):
        return Label(self.label, self.label_en)

    def to_dict(self):
        return _changed(self, conditions=("when",))

    @classmethod
    def from_dict(cls, data):
        return cls(**{key: frozen(value, key == "when") for key, value in data.items()})
