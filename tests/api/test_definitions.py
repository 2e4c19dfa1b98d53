"""Registers by program: proposed from a file, drafted, checked, published, changed; who may not build learns nothing."""

import io

import pytest

from models import registry
from tests.actors import NAMES
from tests.state import everything

REGISTERS = "/api/v1/registers"
NIGHT = {
    "name": "night_check",
    "label": "夜间排查",
    "scope": "school",
    "fields": [
        {"type": "relation", "name": "school", "label": "学校", "to": "school", "required": True, "indexed": True},
        {"type": "decimal", "name": "depth_cm", "label": "水深", "unit": "厘米", "places": 1, "min": "0"},
    ],
    "grants": [
        {"role": "city_admin", "actions": ["view", "edit"], "rows": "all"},
        {"role": "school_reporter", "actions": ["view", "edit"], "rows": "school"},
    ],
}
SHEET = "学校,水深（厘米）,情况\n" + "".join(f"青禾一中学,{n}.5,{'有水' if n % 2 else '无水'}\n" for n in range(60))


def drafted(caller, wish=NIGHT):
    answer = caller.post(REGISTERS, wish)
    assert answer.status_code == 201, answer.json
    return answer


def published(caller):
    drafted(caller)
    answer = caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"0"'})
    assert answer.status_code == 200, answer.json
    return answer


def test_a_register_is_made_by_program_and_filled_by_a_school(city, caller_of):
    caller = caller_of("city_admin")
    draft = drafted(caller)
    assert draft.headers["Location"] == f"{REGISTERS}/night_check" and draft.headers["ETag"] == '"1"'
    assert draft.json["problems"] == [] and draft.json["version"] == 0 and "night_check" not in registry.latest()
    done = caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"0"'})
    assert (done.status_code, done.json["version"]) == (200, 1)
    school = caller_of("school_a")
    made = school.post(f"{REGISTERS}/night_check/records", {"school": {"id": city.school("a1")}, "depth_cm": "3.5"})
    assert made.status_code == 201, made.json
    assert caller_of("school_b").get(f"{REGISTERS}/night_check/records").json["records"] == []


def test_a_draft_is_changed_checked_and_its_difference_told(city, caller_of):
    caller = caller_of("city_admin")
    published(caller)
    fields = registry.latest().get("night_check").to_dict()["fields"]
    path = f"{REGISTERS}/night_check"
    renamed = [fields[0], fields[1] | {"label": "积水深度"}]
    checked = caller.post(f"{path}:check", {"fields": renamed})
    assert checked.status_code == 200 and any("积水深度" in line for line in checked.json["changes"])
    assert checked.json["draft_version"] == 0 or checked.json["register"]["fields"][1]["label"] == "水深"
    version = checked.json["draft_version"]
    changed = caller.patch(path, {"fields": renamed}, version)
    assert changed.status_code == 200 and changed.headers["ETag"] == f'"{version + 1}"'
    stale = caller.patch(path, {"label": "别的名字"}, version)
    assert stale.status_code == 409 and stale.mimetype == "application/problem+json" and stale.headers["ETag"] == f'"{version + 1}"'
    late = caller.open(f"{path}:publish", "POST", json={}, headers={"If-Match": '"0"'})
    assert late.status_code == 409 and late.json["version"] == 1
    assert caller.open(f"{path}:publish", "POST", json={}, headers={"If-Match": '"1"'}).json["version"] == 2
    assert registry.latest().get("night_check").field("depth_cm").label == "积水深度"


