"""Every public file marked intake is read as `expected.json` beside it says. They lie beside the project."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from models.errors import Invalid
from services import readers

SAMPLES = os.environ.get("TAIZHANG_SAMPLES")
pytestmark = pytest.mark.skipif(not SAMPLES, reason="TAIZHANG_SAMPLES is not set: the public sample files are not here")
_ROOT = Path(SAMPLES or ".")
EXPECTED = (
    {name: told for name, told in json.loads((_ROOT / "expected.json").read_text()).items() if name != "_"} if SAMPLES else {}
)
SPECTRUM = sorted((_ROOT / "robustness/csv-spectrum/csvs").glob("*.csv")) if SAMPLES else []
ROBUST = sorted(path for path in (_ROOT / "robustness").rglob("*.*") if path.suffix != ".json") if SAMPLES else []
# Files without a table in the shape of one: a sheet of one merged cell, of colours, of numbers without heads, an empty one, noise.
NO_TABLE = {
    "65536-rows-xls.xls", "color-date-lowercase-xlsx.xlsx", "color-date-xls.xls", "color-date-xlsx.xlsx", "dates-1900-LibreOffice.xlsx",
    "dates-1900.xls", "dates-1904.xls", "merged-cells-boolean.xls", "merged-cells.xls", "merged-cells.xlsx", "missing-first-column.xls",
    "missing-first-column.xlsx", "preserve-formatting.xlsx",
}  # fmt: skip
UNDECIDED = {"latin1.csv", "un-readable.csv", "not_a_csv.csv", "mixed_headers_encoding.csv", "mixed_rows_encoding.csv"}


def _source(name):
    path = _ROOT / name
    assert path.is_file(), f"TAIZHANG_SAMPLES is set, but {name} is missing"
    return readers.open_path(path)


@pytest.fixture(scope="module")
def reading():
    with readers.Parser() as parser:
        yield parser


@pytest.mark.parametrize("name", EXPECTED)
def test_files_a_clerk_has_are_read_as_expected(name, reading):
    told = EXPECTED[name]
    found = readers.read(_source(name), sheet=told.get("sheet"), parser=reading)
    rows = list(found.rows)
    why = Counter(reason for _, reason, _ in found.skipped)
    assert len(rows) == told["records"] and found.header == (told.get("header_row", 1),) * 2
    assert why["title"] == told.get("title_rows", 0) and why["section"] == told.get("section_rows", 0)
    assert why["note"] == told.get("note_rows", 0) and not set(why) - {"title", "section", "note"}
    assert found.encoding == told.get("encoding", found.encoding)
    heads = [column.text for column in found.columns]
    assert heads == told.get("columns", heads) and len(heads) == told.get("columns_count", len(heads))
    for spot in told.get("spots", ()):
        _check_spot(spot, found.heads, rows)


def _check_spot(spot, heads, rows):
    first = next(iter(spot.items()))
    row = next(row for row in rows if row.cells[heads.index(first[0])].strip() == first[1])
    assert {head: row.cells[heads.index(head)] or None for head in spot} == spot


def test_codes_of_universities_are_ten_digits_and_sections_give_the_province(reading):
    found = readers.read(_source("intake/moe2025-universities.xls"), parser=reading)
    rows = list(found.rows)
    assert all(len(row.cells[2]) == 10 and row.cells[2].isdigit() for row in rows)
    assert Counter(row.section for row in rows)["北京市（92所）"] == 92 and len({row.section for row in rows}) == 31


def test_unknown_is_not_zero(reading):
    found = readers.read(_source("intake/nbs-cities.xls"), parser=reading)
    row = next(row for row in found.rows if row.cells[0] == "石家庄")
    assert row.cells[1] == "" and row.cells[2] == "6082.62"


def test_a_group_s_name_is_offered_to_be_filled_down(reading):
    source = _source("intake/cumcm2024-annex2.xlsx")
    found = readers.read(source, parser=reading)
    assert found.fill_down == [0] and sum(not row.cells[0] for row in found.rows) > 30
    filled = readers.read(source, fill_down=(0,), parser=reading)
    assert all(row.cells[0].strip() for row in filled.rows)


def test_units_in_heads(reading):
    found = readers.read(_source("intake/cumcm2024-annex1.xlsx"), sheet="乡村的现有耕地", parser=reading)
    assert [(one.text, one.unit) for one in found.columns][2] == ("地块面积", "亩")


def test_damage_states_of_buildings():
    found = readers.read(_source("buildings/laquila2009-56410.csv"))
    counts = Counter(row.cells[found.heads.index("DamageState")] for row in found.rows)
    assert [counts[str(state)] for state in range(6)] == [32684, 8596, 3104, 4197, 4628, 3201]


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_dialects_give_the_json_they_should(path):
    found = readers.read(readers.open_path(path))
    told = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text())
    told = told if isinstance(told, list) else [told]
    # The files may have lost their \r on the way here, and one JSON has another telephone number than its CSV.
    read = [{head: cell.replace("\r", "") for head, cell in zip(found.heads, row.cells, strict=True)} for row in found.rows]
    told = [{head: cell.replace("\r", "") for head, cell in row.items()} for row in told]
    for row in [*read, *told]:
        row.pop("Contact Phone Number", None)
    assert read == told


@pytest.mark.parametrize("path", ROBUST, ids=lambda path: path.name)
def test_odd_files_are_read_or_refused_in_one_sentence(path, reading):
    source = readers.open_path(path)
    try:
        found = readers.read(source, parser=reading)
    except Invalid as refused:
        assert len(refused.faults) == 1 and str(refused).endswith("。")
        assert path.name in NO_TABLE | UNDECIDED | {"empty.csv"}
    else:
        rows = list(found.rows)
        assert found.columns and all(len(row.cells) >= 1 for row in rows) and path.name not in NO_TABLE | UNDECIDED
        numbers = [row.number for row in rows] + [number for number, *_ in found.skipped]
        assert len(numbers) == len(set(numbers)) and not set(range(found.header[0], found.header[1] + 1)) & set(numbers)
