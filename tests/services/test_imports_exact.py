"""The import without questions, as the command line does it: exact, told in full, all or nothing, and blind to what the actor may not see."""

import csv
import io
import zipfile
from dataclasses import dataclass, replace

import peewee
import pytest
import xlsxwriter

from models import registry, tables
from models.errors import Invalid, NotAllowed
from models.journal import Change
from services import exports, query, readers, records
from services.actor import SYSTEM
from tests import bringing

HEAD = "学校代码,学校名称,属地,学校类别,隶属,办学性质,备注\r\n"


@dataclass
class Start:
    """A school in each district of the test city, and how far its rows went before."""

    city: object
    districts: list
    schools: list
    last: dict

    def rows(self, register="school"):
        """The register's records that came after the start, in their order."""
        asked = query.parse(register, SYSTEM, [("sort", "id")])
        asked = replace(asked, columns=asked.register.fields)
        return [record for record in query.stream(asked) if record.id > self.last[register]]

    def values(self, name, register="school"):
        return [record.values[name] for record in self.rows(register)]


@pytest.fixture
def start(city):
    last = {name: tables.model(name).select(peewee.fn.MAX(tables.model(name).id)).scalar() for name in registry.names()}
    districts = [city.district("a"), city.district("b")]
    schools = records.create_many(
        "school", SYSTEM, [_school("0010", "甲校（东校区）", districts[0]), _school("0020", "乙校", districts[1])]
    )
    return Start(city, districts, schools, last)


def _school(code, name, district, **more):
    base = {"code": code, "name": name, "district": district, "level": "primary", "managed_by": "district", "ownership": "public"}
    return base | more


@pytest.fixture
def bring(tmp_path):
    """Imports a text as a CSV file."""

    def run(text, register="school", actor=SYSTEM, *, name="file.csv", encoding="utf-8-sig", **options):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return bringing.bring(register, path, actor, **options)

    return run


def _said(outcome):
    return "\n".join(str(message.placed) for message in outcome.messages)


# Rows in ------------------------------------------------------------------------------------------------------------


