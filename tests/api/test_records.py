"""A record's life by program: made, read, merged, contested, moved, deleted, brought back; and every way to say it wrong."""

import io
import json

import pytest
from PIL import Image

from models import registry, tables
from services import query
from services.actor import SYSTEM
from tests.state import everything, row_of

SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
HAZARDS = "/api/v1/registers/hazard/records"


def put(caller, path, body):
    return caller.open(path, "POST", data=body, content_type="application/json")


# a life ----------------------------------------------------------------------------------------------------------------


def test_a_record_lives_its_whole_life_by_program(city, caller_of):
    caller = caller_of("school_a")
    made = caller.post(HAZARDS, city.new("hazard", "a1", measure="先封闭"))
    assert made.status_code == 201 and made.headers["ETag"] == '"1"', made.json
    record, home = made.json, made.headers["Location"]
    assert home == f"{HAZARDS}/{record['id']}" and record["version"] == 1
    assert record["school"] == {"id": city.school("a1"), "label": "青禾一中学"} and record["measure"] == "先封闭"
    again = caller.get(home)
    assert again.json == record and again.headers["ETag"] == '"1"'
    changed = caller.patch(home, {"measure": "已封闭", "school": record["school"]}, 1)
    assert (changed.status_code, changed.json["measure"], changed.headers["ETag"]) == (200, "已封闭", '"2"')
    assert int(changed.headers["Taizhang-Change-Set"]) > 0
    entries = caller.get(f"{home}/history").json["entries"]
    assert [entry["action"] for entry in entries] == ["update", "create"] and entries[0]["kind"] == "api"
    assert entries[0]["changes"] == [{"field": "measure", "old": "先封闭", "new": "已封闭"}]
    assert caller.delete(home, 2).status_code == 204 and caller.get(home).status_code == 404
    back = caller.post(f"{home}:restore")
    assert (back.status_code, back.headers["ETag"]) == (200, '"4"') and caller.get(home).status_code == 200
    assert caller.post(f"{home}:restore").status_code == 404


def test_changes_of_different_fields_merge(city, caller_of):
    home = f"{HAZARDS}/{city.id('hazard', 'a1')}"
    assert caller_of("district_a").patch(home, {"measure": "由县区整改"}, 1).status_code == 200
    answer = caller_of("school_a").patch(home, {"responsible": "李若禾"}, 1)
    assert (answer.status_code, answer.headers["ETag"], answer.headers["Taizhang-Merged"]) == (200, '"3"', "measure")
    assert (answer.json["measure"], answer.json["responsible"]) == ("由县区整改", "李若禾")


def test_changes_of_the_same_field_are_told_from_all_sides(city, caller_of):
    home = f"{HAZARDS}/{city.id('hazard', 'a1')}"
    caller_of("district_a").patch(home, {"measure": "由县区整改"}, 1)
    before = everything()
    answer = caller_of("school_a").patch(home, {"measure": "由学校整改", "responsible": "李若禾"}, 1)
    assert (answer.status_code, answer.mimetype, answer.headers["ETag"]) == (409, "application/problem+json", '"2"')
    sides = {name: answer.json[name] for name in ("base", "theirs", "yours", "version")}
    assert sides == {
        "base": {"measure": None},
        "theirs": {"measure": "由县区整改"},
        "yours": {"measure": "由学校整改"},
        "version": 2,
    }
    stale = caller_of("district_a").delete(home, 1)
    assert (stale.status_code, stale.json["base"], stale.json["theirs"]) == (409, {"measure": None}, {"measure": "由县区整改"})
    assert everything() == before


