"""Export templates: kept for whom they are for, checked before they are saved, filled through the one gate, and never run."""

import io
import zipfile
from dataclasses import replace
from datetime import datetime

import openpyxl
import pytest
from openpyxl.styles import Font

from models import tables
from models.errors import Invalid, NotAllowed, NotFound
from models.export_templates import ExportTemplateFile
from services import query, templates
from tests.blank_forms import document, paragraph, row, table, text_of, workbook

LIST = [["{{台账}}（{{单位}}）"], ["导出人：{{导出人}}", None, "共 {{条数}} 条"], ["序号", "校舍", "学校", "面积", "发现日期"],
        ["{{序号}}", "{{建筑名称}}", "{{学校}}", "{{建筑面积}}", "{{发现日期}}"], ["合计", None, None, "=SUM(D4:D4)", None]]  # fmt: skip


@pytest.fixture
def clerk(city):
    return city.actor("city_clerk")


def keep(actor, data, *, use="list", name="上报表", file="表.xlsx", roles=(), id=None):
    return templates.save_form(actor, "damaged_building", name, use, file, data, roles, id)


def asked(actor, pairs=(), ids=()):
    shown = ("fields", "code,name,school,area_m2,found_on,note")
    return query.parse("damaged_building", actor, [("sort", "id"), shown, *pairs], action="export", ids=ids)


def filled(actor, id, **more):
    return templates.fill(templates.kept(actor, "damaged_building", id), asked(actor, **more), actor)


def faults(error):
    return [(fault.code, str(fault.sentence)) for fault in error.value.faults]


# workbooks ----------------------------------------------------------------------------------------------------------


def test_a_list_fills_the_row_again_and_again(city, clerk):
    book = workbook(LIST)
    sheet = book.active
    sheet["B4"].font, sheet["D4"].number_format, sheet.row_dimensions[4].height = Font(bold=True), "0.0", 33
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("A5:C5")
    made = filled(clerk, keep(clerk, _bytes(book)))
    sheet = openpyxl.load_workbook(io.BytesIO(made.data)).active
    records = list(query.stream(asked(clerk)))
    assert len(records) > 3 and sheet["A1"].value.startswith("受损校舍（") and f"共 {len(records)} 条" == sheet["C2"].value
    for number, record in enumerate(records):
        cells = sheet[4 + number]
        assert (cells[0].value, cells[1].value) == (number + 1, record.values["name"])
        assert cells[2].value.endswith(record.labels["school"]) and cells[3].value == _float(record.values["area_m2"])
        assert cells[4].value == (record.values["found_on"] and datetime.combine(record.values["found_on"], datetime.min.time()))
        assert cells[1].font.bold and cells[3].number_format == "0.0" and sheet.row_dimensions[4 + number].height == 33
    last = 4 + len(records)
    assert sheet.cell(last, 1).value == "合计" and sheet.cell(last, 4).value == f"=SUM(D4:D{last - 1})"
    assert {str(area) for area in sheet.merged_cells.ranges} == {"A1:E1", f"A{last}:C{last}"}


def test_one_record_and_each_of_several(city, clerk):
    id = keep(clerk, _bytes(workbook([["校舍编号", "{{校舍编号}}"], ["名称：{{建筑名称}}，{{学校}}"]])), use="record")
    one, two = city.id("damaged_building", "a1"), city.id("damaged_building", "b1")
    record = query.get("damaged_building", clerk, one)
    made = filled(clerk, id, ids=(one,))
    sheet = openpyxl.load_workbook(io.BytesIO(made.data)).active
    assert made.name.endswith(".xlsx") and sheet["B1"].value == record.values["code"] and record.values["name"] in sheet["A2"].value
    made = filled(clerk, id, ids=(one, two))
    with zipfile.ZipFile(io.BytesIO(made.data)) as package:
        assert made.name.endswith(".zip") and len(package.namelist()) == 2
        assert package.namelist()[0].startswith("0001-") and package.namelist()[0].endswith(".xlsx")


def test_a_value_is_never_a_formula(city, clerk):
    one = city.id("damaged_building", "a1")
    tables.model("damaged_building").update(f_name="=1+1", f_note="{{学校}} {{7*7}}").where(
        tables.model("damaged_building").id == one
    ).execute()
    made = filled(clerk, keep(clerk, _bytes(workbook([["{{建筑名称}}", "注：{{备注}}"]])), use="record"), ids=(one,))
    sheet = openpyxl.load_workbook(io.BytesIO(made.data)).active
    assert (sheet["A1"].value, sheet["A1"].data_type) == ("=1+1", "s") and sheet["B1"].value == "注：{{学校}} {{7*7}}"


# documents ----------------------------------------------------------------------------------------------------------


