"""The builder's pages: for builders alone; from nothing, from another register, from a file; changed without fear."""

import io
import os
import re
from pathlib import Path

import pytest

from models import base, registry
from services import definitions, imports, infer, jobs, query, usage
from services.actor import SYSTEM
from tests.actors import NAMES
from tests.doors import BUILDER, DOORS
from tests.made import MADE
from tests.state import everything

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SHEET = "学校,水深（厘米）,情况,发现日期\n" + "".join(
    f"青禾一中学,{n}.5,{'有水' if n % 2 else '无水'},2021-07-{n % 28 + 1:02d}\n" for n in range(60)
)


def form_of(html):
    """What a browser would post of the builder's form."""
    found = []
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("name", "value"))
        if name and name[1] != "csrf_token" and ('type="checkbox"' not in tag or " checked" in tag) and 'type="file"' not in tag:
            found.append((name[1], value[1] if value else ""))
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.S):
        found += [(name, value) for value in re.findall(r'<option value="([^"]*)" selected', body)]
    found += re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', html, re.S)
    made = {}
    for name, value in found:
        made.setdefault(name, []).append(
            value.replace("&#34;", '"').replace("&lt;", "<").replace("&amp;", "&").replace("&#39;", "'")
        )
    return made


@pytest.mark.parametrize("name", [name for name in NAMES if name != "city_admin"])
def test_nobody_but_builders_gets_in(city, client_of, name):
    browser, before = client_of(name), everything()
    for door in DOORS:
        if door.kind == BUILDER:
            assert door.send(browser).status_code == 403, door
    assert everything() == before and "/admin/build/" not in browser.get("/admin/").text


def test_a_night_order_from_a_workbook_is_live_in_three_posts(city, client_of):
    """Upload, publish, import: nothing else has to be typed."""
    browser = client_of("city_admin")
    begun = browser.post(
        "/admin/build/new", data={"file": (io.BytesIO(SHEET.encode()), "地下室排查.csv")}, content_type="multipart/form-data"
    )
    assert begun.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", begun.text)[-500:]
    page = browser.get(begun.headers["Location"])
    assert page.status_code == 200 and "水深" in page.text and "厘米" in page.text
    done = browser.post(begun.headers["Location"].partition("?")[0], data=form_of(page.text) | {"_do": "publish"})
    assert done.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", done.text)[-900:]
    assert registry.latest().all()[-1].label == "地下室排查"
    name, id = registry.latest().all()[-1].name, re.search(r"/imports/(\d+)/", done.headers["Location"])[1]
    while jobs.run_one():
        pass
    assert browser.get(done.headers["Location"]).status_code == 200
    assert browser.post(f"{done.headers['Location']}apply").status_code == 303
    while jobs.run_one():
        pass
    assert imports.get(city.actor("city_admin"), int(id)).state == "applied"
    assert query.count(query.parse(name, SYSTEM, [])).value == 60
    assert "青禾一中学" in client_of("school_a").get(f"/admin/r/{name}/").text
    assert "青禾一中学" not in client_of("school_b").get(f"/admin/r/{name}/").text


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(city, client_of):
    browser = client_of("city_admin")
    begun = browser.post("/admin/build/new", data={"label": "夜间排查"})
    path = begun.headers["Location"].partition("?")[0]
    posted = form_of(browser.get(path).text) | {
        "rows": "2",
        "f-1-label": "民族",
        "f-1-type": "text",
        "f-1-id": "",
        "_do": "publish",
    }
    answer = browser.post(path, data=posted)
    assert answer.status_code == 422 and "不设民族栏" in answer.text and 'value="民族"' in answer.text
    answer = browser.post(path, data=posted | {"f-1-label": "情况", "f-1-type": "choice", "f-1-options": "有水\n无水"})
    assert answer.status_code == 303 and browser.get(answer.headers["Location"]).status_code == 200


