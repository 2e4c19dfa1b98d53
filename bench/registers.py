"""What a hundred registers made in the browser cost: `python -m bench registers [--most 100]`.

Start until the first page, time of pages and memory, with one such register of 30 fields and with many, each in a process of its own.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import config
from bench import data
from models import base
from services import definitions, records, sessions
from services.actor import SYSTEM

FIELDS, ROWS, RUNS, WARM_UPS, LIMIT = 30, 500, 40, 5, 1.2
KINDS = ("text", "integer", "decimal", "date", "yes_no", "choice")
PAGES = (("home page", "/admin/"), ("list", "/admin/r/{}/"), ("form", "/admin/r/{}/new"), ("record", "/admin/r/{}/1/"))


def wish(number):
    """A register of 30 fields: its code, its school, and fields of six kinds in turn."""
    fields = [
        {"type": "code", "name": "code", "label": "编号", "make": "BM", "unique": True, "indexed": True},
        {"type": "relation", "name": "school", "label": "学校", "to": "school", "required": True, "indexed": True},
    ]
    for at in range(FIELDS - len(fields)):
        kind = KINDS[at % len(KINDS)]
        field = {"type": kind, "name": f"item_{at}", "label": f"第 {at + 1} 项"}
        if kind == "choice":
            field["options"] = [{"code": f"c{n}", "label": f"选项 {n}"} for n in range(5)]
        fields.append(field)
    shown = [field["name"] for field in fields[:10]]
    return {
        "name": f"bench_{number}",
        "label": f"排查表 {number}",
        "group": "排查",
        "scope": "school",
        "key": ["code"],
        "title": ["code"],
        "fields": fields,
        "list_columns": shown,
        "filters": ["item_3", "item_5"],
        "search": ["item_0"],
        "grants": [{"role": "city_clerk", "actions": ["view", "edit", "export"], "rows": "all"}],
    }


def make(folder, count):
    """A city with that many browser-made registers, the first of them filled. Gives the id of its clerk."""
    _, clerk, _ = data.make(folder / "taizhang.sqlite3", 0)
    for number in range(count):
        asked = wish(number)
        drafted = definitions.save(SYSTEM, asked)
        definitions.publish(SYSTEM, drafted.name, asked, 0, drafted.draft_version)
    values = {"text": "潮湿", "integer": "3", "decimal": "1.5", "date": "2021-07-20", "yes_no": "1", "choice": "c1"}
    row = {f"item_{at}": values[KINDS[at % len(KINDS)]] for at in range(FIELDS - 2)}
    records.create_many("bench_0", SYSTEM, [row | {"school": at % 1000 + 1} for at in range(ROWS)])
    base.database.close()
    return clerk


def measured(folder, clerk):
    """In a fresh process: {what: ms or MiB}, the start counted from before anything of the app is imported."""
    lines = (
        "import time; began = time.perf_counter()",
        "from pathlib import Path; from bench import registers",
        f"registers.report(Path({str(folder)!r}), {clerk}, began)",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def report(folder, clerk, began):
    """Prints what this process measures, as JSON."""
    from app import create_app
    from bench.pages import Site

    settings = config.load({"TAIZHANG_DATA_DIR": str(folder), "TAIZHANG_DATABASE_URL": str(folder / "taizhang.sqlite3")})
    site = Site(create_app(settings), "")
    base.open_connection()
    with site.client.session_transaction(base_url="http://127.0.0.1") as session:
        session["token"] = sessions.start(clerk)
    site.get("/admin/r/bench_0/")
    found = {"start to first page": (time.perf_counter() - began) * 1000}
    for label, path in PAGES:
        times = [site.get(path.format("bench_0")) for _ in range(RUNS + WARM_UPS)]
        found[label] = statistics.median(times[WARM_UPS:])
    found["memory, MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def main():
    reading = argparse.ArgumentParser(prog="python -m bench registers", description=__doc__)
    reading.add_argument("--most", type=int, default=100, help="how many registers to compare with one (default: 100)")
    asked = reading.parse_args()
    with tempfile.TemporaryDirectory(prefix="taizhang-bench-") as folder:
        sides = []
        for count in (1, asked.most):
            at = Path(folder) / str(count)
            at.mkdir()
            sides.append((at, make(at, count)))
        # In turns, the better of two: a slow moment of the machine hits both.
        few, many = ([measured(*side) for side in sides] for _ in range(2))
        print(f"{'median ms':<24}{'1 register':>14}{f'{asked.most} registers':>16}{'ratio':>8}")
        for label in few[0]:
            one, all_of_them = (min(few[n][label], many[n][label]) for n in range(2))
            print(f"{label:<24}{one:>14.1f}{all_of_them:>16.1f}{all_of_them / one:>8.2f}")
    print(f"\nlimit for pages: {LIMIT} times")


if __name__ == "__main__":
    main()
