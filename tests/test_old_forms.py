"""A form that was open when the register was changed: taken, each value by its field; what no longer has a place is told."""

import re

import pytest

from services import definitions, query, records
from services.actor import SYSTEM
from tests.made import MADE

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def old_form(city, client_of):
    """(the browser, the record's address, what the form that was drawn before would post)"""
    id = city.id(MADE.name, "a1")
    records.update(MADE.name, SYSTEM, id, {"note": "原来的备注"}, version=1)
    browser, path = client_of("city_admin"), f"/admin/r/{MADE.name}/{id}/"
    html = browser.get(f"{path}edit").text
    posted = {"_ids": re.search(r'name="_ids" value="([^"]*)"', html)[1], "_version": "2"}
    for name, was in (("place", query.get(MADE.name, SYSTEM, id).values["place"]), ("note", "原来的备注")):
        posted |= {f"_was-{name}": was, name: was}
    return browser, path, id, posted


def publish(edit):
    found = definitions.read(SYSTEM, MADE.name)
    edit({field["name"]: field for field in found.wish["fields"]}, found.wish)
    definitions.publish(SYSTEM, MADE.name, found.wish, found.version)


def test_a_renamed_field_is_saved_under_its_new_name(old_form):
    browser, path, id, posted = old_form
    publish(lambda fields, wish: fields["note"].update(name="remark", label="说明"))
    assert browser.post(f"{path}edit", data=posted | {"note": "新写的"}).status_code == 303
    assert query.get(MADE.name, SYSTEM, id).values["remark"] == "新写的"


def test_a_name_given_to_another_field_does_not_mislead(old_form):
    browser, path, id, posted = old_form

    def edit(fields, wish):
        fields["note"]["retired"] = True
        wish["fields"].append({"type": "long_text", "name": "note", "label": "另一个备注"})

    publish(edit)
    answer = browser.post(f"{path}edit", data=posted | {"note": "写给旧字段的", "place": "锅炉房"})
    assert answer.status_code == 303
    values = query.get(MADE.name, SYSTEM, id).values
    assert values["place"] == "锅炉房" and values["note"] is None
    assert "写给旧字段的" in browser.get(answer.headers["Location"]).text, "what has no place any more is told, not lost in silence"


def test_what_was_drawn_as_text_is_read_as_the_new_type_or_comes_back(old_form):
    browser, path, id, posted = old_form
    publish(lambda fields, wish: fields["place"].update(type="integer"))
    answer = browser.post(f"{path}edit", data=posted | {"place": "三号楼"})
    assert answer.status_code == 422 and "三号楼" in answer.text
    assert browser.post(f"{path}edit", data=posted | {"place": "3"}).status_code == 303
    assert query.get(MADE.name, SYSTEM, id).values["place"] == 3


def test_a_new_required_field_is_marked_and_blocks_nothing(old_form):
    browser, path, _id, posted = old_form
    publish(lambda fields, wish: wish["fields"].append({"type": "text", "name": "by_whom", "label": "填报人", "required": True}))
    assert browser.post(f"{path}edit", data=posted | {"note": "改了"}).status_code == 303
    assert "待补" in browser.get(path).text
