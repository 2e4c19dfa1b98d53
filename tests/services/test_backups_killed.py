"""kill -9 while the database is backed up, restored and migrated: nothing half, nothing lost. The long form is in tests/prove.py."""

import pytest

import config
from services import backups
from tests import keeping


@pytest.fixture
def kept(city, tmp_path):
    """The folder of a database that takes a moment to back up."""
    before = config.active()
    config.activate(config.load({"TAIZHANG_DATA_DIR": str(tmp_path), "TAIZHANG_DATABASE_URL": city.url}))
    keeping.fill(4)
    yield tmp_path
    config.activate(before)


def test_a_killed_backup_leaves_no_half_file_and_the_next_is_whole(city, kept):
    for _ in range(3):
        keeping.kill_backup(city.url, kept, longest=0.15)


def test_a_killed_restore_is_all_or_nothing(city, kept):
    for _ in range(2):
        keeping.kill_restore(city.url, kept, longest=0.3)


def test_a_killed_migration_is_gone_on_with(city, kept):
    for _ in range(3):
        keeping.kill_migration(city.url, kept, longest=0.15)


def test_what_a_killed_backup_left_does_not_spoil_the_next(city, kept):
    path = kept / "名单.backup"
    (kept / "名单.backup.part").write_bytes(b"SQLite format 3\0" + bytes(4000))
    (kept / "名单.backup.part-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    backups.backup(path)
    assert keeping.is_whole(path) and not list(kept.glob("*.part*"))
