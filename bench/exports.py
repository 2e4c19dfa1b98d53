"""Times exports beside the bare limits on the same rows: `python -m bench exports [--rows 10000 100000]`.

Each way runs in a process of its own, so that its memory is its own: Taizhang's CSV and xlsx with rights, relations, labels and
guard; Python's sqlite3 with csv.writer and the sqlite3 shell on the same joined query without any of these; XlsxWriter by itself.
With --rivals also the CSV exports of django-import-export, stock Flask-Admin (with the join) and Datasette (one table, no labels).
"""

import argparse
import csv
import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xlsxwriter

import config
from bench import data, peers, stock
from bench.peers import datasette_csv
from models import base
from services import actor, exports, query

REGISTER = "damaged_building"
COLUMNS = (
    "code", "school", "name", "kind", "area_m2", "length_m", "cause", "found_on", "damage", "appraisal_state", "grade", "appraised_on",
    "appraiser", "use_state", "action", "responsible", "due_on", "note", "state",
)  # fmt: skip
PLAIN = ", ".join(f"b.f_{name}" for name in COLUMNS if name not in ("code", "school", "length_m"))
JOINED = (
    f"SELECT b.f_code, s.f_code || ' ' || s.f_name, d.f_name, {PLAIN} FROM r_{REGISTER} b LEFT JOIN r_school s ON s.id = b.f_school "
    "LEFT JOIN r_district d ON d.id = b.district_id WHERE b.deleted_at IS NULL ORDER BY b.id"
)
RUNS = 3


# the ways, each (database, file to write) -----------------------------------------------------------------------------


def ours_csv(source, target):
    with open(target, "wb") as file:
        file.writelines(exports.csv_stream(*_asked()))


def ours_xlsx(source, target):
    os.replace(exports.xlsx_path(*_asked()), target)


def _configure():
    config.activate(config.load({"TAIZHANG_DATA_DIR": tempfile.gettempdir(), "TAIZHANG_SECRET_KEY": secrets.token_hex(32)}))


def serve(source):
    """The app as it is when a request comes: connected, its tables known."""
    _configure()
    base.connect(source)
    base.open_connection()
    query.count(_asked()[0])


def _asked():
    clerk = actor.load(1)
    pairs = [("fields", ",".join(COLUMNS)), ("sort", "id")]
    return query.parse(REGISTER, clerk, pairs, action="export"), clerk