def test_a_document_keeps_words_cut_into_runs(city, clerk):
    body = paragraph("致{{单", "位}}", "：") + table(row("学校", "名称", "备注"), row("{{学校}}", ("{{建筑", "名称}}"), "{{备注}}"))
    one = city.id("damaged_building", "a1")
    tables.model("damaged_building").update(f_note="第一行\n第二行").where(tables.model("damaged_building").id == one).execute()
    made = filled(clerk, keep(clerk, document(body), file="函.docx"))
    text = text_of(made.data)
    for record in query.stream(asked(clerk)):
        assert record.values["name"] in text
    assert "{{" not in text and "致全市：" in text and "第一行\n第二行" in text and text.count("青禾") > 3


def test_a_field_outside_a_row_is_named(city, clerk):
    with pytest.raises(Invalid) as refused:
        keep(clerk, document(paragraph("{{学校}}")), file="函.docx")
    assert faults(refused)[0][0] == "not_in_row" and "学校" in faults(refused)[0][1]
    assert keep(clerk, document(paragraph("{{学校}}")), file="函.docx", use="record")


# the check ----------------------------------------------------------------------------------------------------------


def test_unknown_placeholders_are_named_all_at_once(city, clerk):
    with pytest.raises(Invalid) as refused:
        keep(clerk, _bytes(workbook([["{{学校}}", "{{校名}}", "{{面机}}"]])))
    assert [code for code, _ in faults(refused)] == ["unknown_placeholder"] * 2
    assert "校名" in faults(refused)[0][1] and "B1" in faults(refused)[0][1] and "面机" in faults(refused)[1][1]
    assert templates.managed(clerk, "damaged_building") == ()


@pytest.mark.parametrize(
    "code", ["{% for a in b %}", "{{ school.name }}", "{{ ''.__class__ }}", "{{7*7}}", "{{学校|safe}}", "{# a #}", "${7*7}"]
)
@pytest.mark.parametrize("kind", ["xlsx", "docx"])
def test_no_code_is_taken(city, clerk, code, kind):
    data = document(paragraph(code)) if kind == "docx" else _bytes(workbook([[code]]))
    with pytest.raises(Invalid):
        keep(clerk, data, file=f"表.{kind}", use="record")


@pytest.mark.parametrize(
    "formula", ['=WEBSERVICE("http://x")', '=HYPERLINK("http://x","点")', "=cmd|' /C calc'!A0", "=[1]表!A1", '=INDIRECT("A1")']
)
def test_only_reckoning_formulas_are_taken(city, clerk, formula):
    with pytest.raises(Invalid) as refused:
        keep(clerk, _bytes(workbook([["{{学校}}", formula]])))
    assert faults(refused)[0][0] == "formula"


def test_fields_of_a_document_that_fetch_are_refused(city, clerk):
    field = '<w:p><w:r><w:instrText>INCLUDEPICTURE "http://x/a.png"</w:instrText></w:r></w:p>'
    with pytest.raises(Invalid) as refused:
        keep(clerk, document(field + paragraph("{{单位}}")), file="函.docx")
    assert faults(refused)[0][0] == "field_code"


