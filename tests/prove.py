"""Long proofs, printed: `make prove`. Writers at one moment on both databases, a crowd that saves beside a long import, processes
killed while they save, plan, apply and undo an import, a primary killed before its standby, full disks, and thousands of made-up calls of
the API.

python -m tests.prove [writers] [kills] [people] [seconds] [calls of each operation]
"""

import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import config
from models import base, tables
from seeds import grants
from services import actor as actors, imports, query, records, tokens
from services.actor import SYSTEM
from tests import broken_disk, engines, failover, keeping, killing, made_up_calls, postgres
from tests.clients import Browser

ROOT = Path(__file__).parents[1]
WRITER = """
import sys
from models import base
from services import records
from services.actor import SYSTEM
base.connect(sys.argv[1]); base.open_connection()
at = 0
while True:
    saved = records.create("district", SYSTEM, {"code": f"{sys.argv[2]}{at:04d}", "name": f"断电{sys.argv[2]}{at}", "kind": "district"})
    print(saved.record.id, flush=True)
    at += 1
"""


def database(url):
    """A fresh database at the address, migrated."""
    base.connect(url, connections=250)
    base.open_connection()
    tables.migrate()


def writers(count):
    """How many of `count` threads that save at one moment are confirmed, the 95th percentile in seconds, and the rows there."""
    gate, times, refused = threading.Barrier(count), [], []

    def write(at):
        gate.wait()
        start = time.monotonic()
        try:
            base.open_connection()
            records.create("district", SYSTEM, {"code": f"W{at:05d}", "name": f"写{at}", "kind": "district"})
            times.append(time.monotonic() - start)
        except Exception as error:
            refused.append(repr(error))
        finally:
            base.database.close()

    threads = [threading.Thread(target=write, args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = query.count(query.parse("district", SYSTEM, [("code__contains", "W")]), exact=True).value
    late = sorted(times)[int(len(times) * 0.95) - 1] if times else float("nan")
    return len(times), late, there, refused[:1]


def crowd(count, seconds):
    """`count` people who save for some seconds, each with a moment's thought between, beside an import that never ends: (saves,
    95th percentile and longest in seconds, saves that are not there, refusals, rows imported meanwhile).
    """
    until, times, made, refused, imported = time.monotonic() + seconds, [], [], [], []

    def save(at):
        think = random.Random(at)
        while time.monotonic() < until:
            time.sleep(think.random())
            start = time.monotonic()
            saved = records.create("parameter", SYSTEM, {"key": f"人{at}-{start}", "value": "1", "effective_from": "2021-08-02"})
            times.append(time.monotonic() - start)
            made.append(saved.record.id)

    def bring(at):
        begun = None
        while time.monotonic() < until:
            rows = [{"key": f"批{time.monotonic()}-{n}", "value": "1", "effective_from": "2021-08-02"} for n in range(500)]
            with records.working(SYSTEM, kind="import", change_set=begun) as work:
                imported.extend(records.write_set(work, "parameter", rows).ids)
            begun = work.change_set

    def alone(work, at):
        try:
            base.open_connection()
            work(at)
        except Exception as error:
            refused.append(repr(error))
        finally:
            base.database.close()

    threads = [threading.Thread(target=alone, args=(save, at)) for at in range(count)]
    threads.append(threading.Thread(target=alone, args=(bring, 0)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model = tables.model("parameter")
    there = {id for (id,) in model.select(model.id).tuples()}
    late = sorted(times)
    return len(made), late[int(len(late) * 0.95)], late[-1], len(set(made) - there), refused[:3], len(imported)


def kills(url, count):
    """(confirmed saves, of them lost, rows without journal or search entry) over `count` processes killed while they save."""
    confirmed = []
    for round_ in range(count):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, url, f"{round_:02d}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        confirmed.append(int(writer.stdout.readline()))
        time.sleep(random.uniform(0.02, 0.6))
        writer.send_signal(signal.SIGKILL)
        confirmed += [int(line) for line in writer.communicate()[0].splitlines() if line.isdigit()]
    model = tables.model("district")
    kept = {id for (id,) in model.select(model.id).tuples()}
    asked = query.parse("district", SYSTEM, [("name__contains", "断电")])
    rows = [record.id for record in query.stream(asked)]
    journal = base.database.execute_sql("SELECT record_id FROM change WHERE register = 'district'").fetchall()
    noted = {id for (id,) in journal}
    found = {record.id for record in query.stream(query.parse("district", SYSTEM, [("q", "断电"), ("sort", "id")]))}
    half = [id for id in rows if id not in noted or id not in found]
    return len(confirmed), len(set(confirmed) - kept), len(half)


def made_up(folder, each):
    """(calls schemathesis made with a district clerk's token, how many were answered otherwise than documented, the first ones)."""
    engine = engines.Sqlite(Path(folder))
    url, city = engine.city()
    engines.connect(url)
    settings = config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_API_LIMIT": "1000000"})
    app = Browser.app_on(settings, url)
    _, secret = tokens.create(city.actor("district_a"), "schemathesis")
    rows = {name: [id for ids in units.values() for id in ids] for name, units in city.rows.items()}
    calls, wrong = made_up_calls.run(app, secret, each, rows)
    engines.disconnect()
    return calls, len(wrong), wrong[:3]


def imports_killed(url, folder, rounds):
    """How many of `rounds` plans, applies and undos each were at work when they were killed. AssertionError for anything half or twice."""
    district = records.create("district", SYSTEM, {"code": "419999", "name": "试验区", "kind": "district"}).record.id
    school = {
        "code": "K1",
        "name": "试验小学",
        "district": district,
        "level": "primary",
        "managed_by": "district",
        "ownership": "public",
    }
    records.create("school", SYSTEM, school)
    plans = applies = undos = 0
    for at in range(rounds):
        prefix, policy = f"P{at:03d}X", ("all", "good")[at % 2]
        plans += killing.kill_plan(url, folder, f"{prefix}P", "试验小学")
        item, at_work = killing.kill_apply(url, folder, policy, prefix, "试验小学")
        applies += at_work
        undos += killing.kill_undo(url, folder, item, prefix)
    return plans, applies, undos


def exports_killed(url, folder, rounds):
    """How many of `rounds` export jobs were at work when they were killed. AssertionError for a file half or twice."""
    records.create_many("role_grant", SYSTEM, grants.rows())
    account = records.create("account", SYSTEM, {"username": "clerk", "name": "科员"}).record.id
    records.create("membership", SYSTEM, {"account": account, "role": "city_clerk", "from_date": "2021-01-01"})
    killing.planned(SYSTEM, "EXP", 50_000, "试验小学", "all")
    imports.apply(SYSTEM, imports.mine(SYSTEM)[0].id, now=True)
    return sum(killing.kill_export(url, folder, actors.load(account)) for _ in range(rounds))


def keeping_killed(url, folder, rounds):
    """How many of `rounds` backups, restores and migrations each were at work when they were killed. AssertionError for anything half."""
    before = config.active()
    config.activate(config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": url}))
    keeping.fill(20)
    backups = sum(keeping.kill_backup(url, folder) for _ in range(rounds))
    restores = sum(keeping.kill_restore(url, folder, longest=1.0) for _ in range(rounds))
    migrations = sum(keeping.kill_migration(url, folder) for _ in range(rounds))
    config.activate(before)
    return backups, restores, migrations


def main(count=200, rounds=50, people=50, seconds=60, each=13):
    config.activate(config.load({"TAIZHANG_DATA_DIR": tempfile.mkdtemp()}))
    with tempfile.TemporaryDirectory() as folder:
        print(f"API: made-up calls, answered otherwise than documented = {made_up(folder, each)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "prove.sqlite3")
        database(file)
        kept = f"{rounds} backups, restores and migrations killed, none half, nothing lost: at work when killed"
        print(f"SQLite: {kept} = {keeping_killed(file, folder, rounds)}", flush=True)
        print(f"SQLite: {count} writers at once: confirmed, p95 s, rows, refused = {writers(count)}", flush=True)
        print(f"SQLite: {rounds} kills while saving: confirmed, lost, half = {kills(file, rounds)}", flush=True)
        told = f"{people} people for {seconds} s beside an import: saves, p95 s, longest s, lost, refused, imported"
        print(f"SQLite: {told} = {crowd(people, seconds)}", flush=True)
        killed = f"{rounds} plans, applies and undos of an import killed, none half, none twice: at work when killed"
        print(f"SQLite: {killed} = {imports_killed(file, folder, rounds)}", flush=True)
        files = f"{rounds} exports of 50,000 rows killed, no file half, none twice: at work when killed"
        print(f"SQLite: {files} = {exports_killed(file, folder, rounds)}", flush=True)
        # By a new connection: one that looked at a search index before others wrote to it reads what it remembers, and finds it wrong.
        base.database.close()
        base.open_connection()
        print("SQLite: integrity_check =", base.database.execute_sql("PRAGMA integrity_check").fetchone()[0], flush=True)
        base.database.close()
    lease = postgres.Lease()
    try:
        url = f"{postgres.url(lease.folder)}/postgres"
        database(url)
        print(f"PostgreSQL: {kept} = {keeping_killed(url, tempfile.mkdtemp(), rounds)}", flush=True)
        print(f"PostgreSQL: {count} writers at once: confirmed, p95 s, rows, refused = {writers(count)}", flush=True)
        print(f"PostgreSQL: {rounds} kills while saving: confirmed, lost, half = {kills(url, rounds)}", flush=True)
        print(f"PostgreSQL: {told} = {crowd(people, seconds)}", flush=True)
        print(f"PostgreSQL: {killed} = {imports_killed(url, tempfile.mkdtemp(), rounds)}", flush=True)
        print(f"PostgreSQL: {files} = {exports_killed(url, tempfile.mkdtemp(), rounds)}", flush=True)
        base.database.close()
    finally:
        lease.end()
    print(
        f"Primary killed under 20 people, the standby promoted 3 s later: {failover.run(Path(tempfile.mkdtemp()), count=20, before=10, watching=3, after=15)}",
        flush=True,
    )
    for kind in ("sqlite", "postgresql"):
        print(f"{kind}: a disk that fills up, then is only read: {broken_disk.apart(kind)}", flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
