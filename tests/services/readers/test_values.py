"""A cell's text is what a clerk sees in it, whoever wrote the workbook; what a file has lost is said."""

import io
from datetime import date, datetime, time

import pytest
import xlsxwriter

from services.readers import Damaged
from tests.services.readers.conftest import table


def _book(write, **options):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编号", "值"])
        write(book, sheet)
    return out.getvalue()


def _one(write, **options):
    """The second cell of the only row."""
    (row,) = table(_book(write, **options)).rows
    return row.cells[1]


@pytest.mark.parametrize(
    ("value", "shape", "text"),
    [
        (4141010459, "General", "4141010459"), (411, "0000", "0411"), (0.35, "0%", "35%"), (0.1234, "0.00%", "12.34%"),
        (0.285, "0.0%", "28.5%"), (-5, "General", "-5"), (0.1 + 0.2, "General", "0.3"), (1e-7, "General", "0.0000001"),
        (12.5, "0.00", "12.5"), (1234.5, '#,##0.00"元"', "1234.5"), (date(2021, 7, 21), "yyyy-mm-dd", "2021-07-21"),
        (date(2021, 7, 21), 'yyyy"年"m"月"d"日"', "2021-07-21"), (datetime(2021, 7, 21, 17, 30), "yyyy/m/d h:mm", "2021-07-21 17:30:00"),
        (time(8, 30), "h:mm", "08:30:00"),
    ],
)  # fmt: skip
def test_a_number_reads_as_it_is_shown(value, shape, text):
    def write(book, sheet):
        put = sheet.write_datetime if not isinstance(value, (int, float)) else sheet.write_number
        sheet.write(1, 0, "a")
        put(1, 1, value, book.add_format({"num_format": shape}))

    assert _one(write) == text


def test_days_count_from_1904_where_the_workbook_says_so():
    day = {"num_format": "yyyy-mm-dd"}
    write = lambda book, sheet: (sheet.write(1, 0, "a"), sheet.write_datetime(1, 1, date(2000, 1, 1), book.add_format(day)))
    assert _one(write, date_1904=True) == "2000-01-01" == _one(write)


@pytest.mark.parametrize(
    "text", ["0010", "1E5", "NA", "=1+1", "'quoted", " spaced ", "第一行\n第二行", "TRUE", "2021年8月", "4.11023E+17"]
)
def test_text_stays_as_written(text):
    assert _one(lambda book, sheet: sheet.write_row(1, 0, ["a"]) or sheet.write_string(1, 1, text)) == text


def test_a_number_of_more_than_fifteen_digits_is_damaged():
    cell = _one(lambda book, sheet: sheet.write_row(1, 0, ["a", 411023199001011234]))
    assert isinstance(cell, Damaged) and "末尾几位已丢失" in str(cell.why)


def test_a_long_number_that_excel_wrote_into_csv_is_damaged():
    (row,) = table("编号,值\r\na,4.11023E+17\r\n".encode(), "a.csv").rows
    assert isinstance(row.cells[1], Damaged) and "末尾几位已丢失" in str(row.cells[1].why)


@pytest.mark.parametrize(
    ("formula", "value", "said"), [("=1/0", "#DIV/0!", "#DIV/0!"), ("=A1", "", "没有结果"), ("=B9", "#REF!", "#REF!")]
)
def test_formulas_without_a_value_are_damaged(formula, value, said):
    cell = _one(lambda book, sheet: sheet.write(1, 0, "a") or sheet.write_formula(1, 1, formula, None, value))
    assert isinstance(cell, Damaged) and said in str(cell.why)


def test_a_formula_with_a_value_is_its_value():
    assert _one(lambda book, sheet: sheet.write(1, 0, "a") or sheet.write_formula(1, 1, "=1+1", None, 2)) == "2"


def test_damage_is_found_in_every_row_of_a_long_sheet():
    """The parts are searched a piece at a time."""

    def write(book, sheet):
        percent = book.add_format({"num_format": "0.0%"})
        for number in range(1, 30_001):
            sheet.write_string(number, 0, f"第{number}行" * 3)
            sheet.write_number(number, 1, 0.5, percent) if number % 3 else sheet.write_formula(number, 1, "=1/0", None, "#DIV/0!")

    rows = list(table(_book(write)).rows)
    assert len(rows) == 30_000
    assert all(isinstance(row.cells[1], Damaged) == (row.number % 3 == 1) for row in rows)
    assert {row.cells[1] for row in rows} == {"50%", "#DIV/0!"}
