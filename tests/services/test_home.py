"""The home page: each card's number is its list's, totals are of one's own units, and what one changed is shown while one may see it."""

import pytest

from models import registry, tables
from models.errors import NotFound
from services import home, policy, query, records
from services.actor import SYSTEM
from tests.actors import NAMES
from tests.factories import day
from tests.made import MADE


@pytest.mark.parametrize("name", NAMES)
def test_a_cards_number_is_its_lists(city, name):
    records.update("hazard", SYSTEM, city.id("hazard", "b1"), {"due_on": day(-2)}, version=1)
    records.update("hazard", SYSTEM, city.id("hazard", "a1"), {"due_on": day(-2)}, version=1)
    actor = city.actor(name)
    cards = home.tasks(actor)
    for card in cards:
        assert card.count == query.count(query.parse(card.register.name, actor, card.pairs)), card.title
    assert len(cards) <= home.MOST_CARDS
    assert [bool(card.count.value) for card in cards] == sorted((bool(card.count.value) for card in cards), reverse=True)
    overdue = {card.count.value for card in cards if card.pairs == (("overdue", "true"),) and card.register.name == "hazard"}
    expected = {
        "city_admin": {2},
        "city_clerk": {2},
        "district_a": {1},
        "district_b": {1},
        "school_a": {1},
        "school_b": {1},
        "inspector_a": {1},
    }
    assert overdue == expected.get(name, set())


def test_totals_are_of_ones_own_units_and_only_where_rows_are_not_seen(city):
    for name, units in (
        ("district_a", ("a1", "a2", "ax")),
        ("district_b", ("b1", "b2")),
        ("leader_a", ("a1", "a2", "ax")),
        ("leader", None),
    ):
        found = {register.name: count.value for register, count in home.totals(city.actor(name))}
        assert set(found) - {MADE.name} == {
            "inland_class", "inland_daily", "inland_student", "foreign_teacher", "foreign_contact", "four_party_link"
        }  # fmt: skip
        rows = city.rows["inland_student"]
        assert found["inland_student"] == sum(len(rows[unit]) for unit in units or rows)
    for name in ("city_admin", "school_a", "auditor", "inspector_a", "nobody"):
        assert home.totals(city.actor(name)) == []


def test_what_one_changed_is_shown_while_one_may_see_it(city):
    actor, id = city.actor("school_a"), city.id("hazard", "a1")
    records.update("hazard", actor, id, {"measure": "清理"}, version=1)
    newest = home.recent(actor)[0]
    assert (newest.register.name, newest.id, newest.title) == ("hazard", id, query.get("hazard", actor, id).title)
    assert all(policy.covers(item.register, actor, "view", item.id) for item in home.recent(actor))
    tables.model("hazard").update(school_id=city.school("b1")).where(tables.model("hazard").id == id).execute()
    assert (item := home.recent(actor)[0]).id != id or item.register.name != "hazard"
    with pytest.raises(NotFound):
        query.get("hazard", actor, id)


def test_nobody_sees_what_others_changed(city):
    for name in NAMES:
        own = {item.id for item in home.recent(city.actor(name)) if item.register.name == "damaged_building"}
        assert own <= {city.id("damaged_building", unit) for unit in ("a1", "b1", "a2", "b2", "ax")}
        assert len(own) == (1 if name in city.change_sets else 0)


def test_who_only_reads_is_shown_no_changes_of_his_own(city):
    assert not home.writes(city.actor("leader")) and not home.writes(city.actor("auditor")) and home.writes(city.actor("school_a"))


def test_the_home_page_asks_few_statements(city, statements):
    for name in NAMES:
        actor = city.actor(name)
        statements.clear()
        home.tasks(actor)
        home.totals(actor)
        assert len(statements) <= 3, name


def test_a_person_is_told_the_units_he_works_in(city):
    said = {name: home.unit_of(city.actor(name)) for name in NAMES}
    assert said["school_a"] == "青禾一中学" and said["district_b"] == "松泉区" and "督导组" in said["inspector_a"]
    assert said["city_admin"] == "" and said["nobody"] == ""
    assert registry.get("school").label_public
