"""Times whole servers beside Django's admin and Flask-Admin: `python -m bench serving [--rows 100000]`.

Start to the first list page (median of 7, all servers in turns), memory after it, and list pages a second for 8 clients from 2 worker
processes, each server alone on the machine in its turn. Memory is what the processes hold for themselves and their share of what they
hold together (PSS).
"""

import argparse
import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench import data, peers, sites, stock
from models import base

CLIENTS, WORKERS, SECONDS, STARTS, VISIT = 8, 2, 10, 7, 10
ROOT = peers.ROOT
# Started a second time, as a server is: what Python compiled at the first start is there for all of them.
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
GUNICORN = ("--worker-class", "gthread", "--threads", "8", "--log-level", "error", "--bind")


@dataclass
class Server:
    """How a server is started (with a port and a number of workers), where its list is, and who asks."""

    name: str
    command: object
    address: str
    cookie: str = ""
    settings: object = lambda port, workers: {}

    def start(self, workers):
        """(process, port, seconds until its list is there)"""
        # A file, not a pipe: servers log, and nobody reads along.
        log = tempfile.TemporaryFile()  # noqa: SIM115 -- as long as the server lives
        port, begun = _free_port(), time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in self.command(port, workers)], cwd=ROOT, env=os.environ | COMPILED | self.settings(port, workers),
            stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
        )  # fmt: skip
        while not self._answers(port):
            if process.poll() is not None:
                log.seek(0)
                raise SystemExit(f"{self.name}: {log.read().decode()[-2000:]}")
            time.sleep(0.02)
        return process, port, time.perf_counter() - begun

    def _answers(self, port):
        try:
            return self.get(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) == 200
        except OSError:
            return False

    def get(self, connection):
        """The list's status, its page read to the end."""
        connection.request("GET", self.address, headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def memory(process):
    """MiB of a process and all that came from it."""
    waiting, total = [process.pid], 0
    while waiting:
        number = waiting.pop()
        told = Path(f"/proc/{number}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+)", told, re.M)[1])
        waiting += map(int, Path(f"/proc/{number}/task/{number}/children").read_text().split())
    return total / 1024


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(60)


def rate(server, port):
    """List pages a second for CLIENTS who each ask for the next when they have one, VISIT of them over a connection: a connection stays
    with the process that took it, and how they share out is chance.
    """
    until, counts = time.perf_counter() + SECONDS, [0] * CLIENTS

    def ask(at):
        while time.perf_counter() < until:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for _ in range(VISIT):
                if server.get(connection) != 200:
                    raise SystemExit(f"{server.name}: not 200")
                counts[at] += 1
            connection.close()

    begun = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(at,)) for at in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begun)


def servers(folder, clerk):
    """The four, on the same rows."""
    source, copied = folder / "taizhang.sqlite3", folder / "stock.sqlite3"
    cookie = sites.taizhang(folder, clerk).client.get_cookie("taizhang", domain="127.0.0.1")
    base.database.close()
    known = peers.ask("bench.peers.django_site.run", "cookie", copied)
    plain = f"bench.stock:served('{copied}')"
    return (
        Server(
            "Taizhang", lambda port, workers: (sys.executable, "-m", "app", "serve"), f"/admin/r/{sites.REGISTER}/", f"taizhang={cookie.value}",
            lambda port, workers: {
                "TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": str(source), "TAIZHANG_PORT": str(port), "TAIZHANG_WORKERS": str(workers),
            },
        ),
        Server("stock", _gunicorn(sys.executable, plain), "/stock/"),
        Server("with join", _gunicorn(sys.executable, plain), "/joined/"),
        Server(
            "Django", _gunicorn(peers.environment() / "python", f"bench.peers.django_site.run:served('{copied}')"), "/admin/django_site/building/",
            f"sessionid={known['sessionid']}",
        ),
    )  # fmt: skip


def _gunicorn(python, application):
    return lambda port, workers: (python, "-m", "gunicorn", application, "--workers", workers, *GUNICORN, f"127.0.0.1:{port}")


def compare(folder, rows):
    _, clerk, _ = data.make(folder / "taizhang.sqlite3", rows)
    stock.copy(folder / "taizhang.sqlite3", folder / "stock.sqlite3")
    print(
        f"{rows:,} rows\n{'':<14}{'start, ms':>11}{'memory, MiB':>13}{'pages/s':>10}   (start and memory of one process, the rate of {WORKERS})"
    )
    known, held, found = servers(folder, clerk), {}, {}
    starts = {server.name: [] for server in known}
    for turn in range(STARTS + 1):
        for server in known:
            process, _, seconds = server.start(1)
            if turn:  # the first is so that the files are in memory
                starts[server.name].append(seconds * 1000)
                held[server.name] = memory(process)
            stop(process)
    for server in known:
        process, port, _ = server.start(WORKERS)
        time.sleep(3)  # it answers once the first worker is there: until the others are as well
        found[server.name] = statistics.median(starts[server.name]), held[server.name], rate(server, port)
        stop(process)
        print("{:<14}{:>11,.0f}{:>13.0f}{:>10.1f}".format(server.name, *found[server.name]), flush=True)
    ours, best = (
        found.pop("Taizhang"),
        [pick(column) for pick, column in zip((min, min, max), zip(*found.values(), strict=True), strict=True)],
    )
    print(
        "of the best"
        + "".join(
            f" · {what} {one / other:.2f}" for what, one, other in zip(("start", "memory", "pages/s"), ours, best, strict=True)
        )
    )
    print(f"of Django's · start {ours[0] / found['Django'][0]:.2f} · memory {ours[1] / found['Django'][1]:.2f}\n")


def main():
    reading = argparse.ArgumentParser(prog="python -m bench serving", description=__doc__)
    reading.add_argument("--rows", type=int, nargs="+", default=[100_000], help="how many damaged buildings, one table each")
    for rows in reading.parse_args().rows:
        with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
            compare(Path(folder), rows)


if __name__ == "__main__":
    main()
