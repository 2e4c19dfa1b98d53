"""The journal read back: who changed what, undone without losing what came later, and read only by those who may."""

import pytest

from models import tables
from models.errors import Conflict, Invalid, NotAllowed, NotFound
from models.journal import Change
from services import history, query, records, transitions
from services.actor import SYSTEM
from services.query import NO_ACCESS
from tests.actors import NAMES
from tests.factories import day


def refused(kind, work, *args, **kwargs):
    with pytest.raises(kind) as caught:
        work(*args, **kwargs)
    return caught.value


@pytest.fixture
def reporter(city):
    return city.actor("school_a")


@pytest.fixture
def hazard(city, reporter):
    return records.create("hazard", reporter, city.new("hazard", "a1", measure="清理")).record.id


def change(actor, register, id, **values):
    version = tables.model(register).get_by_id(id).version
    return records.update(register, actor, id, values, version=version)


def told(entries):
    return [(entry.action, [(field.name, old, new) for field, old, new in entry.changes]) for entry in entries]


# reading ----------------------------------------------------------------------------------------------------------------


def test_history_tells_who_when_what_and_why(city, reporter, hazard):
    change(reporter, "hazard", hazard, measure="清理杂物", building=city.id("damaged_building", "a1"))
    records.delete("hazard", reporter, hazard, version=2, reason="重复登记")
    entries = history.history("hazard", reporter, hazard)
    building = query.labels("damaged_building", [city.id("damaged_building", "a1")], SYSTEM).popitem()[1]
    assert told(entries) == [
        ("trash", []),
        ("update", [("building", "", building), ("measure", "清理", "清理杂物")]),
        ("create", []),
    ]
    assert entries[0].reason == "重复登记" and entries[0].who == reporter.name and entries[0].at >= entries[2].at


def test_history_of_a_foreign_record_is_not_found(city):
    seen_by = {
        "hazard": {"city_admin", "city_clerk", "leader", "district_b", "school_b"},
        "inland_student": {"city_admin", "city_clerk", "school_b"},
    }
    for register, names in seen_by.items():
        id = city.id(register, "b1")
        for name in NAMES:
            if name in names:
                assert history.history(register, city.actor(name), id)
            else:
                refused((NotFound, NotAllowed), history.history, register, city.actor(name), id)


def test_history_shows_no_field_that_the_record_does_not(city, reporter):
    """A21: Django CVE-2013-0305."""
    student = city.id("inland_student", "a1")
    change(reporter, "inland_student", student, name="安若川", welfare_teacher="何知舟")
    assert ("name", "青禾一姓名", "安若川") in told(history.history("inland_student", reporter, student))[0][1]
    for name in ("city_admin", "city_clerk"):
        text = str(told(history.history("inland_student", city.actor(name), student)))
        assert "安若川" not in text and "姓名" not in text and "何知舟" in text


def test_relations_in_history_are_named_only_where_they_may_be_seen(city, reporter, hazard):
    change(reporter, "hazard", hazard, building=city.id("damaged_building", "a1"))
    tables.model("damaged_building").update(school_id=city.school("b1")).where(
        tables.model("damaged_building").id == city.id("damaged_building", "a1")
    ).execute()
    assert told(history.history("hazard", reporter, hazard))[0][1] == [("building", "", NO_ACCESS.zh)]


# undo -------------------------------------------------------------------------------------------------------------------


def test_undo_takes_a_change_back(reporter, hazard):
    saved = change(reporter, "hazard", hazard, measure="清理杂物", responsible="李若禾")
    done = history.undo(reporter, saved.change_set)
    record = query.get("hazard", reporter, hazard)
    assert done.count == 1 and done.kept == [] and record.values["measure"] == "清理" and record.version == 3
    assert refused(Conflict, history.undo, reporter, saved.change_set).code == "undone"
    assert query.get("change_set", reporter, saved.change_set).values["undone_by"] == done.change_set


def test_undo_keeps_what_someone_changed_since_and_says_so(city, reporter, hazard):
    saved = change(reporter, "hazard", hazard, measure="清理杂物", responsible="李若禾")
    change(city.actor("district_a"), "hazard", hazard, measure="全部清理")
    done = history.undo(reporter, saved.change_set)
    record = query.get("hazard", reporter, hazard)
    assert (record.values["measure"], record.values["responsible"]) != ("清理", "李若禾")
    assert record.values["measure"] == "全部清理" and done.count == 1
    ((register, title, sentence),) = done.kept
    assert register.name == "hazard" and title == record.title and "整改方案" in str(sentence)


