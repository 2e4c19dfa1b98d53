"""Backups, restores and migrations killed with -9 at random moments. Short in the tests, long in tests/prove.py."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from models import base, registry, tables
from services import backups, records
from services.actor import SYSTEM

ROOT = Path(__file__).parents[1]
KEEPER = """
import sys
import config
from models import base
from services import backups
url, folder, work, path = sys.argv[1:]
config.activate(config.load({"TAIZHANG_DATA_DIR": folder, "TAIZHANG_DATABASE_URL": url}))
base.connect(url, wait_seconds=30)
base.open_connection()
print("up", flush=True)
{"backup": backups.backup, "restore": lambda path: backups.restore(path, True), "migrate": lambda path: backups.migrate()}[work](path)
print("done", flush=True)
"""
REGISTER, MARK = "damaged_building", "停电"


def fill(megabytes):
    """Something for a backup to be at work with: a table beside the app's own."""
    base.database.execute_sql("DROP TABLE IF EXISTS ballast")
    base.database.execute_sql("CREATE TABLE ballast (id INTEGER PRIMARY KEY, words TEXT NOT NULL)")
    mark = "%s" if base.is_postgres() else "?"
    with base.database.atomic():
        rows = ((at, random.randbytes(512).hex()) for at in range(megabytes * 1000))
        base.execute_many(f"INSERT INTO ballast (id, words) VALUES ({mark}, {mark})", rows)


def there():
    """(rows of ballast, of the register, the mark) that stand in the database."""
    model = tables.model("parameter")
    marks = [value for (value,) in model.select(model.f_value).where(model.f_key == MARK).tuples()]
    ballast = base.database.execute_sql("SELECT COUNT(*) FROM ballast").fetchone()[0]
    return ballast, tables.model(REGISTER).select().count(), marks


def sound():
    """Whether the database itself finds nothing wrong with it; PostgreSQL mends itself as it starts, and reads everything here."""
    if base.is_postgres():
        return base.database.execute_sql("SELECT SUM(LENGTH(words)) > 0 FROM ballast").fetchone()[0]
    return base.database.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"


def is_whole(path):
    """Whether a file is a backup that can be read to its end."""
    if base.is_postgres():
        return subprocess.run([shutil.which("pg_restore"), "--file=/dev/null", str(path)], check=False).returncode == 0
    backups.verify(path)
    return True


def mark(value):
    """Writes the mark that tells a database from its backup."""
    model = tables.model("parameter")
    found = model.get_or_none(model.f_key == MARK)
    if found is None:
        records.create("parameter", SYSTEM, {"key": MARK, "value": value, "effective_from": "2021-08-02"})
    else:
        records.update("parameter", SYSTEM, found.id, {"value": value}, version=found.version)


def killed(url, folder, work, path, longest):
    """A process that keeps the database, killed somewhere between its start and `longest` seconds; whether it was still at work."""
    command = [sys.executable, "-c", KEEPER, url, str(folder), work, str(path)]
    keeper = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert keeper.stdout.readline() == "up\n"
    time.sleep(random.uniform(0, longest))
    keeper.send_signal(signal.SIGKILL)
    at_work = "done" not in keeper.communicate()[0]
    while base.is_postgres() and _others():
        time.sleep(0.02)  # pg_dump and pg_restore are programs of their own, and end what they began
    return at_work


def _others():
    asked = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('pg_dump', 'pg_restore')"
    )
    return base.database.execute_sql(asked).fetchone()[0]


def kill_backup(url, folder, *, longest=0.5):
    """No half file has the backup's name, nothing is lost, and the next backup to the same name is whole; whether it was at work."""
    path, before = Path(folder) / f"{time.monotonic_ns()}.backup", there()
    at_work = killed(url, folder, "backup", path, longest)
    if path.exists():
        assert is_whole(path)
        path.unlink()
    assert there() == before and sound()
    backups.backup(path)
    assert is_whole(path) and not list(Path(folder).glob(f"{path.name}.part*"))
    path.unlink()
    return at_work


def kill_restore(url, folder, *, longest=0.5):
    """The database is as it was or as the backup, and the next restore is whole; whether it was at work."""
    path = Path(folder) / f"{time.monotonic_ns()}.backup"
    mark("备份时")
    backups.backup(path)
    as_kept = there()
    mark("备份后")
    as_was = there()
    at_work = killed(url, folder, "restore", path, longest)
    base.database.close()
    assert there() in (as_kept, as_was) and sound()
    backups.restore(path, overwrite=True)
    assert there() == as_kept and sound()
    path.unlink()
    for spare in (Path(folder) / "backups").glob("*"):
        spare.unlink()
    return at_work


def kill_migration(url, folder, *, longest=0.3):
    """The tables are behind or up to date, every row is there, and the next start brings them up to date; whether it was at work."""
    before, table = there(), tables.model(REGISTER)._meta.table_name
    names = {index.name for index in base.database.get_indexes(table)}
    with base.database.atomic():
        for name in sorted(names):
            if name.startswith("i_"):
                base.database.execute_sql(f'DROP INDEX "{name}"')
        base.database.execute_sql(f"DELETE FROM schema_state WHERE register = '{REGISTER}'")
    at_work = killed(url, folder, "migrate", "-", longest)
    assert REGISTER in tables.pending() or not tables.pending()
    assert there() == before and sound()
    backups.migrate()
    assert not tables.pending() and {index.name for index in base.database.get_indexes(table)} == names
    assert there() == before and registry.get(REGISTER)
    return at_work