def csv_writer(source, target):
    with open(target, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(sqlite3.connect(source).execute(JOINED))


def shell(source, target):
    with open(target, "wb") as file:
        subprocess.run(["sqlite3", "-csv", source, JOINED], stdout=file, check=True)


def xlsx_writer(source, target):
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(sqlite3.connect(source).execute(JOINED)):
            sheet.write_row(at, 0, row)


def flask_admin(source, target):
    stock.open_copy(_copy(source))
    answer = stock.create_app().test_client().get("/joined/export/csv/")
    with open(target, "wb") as file:
        file.writelines(answer.iter_encoded())


def _copy(source):
    return str(Path(source).with_name("stock.sqlite3"))


def copied_out(source, target):
    """PostgreSQL's own way, of the same joined query."""
    import psycopg

    with psycopg.connect(source) as connection, open(target, "wb") as file:
        rows = connection.cursor().copy(f"COPY ({JOINED}) TO STDOUT (FORMAT csv)")
        with rows as chunks:
            file.writelines(chunks)


WAYS = {
    "COPY": copied_out,
    "csv.writer": csv_writer,
    "sqlite3 shell": shell,
    "Taizhang CSV": ours_csv,
    "XlsxWriter": xlsx_writer,
    "Taizhang xlsx": ours_xlsx,
    "Flask-Admin": flask_admin,
}
BESIDE = {"Taizhang CSV": ("csv.writer", "sqlite3 shell", "COPY"), "Taizhang xlsx": ("XlsxWriter",)}
POSTGRES = ("COPY", "Taizhang CSV")


# measuring --------------------------------------------------------------------------------------------------------------


def measure(way, source, folder):
    """(seconds, peak MiB) of a way in a process of its own, the best of three."""
    found = [run_alone("bench.exports", "--way", way, "--source", source, "--target", folder / "out") for _ in range(RUNS)]
    return min(seconds for seconds, _ in found), max(peak for _, peak in found)


def run_alone(module, *arguments):
    """(what a module tells, its peak MiB) in a process of its own."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}")
    return json.loads(done.stdout)


def tell(found):
    """Prints what a process found, and the most memory that it has held itself."""
    status = Path("/proc/self/status").read_text()
    print(json.dumps([found, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024]))


def compare(rows, rivals):
    """Fills a database, measures every way, prints the table."""
    with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as name:
        folder = Path(name)
        source = folder / "taizhang.sqlite3"
        made = subprocess.run([sys.executable, "-m", "bench.exports", "--make", str(rows), "--source", str(source)], check=False)
        if made.returncode:
            raise SystemExit(made.returncode)
        print(f"{rows:,} rows, {len(COLUMNS)} columns\n{'':<16}{'rows/s':>10}{'peak MiB':>10}   beside")
        found = {}
        for way in WAYS:
            if _is_possible(way, rows) and way not in RIVALS and way != "COPY":
                found[way] = measure(way, source, folder)
                print(_line(way, rows, found), flush=True)
        if rivals:
            _compare_rivals(source, folder, rows, found["Taizhang CSV"][0])
        print()


def compare_postgres(url, rows):
    """The same on PostgreSQL, in an empty database, beside COPY."""
    _configure()
    data.make(url, rows)
    base.database.execute_sql("VACUUM ANALYZE")
    base.database.close_all()
    print(f"PostgreSQL, {rows:,} rows, {len(COLUMNS)} columns\n{'':<16}{'rows/s':>10}{'peak MiB':>10}   beside")
    found = {}
    with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
        for way in POSTGRES:
            found[way] = measure(way, url, Path(folder))
            print(_line(way, rows, found), flush=True)


def _compare_rivals(source, folder, rows, ours):
    """The rivals' CSV on their copy of the rows, once each: they take minutes."""
    copied = Path(_copy(source))
    stock.copy(source, copied)
    for rival, ask in RIVALS.items():
        seconds, peak = ask(copied, rows, folder)
        print(f"{rival:<16}{rows / seconds:>10,.0f}{peak:>10.0f}   {seconds / ours:.1f} × Taizhang CSV's time", flush=True)


def _django(copied, rows, folder):
    found = peers.ask("bench.peers.django_site.run", "export", copied, rows, "csv")
    return found["seconds"], found["peak_mib"]


def _flask_admin(copied, rows, folder):
    return run_alone("bench.exports", "--way", "Flask-Admin", "--source", copied, "--target", folder / "out")


def _datasette(copied, rows, folder):
    found = datasette_csv.export(copied, "building")
    return found["seconds"], found["peak_mib"]


RIVALS = {"Django": _django, "Flask-Admin": _flask_admin, "Datasette": _datasette}


def _is_possible(way, rows):
    return rows < 1_048_576 if "xlsx" in way.lower() else way != "sqlite3 shell" or shutil.which("sqlite3") is not None


def _line(way, rows, found):
    seconds, peak = found[way]
    beside = ", ".join(f"{seconds / found[other][0]:.2f} of {other}'s time" for other in BESIDE.get(way, ()) if other in found)
    return f"{way:<16}{rows / seconds:>10,.0f}{peak:>10.0f}   {beside}"


def main():
    reading = argparse.ArgumentParser(prog="python -m bench exports", description=__doc__)
    reading.add_argument(
        "--rows", type=int, nargs="+", default=[10_000, 100_000], help="how many damaged buildings, one table each"
    )
    reading.add_argument("--rivals", action="store_true", help="beside Django, Flask-Admin and Datasette as well (some minutes)")
    reading.add_argument("--url", help="on PostgreSQL instead: the address of an empty database")
    for inner in ("--way", "--source", "--target", "--make"):
        reading.add_argument(inner, help=argparse.SUPPRESS)
    asked = reading.parse_args()
    if asked.make:
        config.activate(config.load({"TAIZHANG_DATA_DIR": str(Path(asked.source).parent)}))
        data.make(Path(asked.source), int(asked.make))
    elif asked.way:
        if asked.way.startswith("Taizhang"):
            serve(asked.source)
        start = time.perf_counter()
        WAYS[asked.way](asked.source, asked.target)
        tell(time.perf_counter() - start)
    elif asked.url:
        compare_postgres(asked.url, asked.rows[-1])
    else:
        for rows in asked.rows:
            compare(rows, asked.rivals)


if __name__ == "__main__":
    main()
