"""Dates and moments. A date is a city day; a moment is aware, shown in Asia/Shanghai, stored in UTC."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import ClassVar

import peewee

from models.errors import say
from models.fields import said
from models.fields.base import Field
from models.values import CITY_ZONE, today

_FULL = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)(?:[ T]00:00(?::00)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SHORT = re.compile(r"(\d{1,2})(?:/|月)(\d{1,2})日?|(\d{2})(\d{2})")
_SERIAL = re.compile(r"[1-7]\d{4}")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?")
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
# Day 0 of a workbook: a day whose cell was given another format comes as its number.
_DAY_ZERO = date(1899, 12, 30)


class DayField(peewee.Field):
    """A date: DATE on PostgreSQL, ISO text on SQLite (its driver binds no dates)."""

    field_type = "DATE"

    def db_value(self, value):
        return value.isoformat() if isinstance(value, date) else value

    def python_value(self, value):
        return date.fromisoformat(value) if isinstance(value, str) else value


class MomentField(peewee.Field):
    """A UTC moment as fixed-width ISO text: it sorts as time does and is the same on both databases."""

    field_type = "TEXT"

    def db_value(self, value):
        if isinstance(value, datetime):
            return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return value

    def python_value(self, value):
        return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value


@dataclass(frozen=True, kw_only=True)
class Date(Field):
    """A day. Read: 2021-08-05, 2021/8/5, 2021.8.5, 2021年8月5日, 20210805, a workbook's 44413; also 0805 and 8/5 of this year.

    A bare 8.5 is refused: it may be a number (systems.md §11 rule 8).
    """

    type: ClassVar[str] = "date"
    control: ClassVar[str] = "date"
    operators: ClassVar[tuple] = ("eq", "ne", "gt", "gte", "lt", "lte", "empty")

    def column(self):
        return DayField(null=True)

    def parse(self, raw):
        if isinstance(raw, datetime):
            raw = raw.astimezone(CITY_ZONE).date() if raw.tzinfo else raw.date()
        if isinstance(raw, date):
            return self.within(raw)
        text = str(raw)
        text = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
        found = _FULL.fullmatch(text) or _COMPACT.fullmatch(text)
        if found:
            parts = [int(part) for part in found.groups() if part is not None]
        elif _SERIAL.fullmatch(text):
            return self.within(_DAY_ZERO + timedelta(days=int(text)))
        elif short := _SHORT.fullmatch(text):
            parts = [today().year, *(int(part) for part in short.groups() if part is not None)]
        else:
            raise self.unreadable(text)
        try:
            day = date(*parts)
        except ValueError:
            raise self.unreadable(text) from None
        return self.within(day)

    def unreadable(self, text):
        return self.error(
            "date",
            say("「{label}」不是日期：「{raw}」。请写成 2021-08-05 或 2021/8/5。", label=self.title, raw=text[:30]),
        )

    def within(self, value):
        if not EARLIEST <= value <= LATEST:
            raise self.error("date_range", say("「{label}」的年份应在 1900 到 2100 之间。", label=self.title))
        return value

    def format(self, value):
        return value.isoformat()

    def format_sql(self, column):
        return said.day(column)

    def json_value(self, value):
        return value.isoformat()

    def revive(self, value):
        return date.fromisoformat(value)


@dataclass(frozen=True, kw_only=True)
class DateTime(Field):
    """A moment, typed and shown in the city's time: 2021-08-05 17:30."""

    type: ClassVar[str] = "date_time"
    control: ClassVar[str] = "datetime"
    operators: ClassVar[tuple] = ("eq", "gt", "gte", "lt", "lte", "empty")

    def column(self):
        return MomentField(null=True)

    def parse(self, raw):
        if isinstance(raw, datetime):
            return self.within(raw if raw.tzinfo else raw.replace(tzinfo=CITY_ZONE))
        text = unicodedata.normalize("NFKC", str(raw)).strip()
        if re.search(r"(?:Z|[+-]\d{2}:?\d{2})$", text) and "T" in text:
            try:
                moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
            except ValueError:
                raise self.unreadable(text) from None
            return self.within(moment)
        day_text, _, time_text = text.replace("T", " ").partition(" ")
        clock = _TIME.fullmatch(time_text.strip() or "00:00")
        if not clock:
            raise self.unreadable(text)
        hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
        try:
            day = Date(name=self.name, label=self.label, label_en=self.label_en).parse(day_text)
            moment = datetime(day.year, day.month, day.day, hour, minute, second, int((clock[4] or "0").ljust(6, "0")), CITY_ZONE)
        except ValueError:
            raise self.unreadable(text) from None
        return self.within(moment)

    def within(self, moment):
        """The moment in UTC, within years that no zone carries over the calendar's edge."""
        if not EARLIEST.year < moment.year <= LATEST.year:
            raise self.error("date_range", say("「{label}」的年份应在 1901 到 2100 之间。", label=self.title))
        return moment.astimezone(timezone.utc)

    def unreadable(self, text):
        return self.error(
            "date_time", say("「{label}」不是时间：「{raw}」。请写成 2021-08-05 17:30。", label=self.title, raw=text[:30])
        )

    def format(self, value):
        local = value.astimezone(CITY_ZONE)
        text = local.strftime("%Y-%m-%d %H:%M")
        if local.microsecond:
            return f"{text}:{local:%S.%f}"
        return f"{text}:{local:%S}" if local.second else text

    def format_sql(self, column):
        return said.short_moment(column)

    def json_value(self, value):
        return value.astimezone(CITY_ZONE).isoformat()

    def revive(self, value):
        return datetime.fromisoformat(value).astimezone(timezone.utc)
