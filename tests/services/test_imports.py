"""The import as a plan: read and asked about, shown, applied once, taken back; its owner's alone."""

import io
import json
import zipfile
import zlib
from importlib import import_module

import openpyxl
import pytest

from models import base, registry, tables
from models.errors import Conflict, Invalid, NotAllowed, NotFound
from models.imports import Chunk, File, Plan
from models.sentences import packed
from services import history, imports, jobs, query, records
from services.actor import SYSTEM
from services.imports import applying, chunks, matching

HEAD = "校舍编号,学校,建筑名称,建筑类别,建筑面积\r\n"


@pytest.fixture
def clerk(city):
    return city.actor("district_a")


def work():
    while jobs.run_one():
        continue


def planned(actor, text, register="damaged_building", name="校舍.csv", **options):
    """An import of a text, as far as it gets without an answer."""
    item = imports.start(actor, register, [(name, text.encode("utf-8-sig"))], **options)
    assert item.state == imports.READING
    work()
    return imports.get(actor, item.id)


def answered(actor, item, **options):
    imports.answer(actor, item.id, **options)
    work()
    return imports.get(actor, item.id)


def applied(actor, item):
    assert imports.apply(actor, item.id).state == imports.APPLYING
    work()
    return imports.get(actor, item.id)


def undone(actor, item):
    imports.undo(actor, item.id)
    work()
    return imports.get(actor, item.id)


def shape(actor, item):
    return json.loads(json.dumps(imports.to_json(imports.get(actor, item.id), actor), ensure_ascii=False))


def asked(item, kind, value=None):
    """The one question of a kind (about a value)."""
    (found,) = [one for one in item.questions if one["kind"] == kind and value in (None, one["value"])]
    return found


def buildings(code_from, count, school, **cells):
    lines = [f"{code_from}{at},{school},{cells.get('name', '一号楼')}{at},教学楼,{cells.get('area', 100)}" for at in range(count)]
    return HEAD + "\r\n".join(lines) + "\r\n"


def by_code(code):
    found = query.page(query.parse("damaged_building", SYSTEM, [("code", code)])).records
    return query.get("damaged_building", SYSTEM, found[0].id) if found else None


# shown ------------------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_it_would_do_and_writes_nothing(city, clerk):
    before = tables.model("damaged_building").select().count()
    school = city.school("a1")
    records.create_many("damaged_building", SYSTEM, [city.new("damaged_building", "a1", code="ZZ1", name="旧楼", area_m2="10")])
    before += 1
    text = (
        HEAD
        + "ZZ1,青禾一中学,旧楼,教学楼,12.5\r\nZZ2,青禾一中学,新楼,教学楼,20\r\nZZ3,青禾一中学,坏楼,教学楼,约30\r\n合计,,,,32.5\r\n"
    )
    item = planned(clerk, text)
    assert item.state == imports.PLANNED
    found = shape(clerk, item)
    assert found["counts"] == {"new": 1, "changed": 1, "unchanged": 0, "error": 1, "warning": 0, "out_of_scope": 0}
    assert found["header_rows"] == [1, 1] and found["sheet"] == "" and found["change_set"] is None
    assert found["columns"][0] == {"source": "校舍编号", "letter": "A", "field": "code", "how": "label"}
    assert [(row["row"], "合计" in row["why"]) for row in found["skipped"]] == [(5, True)]
    changed, new, wrong = found["rows"]
    assert (changed["row"], changed["outcome"], changed["changes"]) == (2, "changed", {"area_m2": ["10.00", "12.50"]})
    assert (new["outcome"], new["changes"]["school"]) == ("new", [None, {"id": school, "label": "青禾一中学"}])
    (message,) = wrong["messages"]
    assert (wrong["outcome"], message["cell"], message["field"], message["code"]) == ("error", "E4", "area_m2", "number")
    assert "约30" in message["message"]
    assert tables.model("damaged_building").select().count() == before


