"""Everybody at every door, on own rows and foreign ones: the answer is the policy's, and what was refused changed nothing.

Read with tests/doors.py, which lists the doors, and seeds/grants.py, which says who may what.
"""

import pytest

from models import registry, tables
from tests.access import cases, expected, leaks, plain, text_of, told
from tests.actors import NAMES, STRANGER
from tests.doors import ANYONE, API_DOORS, DOORS, OF_REGISTERS, PERSON, TRASHED
from tests.state import everything

PASSES = {200, 302, 303, 409, 422, 428}
# On PostgreSQL the same code has passed on SQLite already: fewer people and registers, one of each kind.
FEWER = ("school", "hazard", "inland_student", "account", "change_set")
WALKS = [("sqlite", name) for name in NAMES]
WALKS += [
    pytest.param("postgresql", name, marks=pytest.mark.postgres) for name in ("city_clerk", "district_a", "school_a", "inspector_a")
]


# the list of doors ------------------------------------------------------------------------------------------------------


def test_every_route_is_a_listed_door(app):
    routes = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}
    listed = {(door.method, door.rule) for door in (*DOORS, *API_DOORS)}
    assert routes - listed == set(), "list the new route in tests/doors.py"
    assert listed - routes == set(), "these doors are gone"


# the matrix -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine, name", WALKS, indirect=["engine"])
def test_every_door_answers_as_the_policy_says(city, client_of, engine, name):
    """A1–A21 and X1: register × door × own and foreign row."""
    actor, browser = city.actor(name), client_of(name)
    registers = [register for register in registry.all() if engine.name == "sqlite" or register.name in FEWER]
    wanted = list(cases(city, actor, registers))
    wrong, before = [], everything()
    for door, register, id, answer in wanted:
        if answer is not None:
            got = door.send(browser, register, id)
            wrong += [told(door, register, id, got) + f", not {answer}"] if got.status_code != answer else []
            wrong += leaks(name, door, register, id, got)
    assert everything() == before, "a refused request changed something"
    assert wrong == []
    for door, register, id, answer in wanted:
        if answer is None:
            got = door.send(browser, register, id)
            # Accounts and memberships have rules on every write, beyond rights: nobody changes his own.
            rules = {403} if door.writes and any(rule.always for rule in registry.get(register.name).rules) else set()
            if got.status_code not in PASSES | set(door.also) | rules:
                wrong.append(told(door, register, id, got))
            wrong += leaks(name, door, register, id, got)
    assert wrong == []


def test_a_stranger_meets_the_login_at_every_door(city, client_of):
    browser, before = client_of(STRANGER), everything()
    for door in DOORS:
        register = registry.get("hazard") if door.kind != PERSON else None
        answer = door.send(browser, register, city.id("hazard", "a1"))
        if door.kind == ANYONE:
            assert answer.status_code in ({401} if door.rule == "/login" and door.writes else {200, 302, 303, 404}), told(
                door, register, 1, answer
            )
        elif door.writes:
            assert answer.status_code == 401, told(door, register, 1, answer)
        else:
            assert answer.status_code == 302 and answer.headers["Location"].startswith("/login"), told(door, register, 1, answer)
        assert not leaks(STRANGER, door, register, 1, answer)
    assert everything() == before


def test_programs_without_a_login_get_a_problem_and_no_page(client_of):
    browser = client_of(STRANGER)
    for door in OF_REGISTERS:
        answer = door.send(browser, registry.get("hazard"), 1, headers={"Accept": "application/json"})
        assert answer.status_code == 401 and answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("name", ["inspector_a", "auditor"])
