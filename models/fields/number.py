"""Integers, decimals, money and percentages: exact, stored as (scaled) integers."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal as Exact, InvalidOperation
from functools import cache, lru_cache
from typing import ClassVar

import peewee

from models.errors import say
from models.fields import said
from models.fields.base import Field
from models.values import NA

_BIGGEST = 2**63 - 1
_SHORT = 18  # numbers of fewer digits fit, whatever they are
_GROUPED = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[+-]?\.\d+")


@lru_cache(maxsize=1000)
def _limit(declared):
    return Exact(str(declared))


@cache
def _step(places):
    """The smallest unit of a number with so many decimals."""
    return Exact(1).scaleb(-places)


@cache
def _biggest(places):
    """The largest number that is kept with so many decimals."""
    return Exact(_BIGGEST // 10**places)


class ScaledField(peewee.BigIntegerField):
    """A Decimal kept as an integer of its smallest unit: SQLite has no exact decimals."""

    def __init__(self, places, **options):
        self.places = places
        super().__init__(**options)

    def db_value(self, value):
        if value is None or isinstance(value, int):
            return value
        return int((value if isinstance(value, Exact) else Exact(value)).scaleb(self.places))

    def python_value(self, value):
        return value if value is None else Exact(int(value)).scaleb(-self.places)


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """What integers and decimals share: reading what clerks type, and the limits."""

    min: int | str | None = None
    max: int | str | None = None
    above: int | str | None = None

    control: ClassVar[str] = "number"
    operators: ClassVar[tuple] = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "empty")
    numeric: ClassVar[bool] = True

    def number(self, raw, suffixes=()):
        """The exact number typed; 1,200 and full-width digits are read, 2000万 and 约30 refused."""
        if isinstance(raw, bool):
            raise self.not_a_number(raw)
        if isinstance(raw, float):
            raw = repr(raw)
        text = str(raw)
        text = (text if text.isascii() else unicodedata.normalize("NFKC", text).replace("，", ",")).strip()
        if not _GROUPED.fullmatch(text):
            text = self._without_unit(text, suffixes)
            if not _GROUPED.fullmatch(text):
                raise self.not_a_number(raw)
        try:
            return Exact(text.replace(",", ""))
        except InvalidOperation:
            raise self.not_a_number(raw) from None

    def _without_unit(self, text, suffixes):
        """1200平方米 → 1200"""
        unit = next((suffix for suffix in (self.unit, *suffixes) if suffix and text.endswith(suffix)), "")
        return text.removesuffix(unit).strip()

    def not_a_number(self, raw):
        return self.error(
            "number",
            say("「{label}」应是数字，如 1200；「{raw}」不能读成数字。", label=self.title, raw=str(raw)[:30]),
        )

    def within(self, value):
        if self.min is not None and value < _limit(self.min):
            raise self.error("min", say("「{label}」不能小于 {limit}。", label=self.title, limit=self.min))
        if self.max is not None and value > _limit(self.max):
            raise self.error("max", say("「{label}」不能大于 {limit}。", label=self.title, limit=self.max))
        if self.above is not None and value <= _limit(self.above):
            raise self.error("above", say("「{label}」应大于 {limit}。", label=self.title, limit=self.above))
        return value


@dataclass(frozen=True, kw_only=True)
class Integer(Number):
    """A whole number."""

    type: ClassVar[str] = "integer"

    def column(self):
        return peewee.BigIntegerField(null=True)

    def parse(self, raw):
        value = self.number(raw)
        if value != value.to_integral_value():
            raise self.error("whole", say("「{label}」应是整数。", label=self.title))
        if abs(value) > _BIGGEST:
            raise self.error("too_big", say("「{label}」的数太大了。", label=self.title))
        return int(self.within(value))

    def format_sql(self, column):
        return said.text(column)


@dataclass(frozen=True, kw_only=True)
class Decimal(Number):
    """An exact decimal with `places` digits after the point."""

    places: int = 2

    type: ClassVar[str] = "decimal"
    suffixes: ClassVar[tuple] = ()

    def column(self):
        return ScaledField(self.places, null=True)

    def parse(self, raw):
        value = self.number(raw, self.suffixes)
        if value.adjusted() + self.places >= _SHORT and abs(value) > _biggest(self.places):
            raise self.error("too_big", say("「{label}」的数太大了。", label=self.title))
        rounded = value if value.same_quantum(_step(self.places)) else round(value, self.places)
        if value != rounded:
            raise self.error("places", say("「{label}」最多 {places} 位小数。", label=self.title, places=self.places))
        return self.within(rounded)

    def format(self, value):
        return f"{value:.{self.places}f}"

    def format_sql(self, column):
        return said.scaled(column, self.places)

    def json_value(self, value):
        return self.format(value)

    def revive(self, value):
        return Exact(str(value))


@dataclass(frozen=True, kw_only=True)
class Money(Decimal):
    """Money in `unit` 元 or 万元; 万元 keeps four decimals so that every yuan fits."""

    unit: str = "元"
    places: int = 2
    min: int | str | None = 0

    type: ClassVar[str] = "money"

    def __post_init__(self):
        super().__post_init__()
        if self.unit == "万元" and self.places == 2:
            object.__setattr__(self, "places", 4)


@dataclass(frozen=True, kw_only=True)
class Percent(Decimal):
    """A percentage as people write it: 60 means 60 %. Progress lists draw a bar for it."""

    unit: str = "%"
    places: int = 0
    min: int | str | None = 0
    max: int | str | None = 100

    type: ClassVar[str] = "percent"
    suffixes: ClassVar[tuple] = ("％",)


def grouped(field, value):
    """A number as screens show it: thousands apart, its decimals kept; the text of `render` for 不适用 and unknown."""
    if value is None or value is NA:
        return field.render(value)
    text = f"{value:,.{field.places}f}" if isinstance(field, Decimal) else f"{value:,}"
    return text
