"""The clerk gets her own file back, marked where it is wrong, and it can be sent again as it is."""

import io

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill

from services import readers
from services.error_workbook import WHOLE_UP_TO, Layout, Origin, error_workbook, fingerprint, origin_of

MESSAGES = [
    (5, 1, "「人数」应是数字，如 1200。"),
    (5, None, "这一行与第 4 行重复。"),
    (6, 2, "「日期」应是日期。"),
    (None, None, "文件的话。"),
]


@pytest.fixture
def book():
    """A workbook with a title, two levels of heads, a look, a formula and a drop-down."""
    made = openpyxl.Workbook()
    page = made.active
    page.title = "名单"
    for row in [
        ["某表"],
        ["学校", "在校", None],
        [None, "人数", "日期"],
        ["甲校", 10, "2021-07-21"],
        ["乙校", "约30", None],
        ["丙校", 5, "8.5"],
    ]:
        page.append(row)
    page.merge_cells("A1:C1")
    page.merge_cells("A2:A3")
    page.merge_cells("B2:C2")
    page["A1"].font = Font(size=18, bold=True)
    page["A4"].fill = PatternFill("solid", fgColor="FF00B050")
    page.column_dimensions["A"].width = 33
    page.freeze_panes = "A4"
    page["B6"] = "=2+3"
    return made


def _source(book, name="名单.xlsx"):
    out = io.BytesIO()
    book.save(out)
    return readers.open_files([(name, out.getvalue())])[0]


def _written(path, source, messages=MESSAGES, origin=None):
    table = readers.read(source)
    last = max(row.number for row in table.rows)
    error_workbook(path, source, Layout.of(table, last), messages, origin)
    return openpyxl.load_workbook(path)


def _marked(page):
    return {cell.coordinate for row in page.iter_rows() for cell in row if cell.comment}


def test_the_look_is_kept_and_the_bad_cells_are_marked(book, tmp_path):
    page = _written(tmp_path / "错误.xlsx", _source(book))["名单"]
    assert _marked(page) == {"B5", "C6"}
    assert page["B5"].fill.fgColor.rgb == "FFFFC7CE" and "应是数字" in page["B5"].comment.text
    assert page["D3"].value == "错误说明" and page["D5"].value.splitlines() == [
        "「人数」应是数字，如 1200。",
        "这一行与第 4 行重复。",
    ]
    assert page["D4"].value is None and page["D6"].value == "「日期」应是日期。"
    assert page["A1"].font.size == 18 and page["A4"].fill.fgColor.rgb == "FF00B050" and page.column_dimensions["A"].width == 33
    assert page.freeze_panes == "A4" and {str(one) for one in page.merged_cells.ranges} == {"A1:C1", "A2:A3", "B2:C2"}
    assert page["B5"].value == "约30" and page["B6"].value == "=2+3"


def test_sent_again_it_reads_as_before_and_says_where_it_came_from(book, tmp_path):
    source = _source(book)
    before = readers.read(source)
    rows = list(before.rows)
    _written(tmp_path / "错误.xlsx", source, origin=Origin(17, 2))
    again = readers.open_path(tmp_path / "错误.xlsx")
    found = readers.read(again)
    assert found.heads == before.heads and found.header == before.header and found.other_sheets == ()
    # The formula's result is worked out by the program the clerk opens it with.
    assert [row.cells for row in found.rows][:2] == [row.cells for row in rows][:2]
    assert origin_of(again) == Origin(17, 2) and origin_of(source) is None


def test_marked_again_the_old_marks_are_gone(book, tmp_path):
    _written(tmp_path / "一.xlsx", _source(book))
    once = openpyxl.load_workbook(tmp_path / "一.xlsx")
    once["名单"]["B5"] = 30
    page = _written(tmp_path / "二.xlsx", _source(once), [(6, 2, "「日期」应是日期。")])["名单"]
    assert _marked(page) == {"C6"} and page["B5"].fill.fill_type is None
    assert [page.cell(row, 4).value for row in range(3, 7)] == [
        "错误说明",
        None,
        None,
        "「日期」应是日期。",
    ] and page.max_column == 4


@pytest.mark.parametrize(
    ("name", "data"),
    [("名单.csv", "某表,,\r\n学校,人数,日期\r\n0010,10,2021-07-21\r\n=1+1,约30,\r\n丙校,5,8.5\r\n".encode("gb18030"))],
)
def test_a_text_file_becomes_a_workbook_with_the_same_cells(tmp_path, name, data):
    (source,) = readers.open_files([(name, data)])
    page = _written(tmp_path / "错误.xlsx", source, [(4, 1, "「人数」应是数字。"), (5, 2, "「日期」应是日期。")])["数据"]
    assert _marked(page) == {"B4", "C5"} and page["D2"].value == "错误说明"
    assert [[cell.value for cell in row[:3]] for row in page.iter_rows(min_row=3)] == [
        ["0010", "10", "2021-07-21"], ["=1+1", "约30", None], ["丙校", "5", "8.5"],
    ]  # fmt: skip
    assert page["A4"].data_type == "s"
    found = readers.read(readers.open_path(tmp_path / "错误.xlsx"))
    assert [row.cells for row in found.rows] == [row.cells for row in readers.read(source).rows]


def test_of_a_long_file_only_the_wrong_rows_go_back(tmp_path):
    count = WHOLE_UP_TO + 500
    lines = ["表,,", "学校,人数,日期", *(f"校{number},{number},2021-07-21" for number in range(count))]
    (source,) = readers.open_files([("长.csv", "\r\n".join(lines).encode())])
    page = _written(tmp_path / "错误.xlsx", source, [(100, 1, "错一。"), (20_000, 2, "错二。")])["数据"]
    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=2)] == [
        ["学校", "人数", "日期", "错误说明"], ["校97", "97", "2021-07-21", "错一。"], ["校19997", "19997", "2021-07-21", "错二。"],
    ]  # fmt: skip


def test_a_row_is_known_by_what_its_cells_say():
    assert fingerprint(["a ", "", " "]) == fingerprint(["a"]) != fingerprint(["", "a"])
