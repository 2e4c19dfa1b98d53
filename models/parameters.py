"""口径与期限参数: what conditions and rules ask of the parameters register, by key and day.

Read at most once a second in a process, and again at once after it was changed there: a page that tells of fifty rows which are
late asks the database once.
"""

import time
from datetime import date

from models import tables
from models.base import database
from models.values import today

FRESH_SECONDS = 1.0
HOURS = "小时"
_kept = (None, 0.0, {})


def forget():
    """The next question reads the register anew: it was changed."""
    global _kept
    _kept = (None, 0.0, {})


def days(key, default, day=None):
    """The number of days a parameter is set to on a day, today by default; hours count as the days they fill or begin.

    The default where it is not set, or set to what is no number.
    """
    value, unit = _in_effect(key, day)
    if not value.isdecimal() or len(value) > 5:
        return default
    return -(-int(value) // 24) if unit == HOURS else int(value)


def yearly(key, year):
    """The date that a parameter like 9-1 (month-day) names in a year, as it stands at that year's end; None where it is not set."""
    value, _ = _in_effect(key, date(year, 12, 31))
    month, mark, day = value.partition("-")
    try:
        return date(year, int(month), int(day)) if mark else None
    except ValueError:
        return None


def dated(key, day=None):
    """The date a parameter is set to on a day, or None."""
    try:
        return date.fromisoformat(_in_effect(key, day)[0])
    except ValueError:
        return None


def _in_effect(key, day):
    """(value, unit) of the latest row of a key that is in effect on a day, ("", "") where there is none."""
    day = day or today()
    rows = _rows().get(key, ())
    return next(((value, unit) for since, value, unit in reversed(rows) if since is None or since <= day), ("", ""))


def _rows():
    """{key: [(in effect from, value, unit)]} in the order of their days."""
    global _kept
    bound, read_at, rows = _kept
    if bound is not database.obj or time.monotonic() - read_at > FRESH_SECONDS:
        rows = _read()
        _kept = (database.obj, time.monotonic(), rows)
    return rows


def _read():
    model, found = tables.model("parameter"), {}
    live = model.select(model.f_key, model.f_effective_from, model.f_value, model.f_unit).where(model.deleted_at.is_null())
    for key, since, value, unit in live.order_by(model.f_effective_from, model.id).tuples():
        found.setdefault(key, []).append((since, value or "", unit or ""))
    return found
