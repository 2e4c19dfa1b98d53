"""The header is found wherever it stands, flattened, and its units are told apart; what is not a record is named."""

import pytest

from services import readers
from tests.services.readers.conftest import table


def _rows(*lines):
    return "\r\n".join(lines).encode()


def _fill(sheet, rows, merged=()):
    for row in rows:
        sheet.append(row)
    for place in merged:
        sheet.merge_cells(place)


def _why(found):
    return [(number, why) for number, why, _ in found.skipped]


def test_three_levels_with_merged_cells_are_flattened(sheet):
    page, read = sheet
    _fill(
        page,
        [
            ["各校校舍情况表", *[None] * 6],
            ["填报单位：市教育局", None, None, None, None, "单位：平方米", None],
            ["学校", "校舍", None, None, None, "在校生（人）", "备注"],
            [None, "合格", None, "C级", None, None, None],
            [None, "栋数（栋）", "面积(㎡)", "栋数（栋）", "面积(㎡)", None, None],
            ["甲校", 2, 1200.5, 1, 300, 456, None],
        ],
        ["A1:G1", "A3:A5", "B3:E3", "B4:C4", "D4:E4", "F3:F5", "G3:G5"],
    )
    found = read()
    assert found.header == (3, 5)
    assert [(one.letter, one.text, one.unit) for one in found.columns] == [
        ("A", "学校", ""), ("B", "校舍/合格/栋数", "栋"), ("C", "校舍/合格/面积", "㎡"), ("D", "校舍/C级/栋数", "栋"),
        ("E", "校舍/C级/面积", "㎡"), ("F", "在校生", "人"), ("G", "备注", ""),
    ]  # fmt: skip
    assert found.columns[4].levels == ("校舍", "C级", "面积(㎡)")
    assert [row.cells for row in found.rows] == [["甲校", "2", "1200.5", "1", "300", "456", ""]]
    assert [number for number, _ in found.titles] == [1, 2] and _why(found) == [(1, "title"), (2, "title")]


def test_heads_merged_over_an_empty_row_take_no_record_with_them(sheet):
    page, read = sheet
    rows = [["情况表"], ["编号", "名称", "面积"], [None] * 3, ["A1", "东楼", "未量"], ["A2", "西楼", 15]]
    _fill(page, rows, ["A1:C1", "A2:A3", "B2:B3", "C2:C3"])
    found = read()
    assert found.heads == ["编号", "名称", "面积"] and [row.number for row in found.rows] == [4, 5]


def test_two_levels_in_a_text_file_where_nothing_can_be_merged():
    found = table(_rows("学校,校舍,,备注", ",栋数,面积,", "甲校,2,300,"), "a.csv")
    assert found.header == (1, 2)
    assert [one.text for one in found.columns] == ["学校", "校舍/栋数", "校舍/面积", "备注"]


@pytest.mark.parametrize(
    ("head", "text", "unit"),
    [
        ("面积（平方米）", "面积", "平方米"), ("地块面积/亩", "地块面积", "亩"), ("单价/(元/斤)", "单价", "元/斤"),
        ("投资（单位：万元）", "投资", "万元"), ("合格率(%)", "合格率", "%"), ("备注（选填）", "备注（选填）", ""),
        ("姓名/职务", "姓名/职务", ""), ("学校\n名称", "学校名称", ""), ("Mô tả", "Mô tả", ""), ("是否 C级", "是否C级", ""),
    ],
)  # fmt: skip
def test_units_are_recognised_and_other_brackets_stay(sheet, head, text, unit):
    page, read = sheet
    _fill(page, [["编号", head], ["a", 1]])
    column = read().columns[1]
    assert (column.text, column.unit) == (text, unit)


def test_a_header_is_found_without_anyone_knowing_its_heads():
    found = table(_rows("附件一", "某表", "", "代号,数,日子", "a,1,2021-07-21", "b,2,2021-07-22"), "a.csv")
    assert found.header == (4, 4) and [row.number for row in found.rows] == [5, 6]


def test_years_may_head_columns():
    assert [one.text for one in table(_rows("地区,2023,2024", "甲,1,2", "乙,3,4"), "a.csv").columns] == ["地区", "2023", "2024"]