def test_the_plan_shows_the_first_rows_what_wrong_cells_say_and_which_records_are_meant(city, clerk):
    records.create_many("damaged_building", SYSTEM, [city.new("damaged_building", "a1", code="FR1", name="旧楼", area_m2="10")])
    text = "青禾区校舍,,,,\r\n" + HEAD + "FR1,青禾一中学,旧楼,教学楼,12.5\r\nFR2,青禾一中学,坏楼,教学楼,约30\r\n"
    found = shape(clerk, planned(clerk, text))
    assert found["header_rows"] == [2, 2] and [row for row, _ in found["first_rows"]] == [1, 2, 3, 4]
    assert found["first_rows"][0][1][0] == "青禾区校舍" and found["first_rows"][3][1][4] == "约30"
    changed, wrong = found["rows"]
    assert changed["record"]["label"].startswith("FR1") and wrong["record"] is None
    assert wrong["messages"][0]["value"] == "约30"
    assert len(found["files"][0]["sha256"]) == 64


def test_the_same_upload_sent_twice_is_one_import(city, clerk, at_once):
    files = [("校舍.csv", buildings("TW", 1, "青禾一中学").encode("utf-8-sig"))]
    found = at_once(lambda word: imports.start(clerk, "damaged_building", files, once=word), ["kind-of-word"] * 4)
    assert len({item.id for item in found}) == 1 and Plan.select().count() == 1
    others = [("校舍.csv", buildings("TX", 1, "青禾一中学").encode("utf-8-sig"))]
    assert imports.start(clerk, "damaged_building", others, once="kind-of-word").id != found[0].id
    assert imports.start(city.actor("city_admin"), "damaged_building", files, once="kind-of-word").id != found[0].id
    work()
    imports.forget(clerk, found[0].id)
    assert imports.start(clerk, "damaged_building", files, once="kind-of-word").state == imports.READING


def test_the_policy_alone_is_changed_without_reading_again(city, clerk):
    item = planned(clerk, buildings("PO", 1, "青禾一中学") + "PO9,青禾一中学,坏楼,教学楼,约30\r\n")
    item = imports.answer(clerk, item.id, policy="good")
    assert (item.state, item.policy, item.counts["error"]) == (imports.PLANNED, "good", 1)
    assert applied(clerk, item).state == imports.APPLIED


def test_all_rows_can_be_paged_through_by_outcome(city, clerk):
    text = buildings("PG", 2500, "青禾一中学") + "PGX,青禾一中学,坏楼,教学楼,2000万\r\n"
    item = planned(clerk, text)
    assert item.counts["new"] == 2500 and len(shape(clerk, item)["rows"]) <= 100
    assert any(row["outcome"] == "error" for row in shape(clerk, item)["rows"])
    assert Chunk.select().where(Chunk.plan == item.id).count() == 3
    seen, after = [], 0
    while after is not None:
        page = imports.rows(clerk, item.id, after=after, limit=200)
        seen += [row["row"] for row in page.rows]
        after = page.next
    assert seen == list(range(2, 2503))
    (wrong,) = imports.rows(clerk, item.id, outcome="error").rows
    assert wrong["row"] == 2502 and "2000万" in wrong["messages"][0]["message"]
    assert [message.cell for message in imports.errors(clerk, item.id)] == ["E2502"]
    with pytest.raises(Invalid):
        imports.rows(clerk, item.id, outcome="nothing")


def test_who_looks_while_it_is_planned_again_is_shown_what_there_is(city, clerk):
    item = planned(clerk, buildings("PA", 2500, "青禾一中学"))
    looking = chunks.each(item.id)
    assert [one.number for one in next(looking)[1]][:2] == [2, 3]
    chunks.clear(item.id)
    assert list(looking) == []


