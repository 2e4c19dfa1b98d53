"""Words of SQL that mean the same on SQLite and PostgreSQL: what `Field.format_sql` is put together from.

All are peewee expressions of texts. A text made from an unknown value is unknown.
"""

from datetime import datetime, timedelta, timezone
from functools import lru_cache, reduce

from peewee import OP, SQL, Case, Expression, Value, fn

from models.base import is_postgres
from models.values import CITY_ZONE

BETWEEN = "\x1f"  # stands before every cell of a line of texts; no field takes it
APART = "\x1e"  # parts lines that come as one text; no field takes it either
_WEEK = timedelta(days=7)
_CLOCK_FROM, _CLOCK_TO = datetime(1900, 1, 1, tzinfo=timezone.utc), datetime(2102, 1, 1, tzinfo=timezone.utc)


def word(text):
    """A constant, whatever the column beside it stores."""
    value = Value(text, converter=False)
    return value.cast("TEXT") if is_postgres() else value


def text(value):
    return value.cast("TEXT")


def together(*parts):
    """Texts one behind the other; Python texts are constants."""
    parts = [word(part) if isinstance(part, str) else part for part in parts]
    return reduce(lambda left, right: Expression(left, OP.CONCAT, right), parts)


def place(text, part):
    """Where a part first stands in a text, from 1; 0 where it does not."""
    return (fn.STRPOS if is_postgres() else fn.INSTR)(text, word(part))


def first_word(text):
    """The text up to its first space."""
    if is_postgres():
        return fn.SPLIT_PART(text, word(" "), 1)
    return fn.SUBSTR(text, 1, fn.INSTR(together(text, " "), word(" ")) - 1)


def scaled(value, places):
    """An integer of smallest units as a decimal with so many places: 120050, 2 → 1200.50."""
    if not places:
        return text(value)
    unit = SQL(str(10**places))
    size = fn.ABS(value)
    part = fn.SUBSTR(text(Expression(Expression(size, "%%" if is_postgres() else "%", unit), "+", unit)), 2)
    return together(
        Case(None, [(Expression(value, "<", SQL("0")), word("-"))], word("")), text(Expression(size, "/", unit)), ".", part
    )


def day(value):
    """A date as 2021-08-05, as connections to PostgreSQL are told to write it (models.base)."""
    return text(value) if is_postgres() else value


def moment(value):
    """A stored moment on the city's clock: 2021-08-05 17:30:00, with parts of a second where it has some."""
    part = fn.SUBSTR(value, 21, 6)
    return together(seconds(value), Case(None, [(Expression(part, "=", word("000000")), word(""))], together(".", part)))


def short_moment(value):
    """The same without seconds where they are nought."""
    whole = seconds(value)
    part = fn.SUBSTR(value, 21, 6)
    return Case(
        None,
        [
            (Expression(part, "<>", word("000000")), together(whole, ".", part)),
            (Expression(fn.SUBSTR(whole, 18, 2), "<>", word("00")), whole),
        ],
        fn.SUBSTR(whole, 1, 16),
    )


def seconds(value):
    """A stored moment on the city's clock, in whole seconds."""
    *newer, (_, oldest) = offsets()
    ahead = Case(None, [(Expression(value, ">=", word(start)), SQL(str(offset))) for start, offset in newer], SQL(str(oldest)))
    utc = fn.SUBSTR(value, 1, 19)
    if is_postgres():
        local = Expression(utc.cast("TIMESTAMP"), "+", Expression(ahead, "*", SQL("INTERVAL '1 second'")))
        return fn.TO_CHAR(local, word("YYYY-MM-DD HH24:MI:SS"))
    return fn.STRFTIME(word("%Y-%m-%d %H:%M:%S"), utc, together(ahead, " seconds"))


@lru_cache(maxsize=1)
def offsets():
    """[(first moment, as stored; seconds ahead of UTC)] of the city's clock, newest first: it had summer times until 1991."""
    found, at = [], _CLOCK_FROM
    while at < _CLOCK_TO:
        if not found or _ahead(at) != found[-1][1]:
            found.append((_change(at - _WEEK, at), _ahead(at)))
        at += _WEEK
    return tuple((start.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), ahead) for start, ahead in reversed(found))


def _change(before, after):
    """The first second of the clock that `after` has."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (before, middle) if _ahead(middle) == _ahead(after) else (middle, after)
    return after


def _ahead(at):
    return int(at.astimezone(CITY_ZONE).utcoffset().total_seconds())


def labels(value, options):
    """A choice's label by its code; a code that is no longer offered stands for itself."""
    known = [(Expression(value, "=", word(option.code)), word(option.label)) for option in options]
    return Case(None, known, value) if known else value


def all_labels(value, options):
    """The labels of |a|b|, with 、 between."""
    mark = "\x01"
    found = fn.REPLACE(value, word("|"), word("||"))
    for option in options:
        found = fn.REPLACE(found, word(f"|{option.code}|"), word(mark + option.label + mark))
    return fn.REPLACE(fn.TRIM(fn.REPLACE(found, word("|"), word(mark)), word(mark)), word(mark * 2), word("、"))


def number_of(value):
    """How many ids 1,2,3 has."""
    commas = Expression(fn.LENGTH(value), "-", fn.LENGTH(fn.REPLACE(value, word(","), word(""))))
    return text(Expression(commas, "+", SQL("1")))


def masked(text):
    """What models.fields.masked makes of a text."""
    short = together(fn.SUBSTR(text, 1, 1), "***")
    long = together(fn.SUBSTR(text, 1, 3), "****", fn.SUBSTR(text, fn.LENGTH(text) - 3))
    return Case(None, [(Expression(fn.LENGTH(text), ">=", SQL("8")), long)], short)
