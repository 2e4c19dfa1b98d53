"""Everybody at every door, on own rows and foreign ones: the answer is the policy's, and what was refused changed nothing.

Read with tests/doors.py, which lists the doors, and seeds/grants.py, which says who may what.
"""

import hashlib
import io
import json
import re
import zipfile

import pytest
from PIL import Image

from models import registry, tables
from models.errors import NotAllowed
from models.journal import Attachment, Draft, SavedView
from services import attachments, policy, query, records
from services.actor import SYSTEM
from tests.actors import NAMES, STRANGER
from tests.city import DISTRICTS
from tests.doors import ANYONE, DOORS, OF_REGISTERS, PERSON, RECORD, REGISTER, TRASHED

PASSES = {200, 302, 303, 409, 422, 428}
# On PostgreSQL the same code has passed on SQLite already: fewer registers, one of each kind.
FEWER = ("school", "hazard", "inland_student", "account", "change_set")
# What must not be read by whom, besides what the policy says row by row: texts begin with the tag of their unit.
FOREIGN = {
    "district_a": ("松泉",),
    "leader_a": ("松泉",),
    "inspector_a": ("松泉",),
    "school_a": ("松泉",),
    "district_b": ("青禾",),
    "school_b": ("青禾",),
    "nobody": ("松泉", "青禾一", "青禾二", "青禾直", "市局"),
    STRANGER: ("松泉", "青禾", "市局"),
}
UNKEPT = ("access_log", "change_set")
# Names of districts are public: every list of them shows all.
PUBLIC = tuple(name for _, name in DISTRICTS.values())


def everything(own=(SavedView, Draft, Attachment)):
    """A hash over what people keep: every register's rows, and their views, drafts and files."""
    found = hashlib.sha256()
    for model in [*(tables.model(name) for name in registry.names() if name not in UNKEPT), *own]:
        for row in model.select().order_by(model.id).dicts():
            found.update(json.dumps(row, default=str, sort_keys=True).encode())
    return found.hexdigest()


def text_of(answer):
    """All that an answer says, a workbook's sheets unpacked."""
    body = answer.get_data()
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    return body.decode("utf-8", "replace") + json.dumps(dict(answer.headers), ensure_ascii=False)


def expected(actor, door, register, id):
    """404 out of sight, 403 in sight without the right, else None: the door lets the actor in."""
    full = registry.get(register.name)
    try:
        policy.view(full, actor)
    except NotAllowed:
        return 404
    if door.kind in (RECORD, TRASHED) and not policy.covers(full, actor, "view", id, trash=door.kind == TRASHED):
        return 404
    action = door.action
    if action == "move":
        action = full.workflow.get(door.path(register, id).rpartition("/")[2]).action
    if door.kind == TRASHED:
        return None if policy.may(actor, "edit", full) and policy.covers(full, actor, "edit", id, trash=True) else 403
    if policy.may(actor, action, full, id if door.kind == RECORD else None):
        return None
    return 403


def rows_to_try(city, actor, register, trashed):
    """Up to three rows: one the actor sees, one he sees but may not change, one he does not see."""
    found = city.trashed if trashed else city.rows
    ids = [id for part in found.get(register.name, {}).values() for id in part] or [1]
    kinds = {}
    for id in ids:
        seen, own = (policy.covers(registry.get(register.name), actor, action, id, trash=trashed) for action in ("view", "edit"))
        kinds.setdefault((seen, own), id)
    return list(kinds.values())


def cases(city, actor, registers):
    """(door, register, row, expected answer) of every door of the registers."""
    for register in registers:
        for door in OF_REGISTERS:
            if door.there_is(register):
                ids = [None] if door.kind == REGISTER else rows_to_try(city, actor, register, door.kind == TRASHED)
                for id in ids:
                    yield door, register, id, expected(actor, door, register, id)


def told(door, register, id, answer):
    return f"{door.method} {door.path(register, id)} -> {answer.status_code}"


# the list of doors ------------------------------------------------------------------------------------------------------


def test_every_route_is_a_listed_door(app):
    routes = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}
    listed = {(door.method, door.rule) for door in DOORS}
    assert routes - listed == set(), "list the new route in tests/doors.py"
    assert listed - routes == set(), "these doors are gone"


# the matrix -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
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


def leaks(name, door, register, id, answer):
    """What an answer says of foreign units."""
    return [f"{told(door, register, id, answer)} names {tag}" for tag in foreign_tags(name, answer)]


