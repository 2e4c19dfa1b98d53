"""Logging in and out: who comes in, who stays out, and that nothing typed is lost on the way."""

import html
import re
from datetime import timedelta

import pytest

import app.paths
from models import tables
from models.errors import Invalid, NotAllowed
from models.journal import Draft, LoginAttempt, Session
from models.values import now, today
from services import accounts, actor as actors, desk, passwords, records, sessions
from services.actor import SYSTEM
from tests.actors import PASSWORD
from tests.app.conftest import Browser, account_id


@pytest.fixture
def later(monkeypatch):
    """Moves the clock of log-ins and sessions."""

    def move(**gap):
        moment = now() + timedelta(**gap)
        for module in (accounts, sessions):
            monkeypatch.setattr(module, "now", lambda: moment)

    return move


def log_of(action):
    log = tables.model("access_log")
    return list(log.select().where(log.f_action == action).order_by(log.id))


# coming in -----------------------------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_the_login_page_and_comes_back_where_he_wanted(browser):
    answer = browser.get("/probe?a=1")
    assert (answer.status_code, answer.location) == (302, "/login?next=/probe?a%3D1")
    answer = browser.login("city_admin", next="/probe?a=1")
    assert (answer.status_code, answer.location) == (303, "/probe?a=1")
    assert browser.inside()


def test_the_cookie_before_login_is_not_the_cookie_after(browser):
    browser.get("/login")
    before = browser.client.get_cookie("taizhang").value
    browser.login("city_admin")
    after = browser.client.get_cookie("taizhang").value
    assert before != after
    browser.client.set_cookie("taizhang", before)
    assert not browser.inside()


def test_only_the_hash_of_a_token_is_stored(browser):
    browser.login("city_admin")
    with browser.client.session_transaction() as cookie:
        token = cookie["token"]
    assert len(token) >= 43
    assert token not in {row.token_hash for row in Session.select()}


def test_each_login_makes_its_own_token(app):
    tokens = []
    for _ in range(2):
        browser = Browser(app)
        browser.login("city_admin")
        with browser.client.session_transaction() as cookie:
            tokens.append(cookie["token"])
    assert tokens[0] != tokens[1]


def test_unknown_wrong_disabled_and_locked_look_alike(app):
    accounts.disable(SYSTEM, account_id("city_clerk"))
    for _ in range(5):
        Browser(app, "10.9.9.9").login("district_a", "wrong")
    answers = []
    for username, password in (("missing", PASSWORD), ("city_admin", "wrong"), ("city_clerk", PASSWORD), ("district_a", PASSWORD)):
        answer = Browser(app, "10.9.9.9").login(username, password)
        page = re.sub(r'(nonce|content|value)="[^"]*"', "", answer.text.replace(username, "USER"))
        answers.append((answer.status_code, page))
    assert answers[0][0] == 401
    assert len(set(answers)) == 1


def test_every_refusal_costs_one_check_of_a_password(app, monkeypatch):
    checked = []
    matches = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda *given: checked.append(given) or matches(*given))
    accounts.disable(SYSTEM, account_id("city_clerk"))
    for username in ("missing", "city_admin", "city_clerk", *["district_a"] * 6):
        Browser(app, "10.9.9.9").login(username, "wrong")
    assert len(checked) == 9


@pytest.mark.parametrize(
    "username", ["", " ", "city_admin\r\n", "ＢＯＳＳ", "b" * 5000, "city_admin\x00", "' OR 1=1 --", "\u202eboss"]
)
def test_odd_user_names_are_answered_not_crashed_on(browser, username):
    assert browser.login(username, "x" * 10).status_code in (401, 429)


@pytest.mark.parametrize("password", ["", "x" * 200_000, PASSWORD + " ", " " + PASSWORD, PASSWORD.upper(), "\x00"])
def test_the_password_is_taken_exactly(browser, password):
    assert browser.login("city_admin", password).status_code == 401


