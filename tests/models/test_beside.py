"""What a helper thread writes on SQLite while the next rows are judged: there for the next statement, or the end of the transaction."""

import json

import peewee
import pytest

from models import base, tables
from models.errors import Unavailable
from models.journal import Preference
from services.writer.rows import next_ids

INSERT = "INSERT INTO preference (account_id, name, value) SELECT ?, value, 'x' FROM json_each(?)"
MANY = [f"n{at}" for at in range(5_000)]


@pytest.fixture
def sqlite(city):
    if base.is_postgres():
        pytest.skip("PostgreSQL writes its search entries in their turn")


def count():
    return Preference.select().where(Preference.account_id == -1).count()


def test_the_next_statement_finds_what_was_written_beside(sqlite):
    with base.atomic():
        base.write_beside(INSERT, (-1, json.dumps(MANY)))
        assert count() == len(MANY)
        base.write_beside(INSERT, (-1, json.dumps(["last"])))
    assert count() == len(MANY) + 1


def test_what_fails_beside_fails_the_transaction(sqlite):
    with pytest.raises(peewee.IntegrityError), base.atomic():
        base.write_beside(INSERT, (-1, json.dumps([*MANY, MANY[0]])))
        assert count()
    assert count() == 0
    with pytest.raises(peewee.IntegrityError), base.atomic():
        base.write_beside(INSERT, (-1, json.dumps(["a", "a"])))
    assert count() == 0
    Preference.create(account_id=-1, name="b", value="x")
    assert count() == 1


def test_what_is_handed_over_meanwhile_is_executed_in_its_turn(sqlite):
    with base.atomic():
        base.write_beside(INSERT, (-1, json.dumps(MANY)))
        base.write_beside("UPDATE preference SET account_id = -2 WHERE account_id = ?", (-1,))
        base.write_beside(INSERT, (-1, json.dumps(["last"])))
        assert count() == 1
        assert Preference.select().where(Preference.account_id == -2).count() == len(MANY)


def test_nothing_is_executed_after_what_failed_beside(sqlite):
    with pytest.raises(peewee.IntegrityError), base.atomic():
        base.write_beside(INSERT, (-1, json.dumps([*MANY, MANY[0]])))
        base.write_beside("UPDATE preference SET account_id = -2", ())
        with pytest.raises(peewee.IntegrityError):
            count()
        assert not Preference.select().where(Preference.account_id == -2).count()
        base.write_beside(INSERT, (-1, json.dumps(["a", "a"])))
    assert count() == 0


def test_an_error_here_takes_back_what_is_written_beside(sqlite):
    with pytest.raises(ZeroDivisionError), base.atomic():
        base.write_beside(INSERT, (-1, json.dumps(MANY)))
        1 / 0  # noqa: B018
    assert count() == 0


def test_a_savepoint_taken_back_takes_what_was_written_beside(sqlite):
    with base.atomic():
        Preference.create(account_id=-1, name="kept", value="x")
        with pytest.raises(ZeroDivisionError), base.atomic():
            base.write_beside(INSERT, (-1, json.dumps(MANY)))
            1 / 0  # noqa: B018
        assert count() == 1
    assert count() == 1


def test_a_full_disk_beside_is_told_as_ever(sqlite):
    pages = base.database.execute_sql("PRAGMA page_count").fetchone()[0]
    base.database.execute_sql(f"PRAGMA max_page_count = {pages + 1}")
    try:
        with pytest.raises((Unavailable, peewee.DatabaseError)) as refused, base.atomic():
            base.write_beside(INSERT, (-1, json.dumps(MANY)))
            assert count()
        assert "full" in str(refused.value).lower() or isinstance(refused.value, Unavailable)
        assert count() == 0
    finally:
        base.database.execute_sql("PRAGMA max_page_count = 4294967294")


def columns_of(names, ids=None):
    columns = {"account_id": [-1] * len(names), "name": names, "value": ["x"] * len(names)}
    return columns if ids is None else {"id": ids, **columns}


def ids_by_name():
    rows = Preference.select(Preference.name, Preference.id).where(Preference.account_id == -1)
    return dict(rows.order_by(Preference.id).tuples())


def tables_of_parts():
    return [name for (name,) in base.database.execute_sql("SELECT name FROM sqlite_temp_master").fetchall()]


@pytest.mark.parametrize("far", [0, 5])
def test_new_rows_have_the_numbers_they_were_given(sqlite, far):
    Preference.create(account_id=-2, name="there", value="x")
    last = Preference.select(peewee.fn.MAX(Preference.id)).scalar()
    with base.atomic():
        ids = list(range(last + 1 + far, last + 1 + far + len(MANY)))
        base.insert_beside("preference", columns_of(MANY, ids))
        assert ids_by_name() == dict(zip(MANY, ids, strict=True))
        gaps = [ids[-1] + 3, ids[-1] + 7]
        base.insert_beside("preference", columns_of(["b", "a"], gaps))
        base.insert_beside("preference", columns_of(["c"]))
    assert list(ids_by_name().items())[-3:] == [("b", gaps[0]), ("a", gaps[1]), ("c", gaps[1] + 1)]


def test_nothing_of_what_is_inserted_beside_stays_elsewhere(sqlite):
    with base.atomic():
        base.insert_beside("preference", columns_of(MANY))
        assert tables_of_parts()
    assert not tables_of_parts()
    with pytest.raises(ZeroDivisionError), base.atomic():
        base.insert_beside("preference", columns_of(["more"]))
        1 / 0  # noqa: B018
    assert not tables_of_parts()
    with base.atomic():
        with pytest.raises(peewee.IntegrityError), base.atomic():
            base.insert_beside("preference", columns_of(["one", "two", MANY[0]]))
        base.insert_beside("preference", columns_of(["three"]))
    assert ids_by_name().keys() == {*MANY, "three"}
    assert not tables_of_parts()


def test_numbers_of_new_rows_are_never_given_twice(sqlite, city):
    model = tables.model("damaged_building")
    with base.atomic():
        first = next_ids(model, 3)
        assert next_ids(model, 2) == [first[-1] + 1, first[-1] + 2]
    # Nothing was inserted, and another transaction asks anew.
    with base.atomic():
        assert next_ids(model, 1) == first[:1]
    written = city.add("damaged_building", "a1")
    with base.atomic():
        taken = next_ids(model, 1)
        assert taken == [written + 1]
        base.database.rollback()
    assert next_ids(model, 1) == next_ids(model, 1) == taken
