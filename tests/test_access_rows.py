"""Foreign rows by every road: written into, pointed at, undone, kept in views, files and drafts, and by sessions that outlived their rights."""

import io
import json

import pytest
from PIL import Image

from models import tables
from models.journal import Draft, SavedView
from services import attachments, query, records
from services.actor import SYSTEM
from tests.access import plain
from tests.actors import NAMES, STRANGER
from tests.city import TAGS
from tests.state import everything

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
            assert TAGS[unit] not in answer.text.replace(f"{TAGS[unit]}中学", ""), "the choice is told by its public name alone"
    answer = browser.post("/admin/r/hazard/new", data=form_of(city.new("hazard", "a1", building=city.id("damaged_building", "b1"))))
    assert answer.status_code == 422 and "松泉" not in answer.text
    assert everything() == before


def test_a_row_is_not_moved_to_a_foreign_unit(city, client_of):
    """A14."""
    browser, id, before = client_of("district_a"), city.id("school_headcount", "a1"), everything()
    for unit, code in (("ax", 422), ("b1", 422)):
        data = {"school": city.school(unit), "_was-school": city.school("a1"), "_version": "1"}
        assert browser.post(f"/admin/r/school_headcount/{id}/edit", data=data).status_code == code
    assert everything() == before


@pytest.mark.parametrize(
    "name", ["id", "version", "district_id", "school_id", "created_by", "deleted_at", "state", "grade", "f_state", "overdue"]
)
def test_fields_that_are_not_on_the_form_are_not_taken_from_it(city, client_of, name):
    """X12: mass assignment by the form. What the form does not offer is not read."""
    browser, id = client_of("school_a"), city.id("damaged_building", "a1", 1)
    model = tables.model("damaged_building")
    before = model.select().where(model.id == id).dicts().get()
    browser.post(f"/admin/r/damaged_building/{id}/edit", data={"_version": "1", name: "2"})
    assert model.select().where(model.id == id).dicts().get() == before
    browser.post("/admin/r/damaged_building/new", data=form_of(city.new("damaged_building", "a1")) | {name: "2"})
    last = model.select().order_by(model.id.desc()).dicts().get()
    assert (last["version"], last["school_id"], last["f_state"], last["f_grade"], last["deleted_at"]) == (
        1,
        city.school("a1"),
        "registered",
        None,
        None,
    )


def test_foreign_rows_among_the_chosen_refuse_the_whole_action(city, client_of):
    """A9."""
    browser, before = client_of("school_a"), everything()
    own = city.rows["hazard"]["a1"]
    for foreign in (city.id("hazard", "b1"), 9_000_001, "9" * 30, "x"):
        for step in ("edit", "preview", "apply", "delete"):
            data = {"step": step, "id": [*own, foreign], "field": "responsible", "v-responsible": "李若禾"}
            answer = browser.post("/admin/r/hazard/bulk", data=data)
            assert answer.status_code == 404 or step == "edit", (step, foreign)
            assert "松泉" not in answer.text
    assert everything() == before


def test_own_profile_and_rights_stay_as_they_are(city, client_of):
    """A19: role, unit and state of one's own account."""
    before = everything()
    for name in ("school_a", "district_a", "inspector_a"):
        browser, me = client_of(name), city.accounts[name]
        held = tables.model("membership").get(tables.model("membership").f_account == me).id
        for path, data in (
            (
                f"account/{me}/edit",
                {"_version": "1", "school": city.school("b1"), "district": city.district("b"), "active": "1", "name": "改"},
            ),
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


# history, undo, views, files, why ---------------------------------------------------------------------------------------


def test_undo_of_others_change_sets(city, client_of):
    """A21: own; a district its own rows; nobody what he does not see."""
    saved = records.update("hazard", city.actor("school_a"), city.id("hazard", "a1"), {"measure": "清理"}, version=1)
    before = everything()
    answers = {
        name: client_of(name).post(f"/admin/desk/undo/{saved.change_set}").status_code
        for name in NAMES
        if name not in ("school_a", "district_a", "city_admin", "city_clerk")
    }
    assert answers == {
        "leader": 403,
        "leader_a": 403,
        "inspector_a": 403,
        "district_b": 404,
        "school_b": 404,
        "auditor": 404,
        "nobody": 404,
    }
    assert everything() == before
    assert (
        client_of("district_a")
        .post(f"/admin/desk/undo/{saved.change_set}", data={"next": "//elsewhere.example/"})
        .headers["Location"]
        == "/admin/"
    )
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
        assert browser.get(f"/admin/files/{loose}").status_code == (
            200 if name == "school_b" else 302 if name == STRANGER else 404
        ), name
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
