"""What every answer carries, which hosts are answered, and that no other site can make a browser change anything."""

import re

import pytest

from tests.app.conftest import Browser

REQUIRED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PATHS = ("/", "/login", "/probe", "/nothing", "/healthz", "/readyz", "/metrics", "/password", "/static/nothing.css", "/admin/")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("known", [False, True])
def test_every_answer_has_the_security_headers(browser, path, known):
    if known:
        browser.login("city_admin")
    headers = browser.get(path).headers
    assert {name: headers.get(name) for name in REQUIRED} == REQUIRED
    assert "Strict-Transport-Security" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert re.fullmatch(r"'self' 'nonce-[\w-]{20,}'", policy["script-src"])
    assert policy["style-src"] == policy["default-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"


def test_every_page_has_its_own_nonce(browser):
    assert browser.get("/login").headers["Content-Security-Policy"] != browser.get("/login").headers["Content-Security-Policy"]


def test_over_http_the_cookie_is_for_this_host_and_no_script(browser):
    cookie = browser.get("/login").headers["Set-Cookie"]
    assert cookie.startswith("taizhang=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "Expires" not in cookie


def test_over_https_the_cookie_is_bound_to_it(make_app):
    answer = Browser(make_app(TAIZHANG_HTTPS="1")).get("/login", base_url="https://localhost/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-taizhang=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_static_files_are_kept_by_browsers_under_an_address_that_changes_with_them(app, tmp_path):
    app.static_folder = str(tmp_path)
    (tmp_path / "page.css").write_text("body { color: black }")
    with app.test_request_context():
        address = app.url_for("static", filename="page.css")
    assert re.fullmatch(r"/static/page\.css\?v=[0-9a-f]{10}", address)
    browser = Browser(app)
    assert browser.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert browser.get("/static/page.css").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "a b"]
)
def test_foreign_hosts_are_not_answered(browser, host):
    answer = browser.get("/login", base_url="http://localhost/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text + answer.headers.get("Location", "")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "localhost:8000"])
def test_own_hosts_are_answered(browser, host):
    assert browser.get("/login", headers={"Host": host}).status_code == 200


def test_forwarded_headers_of_strangers_are_not_believed(browser):
    answer = browser.get(
        "/probe", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}
    )
    assert answer.location == "/login?next=/probe"


def test_behind_a_proxy_of_our_own_the_caller_is_the_one_it_names(make_app):
    app = make_app(TAIZHANG_PROXIES="1")
    answer = app.test_client().get("/metrics", headers={"X-Forwarded-For": "10.2.3.4"})
    assert answer.status_code == 404
    assert app.test_client().get("/metrics").status_code == 200


@pytest.mark.parametrize("path", ["/.git/HEAD", "/console", "/.env", "/static/../config.py", "/static/%2e%2e/config.py"])
def test_nothing_else_is_served(browser, path):
    assert browser.get(path).status_code == 404


def test_trace_is_not_answered(browser):
    assert browser.client.open("/login", method="TRACE").status_code == 405


# other sites ---------------------------------------------------------------------------------------------------------


def changing_routes(app):
    """Every address that takes something other than GET, but for the API's: that knows no cookie (tests/api)."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            continue
        for method in rule.methods - {"GET", "HEAD", "OPTIONS"}:
            yield method, adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), method=method)


def test_no_change_is_taken_without_its_token(app, browser):
    browser.login("city_admin")
    routes = list(changing_routes(app))
    assert ("POST", "/logout") in routes
    for method, path in routes:
        answer = browser.client.open(path, method=method, data={"a": "1"})
        assert answer.status_code == 400, f"{method} {path}"
    assert browser.inside()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:9"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": ""},
    ],
)  # fmt: skip
def test_a_foreign_origin_is_refused_even_with_a_token(app, browser, headers):
    browser.login("city_admin")
    token = browser.token()
    for method, path in changing_routes(app):
        answer = browser.client.open(path, method=method, data={"csrf_token": token}, headers=headers)
        assert answer.status_code == 400, f"{method} {path}"
    assert browser.inside()


def test_the_own_origin_is_taken(browser):
    browser.login("city_admin")
    token = browser.token()
    answer = browser.client.post("/probe", data={"csrf_token": token}, headers={"Origin": "http://localhost"})
    assert answer.status_code == 200


def test_the_token_of_another_session_is_worth_nothing(app, browser):
    browser.login("city_admin")
    other = Browser(app)
    other.login("city_clerk")
    assert other.post("/probe", {"csrf_token": browser.token()}, token=False).status_code == 400


def test_the_login_form_itself_wants_its_token(browser):
    answer = browser.post("/login", {"username": "city_admin", "password": "青禾-test-9317"}, token=False)
    assert answer.status_code == 400
    assert 'value="city_admin"' in answer.text
    assert "青禾-test" not in answer.text
    assert not browser.inside()


def test_language_and_theme_are_remembered_and_lead_back(browser):
    answer = browser.post("/language", {"lang": "en", "next": "/login?next=/probe"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "language=en" in answer.headers["Set-Cookie"]
    assert browser.post("/language", {"lang": "xx", "next": "//evil.example"}).headers.get("Set-Cookie") is None
    assert "theme=dark" in browser.post("/theme", {"theme": "dark", "next": "/probe"}).headers["Set-Cookie"]
