"""What a column of a file most likely holds: each kind is tried with its own field, on the values as they stand."""

import re
from collections import Counter
from dataclasses import dataclass, replace

from models.errors import FieldError, say
from models.field_checks import MOST_PLACES
from models.fields import (
    Choice,
    Code,
    Date,
    DateTime,
    Decimal,
    Integer,
    LongText,
    Money,
    Option,
    Percent,
    Phone,
    Relation,
    Text,
    YesNo,
)
from services.definitions import option_code
from services.imports import matching

FITS, MATCHES, FEW, TRIED, MOST_EXAMPLES = 0.95, 0.8, 20, 500, 10
ASKED = 3000  # different texts that are put to a field
NUMBERS_WITHIN = 12
_CODE_HEAD = re.compile(r"编号|编码|代码|代号|证号|学号|工号|(?:^|[_ ])(?:id|code|no|number)$", re.I)
_STATE_HEAD = re.compile(r"等级|级别|状态|类别|类型|种类|性质|结果|state|class|grade|type|level|kind|status|category", re.I)
_PHONE_HEAD = re.compile(r"电话|手机|联系方式|tel|phone|mobile", re.I)
_UNIT_HEAD = {
    "school": re.compile(r"学校|校名|单位|school", re.I),
    "district": re.compile(r"区县|县区|县（市|所属区|行政区|district", re.I),
}
_YES_WORDS = frozenset(["是", "否", "有", "无", "√", "×", "对", "Y", "N", "yes", "no"])
_TOO_FINE = re.compile(rf"-?\d+\.\d{{{MOST_PLACES + 1},}}")
_NUMBERED = re.compile(r"序号|编次|行号|no\.?|#", re.I)


@dataclass(frozen=True)
class Column:
    """A column's head without its unit, the unit, and how often each text stands in it; `rows` looked at, `filled` of them."""

    label: str
    unit: str
    head: str
    counts: Counter
    rows: int

    @property
    def filled(self):
        return sum(self.counts.values())

    @property
    def full(self):
        return self.rows > 0 and self.filled == self.rows

    @property
    def distinct(self):
        return self.full and len(self.counts) == self.rows


@dataclass(frozen=True)
class Guess:
    """A proposed field, why, and the values that do not fit it: how many rows, and examples."""

    field: object
    why: object
    misfits: int = 0
    examples: tuple = ()


def guess(column, actor):
    """The Guess for a column."""
    if not column.counts:
        return Guess(_make(Text, column), say("这一列是空的，先按文字。"))
    for kind in (_yes_no, _unit_of_city, _phone, _code, _day, _number, _choice, _text):
        found = kind(column, actor)
        if found:
            return found
    raise AssertionError("text takes everything")


def is_row_number(column):
    """Whether a column only counts the rows."""
    if not _NUMBERED.fullmatch(column.label.strip()) or not column.distinct:
        return False
    numbers = [text for text in column.counts if text.isdigit()]
    return len(numbers) == column.rows and int(numbers[-1]) - int(numbers[0]) == column.rows - 1


def _make(kind, column, **more):
    return kind(
        name="x",
        label=column.label[:60],
        unit=column.unit,
        label_aliases=(column.head,) if column.head != column.label else (),
        **more,
    )


# kinds, the most telling first ------------------------------------------------------------------------------------------


def _yes_no(column, actor):
    if set(column.counts) <= _YES_WORDS:
        return Guess(_make(YesNo, column), say("只有「是」「否」一类的值。"))
    return None


def _unit_of_city(column, actor):
    """A relation to schools or districts, where the values are their names or codes."""
    texts = [text for text, _ in column.counts.most_common(TRIED)]
    for register, head in _UNIT_HEAD.items():
        hinted = bool(head.search(column.label))
        if not hinted and all(re.fullmatch(r"[\d.,-]+", text) for text in texts):
            continue
        field = _make(Relation, column, to=register, indexed=True)
        found = matching.resolve(field, set(texts), actor)
        known = sum(isinstance(found[text], int) for text in texts)
        if known >= len(texts) * (0.5 if hinted else MATCHES) and known:
            why = say(
                "{all} 个不同的值里，{known} 个是「{register}」的名称或代码。",
                all=len(texts),
                known=known,
                register=_REGISTERS[register],
            )
            return _with_misfits(Guess(field, why), column, [text for text in texts if not isinstance(found[text], int)])
    return None


_REGISTERS = {"school": "学校", "district": "区县"}