@SQLITE
def test_the_same_post_twice_makes_one_record(city, caller_of):
    caller, values = caller_of("district_a"), city.new("hazard", "a1")
    count = tables.model("hazard").select().count()
    answers = [caller.post(HAZARDS, values, headers={"Idempotency-Key": "夜间-1".encode().hex()}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201] and answers[0].json == answers[1].json
    other = caller.post(HAZARDS, values | {"measure": "另一个"}, headers={"Idempotency-Key": "夜间-1".encode().hex()})
    assert (other.status_code, other.json["type"]) == (409, "urn:taizhang:key_used")
    assert tables.model("hazard").select().count() == count + 1
    assert caller.post(HAZARDS, values, headers={"Idempotency-Key": "x" * 256}).status_code == 422


@SQLITE
def test_warnings_are_saved_for_a_reason_only(city, caller_of):
    path = f"/api/v1/registers/damaged_building/records/{city.id('damaged_building', 'a1', 1)}"
    caller, before = caller_of("school_a"), everything()
    answer = caller.patch(path, {"area_m2": 60000}, 1)
    assert (answer.status_code, answer.json["type"]) == (422, "urn:taizhang:needs_confirmation"), answer.json
    assert everything() == before
    answer = caller.patch(f"{path}?confirmed=实测面积", {"area_m2": 60000}, 1)
    assert (answer.status_code, answer.json["area_m2"]) == (200, "60000.00")


@SQLITE
def test_a_record_moves_through_its_states(city, caller_of):
    path = f"/api/v1/registers/school_headcount/records/{city.id('school_headcount', 'a1')}"
    school, district = caller_of("school_a"), caller_of("district_a")
    assert school.post(f"{path}:transition", {"transition": "report"}).json["state"] == "reported"
    refused = school.post(f"{path}:transition", {"transition": "review"})
    assert (refused.status_code, refused.json["rule"]) == (403, "no_grant:school_headcount:approve")
    assert district.post(f"{path}:transition", {"transition": "send_back"}).status_code == 422
    assert district.post(f"{path}:transition", {"transition": "flee"}).status_code == 422
    assert district.post(f"{path}:transition", {"transition": "report"}).status_code == 409
    assert district.post(f"{path}:transition", {"transition": "review"}).json["state"] == "reviewed"
    locked = school.patch(path, {"students": 1}, 3)
    assert (locked.status_code, locked.json["rule"]) == (403, "locked_state")
    assert caller_of("leader").post(f"{path}:transition", {"transition": "report"}).status_code == 403


@SQLITE
def test_files_are_added_listed_and_read(city, caller_of):
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "navy").save(out, "PNG")
    path = f"/api/v1/registers/damaged_building/records/{city.id('damaged_building', 'a1', 1)}/files"
    caller = caller_of("school_a")
    sent = {"file": (io.BytesIO(out.getvalue()), "现场.png"), "field": "photo"}
    answer = caller.open(path, "POST", data=sent)
    assert answer.status_code == 201, answer.json
    (told,) = caller.get(path).json["files"]
    assert (told["name"], told["field"], told["kind"]) == ("现场.png", "photo", "image")
    body = caller.get(told["url"])
    assert body.data[:4] == b"\x89PNG" and body.headers["Content-Disposition"] == "attachment"
    assert caller_of("school_b").get(told["url"]).status_code == 404
    script = {"file": (io.BytesIO(b"<svg onload='x()'/>"), "图.svg"), "field": "photo"}
    assert caller.open(path, "POST", data=script).status_code == 422
    assert caller.open(path, "POST", data={"field": "photo"}).status_code == 422
    other = f"/api/v1/registers/damaged_building/records/{city.id('damaged_building', 'a1', 0)}/files/{told['id']}"
    assert caller.get(other).status_code == 404


# several at once -------------------------------------------------------------------------------------------------------


def test_a_batch_has_a_result_for_each_part(city, caller_of):
    caller, own, foreign = caller_of("school_a"), city.rows["hazard"]["a1"], city.id("hazard", "b1")
    operations = [
        {"action": "create", "values": city.new("hazard", "a1", measure="新的")},
        {"action": "update", "id": own[0], "version": 1, "values": {"measure": "改的"}},
        {"action": "update", "id": foreign, "version": 1, "values": {"measure": "外的"}},
        {"action": "update", "id": own[1], "version": 9, "values": {"measure": "旧的"}},
        {"action": "create", "values": {"level": "huge"}},
        {"action": "delete", "id": own[1], "version": 1},
    ]
    before = row_of("hazard", foreign)
    answer = caller.post(f"{HAZARDS}:batch", {"operations": operations})
    assert answer.status_code == 200, answer.json
    assert [result["status"] for result in answer.json["results"]] == [201, 200, 404, 409, 422, 204]
    assert row_of("hazard", foreign) == before and "松泉" not in answer.text
    assert {fault["field"] for fault in answer.json["results"][4]["problem"]["errors"]} >= {"level", "school"}
    assert caller.get(f"{HAZARDS}/{own[0]}").json["measure"] == "改的" and caller.get(f"{HAZARDS}/{own[1]}").status_code == 404