def test_an_import_is_its_owners_alone(city, clerk):
    item = planned(clerk, buildings("OW", 1, "青禾一中学"))
    for name in ("district_b", "city_admin", "auditor", "school_a"):
        other = city.actor(name)
        for step in (imports.get, imports.apply, imports.undo, imports.rows, imports.files, imports.answer, imports.forget):
            with pytest.raises(NotFound):
                step(other, item.id)
    with pytest.raises(NotFound):
        imports.get(clerk, 99_999)
    assert [one.id for one in imports.mine(clerk)] == [item.id] and imports.mine(city.actor("district_b")) == []
    looking = city.actor("district_a", real=city.actor("city_admin"))
    with pytest.raises(NotFound):
        imports.get(looking, item.id)
    with pytest.raises(NotAllowed):
        imports.start(looking, "damaged_building", [("a.csv", b"x")])
    with pytest.raises(NotAllowed):
        imports.start(city.actor("leader"), "damaged_building", [("a.csv", b"x")])


def test_who_may_no_longer_import_is_stopped_before_anything_is_written(city, clerk):
    item = planned(clerk, buildings("LO", 2, "青禾一中学"))
    imports.apply(clerk, item.id)
    account = query.get("account", SYSTEM, clerk.id)
    records.update("account", SYSTEM, clerk.id, {"active": "否"}, version=account.version)
    work()
    item = imports.get(clerk, item.id)
    assert item.state == imports.PLANNED and "停用" in str(item.message) and by_code("LO0") is None


# asked ------------------------------------------------------------------------------------------------------------------


def test_a_column_nobody_knows_is_asked_and_the_answer_is_remembered(city, clerk):
    text = "校舍编号,学校,建筑物名称,建筑类别,占地\r\nQ1,青禾一中学,楼,教学楼,3亩\r\n"
    item = planned(clerk, text)
    assert item.state == imports.ASKING and item.counts["error"] == 1
    name, area = asked(item, "column", "建筑物名称"), asked(item, "column", "占地")
    assert name["choices"][0]["value"] == "name" and area["choices"][0]["value"] == ""
    with pytest.raises(Conflict):
        imports.apply(clerk, item.id)
    with pytest.raises(Invalid) as refused:
        imports.answer(clerk, item.id, answers={name["id"]: "nothing", "x": "1"})
    assert {fault.field for fault in refused.value.faults} == {name["id"], "x"}
    item = answered(clerk, item, answers={name["id"]: "name"}, mapping={"占地": ""})
    assert item.state == imports.PLANNED and item.counts["new"] == 1
    applied(clerk, item)
    again = planned(clerk, text.replace("Q1", "Q2").replace(",占地", "").replace(",3亩", ""))
    assert again.state == imports.PLANNED
    assert [one["how"] for one in again.found["columns"] if one["source"] == "建筑物名称"] == ["memory"]
    other = planned(city.actor("district_b"), text.replace("青禾", "松泉"))
    assert other.state == imports.ASKING, "another unit is asked itself"


def test_an_unknown_name_is_asked_once_with_the_likely_ones_first(city, clerk):
    text = HEAD + "".join(f"U{at},青禾一中,楼{at},教学楼,1\r\n" for at in range(3)) + "U9,松泉一中学,楼,教学楼,1\r\n"
    item = planned(clerk, text)
    question = asked(item, "value")
    assert (question["value"], question["field"], question["count"], question["rows"]) == ("青禾一中", "school", 3, [2, 3, 4])
    first = question["choices"][0]
    assert first == {"value": city.school("a1"), "label": "青禾一中学"}
    assert not any("松泉" in str(choice["label"]) for choice in question["choices"]), "candidates are the actor's own"
    assert item.counts["error"] == 3 and item.counts["out_of_scope"] == 1
    with pytest.raises(Invalid):
        imports.answer(clerk, item.id, answers={question["id"]: city.school("b1")})
    item = answered(clerk, item, answers={question["id"]: {"value": city.school("a1"), "remember": True}}, policy="good")
    assert item.state == imports.PLANNED and item.counts["new"] == 3
    applied(clerk, item)
    assert by_code("U0").values["school"] == city.school("a1")
    again = planned(clerk, HEAD + "U8,青禾一中,楼八,教学楼,1\r\n")
    assert again.state == imports.PLANNED and again.counts["new"] == 1


