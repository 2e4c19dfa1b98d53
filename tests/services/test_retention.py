"""Retention: what is over goes for good and leaves a tombstone; everything else stays."""

from pathlib import Path

import pytest

from models import registry, tables
from models.base import database, is_postgres
from models.errors import Conflict, NotFound
from models.journal import Attachment, Change, Draft
from services import desk, history, query, records, retention
from services.actor import SYSTEM
from tests.factories import day
from tests.writing import change, create, found, set_parameter

NAME = "欧阳泊舟"


@pytest.fixture
def teacher(city):
    """A foreign teacher whose contract ended long ago, known under the name in every place that keeps one."""
    school = city.actor("school_a")
    id = create(city, "foreign_teacher", "a1", who="school_a", name="欧阳旧名", contract_end_on=day(-200)).id
    change(city, "foreign_teacher", id, who="school_a", name=NAME)
    create(city, "foreign_contact", "a1", who="school_a", foreign_teacher=id, contacted_on=day(-5))
    desk.save_draft(school, f"/admin/r/foreign_teacher/{id}/edit", [["name", NAME]])
    desk.save_draft(school, "/admin/r/foreign_teacher/new", [["name", NAME]])
    desk.save_draft(school, "/admin/r/hazard/new", [["description", "门窗破损"]])
    return id


def due_of(register, clock):
    """The ids a clock has come to."""
    return next((part.ids for part in retention.due() if (part.register.name, part.clock.id) == (register, clock)), ())


def apply_all():
    return retention.apply(retention.code_of(retention.due()))


def test_the_report_names_records_and_changes_nothing(city, teacher):
    before = Change.select().count()
    assert due_of("foreign_teacher", "name_after_contract") == (teacher,)
    assert Change.select().count() == before
    assert query.get("foreign_teacher", SYSTEM, teacher).values["name"] == NAME


def test_a_name_whose_time_is_over_is_gone_from_every_place(city, teacher):
    apply_all()
    school = city.actor("school_a")
    assert query.get("foreign_teacher", SYSTEM, teacher).values["name"] is None
    kept = [text for row in Change.select() for text in (row.old, row.new) if text]
    assert not [text for text in kept if "欧阳" in text]
    assert query.page(query.parse("foreign_teacher", school, [("q", "欧阳")])).records == []
    assert query.page(query.parse("foreign_contact", school, [("q", "欧阳")])).records == []
    assert sorted(draft.path for draft in Draft.select()) == ["/admin/r/hazard/new"]
    assert due_of("foreign_teacher", "name_after_contract") == ()


def test_what_remains_is_a_tombstone(city, teacher):
    apply_all()
    tomb = history.history("foreign_teacher", SYSTEM, teacher)[0]
    assert (tomb.kind, tomb.action, tomb.reason) == ("retention", "erase", "foreign_teacher.name_after_contract")
    assert [(field.name, old, new) for field, old, new in tomb.changes] == [("name", "", "")]


def test_nothing_removed_comes_back(city, teacher):
    edit = history.history("foreign_teacher", SYSTEM, teacher)[0].change_set
    apply_all()
    tomb = history.history("foreign_teacher", SYSTEM, teacher)[0].change_set
    undone = history.undo(city.actor("city_admin"), tomb)
    assert undone.count == 0 and "不能恢复" in str(undone.kept[0][2])
    history.undo(city.actor("city_admin"), edit)
    assert query.get("foreign_teacher", SYSTEM, teacher).values["name"] is None


def test_a_form_opened_before_does_not_write_the_name_back(city, teacher):
    version = tables.model("foreign_teacher").get_by_id(teacher).version
    apply_all()
    with pytest.raises(Conflict):
        records.update("foreign_teacher", city.actor("school_a"), teacher, {"name": NAME, "post": "口语教师"}, version=version)


def test_the_database_file_holds_no_remains(city, teacher):
    if is_postgres():
        pytest.skip("PostgreSQL's vacuum clears its own pages")
    apply_all()
    database.close()
    for ending in ("", "-wal"):
        file = Path(city.url + ending)
        assert not file.exists() or NAME.encode() not in file.read_bytes()