def test_five_failures_lock_the_account_for_this_address_only(app, later):
    attacker, owner = Browser(app, "10.6.6.6"), Browser(app, "10.0.0.1")
    for _ in range(5):
        attacker.login("city_admin", "wrong")
    assert attacker.login("city_admin").status_code == 401
    assert owner.login("city_admin").status_code == 303
    later(minutes=16)
    assert attacker.login("city_admin").status_code == 303


def test_a_success_forgets_earlier_failures(browser):
    for _ in range(4):
        browser.login("city_admin", "wrong")
    assert browser.login("city_admin").status_code == 303
    browser.post("/logout")
    browser.login("city_admin", "wrong")
    assert browser.login("city_admin").status_code == 303


def test_guessing_from_many_addresses_shuts_out_strangers_but_not_the_owner(make_app):
    app = make_app(TAIZHANG_LOGIN_ACCOUNT_FAILURES="6")
    assert Browser(app, "10.0.0.1").login("city_admin").status_code == 303
    for at in range(6):
        Browser(app, f"10.6.6.{at}").login("city_admin", "wrong")
    assert Browser(app, "10.6.6.99").login("city_admin").status_code == 401
    assert Browser(app, "10.0.0.1").login("city_admin").status_code == 303


def test_one_address_trying_many_accounts_is_shut_out(make_app):
    app = make_app(TAIZHANG_LOGIN_ADDRESS_FAILURES="4")
    for username in ("a", "b", "c", "d"):
        Browser(app, "10.6.6.6").login(username, "wrong")
    assert Browser(app, "10.6.6.6").login("city_admin").status_code == 401
    assert Browser(app, "10.0.0.1").login("city_admin").status_code == 303


def test_the_eleventh_login_in_a_minute_is_429_with_retry_after(make_app):
    app = make_app(TAIZHANG_LOGIN_FAILURES="100")
    statuses = [Browser(app).login("city_admin", "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert Browser(app).login("city_admin").headers["Retry-After"] == "60"
    assert Browser(app).login("city_clerk").status_code == 303


def test_a_clock_set_back_locks_nobody_out(browser):
    for _ in range(30):
        LoginAttempt.insert(username="city_admin", address="10.0.0.1", at=now() + timedelta(days=1)).execute()
    assert browser.login("city_admin").status_code == 303


def test_logins_are_in_the_access_log_without_the_password(browser):
    browser.login("city_admin\x1b[31m", "wrong-one")
    browser.login("city_admin")
    browser.post("/logout")
    failed, came, left = log_of("login_failed")[0], log_of("login")[0], log_of("logout")[0]
    assert (failed.f_account, failed.f_username, failed.f_address) == (None, "city_admin [31m", "10.0.0.1")
    assert came.f_account == left.f_account == account_id("city_admin")
    assert "wrong-one" not in "".join(str(row.f_detail) for row in log_of("login_failed"))


def test_login_says_nothing_about_the_other_site_it_should_go_to(browser):
    for target in ("//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example"):
        assert browser.login("city_admin", next=target).location == "/"


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/admin/", True), ("/admin/r/school/?q=金水&sort=-id", True), ("/a?next=//evil.example", True), ("/%2f%2fevil.example", True),
        ("", False), (None, False), ("admin", False), ("//evil.example", False), ("///evil.example", False), ("/\\evil.example", False),
        ("\\/evil.example", False), ("\\\\evil.example", False), ("https://evil.example", False), ("http:/evil.example", False),
        ("javascript:alert(1)", False), ("data:text/html,x", False), ("/\tevil", False), ("/\n/evil.example", False),
        ("/ /evil.example", False), ("/\x00", False), ("/.//evil.example", False), ("/login", False), ("/logout", False),
        ("/" + "a" * 3000, False), ("/\u2028evil", False), ("//evil.example/%2f..", False), ("@evil.example", False),
    ],
)  # fmt: skip
def test_only_own_paths_are_gone_on_to(target, kept):
    assert app.paths.own_path(target) == (target if kept else "/")


