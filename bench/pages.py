"""Times whole pages beside Django's admin and Flask-Admin on the same rows: `python -m bench pages [--rows 10000 1000000]`.

Every page is asked for inside the server, to its last byte, without network and browser. Taizhang and Flask-Admin take turns in this
process, so that a slow moment of the machine hits all; Django is asked in a process of its own.
"""

import argparse
import json
import logging
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import config
from app import create_app
from bench import data, peers, stock
from models import base
from services import actor, query, sessions
from services.query.pages import cursor_for

RUNS, WARM_UPS, PAGE = 20, 2, 50
# Slow pages are asked for less often: not longer than this in all, but three times at least.
LONGEST, FEWEST = 20.0, 3
REGISTER = "damaged_building"
DJANGO = "bench.peers.django_site.run"
BUILDINGS = "/admin/django_site/building/"
PLAIN = f"SELECT district_id, f_grade, COUNT(*), SUM(f_area_m2) FROM r_{REGISTER} WHERE deleted_at IS NULL GROUP BY 1, 2"
SHOWN = "Taizhang", "stock", "with join", "Django"


@dataclass
class Timed:
    """Milliseconds of one page, and its SQL statements."""

    times: list = field(default_factory=list)
    statements: int = 0

    @property
    def ms(self):
        return statistics.median(self.times)

    @property
    def p95(self):
        return sorted(self.times)[max(0, int(len(self.times) * 0.95) - 1)]


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

    def save(self, address, note):
        """Milliseconds of posting the form at an address with another note."""
        page = self.client.get(self.root + address, base_url="http://127.0.0.1").get_data(as_text=True)
        values = Form.of(page, "note") | {"note": note}
        start = time.perf_counter()
        answer = self.client.post(self.root + address, data=values, base_url="http://127.0.0.1")
        seconds = time.perf_counter() - start
        if answer.status_code not in (302, 303):
            raise SystemExit(f"{self.root}{address}: not saved, {answer.status}")
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


class Form(HTMLParser):
    """What a browser would send of a page's forms."""

    def __init__(self):
        super().__init__()
        self.forms, self._select, self._area = [{}], None, None

    @classmethod
    def of(cls, page, name):
        """{name: value} of the form that has this field."""
        read = cls()
        read.feed(page)
        return next(form for form in read.forms if name in form)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        name, values = told.get("name"), self.forms[-1]
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and name and (told.get("type") not in ("checkbox", "radio", "submit", "file") or "checked" in told):
            values[name] = told.get("value") or ""
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and ("selected" in told or self._select not in values):
            values[self._select] = told.get("value") or ""
        elif tag == "textarea" and name:
            self._area = name
            values[name] = ""

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, text):
        if self._area:
            self.forms[-1][self._area] += text