def _phone(column, actor):
    field = _make(Phone, column, sensitivity="masked")
    return _fitting(field, column, say("列名和值都像电话号码，平时只显示一部分。")) if _PHONE_HEAD.search(column.label) else None


def _code(column, actor):
    zeros = sum(count for text, count in column.counts.items() if re.fullmatch(r"0\d+", text))
    field = _make(Code, column, max_length=_length(column, 40))
    if zeros:
        return _fitting(field, column, say("有以 0 开头的数字，按编号保存，0 不会丢。"))
    if _CODE_HEAD.search(column.label):
        return _fitting(field, column, say("列名像编号。"))
    long = sum(count for text, count in column.counts.items() if re.fullmatch(r"\d{12,}", text))
    return _fitting(field, column, say("数字很长，按编号保存，一位都不会变。")) if long > column.filled / 2 else None


def _day(column, actor):
    if all(re.fullmatch(r"[\d.]{1,5}", text) for text in column.counts):
        return None
    why = say("都是日期。")
    return _fitting(_make(Date, column), column, why) or _fitting(_make(DateTime, column), column, say("都是日期和时间。"))


def _number(column, actor):
    texts = column.counts
    if column.unit == "%" or sum(count for text, count in texts.items() if text.endswith(("%", "％"))) > column.filled / 2:
        return _fitting(_make(Percent, replace(column, unit="%"), places=_places(texts)), column, say("都是百分数。"))
    if not _fitting(_make(Integer, column), column, None):
        places = _places(texts)
        if places > MOST_PLACES or not places:
            return None
        if column.unit in ("元", "万元"):
            return _fitting(_make(Money, column), column, say("单位是钱。")) or _fitting(
                _make(Decimal, column, places=places), column, _decimal(places)
            )
        return _fitting(_make(Decimal, column, places=places), column, _decimal(places))
    if _STATE_HEAD.search(column.label) and len(texts) <= NUMBERS_WITHIN and not column.unit:
        return None
    if column.unit in ("元", "万元"):
        return _fitting(_make(Money, column), column, say("单位是钱。"))
    return _fitting(_make(Integer, column), column, say("都是整数。"))


def _decimal(places):
    return say("都是数，最多 {places} 位小数。", places=places)


def _choice(column, actor):
    texts = column.counts
    if len(texts) > FEW or column.filled < 3 * len(texts) or max(map(len, texts)) > 30 or any("\n" in text for text in texts):
        return None
    options, taken = [], set()
    for text in sorted(texts) if all(text.isdigit() for text in texts) else texts:
        code = option_code(text, taken)
        taken.add(code)
        options.append(Option(code, text))
    return _fitting(
        _make(Choice, column, options=tuple(options), indexed=True),
        column,
        say("反复出现的只有 {count} 种值，做成选项。", count=len(options)),
    )


def _text(column, actor):
    longest = max(map(len, column.counts))
    if longest > 150 or any("\n" in text for text in column.counts):
        return _fitting(_make(LongText, column, max_length=_length(column, 4000)), column, say("文字较长。"), least=0)
    digits = [text for text in column.counts if _TOO_FINE.fullmatch(text)]
    why = (
        say("小数超过 {places} 位，按文字保存，一位都不会变。", places=MOST_PLACES)
        if len(digits) > len(column.counts) / 2
        else say("文字。")
    )
    return _fitting(_make(Text, column, max_length=_length(column, 200)), column, why, least=0)


# trying -----------------------------------------------------------------------------------------------------------------


def _fitting(field, column, why, least=FITS):
    """The Guess, where nearly all values fit the field; None where too few do."""
    asked = list(column.counts.items())[:ASKED]
    bad = [text for text, _ in asked if not _takes(field, text)]
    seen, lost = sum(count for _, count in asked), sum(column.counts[text] for text in bad)
    if seen - lost < least * seen:
        return None
    return _with_misfits(Guess(field, why), column, bad)


def _with_misfits(found, column, bad):
    return replace(found, misfits=sum(column.counts[text] for text in bad), examples=tuple(bad[:MOST_EXAMPLES]))


def _takes(field, text):
    try:
        return field.clean(text) is not None
    except FieldError:
        return False


def _places(counts):
    """The most decimals of the numbers among the values; 0 where there are none."""
    found = [len(match[1]) for text in counts if (match := re.fullmatch(r"-?[\d,]*\.(\d+)\s*[%％]?", text.strip()))]
    return max(found, default=0)


def _length(column, usual):
    """A limit that leaves room: the usual, or twice the longest."""
    longest = max(map(len, column.counts))
    return usual if longest <= usual else min(10_000, 2 * longest)
