"""Times the write gate beside the bare limit on the same rows: `python -m bench.writing [--rows 20000] [--url postgresql://…]`."""

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path

import xlsxwriter
from python_calamine import CalamineWorkbook

import config
from bench import data
from models import base, registry, tables
from services import actor as actors, history, records
from services.records import Sheet

REGISTER = "damaged_building"
CHUNK = 5000
FILLED_BY_THE_APP = ("grade", "appraised_on", "appraiser", "state")


def rows_of(count):
    """Raw values of new buildings as a clerk's file holds them, for schools that are there."""
    model = tables.model("school")
    schools = [id for (id,) in model.select(model.id).order_by(model.id).tuples()]
    made = []
    for start in range(0, count, CHUNK):
        for row in data.buildings(schools, start, min(CHUNK, count - start)):
            kept = {name: value for name, value in row.items() if name not in FILLED_BY_THE_APP}
            made.append(kept | {"appraisal_state": "pending", "use_state": "stopped"})
    return made


def bare(folder, rows):
    """Seconds of this process that reading the rows from a workbook takes and writing them to one plain table: (read, write)."""
    names = sorted({name for row in rows for name in row})
    path = str(Path(folder) / "rows.xlsx")
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([dict(zip(names, names, strict=True)), *rows]):
            sheet.write_row(at, 0, ["" if row.get(name) is None else str(row[name]) for name in names])
    start = time.process_time()
    read = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1:]
    between = time.process_time()
    plain = sqlite3.connect(str(Path(folder) / "plain.sqlite3"))
    plain.execute("PRAGMA journal_mode = wal")
    plain.execute(f"CREATE TABLE plain (id INTEGER PRIMARY KEY, {', '.join(names)})")
    with plain:
        plain.executemany(f"INSERT INTO plain ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", read)
    plain.close()
    return between - start, time.process_time() - between


def written(actor, creates=(), updates=(), cleaned=False):
    """(seconds of this process, ids, change set) of writing rows as an import does: in chunks, each a transaction of one Work."""
    ids, begun, start = [], None, time.process_time()
    for kind, rows in (("creates", creates), ("updates", updates)):
        for at in range(0, len(rows), CHUNK):
            with records.working(actor, kind="import", change_set=begun) as work:
                some = rows[at : at + CHUNK]
                done = records.write_set(work, REGISTER, **{kind: Sheet.of(some, cleaned=True) if cleaned else some})
            if done.faults:
                raise SystemExit(f"a row was refused: {next(iter(done.faults.values()))[0].sentence}")
            ids += done.ids
            begun = work.change_set
    return time.process_time() - start, ids, begun


def measure(folder, rows, clerk):
    """[(what, rows a second)], the bare limit first and last: the machine may have changed meanwhile."""
    count, register = len(rows), registry.get(REGISTER)
    cleaned = [{name: register.field(name).clean(value) for name, value in row.items()} for row in rows]
    found = [("bare: read and insert", count / sum(bare(folder, rows)))]
    seconds, _, made = written(clerk, rows)
    found.append(("new rows, raw", count / seconds))
    seconds, ids, _ = written(clerk, cleaned, cleaned=True)
    found.append(("new rows, cleaned", count / seconds))
    seconds, _, changed = written(clerk, updates=[(id, 1, {"note": "已复核", "due_on": "2030-01-01"}) for id in ids])
    found.append(("changed rows, two fields", count / seconds))
    start = time.process_time()
    history.undo(clerk, changed)
    found.append(("undo of the changes", count / (time.process_time() - start)))
    start = time.process_time()
    history.undo(clerk, made)
    found.append(("undo of the new rows", count / (time.process_time() - start)))
    Path(folder, "plain.sqlite3").unlink()
    found.append(("bare, once more", count / sum(bare(folder, rows))))
    return found


def main(arguments=None):
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--url", default="", help="an empty PostgreSQL database instead of a new SQLite file")
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        config.activate(config.load({"TAIZHANG_DATA_DIR": folder}))
        _, clerk, _ = data.make(asked.url or str(Path(folder) / "bench.sqlite3"), 0)
        found = measure(folder, rows_of(asked.rows), actors.load(clerk))
        base.database.close()
    limit = (found[0][1] + found[-1][1]) / 2
    print(
        f"\nWriting {asked.rows:,} damaged buildings: checks, search index, journal; rows a second of\nprocessor time (SQLite works in it, other programs do not), and how many times the bare limit takes"
    )
    for what, speed in found:
        print(f"  {what:<40}{speed:>10,.0f}{limit / speed:>8.1f}×")


if __name__ == "__main__":
    main()