@pytest.mark.parametrize(
    "name, data",
    [("空.xlsx", b""), ("假.xlsx", b"not a zip"), ("假.docx", b"%PDF-1.4"), ("坏.xlsx", b"PK\x03\x04" + b"x" * 50), ("老.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 99)],
)  # fmt: skip
def test_what_is_no_form_is_refused(city, clerk, name, data):
    with pytest.raises(Invalid):
        keep(clerk, data, file=name)


def test_external_parts_and_macros_are_refused(city, clerk):
    for path in ("xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/oleObject1.bin"):
        data = io.BytesIO(_bytes(workbook([["{{学校}}"]])))
        with zipfile.ZipFile(data, "a") as package:
            package.writestr(path, b"x")
        with pytest.raises(Invalid):
            keep(clerk, data.getvalue())
    data = io.BytesIO(document(paragraph("{{单位}}")))
    with zipfile.ZipFile(data, "a") as package:
        package.writestr(
            "word/_rels/settings.xml.rels",
            '<Relationships><Relationship Id="r" Type="http://x/attachedTemplate" Target="http://x/t.dotm" TargetMode="External"/></Relationships>',
        )
    with pytest.raises(Invalid):
        keep(clerk, data.getvalue(), file="函.docx")


def test_a_bomb_is_refused(city, clerk):
    data = io.BytesIO(_bytes(workbook([["{{学校}}"]])))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/a.bin", b"0" * (300 << 20))
    with pytest.raises(Invalid) as refused:
        keep(clerk, data.getvalue())
    assert faults(refused)[0][0] == "unpacked_size"


# the gate -----------------------------------------------------------------------------------------------------------


def test_rows_are_those_the_actor_may_export(city, clerk):
    id = keep(clerk, _bytes(workbook(LIST)), roles=("district_clerk", "inspector"))
    made = filled(city.actor("district_a"), id)
    text = text_of(made.data)
    assert "青禾" in text and "松泉" not in text
    inspector = city.actor("inspector_a")
    with pytest.raises(NotAllowed):
        filled(inspector, id)


def test_names_and_masks(city, clerk):
    with pytest.raises(Invalid) as refused:
        templates.save_form(
            exporter_of_boarders(city), "inland_student", "名单", "list", "a.xlsx", _bytes(workbook([["{{姓名}}"]]))
        )
    assert faults(refused)[0][0] == "unknown_placeholder"
    id = templates.save_form(clerk, "four_party_link", "通讯录", "list", "a.xlsx", _bytes(workbook([["{{联系电话}}"]])))
    template = templates.kept(clerk, "four_party_link", id)
    wanted = query.parse("four_party_link", clerk, action="export")
    phones = {record.values["phone"] for record in query.stream(wanted)}
    plain = text_of(templates.fill(template, wanted, clerk).data)
    assert not any(phone in plain for phone in phones)
    bare = text_of(templates.fill(template, wanted, clerk, purpose="通讯录核对").data)
    assert all(phone in bare for phone in phones)


def exporter_of_boarders(city):
    """A city administrator, who sees codes of boarders but no names, and here may export."""
    admin = city.actor("city_admin")
    grants = [
        replace(grant, actions=grant.actions | {"export"}) if grant.register == "inland_student" else grant
        for grant in admin.grants
    ]
    return replace(admin, grants=tuple(grants))


def test_every_output_is_logged_with_its_version(city, clerk):
    id = keep(clerk, _bytes(workbook(LIST)))
    assert keep(clerk, _bytes(workbook([["{{学校}}"]])), id=id) == id
    log = tables.model("access_log")
    filled(clerk, id)
    last = log.select().order_by(log.id.desc()).get()
    assert (last.f_action, last.f_register) == ("export", "damaged_building") and "模板「上报表」第 2 版" in last.f_detail
    kept = ExportTemplateFile.select().where(ExportTemplateFile.template_id == id).order_by(ExportTemplateFile.version)
    assert [file.version for file in kept] == [1, 2] and bytes(kept[0].data) != bytes(kept[1].data)


def test_a_field_the_actor_may_not_read_is_not_left_blank_silently(city, clerk):
    id = keep(clerk, _bytes(workbook(LIST)))
    narrow = asked(clerk)
    register = narrow.register.narrow(lambda field: field.name != "area_m2")
    with pytest.raises(Invalid) as refused:
        templates.fill(templates.kept(clerk, "damaged_building", id), replace(narrow, register=register), clerk)
    assert faults(refused)[0][0] == "unreadable" and "建筑面积" in faults(refused)[0][1]


def test_too_many_rows_are_said(city, clerk, monkeypatch):
    monkeypatch.setattr("services.templates.output.MOST_ROWS", 2)
    with pytest.raises(Invalid) as refused:
        filled(clerk, keep(clerk, _bytes(workbook(LIST))))
    assert faults(refused)[0][0] == "too_many_rows"


# keeping ------------------------------------------------------------------------------------------------------------


def test_who_may_use_and_change(city, clerk):
    own = templates.save_columns(clerk, "damaged_building", "我的列", ["name", "school"])
    shared = templates.save_columns(clerk, "damaged_building", "县区用", ["code", "grade"], ["district_clerk"])
    district = city.actor("district_a")
    assert [part.id for part in templates.offered(clerk, "damaged_building")] == [own, shared]
    assert [part.name for part in templates.offered(district, "damaged_building")] == ["县区用"]
    with pytest.raises(NotFound):
        templates.kept(district, "damaged_building", own)
    with pytest.raises(NotFound):
        templates.rename(district, "damaged_building", shared, "改名")
    with pytest.raises(NotFound):
        templates.retire(clerk, "school", own)
    templates.retire(clerk, "damaged_building", shared)
    assert templates.offered(district, "damaged_building") == ()
    templates.retire(clerk, "damaged_building", shared, False)
    templates.rename(clerk, "damaged_building", shared, "新名", [])
    assert (
        templates.offered(district, "damaged_building") == () and templates.kept(clerk, "damaged_building", shared).name == "新名"
    )


def test_only_who_keeps_the_city_shares(city, clerk):
    for name in ("district_a", "leader"):
        assert not templates.may_share(city.actor(name), "damaged_building")
    with pytest.raises(NotAllowed):
        templates.save_columns(city.actor("district_a"), "damaged_building", "大家用", ["name"], ["leader"])
    with pytest.raises(NotAllowed):
        templates.save_columns(city.actor("inspector_a"), "damaged_building", "我的", ["name"])
    viewer = replace(clerk, real=city.actor("city_admin"))
    with pytest.raises(NotAllowed):
        templates.save_columns(viewer, "damaged_building", "我的", ["name"])


def test_names_are_short_and_taken_once(city, clerk):
    templates.save_columns(clerk, "damaged_building", "我的列", ["name"])
    for name in ("", "x" * 41, "我的列", "a\x07b"):
        with pytest.raises(Invalid):
            templates.save_columns(clerk, "damaged_building", name, ["name"])
    for fields in ([], ["nothing"]):
        with pytest.raises(Invalid):
            templates.save_columns(clerk, "damaged_building", "别的", fields)


def _float(number):
    return None if number is None else float(number)


def _bytes(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
