"""Times whole pages beside Django's admin and Flask-Admin on the same rows: `python -m bench pages [--rows 10000 1000000]`.

Every page is asked for inside the server, to its last byte, without network and browser. Each has a process of its own, and they take
turns, so that a slow moment of the machine hits all.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import data, peers, sites, stock
from bench.sites import REGISTER
from models import base
from services import actor, query
from services.query.pages import cursor_for

RUNS, WARM_UPS, PAGE = 20, 2, 50
# Slow pages are asked for less often: not longer than this in all, but three times at least.
LONGEST, FEWEST = 20.0, 3
DJANGO = "bench.peers.django_site.run"
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


def compare(folder, rows, django):
    """Fills the databases, measures, prints the table; {what is asked: Taizhang's milliseconds}."""
    seconds, clerk, district = data.make(folder / "taizhang.sqlite3", rows)
    print(f"{rows:,} rows written in {seconds:.0f} s: {rows / seconds:,.0f} a second, with journal and search index")
    copied = folder / "stock.sqlite3"
    stock.copy(folder / "taizhang.sqlite3", copied)
    sites.taizhang(folder, clerk)  # here to make the addresses alone
    asked = works(rows, district, query.parse(REGISTER, actor.load(clerk)))
    base.database.close()
    subjects, shown = _subjects(folder, clerk, copied, django), SHOWN[: 4 if django else 3]
    print(f"\n{'median ms (SQL statements)':<24}" + "".join(f"{name:>15}" for name in shown) + f"{'p95':>8}{'ours/best':>11}")
    told = {}
    for label, own, other, third in asked:
        each = list(zip(subjects, (own, other, other, third), strict=False))
        found = in_turns([lambda turn, one=one, to=to: one("get", to) for one, to in each])
        for timed, (one, to) in zip(found, each, strict=True):
            timed.statements = one("statements", to)
        told[label] = _tell(label, found)
    own, other, third = f"{rows // 2}/edit", f"edit/?id={rows // 2}", f"{rows // 2}/change/"
    each = list(zip(subjects, (own, other, other, third), strict=False))
    told["save"] = _tell("save", in_turns([lambda turn, one=one, to=to: one("save", to, f"第 {turn} 次") for one, to in each]))
    told["count and sum"] = _summary(subjects[0], folder / "taizhang.sqlite3")
    for one in subjects:
        one.close()
    return told


def _subjects(folder, clerk, copied, django):
    """The processes that are asked, in the order of SHOWN."""
    made = [
        peers.Asked("bench.sites", "taizhang", folder, clerk, python=sys.executable),
        *(peers.Asked("bench.sites", name, copied, python=sys.executable) for name in ("stock", "joined")),
    ]
    return made + ([peers.Asked(DJANGO, "asked", copied)] if django else [])


def _tell(label, found):
    """One line of the table; Taizhang's median."""
    cells = "".join(f"{timed.ms:>10.1f} ({timed.statements or '-':>2})" for timed in found)
    best = min(timed.ms for timed in found[1:])
    print(f"{label:<24}{cells}{found[0].p95:>8.1f}{found[0].ms / best:>11.3f}", flush=True)
    return found[0].ms


def _summary(ours, path):
    """Count and sum by district and grade as a page, beside the plain GROUP BY; Taizhang's median."""
    address = "summary?by=district,grade&measure=count,sum:area_m2"
    first = ours("get", address)
    found = in_turns([lambda turn: ours("get", address), lambda turn: _group(path)])
    found[0].statements = ours("statements", address)
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
