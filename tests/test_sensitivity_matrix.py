"""Canaries: one in every named and masked field. They are in no byte of any page, file or log for whom they are not."""

import io
import logging
import zipfile

import pytest

from app import log as logs
from models import registry, tables
from models.journal import Draft
from services import policy, query, records
from services.actor import SYSTEM
from tests.actors import NAMES
from tests.doors import OF_REGISTERS, RECORD, REGISTER
from tests.made import ALL

SENSITIVE = [(register.name, field) for register in ALL for field in register.live if field.sensitivity != "open"]
NAMED = [(name, field) for name, field in SENSITIVE if field.sensitivity == "named"]
MASKED = [(name, field) for name, field in SENSITIVE if field.sensitivity == "masked"]
KINDS = ("csv", "xlsx")
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def canary(field, number):
    """A value no page would hold by chance."""
    return f"139{7_310_000 + number:08d}"[:11] if field.type == "phone" else f"鹮{number}鸻"


@pytest.fixture
def planted(city):
    """{canary: (register, row, field, unit)} in every sensitive field of every row, changed once so that history has them too."""
    found = {}
    for register_name, field in SENSITIVE:
        for unit, ids in city.rows[register_name].items():
            for id in ids:
                for _ in range(2):
                    word = canary(field, len(found) + 1)
                    version = tables.model(register_name).get_by_id(id).version
                    records.update(register_name, SYSTEM, id, {field.name: word}, version=version, confirmed="试")
                    found[word] = (register_name, id, field, unit)
    return found