def foreign_tags(name, answer):
    """The tags of units that are not this person's, in all that an answer says."""
    body = text_of(answer)
    for public in PUBLIC:
        body = body.replace(public, "")
    return [tag for tag in FOREIGN.get(name, ()) if tag in body]


def test_a_stranger_meets_the_login_at_every_door(city, client_of):
    browser, before = client_of(STRANGER), everything()
    for door in DOORS:
        register = registry.get("hazard") if door.kind != PERSON else None
        answer = door.send(browser, register, city.id("hazard", "a1"))
        if door.kind == ANYONE:
            assert answer.status_code in ({401} if door.rule == "/login" and door.writes else {200, 302, 303, 404}), told(door, register, 1, answer)
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


def plain(answer, word):
    """A page without what differs from request to request, and without a word."""
    page = re.sub(r'nonce="[^"]*"|reference="[^"]*"|[0-9a-f]{16}|[\w.-]{60,}', "", answer.text)
    return page.replace(word, "")


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
                    assert browser.get(path).status_code in {200, 302, 303, 400, 403, 404, 405, 409, 422}, path
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


# writing out of scope ---------------------------------------------------------------------------------------------------


def form_of(values):
    """Raw values as a form posts them."""
    return {name: value for name, value in values.items() if value is not None}


def test_a_posted_foreign_relation_is_a_fault_at_its_field(city, client_of):
    """A12: a school's clerk posts another school's number."""
    browser, before = client_of("school_a"), everything()
    for register in ("hazard", "damaged_building", "inland_class", "foreign_teacher"):
        for unit in ("b1", "a2", "ax"):
            answer = browser.post(f"/admin/r/{register}/new", data=form_of(city.new(register, "a1", school=city.school(unit))))
            assert answer.status_code == 422 and "不在您的数据范围内" in answer.text
            assert TAGS_OF[unit] not in answer.text.replace(f"{TAGS_OF[unit]}中学", ""), "the choice is told by its public name alone"
    answer = browser.post("/admin/r/hazard/new", data=form_of(city.new("hazard", "a1", building=city.id("damaged_building", "b1"))))
    assert answer.status_code == 422 and "松泉" not in answer.text
    assert everything() == before


TAGS_OF = {"a1": "青禾一", "a2": "青禾二", "ax": "青禾直", "b1": "松泉一", "b2": "松泉二"}


def test_a_row_is_not_moved_to_a_foreign_unit(city, client_of):
    """A14."""
    browser, id, before = client_of("district_a"), city.id("school_headcount", "a1"), everything()
    for unit, code in (("ax", 422), ("b1", 422)):
        data = {"school": city.school(unit), "_was-school": city.school("a1"), "_version": "1"}
        assert browser.post(f"/admin/r/school_headcount/{id}/edit", data=data).status_code == code
    assert everything() == before


@pytest.mark.parametrize("name", ["id", "version", "district_id", "school_id", "created_by", "deleted_at", "state", "grade", "f_state", "overdue"])
def test_fields_that_are_not_on_the_form_are_not_taken_from_it(city, client_of, name):
    """X12: mass assignment by the form. What the form does not offer is not read."""
    browser, id = client_of("school_a"), city.id("damaged_building", "a1", 1)
    model = tables.model("damaged_building")
    before = model.select().where(model.id == id).dicts().get()
    browser.post(f"/admin/r/damaged_building/{id}/edit", data={"_version": "1", name: "2"})
    assert model.select().where(model.id == id).dicts().get() == before
    browser.post("/admin/r/damaged_building/new", data=form_of(city.new("damaged_building", "a1")) | {name: "2"})
    last = model.select().order_by(model.id.desc()).dicts().get()
    assert (last["version"], last["school_id"], last["f_state"], last["f_grade"], last["deleted_at"]) == (1, city.school("a1"), "registered", None, None)


def test_foreign_rows_among_the_chosen_refuse_the_whole_action(city, client_of):
    """A9."""
    browser, before = client_of("school_a"), everything()
    own = city.rows["hazard"]["a1"]
    for foreign in (city.id("hazard", "b1"), 9_000_001, "9" * 30, "x"):
        for step in ("edit", "preview", "apply", "delete", "delete_now"):
            data = {"step": step, "id": [*own, foreign], "field": "responsible", "v-responsible": "李若禾"}
            answer = browser.post("/admin/r/hazard/bulk", data=data)
            assert answer.status_code == 404 or step in ("edit", "delete"), (step, foreign)
            assert "松泉" not in answer.text
    assert everything() == before