def test_known_heads_win_over_shape():
    """A first line that looks like a header, of columns nobody knows, above the one the register knows."""
    known = lambda cells: len({"学校代码", "学校名称"} & set(cells))
    found = table(_rows("甲,乙,丙", "学校代码,学校名称,备注", "1,某校,"), "a.csv", score=known)
    assert found.header == (2, 2)


def test_the_header_can_be_said():
    found = table(_rows("甲,乙", "学校代码,学校名称", "1,某校"), "a.csv", header=2)
    assert [one.text for one in found.columns] == ["学校代码", "学校名称"]


def test_rows_that_are_not_records_are_named_with_the_reason():
    found = table(
        _rows(
            "序号,学校,人数", "甲,乙,1", "青禾区（2所）,,", "1,甲校,10", "2,乙校,20", ",小计,30", "", "一、松泉区,,", "3,丙校,5", "序号,学校,人数",
            "4,丁校,6", "合计,,41", "注：不含幼儿园,,", "2.人数按学籍,,", "数据来源：各校上报,,", "填表人：张三,审核人：李四,",
        ),
        "a.csv",
    )  # fmt: skip
    rows = list(found.rows)
    assert [(row.number, row.section) for row in rows] == [
        (4, "青禾区（2所）"),
        (5, "青禾区（2所）"),
        (9, "一、松泉区"),
        (11, "一、松泉区"),
    ]
    assert _why(found) == [
        (2, "numbering"), (3, "section"), (6, "total"), (7, "blank"), (8, "section"), (10, "header"), (12, "total"), (13, "note"),
        (14, "note"), (15, "note"), (16, "signed"),
    ]  # fmt: skip
    assert found.sections == [(3, "青禾区（2所）"), (8, "一、松泉区")] and found.totals == [6, 12]


def test_numbering_and_examples_below_the_header_are_no_records():
    found = table(_rows("学校,人数,面积", "甲,1,2", "示例：某校,30,200", "甲校,10,100"), "a.csv")
    assert [row.cells[0] for row in found.rows] == ["甲校"]
    assert _why(found) == [(2, "numbering"), (3, "example")]


def test_words_like_total_inside_a_record_stay():
    found = table(_rows("学校,项目,数", "设计学校,会计,1", "合计堂小学,总计划,2"), "a.csv")
    assert len(list(found.rows)) == 2


def test_hidden_rows_and_columns_are_read_and_told(sheet):
    page, read = sheet
    _fill(page, [["编号", "数", "备注"], ["a", 1, "x"], ["b", 2, "y"]])
    page.row_dimensions[3].hidden = True
    page.column_dimensions["C"].hidden = True
    found = read()
    assert [(row.number, row.hidden) for row in found.rows] == [(2, False), (3, True)]
    assert found.hidden_rows == [3] and found.hidden_columns == [2]
    assert "隐藏" in str(found.notes[0]) and "C" in str(found.notes[1])


def test_groups_filled_in_their_first_row_are_offered_not_filled(sheet):
    page, read = sheet
    _fill(page, [["区", "学校", "数"], ["甲区", "a", 1], [None, "b", 2], [None, "c", 3], ["乙区", "d", 4], [None, "e", 5]])
    found = read()
    assert found.fill_down == [0] and [row.cells[0] for row in found.rows] == ["甲区", "", "", "乙区", ""]
    assert [row.cells[0] for row in read(fill_down=(0,)).rows] == ["甲区", "甲区", "甲区", "乙区", "乙区"]


def test_merged_data_cells_are_told_and_offered(sheet):
    page, read = sheet
    _fill(page, [["区", "学校", "数"], ["甲区", "a", 1], [None, "b", 2], ["乙区", "c", 3]], ["A2:A3"])
    found = read()
    assert found.merged == [(2, 0, 3, 0)] and found.fill_down == [0] and "A2:A3" in " ".join(map(str, found.notes))


def test_two_equal_heads_are_told():
    found = table(_rows("编号,面积,面积", "a,1,2"), "a.csv")
    assert found.doubles == [("面积", (1, 2))] and "B、C 列的列名都是「面积」" in str(found.notes[-1])


def test_addresses():
    assert [readers.address(17, at) for at in (0, 1, 25, 26, 701, 702)] == ["A17", "B17", "Z17", "AA17", "ZZ17", "AAA17"]
