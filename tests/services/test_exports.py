"""Exports: what the list shows leaves as a file, exact, inert, masked and logged."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings, strategies as st

from models import registry, tables
from models.errors import Invalid, NotAllowed
from models.fields import Code, Date, DateTime, Text
from models.fields.said import BETWEEN
from services import exports, query, readers, records
from services.actor import SYSTEM, Grant, Membership
from services.writers import Column, Notes, csv_chunks, guard, unguard, write_workbook

PAYLOADS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "|calc", "%0A=1", "\t=1+1", "\r=1", " =1", "\ufeff=1", "\x01=1", "　=1",
    "=HYPERLINK(\"http://x\")", "=cmd|' /C calc'!A0", "＝1+1", "＋1", "＠x", "-cmd", "--1", "-5%", "+8613800000000", "'=1",
    "''=1", "=1\n=2",
)  # fmt: skip
STARTS_FORMULA = re.compile(r"[\ufeff\x00-\x1f\x7f\s]*[=+\-@|%＝＋－＠]")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00" + BETWEEN), max_size=30) | st.sampled_from(
    PAYLOADS
)


@dataclass
class Start:
    """A school with a damaged building in each district of the test city; codes sort before all others."""

    city: object
    districts: list
    schools: list


@pytest.fixture
def start(city):
    districts = [city.district("a"), city.district("b")]
    schools = records.create_many("school", SYSTEM, [_school("0010", "甲校", districts[0]), _school("0020", "乙校", districts[1])])
    records.create_many(
        "damaged_building", SYSTEM, [_building("0B-甲", "甲楼", schools[0]), _building("0B-乙", "乙楼", schools[1])]
    )
    link = {"school": schools[0], "party": "police", "contact_post": "值班室", "phone": "13800001234"}
    records.create_many("four_party_link", SYSTEM, [link])
    return Start(city, districts, schools)


def _school(code, name, district):
    return {"code": code, "name": name, "district": district, "level": "primary", "managed_by": "district", "ownership": "public"}


def _building(code, name, school):
    return {"code": code, "name": name, "school": school, "kind": "teaching", "area_m2": "1200.50", "found_on": "2021-07-21"}


def _rows(chunks, encoding="utf-8-sig"):
    return list(csv.reader(io.StringIO(b"".join(chunks).decode(encoding), newline="")))


def _export(register, actor, pairs=(), **options):
    return _rows(exports.csv_stream(query.parse(register, actor, pairs), actor, **options))


def _log():
    model = tables.model("access_log")
    return [(row.f_action, row.f_register, row.f_detail) for row in model.select().order_by(model.id)]


# The guard ----------------------------------------------------------------------------------------------------------


@given(texts)
def test_guard_is_taken_away_again(text):
    assert unguard(guard(text)) == text


@given(texts)
def test_nothing_guarded_can_run(text):
    guarded = guard(text)
    assert not STARTS_FORMULA.match(guarded) or re.fullmatch(r"-[0-9]+(\.[0-9]+)?", guarded)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_get_a_quote(payload):
    assert guard(payload) == "'" + payload


@pytest.mark.parametrize("text", ["-5", "-5.20", "5", "0371-67180000", "1E5", "NA", "0010", "—", "纬五路一小", "'quoted'", ""])
def test_plain_texts_are_left_alone(text):
    assert guard(text) == text == unguard(text)


# CSV ----------------------------------------------------------------------------------------------------------------


def lines(rows):
    """Rows as services.query.lines gives them."""
    return ["".join(BETWEEN + cell for cell in row) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
@given(rows=st.lists(st.tuples(texts, texts), max_size=6))
def test_csv_reads_back_equal(encoding, rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    cells = [(f"第{number}行", *row) for number, row in enumerate(rows)]
    path.write_bytes(b"".join(csv_chunks(["编号", "=名称", "备注"], [lines(cells)] if cells else [], encoding)))
    table = readers.read(readers.open_path(path), encoding=encoding, score=lambda found: 2 * ("编号" in found))
    assert table.heads == ["编号", "=名称", "备注"]
    assert [tuple(row.cells) for row in table.rows] == cells


def test_csv_for_excel_has_a_mark_and_windows_lines():
    found = b"".join(csv_chunks(["甲"], [lines([("a",)])]))
    assert found == "\ufeff甲\r\na\r\n".encode()


def test_csv_head_goes_out_before_the_first_row_is_fetched():
    pieces = csv_chunks(["甲"], (1 / 0 for _ in "x"))
    assert next(pieces) == "\ufeff甲\r\n".encode()


# Workbooks ----------------------------------------------------------------------------------------------------------


def _book(path, columns, rows):
    write_workbook(path, columns, [lines(rows)], lambda count: Notes((("行数", str(count)),), (("编号", "代码"),)))
    return openpyxl.load_workbook(path)


def test_workbook_has_real_numbers_dates_and_text_codes(tmp_path):
    columns = [
        Column("编号"),
        Column("面积（平方米）", kind="number", number_format="0.00"),
        Column("日期", kind="date", number_format="yyyy-mm-dd"),
        Column("时间", kind="moment", number_format="yyyy-mm-dd hh:mm"),
        Column("数", kind="number"),
    ]
    row = ("0010", "1200.50", "2021-07-21", "2021-07-21 17:30:00", "-5")
    sheet = _book(tmp_path / "a.xlsx", columns, [row])["数据"]
    assert [cell.value for cell in sheet[2]] == ["0010", 1200.5, datetime(2021, 7, 21), datetime(2021, 7, 21, 17, 30), -5]
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "d", "d", "n"]
    assert sheet["B2"].number_format == "0.00" and sheet["C2"].number_format == "yyyy-mm-dd"
    assert sheet.freeze_panes == "A2" and sheet["B1"].value == "面积（平方米）"


def test_workbook_says_what_it_holds(tmp_path):
    sheet = _book(tmp_path / "a.xlsx", [Column("编号")], [("1",), ("2",)])["说明"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(max_row=1)] == [["行数", "2"]]


@pytest.mark.parametrize("payload", [*PAYLOADS, "_x0041_", "123456789012345678", "http://example.org", "007"])
def test_workbook_text_stays_text_and_reads_back(tmp_path, payload):
    write_workbook(tmp_path / "a.xlsx", [Column("编号"), Column("备注")], [lines([("1", payload)])], lambda count: Notes((), ()))
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert b"<f" not in archive.read("xl/worksheets/sheet1.xml")
    table = readers.read(readers.open_path(tmp_path / "a.xlsx"), score=lambda cells: 2 * ("编号" in cells))
    assert [row.cells for row in table.rows] == [["1", payload]]


@pytest.mark.parametrize("number", ["1234567890123456.78", "-12345678901234567", "0.1234567890123456"])
def test_numbers_too_long_for_excel_stay_whole_as_text(tmp_path, number):
    assert _book(tmp_path / "a.xlsx", [Column("数", kind="number")], [(number,)])["数据"]["A2"].value == number


@settings(max_examples=40, deadline=None)
@given(number=st.decimals(-(10**17), 10**17, places=3, allow_nan=False).map(lambda number: f"{number:f}"))
def test_numbers_are_kept_exactly(number, tmp_path_factory):
    value = _book(tmp_path_factory.mktemp("book") / "a.xlsx", [Column("数", kind="number")], [(number,)])["数据"]["A2"].value
    assert Decimal(str(value)) == Decimal(number)


@settings(max_examples=40, deadline=None)
@given(at=st.datetimes(datetime(1900, 3, 1), datetime(2100, 12, 31)).map(lambda at: at.replace(microsecond=0)))
def test_moments_are_kept_to_the_second(at, tmp_path_factory):
    columns = [
        Column("时间", kind="moment", number_format="yyyy-mm-dd hh:mm:ss"),
        Column("日期", kind="date", number_format="yyyy-mm-dd"),
    ]
    sheet = _book(tmp_path_factory.mktemp("book") / "a.xlsx", columns, [(str(at), str(at.date()))])["数据"]
    assert (sheet["A2"].value, sheet["B2"].value.date()) == (at, at.date())


@pytest.mark.parametrize("kind", ["number", "date", "moment"])
@pytest.mark.parametrize("text", ["不适用", "1900-02-28"])
def test_what_excel_cannot_hold_stays_text(tmp_path, kind, text):
    if (kind, text) != ("number", "1900-02-28"):
        assert _book(tmp_path / "a.xlsx", [Column("列", kind=kind)], [(text,)])["数据"]["A2"].value == text


def test_empty_cells_and_rows_keep_their_places(tmp_path):
    sheet = _book(tmp_path / "a.xlsx", [Column("甲"), Column("乙")], [("", ""), ("", "b"), ("a", "")])["数据"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [[None, None], [None, "b"], ["a", None]]
    assert sheet.dimensions == "A1:B4" == sheet.auto_filter.ref


@pytest.mark.parametrize("letter", ["字", "𠮷"])
def test_text_too_long_for_a_cell_is_refused_not_cut(tmp_path, letter):
    """Excel counts a character outside the first plane twice."""
    most = 32_767 // (len(letter.encode("utf-16-le")) // 2)
    assert len(_book(tmp_path / "a.xlsx", [Column("备注")], [(letter * most,)])["数据"]["A2"].value) == most
    with pytest.raises(Invalid) as refused:
        _book(tmp_path / "b.xlsx", [Column("备注")], [(letter * (most + 1),)])
    assert str(most + 1) in str(refused.value)


# What a list exports ------------------------------------------------------------------------------------------------


def test_export_is_the_list_with_units_and_codes(start):
    head, *rows = _export("damaged_building", SYSTEM, [("fields", "code,school,kind,area_m2,found_on"), ("sort", "code")])
    assert head == ["校舍编号", "学校", "建筑类别", "建筑面积（平方米）", "发现日期"]
    assert rows[0] == ["0B-乙", "0020 乙校", "教学楼", "1200.50", "2021-07-21"]


def test_export_keeps_filter_and_search(start):
    assert [row[0] for row in _export("damaged_building", SYSTEM, [("q", "甲楼")])[1:]] == ["0B-甲"]
    assert _export("damaged_building", SYSTEM, [("damage", "severe")])[1:] == []


def test_clerk_exports_no_row_of_another_district(start):
    actor = start.city.actor("district_a")
    text = str(_export("damaged_building", actor) + _export("school", actor))
    assert "甲楼" in text and "甲校" in text
    assert "乙楼" not in text and "乙校" not in text and "松泉" not in text


def test_who_may_only_view_may_not_export(start):
    actor = start.city.actor("inspector_a")
    with pytest.raises(NotAllowed):
        exports.csv_stream(query.parse("damaged_building", actor), actor)


def test_rows_come_from_those_the_actor_may_export(start):
    """He sees the whole city but exports only his district."""
    clerk = start.city.actor("district_a")
    wide = Grant("leader", "damaged_building", frozenset({"view"}), "all")
    actor = replace(clerk, memberships=(*clerk.memberships, Membership("leader")), grants=(*clerk.grants, wide))
    asked = query.parse("damaged_building", actor)
    assert "乙楼" in {record.values["name"] for record in query.stream(asked)}
    assert "乙楼" not in {row[2] for row in _export("damaged_building", actor)[1:]}


def test_masked_field_needs_a_purpose(start):
    pairs = [("fields", "school,phone"), ("school", str(start.schools[0]))]
    assert _export("four_party_link", SYSTEM, pairs)[1][1] == "138****1234"
    assert _export("four_party_link", SYSTEM, pairs, purpose="核对联系电话")[1][1] == "13800001234"
    with pytest.raises(Invalid):
        exports.csv_stream(query.parse("four_party_link", SYSTEM, pairs), SYSTEM, purpose="看看")


def test_names_never_leave(start):
    named = [field.name for field in registry.get("inland_student").fields if field.sensitivity == "named"]
    assert named
    for pairs in ([], [("fields", f"code,{named[0]}")]):
        head = _export("inland_student", SYSTEM, pairs)[0]
        assert not set(head) & {registry.get("inland_student").field(name).label for name in named}


def test_export_is_logged_before_the_first_byte(start):
    before = len(_log())
    asked = query.parse("damaged_building", SYSTEM, [("kind", "teaching")])
    chunks = exports.csv_stream(asked, SYSTEM, purpose="报送上级汇总")
    action, register, detail = _log()[before]
    assert (action, register) == ("export", "damaged_building")
    assert "建筑类别是 教学楼" in detail and "报送上级汇总" in detail and "建筑面积" in detail
    next(iter(chunks))
    assert len(_log()) == before + 1


def test_unknown_encoding_is_refused(start):
    with pytest.raises(Invalid):
        exports.csv_stream(query.parse("school", SYSTEM), SYSTEM, encoding="latin-1")


def test_workbook_of_a_list_leaves_nothing_behind(start, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    asked = query.parse("damaged_building", SYSTEM, [("fields", "code,school,area_m2,found_on"), ("sort", "code")])
    book = openpyxl.load_workbook(io.BytesIO(b"".join(exports.xlsx_stream(asked, SYSTEM))))
    assert [cell.value for cell in book["数据"][2]] == ["0B-乙", "0020 乙校", 1200.5, datetime(2021, 7, 21)]
    notes = {row[0]: row[1] for row in book["说明"].values}
    assert (
        notes["行数"] == str(query.count(asked, exact=True).value)
        and notes["筛选"] == "全部"
        and "单位：平方米" in notes["建筑面积（平方米）"]
    )
    assert list(tmp_path.iterdir()) == []


def test_file_name_carries_label_and_time():
    register = registry.get("damaged_building")
    assert re.fullmatch(r"受损校舍-\d{8}-\d{6}\.csv", exports.file_name(register, "csv"))
    assert re.fullmatch(r"受损校舍-\d{8}-\d{6}-gb18030\.csv", exports.file_name(register, "csv", "gb18030"))


def test_relations_without_access_show_no_code():
    assert exports.relation_text(3, query.NO_ACCESS.zh, {3: "0010"}) == query.NO_ACCESS.zh
    assert exports.relation_text((3, 4), {3: "甲楼", 4: "DB-1 乙楼"}, {3: "0B-甲", 4: "DB-1"}) == "0B-甲 甲楼、DB-1 乙楼"


@pytest.mark.parametrize("kind", [Text, Code, Date, DateTime])
def test_every_field_note_is_a_line(kind):
    assert "\n" not in exports.field_note(kind(name="a", label="甲", help="说明。"))


def test_notes_of_a_workbook_speak_the_readers_language_and_its_cells_go_back_in(start):
    reader = replace(start.city.actor("city_clerk"), language="en")
    asked = query.parse("damaged_building", reader, [("fields", "code,school,kind,area_m2"), ("q", "0B"), ("sort", "code")])
    book = openpyxl.load_workbook(io.BytesIO(b"".join(exports.xlsx_stream(asked, reader))))
    said = " ".join(
        str(cell) for row in book["Notes"].values for cell in row if cell and start.city.actor("city_clerk").name not in cell
    )
    assert "Exported at" in said and "Unit: m²" in said and not re.search(r"[\u3400-\u9fff]", said.replace("0B", ""))
    assert [cell.value for cell in book["数据"][2]][:3] == ["0B-乙", "0020 乙校", "教学楼"]


def test_titles_speak_the_readers_language(start):
    clerk = start.city.actor("city_clerk")
    chinese = query.get("hazard", clerk, start.city.id("hazard", "a1"))
    english = query.get("hazard", replace(clerk, language="en"), chinese.id)
    assert re.search(r"[\u3400-\u9fff]", chinese.title) and not re.search(r"[\u3400-\u9fff]", english.title)
