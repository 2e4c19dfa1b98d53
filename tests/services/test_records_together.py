"""Writing together: in batches and sets, twice by mistake, many people at one moment, and what follows in other records."""

import random
import threading
import time

import peewee
import pytest

from models import base, registry, tables, turns
from models.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from models.fields import Relation
from models.journal import Change, IdempotencyKey, Link
from services import actor as actors, policy, query, records, sessions
from services.actor import SYSTEM
from services.records import Operation, Ref
from tests import engines, prove
from tests.factories import day
from tests.refusals import codes, refused
from tests.state import everything, row_of

WRITERS = 60


@pytest.fixture
def reporter(city):
    return city.actor("school_a")


# batches and sets -------------------------------------------------------------------------------------------------------


def test_a_batch_is_one_change_set_and_may_point_at_its_own_records(city):
    inspector = city.actor("inspector_a")
    visit = city.new("visit", "a1", result="rectify")
    hazard = {**city.new("hazard", "a1"), "source": "team", "visit": Ref(0), "responsible": "李若禾", "due_on": day(20)}
    done = records.batch(inspector, [Operation("visit", visit), Operation("hazard", hazard)], confirmed="核对过")
    assert len({saved.change_set for saved in done}) == 1
    assert done[1].record.values["visit"] == done[0].record.id


def test_a_batch_stands_or_falls_together_and_places_its_fault(city):
    before = everything()
    error = refused(
        Invalid, records.batch, city.actor("inspector_a"),
        [Operation("visit", city.new("visit", "a1")), Operation("hazard", city.new("hazard", "a1", level="巨大"))],
    )  # fmt: skip
    assert codes(error) == {("1.level", "choice")} and everything() == before


def test_many_rows_are_checked_as_one(city, reporter):
    before = everything()
    rows = [
        city.new("hazard", "a1"),
        city.new("hazard", "b1"),
        city.new("hazard", "a1", level="巨大"),
        city.new("hazard", "a1", building=city.id("damaged_building", "b1")),
    ]
    error = refused(Invalid, records.create_many, "hazard", reporter, rows, kind="import")
    assert codes(error) == {("1.school", "relation"), ("2.level", "choice"), ("3.building", "relation")}
    assert everything() == before
    assert len(records.create_many("hazard", reporter, [city.new("hazard", "a1") for _ in range(3)], kind="import")) == 3


def test_many_rows_with_a_taken_key_are_a_fault(city):
    """Told by the database, which knows best; still a sentence, and nothing written."""
    before = everything()
    rows = [city.new("hazard", "a1", code="YH-5"), city.new("hazard", "a1", code="YH-5")]
    assert {code for _, code in codes(refused(Invalid, records.create_many, "hazard", SYSTEM, rows))} == {"taken"}
    assert everything() == before


def test_a_district_imports_no_row_for_a_school_it_only_sees(city):
    rows = [city.new("school_headcount", unit, as_of=day(-999)) for unit in ("a1", "ax")]
    error = refused(Invalid, records.create_many, "school_headcount", city.actor("district_a"), rows, kind="import")
    assert {code for _, code in codes(error)} == {"out_of_scope"}


def test_a_bulk_change_is_shown_first_and_then_done(city):
    clerk, ids = city.actor("district_a"), [*city.rows["hazard"]["a1"], *city.rows["hazard"]["a2"]]
    model = tables.model("hazard")
    model.update(f_state="closed").where(model.id == ids[0]).execute()
    before = everything()
    plan = records.plan_bulk("hazard", clerk, ids, {"responsible": "李若禾"})
    assert len(plan.ready) == len(ids) - 1 and [record.id for record, _ in plan.refused] == ids[:1]
    assert everything() == before, "a plan writes nothing"
    (_record, parts) = plan.ready[0]
    assert [(field.name, new) for field, _, new in parts] == [("responsible", "李若禾")]
    done = records.apply_bulk("hazard", clerk, ids, {"responsible": "李若禾"}, reason="统一指派")
    assert done.count == len(ids) - 1 and len(done.refused) == 1
    assert {query.get("hazard", clerk, id).values["responsible"] for id in ids[1:]} == {"李若禾"}


@pytest.mark.parametrize("foreign", ["b1", "gone", "odd"])
def test_a_foreign_id_among_the_chosen_refuses_the_whole_action(city, foreign):
    """A9."""
    clerk, before = city.actor("district_a"), everything()
    ids = [*city.rows["hazard"]["a1"], {"b1": city.id("hazard", "b1"), "gone": 9_000_001, "odd": 10**30}[foreign]]
    for work in (
        lambda: records.plan_bulk("hazard", clerk, ids, {"responsible": "李若禾"}),
        lambda: records.apply_bulk("hazard", clerk, ids, {"responsible": "李若禾"}),
        lambda: records.delete_many("hazard", clerk, ids),
    ):
        refused(NotFound, work)
    assert everything() == before


