"""SQLite's log is brought into the file by a helper: nobody who saves waits for it, it never grows for ever, and nothing is lost."""

import threading
import time
from pathlib import Path

import pytest

from models import base
from models.journal import Preference

MUCH = 2_000  # rows of two kilobytes: the log's measure is a thousand pages of four


@pytest.fixture
def file(city):
    if base.is_postgres():
        pytest.skip("PostgreSQL has a process for that")
    return Path(city.url)


def write(account, count):
    with base.atomic():
        for at in range(count):
            Preference.create(account_id=account, name=f"n{at}-{time.monotonic_ns()}", value="x" * 2_000)


def eventually(holds):
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_was_saved_comes_into_the_file_afterwards(file):
    before = file.stat().st_size
    write(-1, MUCH)
    eventually(lambda: file.stat().st_size > before + MUCH * 2_000)
    assert Preference.select().where(Preference.account_id == -1).count() == MUCH


def test_the_log_does_not_grow_for_ever_while_many_write(file):
    def many(account):
        base.open_connection()
        try:
            for _ in range(60):
                write(account, 100)
        finally:
            base.database.close()

    writers = [threading.Thread(target=many, args=(-account,)) for account in (1, 2, 3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert Preference.select().where(Preference.account_id < 0).count() == 18_000
    # Never begun anew it would be 58 MB; it is 14, and up to 33 where the disk is busy with other things.
    assert Path(f"{file}-wal").stat().st_size < 44_000_000


def test_the_log_is_emptied_when_nothing_may_remain(file):
    write(-1, MUCH)
    base.database.obj.empty_log()
    assert Path(f"{file}-wal").stat().st_size == 0
