"""Whatever a register declares works on the screens: list, form, record, history, bulk change, trash, export, in both languages."""

import re

import pytest

from models import tables
from services import policy, query
from services.actor import SYSTEM
from tests.city import SCHOOLS
from tests.made import ALL

EVERY = pytest.mark.parametrize("register", ALL, ids=lambda register: register.name)
WRITTEN = [register for register in ALL if not register.system]
EACH_WRITTEN = pytest.mark.parametrize("register", WRITTEN, ids=lambda register: register.name)
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
MOST_STATEMENTS = 15


def clerk_of(register):
    """Who keeps a register: what names people for their school alone is the school's, all else the administrator's."""
    return "school_a" if register.name in ("inland_student", "basement_water") else "city_admin"


def unit_of(city, register):
    """A unit that may hold a new row of the register."""
    return next((unit for unit in ("a1", "a", "") if unit in city.rows.get(register.name, {})), "")


def new_form(city, register):
    """The posted form of a valid new record."""
    unit = unit_of(city, register)
    more = {}
    if register.name == "school":
        unit, more = "a", {"district": city.district("a")}
    elif register.name == "inspection_team":
        more = {"district": city.district("a")}
    elif register.name == "team_assignment":
        more = {"school": city.school("b1"), "team": city.id("inspection_team", "b")}
    elif register.name == "four_party_link":
        more = {"school": city.add("school", "a", district=city.district("a"))}
    elif register.name == "membership":
        more = {"account": city.accounts["nobody"]}
    return city.new(register.name, unit, **more) | {"_key": f"key-{register.name}"}


def a_text(register):
    """A field of text that can be changed freely."""
    return next(
        (f.name for f in register.live if f.type in ("text", "long_text") and not f.readonly and f.name not in (*register.key, "responsible") and f.sensitivity == "open"),
        None,
    )  # fmt: skip


def page(answer, status=200):
    """The page's HTML, after what every page must be."""
    assert answer.status_code == status, (answer.status_code, re.sub(r"<[^>]*>|\s+", " ", answer.text)[-600:])
    assert answer.text.rstrip().endswith("</html>") and "<title>" in answer.text
    assert not re.search(r"\{\{|\{%|Undefined|&lt;models\.|Label\(|Sentence\(|<built-in|built-in method", answer.text)
    return answer.text


@SQLITE
@EACH_WRITTEN
def test_a_record_lives_its_whole_life_on_the_screens(city, client_of, register):
    browser, base = client_of(clerk_of(register)), f"/admin/r/{register.name}"
    html = page(browser.get(f"{base}/new"))
    for field in register.live:
        if not field.readonly:
            assert f'name="{field.name}"' in html, field.name
    saved = browser.post(f"{base}/new", data=new_form(city, register))
    assert saved.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", saved.text)[-900:]
    home = saved.headers["Location"]
    id = int(re.search(r"/(\d+)/$", home)[1])
    record = query.get(register.name, SYSTEM, id)
    assert record.title in page(browser.get(home))
    again = browser.post(f"{base}/new", data=new_form(city, register) | {"_key": "other"} if register.name == "hazard" else {})
    assert again.status_code in (303, 422)
    page(browser.get(f"{home}edit"))
    name = a_text(register)
    if name:
        was = register.field(name).render(record.values.get(name))
        answer = browser.post(f"{home}edit", data={name: "改过的字", f"_was-{name}": was, "_version": "1", "_confirmed": "核对过"})
        assert answer.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", answer.text)[-900:]
        assert "改过的字" in page(browser.get(home)) and "改过的字" in page(browser.get(f"{home}history"))
    page(browser.get(f"{home}delete"))
    answer = browser.post(f"{home}delete", data={"reason": "重复登记"})
    assert answer.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", answer.text)[-600:]
    assert browser.get(home).status_code == 404 and f"/{id}/" in page(browser.get(f"{base}/trash"))
    page(browser.get(f"{home}history"))
    assert browser.post(f"{home}restore").status_code == 303
    assert query.get(register.name, SYSTEM, id).title in page(browser.get(home))


@SQLITE
@EVERY
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_a_register_draws_in_both_languages(city, client_of, register, language):
    name = "auditor" if register.name == "access_log" else clerk_of(register)
    browser, base = client_of(name), f"/admin/r/{register.name}"
    browser.post("/language", data={"lang": language})
    html = page(browser.get(f"{base}/"))
    assert f'lang="{"zh-CN" if language == "zh" else "en"}' in html
    assert (register.label if language == "zh" else register.label_en) in html
    actor = city.actor(name)
    for record in query.page(query.parse(register.name, actor, [("limit", "2")])).records:
        html = page(browser.get(f"{base}/{record.id}/"))
        if language == "en":
            shown = {section.label_en for section in record.register.sections}
            assert all(label in html for label in shown)
    for field in query.filter_fields(policy.view(register, actor)):
        page(browser.get(f"{base}/?{field.name}__empty=true"), 422 if "empty" not in field.operators else 200)


