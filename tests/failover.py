"""A primary with a synchronous standby, the app on both, people saving, and the primary killed under them.

What must hold: every save that was confirmed is there afterwards, once; the app goes on without a restart. Short in the tests, long in
tests/prove.py.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psycopg
import requests

import config
from models import base, tables
from seeds import grants
from services import actor as actors, records, tokens
from services.actor import SYSTEM
from tests import postgres

ROOT = Path(__file__).parents[1]
NAME = "taizhang"
PRIMARY = {
    "listen_addresses": "'127.0.0.1'", "wal_level": "replica", "max_wal_senders": "4", "max_connections": "100", "shared_buffers": "64MB",
    "synchronous_standby_names": "'*'", "synchronous_commit": "on",
}  # fmt: skip


class Pair:
    """Two PostgreSQL servers of the test's own: a primary that confirms nothing before its standby has it, and that standby."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="taizhang-pair-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.ports = (postgres.free_port(), postgres.free_port())
        self.binaries = postgres.programs()
        self._make_primary()
        self._make_standby()

    def _make_primary(self):
        data = self.folder / "one"
        postgres.run(
            self.binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        # Nothing is confirmed before the standby has it: until there is one, no standby is waited for.
        self._settings(data, 0, PRIMARY | {"synchronous_standby_names": "''"})
        self._start(data)
        self.ask(0, f"CREATE DATABASE {NAME}", "postgres")

    def _make_standby(self):
        data = self.folder / "two"
        postgres.run(
            self.binaries / "pg_basebackup", "-h", "127.0.0.1", "-p", self.ports[0], "-U", "postgres", "-D", data, "-R", "-X", "stream", "-c", "fast"
        )  # fmt: skip
        self._settings(data, 1, PRIMARY | {"synchronous_standby_names": "''", "hot_standby": "on"})
        self._start(data)
        self.ask(0, f"ALTER SYSTEM SET synchronous_standby_names = {PRIMARY['synchronous_standby_names']}", "postgres")
        self.ask(0, "SELECT pg_reload_conf()", "postgres")
        until = time.monotonic() + 30
        while self.ask(0, "SELECT sync_state FROM pg_stat_replication", "postgres") != [("sync",)]:
            if time.monotonic() > until:
                raise RuntimeError("the standby did not come up")
            time.sleep(0.1)

    def _settings(self, data, number, lines):
        lines |= {"port": self.ports[number], "unix_socket_directories": f"'{self.folder}'"}
        with (data / "postgresql.conf").open("a") as file:
            file.write("".join(f"{name} = {value}\n" for name, value in lines.items()))

    def _start(self, data):
        postgres.run(self.binaries / "pg_ctl", "-D", data, "-l", f"{data}.log", "-w", "-t", "60", "start")

    def ask(self, number, sql, name=NAME):
        with psycopg.connect(self.server(number, name), autocommit=True) as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else None

    def server(self, number, name=NAME):
        """The address of one of the two."""
        return f"postgresql://postgres@127.0.0.1:{self.ports[number]}/{name}"

    @property
    def url(self):
        """The address the app is given: both, whichever takes writes."""
        one, two = self.ports
        return f"postgresql://postgres@127.0.0.1:{one},127.0.0.1:{two}/{NAME}?target_session_attrs=read-write&connect_timeout=2"

    def kill_primary(self):
        """kill -9 of the primary's every process."""
        main = int((self.folder / "one/postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in [main, *map(int, children)]:
            os.kill(process, signal.SIGKILL)

    def promote(self):
        postgres.run(self.binaries / "pg_ctl", "-D", self.folder / "two", "-w", "promote")

    def end(self):
        for name in ("one", "two"):
            try:
                postgres.run(self.binaries / "pg_ctl", "-D", self.folder / name, "-m", "immediate", "stop")
            except RuntimeError:
                pass  # killed already
        shutil.rmtree(self.folder, ignore_errors=True)


class Site:
    """The app as it is deployed, in processes of its own."""

    def __init__(self, url, folder, workers):
        self.port = postgres.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        settings = {
            "TAIZHANG_DATABASE_URL": url, "TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_PORT": str(self.port), "TAIZHANG_WORKERS": str(workers),
            "TAIZHANG_API_LIMIT": "1000000",
        }  # fmt: skip
        self.log = (Path(folder) / "site.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=os.environ | settings, stdout=self.log, stderr=subprocess.STDOUT
        )
        until = time.monotonic() + 60
        while not self._ready():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"the site did not start: {Path(self.log.name).read_text()[-2000:]}")
            time.sleep(0.2)

    def _ready(self):
        try:
            return requests.get(f"{self.address}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def processes(self):
        """The numbers of its processes."""
        main = self.process.pid
        return {main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())}

    def end(self):
        self.process.terminate()
        self.process.wait(40)
        self.log.close()


@dataclass
class Told:
    """What people saw: when each save was confirmed and after how many seconds, the answers that were no confirmation."""

    saves: dict = field(default_factory=dict)
    times: list = field(default_factory=list)
    refused: Counter = field(default_factory=Counter)


def people(site, secret, count, stop):
    """`count` people who save one record after the other until `stop` is set; who is refused tries again. (threads, Told)"""
    told, lock = Told(), threading.Lock()

    def save():
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {secret}"
        while not stop.is_set():
            key, start = uuid.uuid4().hex, time.monotonic()
            while not (answer := _post(session, site.address, key)) or answer.status_code != 201:
                with lock:
                    told.refused[answer.status_code if answer is not None else "no answer"] += 1
                if stop.is_set():
                    return
                time.sleep(0.2)
            with lock:
                told.saves[key] = answer.json()["id"]
                told.times.append((time.monotonic(), time.monotonic() - start))

    threads = [threading.Thread(target=save) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, told


def _post(session, address, key):
    """The answer, or None where there was none."""
    body = {"key": key, "value": "1", "effective_from": "2021-08-02"}
    try:
        return session.post(
            f"{address}/api/v1/registers/parameter/records", json=body, headers={"Idempotency-Key": key}, timeout=30
        )
    except requests.RequestException:
        return None


def run(folder, *, count=8, before=5.0, watching=1.0, after=5.0, workers=2):
    """Kills the primary under `count` people; {what was seen: number}. `watching` is how long until somebody promotes the standby."""
    pair = Pair()
    try:
        secret = _prepared(pair, folder)
        site = Site(pair.url, folder, workers)
        try:
            return _killed(pair, site, secret, count, before, watching, after)
        finally:
            site.end()
    finally:
        base.database.close_all() if base.is_postgres() else None
        pair.end()


def _prepared(pair, folder):
    """The database with a city administrator; a token of hers."""
    config.activate(config.load({"TAIZHANG_DATA_DIR": str(folder)}))
    base.connect(pair.server(0))
    base.open_connection()
    tables.migrate()
    records.create_many("role_grant", SYSTEM, grants.rows())
    account = records.create("account", SYSTEM, {"username": "admin", "name": "管理员"}).record.id
    records.create("membership", SYSTEM, {"account": account, "role": "city_admin", "from_date": "2021-01-01"})
    _, secret = tokens.create(actors.load(account), "切换")
    base.database.close_all()
    return secret


def _killed(pair, site, secret, count, before, watching, after):
    stop, processes = threading.Event(), site.processes()
    threads, told = people(site, secret, count, stop)
    time.sleep(before)
    pair.kill_primary()
    killed = time.monotonic()
    time.sleep(watching)
    pair.promote()
    promoted = time.monotonic() - killed
    time.sleep(after)
    stop.set()
    for thread in threads:
        thread.join()
    moments = sorted(moment for moment, _ in told.times)
    later = [moment for moment in moments if moment > killed + 0.001]
    last = max(moment for moment in moments if moment <= killed)
    rows = pair.ask(1, "SELECT f_key, id FROM r_parameter")
    noted = {id for (id,) in pair.ask(1, "SELECT record_id FROM change WHERE register = 'parameter'")}
    found = {id for (id,) in pair.ask(1, "SELECT id FROM s_parameter")}
    there = Counter(key for key, _ in rows)
    return {
        "confirmed": len(told.saves),
        "confirmed after the kill": len(later),
        "lost": sum(there[key] == 0 for key in told.saves),
        "twice": sum(number > 1 for number in there.values()),
        "half": sum(id not in noted or id not in found for _, id in rows),
        "promoted after s": round(promoted, 2),
        "outage s": round(_gap(moments, last, killed, promoted), 2),
        "longest save s": round(max(took for _, took in told.times), 2),
        "refused": dict(told.refused),
        "same processes": site.processes() == processes,
    }


def _gap(moments, last, killed, promoted):
    """The longest time without a confirmed save around the switch."""
    near = [moment for moment in moments if last <= moment <= killed + promoted + 60]
    return max((late - early for early, late in pairwise(near)), default=float("inf"))