def works(rows, district, asked):
    """[(what is asked, Taizhang's address, Flask-Admin's, Django's)]"""
    due, deep = stock.COLUMNS.index("due_on"), rows * 8 // 10 // PAGE
    back = cursor_for(asked, ["p", "known", [], rows // 5])
    return [
        ("first page", "", "?", "?"),
        ("by grade", "?grade=C&sort=due_on", f"?flt0_grade_equals=C&sort={due}", "?grade__exact=C&o=9"),
        (
            "by grade and district",
            f"?grade=C&district={district}&sort=due_on",
            f"?flt0_grade_equals=C&flt1_district_equals={district}&sort={due}",
            f"?grade__exact=C&district__exact={district}&o=9",
        ),
        ("page at 80 %", f"?cursor={cursor_for(asked, ['n', 'known', [], rows // 5])}", f"?page={deep}", f"?p={deep + 1}"),
        (
            "the one after it",
            f"?cursor={cursor_for(asked, ['n', 'known', [], rows // 5 - PAGE])}",
            f"?page={deep + 1}",
            f"?p={deep + 2}",
        ),
        ("the one before it", f"?cursor={back}", f"?page={deep - 1}", f"?p={deep}"),
        ("last page", f"?cursor={query.LAST}", f"?page={rows // PAGE - 1}", f"?p={rows // PAGE}"),
        ("search, rare", f"?q={data.RARE}", f"?search={data.RARE}", f"?q={data.RARE}"),
        ("search, common", f"?q={data.COMMON}", f"?search={data.COMMON}", f"?q={data.COMMON}"),
        ("form", f"{rows // 2}/edit", f"edit/?id={rows // 2}", f"{rows // 2}/change/"),
    ]


def in_turns(ways):
    """[Timed] of the ways to be timed, one call of each after the other."""
    found, start = [Timed() for _ in ways], time.perf_counter()
    for turn in range(RUNS + WARM_UPS):
        for way, timed in zip(ways, found, strict=True):
            took = way(turn)
            if turn >= WARM_UPS:
                timed.times.append(took)
        if time.perf_counter() - start > LONGEST and turn >= WARM_UPS + FEWEST:
            break
    return found


def taizhang(folder, clerk):
    """Taizhang's own application on the filled database, with the city's clerk logged in."""
    settings = config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": str(folder / "taizhang.sqlite3")})
    site = Site(create_app(settings), f"/admin/r/{REGISTER}/")
    base.open_connection()
    with site.client.session_transaction(base_url="http://127.0.0.1") as session:
        session["token"] = sessions.start(clerk)
    return site


def compare(folder, rows, django):
    """Fills the databases, measures, prints the table; {what is asked: Taizhang's milliseconds}."""
    seconds, clerk, district = data.make(folder / "taizhang.sqlite3", rows)
    print(f"{rows:,} rows written in {seconds:.0f} s: {rows / seconds:,.0f} a second, with journal and search index")
    copied = folder / "stock.sqlite3"
    stock.copy(folder / "taizhang.sqlite3", copied)
    ours = taizhang(folder, clerk)
    asked = works(rows, district, query.parse(REGISTER, actor.load(clerk)))
    theirs = _django(copied, asked, rows) if django else {}
    stock.open_copy(copied)
    plain = stock.create_app()
    sites = [ours, Site(plain, "/stock/"), Site(plain, "/joined/")]
    shown = SHOWN[: 4 if django else 3]
    print(f"\n{'median ms (SQL statements)':<24}" + "".join(f"{name:>15}" for name in shown) + f"{'p95':>8}{'ours/best':>11}")
    told = {}
    for label, own, other, _ in asked:
        addresses = (own, other, other)
        found = in_turns([lambda turn, site=site, to=to: site.get(to) for site, to in zip(sites, addresses, strict=True)])
        for timed, site, address in zip(found, sites, addresses, strict=True):
            timed.statements = site.statements(address)
        told[label] = _tell(label, [*found, *([theirs[label]] if django else [])])
    own, other = f"{rows // 2}/edit", f"edit/?id={rows // 2}"
    found = in_turns(
        [lambda turn, site=site, to=to: site.save(to, f"第 {turn} 次") for site, to in zip(sites, (own, other, other), strict=True)]
    )
    told["save"] = _tell("save", [*found, *([theirs["save"]] if django else [])])
    told["count and sum"] = _summary(ours, folder / "taizhang.sqlite3")
    base.database.close()
    return told


def _tell(label, found):
    """One line of the table; Taizhang's median."""
    cells = "".join(f"{timed.ms:>10.1f} ({timed.statements or '-':>2})" for timed in found)
    best = min(timed.ms for timed in found[1:])
    print(f"{label:<24}{cells}{found[0].p95:>8.1f}{found[0].ms / best:>11.3f}", flush=True)
    return found[0].ms


def _django(copied, asked, rows):
    """{what is asked: Timed} of Django, which begins with its own tables."""
    addresses = json.dumps([(label, BUILDINGS + address) for label, _, _, address in asked])
    found = peers.ask(DJANGO, "pages", copied, addresses, RUNS)
    found["save"] = peers.ask(DJANGO, "save", copied, rows // 2, RUNS)
    return {label: Timed(one["times"], one.get("statements", 0)) for label, one in found.items()}


def _summary(ours, path):
    """Count and sum by district and grade as a page, beside the plain GROUP BY; Taizhang's median."""
    address = "summary?by=district,grade&measure=count,sum:area_m2"
    first = ours.get(address)
    found = in_turns([lambda turn: ours.get(address), lambda turn: _group(path)])
    found[0].statements = ours.statements(address)
    print(
        f"{'count and sum':<24}{found[0].ms:>10.1f} ({found[0].statements:>2})   plain GROUP BY {found[1].ms:,.1f}; "
        f"{found[0].ms / found[1].ms:.3f} of it; asked for the first time {first:,.0f}\n",
        flush=True,
    )
    return found[0].ms


def _group(path):
    plain = sqlite3.connect(path)
    start = time.perf_counter()
    plain.execute(PLAIN).fetchall()
    seconds = time.perf_counter() - start
    plain.close()
    return seconds * 1000


def grown(few, many, told):
    """Prints how much longer each page of Taizhang takes with more rows."""
    print(f"Taizhang's time with {many:,} rows beside {few:,}: " + ", ".join(
        f"{label} {told[many][label] / told[few][label]:.2f}" for label in told[few]
    ))  # fmt: skip


def main():
    reading = argparse.ArgumentParser(prog="python -m bench pages", description=__doc__)
    reading.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 200_000], help="how many damaged buildings, one table each"
    )
    reading.add_argument("--without-django", action="store_true", help="Flask-Admin alone, which needs nothing installed")
    asked, told = reading.parse_args(), {}
    for rows in asked.rows:
        with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
            told[rows] = compare(Path(folder), rows, not asked.without_django)
    if len(told) > 1:
        grown(min(told), max(told), told)


if __name__ == "__main__":
    main()
