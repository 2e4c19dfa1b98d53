"""Any table reads the same, whichever program wrote it."""

import csv
import datetime
import io
import subprocess
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings, strategies as st

from services import readers
from tests.services.readers.conftest import saved, table

HEADS = ["编号", "名称", "数", "日期", "是否"]
# What a workbook can hold: no control characters, and what a spreadsheet would not turn into something else.
texts = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=15).filter(
    lambda text: text == text.strip() and not text.startswith(("=", "'", "#")) and "_x" not in text
)
numbers = st.one_of(
    st.integers(-(10**14), 10**14), st.decimals(-(10**6), 10**6, places=3, allow_nan=False).map(lambda number: float(number))
)
days = st.dates(datetime.date(1950, 1, 1), datetime.date(2100, 1, 1))
tables = st.lists(
    st.tuples(texts, st.one_of(st.none(), numbers), st.one_of(st.none(), days), st.one_of(st.none(), st.booleans())),
    min_size=1,
    max_size=8,
)


def _by_openpyxl(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def _by_xlsxwriter(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_urls": False, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for at, value in enumerate(row):
                sheet.write_string(number, at, value) if isinstance(value, str) else sheet.write(number, at, value)
    return out.getvalue()


def _expected(rows):
    return [[_text(value) for value in row] for row in rows]


def _text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        number = Decimal(repr(value))
        return str(int(number)) if number == number.to_integral_value() else format(number.normalize(), "f")
    return str(value)


def _read(data, width=len(HEADS), **options):
    cells = [list(row.cells) for row in table(data, **options).rows]
    return [row + [""] * (width - len(row)) for row in cells]


@pytest.mark.parametrize("write", [_by_openpyxl, _by_xlsxwriter])
@given(rows=tables)
@settings(max_examples=12, deadline=None)
def test_any_table_reads_the_same(write, rows):
    rows = [[f"第{number}条", *row] for number, row in enumerate(rows)]
    assert _read(write([HEADS, *rows])) == _expected(rows)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Saves a workbook anew with LibreOffice, in another format."""
    profile = tmp_path_factory.mktemp("office")

    def convert(path, kind):
        command = [
            "soffice",
            f"-env:UserInstallation=file://{profile}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(path.parent),
        ]
        subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=180)
        return path.with_suffix(f".{kind.partition(':')[0]}")

    return convert


ROWS = [
    ["a", "甲校（东校区）", 4141010459, datetime.date(2021, 7, 21), True], ["b", "0010", -0.5, datetime.date(1999, 12, 31), False],
    ["c", "第一行\n第二行", None, None, None], ["d", "1E5", 1234567.891, datetime.date(2024, 2, 29), True],
]  # fmt: skip


@pytest.mark.parametrize("kind", ["ods", "xls", "xlsx"])
def test_what_libreoffice_saves_reads_the_same(office, tmp_path, kind):
    path = tmp_path / "in.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["某表", *[None] * 6], [*HEADS, "比率", "代码"], *([*row, 0.285, 411] for row in ROWS)]:
        sheet.append(row)
    sheet.merge_cells("A1:G1")
    for number in range(3, 7):
        sheet.cell(number, 6).number_format = "0.0%"
        sheet.cell(number, 7).number_format = "0000"
    sheet["H3"] = "=1/0"
    sheet["H2"] = "错"
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["B"].hidden = True
    book.save(path)
    other = path.rename(tmp_path / "source.xlsx")
    data = office(other, kind).read_bytes() if kind != "xlsx" else office(office(other, "ods"), "xlsx").read_bytes()
    found = table(data, "名字不对.doc")
    rows = list(found.rows)
    assert [[*map(str, row.cells[:7])] for row in rows] == [[*row, "28.5%", "0411"] for row in _expected(ROWS)]
    assert isinstance(rows[0].cells[7], readers.Damaged) and "#DIV/0!" in str(rows[0].cells[7].why)
    assert found.header == (2, 2) and [row.hidden for row in rows] == [False, True, False, False] and found.hidden_columns == [1]


def test_what_libreoffice_saves_as_text_reads_the_same(office, tmp_path):
    path = tmp_path / "source.xlsx"
    path.write_bytes(_by_openpyxl([HEADS, *ROWS]))
    found = _read(office(path, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false").read_bytes())
    with open(tmp_path / "source.csv", encoding="utf-8", newline="") as file:
        assert found == list(csv.reader(file))[1:] and found[0][1] == "甲校（东校区）"
