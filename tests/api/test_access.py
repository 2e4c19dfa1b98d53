"""Everybody's token at every door of the API, on own rows and foreign ones: the answer is the policy's, and a refusal changes nothing."""

import pytest

from models import registry, tables
from models.tokens import ApiToken
from services import jobs, records
from tests.access import cases, leaks, told
from tests.actors import NAMES, STRANGER
from tests.doors import API_DOORS, API_OF_REGISTERS, PERSON
from tests.state import everything

PASSES = {200, 409, 422, 428}
FEWER = ("school", "hazard", "inland_student", "account", "change_set")
WALKS = [("sqlite", name) for name in NAMES]
WALKS += [pytest.param("postgresql", name, marks=pytest.mark.postgres) for name in ("district_a", "school_a")]
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.mark.parametrize("engine, name", WALKS, indirect=["engine"])
def test_every_door_answers_as_the_policy_says(city, caller_of, engine, name):
    """A1–A22, X1: register × door × own and foreign row, with a token that has no limits of its own."""
    actor, caller = city.actor(name), caller_of(name)
    registers = [register for register in registry.all() if engine.name == "sqlite" or register.name in FEWER]
    wrong, before = [], everything()
    for door, register, id, wanted in cases(city, actor, registers, API_OF_REGISTERS):
        if wanted is None and door.writes and door.kind == "trashed":
            continue  # it would bring the record back; tests/api/test_records.py does
        got = door.send(caller, register, id)
        rules = {403} if door.writes and any(rule.always for rule in registry.get(register.name).rules) else set()
        fits = got.status_code == wanted if wanted else got.status_code in PASSES | set(door.also) | rules
        wrong += [] if fits else [told(door, register, id, got) + f", not {wanted}"]
        wrong += leaks(name, door, register, id, got)
        wrong += [told(door, register, id, got) + " sets a cookie"] if "Set-Cookie" in got.headers else []
        assert got.status_code < 400 or got.mimetype == "application/problem+json"
    assert wrong == []
    assert everything() == before, "a refused call changed something"


@SQLITE
def test_without_a_good_token_no_door_opens(city, caller_of, client_of):
    """Neither nothing, nor a made-up token, nor a browser's own session: and the token is nothing to the screens."""
    before = everything()
    stranger, browser, id = caller_of(STRANGER), client_of("city_admin"), city.id("hazard", "a1")
    for door in API_DOORS:
        for answer in (door.send(stranger, registry.get("hazard"), id), door.send(browser, registry.get("hazard"), id)):
            assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), door
            assert answer.headers["WWW-Authenticate"] == "Bearer" and "Set-Cookie" not in answer.headers
    caller = caller_of("city_admin")
    assert caller.get("/api/v1/me").status_code == 200
    assert caller.get("/admin/").headers["Location"].startswith("/login")
    assert caller.post("/admin/desk/view-as", {}).status_code == 401
    assert everything() == before