def test_a_register_is_changed_with_the_difference_shown_first(city, client_of):
    browser, path = client_of("city_admin"), f"/admin/build/{MADE.name}/"
    posted = form_of(browser.get(path).text)
    at = next(name[:-4] for name, value in posted.items() if name.endswith("name") and value == ["place"])
    page = browser.post(path, data=posted | {f"{at}label": "具体位置", "_do": "check"})
    assert page.status_code == 200 and "「位置」改名为「具体位置」" in page.text, re.sub(r"<[^>]*>|\s+", " ", page.text)[-900:]
    assert registry.get(MADE.name).field("place").label == "位置"
    answer = browser.post(path, data=form_of(page.text) | {"_do": "publish"})
    assert answer.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", answer.text)[:1900]
    made = definitions.read(SYSTEM, MADE.name).published
    assert made.field("place").label == "具体位置" and made.workflow == MADE.workflow and made.rules == MADE.rules
    assert browser.post(path, data=posted | {"_do": "publish"}).status_code == 409, "the version it was drawn from is gone"


def test_a_field_often_asked_for_is_advised_an_index_and_gets_it(city, client_of, monkeypatch):
    monkeypatch.setattr(usage, "MANY_ROWS", 1)
    browser, path = client_of("city_admin"), f"/admin/build/{MADE.name}/"
    for _ in range(usage.OFTEN):
        assert client_of("city_clerk").get(f"/admin/r/{MADE.name}/?sort=depth_cm").status_code == 200
    usage.write()
    page = browser.get(path).text
    assert "筛选或排序了 20 次" in page and page.count("还没有索引") == 1
    posted = form_of(page)
    at = next(name[:-4] for name, value in posted.items() if name.endswith("name") and value == ["depth_cm"])
    assert f"{at}indexed" not in posted and sum(name.endswith("indexed") for name in posted) >= 3, "those that have one are ticked"
    long = next(name[:-4] for name, value in posted.items() if name.endswith("name") and value == ["note"])
    ticked = {f"{at}indexed": "1", f"{long}indexed": "1"}
    assert browser.post(path, data=posted | ticked | {"_do": "publish"}).status_code == 303
    made = registry.latest().get(MADE.name)
    column = f"f_{made.field('depth_cm').id}"
    have = base.database.get_indexes(f"r_{MADE.name}")
    assert made.field("depth_cm").indexed and any(column in index.columns for index in have)
    assert not made.field("note").indexed, "an index does not hold long texts"
    assert made.field("school").indexed and "还没有索引" not in browser.get(path).text


def test_a_built_in_register_takes_a_field(city, client_of):
    browser, path = client_of("city_admin"), "/admin/build/hazard/"
    posted = form_of(browser.get(path).text)
    at = int(posted["rows"][0])
    posted |= {"rows": str(at + 1), f"f-{at}-label": "天气", f"f-{at}-type": "text", f"f-{at}-list": "1", f"f-{at}-id": ""}
    answer = browser.post(path, data=posted | {"_do": "publish"})
    assert answer.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", answer.text)[:1900]
    assert "天气" in client_of("school_a").get("/admin/r/hazard/").text


def test_the_preview_shows_form_and_list(city, client_of):
    browser, path = client_of("city_admin"), f"/admin/build/{MADE.name}/"
    posted = form_of(browser.get(path).text)
    html = browser.post(f"{path}preview", data=posted).text
    assert "<html" not in html and "水深" in html and "<th>位置</th>" in html


def test_a_register_like_another(city, client_of):
    browser = client_of("city_admin")
    begun = browser.post("/admin/build/new", data={"like": "hazard", "label": "另一种隐患"})
    path = begun.headers["Location"].partition("?")[0]
    answer = browser.post(path, data=form_of(browser.get(path).text) | {"_do": "publish"})
    assert answer.status_code == 303, re.sub(r"<[^>]*>|\s+", " ", answer.text)[:1900]


@pytest.mark.skipif(
    not os.environ.get("TAIZHANG_SAMPLES"), reason="TAIZHANG_SAMPLES is not set: the public sample files are not here"
)
def test_the_buildings_of_an_earthquake_are_proposed_from_their_file(city):
    path = Path(os.environ["TAIZHANG_SAMPLES"]) / "buildings/laquila2009-56410.csv"
    found = infer.from_file(city.actor("city_admin"), path.name, path.read_bytes())
    types = {name: guess.field.type for name, guess in found.guesses.items()}
    assert (
        types["damagestate"] == "choice"
        and types["buildingclass"] == "choice"
        and not [g for g in found.guesses.values() if g.misfits]
    )
