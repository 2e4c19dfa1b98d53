"""Every refusal has one shape: a problem for programs, a page with a sentence and a reference number for people, nothing internal."""

import re

import pytest

from models import tables
from models.errors import NotFound
from services import query
from tests.actors import STRANGER
from tests.doors import DOORS, OF_REGISTERS

INSIDE = re.compile(
    r"Traceback|File \"|sqlite|apsw|peewee|psycopg|werkzeug|UNIQUE|constraint|r_[a-z]+_?[a-z]*\.|SELECT |/site-packages/|\.py\b",
    re.I,
)
HAN = re.compile(r"[\u4e00-\u9fff]{4,}")
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

# who, method, path, form, headers -> status, code of the problem's type
REFUSALS = {
    "no login": (STRANGER, "get", "/admin/r/hazard/", {}, 401, "401"),
    "no login, posting": (STRANGER, "post", "/admin/r/hazard/new", {}, 401, "401"),
    "no such page": ("city_admin", "get", "/admin/nothing", {}, 404, "404"),
    "no such register": ("city_admin", "get", "/admin/r/nothing/", {}, 404, "404"),
    "foreign register": ("auditor", "get", "/admin/r/hazard/", {}, 404, "404"),
    "foreign record": ("school_a", "get", "/admin/r/hazard/{foreign}/", {}, 404, "404"),
    "no right": ("leader", "get", "/admin/r/hazard/new", {}, 403, "403"),
    "no right, posting": ("leader", "post", "/admin/r/hazard/{own}/delete", {}, 403, "403"),
    "wrong method": ("city_admin", "get", "/logout", {}, 405, "405"),
    "unknown parameter": ("city_admin", "get", "/admin/r/hazard/?colour=red", {}, 422, "unknown_parameter"),
    "bad choice": ("city_admin", "get", "/admin/r/hazard/count?level=huge", {}, 422, "choice"),
    "bad cursor": ("city_admin", "get", "/admin/r/hazard/?cursor=x", {}, 422, "cursor"),
    "no purpose": (
        "city_admin",
        "post",
        "/admin/r/four_party_link/{link}/reveal",
        {"field": "phone", "purpose": ""},
        422,
        "required",
    ),
    "stale delete": ("city_admin", "post", "/admin/r/hazard/{own}/delete", {"_version": "99"}, 409, "409"),
    "wrong state": ("city_admin", "post", "/admin/r/hazard/{own}/move/close", {}, 409, "409"),
    "no file": ("city_admin", "post", "/admin/desk/files", {}, 422, "file"),
    "foreign file": ("city_admin", "get", "/admin/files/9000001", {}, 404, "404"),
    "nothing to undo": ("city_admin", "post", "/admin/desk/undo/9000001", {}, 404, "404"),
}
EACH = pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.replace(" ", "_"))


@pytest.fixture
def ask(city, client_of):
    """ask(case, **headers): the answer to a refused request."""
    rows = {"own": city.id("hazard", "a1"), "foreign": city.id("hazard", "b1"), "link": city.id("four_party_link", "a1")}

    def send(case, **headers):
        who, method, path, form, _, _ = REFUSALS[case]
        browser = client_of(who)
        options = {"data": form} if method == "post" else {}
        return getattr(browser, method)(path.format(**rows), headers=headers, **options)

    return send


@EACH
def test_programs_get_a_problem(ask, case):
    answer = ask(case, Accept="application/json")
    problem = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (REFUSALS[case][4], "application/problem+json")
    assert set(problem) - {"rule"} == {"type", "title", "status", "detail", "errors", "request_id"}
    assert problem["status"] == answer.status_code and problem["type"] == f"urn:taizhang:{REFUSALS[case][5]}"
    assert (
        HAN.search(problem["detail"])
        and problem["detail"].endswith("。")
        and problem["request_id"] == answer.headers["X-Request-Id"]
    )
    for error in problem["errors"]:
        assert set(error) == {"field", "code", "message"} and error["message"].endswith("。")
    assert not INSIDE.search(answer.text)
    if answer.status_code == 403:
        assert problem["rule"].startswith("no_grant:")


@EACH
def test_people_get_a_page_with_a_sentence_and_a_number(ask, case):
    answer = ask(case, Accept="text/html")
    if REFUSALS[case][0] == STRANGER and REFUSALS[case][1] == "get":
        assert answer.status_code == 302
        return
    assert (answer.status_code, answer.mimetype) == (REFUSALS[case][4], "text/html")
    text = re.sub(r"<script.*?</script>|<[^>]*>", " ", answer.text, flags=re.S)
    assert HAN.search(text) and not INSIDE.search(text)
    assert REFUSALS[case][0] == STRANGER or answer.headers["X-Request-Id"] in answer.text


def test_every_refused_door_has_the_shape(city, client_of):
    """Whatever the door: whoever may not pass gets the same problem."""
    browser = client_of("nobody")
    for door in DOORS:
        if door.rule.startswith("/admin/r/<"):
            for register in ("hazard", "inland_student"):
                path = door.rule.replace("<register>", register).replace("<int:id>", "1")
                path = re.sub(r"<(?:int:)?\w+>", "x", path)
                answer = getattr(browser, door.method.lower())(path, headers={"Accept": "application/json"})
                assert answer.status_code == 404 and answer.mimetype == "application/problem+json", path
    assert len(OF_REGISTERS) > 20


def test_a_refusal_says_the_same_of_absent_and_foreign(city, client_of):
    browser = client_of("school_a")
    for ending in ("", "edit", "history", "delete"):
        bodies = [
            browser.get(f"/admin/r/hazard/{id}/{ending}", headers={"Accept": "application/json"}).get_json()
            for id in (city.id("hazard", "b1"), city.trashed["hazard"]["b1"][0], 9_000_001)
        ]
        assert len({(body["status"], body["detail"], body["type"]) for body in bodies}) == 1
    assert bodies[0]["detail"] == str(NotFound())


def test_sentences_come_in_the_readers_language(client_of):
    browser = client_of("city_admin")
    browser.post("/language", data={"lang": "en"})
    for path in ("/admin/r/nothing/", "/admin/r/hazard/?colour=red", "/admin/r/hazard/?limit=0", "/admin/r/hazard/?cursor=x"):
        problem = browser.get(path, headers={"Accept": "application/json"}).get_json()
        assert not re.search(r"[\u4e00-\u9fff]", problem["detail"] + problem["title"]), problem["detail"]


def test_a_conflict_page_keeps_what_was_typed(city, client_of):
    """F10: yours and theirs side by side, nothing saved, nothing lost."""
    id = city.id("hazard", "a1")
    client_of("district_a").post(f"/admin/r/hazard/{id}/edit", data={"measure": "由县区整改", "_was-measure": "", "_version": "1"})
    answer = client_of("school_a").post(
        f"/admin/r/hazard/{id}/edit",
        data={"measure": "由学校整改", "_was-measure": "", "responsible": "李若禾", "_was-responsible": "", "_version": "1"},
    )
    assert answer.status_code == 409
    for words in ("由县区整改", "由学校整改", "李若禾"):
        assert words in answer.text
    model = tables.model("hazard")
    row = model.get_by_id(id)
    assert (row.f_measure, row.version) == ("由县区整改", 2)
    again = client_of("school_a").post(
        f"/admin/r/hazard/{id}/edit",
        data={
            "measure": "由学校整改",
            "_was-measure": "由县区整改",
            "responsible": "李若禾",
            "_was-responsible": "",
            "_version": "2",
        },
    )
    assert again.status_code == 303
    assert query.get("hazard", city.actor("school_a"), id).values["measure"] == "由学校整改"