def test_own_profile_and_rights_stay_as_they_are(city, client_of):
    """A19: role, unit and state of one's own account."""
    before = everything()
    for name in ("school_a", "district_a", "inspector_a"):
        browser, me = client_of(name), city.accounts[name]
        held = tables.model("membership").get(tables.model("membership").f_account == me).id
        for path, data in (
            (f"account/{me}/edit", {"_version": "1", "school": city.school("b1"), "district": city.district("b"), "active": "1", "name": "改"}),
            (f"membership/{held}/edit", {"_version": "1", "role": "city_admin", "_was-role": "x"}),
            ("membership/new", {"account": me, "role": "city_admin", "from_date": "2021-01-01"}),
            ("role_grant/new", {"role": "school_reporter", "register": "hazard", "actions": "approve", "rows": "all"}),
            (f"membership/{held}/delete", {"_version": "1"}),
            (f"account/{me}/delete", {"_version": "1"}),
        ):
            assert browser.post(f"/admin/r/{path}", data=data).status_code in (403, 404, 422), (name, path)
    assert everything() == before


def test_passwords_and_sessions_of_others_are_out_of_reach(city, client_of):
    before = everything()
    for name in ("school_a", "district_a", "leader", "auditor", "inspector_a", "city_clerk", "nobody"):
        browser = client_of(name)
        for target in ("city_admin", "district_b", "school_b"):
            for door in ("password", "end-sessions"):
                answer = browser.post(f"/admin/desk/account/{city.accounts[target]}/{door}")
                assert answer.status_code in (403, 404), (name, target, door)
        assert browser.post("/admin/desk/view-as", data={"account": city.accounts["school_b"]}).status_code == 403
        assert browser.get("/admin/").status_code == 200
    assert everything() == before
    assert client_of("district_a").post(f"/admin/desk/account/{city.accounts['school_a']}/password").status_code == 200


# hidden fields ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    ["name=x", "name__contains=姓", "name__empty=true", "name__ne=x", "name__in=a,b", "sort=name", "sort=-name", "fields=code,name", "fields=name"],
)
def test_a_hidden_field_is_refused_by_name_at_every_list_door(client_of, asked):
    """A15–A18, X2: not ignored, and telling nothing."""
    browser = client_of("city_clerk")
    for ending in ("", "count", "facet/stay_status"):
        answer = browser.get(f"/admin/r/inland_student/{ending}?{asked}")
        assert answer.status_code == 422 and asked.partition("=")[0] in answer.text
        assert "姓名" not in answer.text.replace("不写", "")
    assert browser.get("/admin/r/inland_student/facet/name").status_code == 422
    assert browser.get("/admin/r/inland_student/lookup/name").status_code == 404


def test_an_unknown_parameter_is_a_page_that_names_it(client_of):
    browser = client_of("city_clerk")
    for asked in ("colour=red", "grade=E", "limit=0", "limit=null", "sort=colour", "cursor=x", "page=10", "school=abc", "due_on=2021-02-30"):
        answer = browser.get(f"/admin/r/damaged_building/?{asked}")
        assert answer.status_code == 422 and asked.partition("=")[0] in answer.text, asked


INJECTIONS = ["'", "\"", "1 OR 1=1", "1;DROP TABLE r_school", "1' UNION SELECT 1--", "%27", "\\", "${7*7}", "{{7*7}}", "../../etc/passwd", "\x00", "<script>alert(1)</script>"]


def test_no_parameter_reaches_the_database_as_sql(city, client_of):
    """X4: every parameter × a dozen payloads; no error of ours, no SQL words in the page."""
    browser, before = client_of("city_clerk"), everything()
    for name in ("q", "sort", "limit", "cursor", "fields", "school", "grade", "grade__in", "area_m2__gte", "name__contains", "due_on", "x y", "id"):
        for value in INJECTIONS:
            answer = browser.get("/admin/r/damaged_building/", query_string={name: value})
            assert answer.status_code in (200, 422), (name, value)
            assert not re.search(r"syntax error|near \"|r_damaged|Traceback|peewee|psycopg|apsw", answer.text), (name, value)
            assert "<script>alert" not in answer.text
    assert everything() == before


# lists, pickers, exports ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_pickers_offer_only_what_the_person_sees(city, client_of, name):
    """A10, A11: every relation of every register."""
    actor, browser = city.actor(name), client_of(name)
    for register in policy.registers(actor):
        for field in register.live:
            if hasattr(field, "to"):
                mine = {record.id for record in _all(field.to, actor)}
                for asked in ("", "?q=中学", "?q=1", f"?where_district={city.district('b')}", "?where_x=1"):
                    found = browser.get(f"/admin/r/{register.name}/lookup/{field.name}{asked}").json["items"]
                    assert {item["id"] for item in found} <= mine


