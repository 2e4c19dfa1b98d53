"""Times whole imports beside django-import-export and the bare limits: `python -m bench imports [--rows 100000] [--whole]`.

Taizhang's time is from the file to the last committed row: read in a limited process, mapped, cleaned, matched, checked, planned,
then written with rules, journal and search index. The limits read the same file and insert its cells into a plain table. The rival
takes the same rows through its own two pages, preview and confirmation, by default the first some thousand of them: it goes by the row.
"""

import argparse
import csv
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

import config
from app import memory
from bench import data, peers, stock, writing
from bench.exports import run_alone, tell
from models import base, registry, tables
from services import actor as actors, imports

REGISTER = writing.REGISTER
THERE = 10_000
INDEXES = 5
RIVAL_ROWS = {"default": 2_000, "bulk": 5_000}
DJANGO = "bench.peers.django_site.run"


# the files ----------------------------------------------------------------------------------------------------------------


def make(folder, rows):
    """The city with 10,000 buildings, the rival's copy of it, and the files of new buildings that everybody reads."""
    data.make(folder / "taizhang.sqlite3", THERE)
    base.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stock.copy(folder / "taizhang.sqlite3", folder / "stock.sqlite3")
    # A building is known by its school and name: each of these is one of its own.
    raws = [raw | {"name": f"{raw['name']}之{at}"} for at, raw in enumerate(writing.rows_of(rows), 1)]
    _write(folder / "ours", *_as_a_clerk(raws))
    for way, count in RIVAL_ROWS.items():
        _write(folder / f"rival-{way}", *_as_a_program(raws[: min(count, rows)]))
    _write(folder / "rival-whole", *_as_a_program(raws))


def _as_a_clerk(raws):
    """(heads, rows) as an export of the register has them: labels, code and name of the school."""
    register = registry.get(REGISTER)
    names = sorted({name for raw in raws for name in raw})
    schools = _schools()
    rows = (
        [
            f"{' '.join(schools[raw[name]])}"
            if name == "school"
            else register.field(name).render(register.field(name).clean(raw.get(name)))
            for name in names
        ]
        for raw in raws
    )
    return [register.field(name).heading for name in names], rows


def _as_a_program(raws):
    """(heads, rows) by column names, codes as stored, the number each building's code."""
    names = (
        "name",
        "kind",
        "area_m2",
        "cause",
        "found_on",
        "damage",
        "appraisal_state",
        "use_state",
        "responsible",
        "due_on",
        "note",
    )
    schools = _schools()
    rows = (
        [f"N-{at:07d}", schools[raw["school"]][0], 1, "awaiting", *("" if raw.get(name) is None else raw[name] for name in names)]
        for at, raw in enumerate(raws)
    )
    return ["code", "school", "district", "state", *names], rows


def _schools():
    model = tables.model("school")
    return {id: (code, name) for id, code, name in model.select(model.id, model.f_code, model.f_name).tuples()}


def _write(path, heads, rows):
    """The same cells as a workbook and as CSV."""
    with (
        xlsxwriter.Workbook(f"{path}.xlsx", {"constant_memory": True}) as book,
        open(f"{path}.csv", "w", newline="", encoding="utf-8") as file,
    ):
        sheet, plain = book.add_worksheet(), csv.writer(file)
        for at, row in enumerate([heads, *rows]):
            sheet.write_row(at, 0, row)
            plain.writerow(row)


# the ways, each in a process of its own -----------------------------------------------------------------------------------


def ours(folder, kind):
    """Plans and applies the file as its clerk; every row must be new and written."""
    city = folder / f"taizhang-{kind}.sqlite3"
    city.write_bytes((folder / "taizhang.sqlite3").read_bytes())
    config.activate(config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": str(city)}))
    base.connect(city)
    base.open_connection()
    clerk = actors.load(1)
    memory.settle()  # as every server and worker begins
    start, worked = time.perf_counter(), _processor()
    item = imports.start(clerk, REGISTER, [(f"ours.{kind}", folder / f"ours.{kind}")], mode="add", now=True)
    planned = time.perf_counter() - start
    item = imports.apply(clerk, item.id, now=True)
    if item.state != imports.APPLIED or {name for name, count in item.counts.items() if count} - {"new", "warning"}:
        raise SystemExit(f"not all rows were written: {item.state} {item.counts}")
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "processor": _processor() - worked, "planned": planned, "rows": item.counts["new"]}