def test_an_unknown_choice_is_answered_left_out_or_empty(city, clerk):
    text = "校舍编号,学校,建筑名称,建筑类别,受损程度\r\nC1,青禾一中学,甲,教学楼,有点坏\r\nC2,青禾一中学,乙,教学楼,看不出\r\nC3,青禾一中学,丙,教学楼,塌\r\n"
    item = planned(clerk, text)
    questions = {one["value"]: one for one in item.questions}
    damage = registry.get("damaged_building").field("damage")
    assert {option.code for option in damage.options} <= {choice["value"] for choice in questions["有点坏"]["choices"]}
    answers = {questions["有点坏"]["id"]: "slight", questions["看不出"]["id"]: "$empty"}
    if "塌" in questions:
        answers[questions["塌"]["id"]] = ""
    item = answered(clerk, item, answers=answers, policy="good")
    assert item.state == imports.PLANNED
    applied(clerk, item)
    assert by_code("C1").values["damage"] == "slight" and by_code("C2").values["damage"] is None


def test_sections_and_groups_are_offered_as_values(city):
    admin = city.actor("city_admin")
    text = "学校代码,学校名称,学校类别,隶属,办学性质\r\n青禾区（2所）,,,,\r\nS1,甲新校,小学,县区属,公办\r\nS2,乙新校,小学,县区属,公办\r\n松泉区（1所）,,,,\r\nS3,丙新校,小学,县区属,公办\r\n"
    item = planned(admin, text, "school", "学校.csv")
    question = asked(item, "section")
    assert [choice["value"] for choice in question["choices"]][:1] == ["district"]
    item = answered(admin, item, answers={question["id"]: "district"})
    assert item.state == imports.PLANNED and item.counts["new"] == 3
    applied(admin, item)
    found = query.page(query.parse("school", SYSTEM, [("code", "S3")])).records[0]
    assert found.values["district"] == city.district("b")


def test_the_sheet_mode_and_header_can_be_chosen_afterwards(city, clerk):
    text = "随便,写写,的,一,行\r\n" + buildings("M", 2, "青禾一中学")
    item = planned(clerk, text, mode="update")
    assert item.counts["error"] == 2
    item = answered(clerk, item, mode="both", header=2)
    assert item.counts["new"] == 2 and item.found["header_rows"] == [2, 2]


# refused ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "said"), [(b"", "空的"), (b"PK\x03\x04 broken", "读不出来"), (b"%PDF-1.7 x", "PDF")])
def test_a_file_nobody_can_read_fails_with_one_sentence(city, clerk, data, said):
    item = imports.start(clerk, "damaged_building", [("a.xlsx", data)])
    work()
    item = imports.get(clerk, item.id)
    assert item.state == imports.FAILED and said in str(item.message)
    assert jobs.of(clerk, item.job).state == "failed" and not Chunk.select().exists()
    with pytest.raises(Conflict):
        imports.apply(clerk, item.id)


def test_a_refused_column_fails_says_why_and_the_file_is_not_kept(city, clerk):
    item = planned(clerk, "校舍编号,学校,建筑名称,建筑类别,身份证号\r\nX,青禾一中学,楼,教学楼,1\r\n")
    assert item.state == imports.FAILED and "身份证号" in str(item.message)
    assert not File.select().where(File.plan == item.id).exists()