def _all(register, actor):
    try:
        return query.stream(query.parse(register, actor))
    except NotAllowed:
        return ()


@pytest.mark.parametrize("name", ["city_clerk", "district_a", "district_b", "leader_a", "leader"])
def test_exports_hold_own_rows_and_columns_only(city, client_of, name):
    """A2, A3: the bytes of both formats."""
    actor, browser = city.actor(name), client_of(name)
    for register in policy.registers(actor):
        if not policy.may(actor, "export", register):
            continue
        for kind in ("csv", "xlsx"):
            answer = browser.get(f"/admin/r/{register.name}/export?format={kind}")
            assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
            assert not foreign_tags(name, answer), (register.name, kind)
        lines = browser.get(f"/admin/r/{register.name}/export?format=csv").text.count("\r\n")
        assert lines == 1 + query.count(query.parse(register.name, actor, action="export")).value


def test_an_export_of_chosen_rows_takes_no_foreign_ones(city, client_of):
    browser = client_of("district_a")
    answer = browser.get(f"/admin/r/hazard/export?format=csv&_ids={city.id('hazard', 'a1')}&_ids={city.id('hazard', 'b1')}")
    assert "松泉" not in answer.text and answer.text.count("\r\n") <= 2
    assert browser.get("/admin/r/hazard/export?format=csv&_ids=x").status_code == 404


def test_every_export_and_refusal_is_written_down(city, client_of):
    client_of("district_a").get("/admin/r/hazard/export?format=csv&level=minor&_purpose=上报汇总")
    client_of("school_a").get("/admin/r/hazard/export?format=csv")
    model = tables.model("access_log")
    logged = {(row.f_username, row.f_action): row.f_detail for row in model.select().where(model.f_action.in_(["export", "denied"]))}
    assert "上报汇总" in logged[("district_a", "export")] and "隐患等级" in logged[("district_a", "export")]
    assert "no_grant:hazard:export" in logged[("school_a", "denied")]


# history, undo, views, files, why ---------------------------------------------------------------------------------------


def test_undo_of_others_change_sets(city, client_of):
    """A21: own; a district its own rows; nobody what he does not see."""
    saved = records.update("hazard", city.actor("school_a"), city.id("hazard", "a1"), {"measure": "清理"}, version=1)
    before = everything()
    answers = {name: client_of(name).post(f"/admin/desk/undo/{saved.change_set}").status_code for name in NAMES if name not in ("school_a", "district_a", "city_admin", "city_clerk")}
    assert answers == {"leader": 403, "leader_a": 403, "inspector_a": 403, "district_b": 404, "school_b": 404, "auditor": 404, "nobody": 404}
    assert everything() == before
    assert client_of("district_a").post(f"/admin/desk/undo/{saved.change_set}", data={"next": "//elsewhere.example/"}).headers["Location"] == "/admin/"
    assert query.get("hazard", SYSTEM, city.id("hazard", "a1")).values["measure"] is None


def test_an_undo_names_nothing_of_another_unit(city, client_of):
    clerk = city.actor("city_clerk")
    done = records.apply_bulk("hazard", clerk, [city.id("hazard", "a1"), city.id("hazard", "b1")], {"measure": "统一整改"})
    page = client_of("district_a")
    page.post(f"/admin/desk/undo/{done.change_set}")
    assert "松泉" not in page.get("/admin/").text


def test_saved_views_are_their_owners(city, client_of):
    client_of("school_a").post("/admin/r/hazard/views", data={"name": "我的隐患", "query": "level=major"})
    view = SavedView.get()
    for name in ("school_b", "district_a", "city_admin"):
        browser = client_of(name)
        assert "我的隐患" not in browser.get("/admin/r/hazard/").text
        assert browser.post(f"/admin/r/hazard/views/{view.id}/delete").status_code == 404
    assert SavedView.get().id == view.id
    assert client_of("school_a").post(f"/admin/r/hazard/views/{view.id}/delete").status_code == 303
    assert SavedView.select().count() == 0


def test_a_shared_view_shows_everyone_his_own_rows(city, client_of):
    client_of("school_b").post("/admin/r/hazard/views", data={"name": "重点", "query": "level=minor", "shared": "1"})
    answer = client_of("school_a").get("/admin/r/hazard/")
    assert "重点" in answer.text and "松泉" not in answer.text


@pytest.fixture
def picture():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, "PNG")
    return out.getvalue()


