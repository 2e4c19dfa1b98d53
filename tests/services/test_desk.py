"""What a person's screens remember: how lists look, and which records were last pointed at."""

import pytest

from models.errors import Invalid, NotAllowed
from services import desk, query
from tests.refusals import refused


@pytest.fixture
def clerk(city):
    return city.actor("city_clerk")


def test_how_lists_look_is_kept_for_each_person(city, clerk):
    assert desk.looks(clerk, "hazard") == ("roomy", ())
    desk.choose_density(clerk, "dense")
    desk.choose_columns(clerk, "hazard", ["code", "school"])
    assert desk.looks(clerk, "hazard") == ("dense", ("code", "school"))
    assert desk.looks(clerk, "school") == ("dense", ())
    assert desk.looks(city.actor("city_admin"), "hazard") == ("roomy", ())
    desk.choose_columns(clerk, "hazard", [])
    assert desk.looks(clerk, "hazard") == ("dense", ())
    refused(Invalid, desk.choose_density, clerk, "odd")


def test_who_looks_through_anothers_eyes_leaves_the_looks_alone(city, clerk):
    seen = city.actor("city_clerk", real=city.actor("city_admin"))
    refused(NotAllowed, desk.choose_density, seen, "dense")
    refused(NotAllowed, desk.note_picks, seen, "school", [city.school("a1")])
    assert desk.looks(clerk, "hazard") == ("roomy", ())


def test_pickers_put_first_what_was_used_last(city, clerk):
    schools = [city.school("b1"), city.school("a1")]
    desk.note_picks(clerk, "school", schools)
    hits = query.lookup("school", clerk, recent=desk.picked(clerk, "school"))
    assert [hit.id for hit in hits[:2]] == [schools[1], schools[0]]
    assert [hit.recent for hit in hits[:3]] == [True, True, False]
    assert len({hit.id for hit in hits}) == len(hits)
    desk.note_picks(clerk, "school", [schools[0]])
    assert desk.picked(clerk, "school") == tuple(schools)


def test_a_recent_one_is_offered_only_where_it_matches(city, clerk):
    desk.note_picks(clerk, "school", [city.school("b1"), city.school("a1")])
    recent = desk.picked(clerk, "school")
    assert [hit.id for hit in query.lookup("school", clerk, "青禾一", recent=recent) if hit.recent] == [city.school("a1")]
    narrowed = query.lookup("school", clerk, where={"district": city.district("b")}, recent=recent)
    assert [hit.id for hit in narrowed if hit.recent] == [city.school("b1")]


def test_a_recent_one_that_went_out_of_sight_is_not_offered(city):
    """Whoever loses a district's schools does not find them among the recent ones."""
    seeing, narrow = city.actor("city_clerk"), city.actor("district_a")
    desk.note_picks(narrow, "school", [city.school("b1")])
    recent = desk.picked(narrow, "school")
    assert recent == (city.school("b1"),)
    assert city.school("b1") not in [hit.id for hit in query.lookup("school", narrow, recent=recent)]
    assert city.school("b1") in [hit.id for hit in query.lookup("school", seeing, recent=recent)]


def test_only_the_last_twenty_are_kept(city, clerk):
    desk.note_picks(clerk, "school", range(1, 31))
    assert desk.picked(clerk, "school") == tuple(range(30, 10, -1))