@SQLITE
@EACH_WRITTEN
def test_a_wrong_form_comes_back_with_everything_typed(city, client_of, register):
    """Promise 2: 422, each fault at its field, nothing lost, nothing saved."""
    browser, base = client_of(clerk_of(register)), f"/admin/r/{register.name}"
    texts = [field for field in register.live if field.type in ("text", "long_text", "code") and not field.readonly]
    typed = {field.name: f"写过的{at}"[: field.max_length] for at, field in enumerate(texts)}
    broken = next(
        (field for field in register.live if field.type in ("date", "integer", "decimal", "money", "phone") and not field.readonly),
        None,
    )
    if broken:
        typed[broken.name] = "不是这个"
    else:
        typed.pop(next(field.name for field in texts if field.required))
    before = tables.model(register.name).select().count()
    html = page(browser.post(f"{base}/new", data=typed), 422)
    assert all(word in html for word in typed.values())
    if broken:
        assert f'id="error-{broken.name}"' in html
    assert tables.model(register.name).select().count() == before


@SQLITE
@EVERY
def test_lists_and_records_ask_few_statements(city, client_of, statements, register):
    """DESIGN §5: at most 15 whatever the number of rows, the person, the menu and the counts included."""
    browser = client_of("auditor" if register.name == "access_log" else clerk_of(register))
    ids = [id for part in city.rows.get(register.name, {}).values() for id in part][:1]
    for path in (f"/admin/r/{register.name}/", *(f"/admin/r/{register.name}/{id}/" for id in ids)):
        browser.get(path)
        statements.clear()
        assert browser.get(path).status_code == 200
        asked = [sql for sql in statements if sql.lstrip().upper().startswith(("SELECT", "WITH"))]
        assert len(asked) <= MOST_STATEMENTS, (path, len(asked), asked)


@EVERY
def test_the_list_answers_on_both_databases(city, client_of, register):
    browser = client_of("auditor" if register.name == "access_log" else clerk_of(register))
    ids = [id for part in city.rows.get(register.name, {}).values() for id in part][:1]
    for ending in (
        "",
        *(["?q=青禾"] if register.search else []),
        "count",
        *(f"{id}/" for id in ids),
        *(f"{id}/history" for id in ids),
    ):
        assert browser.get(f"/admin/r/{register.name}/{ending}").status_code == 200, ending


@SQLITE
def test_every_school_reporter_finds_the_own_school_and_no_other(city, client_of):
    for name, unit in (("school_a", "a1"), ("school_b", "b1")):
        html = page(client_of(name).get("/admin/r/school/"))
        assert [key for key in SCHOOLS if f">{city_tag(key)}中学<" in html] == [unit]


def city_tag(unit):
    return SCHOOLS[unit][2]


@SQLITE
@pytest.mark.parametrize(
    "path",
    ["new?school=²", "new?school=99999999999999999999", "new?school=" + "9" * 190, "new?school=-1", "new?kind=x", "new?due_on=%00"],
)
@pytest.mark.parametrize("register", ["hazard", "visit", "rebuild_project"])
def test_odd_values_in_the_address_of_a_form_do_no_harm(client_of, register, path):
    assert client_of("city_admin").get(f"/admin/r/{register}/{path}").status_code in (200, 422)


@SQLITE
@pytest.mark.parametrize("value", ["²", "9" * 20, "9" * 5000, "-1", "x", "１", "1e3"])
def test_odd_numbers_in_a_posted_form_do_no_harm(city, client_of, value):
    browser = client_of("city_admin")
    for register in ("hazard", "visit", "rebuild_project"):
        for name in ("school", "parent", "visit", "buildings", "team", "photo", "_version"):
            data = city.new(register, "a1") | {name: value}
            assert browser.post(f"/admin/r/{register}/new", data=data).status_code in (303, 422), (register, name)
            path = f"/admin/r/{register}/{city.id(register, 'a1')}/edit"
            assert browser.post(path, data={"_version": "1"} | {name: value}).status_code in (303, 409, 422), (register, name)
    for path, name in (
        ("hazard/bulk", "id"),
        ("hazard/1/delete", "_version"),
        ("hazard/1/revert", "change_set"),
        ("hazard/1/move/start", "_version"),
    ):
        assert browser.post(f"/admin/r/{path}", data={name: value, "step": "preview"}).status_code in (303, 404, 409, 422), path
    assert browser.post("/admin/desk/view-as", data={"account": value}).status_code in (303, 403, 404, 422)
    assert browser.post(
        "/admin/desk/draft", data={"path": "/admin/r/hazard/new", "payload": "[]", "version": value}
    ).status_code in (200, 422)


@SQLITE
def test_half_characters_in_a_draft_do_no_harm(client_of):
    """JSON may carry half of a character pair, which no database stores."""
    answer = client_of("city_admin").post(
        "/admin/desk/draft", data={"path": "/admin/r/hazard/new", "payload": '[["note", "\\ud800"]]'}
    )
    assert answer.status_code in (200, 422)
