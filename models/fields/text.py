"""Text, long text, codes and phone numbers."""

import re
import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import peewee

from models.errors import say
from models.fields.base import Field

_PHONE = re.compile(r"(?:1\d{10}|(?:0\d{2,3}-?)?\d{7,8}(?:-\d{1,6})?|[14]\d{2,5}|400-?\d{3}-?\d{4})")


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """One line of text."""

    max_length: int = 200
    min_length: int = 0

    type: ClassVar[str] = "text"
    operators: ClassVar[tuple] = ("eq", "ne", "in", "contains", "empty")

    def column(self):
        return peewee.TextField(null=True)

    def format_sql(self, column):
        return column

    def parse(self, raw):
        text = str(raw)
        if "\n" in text or "\r" in text:
            text = re.sub(r"\s*[\r\n]+\s*", " ", text)
        return self.limited(text)

    def limited(self, text):
        if len(text) > self.max_length:
            raise self.error(
                "too_long",
                say("「{label}」最多 {max} 个字，现在有 {now} 个。", label=self.title, max=self.max_length, now=len(text)),
            )
        if len(text) < self.min_length:
            raise self.error("too_short", say("「{label}」至少 {min} 个字。", label=self.title, min=self.min_length))
        return text


@dataclass(frozen=True, kw_only=True)
class LongText(Text):
    """Several lines of text. `no_numbers` refuses runs of 11 or 18 digits: remarks on counts must not carry people's numbers."""

    max_length: int = 4000
    no_numbers: bool = False

    type: ClassVar[str] = "long_text"
    control: ClassVar[str] = "textarea"
    operators: ClassVar[tuple] = ("contains", "empty")
    sortable: ClassVar[bool] = False

    def parse(self, raw):
        text = str(raw).replace("\r\n", "\n").replace("\r", "\n")
        if self.no_numbers and re.search(r"(?<!\d)(?:\d{11}|\d{17}[\dXx])(?!\d)", unicodedata.normalize("NFKC", text)):
            raise self.error(
                "personal_number", say("「{label}」不能写电话号码或证件号码，请删去 11 位、18 位的数字。", label=self.title)
            )
        return self.limited(text)


@dataclass(frozen=True, kw_only=True)
class Code(Text):
    """An identifier kept as text: leading zeros stay, full width becomes half width. `make` names a series for new codes.

    `pattern` is a regular expression the whole code must match; `personal` numbers (18-digit ID numbers) are always refused.
    """

    max_length: int = 40
    pattern: str = ""
    make: str = ""

    type: ClassVar[str] = "code"

    def parse(self, raw):
        code = self.limited(unicodedata.normalize("NFKC", str(raw)).strip())
        if re.fullmatch(r"\d{17}[\dXx]", code):
            raise self.error(
                "id_number", say("「{label}」看上去是身份证号，本系统不收身份证号，请填校内编号或业务编号。", label=self.title)
            )
        if self.pattern and not re.fullmatch(self.pattern, code):
            raise self.error(
                "pattern", say("「{label}」的格式不对，应如 {example}。", label=self.title, example=self.example or self.pattern)
            )
        return code


@dataclass(frozen=True, kw_only=True)
class Phone(Text):
    """A telephone number; `mobile` takes 11-digit mobile numbers alone."""

    max_length: int = 20
    mobile: bool = False

    type: ClassVar[str] = "phone"

    def parse(self, raw):
        text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(raw))).replace("—", "-").replace("(", "").replace(")", "-")
        text = re.sub(r"^\+?86-?(?=1\d{10}$)", "", text)
        accepted = re.fullmatch(r"1\d{10}", text) if self.mobile else _PHONE.fullmatch(text)
        if not accepted:
            raise self.error(
                "phone",
                say("「{label}」不是电话号码：手机 11 位，座机带区号，如 0371-67180000。", label=self.title)
                if not self.mobile
                else say("「{label}」应为 11 位手机号，如 13800000000。", label=self.title),
            )
        return text


def masked(text):
    """A value cut short for eyes that need not have it: 13800000000 → 138****0000."""
    text = str(text)
    if len(text) >= 8:
        return f"{text[:3]}****{text[-4:]}"
    return f"{text[:1]}***"