def test_an_undo_that_changes_nothing_leaves_the_set_to_be_undone_later(city, reporter, hazard):
    saved = change(reporter, "hazard", hazard, measure="清理杂物")
    version = change(city.actor("district_a"), "hazard", hazard, measure="全部清理").record.version
    assert history.undo(reporter, saved.change_set).count == 0
    records.update("hazard", reporter, hazard, {"measure": "清理杂物"}, version=version)
    assert history.undo(reporter, saved.change_set).count == 1


def test_undoing_a_new_record_puts_it_in_the_trash_unless_it_was_changed(city, reporter):
    first = records.create("hazard", reporter, city.new("hazard", "a1"))
    assert history.undo(reporter, first.change_set).count == 1
    refused(NotFound, query.get, "hazard", reporter, first.record.id)
    second = records.create("hazard", reporter, city.new("hazard", "a1"))
    change(city.actor("district_a"), "hazard", second.record.id, measure="清理")
    done = history.undo(reporter, second.change_set)
    assert done.count == 0 and "有人改过" in str(done.kept[0][2]) and query.get("hazard", reporter, second.record.id)


def test_undoing_a_delete_brings_back_and_the_other_way_round(city, reporter, hazard):
    gone = records.delete("hazard", reporter, hazard, version=1)
    assert history.undo(reporter, gone.change_set).count == 1 and query.get("hazard", reporter, hazard)


def test_a_set_is_undone_as_a_set(city):
    clerk, ids = city.actor("district_a"), [*city.rows["hazard"]["a1"], *city.rows["hazard"]["a2"]]
    done = records.apply_bulk("hazard", clerk, ids, {"measure": "统一整改"})
    records.delete("hazard", clerk, ids[0], version=None)
    undone = history.undo(clerk, done.change_set)
    assert undone.count == len(ids) - 1 and len(undone.kept) == 1
    assert {query.get("hazard", clerk, id).values["measure"] for id in ids[1:]} == {None}


def test_a_large_import_is_undone_in_sets_but_for_what_others_have_changed_since(city, monkeypatch):
    """Part by part in one transaction; who waits is told how far it is, and each kept record why it stays."""
    monkeypatch.setattr(history, "AT_ONCE", 20)
    clerk, reporter, told = city.actor("district_a"), city.actor("school_a"), []
    rows = [city.new("damaged_building", "a1", name=f"导入{n}楼") for n in range(50)]
    with records.working(clerk, kind="import") as work:
        ids = records.write_set(work, "damaged_building", rows).ids
    edited = ids[::10]
    for id in edited:
        change(reporter, "damaged_building", id, note="后来改的")
    city.add("hazard", "a1", building=ids[1])
    done = history.undo(clerk, work.change_set, progress=lambda count, total: told.append((count, total)))
    assert told == [(20, 50), (40, 50), (50, 50)] and done.count == 44
    stay = {query.get("damaged_building", clerk, id).title for id in (*edited, ids[1])}
    assert {title for _, title, _ in done.kept} == stay
    assert sum("有人改过" in str(sentence) for _, _, sentence in done.kept) == 5
    assert sum("还有记录用到它" in str(sentence) for _, _, sentence in done.kept) == 1
    left = query.page(query.parse("damaged_building", clerk, [("q", "导入")])).records
    assert {record.id for record in left} == {*edited, ids[1]}
    assert Change.select().where((Change.change_set == done.change_set) & (Change.action == "trash")).count() == 44


def test_fields_changed_by_an_import_go_back_in_sets(city):
    clerk = city.actor("district_a")
    ids = [city.add("damaged_building", "a1", note="原来", area_m2="100") for _ in range(12)]
    with records.working(clerk, kind="import") as work:
        records.write_set(work, "damaged_building", updates=[(id, 1, {"note": "导入", "area_m2": "200"}) for id in ids])
    change(city.actor("school_a"), "damaged_building", ids[3], note="别人的")
    done = history.undo(clerk, work.change_set)
    values = [query.get("damaged_building", clerk, id).values for id in ids]
    assert {str(found["area_m2"]) for found in values} == {"100.00"} and done.count == 12
    assert [at for at, found in enumerate(values) if found["note"] != "原来"] == [3]
    ((_, _, sentence),) = done.kept
    assert "备注" in str(sentence)


def test_only_those_who_may_undo_others_changes(city, reporter, hazard):
    saved = change(reporter, "hazard", hazard, measure="清理杂物")
    for name in ("leader", "inspector_a"):
        assert refused(NotAllowed, history.undo, city.actor(name), saved.change_set).rule == "own_changes_only"
    for name in ("district_b", "school_b", "auditor", "nobody"):
        refused(NotFound, history.undo, city.actor(name), saved.change_set)
    for odd in (9_000_001, 0, -1):
        refused(NotFound, history.undo, reporter, odd)
    assert history.undo(city.actor("district_a"), saved.change_set).count == 1


