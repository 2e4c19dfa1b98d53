"""访问令牌 on the screens: made, shown once, listed by its beginning, revoked."""

import re

import pytest

from models.tokens import ApiToken

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def inside(browser):
    browser.login("district_a")
    return browser


def test_a_token_is_made_shown_once_and_works_until_it_is_revoked(app, inside):
    form = {"name": "汇总程序", "days": "30", "actions": ["view"], "registers": ["hazard"], "addresses": "127.0.0.1, 10.0.0.0/8"}
    page = inside.post("/admin/tokens/new", form)
    secret = re.search(r'id="token">(tz_[\w-]+)<', page.text)[1]
    program = app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {secret}"}
    assert program.get("/api/v1/registers/hazard/records", headers=headers).status_code == 200
    assert program.get("/api/v1/registers/school/records", headers=headers).status_code == 404
    later = inside.get("/admin/tokens/").text
    assert secret not in later and secret[:9] in later and "汇总程序" in later and "127.0.0.1" in later
    assert inside.post(f"/admin/tokens/{ApiToken.get().id}/revoke").status_code == 303
    assert program.get("/api/v1/registers/hazard/records", headers=headers).status_code == 401
    assert "已作废" in inside.get("/admin/tokens/").text


def test_a_wrong_form_comes_back_with_everything_typed(inside):
    page = inside.post("/admin/tokens/new", {"name": "程序甲", "days": "9999", "addresses": "x", "actions": ["view"]})
    assert page.status_code == 422 and "程序甲" in page.text and "9999" in page.text
    assert 'id="error-days"' in page.text and 'id="error-addresses"' in page.text and ApiToken.select().count() == 0
    assert re.search(r'value="view" checked', page.text)


def test_the_page_speaks_english(inside):
    inside.post("/language", {"lang": "en"})
    assert "Access tokens" in inside.get("/admin/tokens/").text
