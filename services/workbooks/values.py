"""A workbook's values as the text a clerk sees: 4141010459, not 4141010459.0; days and moments as ISO; 0411 where that is shown."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

_BIGGEST_EXACT = 10**15
_HALF = timedelta(microseconds=500)


class CutNumber(str):
    """A whole number longer than the fifteen digits Excel keeps: its end is lost."""


def text_of(value):
    """The text of one value."""
    return _TEXTS[type(value)](value)


def shown(value, look):
    """The text of a number in a cell that shows more than the number: ("percent", places), ("zeros", digits) or ("text", text)."""
    kind, size = look
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return text_of(value)
    if kind == "text":
        return size
    if kind == "percent":
        return number_text(float(Decimal(repr(value)) * 100)) + "%"
    if value == int(value) and 0 <= value < _BIGGEST_EXACT:
        return str(int(value)).zfill(size)
    return text_of(value)


def look_of(code):
    """What a number format says beyond the number: a percent sign, or zeros in front; None for all others."""
    bare = code.split(";")[0].replace('"', "").replace("\\", "").strip()
    if bare.endswith("%") and set(bare) <= set("0#.,%"):
        return ("percent", len(bare.partition(".")[2]) - 1)
    if len(bare) > 1 and set(bare) == {"0"}:
        return ("zeros", len(bare))
    return None


def number_text(value):
    """Fifteen digits are what Excel keeps and shows: the sixteenth is an artefact of binary fractions."""
    if value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    return format(Decimal(text), "f") if "e" in text else text


def _float(value):
    if -_BIGGEST_EXACT < value < _BIGGEST_EXACT:
        return number_text(value)
    return CutNumber(f"{value:.0f}")


def _whole(value):
    return str(value) if -_BIGGEST_EXACT < value < _BIGGEST_EXACT else CutNumber(value)


def _moment(value):
    rounded = value + _HALF
    return str(rounded.replace(microsecond=rounded.microsecond // 1000 * 1000))


def _clock(value):
    rounded = datetime.combine(date(2000, 1, 1), value) + _HALF
    return str(rounded.replace(microsecond=rounded.microsecond // 1000 * 1000).time())


def _span(value):
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


_TEXTS = {
    str: str,
    float: _float,
    int: _whole,
    bool: lambda value: "TRUE" if value else "FALSE",
    datetime: _moment,
    date: str,
    time: _clock,
    timedelta: _span,
    type(None): lambda value: "",
}