def test_nothing_chosen_or_too_much_chosen_is_said(city):
    clerk = city.actor("district_a")
    assert codes(refused(Invalid, records.apply_bulk, "hazard", clerk, [], {"responsible": "李若禾"})) == {("", "none_chosen")}
    assert codes(refused(Invalid, records.delete_many, "hazard", clerk, list(range(1, 1002)))) == {("", "too_many")}


def test_deleting_many_tells_which_stay_and_why(city):
    clerk = city.actor("city_clerk")
    in_use, free = city.id("damaged_building", "a1"), city.add("damaged_building", "a1")
    done = records.delete_many("damaged_building", clerk, [in_use, free])
    assert done.count == 1 and [record.id for record, _ in done.refused] == [in_use]


# the same post twice ----------------------------------------------------------------------------------------------------


def test_the_same_post_twice_makes_one_record(city, reporter):
    """F11."""
    values = city.new("hazard", "a1")
    first = records.create("hazard", reporter, values, key="k1")
    second = records.create("hazard", reporter, values, key="k1")
    assert second.record.id == first.record.id and second.change_set == first.change_set
    assert refused(Conflict, records.create, "hazard", reporter, values | {"description": "另一处"}, key="k1").code == "key_used"
    assert records.create("hazard", reporter, values, key="k2").record.id != first.record.id
    other = records.create("hazard", city.actor("district_a"), values, key="k1")
    assert other.record.id != first.record.id, "a key is its owner's"


def test_a_post_that_failed_may_come_again_with_its_key(city, reporter):
    values = city.new("hazard", "a1")
    refused(Invalid, records.create, "hazard", reporter, values | {"level": "巨大"}, key="k1")
    assert records.create("hazard", reporter, values, key="k1").record.id


def test_the_same_post_at_the_same_moment_makes_one_record(city, reporter, at_once):
    values, before = city.new("hazard", "a1"), tables.model("hazard").select().count()
    done = at_once(lambda _: records.create("hazard", reporter, values, key="k1"), list(range(8)))
    assert all(isinstance(part, records.Saved) for part in done), done
    assert len({part.record.id for part in done}) == 1
    assert tables.model("hazard").select().count() == before + 1 and IdempotencyKey.select().count() == 1


# many at once -----------------------------------------------------------------------------------------------------------


@pytest.mark.serial
def test_many_writers_at_one_moment_are_all_saved(city, at_once):
    """F7: none fails for a busy database."""
    clerk, before = city.actor("city_clerk"), tables.model("hazard").select().count()
    rows = [city.new("hazard", random.choice(["a1", "a2", "b1"])) for _ in range(WRITERS)]
    done = at_once(lambda values: records.create("hazard", clerk, values), rows)
    assert [part for part in done if not isinstance(part, records.Saved)] == []
    assert len({part.record.id for part in done}) == WRITERS
    assert tables.model("hazard").select().count() == before + WRITERS


def test_many_edits_of_one_record_lose_nothing(city, at_once):
    """Each saves or is told of a conflict; every saved change stands in the history."""
    clerk, id = city.actor("city_clerk"), city.id("hazard", "a1")
    done = at_once(lambda at: records.update("hazard", clerk, id, {"measure": f"方案{at}"}, version=1), list(range(12)))
    saved = [part for part in done if isinstance(part, records.Saved)]
    assert len(saved) == 1 and all(isinstance(part, (records.Saved, Conflict)) for part in done), done
    record = query.get("hazard", clerk, id)
    assert record.version == 2 and record.values["measure"] == saved[0].record.values["measure"]


def test_the_same_code_at_one_moment_is_given_once(city, at_once):
    clerk = city.actor("city_clerk")
    rows = [city.new("hazard", "a1", code="YH-1") for _ in range(6)]
    done = at_once(lambda values: records.create("hazard", clerk, values), rows)
    assert len([part for part in done if isinstance(part, records.Saved)]) == 1
    assert all(isinstance(part, (records.Saved, Invalid)) for part in done), done


def test_a_locked_database_is_told_and_nothing_is_lost(sqlite_engine, settings):
    """F6: a short wait, then a sentence; reading goes on."""
    url, city = sqlite_engine.city()
    engines.connect(url, wait_seconds=0.3)
    held, release = threading.Event(), threading.Event()

    def hold():
        other = base.SqliteDatabase(url)
        with other.atomic("IMMEDIATE"):
            held.set()
            release.wait(10)
        other.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        held.wait(5)
        actor, values = city.actor("school_a"), city.new("hazard", "a1")
        started = time.monotonic()
        error = refused(Unavailable, records.create, "hazard", actor, values)
        assert error.status == 503 and "系统正忙" in str(error) and time.monotonic() - started < 5
        assert query.count(query.parse("hazard", actor)).value == 2
        release.set()
        holder.join()
        assert records.create("hazard", actor, values).record.id
    finally:
        release.set()
        holder.join()
        engines.disconnect()
        sqlite_engine.drop(url)