def test_only_what_was_shown_is_removed(city, teacher):
    code = retention.code_of(retention.due())
    create(city, "foreign_teacher", "a1", who="school_a", contract_end_on=day(-300))
    with pytest.raises(Conflict):
        retention.apply(code)
    assert query.get("foreign_teacher", SYSTEM, teacher).values["name"] == NAME


def test_a_boarder_who_left_loses_the_name_and_after_the_year_the_row(city):
    id = create(city, "inland_student", "a1", who="school_a", name="林知夏", note="喜欢画画", left_on=day(0)).id
    assert due_of("inland_student", "name_on_leaving") == (id,)
    apply_all()
    values = query.get("inland_student", SYSTEM, id).values
    assert values["name"] is None and values["note"] is None and values["code"]
    tables.model("inland_student").update(f_left_on="2020-05-01").where(tables.model("inland_student").id == id).execute()
    apply_all()
    with pytest.raises(NotFound):
        query.get("inland_student", SYSTEM, id)
    row = Change.select().where((Change.register == "inland_student") & (Change.record_id == id)).order_by(Change.id.desc()).get()
    assert (row.action, row.old, row.new) == ("erase", None, None)


def test_names_of_all_boarders_go_after_the_response(city):
    id = create(city, "inland_student", "a1", who="school_a", name="林知夏").id
    assert id not in due_of("inland_student", "name_after_response")
    records.create("parameter", SYSTEM, {"key": "应急响应结束日期", "value": day(-91), "effective_from": day(-91)})
    assert id in due_of("inland_student", "name_after_response")
    set_parameter(city, "应急结束后保留", "100")
    assert due_of("inland_student", "name_after_response") == ()


def test_contacts_and_members_go_with_their_rows_files_and_index(city):
    contact = create(city, "foreign_contact", "a1", who="school_a", contacted_on=day(-91)).id
    recent = create(city, "foreign_contact", "a1", who="school_a", contacted_on=day(-89)).id
    member = create(city, "team_member", "a", name="何远舟", from_date=day(-800), to_date=day(-10)).id
    Attachment.create(
        sha256="0",
        name="a.pdf",
        kind="document",
        size=1,
        data=b"x",
        register="foreign_contact",
        record_id=contact,
        at=query.get("foreign_contact", SYSTEM, contact).created_at,
    )
    apply_all()
    left = {record.id for record in query.stream(query.parse("foreign_contact", SYSTEM))}
    assert contact not in left and recent in left
    assert not Attachment.select().where(Attachment.register == "foreign_contact").exists()
    values = query.get("team_member", SYSTEM, member).values
    assert values["phone"] is None and values["name"] == "何远舟"
    set_parameter(city, "离组成员保留", "5")
    apply_all()
    assert member not in found("team_member", ("team", str(city.id("inspection_team", "a"))))


def test_a_replaced_contact_goes_from_the_trash(city):
    id = city.trashed["four_party_link"]["a1"][0]
    model = tables.model("four_party_link")
    assert due_of("four_party_link", "replaced") == ()
    model.update(deleted_at="2021-08-01T00:00:00.000000Z").where(model.id == id).execute()
    assert due_of("four_party_link", "replaced") == (id,)
    apply_all()
    assert not model.select().where(model.id == id).exists()
    with pytest.raises(NotFound):
        records.restore("four_party_link", city.actor("school_a"), id)


def test_what_is_not_over_stays_as_it_was(city, teacher):
    young = create(city, "foreign_teacher", "a1", who="school_a", name="季知秋", contract_end_on=day(-170)).id
    apply_all()
    assert query.get("foreign_teacher", SYSTEM, young).values["name"] == "季知秋"
    assert [record.id for record in query.page(query.parse("foreign_teacher", SYSTEM, [("q", "季知")])).records] == [young]


def test_registers_of_people_have_a_clock():
    timed = {register.name for register in registry.all() if register.clocks}
    assert timed == {"foreign_teacher", "foreign_contact", "inland_student", "team_member", "four_party_link"}
