"""Grouped numbers: exact, whole, and blind to what may only be counted."""

from decimal import Decimal

import pytest

from models import registry, tables
from models.errors import Invalid
from services import policy, records, summaries
from services.actor import SYSTEM
from tests.refusals import codes, refused


def numbers(made, name="count"):
    return {group.values: group.numbers[name] for group in made.groups}


@pytest.fixture
def boarders(city):
    """A class of the own district with a state that few are in; gives {state: how many}."""
    field = registry.get("inland_student").field("stay_status")
    wanted = dict(zip([option.code for option in field.options], (12, 7, 2), strict=False))
    rows = [
        city.new("inland_student", "a1", stay_status=state, inland_class=city.id("inland_class", "a1"))
        for state, count in wanted.items()
        for _ in range(count)
    ]
    records.create_many("inland_student", SYSTEM, rows, kind="seed")
    return wanted


def test_sums_are_exact_where_numbers_are_large(city):
    rows = [city.new("damaged_building", "a1", area_m2="7") for _ in range(1030)]
    ids = records.create_many("damaged_building", SYSTEM, rows)
    model = tables.model("damaged_building")
    model.update(f_area_m2=Decimal("90000000000000.01")).where(model.id.in_(ids)).execute()
    made = summaries.summary("damaged_building", SYSTEM, measure="sum:area_m2", pairs=[("area_m2__gte", "1000000")])
    assert str(made.total["sum:area_m2"]) == "92700000000000010.30"


@pytest.mark.parametrize(
    "asked, field",
    [
        ({"by": "nothing"}, "by"), ({"by": "note"}, "by"), ({"by": "district,school,kind"}, "by"), ({"by": "kind,kind"}, "by"),
        ({"measure": "sum:name"}, "measure"), ({"measure": "avg:area_m2"}, "measure"), ({"pairs": [("colour", "red")]}, "colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_up_is_named(city, asked, field):
    error = refused(Invalid, summaries.summary, "damaged_building", city.actor("city_clerk"), **asked)
    assert {name for name, _ in codes(error)} == {field}


def test_who_sees_the_people_sees_the_numbers(city, boarders):
    made = summaries.summary(
        "inland_student", city.actor("city_clerk"), by="stay_status", pairs=[("district", str(city.district("a")))]
    )
    assert all(isinstance(number, int) for number in numbers(made).values())


def test_small_groups_of_people_are_not_told_to_who_only_counts(city, boarders):
    """DESIGN §9: neither the group, nor by its neighbour and the total."""
    clerk = city.actor("district_a")
    assert policy.only_counts(registry.get("inland_student"), clerk)
    made = numbers(summaries.summary("inland_student", clerk, by="stay_status"))
    small = [values for values, number in made.items() if number == summaries.SMALL]
    assert small and sum(isinstance(number, str) for number in made.values()) >= 2
    whole = summaries.summary("inland_student", clerk).total["count"]
    told = summaries.summary("inland_student", clerk, by="stay_status").total["count"]
    assert isinstance(whole, int) and whole - told >= summaries.THRESHOLD


def test_a_filter_tells_no_more_than_the_table(city, boarders):
    clerk = city.actor("district_a")
    table = numbers(summaries.summary("inland_student", clerk, by="stay_status"))
    for (state,), number in table.items():
        alone = summaries.summary("inland_student", clerk, pairs=[("stay_status", state)]).total["count"]
        assert alone == number
    for pairs in ([("stay_status__ne", "at_school")], [("q", "青禾")], [("id__gt", "5")], [("stay_status__in", "at_school")]):
        refused(Invalid, summaries.summary, "inland_student", clerk, pairs=pairs)
    refused(Invalid, summaries.summary, "inland_student", clerk, by="school,stay_status", pairs=[("inland_class", "1")])


def test_rows_and_columns_hide_two_or_none(city, boarders):
    clerk = city.actor("district_a")
    made = summaries.summary("inland_student", clerk, by="school,stay_status")
    lines = {}
    for (school, state), number in numbers(made).items():
        lines.setdefault(("school", school), []).append(number)
        lines.setdefault(("state", state), []).append(number)
    for line in lines.values():
        hidden = sum(isinstance(number, str) for number in line)
        assert hidden != 1 or len(line) == 1
