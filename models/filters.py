"""The filter vocabulary as a table: URL suffix, label, sentence, SQL. Lists, API, export and conditions all use it."""

from collections.abc import Callable
from dataclasses import dataclass

from models.errors import Label, Sentence, say


@dataclass(frozen=True)
class Operator:
    """One way to compare a field: `area_m2__gte=100`. `sql(column, value)` is the peewee expression."""

    key: str
    label: Label
    sentence: Sentence
    sql: Callable
    several: bool = False


OPERATORS = {
    operator.key: operator
    for operator in (
        Operator("eq", Label("是", "is"), say("{label}是 {value}", label="", value=""), lambda column, value: column == value),
        Operator(
            "ne",
            Label("不是", "is not"),
            say("{label}不是 {value}", label="", value=""),
            lambda column, value: (column != value) | column.is_null(),
        ),
        Operator(
            "in",
            Label("是其中之一", "is one of"),
            say("{label}是 {value}", label="", value=""),
            lambda c, value: c.in_(value),
            True,
        ),
        Operator("gt", Label("大于", "over"), say("{label}大于 {value}", label="", value=""), lambda column, value: column > value),
        Operator(
            "gte",
            Label("不小于", "at least"),
            say("{label}不小于 {value}", label="", value=""),
            lambda column, value: column >= value,
        ),
        Operator(
            "lt", Label("小于", "under"), say("{label}小于 {value}", label="", value=""), lambda column, value: column < value
        ),
        Operator(
            "lte",
            Label("不大于", "at most"),
            say("{label}不大于 {value}", label="", value=""),
            lambda column, value: column <= value,
        ),
        Operator(
            "contains",
            Label("包含", "contains"),
            say("{label}包含 {value}", label="", value=""),
            lambda c, value: c.contains(value),
        ),
        Operator(
            "empty",
            Label("为空", "is empty"),
            say("{label}为空", label="", value=""),
            lambda column, value: column.is_null(value),
        ),
    )
}
EMPTY_NOT = say("{label}已填", label="")
FLAG = say("{label}：{value}", label="", value="")


def split(parameter):
    """("area_m2", "gte") of "area_m2__gte"; a bare name means eq."""
    name, mark, key = parameter.rpartition("__")
    if mark and key in OPERATORS:
        return name, key
    return parameter, "eq"
