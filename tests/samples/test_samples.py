"""Real public files come in whole, and are found again in list, filter, search and export. They lie beside the project."""

import csv
import io
import os
from collections import Counter
from pathlib import Path

import pytest

from models import tables
from models.base import database
from services import exports, query, records
from services.actor import SYSTEM
from tests import engines
from tests.bringing import bring

SAMPLES = os.environ.get("TAIZHANG_SAMPLES")
pytestmark = pytest.mark.skipif(not SAMPLES, reason="TAIZHANG_SAMPLES is not set: the public sample files are not here")

SCHOOLS = {"level": "primary", "managed_by": "district", "ownership": "public"}
UNIVERSITIES = {"level": "university", "managed_by": "province", "ownership": "public", "district": "410102"}
BUILDINGS = {"kind": "teaching", "found_on": "2009-04-06"}
BUILDING_COLUMNS = {"id": "code", "PRO_COM": "school", "BuildingClass": "name", "DamageState": "damage"}
DAMAGE = {"0": "", "1": "slight", "2": "moderate", "3": "severe", "4": "severe", "5": "collapsed"}


def _file(name):
    path = Path(SAMPLES) / name
    assert path.is_file(), f"TAIZHANG_SAMPLES is set, but {name} is missing"
    return path


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A city with the districts of Zhengzhou and nothing else."""
    before = database.obj
    engines.forget_models()
    engines.connect(tmp_path_factory.mktemp("samples") / "city.sqlite3")
    tables.migrate()
    with open(_file("areas/areas.csv"), encoding="utf-8-sig") as file:
        areas = [row for row in csv.DictReader(file) if row["cityCode"] == "4101"]
    wanted = {row["区县"] for row in _lines("schools/zhengzhou-148.csv")}
    districts = [{"code": row["code"], "name": row["name"]} for row in areas if row["name"] in wanted]
    assert len(districts) == 12
    records.create_many("district", SYSTEM, districts)
    yield
    engines.disconnect()
    engines.forget_models()
    database.initialize(before)


def _lines(name):
    with open(_file(name), encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _count(register, **filters):
    return query.count(query.parse(register, SYSTEM, list(filters.items())), exact=True).value


def _exported(register, **filters):
    chunks = exports.csv_stream(query.parse(register, SYSTEM, list(filters.items())), SYSTEM)
    return list(csv.DictReader(io.StringIO(b"".join(chunks).decode("utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def schools(city):
    return bring(
        "school", _file("schools/zhengzhou-148.csv"), SYSTEM, mapping={"学校名称": "name", "区县": "district"}, constants=SCHOOLS
    )


def test_148_names_are_118_schools(schools):
    assert schools.line == "new 118 changed 0 unchanged 0 error 0 warning 30 out_of_scope 0"
    repeats = [str(message.placed) for message in schools.messages if message.code == "repeated"]
    assert len(repeats) == 30 and repeats[0] == "第 70 行与第 2 行重复，只导入一次。"
    unmatched = next(str(message.placed) for message in schools.messages if message.code == "unmatched_columns")
    assert "省、市" in unmatched


def test_schools_are_in_list_filter_search_and_export(schools):
    expected = Counter(district for _, district in {(row["学校名称"], row["区县"]) for row in _lines("schools/zhengzhou-148.csv")})
    districts = {hit.label: str(hit.id) for hit in query.lookup("district", SYSTEM, limit=50)}
    counts = {label: _count("school", district=id, level="primary") for label, id in districts.items()}
    assert counts == dict(expected)
    found = query.page(query.parse("school", SYSTEM, [("q", "枫杨外国语")])).records
    assert [record.title for record in found] == ["枫杨外国语学校", "郑州枫杨外国语学校(东校区)"]
    rows = _exported("school", level="primary")
    assert len(rows) == 118 and all(row["学校代码"] for row in rows)
    assert "410102 中原区" in {row["属地"] for row in rows}


def test_the_same_file_again_makes_nothing(schools):
    again = bring(
        "school", _file("schools/zhengzhou-148.csv"), SYSTEM, mapping={"学校名称": "name", "区县": "district"}, constants=SCHOOLS
    )
    assert again.line == "new 0 changed 0 unchanged 118 error 0 warning 30 out_of_scope 0"


@pytest.fixture(scope="module")
def universities(city):
    """Where a name is already there from the other list, the district tells them apart: these all stand in 410102."""
    taken = [record.id for record in query.stream(query.parse("school", SYSTEM, [("level", "primary")]))]
    if taken:
        records.delete_many("school", SYSTEM, taken)
    return bring("school", _file("intake/moe2025-universities.xls"), SYSTEM, constants=UNIVERSITIES, where={"所在地": "郑州市"})


def test_73_universities_of_the_city(universities):
    assert universities.line == "new 73 changed 0 unchanged 0 error 0 warning 0 out_of_scope 0"
    said = {message.code: str(message.placed) for message in universities.messages}
    assert "表头是第 3 行" in said["title_rows"] and said["section_rows"].startswith("31 行")
    assert f"{2919 - 73} 行" in said["left_out"] and "办学层次" in said["unmatched_columns"]


def test_universities_keep_their_ten_digits(universities):
    found = query.page(query.parse("school", SYSTEM, [("q", "4141010459")])).records
    assert [record.values["name"] for record in found] == ["郑州大学"]
    rows = _exported("school", level="university")
    assert len(rows) == 73 and all(len(row["学校代码"]) == 10 and row["学校代码"].isdigit() for row in rows)


@pytest.fixture(scope="module")
def buildings(city):
    """56,410 surveyed buildings, one made-up school for each municipality."""
    district = query.lookup("district", SYSTEM)[0].id
    codes = sorted({row["PRO_COM"] for row in _lines("buildings/laquila2009-56410.csv")})
    made = [SCHOOLS | {"code": code, "name": f"样例学校{code}", "district": district} for code in codes]
    assert len(records.create_many("school", SYSTEM, made)) == 62
    return bring(
        "damaged_building", _file("buildings/laquila2009-56410.csv"), SYSTEM, mapping=BUILDING_COLUMNS, constants=BUILDINGS,
        translate={"damage": DAMAGE},
    )  # fmt: skip


def test_56410_buildings_and_their_damage(buildings):
    assert buildings.line == "new 56410 changed 0 unchanged 0 error 0 warning 0 out_of_scope 0"
    counts = {damage: _count("damaged_building", damage=damage) for damage in ("slight", "moderate", "severe", "collapsed")}
    assert counts == {"slight": 8596, "moderate": 3104, "severe": 4197 + 4628, "collapsed": 3201}
    assert _count("damaged_building", damage__empty="true") == 32684


def test_buildings_are_found_by_school_and_code_and_exported(buildings):
    expected = Counter(row["PRO_COM"] for row in _lines("buildings/laquila2009-56410.csv"))
    school = query.lookup("school", SYSTEM, "66043")[0]
    assert _count("damaged_building", school=str(school.id)) == expected["66043"]
    found = query.page(query.parse("damaged_building", SYSTEM, [("q", "35751")])).records
    assert "35751" in {record.values["code"] for record in found}
    rows = _exported("damaged_building", damage="collapsed", fields="code,school,name,damage")
    assert len(rows) == 3201 and {row["受损程度"] for row in rows} == {"倒塌"}
