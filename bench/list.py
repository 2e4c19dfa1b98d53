"""Times whole list pages beside stock Flask-Admin on the same rows: `python -m bench.list [--rows 200000]`."""

import argparse
import logging
import statistics
import tempfile
import time
from pathlib import Path

import config
from app import create_app
from bench import data, stock
from models import base
from services import actor, query, sessions
from services.query.pages import cursor_for

RUNS, WARM_UPS, PAGE = 20, 2, 50
REGISTER = "damaged_building"


class Site:
    """An application in this process, asked as a browser would ask it."""

    def __init__(self, app, root):
        self.client = app.test_client()
        self.root = root

    def get(self, address):
        """Milliseconds until the whole page is there."""
        start = time.perf_counter()
        answer = self.client.get(self.root + address, base_url="http://127.0.0.1")
        seconds = time.perf_counter() - start
        if answer.status_code != 200:
            raise SystemExit(f"{self.root}{address}: {answer.status}")
        return seconds * 1000

    def statements(self, address):
        """How many SQL statements the page takes."""
        counted = Counter()
        log = logging.getLogger("peewee")
        before = log.level, log.propagate
        log.setLevel(logging.DEBUG)
        log.propagate = False
        log.addHandler(counted)
        try:
            self.get(address)
        finally:
            log.removeHandler(counted)
            log.setLevel(before[0])
            log.propagate = before[1]
        return counted.number


class Counter(logging.Handler):
    """Counts peewee's log lines: one for each statement."""

    number = 0

    def emit(self, record):
        self.number += 1


def works(rows, district, deep):
    """[(what is asked, Taizhang's address, stock's address)]"""
    return [
        ("first page", "", "?"),
        (
            "grade and district, by due date",
            f"?grade=C&district={district}&sort=due_on",
            f"?flt0_grade_equals=C&flt1_district_equals={district}&sort={stock.COLUMNS.index('due_on')}",
        ),
        ("page at 80 %", f"?cursor={deep}", f"?page={rows * 8 // 10 // PAGE}"),
        ("search, two characters, rare", f"?q={data.RARE}", f"?search={data.RARE}"),
        ("search, two characters, common", f"?q={data.COMMON}", f"?search={data.COMMON}"),
    ]


def deep_cursor(clerk, rows):
    """The cursor of a reader who has turned four pages out of five; the newest row is the first."""
    asked = query.parse(REGISTER, actor.load(clerk))
    return cursor_for(asked, ["n", "known", [], rows // 5])


def medians(sites, addresses):
    """The sites' median times; they take turns, so that a slow moment of the machine hits all."""
    times = [[] for _ in sites]
    for turn in range(RUNS + WARM_UPS):
        for site, address, found in zip(sites, addresses, times, strict=True):
            took = site.get(address)
            if turn >= WARM_UPS:
                found.append(took)
    return [statistics.median(found) for found in times]


def taizhang(folder, clerk):
    """Taizhang's own application on the filled database, with the city's clerk logged in."""
    settings = config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": str(folder / "taizhang.sqlite3")})
    site = Site(create_app(settings), f"/admin/r/{REGISTER}/")
    base.open_connection()
    with site.client.session_transaction(base_url="http://127.0.0.1") as session:
        session["token"] = sessions.start(clerk)
    return site


def compare(folder, rows):
    """Fills both databases, measures, prints the table."""
    seconds, clerk, district = data.make(folder / "taizhang.sqlite3", rows)
    print(f"{rows:,} rows written in {seconds:.0f} s: {rows / seconds:,.0f} a second, with journal and search index\n")
    stock.copy(folder / "taizhang.sqlite3", folder / "stock.sqlite3")
    ours = taizhang(folder, clerk)
    plain = stock.create_app()
    sites = [ours, Site(plain, "/stock/"), Site(plain, "/joined/")]
    print(f"{'median ms (SQL statements)':<34}{'Taizhang':>14}{'stock':>14}{'with join':>14}{'ours/stock':>12}{'ours/join':>11}")
    for label, own, other in works(rows, district, deep_cursor(clerk, rows)):
        addresses = (own, other, other)
        found = medians(sites, addresses)
        numbers = [site.statements(address) for site, address in zip(sites, addresses, strict=True)]
        cells = "".join(f"{ms:>9.1f} ({number:>2})" for ms, number in zip(found, numbers, strict=True))
        print(f"{label:<34}{cells}{found[0] / found[1]:>12.2f}{found[0] / found[2]:>11.2f}", flush=True)


def main():
    reading = argparse.ArgumentParser(prog="python -m bench.list", description=__doc__)
    reading.add_argument("--rows", type=int, default=200_000, help="how many damaged buildings (default: 200000)")
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
        compare(Path(folder), asked.rows)


if __name__ == "__main__":
    main()