def test_a_set_of_two_districts_is_undone_in_ones_own_and_nothing_is_told_of_the_other(city):
    clerk = city.actor("city_clerk")
    done = records.apply_bulk("hazard", clerk, [city.id("hazard", "a1"), city.id("hazard", "b1")], {"measure": "统一整改"})
    undone = history.undo(city.actor("district_a"), done.change_set)
    assert undone.count == 1
    ((_, title, sentence),) = undone.kept
    assert title == NO_ACCESS.zh and "YH-" not in str(sentence) and "松泉" not in str(sentence)
    assert query.get("hazard", clerk, city.id("hazard", "b1")).values["measure"] == "统一整改"


def test_who_may_not_write_the_record_undoes_nothing_and_blocks_nobody(city, reporter):
    student = city.id("inland_student", "a1")
    saved = change(reporter, "inland_student", student, welfare_teacher="何知舟")
    done = history.undo(city.actor("city_clerk"), saved.change_set)
    assert done.count == 0 and len(done.kept) == 1
    assert history.undo(reporter, saved.change_set).count == 1


def test_looking_through_anothers_eyes_undoes_nothing(city, reporter, hazard):
    saved = change(reporter, "hazard", hazard, measure="清理杂物")
    refused(NotAllowed, history.undo, city.actor("school_a", real=city.actor("city_admin")), saved.change_set)
    assert query.get("change_set", reporter, saved.change_set).values["undone_by"] is None


def test_rights_taken_away_do_not_come_back_by_undo(city):
    """A19."""
    admin, clerk = city.actor("city_admin"), city.actor("district_a")
    extra = city.add("membership", "a", account=clerk.id, role="district_clerk", district=city.district("b"))
    ended = records.update("membership", admin, extra, {"from_date": day(-9), "to_date": day(-1)}, version=1)
    done = history.undo(city.actor("district_a"), ended.change_set)
    assert done.count == 0 and len(city.actor("district_a").memberships) == 1
    gone = records.delete("membership", admin, extra, version=2)
    assert history.undo(city.actor("district_a"), gone.change_set).count == 0


def test_a_state_that_others_settled_is_not_undone_by_the_reporter(city, reporter, hazard):
    ready = {"responsible": "李若禾", "measure": "清理", "due_on": day(5), "fixed_on": day(0)}
    change(reporter, "hazard", hazard, **ready)
    for step in ("start", "report_fixed"):
        moved = transitions.move("hazard", reporter, hazard, step, version=tables.model("hazard").get_by_id(hazard).version)
    version = tables.model("hazard").get_by_id(hazard).version
    transitions.move("hazard", city.actor("district_a"), hazard, "close", version=version)
    done = history.undo(reporter, moved.change_set)
    assert done.count == 0 and query.get("hazard", reporter, hazard).state == "closed"


# back to an earlier time ------------------------------------------------------------------------------------------------


def test_a_record_goes_back_to_how_it_stood(city, reporter, hazard):
    first = change(reporter, "hazard", hazard, measure="一", responsible="李若禾")
    change(city.actor("district_a"), "hazard", hazard, measure="二", due_on=day(3))
    change(reporter, "hazard", hazard, measure="三")
    saved = history.revert("hazard", reporter, hazard, first.change_set, version=4)
    values = saved.record.values
    assert (values["measure"], values["responsible"], values["due_on"]) == ("一", "李若禾", None)
    assert len(history.history("hazard", reporter, hazard)) == 5, "going back is a change of its own"
    assert refused(Conflict, history.revert, "hazard", reporter, hazard, saved.change_set, version=5).code == "nothing"


def test_going_back_keeps_the_rules_and_the_scope(city, reporter, hazard):
    first = change(reporter, "hazard", hazard, measure="一")
    change(reporter, "hazard", hazard, measure="二")
    refused(NotFound, history.revert, "hazard", city.actor("school_b"), hazard, first.change_set, version=3)
    refused(NotAllowed, history.revert, "hazard", city.actor("leader"), hazard, first.change_set, version=3)
    refused(Conflict, history.revert, "hazard", reporter, hazard, first.change_set, version=99)
    tables.model("hazard").update(f_source="team").where(tables.model("hazard").id == hazard).execute()
    level = records.update("hazard", city.actor("district_a"), hazard, {"level": "serious"}, version=3)
    assert level.record.version == 4
    refused(Invalid, history.revert, "hazard", reporter, hazard, first.change_set, version=4)