def test_rows_come_in_by_labels_and_in_one_change_set(start, bring):
    outcome = bring(HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n0031,丁校,410192,小学,县区属,公办,\r\n")
    assert outcome.line == "new 2 changed 0 unchanged 0 error 0 warning 0 out_of_scope 0"
    assert outcome.written and start.values("name")[-2:] == ["丙校", "丁校"]
    changes = Change.select().where(Change.change_set == outcome.change_set)
    assert changes.count() == 2
    model = tables.model("change_set")
    assert model.get_by_id(outcome.change_set).f_kind == "import"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
def test_any_encoding_a_clerk_has(start, bring, encoding):
    bring(HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n", encoding=encoding)
    assert start.values("name")[-1] == "丙校"


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_other_separators(start, bring, mark):
    text = HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n"
    assert bring(text.replace(",", mark)).new == 1


def test_codes_that_look_like_numbers_stay_as_written(start, bring):
    bring(HEAD + "".join(f"{code},校{code},青禾区,小学,县区属,公办,NA\r\n" for code in ("0411", "1E5", "NA", "001")))
    assert start.values("code")[-4:] == ["0411", "1E5", "NA", "001"]
    assert start.values("note")[-1] == "NA"


def test_title_rows_above_the_header_are_named(start, bring):
    outcome = bring("附件1：\r\n全市学校名单,,,,,,\r\n" + HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n")
    assert outcome.new == 1
    assert "表头是第 3 行" in _said(outcome)


def test_section_and_total_rows_are_named_not_imported(start, bring):
    outcome = bring(HEAD + "青禾区（1所）,,,,,,\r\n0030,丙校,青禾区,小学,县区属,公办,\r\n合计,1,,,,,\r\n")
    assert outcome.line == "new 1 changed 0 unchanged 0 error 0 warning 0 out_of_scope 0"
    assert "第 2 行（青禾区（1所））" in _said(outcome) and "合计" in _said(outcome)


def test_columns_without_a_field_are_named(start, bring):
    outcome = bring("学校代码,学校名称,属地,学校类别,隶属,办学性质,占地,,\r\n0030,丙校,青禾区,小学,县区属,公办,3亩,其他\r\n")
    assert outcome.new == 1
    assert "没有导入：占地" in _said(outcome) and "第 8 列没有列名" in _said(outcome)


def test_mapping_constants_translation_and_where(start, bring):
    outcome = bring(
        "单位编码,校名,市,级\r\n0030,丙校,郑州市,1\r\n0031,丁校,开封市,1\r\n",
        mapping={"单位编码": "code", "校名": "name", "级": "level"},
        constants={"district": "青禾区", "managed_by": "县区属", "ownership": "public"},
        translate={"level": {"1": "小学"}},
        where={"市": "郑州市"},
    )
    assert outcome.new == 1 and start.values("name")[-1] == "丙校"
    assert "1 行不符合所给的条件" in _said(outcome)


def test_a_constant_takes_the_place_of_a_column_it_matches(start, bring):
    outcome = bring(
        HEAD.replace("隶属", "主管部门") + "0030,丙校,青禾区,小学,教育部,公办,\r\n", constants={"managed_by": "province"}
    )
    assert outcome.new == 1 and "没有导入：主管部门" in _said(outcome)


# Relations ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["0010", "甲校（东校区）", "甲校(东校区)", "0010 甲校（东校区）", " 甲校（东校区） ", "东校"])
def test_a_relation_by_code_name_both_or_former_name(start, bring, text):
    records.update("school", SYSTEM, start.schools[0], {"former_names": "老甲校、东校"}, version=1)
    assert bring(f"校舍编号,学校,建筑名称,建筑类别\r\nB1,{text},楼,教学楼\r\n", "damaged_building").new == 1
    assert start.values("school", "damaged_building") == [start.schools[0]]


@pytest.mark.parametrize(
    ("text", "said"), [("没有的校", "没有找到「没有的校」"), ("0010 乙校", "代码和名称对不上"), ("同名校", "有 2 个，请改写代码")]
)
def test_a_relation_that_names_no_one_record_is_told(start, bring, text, said):
    records.create_many("school", SYSTEM, [_school(f"003{n}", "同名校", district) for n, district in enumerate(start.districts)])
    outcome = bring(f"校舍编号,学校,建筑名称,建筑类别\r\nB1,{text},楼,教学楼\r\n", "damaged_building")
    assert outcome.error == 1 and said in _said(outcome)


# Again --------------------------------------------------------------------------------------------------------------


def test_the_same_rows_again_are_unchanged_and_differences_change(start, bring):
    outcome = bring(HEAD + "0010,甲校（东校区）,青禾区,小学,县区属,公办,\r\n0020,乙校,410192 松泉区,小学,县区属,民办,新备注\r\n")
    assert outcome.line == "new 0 changed 1 unchanged 1 error 0 warning 0 out_of_scope 0"
    assert start.values("ownership") == ["public", "private"]


def test_an_empty_cell_keeps_or_clears(start, bring):
    text = HEAD + "0010,甲校（东校区）,青禾区,小学,县区属,公办,{}\r\n"
    bring(text.format("备注一"))
    assert bring(text.format("")).unchanged == 1 and start.values("note")[0] == "备注一"
    assert bring(text.format(""), empty="clear").changed == 1 and start.values("note")[0] is None


def test_modes(start, bring):
    text = HEAD + "0010,甲校（东校区）,青禾区,小学,县区属,民办,\r\n0030,丙校,青禾区,小学,县区属,公办,\r\n"
    added = bring(text, mode="add")
    assert (added.new, added.unchanged, added.changed) == (1, 1, 0) and "没有改" in _said(added)
    updated = bring(text.replace("0030", "0031").replace("丙校", "丁校"), mode="update", policy="good")
    assert (updated.new, updated.changed, updated.error) == (0, 1, 1)


def test_repeats_are_named_and_made_once(start, bring):
    outcome = bring(
        HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n0031,丁校,青禾区,小学,县区属,公办,\r\n0030,丙校,青禾区,小学,县区属,公办,\r\n"
    )
    assert outcome.line == "new 2 changed 0 unchanged 0 error 0 warning 1 out_of_scope 0"
    assert "第 4 行与第 2 行重复" in _said(outcome)


def test_one_record_told_two_ways_is_an_error(start, bring):
    outcome = bring(HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n0030,丙校,青禾区,小学,县区属,民办,\r\n")
    assert outcome.error == 1 and not outcome.written and "与第 2 行是同一条记录" in _said(outcome)


def test_codes_are_made_and_rows_known_again_by_name(start, bring):
    text = "学校,建筑名称,建筑类别\r\n0010,一号楼,教学楼\r\n0010,二号楼,教学楼\r\n0010,一号楼,教学楼\r\n"
    first = bring(text, "damaged_building")
    assert (first.new, first.warning) == (2, 1) and all(start.values("code", "damaged_building"))
    again = bring(text, "damaged_building")
    assert (again.new, again.unchanged, again.warning) == (0, 2, 1)


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_what_was_exported_comes_back_unchanged(start, bring, tmp_path, extension):
    """Codes with zeros, texts that look like formulas, phone numbers, dates, decimals, unknown, relations, read-only columns."""
    notes = ("=1+1", "-5", "+86 138", "'=1", "\t|x", "0010", "1E5", "第一行\n第二行", "@a", "'quoted'")
    rows = [
        {"code": f"00{n}", "name": "=楼", "school": start.schools[0], "kind": "teaching", "area_m2": "10.50", "note": note,
         "found_on": "2021-07-21"}
        for n, note in enumerate(notes)
    ]  # fmt: skip
    records.create_many("damaged_building", SYSTEM, [*rows, rows[0] | {"code": "09", "area_m2": "", "note": ""}])
    fields = ",".join(field.name for field in registry.get("damaged_building").live)
    pairs = [("fields", fields), ("sort", "code"), ("school", str(start.schools[0]))]
    asked = query.parse("damaged_building", SYSTEM, pairs)
    path = tmp_path / f"out.{extension}"
    stream = exports.csv_stream if extension == "csv" else exports.xlsx_stream
    path.write_bytes(b"".join(stream(asked, SYSTEM)))
    outcome = bringing.bring("damaged_building", path, SYSTEM)
    assert outcome.line == f"new 0 changed 0 unchanged {len(rows) + 1} error 0 warning 0 out_of_scope 0"
    stored = [record.values for record in query.stream(asked)]
    records.delete_many("damaged_building", SYSTEM, [record.id for record in query.stream(asked)])
    assert bringing.bring("damaged_building", path, SYSTEM).new == len(stored)
    assert [record.values for record in query.stream(asked)] == stored


def test_a_masked_cell_is_what_is_stored_or_refused(start, bring):
    link = {"school": start.schools[0], "party": "police", "contact_post": "值班室", "phone": "13800001234"}
    records.create_many("four_party_link", SYSTEM, [link])
    text = "学校,联络方,联络岗位,电话\r\n0010,派出所,值班室,{}\r\n"
    assert bring(text.format("138****1234"), "four_party_link", mapping=_party()).unchanged == 1
    assert bring(text.format("139****1234"), "four_party_link", mapping=_party()).error == 1


def _party():
    return {"联络方": "party", "联络岗位": "contact_post"}


# Wrong things -------------------------------------------------------------------------------------------------------


def test_one_wrong_cell_and_nothing_is_written(start, bring):
    text = HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n0031,丁校,青禾区,学院,县区属,公办,\r\n"
    outcome = bring(text)
    assert (outcome.new, outcome.error, outcome.written) == (1, 1, False) and len(start.rows()) == 2
    assert "第 3 行「学校类别」" in _said(outcome) and "没有写入任何行" in _said(outcome)
    good = bring(text, policy="good")
    assert (good.new, good.error, good.written) == (1, 1, True) and start.values("name")[-1] == "丙校"


def test_all_wrong_cells_are_told_at_once(start, bring):
    said = _said(bring(HEAD + ",无码校,青禾区,学院,县区属,公办,\r\n0031,丁校,青禾区,小学,县区属,公私合营,\r\n"))
    assert "第 2 行" in said and "第 3 行「办学性质」" in said


def test_dry_run_checks_the_rules_and_writes_nothing(start, bring):
    text = HEAD + "0030,乙校,{},小学,县区属,公办,\r\n"
    assert bring(text.format("青禾区"), dry_run=True).new == 1
    refused = bring(text.format("松泉区"), dry_run=True)
    assert refused.error == 1 and "同名" in _said(refused)
    assert (
        len(start.rows()) == 2
        and not tables.model("change_set").select().where(tables.model("change_set").f_kind == "import").exists()
    )


def test_warnings_are_told_and_the_row_comes_in(start, bring):
    outcome = bring("校舍编号,学校,建筑名称,建筑类别,建筑面积\r\nB1,0010,楼,教学楼,60000\r\n", "damaged_building")
    assert (outcome.new, outcome.warning, outcome.written) == (1, 1, True) and "5 万平方米" in _said(outcome)


@pytest.mark.parametrize("amount", ["2000万", "约30", "30余", "—", "/"])
def test_no_number_is_guessed(start, bring, amount):
    outcome = bring(f"校舍编号,学校,建筑名称,建筑类别,建筑面积\r\nB1,0010,楼,教学楼,{amount}\r\n", "damaged_building")
    assert outcome.error == 1 and not start.rows("damaged_building")


@pytest.mark.parametrize("head", ["民族", "身份证号", "宗教信仰", "家庭住址"])
def test_refused_columns_stop_the_file_and_say_why(start, bring, head):
    with pytest.raises(Invalid) as refused:
        bring(HEAD.replace("备注", head) + "0030,丙校,青禾区,小学,县区属,公办,x\r\n")
    assert head in str(refused.value) and len(start.rows()) == 2


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"mapping": {"没有的列": "name"}}, "no_column"),
        ({"mapping": {"学校名称": "nothing"}}, "unknown_field"),
        ({"constants": {"nothing": "1"}}, "unknown_field"),
        ({"constants": {"level": "学院"}}, "choice"),
        ({"constants": {"district": "没有的区"}}, "relation"),
        ({"constants": {"bucket": "市直"}}, "read_only"),
        ({"mapping": {"学校名称": "name"}, "constants": {"name": "某校"}}, "set_twice"),
        ({"mapping": {"备注": "name", "学校名称": "name"}}, "column_twice"),
        ({"where": {"没有的列": "x"}}, "no_column"),
        ({"mode": "replace"}, "mode"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_as_a_whole(start, bring, options, code):
    with pytest.raises(Invalid) as refused:
        bring(HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n", **options)
    assert refused.value.faults[0].code == code and len(start.rows()) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"\xff\x00\x81"),
        ("a.xlsx", b"PK\x03\x04 broken"),
        ("a.xls", b"<html>"),
        ("a.docx", b"x"),
        ("a.csv", b"a,b\r\n1,2\r\n"),
    ],
)
def test_files_nobody_can_read_are_refused_with_a_sentence(start, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid):
        bringing.bring("school", path, SYSTEM)


def test_rows_too_long_or_short_are_told(start, bring):
    outcome = bring(HEAD + "0030,丙校,青禾区,小学,县区属,公办,备注,多\r\n0031,丁校,青禾区,小学,县区属,公办\r\n")
    assert (outcome.error, outcome.warning) == (1, 1)
    assert "比表头多 1 格" in _said(outcome) and "只有 6 格" in _said(outcome)


# Scope --------------------------------------------------------------------------------------------------------------


def test_a_clerk_cannot_bring_in_rows_of_another_district(start, bring):
    actor = start.city.actor("district_a")
    text = "校舍编号,学校,建筑名称,建筑类别\r\nB1,0010,楼,教学楼\r\nB2,0020,楼,教学楼\r\nB3,没有,楼,教学楼\r\n"
    outcome = bring(text, "damaged_building", actor)
    assert outcome.line == "new 1 changed 0 unchanged 0 error 1 warning 0 out_of_scope 1"
    assert not outcome.written and not start.rows("damaged_building")


def test_a_new_school_in_another_district_is_out_of_scope(start, bring):
    actor = start.city.actor("district_a")
    outcome = bring(
        HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n0031,丁校,松泉区,小学,县区属,公办,\r\n", actor=actor, policy="good"
    )
    assert outcome.line == "new 1 changed 0 unchanged 0 error 0 warning 0 out_of_scope 1"
    assert start.values("name")[-1] == "丙校"


def test_a_key_that_belongs_to_a_row_out_of_sight_is_only_taken(start, bring):
    outcome = bring(HEAD + "0020,丙校,青禾区,小学,县区属,公办,\r\n", actor=start.city.actor("district_a"))
    assert outcome.error == 1 and "乙" not in _said(outcome) and start.values("name")[1] == "乙校"


def test_who_may_not_edit_may_not_import(start, bring):
    with pytest.raises(NotAllowed):
        bring(HEAD + "0030,丙校,青禾区,小学,县区属,公办,\r\n", actor=start.city.actor("leader"))


# Workbooks ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path):
    """Writes a workbook cell by cell and reads it."""

    def make(write):
        path = tmp_path / "a.xlsx"
        with xlsxwriter.Workbook(str(path)) as made:
            sheet = made.add_worksheet("表")
            sheet.write_row(0, 0, ["编号", "值"])
            write(made, sheet)
        return readers.read(readers.open_path(path), score=lambda cells: 2 * ("编号" in cells))

    return make


@pytest.mark.parametrize(
    ("value", "text"),
    [(4141010459, "4141010459"), (0.1 + 0.2, "0.3"), (12.5, "12.5"), (-5, "-5"), (1e-7, "0.0000001"), (True, "TRUE")],
)
def test_numbers_come_out_as_exact_text(book, value, text):
    table = book(lambda made, sheet: sheet.write_row(1, 0, ["a", value]))
    assert [(row.number, row.cells) for row in table.rows] == [(2, ["a", text])]


def test_damaged_cells_say_so(book):
    def write(made, sheet):
        sheet.write(1, 1, 411023199001011234)
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(3, 1, "=A1", None, "")
        sheet.write_formula(4, 1, "=1+1", None, 2)

    cells = [row.cells[1] for row in book(write).rows]
    assert [isinstance(cell, readers.Damaged) for cell in cells] == [True, True, True, False]
    assert "末尾几位已丢失" in str(cells[0].why) and "#DIV/0!" in str(cells[1].why) and "没有结果" in str(cells[2].why)
    assert cells[3] == "2"


def test_row_numbers_are_the_sheet_s_and_other_sheets_are_named(start, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet("封面").write(0, 0, "学校名单")
        sheet = made.add_worksheet("名单")
        sheet.write_row(3, 1, ["学校代码", "学校名称", "属地", "学校类别", "隶属", "办学性质"])
        sheet.write_row(5, 1, ["0030", "丙校", "青禾区", "学院", "县区属", "公办"])
    said = _said(bringing.bring("school", path, SYSTEM))
    assert "第 6 行「学校类别」" in said and "没有读：封面" in said


@pytest.mark.parametrize("first", ["A1", "XFD1048576"])
def test_a_workbook_that_would_take_all_memory_is_refused(start, tmp_path, first):
    """Four kilobytes, one cell in the last corner: a dense reader asks for 400 gigabytes."""
    path, source = tmp_path / "far.xlsx", io.BytesIO()
    with xlsxwriter.Workbook(source) as made:
        made.add_worksheet().write_column(0, 0, ["x", "y"])
    moves = {b'r="A1"': f'r="{first}"'.encode(), b'r="A2"': b'r="XFD1048576"', b'<row r="2"': b'<row r="1048576"'}
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(path, "w") as far:
        for name in archive.namelist():
            content = archive.read(name)
            for old, new in moves.items():
                content = content.replace(old, new)
            far.writestr(name, content)
    with pytest.raises(Invalid):
        bringing.bring("school", path, SYSTEM)


def test_a_message_knows_its_row_column_and_field(start, bring):
    message = bring(HEAD + "0031,丁校,青禾区,学院,县区属,公办,\r\n").messages[0]
    assert (message.row, message.column, message.field, message.code, message.level) == (2, "学校类别", "level", "choice", "error")


def test_csv_written_by_hand_reads_as_csv(start, bring):
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [
            ["学校代码", "学校名称", "属地", "学校类别", "隶属", "办学性质", "备注"],
            ["0030", "丙,校", "青禾区", "小学", "县区属", "公办", '一"二\n三'],
        ]
    )
    assert bring(buffer.getvalue()).new == 1 and start.values("name")[-1] == "丙,校"
