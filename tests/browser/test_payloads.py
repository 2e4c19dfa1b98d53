"""X5: what people type is text. Fifteen payloads in every text, by API, by import and in a definition, and every page is opened."""

import csv
import io
import json
import time
import urllib.error
import urllib.request

import pytest

from tests.browser.conftest import log_in

PAYLOADS = (
    "<script>window.__x=1</script>", "<img src=x onerror=window.__x=1>", "<svg onload=window.__x=1>", '"><script>window.__x=1</script>',
    "'-(window.__x=1)-'", "javascript:window.__x=1", "<a href='javascript:window.__x=1'>x</a>", "</textarea><script>window.__x=1</script>",
    "</title><script>window.__x=1</script>", "<iframe srcdoc='<script>parent.__x=1</script>'>", "{{constructor.constructor('window.__x=1')()}}",
    "${window.__x=1}", "<details open ontoggle=window.__x=1>", "<math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=window.__x=1 src>'>",
    '" autofocus onfocus=window.__x=1 x="',
)  # fmt: skip
SCHOOL = "/api/v1/registers/school/records?limit=1"


@pytest.fixture(scope="module")
def program(demo):
    """program(method, path, body): a call of the API by the city's administrator."""
    secret = demo.run("token", "create", "--user", "city_admin").strip()

    def call(method, path, body=None, headers=()):
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"} | dict(headers)
        request = urllib.request.Request(demo.url + path, data=data, method=method, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    return call


def by_program(call):
    """Hazards whose texts are payloads, the first one's id."""
    school = call("GET", SCHOOL)["records"][0]["id"]
    declared = call("GET", "/api/v1/registers/hazard")["fields"]
    texts = [field["name"] for field in declared if field["type"] in ("text", "long_text") and not field.get("readonly")]
    chosen = {field["name"]: field["choices"][0]["code"] for field in declared if field["type"] == "choice" and field["required"]}
    ids = []
    for payload in PAYLOADS:
        body = dict.fromkeys(texts, payload[:40]) | chosen | {"school": {"id": school}, "found_on": "2021-07-25"}
        ids.append(call("POST", "/api/v1/registers/hazard/records?confirmed=trial", body)["id"])
    return ids


def by_import(call, name, head):
    """Rows whose texts are payloads, through a plan."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([head])
    rows.writerows([payload] for payload in PAYLOADS)
    mark = "----xxxx"
    part = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="<img src=x onerror=window.__x=1>.csv"\r\n\r\n'
    mapping = (
        f'\r\n--{mark}\r\nContent-Disposition: form-data; name="mapping"\r\n\r\n{json.dumps({head: "note"})}\r\n--{mark}--\r\n'
    )
    body = part.encode() + text.getvalue().encode() + mapping.encode()
    begun = call("POST", f"/api/v1/registers/{name}/imports", body, [("Content-Type", f"multipart/form-data; boundary={mark}")])
    _until(call, begun["id"], "planned")
    call("POST", f"/api/v1/imports/{begun['id']}:apply", {})
    _until(call, begun["id"], "applied")
    return begun["id"]


def _until(call, id, state):
    for _ in range(200):
        found = call("GET", f"/api/v1/imports/{id}")
        if found["state"] == state:
            return
        assert found["state"] != "failed", found
        time.sleep(0.1)
    raise AssertionError(found)


def by_definition(call):
    """A register whose label, help, fields, options, sections and sentences are payloads."""
    said = "<img src=x onerror=window.__x=1>"
    wish = {
        "name": "payloads",
        "label": said,
        "help": said,
        "group": "<script>x",
        "title": ["note"],
        "fields": [
            {"type": "text", "name": "note", "label": said, "help": said, "unit": said[:20], "max_length": 300},
            {"type": "choice", "name": "kind", "label": "<b>x</b>", "options": [{"code": "a", "label": said}]},
        ],
        "sections": [{"label": said, "fields": ["note", "kind"]}],
        "rules": [
            {"id": "r", "field": "kind", "message": said, "level": "warning", "when": {"kind__empty": False}, "require": ["note"]}
        ],
        "grants": [{"role": "city_admin", "actions": ["view", "edit", "export"], "rows": "all"}],
    }
    made = call("POST", "/api/v1/registers", wish)
    assert made["problems"] == [], made["problems"]
    call("POST", "/api/v1/registers/payloads:publish", {}, [("If-Match", '"0"')])


def test_nothing_typed_ever_runs(demo, come_in, program):
    hazards = by_program(program)
    by_definition(program)
    number = by_import(program, "payloads", "<script>window.__x=1</script>")
    first = program("GET", "/api/v1/registers/payloads/records?limit=1")["records"][0]["id"]
    page = come_in(None)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    log_in(page, "city_admin")
    pages = [
        "/admin/",
        "/admin/build/",
        "/admin/build/payloads/",
        "/admin/hooks/",
        "/admin/imports/",
        f"/admin/imports/{number}/",
        "/admin/tokens/",
        "/admin/api/payloads",
    ]
    for register, id in (("hazard", hazards[0]), ("hazard", hazards[3]), ("hazard", hazards[-1]), ("payloads", first)):
        home = f"/admin/r/{register}"
        pages += [
            f"{home}/",
            f"{home}/{id}/",
            f"{home}/{id}/edit",
            f"{home}/{id}/history",
            f"{home}/summary",
            f"{home}/trash",
            f"{home}/new",
            f"{home}/{id}/delete",
        ]
        pages += [f"{home}/?q=window", f"{home}/templates", f"/admin/imports/new/{register}", f"/admin/forms/{register}/"]
    for path in dict.fromkeys(pages):
        answer = page.goto(path)
        assert answer.status == 200, (path, answer.status)
        policy = answer.headers["content-security-policy"]
        scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
        assert "unsafe-inline" not in scripts and "unsafe-eval" not in scripts
        page.wait_for_timeout(60)
        assert page.evaluate("window.__x === undefined"), path