@pytest.fixture
def server_log():
    """What the server writes, line by line, as it writes it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield out
    root.removeHandler(handler)
    root.setLevel(level)


def said(answer):
    body = answer.get_data()
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    return body.decode("utf-8", "replace")


def everywhere(browser, city, registers):
    """(what was asked, what was answered) of every page, file and picker about these registers."""
    for register in registers:
        base, units = f"/admin/r/{register.name}", city.rows.get(register.name, {})
        some = [units[unit][0] for unit in ("a1", "b1") if unit in units] or [ids[0] for ids in units.values()][:2]
        for door in OF_REGISTERS:
            if door.kind in (REGISTER, RECORD) and door.there_is(register):
                for id in some if door.kind == RECORD else [None]:
                    yield f"{door.method} {door.path(register, id)}", said(door.send(browser, register, id))
        every = ",".join(field.name for field in register.live)
        ids = [id for part in units.values() for id in part]
        asked = [f"{base}/?fields={every}&limit=200", *(f"{base}/export?format={kind}&fields={every}" for kind in KINDS)]
        asked += [f"{base}/lookup/{field.name}" for field in register.live if hasattr(field, "to")]
        asked += [f"{base}/?q={word}" for word in ("姓名", "1397310", "鹮")]
        for path in asked:
            yield path, said(browser.get(path))
        for step in ("edit", "preview", "delete"):
            yield f"bulk {step} {base}", said(browser.post(f"{base}/bulk", data={"step": step, "id": ids}))
    for path in ("/admin/", "/admin/desk/why?register=inland_student"):
        yield path, said(browser.get(path))


def found_in(text, words):
    return sorted({word for word in words if word in text})


# names ------------------------------------------------------------------------------------------------------------------


def test_there_are_fields_to_watch(engine):
    assert ("inland_student", "name") in [(name, field.name) for name, field in NAMED]
    assert {name for name, _ in MASKED} >= {"team_member", "four_party_link"}


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_nobody_but_their_own_school(city, client_of, planted, server_log, name):
    browser = client_of(name)
    own = {"school_a": "a1", "school_b": "b1"}.get(name)
    foreign = [word for word, (_, _, field, unit) in planted.items() if field.sensitivity == "named" and unit != own]
    about = [
        registry.get(register)
        for register in ("inland_student", "inland_class", "inland_daily", "school", "change_set", "access_log")
    ]
    leaks = []
    for asked, text in everywhere(browser, city, about):
        leaks += [f"{asked}: {word}" for word in found_in(text, foreign)]
    assert leaks == []
    assert found_in(server_log.getvalue(), planted) == []
    if own:
        assert [word for word in planted if word in said(browser.get("/admin/r/inland_student/"))]


def test_names_are_in_no_file_even_for_their_own_school(city, client_of, planted):
    """DESIGN §9: names are not exported."""
    model = tables.model("role_grant")
    model.update(f_actions=("view", "edit", "export")).where(
        (model.f_role == "school_reporter") & (model.f_register == "inland_student")
    ).execute()
    browser = client_of("school_a")
    for kind in KINDS:
        answer = browser.get(f"/admin/r/inland_student/export?format={kind}&_purpose=上报汇总")
        assert answer.status_code == 200 and found_in(said(answer), planted) == []


def test_a_name_is_not_learned_letter_by_letter(city, client_of, planted):
    """X2: every question about it is refused with the same words."""
    browser = client_of("city_clerk")
    answers = set()
    for word in [word for word, (name, *_) in planted.items() if name == "inland_student"][:5] + ["不在其中"]:
        for asked in (f"name={word}", f"name__contains={word[:1]}", f"name__in={word}"):
            answer = browser.get(f"/admin/r/inland_student/count?{asked}")
            answers.add(answer.status_code)
        found = browser.get(f"/admin/r/inland_student/count?q={word}")
        assert found.json["value"] == 0
    assert answers == {422}


# masked fields ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_masked_values_are_shown_cut_short_to_everybody(city, client_of, planted, server_log, name):
    browser, actor = client_of(name), city.actor(name)
    masked = [word for word, (_, _, field, _) in planted.items() if field.sensitivity == "masked"]
    about = [
        register
        for register in policy.registers(actor)
        if register.name in {name for name, _ in MASKED} | {"inspection_team", "school"}
    ]
    leaks = []
    for asked, text in everywhere(browser, city, about):
        leaks += [f"{asked}: {word}" for word in found_in(text, masked)]
    assert leaks == [] and found_in(server_log.getvalue(), masked) == []


def test_masked_values_are_not_learned_digit_by_digit(city, client_of, planted):
    browser = client_of("city_clerk")
    for name, field in MASKED:
        for asked in (
            f"{field.name}=1397310",
            f"{field.name}__contains=1",
            f"{field.name}__in=1397310",
            f"sort={field.name}",
            f"sort=-{field.name}",
        ):
            assert browser.get(f"/admin/r/{name}/?{asked}").status_code == 422, asked
        word = next(word for word, (register, _, part, _) in planted.items() if register == name and part is field)
        assert browser.get(f"/admin/r/{name}/count?q={word}").json["value"] == 0


def test_a_purpose_reveals_and_is_written_down(city, client_of, planted):
    word, (name, id, field, _) = next(
        (word, place) for word, place in reversed(planted.items()) if place[0] == "four_party_link" and place[3] == "a1"
    )
    browser = client_of("school_a")
    assert browser.post(f"/admin/r/{name}/{id}/reveal", data={"field": field.name, "purpose": "短"}).status_code == 422
    answer = browser.post(f"/admin/r/{name}/{id}/reveal", data={"field": field.name, "purpose": "通知演练"})
    assert answer.json["value"] == query.get(name, SYSTEM, id).values[field.name] == word
    model = tables.model("access_log")
    row = model.select().where(model.f_action == "reveal").get()
    assert (row.f_username, row.f_register, row.f_record_id) == ("school_a", name, id) and "通知演练" in row.f_detail
    assert word not in row.f_detail
    foreign = city.id("four_party_link", "b1")
    assert browser.post(f"/admin/r/{name}/{foreign}/reveal", data={"field": field.name, "purpose": "通知演练"}).status_code == 404
    for other in ("name", "school", "nothing", ""):
        assert browser.post(f"/admin/r/{name}/{id}/reveal", data={"field": other, "purpose": "通知演练"}).status_code == 404


def test_an_export_shows_masked_values_for_a_purpose_only(city, client_of, planted):
    browser = client_of("city_clerk")
    phones = [word for word, (name, *_) in planted.items() if name == "four_party_link"]
    for kind in KINDS:
        assert found_in(said(browser.get(f"/admin/r/four_party_link/export?format={kind}")), phones) == []
        assert found_in(said(browser.get(f"/admin/r/four_party_link/export?format={kind}&_purpose=通讯录核对")), phones)


def test_a_masked_value_left_alone_on_the_form_stays(city, client_of, planted):
    """The form shows it cut short; saving something else must not save the stars."""
    id = city.id("four_party_link", "a1")
    before = query.get("four_party_link", SYSTEM, id)
    browser = client_of("school_a")
    shown = browser.get(f"/admin/r/four_party_link/{id}/edit").text
    assert before.values["phone"] not in shown and "****" in shown
    data = {"_version": str(before.version), "contact_post": "值班室二", "_was-contact_post": before.values["contact_post"]}
    cut = f"{before.values['phone'][:3]}****{before.values['phone'][-4:]}"
    data |= {"phone": cut, "_was-phone": cut}
    assert browser.post(f"/admin/r/four_party_link/{id}/edit", data=data).status_code == 303
    after = query.get("four_party_link", SYSTEM, id).values
    assert (after["contact_post"], after["phone"]) == ("值班室二", before.values["phone"])


# refusals and logs ------------------------------------------------------------------------------------------------------


def test_what_was_typed_is_not_in_the_logs(city, client_of, server_log):
    """Wrong values, searches, passwords and drafts: the log says that, not what."""
    browser, words = client_of("school_a"), []
    for at, (path, data) in enumerate(
        (
            ("/admin/r/inland_student/new", {"code": "x", "name": "鹮一", "stay_status": "鹮二", "inland_class": "鹮三"}),
            ("/admin/desk/draft", {"path": "/admin/r/inland_student/new", "payload": '[["name", "鹮四"]]'}),
            ("/login", {"username": "school_a", "password": "鹮五"}),
            ("/password", {"old": "鹮六", "new": "鹮七", "again": "鹮八"}),
            ("/admin/r/hazard/bulk", {"step": "preview", "id": "鹮九", "field": "鹮十"}),
        )
    ):
        browser.post(path, data=data)
        words.append(at)
    for asked in ("q=鹮甲", "level=鹮乙", "鹮丙=1", "cursor=鹮丁"):
        browser.get(f"/admin/r/hazard/?{asked}")
    assert "鹮" not in server_log.getvalue() and "鹮" not in ascii_of(server_log.getvalue())
    model = tables.model("access_log")
    assert not [row for row in model.select() if "鹮" in (row.f_detail or "") + (row.f_username or "")]
    assert Draft.select().count() >= 1 and words


def ascii_of(text):
    """Escaped characters in the log, read back."""
    return text.encode("ascii", "backslashreplace").decode("unicode_escape", "replace")


def test_a_bug_tells_the_page_nothing_and_the_log_not_the_values(city, client_of, server_log, monkeypatch):
    monkeypatch.setattr(query, "page", _broken)
    answer = client_of("school_a").get("/admin/r/inland_student/")
    assert answer.status_code == 500 and "鹮" not in said(answer) and "Traceback" not in said(answer)


def _broken(asked):
    raise RuntimeError("鹮 broken")