# staying in and getting out -------------------------------------------------------------------------------------------


def test_after_logout_the_old_cookie_is_worth_nothing(browser):
    browser.login("city_admin")
    old = browser.client.get_cookie("taizhang").value
    answer = browser.post("/logout")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    browser.client.set_cookie("taizhang", old)
    assert not browser.inside()


def test_a_disabled_account_is_out_with_its_next_request(browser):
    browser.login("city_clerk")
    accounts.disable(SYSTEM, account_id("city_clerk"))
    assert not browser.inside()
    assert not Session.select().where(Session.account_id == account_id("city_clerk")).exists()


def test_a_change_of_roles_ends_the_session(browser):
    browser.login("city_clerk")
    membership = tables.model("membership")
    row = membership.select().where(membership.f_account == account_id("city_clerk")).get()
    ended = (today() - timedelta(days=1)).isoformat()
    records.update("membership", SYSTEM, row.id, {"from_date": "2021-01-01", "to_date": ended}, version=row.version)
    assert not browser.inside()
    assert actors.load(account_id("city_clerk")).roles == frozenset()


def test_sessions_end_after_idling_and_at_the_latest_after_twelve_hours(browser, later):
    browser.login("city_admin")
    later(minutes=119)
    assert browser.inside()
    later(minutes=119 + 121)
    assert not browser.inside()
    later(minutes=0)
    Session.update(created_at=now() - timedelta(hours=12, minutes=1)).execute()
    assert not browser.inside()


def test_an_expired_session_says_so_to_scripts(browser, later):
    browser.login("city_admin")
    later(hours=13)
    answer = browser.client.post("/probe", json={"a": 1})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["detail"] == "登录已过期，请重新登录后再试。"


def test_an_administrator_ends_the_sessions_of_another(app, browser):
    browser.login("school_a")
    assert accounts.end_sessions(actors.load(account_id("city_admin")), account_id("school_a")) == 1
    assert not browser.inside()


def test_no_page_opens_without_login(app):
    public = {"static", "auth.login", "operations.healthz", "operations.readyz", "operations.metrics", "words.choose_language",
              "words.choose_theme"}  # fmt: skip
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), force_external=False)
        for method in rule.methods & {"GET", "POST"}:
            if rule.endpoint in public or rule.endpoint.endswith(".static"):
                continue
            answer = app.test_client().open(path, method=method)
            assert answer.status_code in (302, 401), f"{method} {path}"
            assert answer.status_code == 401 or answer.location.startswith("/login")


# an expired login loses nothing ---------------------------------------------------------------------------------------


def test_a_form_posted_too_late_comes_back_as_a_draft(browser, later):
    browser.login("city_admin")
    later(hours=13)
    posted = {"note": "纬五路一小 <漏水>", "area": "12.5"}
    page = browser.post("/probe?school=12", posted | {"_version": "7"}, token=False)
    assert page.status_code == 401
    assert "纬五路一小 &lt;漏水&gt;" in page.text
    fields = dict(hidden(page.text))
    assert fields["kept:area"] == "12.5"
    assert "password" not in fields
    answer = browser.login("city_admin", **fields)
    assert answer.location == "/probe?school=12"
    draft = desk.draft(actors.load(account_id("city_admin")), "/probe")
    assert draft.payload == [["note", "纬五路一小 <漏水>"], ["area", "12.5"], ["_version", "7"]]
    assert draft.version == 7


def test_a_wrong_password_in_between_loses_nothing_either(browser, later):
    browser.login("city_admin")
    later(hours=13)
    fields = dict(hidden(browser.post("/probe", {"note": "写了很久"}, token=False).text))
    fields = dict(hidden(browser.login("city_admin", "wrong", **fields).text))
    browser.login("city_admin", **fields)
    assert desk.draft(actors.load(account_id("city_admin")), "/probe").payload == [["note", "写了很久"]]