def test_all_or_nothing_is_nothing_when_one_part_fails(city, caller_of):
    caller, id, before = caller_of("school_a"), city.id("hazard", "a1"), everything()
    operations = [
        {"action": "update", "id": id, "version": 1, "values": {"measure": "改的"}},
        {"action": "update", "id": city.id("hazard", "b1"), "version": 1, "values": {"measure": "外的"}},
    ]
    answer = caller.post(f"{HAZARDS}:batch", {"operations": operations, "all_or_nothing": True})
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert [result["status"] for result in answer.json["results"]] == [424, 404] and everything() == before
    done = caller.post(f"{HAZARDS}:batch", {"operations": operations[:1], "all_or_nothing": True})
    assert [result["status"] for result in done.json["results"]] == [200]


@SQLITE
def test_a_batch_sent_again_is_answered_again(city, caller_of):
    caller, key = caller_of("school_a"), {"Idempotency-Key": "b-1"}
    body = {"operations": [{"action": "create", "values": city.new("hazard", "a1")}]}
    answers = [caller.post(f"{HAZARDS}:batch", body, headers=key).json for _ in range(2)]
    assert answers[0] == answers[1] and answers[0]["results"][0]["status"] == 201
    for wrong in (
        {}, {"operations": []}, {"operations": [1]}, {"operations": [{"action": "drop"}]}, {"operations": [{"action": "update"}]},
        {"operations": [{"action": "delete", "id": 2**70, "version": 1}]}, {"operations": [{}] * 201}, {"other": 1},
        {"operations": {}}, {"operations": [{"action": "create", "values": []}]}, {"operations": [], "all_or_nothing": "yes"},
    ):  # fmt: skip
        assert caller.post(f"{HAZARDS}:batch", wrong).status_code == 422, wrong


# saying it wrong -------------------------------------------------------------------------------------------------------


@SQLITE
def test_refusals_come_in_their_order(city, caller_of):
    """404 before 403 before 428 before 422 before the version."""
    foreign, own = f"{HAZARDS}/{city.id('hazard', 'b1')}", f"{HAZARDS}/{city.id('hazard', 'a1')}"
    school, leader = caller_of("school_a"), caller_of("leader")
    bad = {"no_such": 1}
    assert school.open(foreign, "PATCH", json=bad).status_code == 404
    assert school.open("/api/v1/registers/nothing/records/1", "PATCH", json=bad).status_code == 404
    assert leader.open(own, "PATCH", json=bad).status_code == 403
    assert school.open(own, "PATCH", json=bad).status_code == 428
    assert school.patch(own, bad, 99).status_code == 422
    assert school.patch(own, {"measure": "改"}, 99).status_code == 409
    assert school.open(own, "DELETE").status_code == 428
    for said in ("*", '"1", "2"', 'W/"1"', '"x"', "-1", '"' + "9" * 30 + '"', ""):
        assert school.open(own, "PATCH", json={"measure": "改"}, headers={"If-Match": said}).status_code == 422, said


BODIES = {
    "a list": "[]",
    "a word": '"x"',
    "nothing": "",
    "null": "null",
    "half": '{"measure": ',
    "not UTF-8": b'{"measure": "\xff"}',
    "twice": '{"measure": "a", "measure": "b"}',
    "NaN": '{"measure": NaN}',
    "Infinity": '{"measure": -Infinity}',
    "too deep": '{"measure": ' + "[" * 40 + "]" * 40 + "}",
    "far too deep": "[" * 100_000 + "]" * 100_000,
    "half a character": '{"measure": "\\ud800"}',
    "half a character as a name": '{"\\ud800": 1}',
    "a long number": '{"parent": ' + "9" * 5000 + "}",
    "unknown field": '{"no_such_field": 1}',
    "wrong type": '{"measure": 5}',
    "wrong type, list": '{"measure": ["a"]}',
    "wrong type, object": '{"measure": {"a": 1}}',
    "wrong type, flag": '{"school": true}',
    "control character": '{"measure": "\\u0000"}',
    "too long": json.dumps({"measure": "长" * 100_000}),
    "no such choice": '{"level": "huge"}',
    "read only": '{"state": "closed"}',
    "id": '{"id": 7}',
    "version": '{"version": 7}',
    "created_by": '{"created_by": 7}',
    "district_id": '{"district_id": 7}',
    "deleted_at": '{"deleted_at": null}',
    "out of range": '{"school": 99999999999999999999999}',
}


