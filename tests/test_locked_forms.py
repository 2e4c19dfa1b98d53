"""A record in a locked state: no form is offered for it, and one that was open when it closed gives back what was typed."""

from models import tables
from services import query


def closed(city):
    """A building of school a1, closed behind everybody's back, and its address."""
    id = city.id("damaged_building", "a1")
    model = tables.model("damaged_building")
    model.update(f_state="closed", version=model.version + 1).where(model.id == id).execute()
    return id, f"/admin/r/damaged_building/{id}/"


def test_a_closed_building_offers_no_form(city, client_of):
    _, path = closed(city)
    browser = client_of("district_a")
    page = browser.get(path)
    assert page.status_code == 200 and f"{path}edit" not in page.text and f"{path}delete" not in page.text
    refused = browser.get(f"{path}edit")
    assert refused.status_code == 403 and "已是「销号」" in refused.text


def test_what_was_typed_while_it_was_closed_comes_back(city, client_of):
    id = city.id("damaged_building", "a1")
    version, browser = query.get("damaged_building", city.actor("district_a"), id).version, client_of("district_a")
    _, path = closed(city)
    answer = browser.post(f"{path}edit", data={"_version": str(version), "_was-note": "", "note": "雨后复看，裂缝加宽"})
    assert answer.status_code == 403 and "雨后复看，裂缝加宽" in answer.text and "已是「销号」" in answer.text