@SQLITE
def test_other_sites_get_no_word_of_permission(caller_of):
    answer = caller_of("leader").open("/api/v1/me", "OPTIONS", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


@SQLITE
def test_a_token_is_never_above_its_limits(city, caller_of):
    """A22: registers and actions of the token, and its addresses."""
    hazard, school = "/api/v1/registers/hazard/records", "/api/v1/registers/school/records"
    id = city.id("hazard", "a1")
    reader = caller_of("city_admin", registers=("hazard",), actions=("view",))
    assert reader.get(hazard).status_code == 200 and reader.get(school).status_code == 404
    assert [one["name"] for one in reader.get("/api/v1/registers").json["registers"]] == ["hazard"]
    refused = reader.patch(f"{hazard}/{id}", {"measure": "改"}, 1)
    assert refused.status_code == 403 and refused.json["rule"] == "no_grant:hazard:edit"
    assert reader.get(f"{hazard}.csv").status_code == 403
    adder = caller_of("city_admin", actions=("count",))
    assert adder.get(hazard).status_code == 404 and adder.get("/api/v1/registers/hazard/summary").status_code == 200
    assert caller_of("leader", actions=("edit",)).get(hazard).status_code == 404
    bound = caller_of("leader", addresses=("10.9.0.0/16",))
    assert bound.get(hazard).status_code == 401
    assert bound.get(hazard, environ_overrides={"REMOTE_ADDR": "10.9.3.4"}).status_code == 200


@SQLITE
@pytest.mark.parametrize("change", ["disabled", "role ended", "grant gone", "revoked", "expired"])
def test_a_token_loses_power_with_its_owner(city, caller_of, client_of, change):
    """A27: at the next call."""
    caller, path = caller_of("district_a"), "/api/v1/registers/hazard/records"
    assert caller.get(path).json["records"]
    membership, grant = tables.model("membership"), tables.model("role_grant")
    if change == "disabled":
        records.update("account", city.actor("city_admin"), city.accounts["district_a"], {"active": "0"}, version=1)
    elif change == "role ended":
        mine = membership.f_account == city.accounts["district_a"]
        membership.update(deleted_at=membership.created_at).where(mine).execute()
    elif change == "grant gone":
        grant.update(deleted_at=grant.created_at).where(grant.f_register == "hazard").execute()
    elif change == "revoked":
        id = ApiToken.get(ApiToken.account_id == city.accounts["district_a"]).id
        assert client_of("district_b").post(f"/admin/tokens/{id}/revoke").status_code == 404
        assert caller.get(path).status_code == 200
        assert client_of("district_a").post(f"/admin/tokens/{id}/revoke").status_code == 303
    else:
        ApiToken.update(expires_at=ApiToken.created_at).execute()
    assert caller.get(path).status_code == (404 if change in ("role ended", "grant gone") else 401)


@SQLITE
def test_a_cursor_and_a_key_of_one_are_worth_nothing_to_another(city, caller_of):
    path = "/api/v1/registers/hazard/records"
    cursor = caller_of("district_a").get(f"{path}?limit=1").json["next"]
    assert caller_of("district_a").get(f"{path}?limit=1&cursor={cursor}").status_code == 200
    for asked in (f"limit=1&cursor={cursor}&level=minor", f"limit=1&sort=id&cursor={cursor}"):
        assert caller_of("district_a").get(f"{path}?{asked}").status_code == 422
    assert caller_of("district_b").get(f"{path}?limit=1&cursor={cursor}").status_code == 422
    values = city.new("hazard", "a1")
    key = {"Idempotency-Key": "k-1"}
    mine = caller_of("district_a").post(path, values, headers=key)
    assert mine.status_code == 201, mine.json
    assert caller_of("district_a").post(path, values, headers=key).json["id"] == mine.json["id"]
    other = caller_of("district_b").post(path, city.new("hazard", "b1"), headers=key)
    assert other.status_code == 201 and other.json["id"] != mine.json["id"]


@SQLITE
def test_missing_and_forbidden_registers_answer_alike(caller_of):
    """A23."""
    caller = caller_of("auditor")
    for ending in ("", "/records", "/summary", "/records.csv", "/records/1", "/records/1/history"):
        answers = [caller.get(f"/api/v1/registers/{name}{ending}").json for name in ("hazard", "no_such_register")]
        assert answers[0] | {"request_id": ""} == answers[1] | {"request_id": ""}


@SQLITE
def test_every_door_of_a_person_answers(caller_of):
    for door in API_DOORS:
        if door.kind == PERSON:
            assert door.send(caller_of("nobody")).status_code in {200, *door.also}


@SQLITE
def test_a_job_is_its_owners(city, caller_of, monkeypatch):
    monkeypatch.setitem(jobs.KINDS, "probe", jobs.Kind("probe", lambda job, progress: None))
    id = jobs.enqueue(city.actor("school_a"), "probe", {}, about="导出")
    mine = caller_of("school_a").get(f"/api/v1/jobs/{id}").json
    assert (mine["id"], mine["state"], mine["about"]) == (id, "waiting", "导出")
    assert caller_of("school_b").get(f"/api/v1/jobs/{id}").status_code == 404
