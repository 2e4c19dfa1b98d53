"""The values that are neither present nor missing, and the clock."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Shanghai")


class _NotApplicable:
    """不适用: the question does not apply to this row. Not zero, not missing."""

    def __repr__(self):
        return "NA"

    def __bool__(self):
        return False

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


NA = _NotApplicable()
NA_TEXT = "不适用"
NA_CODE = "n/a"


def now():
    """The present moment, aware, in UTC."""
    return datetime.now(timezone.utc)


def today():
    """The present day in the city."""
    return now().astimezone(CITY_ZONE).date()


def day_bounds(day):
    """First and past-the-last moment of a city day, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=CITY_ZONE).astimezone(timezone.utc)
    return start, start + timedelta(days=1)
