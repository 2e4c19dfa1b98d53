"""Conditions mean the same in Python and in SQL, and an unknown value never counts as a match by accident."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal as Exact

import peewee
import pytest
from hypothesis import given, settings, strategies as st

from models.conditions import choices_of, fields_of, holds, sql, when
from models.fields import Choice, Choices, Date, DateTime, Decimal, Integer, Text, YesNo, options
from models.values import NA

DAY = date(2021, 8, 5)
GRADES = options("A", "B", "C", "D")
FIELDS = (
    Choice(name="grade", label="等级", options=GRADES),
    Choices(name="scope", label="内容", options=GRADES),
    Integer(name="students", label="学生"),
    Integer(name="placed", label="已安置"),
    Decimal(name="area", label="面积"),
    Date(name="due_on", label="限时"),
    Date(name="found_on", label="发现"),
    DateTime(name="at", label="时间"),
    YesNo(name="active", label="在用"),
    Text(name="name", label="名称"),
)
DATABASE = peewee.SqliteDatabase(":memory:")
ROW = type(
    "Row",
    (peewee.Model,),
    {field.name: field.column() for field in FIELDS} | {"Meta": type("Meta", (), {"database": DATABASE, "table_name": "row"})},
)


@pytest.fixture(scope="module", autouse=True)
def table():
    DATABASE.connect()
    DATABASE.create_tables([ROW])
    yield
    DATABASE.close()


def selected(condition, values):
    """Whether SQL finds the row that holds these values."""
    with DATABASE.atomic() as transaction:
        row = ROW.create(**{name: None if value is NA else value for name, value in values.items()})
        found = ROW.select().where((ROW.id == row.id) & sql(condition, lambda name: getattr(ROW, name), DAY)).exists()
        transaction.rollback()
    return found


CASES = [
    (when(grade="C"), {"grade": "C"}, True),
    (when(grade="C"), {"grade": "D"}, False),
    (when(grade="C"), {}, False),
    (when(grade="C"), {"grade": NA}, False),
    (when(grade__ne="C"), {}, True),
    (when(grade__ne="C"), {"grade": NA}, True),
    (when(grade__ne="C"), {"grade": "C"}, False),
    (when(grade__in=("C", "D")), {"grade": "D"}, True),
    (when(grade__in=("C", "D")), {}, False),
    (when(grade__in=()), {"grade": "D"}, False),
    (when(grade__empty=True), {}, True),
    (when(grade__empty=True), {"grade": NA}, True),
    (when(grade__empty=False), {"grade": NA}, False),
    (when(grade__empty=False), {"grade": "A"}, True),
    (when(scope__contains="B"), {"scope": ("A", "B")}, True),
    (when(scope__contains="B"), {"scope": ("A",)}, False),
    (when(scope__contains="B"), {}, False),
    (when(name__contains="小学"), {"name": "实验小学分校"}, True),
    (when(name__contains="小学"), {"name": "实验中学"}, False),
    (when(name__contains="ab"), {"name": "xABy"}, True),
    (when(students__gt=0), {"students": 0}, False),
    (when(students__gte=0), {"students": 0}, True),
    (when(students__gte=0), {}, False),
    (when(students__lt="$placed"), {"students": 1, "placed": 2}, True),
    (when(students__lt="$placed"), {"students": 1}, False),
    (when(students__ne="$placed"), {"students": 1}, True),
    (when(students__ne="$placed"), {"students": 1, "placed": 1}, False),
    (when(area__lte=50000), {"area": Exact("49999.99")}, True),
    (when(area__lte=50000), {"area": Exact("50000.01")}, False),
    (when(area="350.50"), {"area": Exact("350.5")}, True),
    (when(area__in=(1, "2.5")), {"area": Exact("2.50")}, True),
    (when(due_on__lt="$today"), {"due_on": date(2021, 8, 4)}, True),
    (when(due_on__lt="$today"), {"due_on": DAY}, False),
    (when(due_on__lt="$today"), {}, False),
    (when(due_on__gte="$today-30"), {"due_on": date(2021, 7, 6)}, True),
    (when(due_on__lte="$today+7"), {"due_on": date(2021, 8, 13)}, False),
    (when(due_on__gte="$school_year"), {"due_on": date(2020, 9, 1)}, True),
    (when(due_on__gte="$school_year"), {"due_on": date(2020, 8, 31)}, False),
    (when(due_on__lt="$school_year-1"), {"due_on": date(2020, 8, 31)}, False),
    (when(due_on__gte="$found_on"), {"due_on": DAY, "found_on": DAY}, True),
    (when(due_on__gte="2021-08-05"), {"due_on": DAY}, True),
    (when(due_on__in=("2021-08-05", "$today+1")), {"due_on": DAY}, True),
    (when(at__gte="$today"), {"at": datetime(2021, 8, 4, 16, tzinfo=timezone.utc)}, True),
    (when(at__gte="$today"), {"at": datetime(2021, 8, 4, 15, 59, tzinfo=timezone.utc)}, False),
    (when(active=True), {"active": True}, True),
    (when(active=True), {}, False),
    (when(active=False), {}, False),
    (when(grade="C", active=True), {"grade": "C", "active": True}, True),
    (when(grade="C", active=True), {"grade": "C"}, False),
    (when(any=(when(grade="C"), when(active=True))), {"active": True}, True),
    (when(any=(when(grade="C"), when(active=True))), {"grade": "A"}, False),
    (when(**{"not": when(grade="C")}), {}, True),
    (when(**{"not": when(grade="C")}), {"grade": "C"}, False),
    (when(**{"not": when(students__lt="$placed")}), {"students": 1}, True),
    ((), {}, True),
]


@pytest.mark.parametrize(("condition", "values", "expected"), CASES)
def test_meaning(condition, values, expected):
    assert holds(condition, values, DAY) is expected


@pytest.mark.parametrize(("condition", "values", "expected"), CASES)
def test_sql_means_the_same(condition, values, expected):
    assert selected(condition, values) is expected


def _maybe(strategy):
    return st.none() | strategy


ROWS = st.fixed_dictionaries(
    {
        "grade": _maybe(st.sampled_from(["A", "C", NA])),
        "students": _maybe(st.integers(0, 3)),
        "placed": _maybe(st.integers(0, 3)),
        "area": _maybe(st.decimals(0, 3, places=2)),
        "due_on": _maybe(st.dates(DAY - timedelta(days=3), DAY + timedelta(days=3))),
        "active": _maybe(st.booleans()),
    }
)
ORDERED = st.sampled_from(["", "__ne", "__gt", "__gte", "__lt", "__lte"])
PARTS = st.one_of(
    st.tuples(ORDERED.map("students{}".format), st.integers(0, 3) | st.just("$placed")),
    st.tuples(ORDERED.map("area{}".format), st.integers(0, 3)),
    st.tuples(ORDERED.map("due_on{}".format), st.sampled_from(["$today", "$today-2", "2021-08-06"])),
    st.tuples(st.sampled_from(["grade", "grade__ne"]), st.sampled_from(["A", "C"])),
    st.tuples(st.sampled_from(["grade__empty", "students__empty", "active__empty"]), st.booleans()),
    st.tuples(st.just("active"), st.booleans()),
)
CONDITIONS = st.recursive(
    st.lists(PARTS, min_size=1, max_size=2, unique_by=lambda part: part[0]).map(tuple),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: when(any=tuple(parts)))
        | inner.map(lambda part: when(**{"not": part}))
    ),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None)
@given(CONDITIONS, ROWS)
def test_python_and_sql_agree(condition, values):
    assert holds(condition, values, DAY) is selected(condition, values)


def test_fields_read():
    condition = when(grade="C", due_on__lt="$today", any=(when(students__gt="$placed"), when(**{"not": when(active=True)})))
    assert fields_of(condition) == {"grade", "due_on", "students", "placed", "active"}


def test_the_values_a_condition_holds_for_alone():
    condition = when(kind="wall", grade__in=("C", "D"), area_m2__gt=3, found_on="$today", state__ne="closed")
    assert dict(choices_of(condition)) == {"kind": {"wall"}, "grade": {"C", "D"}}
    assert choices_of((("any", (when(kind="wall"), when(kind="toilet"))),)) == []