@SQLITE
@pytest.mark.parametrize("case", BODIES, ids=lambda case: case.replace(" ", "_"))
def test_a_wrong_body_is_a_problem_and_changes_nothing(city, caller_of, case):
    """X12: what a body may not say, by create and by change."""
    caller, before = caller_of("district_a"), everything()
    home = f"{HAZARDS}/{city.id('hazard', 'a1')}"
    for answer in (
        put(caller, HAZARDS, BODIES[case]),
        caller.open(home, "PATCH", data=BODIES[case], content_type="application/json", headers={"If-Match": '"1"'}),
    ):
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), answer.json
        assert all(set(fault) == {"field", "code", "message"} and fault["message"] for fault in answer.json["errors"])
    assert everything() == before


@SQLITE
def test_relations_out_of_scope_and_wrong_media_are_refused(city, caller_of):
    caller, before = caller_of("school_a"), everything()
    for values in (city.new("hazard", "b1"), city.new("hazard", "a1", building=city.id("damaged_building", "b1"))):
        answer = caller.post(HAZARDS, values)
        assert answer.status_code == 422 and "松泉" not in answer.text
    home = f"{HAZARDS}/{city.id('hazard', 'a1')}"
    assert caller.patch(home, {"school": city.school("b1")}, 1).status_code == 422
    assert caller.open(HAZARDS, "POST", data="x=1", content_type="application/x-www-form-urlencoded").status_code == 415
    assert caller.open(HAZARDS, "POST", data="x" * 3_000_000, content_type="application/json").status_code == 413
    assert caller.open(HAZARDS, "PUT", json={}).status_code == 405
    for path in (f"{HAZARDS}/0", f"{HAZARDS}/{2**63}", f"{HAZARDS}/abc", f"{HAZARDS}/1%00", "/api/v1/nothing", "/api/v2/me"):
        answer = caller.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), path
    for path in (home, f"{home}/history", f"{home}/files", "/api/v1/me", "/api/v1/registers", "/api/v1/registers/hazard"):
        assert caller.get(f"{path}?expand=school").status_code == 422, path
    assert caller.open("/api/v1/me", headers={"Host": "elsewhere.example"}).mimetype == "application/problem+json"
    assert everything() == before


@SQLITE
def test_masked_values_stay_masked_and_are_not_written_back(city, caller_of):
    """A18: what is read cut short and sent back so is left as it is."""
    path = "/api/v1/registers/four_party_link/records"
    id = city.id("four_party_link", "a1")
    stored = query.get("four_party_link", SYSTEM, id).values["phone"]
    caller = caller_of("school_a")
    shown = caller.get(f"{path}/{id}").json
    assert "****" in shown["phone"] and stored not in caller.get(f"{path}?fields=phone").text
    own = [name for name in shown if name in registry.get("four_party_link").by_name]
    sent = {name: shown[name] for name in own if not registry.get("four_party_link").field(name).readonly}
    answer = caller.patch(f"{path}/{id}", sent | {"contact_post": "值班室二"}, shown["version"])
    assert answer.status_code == 200, answer.json
    after = query.get("four_party_link", SYSTEM, id).values
    assert (after["phone"], after["contact_post"]) == (stored, "值班室二")


@SQLITE
def test_errors_speak_the_language_asked_for(caller_of):
    caller = caller_of("city_admin")
    answer = caller.get(f"{HAZARDS}?colour=red", headers={"Accept-Language": "en-GB,en;q=0.8"}).json
    assert answer["detail"].isascii() or "colour" in answer["detail"]
    assert (
        caller.get("/api/v1/registers/hazard", headers={"Accept-Language": "en"}).json["label"] == registry.get("hazard").label_en
    )