def test_missing_and_forbidden_registers_answer_alike(client_of, name):
    """A23: the same status and the same words."""
    browser = client_of(name)
    forbidden, missing = ("hazard" if name == "auditor" else "foreign_teacher"), "no_such_register"
    for ending in ("", "new", "1/", "1/edit", "trash", "export", "count"):
        answers = [browser.get(f"/admin/r/{register}/{ending}") for register in (forbidden, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert plain(answers[0], forbidden) == plain(answers[1], missing)


# tokens and methods -----------------------------------------------------------------------------------------------------


def test_no_post_passes_without_its_token(city, client_of):
    """X20: also at the login; nothing changes, but for what was typed, which is kept as the person's own draft."""
    browser, before = client_of("city_admin"), everything(())
    for door in DOORS:
        if door.writes:
            answer = door.send(browser, registry.get("hazard"), city.id("hazard", "a1"), token=False)
            assert answer.status_code == 400, told(door, registry.get("hazard"), 1, answer)
    assert everything(()) == before and browser.get("/admin/").status_code == 200


def test_no_post_passes_from_another_site(city, client_of):
    browser, before = client_of("city_admin"), everything()
    for door in DOORS:
        if door.writes:
            for header in ({"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
                answer = door.send(browser, registry.get("hazard"), city.id("hazard", "a1"), headers=header)
                assert answer.status_code == 400, told(door, registry.get("hazard"), 1, answer)
    assert everything() == before


def test_nothing_changes_by_looking(city, client_of):
    """GET at every door, also those that only take posts."""
    before = everything()
    for name in ("city_admin", "school_a"):
        browser = client_of(name)
        for register in (registry.get("hazard"), registry.get("inland_student")):
            for door in DOORS:
                trashed = city.trashed[register.name]["a1"][0]
                path = door.path(register, trashed if door.kind == TRASHED else city.id(register.name, "a1"))
                if path and "logout" not in path:
                    assert browser.get(path).status_code in {200, 302, 303, 308, 400, 403, 404, 405, 409, 422}, path
    assert everything() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_not_served(city, client_of, method):
    browser, before = client_of("city_admin"), everything()
    for door in OF_REGISTERS:
        path = door.path(registry.get("hazard"), city.id("hazard", "a1"))
        assert browser.open(path, method=method).status_code in (400, 405), path
    assert everything() == before


def test_odd_record_numbers_are_not_found(city, client_of):
    """10^20 was a 500 on the bare stack."""
    browser = client_of("city_admin")
    for id in (0, 10**20, 2**63, "abc", "-1", "1.5", "1%27", "%00", "9" * 4400):
        for ending in ("", "edit", "history", "delete"):
            assert browser.get(f"/admin/r/hazard/{id}/{ending}").status_code == 404, (id, ending)


# looking through another's eyes -----------------------------------------------------------------------------------------


def test_viewing_as_another_shows_his_rows_and_changes_nothing(city, client_of):
    browser = client_of("city_admin")
    assert browser.post("/admin/desk/view-as", data={"account": city.accounts["school_a"]}).status_code == 303
    before = everything()
    actor = city.actor("school_a", real=city.actor("city_admin"))
    for register in (registry.get("hazard"), registry.get("inland_student"), registry.get("school_headcount")):
        for door, _, id, _ in cases(city, actor, [register]):
            answer = door.send(browser, register, id)
            wanted = expected(actor, door, register, id)
            if wanted is not None:
                assert answer.status_code == wanted, told(door, register, id, answer)
            assert "松泉" not in text_of(answer) and "青禾一姓名" not in text_of(answer), told(door, register, id, answer)
    for path in ("draft", "files", "undo/1"):
        assert browser.post(f"/admin/desk/{path}", data={"path": "/admin/r/hazard/new", "payload": "[]"}).status_code in (
            403,
            404,
            422,
        ), path
    assert everything() == before
    assert browser.post("/admin/desk/view-as/stop").status_code == 303 and "松泉" in browser.get("/admin/r/hazard/").text


def test_who_looks_through_whose_eyes_is_written_down(city, client_of):
    browser = client_of("city_admin")
    browser.post("/admin/desk/view-as", data={"account": city.accounts["school_a"]})
    browser.get("/admin/r/hazard/export?format=csv")
    model = tables.model("access_log")
    logged = [
        (row.f_username, row.f_action, row.f_on_behalf) for row in model.select().where(model.f_action.in_(["view_as", "denied"]))
    ]
    assert ("city_admin", "view_as", None) in logged and ("city_admin", "denied", "school_a") in logged
