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