def bare(folder, kind):
    """Reads the file and inserts its cells into one plain table, with the indexes a careful programmer gives it (as bench.stock)."""
    start, worked = time.perf_counter(), _processor()
    if kind == "xlsx":
        rows = CalamineWorkbook.from_path(str(folder / "ours.xlsx")).get_sheet_by_index(0).to_python()
    else:
        with open(folder / "ours.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    names = [f"c{at}" for at in range(len(rows[0]))]
    plain = sqlite3.connect(folder / f"bare-{kind}.sqlite3")
    plain.execute("PRAGMA journal_mode = wal")
    plain.execute(f"CREATE TABLE plain (id INTEGER PRIMARY KEY, {', '.join(names)})")
    for name in names[:INDEXES]:
        plain.execute(f"CREATE INDEX i_{name} ON plain ({name})")
    with plain:
        plain.executemany(f"INSERT INTO plain ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows[1:])
    plain.close()
    return {"seconds": time.perf_counter() - start, "processor": _processor() - worked, "rows": len(rows) - 1}


def _processor():
    """Seconds of the processor this process and those it has waited for have used: other programs disturb them less."""
    return sum(os.times()[:4])


WAYS = {"ours": ours, "bare": bare}


def rival(folder, kind, way, whole):
    """django-import-export on its copy of the city."""
    copy = folder / f"stock-{kind}-{way}.sqlite3"
    copy.write_bytes((folder / "stock.sqlite3").read_bytes())
    name = "rival-whole" if whole else f"rival-{way}"
    return peers.ask(DJANGO, "import", copy, folder / f"{name}.{kind}", way)


# the table ----------------------------------------------------------------------------------------------------------------


def compare(folder, rows, whole):
    made = subprocess.run([sys.executable, "-m", "bench.imports", "--make", str(folder), "--rows", str(rows)], check=False)
    if made.returncode:
        raise SystemExit(made.returncode)
    print(f"{rows:,} damaged buildings into a register of {THERE:,}\n{'':<34}{'rows':>9}{'rows/s':>10}{'peak MiB':>10}   beside")
    for kind in ("xlsx", "csv"):
        limit = _tell(f"read and executemany, {kind}", *run_alone("bench.imports", "--way", "bare", kind, folder))
        mine = _tell(f"Taizhang, {kind}", *run_alone("bench.imports", "--way", "ours", kind, folder), ("the limit", limit))
        print(f"{'':<63}   {mine['processor'] / limit['processor']:.1f} × the limit's processor time", flush=True)
        for way in ("bulk", "default"):
            found = rival(folder, kind, way, whole)
            _tell(f"django-import-export {way}, {kind}", found, found["peak_mib"], ("Taizhang", mine))


def _tell(what, found, peak, beside=None):
    rate = _rate(found)
    text = f"{_rate(beside[1]) / rate:.1f} × {beside[0]}'s time for a row" if beside else ""
    if "planned" in found:
        text += f"; of it the plan {found['planned'] / found['seconds']:.0%}"
    print(f"{what:<34}{found['rows']:>9,}{rate:>10,.0f}{peak:>10.0f}   {text}", flush=True)
    return found


def _rate(found):
    return found["rows"] / found["seconds"]


def main():
    reading = argparse.ArgumentParser(prog="python -m bench imports", description=__doc__)
    reading.add_argument("--rows", type=int, default=100_000, help="how many new rows (default: 100000)")
    reading.add_argument("--whole", action="store_true", help="the rival writes all of them as well (many minutes)")
    for inner in ("--make", "--way"):
        reading.add_argument(inner, nargs="+", help=argparse.SUPPRESS)
    asked = reading.parse_args()
    if asked.make:
        folder = Path(asked.make[0])
        config.activate(config.load({"TAIZHANG_DATA_DIR": str(folder)}))
        make(folder, asked.rows)
    elif asked.way:
        way, kind, folder = asked.way
        tell(WAYS[way](Path(folder), kind))
    else:
        with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
            compare(Path(folder), asked.rows, asked.whole)


if __name__ == "__main__":
    main()
