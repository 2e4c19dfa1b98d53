"""Forms go out with drop-downs, come back by the hundred, and each file is told what it is."""

import io
import zipfile

import openpyxl
import pytest

from models import registry
from models.errors import NotAllowed, NotFound
from services import form_returns, form_templates, readers
from services.workbooks.about import FORM

REGISTER = "damaged_building"


@pytest.fixture
def clerk(city):
    return city.actor("district_a")


@pytest.fixture
def published(city, clerk, tmp_path):
    """The bytes of the form of a school."""

    def make(unit="a1", register=REGISTER, rows=20):
        path = tmp_path / f"{unit}.xlsx"
        form_templates.publish(path, register, clerk, city.school(unit) if unit else None, rows=rows)
        return path.read_bytes()

    return make


def _filled(data, rows=(), change=None):
    """The form with rows filled in [{heading: value}], and changed as a person might."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    page = book.worksheets[0]
    heads = [cell.value for cell in page[2]]
    for number, row in enumerate(rows, 3):
        for head, value in row.items():
            page.cell(number, heads.index(head) + 1).value = value
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _states(intake):
    return [one.state for one in intake.files]


def test_a_form_is_locked_but_for_its_cells_and_offers_what_may_be_said(published, city, clerk):
    book = openpyxl.load_workbook(io.BytesIO(published()))
    page, codes = book.worksheets[0], book["代码表"]
    full = registry.get(REGISTER)
    heads = [cell.value for cell in page[2]]
    assert heads == [part.heading for part in form_templates.form_fields(full)]
    assert page.protection.sheet and page["A2"].protection.locked and not page["A3"].protection.locked
    assert page.freeze_panes == "A3" and book[FORM].sheet_state == "veryHidden"
    offered = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in codes.iter_cols()}
    school = next(one for one in form_templates.units(REGISTER, clerk) if one.id == city.school("a1"))
    assert offered["学校"] == [f"{school.code} {school.name}"]
    assert offered["建筑类别"] == [option.label for option in full.field("kind").options]
    lists = {str(rule.sqref): rule.formula1 for rule in page.data_validations.dataValidation if rule.type == "list"}
    assert any(place.startswith(readers.letter(heads.index("建筑类别"))) for place in lists)
    code = page.cell(3, heads.index("校舍编号") + 1)
    assert code.number_format == "@"


def test_the_form_reads_as_a_table_of_the_register(published):
    data = _filled(published(), [{"校舍编号": "0041", "建筑名称": "楼"}])
    (source,) = readers.open_files([("表.xlsx", data)])
    table = readers.read(source)
    assert table.heads == [part.heading for part in form_templates.form_fields(registry.get(REGISTER))]
    (row,) = table.rows
    assert row.number == 3 and "0041" in row.cells and table.other_sheets == ("代码表", "填写说明")


def test_units_are_those_the_actor_may_see(city, clerk):
    assert {one.id for one in form_templates.units(REGISTER, clerk)} == {city.school("a1"), city.school("a2"), city.school("ax")}
    assert {one.id for one in form_templates.units("inspection_team", clerk)} == {city.district("a")}


def test_a_form_of_a_unit_out_of_sight_is_not_there(city, clerk, tmp_path):
    with pytest.raises(NotFound):
        form_templates.publish(tmp_path / "x.xlsx", REGISTER, clerk, city.school("b1"))
    with pytest.raises(NotAllowed):
        form_templates.publish(tmp_path / "x.xlsx", REGISTER, city.actor("leader"))


def test_files_are_told_apart_and_the_missing_are_named(published, city, clerk):
    one, other = published("a1"), published("a2")
    filled = _filled(one, [{"校舍编号": "1", "建筑名称": "楼"}])
    packet = io.BytesIO()
    with zipfile.ZipFile(packet, "w") as archive:
        archive.writestr("甲/表.xlsx", filled)
        archive.writestr("乙/表.xlsx", filled)
        archive.writestr("丙/别的.csv", "学校,数\r\n甲,1\r\n")
        archive.writestr("丙/坏.xlsx", b"PK\x03\x04 broken")
    intake = form_returns.take_back(
        REGISTER, clerk, [("收.zip", packet.getvalue()), ("别的登记.xlsx", published("a2", "school_headcount"))]
    )
    assert _states(intake) == ["ok", "same", "wrong", "unreadable", "wrong"]
    assert all(bool(one.sentence) != (one.state == "ok") for one in intake.files)
    assert "完全相同" in str(intake.files[1].sentence) and "受损校舍" in str(intake.files[2].sentence)
    assert {unit.id for unit in intake.missing} == {city.school("a2"), city.school("ax")}
    assert not form_returns.take_back(REGISTER, clerk, [("a", filled), ("b", other), ("c", published("ax"))]).missing


def test_of_two_from_one_unit_the_later_stands(published, clerk):
    first = _filled(published(), [{"建筑名称": "一"}])
    second = _filled(published(), [{"建筑名称": "二"}])
    intake = form_returns.take_back(REGISTER, clerk, [("一.xlsx", first), ("二.xlsx", second)])
    assert _states(intake) == ["replaced", "ok"] and "「二.xlsx」" in str(intake.files[0].sentence)


def _meta(word, text):
    def change(book):
        for row in book[FORM].iter_rows():
            if row[0].value == word:
                row[1].value = text

    return change


def _head(book):
    book.worksheets[0]["B2"].value = "别的"


@pytest.mark.parametrize(
    ("change", "state"), [(_meta("unit", "999"), "altered"), (_meta("version", "0"), "altered"), (_head, "altered")]
)
def test_a_form_that_was_tampered_with_is_told(published, clerk, change, state):
    (one,) = form_returns.take_back(REGISTER, clerk, [("表.xlsx", _filled(published(), change=change))]).files
    assert one.state == state and "改动过" in str(one.sentence)


def _again(**said):
    """Changes what the hidden sheet says and works its checksum out anew, as an old version of the app would have."""

    def change(book):
        page = book[FORM]
        found = {row[0].value: row[1].value or "" for row in page.iter_rows()} | said
        found["checksum"] = form_templates.checksum(found)
        for row in page.iter_rows():
            row[1].value = found[row[0].value]

    return change


def test_an_old_form_is_taken_with_a_word_where_nothing_needed_is_missing(published, clerk):
    (one,) = form_returns.take_back(REGISTER, clerk, [("表.xlsx", _filled(published(), change=_again(version="0")))]).files
    assert one.state == "old" and one.taken and "旧的填报表" in str(one.sentence)


def test_a_form_of_another_district_is_out_of_scope(published, city):
    other = city.actor("district_b")
    intake = form_returns.take_back(REGISTER, other, [("表.xlsx", published("a1"))])
    assert _states(intake) == ["foreign"] and {unit.id for unit in intake.missing} == {city.school("b1"), city.school("b2")}