def test_files_follow_their_record(city, client_of, picture):
    """A13: guessed numbers, other schools, no login."""
    reporter = city.actor("school_b")
    loose = attachments.store(reporter, "现场.png", picture)
    kept = attachments.store(reporter, "围墙.png", picture)
    building = city.id("damaged_building", "b1", 1)
    records.update("damaged_building", reporter, building, {"photo": [kept]}, version=1)
    sees = {"school_b", "district_b", "city_admin", "city_clerk", "leader"}
    for name in (*NAMES, STRANGER):
        browser = client_of(name)
        for ending in ("", "?thumb=1"):
            wanted = 200 if name in sees else 302 if name == STRANGER else 404
            assert browser.get(f"/admin/files/{kept}{ending}").status_code == wanted, name
        assert browser.get(f"/admin/files/{loose}").status_code == (200 if name == "school_b" else 302 if name == STRANGER else 404), name
    answer = client_of("school_b").get(f"/admin/files/{kept}")
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and "filename" in answer.headers["Content-Disposition"]


def test_nobody_takes_another_persons_upload_into_his_record(city, client_of, picture):
    loose = attachments.store(city.actor("school_b"), "现场.png", picture)
    building, before = city.id("damaged_building", "a1", 1), everything()
    answer = client_of("school_a").post(f"/admin/r/damaged_building/{building}/edit", data={"_version": "1", "photo": [str(loose)]})
    assert answer.status_code == 422 and everything() == before


def test_why_tells_about_oneself_and_not_whether_a_record_is_there(city, client_of):
    browser = client_of("school_a")
    pages = []
    for id in (city.id("hazard", "b1"), 987_654_321):
        page = plain(browser.get(f"/admin/desk/why?register=hazard&action=edit&id={id}"), f'value="{id}"')
        pages.append(page.replace(f"id={id}", ""))
    assert pages[0] == pages[1]
    assert browser.get(f"/admin/desk/why?register=hazard&account={city.accounts['school_b']}").status_code == 404
    assert browser.get("/admin/desk/why?register=nothing").status_code == 422
    assert client_of("district_a").get(f"/admin/desk/why?register=hazard&account={city.accounts['school_a']}").status_code == 200
    assert client_of("district_a").get(f"/admin/desk/why?register=hazard&account={city.accounts['school_b']}").status_code == 404


def test_drafts_are_their_owners(city, client_of):
    path = "/admin/r/hazard/new"
    client_of("school_b").post("/admin/desk/draft", data={"path": path, "payload": json.dumps([["description", "松泉草稿"]])})
    assert Draft.select().count() == 1
    for name in ("school_a", "city_admin"):
        assert "松泉草稿" not in client_of(name).get(path).text + client_of(name).get(f"{path}?_draft=1").text
    assert "松泉草稿" in client_of("school_b").get(f"{path}?_draft=1").text


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
        assert browser.post(f"/admin/desk/{path}", data={"path": "/admin/r/hazard/new", "payload": "[]"}).status_code in (403, 404, 422), path
    assert everything() == before
    assert browser.post("/admin/desk/view-as/stop").status_code == 303 and "松泉" in browser.get("/admin/r/hazard/").text


def test_who_looks_through_whose_eyes_is_written_down(city, client_of):
    browser = client_of("city_admin")
    browser.post("/admin/desk/view-as", data={"account": city.accounts["school_a"]})
    browser.get("/admin/r/hazard/export?format=csv")
    model = tables.model("access_log")
    logged = [(row.f_username, row.f_action, row.f_on_behalf) for row in model.select().where(model.f_action.in_(["view_as", "denied"]))]
    assert ("city_admin", "view_as", None) in logged and ("city_admin", "denied", "school_a") in logged


# an account that ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["disabled", "deleted", "role ended", "role gone"])
def test_a_live_session_ends_with_the_rights(city, client_of, change):
    """A27: at the next request."""
    browser = client_of("district_a")
    assert browser.get("/admin/r/hazard/").status_code == 200
    account, membership = tables.model("account"), tables.model("membership")
    mine = membership.f_account == city.accounts["district_a"]
    if change == "disabled":
        records.update("account", city.actor("city_admin"), city.accounts["district_a"], {"active": "0"}, version=1)
    elif change == "deleted":
        account.update(deleted_at=account.created_at).where(account.id == city.accounts["district_a"]).execute()
    elif change == "role ended":
        records.update("membership", city.actor("city_admin"), membership.get(mine).id, {"role": "leader"}, version=1)
    else:
        membership.update(deleted_at=membership.created_at).where(mine).execute()
    answer = browser.get("/admin/r/hazard/")
    assert answer.status_code == (404 if change == "role gone" else 302)