# applied ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["all", "good"])
def test_applied_once_in_one_change_set_and_undone(city, clerk, policy):
    records.create_many("damaged_building", SYSTEM, [city.new("damaged_building", "a1", code="AP0", name="一号楼0", area_m2="5")])
    item = planned(clerk, buildings("AP", 2300, "青禾一中学"), policy=policy)
    assert item.counts["new"] == 2299 and item.counts["changed"] == 1
    item = applied(clerk, item)
    assert item.state == imports.APPLIED and item.position == 3
    job = imports.progress(clerk, item.id)
    assert (job.state, job.done, job.total) == ("done", 2300, 2300)
    found = query.get("change_set", clerk, item.change_set)
    assert (found.values["kind"], found.values["reason"], found.values["changes"]) == ("import", "校舍.csv", item.changes)
    for step in (imports.apply, imports.answer):
        with pytest.raises(Conflict):
            step(clerk, item.id)
    assert planned(clerk, buildings("AP", 2300, "青禾一中学")).counts["unchanged"] == 2300
    others = by_code("AP1")
    records.update("damaged_building", SYSTEM, others.id, {"note": "已核"}, version=others.version)
    item = undone(clerk, item)
    assert item.state == imports.UNDONE and item.found["undone"]["count"] == 2299
    assert [title for _, title, _ in item.found["undone"]["kept"]] and item.found["undone"]["kept_count"] == 1
    assert by_code("AP1") and by_code("AP2") is None and by_code("AP0").values["area_m2"] == 5
    with pytest.raises(Conflict):
        imports.undo(clerk, item.id)


def test_with_wrong_rows_all_or_only_the_good(city, clerk):
    text = buildings("WR", 3, "青禾一中学") + "WRX,青禾一中学,坏楼,教学楼,约30\r\n"
    item = planned(clerk, text)
    with pytest.raises(Conflict) as refused:
        imports.apply(clerk, item.id)
    assert refused.value.code == "has_errors"
    item = applied(clerk, answered(clerk, item, policy="good"))
    assert item.state == imports.APPLIED and by_code("WR2") and by_code("WRX") is None and item.counts["error"] == 1


@pytest.mark.parametrize("policy", ["all", "good"])
def test_what_changed_since_the_plan_is_told_and_nobodys_work_is_overwritten(city, clerk, policy):
    first, second = records.create_many(
        "damaged_building", SYSTEM,
        [city.new("damaged_building", "a1", code=f"DR{at}", name=f"一号楼{at}", area_m2="5") for at in range(2)],
    )  # fmt: skip
    item = planned(clerk, buildings("DR", 3, "青禾一中学"), policy=policy)
    records.update("damaged_building", SYSTEM, first, {"area_m2": "77"}, version=1)
    records.update("damaged_building", SYSTEM, second, {"note": "别人写的"}, version=1)
    item = applied(clerk, item)
    assert by_code("DR0").values["area_m2"] == 77
    if policy == "all":
        assert item.state == imports.PLANNED and "没有写入任何行" in str(item.message) and item.counts["error"] == 1
        assert by_code("DR2") is None and by_code("DR1").values["area_m2"] == 5
    else:
        assert item.state == imports.APPLIED and item.counts["error"] == 1 and by_code("DR2")
        assert (by_code("DR1").values["area_m2"], by_code("DR1").values["note"]) == (100, "别人写的")


def test_two_clicks_apply_once(city, clerk, at_once):
    item = planned(clerk, buildings("TW", 5, "青禾一中学"))
    answers = at_once(lambda _: imports.apply(clerk, item.id), range(3))
    assert sum(isinstance(one, imports.Import) for one in answers) == 1
    work()
    assert imports.get(clerk, item.id).state == imports.APPLIED and by_code("TW4")
    assert tables.model("damaged_building").select().where(tables.model("damaged_building").f_code == "TW4").count() == 1


def test_cancelled_and_forgotten(city, clerk):
    item = imports.start(clerk, "damaged_building", [("a.csv", buildings("CA", 2, "青禾一中学").encode())])
    assert imports.cancel(clerk, item.id).state == imports.FAILED
    imports.forget(clerk, item.id)
    assert not Plan.select().exists() and not File.select().exists()
    item = planned(clerk, buildings("CA", 2, "青禾一中学"))
    imports.apply(clerk, item.id)
    assert imports.cancel(clerk, item.id).state == imports.PLANNED and by_code("CA0") is None
    assert applied(clerk, item).state == imports.APPLIED