def test_a_full_disk_is_told(city, reporter, monkeypatch):
    """F4, from the database's own word."""
    monkeypatch.setattr("services.writer.one.insert", _full)
    assert "磁盘已满" in str(refused(Unavailable, records.create, "hazard", reporter, city.new("hazard", "a1")))


def _full(*_):
    raise peewee.OperationalError("database or disk is full")


def test_a_crowd_saves_beside_a_long_import(city):
    """None refused, none lost, and the import waits its turn as they do (`make prove` does this for a minute)."""
    if isinstance(base.database.obj, base.SqliteDatabase):
        base.database.close()
    else:
        engines.disconnect()
        base.connect(city.url, connections=60)
    saves, late, longest, lost, refused, imported = prove.crowd(50, 2)
    base.open_connection()
    assert refused == [] and lost == 0 and imported and saves >= 50, (late, longest)


def test_who_came_first_writes_first():
    """The queue in front of SQLite: in the order they came; who waits too long is told so and leaves the queue in order."""
    queue, order = turns.WriteQueue(), []
    assert queue.enter(1) and queue.enter(1), "whoever has the turn keeps it"

    def write(name, seconds):
        if queue.enter(seconds):
            order.append(name)
            queue.leave()
        else:
            order.append(f"{name} gave up")

    threads = []
    for name, seconds in (("one", 30), ("two", 0.05), ("three", 30)):
        threads.append(threading.Thread(target=write, args=(name, seconds)))
        threads[-1].start()
        while not order and len(queue._waiting) < len(threads):
            time.sleep(0.001)
    threads[1].join()
    queue.leave()
    for thread in threads:
        thread.join()
    assert order == ["two gave up", "one", "three"]


# units ------------------------------------------------------------------------------------------------------------------


def test_a_school_that_moves_takes_all_its_rows_along(city):
    """Every dependent row's unit follows, also of rows in the trash and of rows that hang on by way of others."""
    school, target = city.school("a1"), city.district("b")
    records.update("school", city.actor("city_admin"), school, {"district": target}, version=1)
    for register in registry.all():
        if "school" in register.scope and not register.scope.startswith("id:"):
            model = tables.model(register.name)
            moved = list(model.select(model.district_id, model.school_id).where(model.school_id == school).tuples())
            assert moved and set(moved) == {(target, school)}, register.name
    gone = city.actor("district_a")
    assert city.id("hazard", "a1") not in [record.id for record in query.stream(query.parse("hazard", gone))]
    assert query.get("appraisal", city.actor("district_b"), city.id("appraisal", "a1"))
    assert [hit.id for hit in query.page(query.parse("hazard", city.actor("district_b"), [("q", "青禾一")])).records]
    assert query.page(query.parse("hazard", gone, [("q", "青禾一")])).records == []


def test_a_building_that_moves_takes_its_appraisals_along(city):
    clerk = city.actor("city_clerk")
    building = city.add("damaged_building", "a1")
    appraisal = city.add("appraisal", "a1", damaged_building=building)
    version = query.get("damaged_building", clerk, building).version
    records.update("damaged_building", clerk, building, {"school": city.school("b1")}, version=version)
    record = query.get("appraisal", clerk, appraisal)
    assert (record.district_id, record.school_id) == (city.district("b"), city.school("b1"))


def test_every_relation_has_a_register_that_knows_its_unit(city):
    for register in registry.all():
        first = register.scope.split("|")[0].split(".")[0]
        if first and not first.startswith("id:"):
            assert isinstance(register.field(first), Relation)
        rows = [id for ids in city.rows.get(register.name, {}).values() for id in ids]
        if register.scope.endswith("school") and rows:
            model = tables.model(register.name)
            assert model.select().where(model.id.in_(rows) & model.school_id.is_null()).count() == 0


# links ------------------------------------------------------------------------------------------------------------------


def test_links_follow_the_field(city):
    clerk = city.actor("city_clerk")
    first, second = city.add("damaged_building", "a1"), city.add("damaged_building", "a1")
    project = city.add("rebuild_project", "a1", buildings=[first])
    saved = records.update("rebuild_project", clerk, project, {"buildings": f"{second},{first}"}, version=1)
    assert saved.record.values["buildings"] == (first, second)
    saved = records.update("rebuild_project", clerk, project, {"buildings": ""}, version=2)
    assert saved.record.values["buildings"] is None and Link.select().where(Link.record_id == project).count() == 0


def test_a_set_of_actions_leaves_an_equal_number_of_change_sets(city):
    """One write, one change set, with as many changes as it says."""
    sets = tables.model("change_set")
    for row in sets.select():
        assert row.f_changes == Change.select().where(Change.change_set == row.id).count()