def test_a_file_is_a_proposal_that_can_be_drafted(city, caller_of):
    caller = caller_of("city_admin")
    before = everything()
    answer = caller.open(
        f"{REGISTERS}:infer",
        "POST",
        data={"file": (io.BytesIO(SHEET.encode()), "地下室.csv"), "label": "地下室排查"},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200, answer.json
    assert everything() == before
    assert {part["field"] for part in answer.json["reasons"]} >= {"school"} and answer.json["rows"] == 60
    assert drafted(caller, answer.json["register"]).json["problems"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fields": [*NIGHT["fields"], {"type": "text", "name": "depth_cm", "label": "又一个"}]}, "R008"),
        ({"fields": [*NIGHT["fields"], {"type": "text", "name": "by", "label": "按"}]}, "R007"),
        ({"fields": [*NIGHT["fields"], {"type": "text", "name": 'x"; DROP TABLE school; --', "label": "引号"}]}, "R006"),
        ({"fields": [*NIGHT["fields"], {"type": "text", "name": "x😀", "label": "表情"}]}, "R006"),
        ({"fields": [{"type": "text", "label": f"第{n}"} for n in range(500)]}, "R004"),
        ({"fields": [{"type": "relation", "name": "own", "label": "自己", "to": "night_check", "required": True}], "scope": ""}, "R053"),
        ({"scope": "depth_cm"}, "R027"),
        ({"fields": [*NIGHT["fields"], {"type": "text", "label": "民族"}]}, "R013"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_stable_id_and_nothing_is_published(city, caller_of, change, code):
    caller = caller_of("city_admin")
    answer = caller.post(REGISTERS, NIGHT | change)
    assert answer.status_code == 201, answer.json
    assert code in {problem["id"] for problem in answer.json["problems"]}, answer.json["problems"]
    done = caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"0"'})
    assert done.status_code == 422 and code in {error["code"] for error in done.json["errors"]}
    assert "night_check" not in registry.latest()


def test_words_of_sql_are_names_like_others(city, caller_of):
    caller = caller_of("city_admin")
    words = [{"type": "text", "name": name, "label": name} for name in ("select", "table", "order", "group", "where")]
    drafted(caller, NIGHT | {"fields": [*NIGHT["fields"], *words]})
    done = caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"0"'})
    assert done.status_code == 200, done.json
    row = {"school": {"id": city.school("a1")}} | {word["name"]: "值" for word in words}
    made = caller_of("school_a").post(f"{REGISTERS}/night_check/records", row)
    assert made.status_code == 201 and made.json["order"] == "值"
    assert caller.get(f"{REGISTERS}/night_check/records?select__contains=值&sort=-id").json["records"] == [made.json]


def test_names_that_are_taken_and_bodies_that_are_none_are_refused(city, caller_of):
    caller, before = caller_of("city_admin"), everything()
    assert caller.post(REGISTERS, NIGHT | {"name": "hazard"}).status_code == 422
    for body in ("[]", "1", "{", '{"fields": NaN}', '{"fields": 5}', '{"colour": 1}'):
        assert caller.open(REGISTERS, "POST", data=body, content_type="application/json").status_code == 422, body
    assert caller.open(f"{REGISTERS}/hazard", "PATCH", json={}).status_code == 428
    assert caller.post(f"{REGISTERS}/nowhere:check", {}).status_code == 404
    assert caller.open(f"{REGISTERS}:infer", "POST", data="x", content_type="text/plain").status_code == 415
    assert everything() == before


def test_who_may_not_build_and_who_has_half_a_token_change_nothing(city, caller_of):
    before = everything()
    callers = [caller_of(name) for name in NAMES if name != "city_admin"]
    callers += [caller_of("city_admin", actions=("view", "edit")), caller_of("city_admin", registers=("hazard",))]
    for caller in callers:
        answers = [
            caller.post(REGISTERS, NIGHT),
            caller.patch(f"{REGISTERS}/hazard", {"label": "改"}, 0),
            caller.post(f"{REGISTERS}/hazard:check", {}),
            caller.open(f"{REGISTERS}/hazard:publish", "POST", json={}, headers={"If-Match": '"0"'}),
            caller.open(f"{REGISTERS}:infer", "POST", data={}, content_type="multipart/form-data"),
        ]
        assert {answer.status_code for answer in answers} == {403}, [answer.json for answer in answers]
        assert not [
            path for path in caller.get("/api/v1/openapi.json").json["paths"] if "{register}" in path or path.endswith(":infer")
        ]
    assert everything() == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_templates_in_labels_and_values_are_printed_as_typed(city, caller_of, client_of):
    """X16: nothing a person types is evaluated, on pages, in files, in what is printed."""
    caller, said = caller_of("city_admin"), "{{977*983}}{% if 1 %}${977*983}<%= 977*983 %>{% endif %}"
    fields = [*NIGHT["fields"], {"type": "text", "name": "note", "label": said, "help": said, "max_length": 200}]
    drafted(caller, NIGHT | {"label": said, "help": said, "fields": fields, "title": ["note"]})
    done = caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"0"'})
    assert done.status_code == 200, done.json
    made = caller.post(f"{REGISTERS}/night_check/records", {"school": {"id": city.school("a1")}, "note": said})
    assert made.json["note"] == said
    browser, home = client_of("city_admin"), "/admin/r/night_check"
    pages = [f"{home}/", f"{home}/new", f"{home}/summary", f"{home}/{made.json['id']}/", f"{home}/{made.json['id']}/edit"]
    pages += [f"{home}/{made.json['id']}/history", f"{home}/{made.json['id']}/print", "/admin/build/night_check/", "/admin/build/"]
    for path in pages:
        answer = browser.get(path)
        assert answer.status_code in (200, 405), path
        assert str(977 * 983) not in answer.text, path
        assert answer.status_code == 405 or "{{977*983}}" in answer.text, path


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_field_made_again_under_an_old_name_has_neither_its_values_nor_its_place(city, caller_of):
    """A25: the new field is another one: its own column, no values, no rights of the old."""
    caller = caller_of("city_admin")
    secret = {"type": "text", "name": "keeper", "label": "值守人", "sensitivity": "named", "max_length": 40}
    drafted(caller, NIGHT | {"fields": [*NIGHT["fields"], secret], "grain": "person"})
    headers = {"If-Match": '"0"'}
    assert caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers=headers).status_code == 200
    old = registry.latest().get("night_check").field("keeper").id
    register = registry.latest().get("night_check")
    assert register.field("keeper").sensitivity == "named"
    kept = [field for field in register.to_dict()["fields"] if field["name"] != "keeper"]
    draft = caller.post(f"{REGISTERS}/night_check:check", {}).json["draft_version"]
    caller.patch(f"{REGISTERS}/night_check", {"fields": kept}, draft)
    assert caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"1"'}).status_code == 200
    again = {"type": "text", "name": "keeper", "label": "值守人", "max_length": 40}
    draft = caller.post(f"{REGISTERS}/night_check:check", {}).json["draft_version"]
    caller.patch(f"{REGISTERS}/night_check", {"fields": [*kept, again]}, draft)
    done = caller.open(f"{REGISTERS}/night_check:publish", "POST", json={}, headers={"If-Match": '"2"'})
    assert done.status_code == 200, done.json
    fields = registry.latest().get("night_check")
    assert fields.field("keeper").id != old and fields.field("keeper").sensitivity != "named"
    assert next(field for field in fields.fields if field.id == old).retired