def test_an_apply_that_broke_off_goes_on_at_a_known_row(city, clerk, monkeypatch):
    item = planned(clerk, buildings("GO", 2500, "青禾一中学"), policy="good")
    write, calls = applying.checking.write, []

    def breaks(*args):
        calls.append(1)
        if len(calls) == 2:
            raise jobs.Interrupted(jobs.LOST)
        return write(*args)

    monkeypatch.setattr(applying.checking, "write", breaks)
    imports.apply(clerk, item.id)
    jobs.run_one()
    item = imports.get(clerk, item.id)
    assert (item.state, item.position) == (imports.APPLYING, 1) and by_code("GO999") and by_code("GO1000") is None
    jobs.JobWork.update(due_at=item.at).where(jobs.JobWork.id == item.job).execute()
    work()
    item = imports.get(clerk, item.id)
    assert item.state == imports.APPLIED and item.changes == 2500
    assert undone(clerk, item).found["undone"]["count"] == 2500
    assert chunks.counts(item.id)["new"] == 2500


@pytest.mark.parametrize("held", [20_000, 3])
def test_rows_of_large_files_find_their_records_by_name_and_school(city, clerk, monkeypatch, held):
    monkeypatch.setattr(matching, "_MOST_HELD", held)
    school = "青禾一中学"
    first = planned(clerk, HEAD + "".join(f",{school},第{at}楼,教学楼,800\r\n" for at in range(600)))
    assert applied(clerk, first).counts["new"] == 600
    twin = HEAD + f"TW-1,{school},双楼,教学楼,800\r\nTW-2,{school},双楼,教学楼,800\r\n"
    assert applied(clerk, planned(clerk, twin)).counts["new"] == 2
    text = (
        HEAD
        + "".join(f",{school},第{at}楼,教学楼,{900 if at % 2 else 800}\r\n" for at in range(640))
        + f",{school},双楼,教学楼,900\r\n"
    )
    again = planned(clerk, text, policy="good")
    assert {name: again.counts[name] for name in ("unchanged", "changed", "new", "error")} == {
        "unchanged": 300, "changed": 300, "new": 40, "error": 1,
    }  # fmt: skip
    wrong = [one.told for _, some in chunks.each(again.id) for one in some if one.outcome == "error"]
    assert [code for told in wrong for _, code, *_ in told] == ["several"]
    assert applied(clerk, again).changes == 340
    model = tables.model("damaged_building")
    assert [area for (area,) in model.select(model.f_area_m2).tuples()].count(900) == 320


# sent back --------------------------------------------------------------------------------------------------------------


def test_the_error_workbook_goes_back_and_comes_in_again(city, clerk, tmp_path):
    item = planned(clerk, buildings("EW", 2, "青禾一中学") + "EWX,青禾一中学,坏楼,教学楼,约30\r\n", policy="good")
    path = tmp_path / "错误.xlsx"
    imports.error_workbook(clerk, item.id, path)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][-1] == "错误说明" and "约30" in rows[3][-1] and not rows[1][-1]
    assert sheet["E4"].fill.fgColor.rgb.endswith("FFC7CE")
    again = imports.start(clerk, "damaged_building", [("错误.xlsx", path)], policy="good")
    work()
    again = imports.get(clerk, again.id)
    assert (again.state, again.counts["new"], again.counts["error"]) == (imports.PLANNED, 2, 1)
    with pytest.raises(NotFound):
        imports.error_workbook(clerk, item.id, path, file=7)


# several files ----------------------------------------------------------------------------------------------------------


