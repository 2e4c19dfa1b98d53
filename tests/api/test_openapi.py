"""The served document: valid for everybody, true to what each sees and may."""

import json

import pytest
from openapi_spec_validator import validate

from models import registry
from services import policy, tokens
from tests import made_up_calls

SHORT = ("damaged_building", "school_headcount", "hazard")
ONE_OF_EACH_ROLE = ("city_admin", "city_clerk", "leader", "district_a", "school_a", "inspector_a", "auditor", "nobody")
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.mark.parametrize("name", ONE_OF_EACH_ROLE)
def test_the_document_is_valid_and_tells_nobody_more_than_he_sees(city, caller_of, name):
    actor, caller = city.actor(name), caller_of(name)
    document = caller.get("/api/v1/openapi.json").json
    validate(document)
    names = {register.name for register in policy.registers(actor)}
    assert {path.split("/")[2] for path in document["paths"] if path.endswith("/records")} == names
    for register in policy.registers(actor):
        schema = document["components"]["schemas"][register.name]
        assert set(schema["properties"]) == {"id", "version"} | {field.name for field in register.live}
        methods = document["paths"][f"/registers/{register.name}/records"]
        assert ("post" in methods) == bool(policy.may(actor, "edit", register))
        assert (f"/registers/{register.name}/records.csv" in document["paths"]) == bool(policy.may(actor, "export", register))
    for register in registry.all():
        if not policy.may(actor, "count", register):
            assert f"/registers/{register.name}/" not in json.dumps(list(document["paths"]))


def test_fields_are_told_with_units_choices_patterns_and_examples(caller_of):
    schemas = caller_of("city_clerk").get("/api/v1/openapi.json").json["components"]["schemas"]
    building = schemas["damaged_building.new"]
    assert building["properties"]["area_m2"]["x-unit"] and building["properties"]["kind"]["enum"][-1] is None
    assert "school" in building["required"] and building["additionalProperties"] is False
    assert schemas["damaged_building"]["properties"]["area_m2"]["pattern"] == r"^-?\d+\.\d{2}$"
    assert "name" not in schemas["inland_student"]["properties"]


def test_a_limited_token_gets_a_limited_document(caller_of):
    document = caller_of("city_admin", registers=("hazard",), actions=("view",)).get("/api/v1/openapi.json").json
    assert [tag["name"] for tag in document["tags"]] == ["hazard"]
    assert set(document["paths"]["/registers/hazard/records"]) == {"get"}


def test_the_page_tells_people_what_the_document_tells_programs(client_of):
    browser = client_of("district_a")
    assert "/admin/api/hazard" in browser.get("/admin/api/").text
    page = browser.get("/admin/api/hazard").text
    assert "PATCH /api/v1/registers/hazard/records/{id}" in page and "level__in" in page and "If-Match" in page
    counted = browser.get("/admin/api/inland_student")
    assert counted.status_code == 200 and "/summary" in counted.text and "stay_status__" not in counted.text
    assert client_of("inspector_a").get("/admin/api/foreign_teacher").status_code == 404


@pytest.mark.serial
def test_made_up_calls_are_answered_as_the_document_says(app, city):
    """schemathesis with a district clerk's token: no 5xx, no status or body that is not documented. The long form: make prove."""
    _, secret = tokens.create(city.actor("district_a"), "schemathesis", registers=SHORT)
    rows = {name: [id for ids in units.values() for id in ids] for name, units in city.rows.items()}
    made, wrong = made_up_calls.run(app, secret, each=6, ids=rows)
    assert wrong == [] and made >= 300
