"""The app on a disk of its own that fills up and then can only be read: `apart("sqlite" | "postgresql")` says what was seen.

The disk is a small tmpfs that only the process and its children see; it goes when they end.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import peewee

import config
from models import base, tables
from models.errors import Unavailable
from seeds import grants
from services import records, sessions
from services.actor import SYSTEM
from tests import postgres
from tests.clients import Browser

ROOT = Path(__file__).parents[1]
MOUNT = 'mount -t tmpfs -o size=$1m,mode=777 tmpfs "$2" && shift && exec "$2" -m tests.broken_disk "$3" "$1"'
SIZES = {"sqlite": 24, "postgresql": 160}
NOTE = "市防汛指挥部通知，雨后墙体渗水须当日登记。" * 9
# Something else on the disk grows until so many bytes are left.
FILLER, LEFT = "filler", 1_000_000


def apart(kind):
    """What happened, as a dict; run in a mount namespace of its own."""
    disk = tempfile.mkdtemp(prefix="taizhang-disk-")
    own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    command = [*own, "sh", "-c", MOUNT, "sh", str(SIZES[kind]), disk, sys.executable, kind]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    finally:
        shutil.rmtree(disk, ignore_errors=True)
    if done.returncode:
        raise RuntimeError(f"{kind}: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


class Sqlite:
    """The database file on the disk."""

    def __init__(self, disk):
        self.disk, self.url = disk, str(disk / "taizhang.sqlite3")

    def readonly(self, on):
        """As after a crash, when the system mounts a disk it does not trust for reading only."""
        left = [self.disk / f"taizhang.sqlite3-{end}" for end in ("wal", "shm")] if on else []
        kept = [(file, file.read_bytes()) for file in left]
        base.database.close()
        for file, content in kept:
            file.write_bytes(content)
        subprocess.run(["mount", "-o", f"remount,{'ro' if on else 'rw'}", str(self.disk)], check=True)

    def sound(self):
        return base.database.execute_sql("PRAGMA integrity_check").fetchone()[0]

    def end(self):
        base.database.close()


class Postgres:
    """A server whose tables are on the disk; its log of changes is beside it, else it would have to stop when the disk is full."""

    def __init__(self, disk):
        self.disk, self.data = disk, disk / "data"
        self.apart = Path(tempfile.mkdtemp(prefix="taizhang-wal-"))
        if os.geteuid() == 0:
            shutil.chown(self.apart, "postgres")
        self.binaries, port = postgres.programs(), postgres.free_port()
        postgres.run(
            self.binaries / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            f"--waldir={self.apart / 'wal'}",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(
                f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.apart}'\nshared_buffers = 16MB\n"
            )
        postgres.run(self.binaries / "pg_ctl", "-D", self.data, "-l", self.apart / "log", "-w", "start")
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def readonly(self, on):
        base.database.execute_sql(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}")
        base.database.execute_sql("SELECT pg_reload_conf()")
        base.database.close_all()
        base.open_connection()

    def sound(self):
        base.database.execute_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
        checked = subprocess.run(
            [self.binaries / "pg_amcheck", "--heapallindexed", "--maintenance-db", self.url, self.url], capture_output=True, text=True, check=False
        )  # fmt: skip
        return "ok" if checked.returncode == 0 else checked.stdout[-500:] + checked.stderr[-500:]

    def end(self):
        base.database.close_all()
        postgres.run(self.binaries / "pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.apart, ignore_errors=True)


def main(kind, disk):
    place = {"sqlite": Sqlite, "postgresql": Postgres}[kind](Path(disk))
    try:
        print(json.dumps(_seen(place), ensure_ascii=False))
    finally:
        place.end()


def _seen(place):
    folder = tempfile.mkdtemp(prefix="taizhang-data-")
    settings = config.load({"TAIZHANG_DATA_DIR": folder, "TAIZHANG_DATABASE_URL": place.url})
    config.activate(settings)
    base.connect(place.url)
    base.open_connection()
    tables.migrate()
    records.create_many("role_grant", SYSTEM, grants.rows())
    account = records.create("account", SYSTEM, {"username": "admin", "name": "管理员"}).record.id
    records.create("membership", SYSTEM, {"account": account, "role": "city_admin", "from_date": "2021-01-01"})
    browser = Browser.app_on(settings, place.url).test_client()
    with browser.session_transaction() as session:
        session["csrf_token"], session["token"] = "0123456789abcdef0123456789abcdef01234567", sessions.start(account)
    before = place.sound()
    (place.disk / FILLER).write_bytes(b"\0" * (shutil.disk_usage(place.disk).free - LEFT))
    confirmed, full, page = _until_full(browser)
    seen = {
        "sound before": before,
        "confirmed": len(confirmed),
        "full": full,
        "page": page,
        "lost": _lost(confirmed),
        "sound": place.sound(),
    }
    (place.disk / FILLER).unlink()
    confirmed.append(records.create("parameter", SYSTEM, _values(len(confirmed))).record.id)
    seen["goes on"] = _lost(confirmed) == 0
    place.readonly(True)
    seen["readonly"] = _refused(len(confirmed))
    seen["readonly page"] = _page(browser, len(confirmed))
    seen["still read"] = browser.get("/admin/r/parameter/").status_code
    place.readonly(False)
    confirmed.append(records.create("parameter", SYSTEM, _values(len(confirmed))).record.id)
    return seen | {"lost in the end": _lost(confirmed), "sound in the end": place.sound()}


def _until_full(browser):
    """(ids confirmed, what the service said when the disk was full, what the page said)"""
    confirmed = []
    while True:
        try:
            confirmed.append(records.create("parameter", SYSTEM, _values(len(confirmed))).record.id)
        except Unavailable as error:
            return confirmed, str(error), _page(browser, len(confirmed))


def _refused(at):
    try:
        records.create("parameter", SYSTEM, _values(at))
    except (Unavailable, peewee.DatabaseError) as error:
        return f"{type(error).__name__}: {error}"
    return "saved"


def _page(browser, at):
    """The status a clerk's form is answered with, and whether her text is in the page."""
    answer = browser.post("/admin/r/parameter/new", data=_values(at))
    return [answer.status_code, NOTE[:14] in answer.get_data(as_text=True)]


def _values(at):
    return {"key": f"满盘{at}", "value": "1", "effective_from": "2021-08-02", "source": NOTE}


def _lost(confirmed):
    model = tables.model("parameter")
    return len(set(confirmed) - {id for (id,) in model.select(model.id).tuples()})


if __name__ == "__main__":
    main(*sys.argv[1:])