def test_a_zip_of_files_is_one_import_and_names_each(city, clerk):
    packet = io.BytesIO()
    with zipfile.ZipFile(packet, "w") as archive:
        archive.writestr("一.csv", buildings("F", 2, "青禾一中学").encode("gb18030"))
        archive.writestr(
            "二.csv", (HEAD + "F5,青禾二中学,楼,教学楼,约3\r\nF0,青禾一中学,一号楼0,教学楼,100\r\n").encode("utf-8-sig")
        )
        archive.writestr("三.pdf", b"%PDF-1.7 ")
    item = imports.start(clerk, "damaged_building", [("都在.zip", packet.getvalue())], policy="good")
    work()
    item = imports.get(clerk, item.id)
    assert item.counts == {"new": 2, "changed": 0, "unchanged": 0, "error": 1, "warning": 1, "out_of_scope": 0}
    (wrong,) = [one for one in imports.errors(clerk, item.id) if one.level == "error"]
    assert (wrong.file, wrong.cell) == ("二.csv", "E2")
    assert any(one.file == "三.pdf" and "PDF" in str(one.sentence) for one in imports.messages(clerk, item.id))
    assert applied(clerk, item).state == imports.APPLIED


def test_a_file_that_breaks_off_halfway_is_left_out_whole_and_the_others_come_in(city, clerk):
    """A thousand good rows before the break are not half a file in the plan."""
    packet = io.BytesIO()
    with zipfile.ZipFile(packet, "w") as archive:
        archive.writestr("一.csv", buildings("G", 2, "青禾一中学").encode())
        archive.writestr("二.csv", (buildings("H", 1500, "青禾一中学") + f'H9,青禾一中学,"{"长" * 40_000}",教学楼,1\r\n').encode())
        archive.writestr("三.csv", buildings("I", 3, "青禾一中学").encode())
    item = imports.start(clerk, "damaged_building", [("都在.zip", packet.getvalue())])
    work()
    item = imports.get(clerk, item.id)
    assert item.state == imports.PLANNED and item.counts["new"] == 5 and not item.counts["error"]
    assert [one.file for one in imports.messages(clerk, item.id) if one.code == "cell_too_long"] == ["二.csv"]
    assert applied(clerk, item).state == imports.APPLIED and by_code("I2").values["name"]
    alone = imports.start(
        clerk, "damaged_building", [("二.csv", (buildings("J", 3, "青禾一中学") + f'J9,,"{"长" * 40_000}",,\r\n').encode())]
    )
    work()
    failed = imports.get(clerk, alone.id)
    assert failed.state == imports.FAILED and failed.found["files"] == ["二.csv"]


def test_history_tells_of_the_import(city, clerk):
    item = applied(clerk, planned(clerk, buildings("HI", 1, "青禾一中学")))
    entry = history.history("damaged_building", clerk, by_code("HI0").id)[0]
    assert (entry.kind, entry.reason, entry.change_set) == ("import", "校舍.csv", item.change_set)


def test_the_verdicts_of_an_earlier_version_are_read(city, clerk):
    item = planned(clerk, HEAD + "V1,青禾一中学,一号楼,教学楼,100\r\nV2,青禾一中学,二号楼,教学楼,很大\r\n")
    (data,) = Chunk.select(Chunk.data).where(Chunk.plan == item.id).tuples().get()
    verdicts = chunks.get(item.id, 0)
    shapes = [list(one.changes) for one in verdicts]
    rows = [
        (one.number, one.outcome, one.id, one.version, at, list(one.changes.values()), one.old,
         [(*said[:2], packed(said[2]), said[3]) for said in one.told], one.file, one.texts)
        for at, one in enumerate(verdicts)
    ]  # fmt: skip
    before = zlib.compress(json.dumps((rows, shapes)).encode())
    Chunk.update(data=before).where(Chunk.plan == item.id).execute()
    import_module("models.migrations.0014_import_columns").up(None, base.database.obj)
    assert chunks.get(item.id, 0) == verdicts and verdicts[1].told
    assert [one.outcome for one in verdicts] == ["new", "error"] and len(data) < len(before)