def test_policy_is_asked_for_every_write(city):
    """The verbs, for every register nobody granted."""
    actor = city.actor("nobody")
    for register in registry.names():
        unit = next(iter(city.rows.get(register, {"a1": []})))
        ids = city.rows.get(register, {}).get(unit) or [1]
        before = row_of(register, ids[0])
        assert not policy.may(actor, "edit", registry.get(register))
        for work in (
            lambda r=register: records.create(r, actor, {}),
            lambda r=register: records.create_many(r, actor, [{}]),
            lambda r=register, i=ids[0]: records.update(r, actor, i, {}, version=1),
            lambda r=register, i=ids[0]: records.delete(r, actor, i, version=1),
            lambda r=register, i=ids[0]: records.restore(r, actor, i),
            lambda r=register, i=ids[0]: records.plan_bulk(r, actor, [i], {}),
            lambda r=register, i=ids[0]: records.delete_many(r, actor, [i]),
        ):
            refused((NotAllowed, NotFound), work)
        assert row_of(register, ids[0]) == before


# accounts ---------------------------------------------------------------------------------------------------------------


def test_nobody_gets_rights_back_by_restoring_or_deleting(city):
    """A19: what an administrator took away does not come back through the trash."""
    admin, clerk = city.actor("city_admin"), city.actor("district_a")
    extra = city.add("membership", "a", account=clerk.id, role="district_clerk", district=city.district("b"))
    records.delete("membership", admin, extra, version=1)
    refused(NotAllowed, records.restore, "membership", clerk, extra)
    own = city.rows["membership"]["a"][1]
    refused(NotAllowed, records.delete, "membership", clerk, own, version=1)
    refused(NotAllowed, records.delete, "membership", clerk, city.rows["membership"]["a"][2], version=1)
    refused(NotAllowed, records.delete, "account", clerk, city.accounts["nobody"], version=1)
    assert city.actor("district_a").memberships == clerk.memberships


def test_a_district_keeps_accounts_of_its_own_schools_only(city):
    clerk = city.actor("district_a")
    new = {"username": "school_new", "name": "新填报员", "district": city.district("a")}
    assert records.create("account", clerk, new | {"school": city.school("a1")}).record.version == 1
    for more in ({"school": city.school("ax")}, {}):
        refused(Invalid, records.create, "account", clerk, new | {"username": "other"} | more)
    refused(
        Invalid,
        records.create,
        "account",
        clerk,
        new | {"username": "b", "district": city.district("b"), "school": city.school("b1")},
    )


@pytest.mark.parametrize("role", ["city_admin", "city_clerk", "district_clerk", "leader", "inspector", "auditor"])
def test_nobody_hands_out_more_than_he_may(city, role):
    clerk, spare = city.actor("district_a"), city.rows["account"]["a1"][2]
    held = {"account": spare, "role": role, "from_date": day(0), "district": city.district("a")}
    refused(Invalid, records.create, "membership", clerk, held)
    own = held | {"account": clerk.id, "role": "school_reporter", "school": city.school("a1")}
    refused(Invalid, records.create, "membership", clerk, own)


def test_the_last_administrator_stays(city):
    """A24."""
    admin = city.actor("city_admin")
    refused(Invalid, records.update, "account", admin, admin.id, {"active": "否"}, version=1)
    mine = city.rows["membership"][""][0]
    refused(Invalid, records.update, "membership", admin, mine, {"role": "city_clerk"}, version=1)
    other = city.add("account", "", username="admin_2")
    held = city.add("membership", "", account=other, role="city_admin")
    city.accounts["admin_2"] = other
    assert city.actor("admin_2").roles == {"city_admin"}
    records.update("membership", admin, held, {"to_date": day(-1), "from_date": day(-9)}, version=1)
    refused(Invalid, records.update, "account", city.actor("city_admin"), admin.id, {"active": "否"}, version=1)


def test_two_administrators_do_not_remove_each_other(city, at_once):
    other = city.add("account", "", username="admin_2")
    city.add("membership", "", account=other, role="city_admin")
    people = {city.accounts["city_admin"]: other, other: city.accounts["city_admin"]}
    done = at_once(lambda id: records.update("account", actors.load(id), people[id], {"active": "否"}, version=1), list(people))
    assert len([part for part in done if isinstance(part, records.Saved)]) <= 1
    model = tables.model("account")
    assert model.select().where(model.id.in_(list(people)) & (model.f_active == True)).count() >= 1


def test_a_disabled_account_is_out_at_once(city):
    token = sessions.start(city.accounts["school_a"])
    assert sessions.actor_of(token)
    records.update("account", city.actor("city_admin"), city.accounts["school_a"], {"active": "否"}, version=1)
    assert sessions.actor_of(token) is None