def test_what_one_person_typed_is_not_handed_to_the_next(browser, later):
    browser.login("city_admin")
    later(hours=13)
    fields = dict(hidden(browser.post("/probe", {"note": "局内意见"}, token=False).text))
    browser.login("school_a", **fields)
    assert not Draft.select().exists()


def test_a_forged_carry_is_dropped(browser):
    browser.login("city_admin", **{"kept:note": "planted", "kept_for": '[1, "/admin/"].forged'})
    assert not Draft.select().exists()


def test_an_expired_token_keeps_the_form_as_a_draft_and_posts_nothing(browser):
    browser.login("city_admin")
    page = browser.post("/probe", {"note": "还没有保存"}, token=False)
    assert page.status_code == 400
    assert 'href="/probe"' in page.text
    assert desk.draft(actors.load(account_id("city_admin")), "/probe").payload == [["note", "还没有保存"]]


def hidden(page):
    """(name, value) of the hidden inputs that carry a form."""
    found = re.findall(r'<input type="hidden" name="(kept[^"]*)" value="([^"]*)"', page)
    return [(html.unescape(name), html.unescape(value)) for name, value in found]


# passwords -----------------------------------------------------------------------------------------------------------


def test_a_first_password_opens_only_the_password_page(app, browser):
    first = accounts.reset_password(actors.load(account_id("city_admin")), account_id("school_a"))
    browser.login("school_a", first)
    assert browser.get("/probe").location == "/password"
    assert browser.client.get("/probe", headers={"X-Requested-With": "XMLHttpRequest"}).status_code == 403
    answer = browser.post("/password", {"old": first, "new": "lantern over water", "again": "lantern over water"})
    assert answer.location == "/admin/"
    assert browser.inside()
    assert Browser(app).login("school_a", first).status_code == 401


def test_changing_the_password_ends_the_other_sessions(app, browser):
    other = Browser(app)
    other.login("city_admin")
    browser.login("city_admin")
    old = browser.client.get_cookie("taizhang").value
    browser.post("/password", {"old": PASSWORD, "new": "lantern over water", "again": "lantern over water"})
    assert browser.inside()
    assert not other.inside()
    browser.client.set_cookie("taizhang", old)
    assert not browser.inside()


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong", "lantern over water", "lantern over water", "old"),
        (PASSWORD, "lantern over water", "lantern over watér", "again"),
        (PASSWORD, PASSWORD, PASSWORD, "new"),
        (PASSWORD, "short", "short", "new"),
    ],
)
def test_a_password_is_not_changed_when(browser, old, new, again, field):
    browser.login("city_admin")
    with pytest.raises(Invalid) as caught:
        accounts.change_password(actors.load(account_id("city_admin"), address="10.0.0.1"), old, new, again)
    assert list(caught.value.by_field) == [field]
    assert browser.post("/password", {"old": old, "new": new, "again": again}).status_code == 422


def test_guessing_the_old_password_is_limited_like_guessing_at_the_door(browser):
    browser.login("city_admin")
    actor = actors.load(account_id("city_admin"), address="10.0.0.1")
    for _ in range(5):
        with pytest.raises(Invalid):
            accounts.change_password(actor, "wrong", "lantern over water", "lantern over water")
    with pytest.raises(Invalid):
        accounts.change_password(actor, PASSWORD, "lantern over water", "lantern over water")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("a1b2c3d", "too_short"), ("x" * 129, "too_long"), ("12345678", "common"), ("P@ssw0rd", "common"), ("aaaaaaaaaa", "common"),
        ("clerk_9 rivers", "context"), ("王敏 likes tea", "context"), ("金水区教育 2021", "context"), ("Taizhang 2021!", "context"),
        ("台账系统很好用的", "context"),
    ],
)  # fmt: skip
def test_weak_passwords_are_refused(password, code):
    with pytest.raises(Invalid) as caught:
        passwords.check(password, ("clerk_9", "王敏", "金水区"))
    assert code in {fault.code for fault in caught.value.faults}


