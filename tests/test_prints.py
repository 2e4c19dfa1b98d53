"""Paper: who may print what, for what purpose, what stands on it, and what the access log keeps."""

import pytest

from models import tables
from services import query
from services.actor import SYSTEM

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
LINKS, STUDENTS = "/admin/r/four_party_link/", "/admin/r/inland_student/"


def printed():
    log = tables.model("access_log")
    return [(row.f_username, row.f_register, row.f_record_id, row.f_detail) for row in log.select().where(log.f_action == "print")]


@pytest.fixture
def phone(city):
    """The phone of a contact of school a1, as its register keeps it."""
    id = city.id("four_party_link", "a1")
    return id, query.get("four_party_link", SYSTEM, id).values["phone"]


def test_an_open_register_is_printed_at_once_and_logged(city, client_of):
    browser = client_of("district_a")
    page = browser.post("/admin/r/hazard/print", data={"query": "level=major&fields=code,level"})
    assert page.status_code == 200 and "data-paper" in page.text and "隐患等级是" in page.text and "松泉" not in page.text
    ((who, register, id, detail),) = printed()
    assert (who, register, id) == ("district_a", "hazard", None) and "筛选：隐患等级是" in detail


@pytest.mark.parametrize("purpose", ["", "  ", "打印", "长" * 201])
def test_a_protected_register_is_not_printed_without_a_purpose(city, client_of, phone, purpose):
    browser = client_of("city_clerk")
    for path in (f"{LINKS}print", f"{LINKS}{phone[0]}/print"):
        answer = browser.post(path, data={"purpose": purpose})
        assert answer.status_code == 422 and "请写明打印用途" in answer.text
    assert printed() == []


def test_masked_fields_stay_masked_on_paper_unless_whole_was_asked(city, client_of, phone):
    browser, (id, number) = client_of("city_clerk"), phone
    for path in (f"{LINKS}print", f"{LINKS}{id}/print"):
        cut = browser.post(path, data={"purpose": "上报联络表"}).text
        assert number not in cut and "****" in cut and "上报联络表" in cut and 'class="leaf marked"' in cut
        assert number in browser.post(path, data={"purpose": "上报联络表", "whole": "1"}).text
    details = [detail for *_, detail in printed()]
    assert len(details) == 4 and all(detail.startswith("用途：上报联络表") for detail in details)
    assert ["完整内容" in detail for detail in details] == [False, True, False, True]


def test_whole_needs_the_right_to_export(city, client_of, phone):
    browser = client_of("school_a")
    assert browser.post(f"{LINKS}print", data={"purpose": "本校联络"}).status_code == 200
    answer = browser.post(f"{LINKS}print", data={"purpose": "本校联络", "whole": "1"})
    assert answer.status_code == 403 and phone[1] not in answer.text


def test_names_are_on_the_paper_of_their_own_school_alone(city, client_of):
    name = query.get("inland_student", SYSTEM, city.id("inland_student", "a1")).values["name"]
    own = client_of("school_a").post(f"{STUDENTS}print", data={"purpose": "本校点名", "query": "fields=code,name"})
    assert name in own.text
    above = client_of("city_clerk").post(f"{STUDENTS}print", data={"purpose": "查看情况"})
    assert above.status_code == 200 and name not in above.text


def test_through_anothers_eyes_nothing_protected_is_printed(city, client_of):
    browser = client_of("city_admin")
    browser.post("/admin/desk/view-as", data={"account": city.accounts["city_clerk"]})
    assert browser.post(f"{LINKS}print", data={"purpose": "上报联络表"}).status_code == 403


def test_pages_with_protected_contents_say_so_to_the_printer(city, client_of, phone):
    """Ordinary printing of these pages gives a notice: the script-free way round the purpose is closed by the style sheet."""
    browser = client_of("city_clerk")
    for path in (LINKS, f"{LINKS}{phone[0]}/", f"{LINKS}{phone[0]}/history"):
        page = browser.get(path).text
        assert '<body class="guarded">' in page and 'class="print-notice"' in page, path
    assert 'class="guarded"' not in browser.get("/admin/r/hazard/").text
    school = browser.get(f"/admin/r/school/{city.school('a1')}/tab/four_party_link/school").text
    assert "unprinted" in school and "print-notice" in school
