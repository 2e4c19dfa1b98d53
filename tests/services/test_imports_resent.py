"""An error workbook sent again: it belongs to its import, and only what was wrong or is changed is judged anew."""

import openpyxl
import pytest

from models import tables
from models.journal import Change
from services import imports, records
from services.actor import SYSTEM
from tests.services.test_imports import HEAD, answered, applied, asked, by_code, planned, shape, undone, work

ROWS = (
    "RS1,青禾一中学,旧楼,教学楼,10",
    "RS2,青禾一中学,新楼,教学楼,20",
    "RS3,青禾一中学,坏楼,教学楼,约30",
    "RS4,青禾一中学,改楼,教学楼,40",
)
TEXT = HEAD + "\r\n".join(ROWS) + "\r\n"


@pytest.fixture
def clerk(city):
    return city.actor("district_a")


@pytest.fixture
def there(city):
    """One of the records is in the register already, as the file says it."""
    new = city.new("damaged_building", "a1", code="RS1", name="旧楼", area_m2="10", kind="teaching")
    return records.create_many("damaged_building", SYSTEM, [new])[0]


def mended(actor, item, tmp_path, **cells):
    """The error workbook of an import, cells of it put right, as bytes."""
    path = tmp_path / "错误.xlsx"
    imports.error_workbook(actor, item.id, path)
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    assert [cell.value for cell in page[1]][-1] == "错误说明"
    for place, value in cells.items():
        page[place] = value
    book.save(path)
    return path.read_bytes()


def sent(actor, data, register="damaged_building", **options):
    item = imports.start(actor, register, [("错误.xlsx", data)], **options)
    work()
    return imports.get(actor, item.id)


def told(item, code):
    return [str(message.sentence) for message in imports.messages(SYSTEM, item.id) if message.code == code]


def outcomes(actor, item):
    return {row["row"]: row["outcome"] for row in shape(actor, item)["rows"]}


def test_rows_that_were_written_are_not_judged_anew(city, clerk, there, tmp_path):
    first = applied(clerk, planned(clerk, TEXT, policy="good"))
    assert first.counts["new"] == 2 and first.counts["error"] == 1 and first.counts["unchanged"] == 1
    # What a colleague has made of two of the records since would be undone by a row that is judged anew.
    for id in (there, by_code("RS2").id):
        records.update("damaged_building", SYSTEM, id, {"area_m2": "77"}, version=1)
    again = sent(clerk, mended(clerk, first, tmp_path, E4="30", E5="44"))
    assert again.state == imports.PLANNED
    assert outcomes(clerk, again) == {2: "unchanged", 3: "unchanged", 4: "new", 5: "changed"}
    assert shape(clerk, again)["earlier"] == first.id
    assert (
        f"第 {first.id} 次" in told(again, "resent")[0]
        and "2 行" in told(again, "resent")[0]
        and "_taizhang" in told(again, "resent")[0]
    )
    assert any("「错误说明」" in sentence for sentence in told(again, "layout"))
    done = applied(clerk, again)
    assert done.state == imports.APPLIED and Change.select().where(Change.change_set == done.change_set).count() == 2
    assert [str(by_code(code).values["area_m2"]) for code in ("RS1", "RS2", "RS3", "RS4")] == ["77.00", "77.00", "30.00", "44.00"]


def test_what_was_not_written_is_judged_and_what_was_answered_holds(city, clerk, there, tmp_path):
    head = HEAD.replace("建筑面积", "面积大小").replace("建筑类别", "随便写的")
    first = planned(clerk, head + "\r\n".join(ROWS) + "\r\n")
    answers = {asked(first, "column", "面积大小")["id"]: "area_m2", asked(first, "column", "随便写的")["id"]: ""}
    first = answered(clerk, first, answers=answers)
    assert first.state == imports.PLANNED and first.counts["error"] == 3
    again = sent(clerk, mended(clerk, first, tmp_path))
    assert again.state == imports.PLANNED and again.questions == [] and again.counts["error"] == 3
    other = answered(clerk, again, mapping={"随便写的": "kind"})
    assert other.counts["error"] == 1 and other.counts["new"] == 2 and outcomes(clerk, other)[2] == "unchanged"


def test_an_import_that_was_taken_back_is_written_again(clerk, there, tmp_path):
    first = applied(clerk, planned(clerk, TEXT, policy="good"))
    data = mended(clerk, first, tmp_path, E4="30")
    assert undone(clerk, first).state == imports.UNDONE
    again = sent(clerk, data)
    assert outcomes(clerk, again)[2] == "unchanged" and (again.counts["new"], again.counts["unchanged"]) == (3, 1)


@pytest.mark.parametrize("change", ["owner", "constant", "empty", "gone"])
def test_anything_else_is_an_ordinary_file(city, clerk, there, tmp_path, change):
    first = applied(clerk, planned(clerk, TEXT, policy="good"))
    data = mended(clerk, first, tmp_path, E4="30")
    records.update("damaged_building", SYSTEM, there, {"area_m2": "77"}, version=1)
    sender, options = clerk, {}
    if change == "owner":
        sender = city.actor("city_clerk")
    elif change == "constant":
        options = {"constants": {"note": "复核"}}
    elif change == "empty":
        options = {"empty": "clear"}
    else:
        imports.clear_files(first.at.replace(year=first.at.year + 1))
    again = sent(sender, data, **options)
    assert outcomes(sender, again)[2] == "changed"
    assert bool(told(again, "resent")) == (change != "owner")


def test_another_register_s_error_workbook_is_an_ordinary_file(clerk, tmp_path):
    first = applied(clerk, planned(clerk, TEXT, policy="good"))
    again = sent(clerk, mended(clerk, first, tmp_path), register="appraisal")
    assert not told(again, "resent") and shape(clerk, again)["earlier"] is None


def test_a_row_that_says_again_what_a_settled_one_says_is_still_wrong(clerk, there, tmp_path):
    first = applied(clerk, planned(clerk, TEXT, policy="good"))
    again = sent(clerk, mended(clerk, first, tmp_path, A4="RS2", E4="30"))
    assert (
        outcomes(clerk, again)[4] == "error"
        and tables.model("damaged_building").select().where(tables.model("damaged_building").f_code == "RS3").count() == 0
    )