@pytest.mark.parametrize(
    "password", ["plumtree", "八个汉字也可以的", "correct horse battery", "x1y" * 42, " a b c d ", "密码 with 空格"]
)
def test_good_passwords_need_no_special_signs(password):
    passwords.check(password, ("clerk_9", "王敏", "金水区"))


def test_first_passwords_are_random_and_strong():
    made = {passwords.random_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(password) == 14 for password in made)


# other people's accounts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["city_admin", "city_clerk", "district_a", "school_b", "auditor"])
def test_a_district_clerk_resets_only_reporters_of_his_schools(app, target):
    clerk = actors.load(account_id("district_a"))
    assert accounts.reset_password(clerk, account_id("school_a"))
    before = accounts.Credential.get(account_id=account_id(target)).password_hash
    with pytest.raises((NotAllowed, accounts.NotFound)):
        accounts.reset_password(clerk, account_id(target))
    assert accounts.Credential.get(account_id=account_id(target)).password_hash == before


def test_a_district_clerk_makes_accounts_for_his_schools(city):
    held = {"role": "school_reporter", "district": city.district("a"), "school": city.school("a2")}
    id, first = accounts.create(city.actor("district_a"), "new_reporter", "新填报员", [held])
    assert accounts.authenticate("new_reporter", first)
    assert accounts.must_change(id)
    for school in ("b1", "ax"):
        other = held | {"district": city.district(school), "school": city.school(school)}
        with pytest.raises(NotAllowed):
            accounts.create(city.actor("district_a"), "reporter_elsewhere", "外区", [other])


@pytest.mark.parametrize("role", ["city_admin", "district_clerk", "leader"])
def test_a_district_clerk_hands_out_no_rights_above_his_own(app, role):
    with pytest.raises(NotAllowed):
        accounts.create(actors.load(account_id("district_a")), "friend", "朋友", [{"role": role}])


def test_nobody_but_the_city_administrator_looks_through_other_eyes(app):
    for username in ("city_clerk", "district_a", "school_a", "auditor"):
        with pytest.raises(NotAllowed):
            accounts.view_as(actors.load(account_id(username)), "", account_id("school_a"))
    with pytest.raises(NotAllowed):
        accounts.view_as(actors.load(account_id("city_admin")), "", account_id("auditor"))


def test_looking_through_other_eyes_reads_only_and_shows_no_names(app):
    token = sessions.start(account_id("city_admin"))
    accounts.view_as(sessions.actor_of(token), token, account_id("school_a"))
    seen = sessions.actor_of(token)
    assert (seen.username, seen.real.username, seen.read_only) == ("school_a", "city_admin", True)
    assert any(grant.names for grant in actors.load(account_id("school_a")).grants)
    assert not any(grant.names for grant in seen.grants)
    with pytest.raises(NotAllowed):
        desk.save_draft(seen, "/x", [])
    for act in (accounts.end_sessions, accounts.reset_password):
        with pytest.raises((NotAllowed, accounts.NotFound)):
            act(seen, account_id("school_a"))
    accounts.view_as(seen, token, None)
    assert sessions.actor_of(token).username == "city_admin"
    assert [row.f_account for row in log_of("view_as")] == [account_id("city_admin")] * 2


def test_an_administrator_who_is_one_no_longer_sees_only_himself(app):
    token = sessions.start(account_id("city_clerk"))
    sessions.look_through(token, account_id("school_a"))
    assert sessions.actor_of(token).username == "city_clerk"


def test_loading_an_actor_takes_three_statements(city, statements):
    actors.load(city.accounts["school_a"])
    assert len(statements) == 3
