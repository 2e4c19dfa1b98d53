"""Fields that point at records of another register, and fields worked out from others."""

import re
from dataclasses import dataclass
from typing import ClassVar

import peewee

from models.errors import say
from models.fields.base import Field
from models.fields.choice import YesNo


@dataclass(frozen=True, kw_only=True)
class Relation(Field):
    """One record of the register `to`, kept by id. Whether it may be chosen is asked of policy when it is written.

    `narrowed_by` names a field of the same form whose value must equal the target's field of that name
    (district → school): ("district", "district") = (this form's field, the target's field).
    """

    to: str = ""
    narrowed_by: tuple = ()

    type: ClassVar[str] = "relation"
    control: ClassVar[str] = "relation"
    operators: ClassVar[tuple] = ("eq", "ne", "in", "empty")
    sortable: ClassVar[bool] = True

    def column(self):
        return peewee.BigIntegerField(null=True)

    def parse(self, raw):
        return record_id(self, raw)

    def format(self, value):
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Relations(Field):
    """Several records of the register `to`: a tuple of ids in rising order, kept in the link table."""

    to: str = ""

    type: ClassVar[str] = "relations"
    control: ClassVar[str] = "relations"
    operators: ClassVar[tuple] = ("contains", "empty")
    stored: ClassVar[bool] = False
    sortable: ClassVar[bool] = False
    several: ClassVar[bool] = True

    def clean(self, raw):
        return None if raw is None else self.parse(listed(raw))

    def parse(self, raw):
        return tuple(sorted({record_id(self, part) for part in raw})) or None

    def clean_filter(self, operator, raw):
        return record_id(self, raw)

    def format(self, value):
        return "、".join(str(part) for part in value)

    def json_value(self, value):
        return list(value)


@dataclass(frozen=True, kw_only=True)
class Derived(YesNo):
    """是 where `when` holds for the row today, else 否. Worked out in SQL for lists and filters; never typed or imported.

    What a condition cannot say is a behaviour named here; `reads` are the registers it asks: who sees nothing of them, not even
    totals, does not see the field. 是 is a warning, unless it is `good` news.
    """

    when: tuple = ()
    behaviour: str = ""
    reads: tuple = ()
    good: bool = False
    readonly: bool = True

    type: ClassVar[str] = "derived"
    operators: ClassVar[tuple] = ("eq",)
    stored: ClassVar[bool] = False
    sortable: ClassVar[bool] = False
    condition_options: ClassVar[tuple] = ("shown_when", "when")


@dataclass(frozen=True, kw_only=True)
class Attachment(Field):
    """Files kept with the record: a tuple of attachment ids. `accept` names kinds: image, document."""

    accept: tuple = ("image", "document")
    max_files: int = 9
    max_mb: int = 10

    type: ClassVar[str] = "attachment"
    control: ClassVar[str] = "file"
    operators: ClassVar[tuple] = ("empty",)
    sortable: ClassVar[bool] = False
    several: ClassVar[bool] = True

    def column(self):
        return IdListField(null=True)

    def clean(self, raw):
        return None if raw is None else self.parse(listed(raw))

    def parse(self, raw):
        found = tuple(dict.fromkeys(record_id(self, part) for part in raw))
        if len(found) > self.max_files:
            raise self.error("too_many_files", say("「{label}」最多 {max} 个文件。", label=self.title, max=self.max_files))
        return found or None

    def format(self, value):
        return ",".join(str(part) for part in value)

    def json_value(self, value):
        return list(value)


class IdListField(peewee.TextField):
    def db_value(self, value):
        return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else value

    def python_value(self, value):
        return tuple(int(part) for part in value.split(",")) if value else None


def listed(raw):
    """The parts of what was posted: a list, or text with commas between."""
    if not isinstance(raw, (list, tuple, set, frozenset)):
        raw = re.split("[,，、]", str(raw))
    return [part for part in raw if str(part).strip()]


def record_id(field, raw):
    """A record's id from what was posted; FieldError for anything else."""
    text = str(raw).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 19 or not 0 < int(text) < 2**63:
        raise field.error("relation", say("「{label}」请从列表中选择。", label=field.title))
    return int(text)
