"""A long proof, printed: hundreds of returned forms with planted errors, every one found at its cell and no other.

python -m tests.prove_forms [files] [rows]
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from models import base, tables
from services import form_merges, form_templates, imports, records
from services.actor import SYSTEM
from tests.forms import REGISTER, plant, told


def schools(count):
    """A district with so many schools."""
    (district,) = records.create_many("district", SYSTEM, [{"code": "410199", "name": "样例区", "kind": "district"}])
    made = [
        {"code": f"S{at:04d}", "name": f"样例{at}小学", "district": district, "level": "primary", "managed_by": "district",
         "ownership": "public"}
        for at in range(count)
    ]  # fmt: skip
    records.create_many("school", SYSTEM, made)


def main(files=300, rows=200):
    with tempfile.TemporaryDirectory() as folder:
        base.connect(str(Path(folder) / "city.sqlite3"))
        base.open_connection()
        tables.migrate()
        schools(files + 3)
        planted = plant(SYSTEM, Path(folder), form_templates.units(REGISTER, SYSTEM)[:files], rows)
        print(f"{files} forms of {rows} rows, {len(planted.wrong)} errors planted", flush=True)
        start = time.monotonic()
        item, found = told(planted.uploads, SYSTEM, asks=False, policy="good")
        planned = time.monotonic()
        done = imports.apply(SYSTEM, item.id, now=True)
        applied = time.monotonic()
        wrong_rows = len({(unit, cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for unit, cell in planted.wrong})
        right = (
            found == planted.wrong
            and done.counts["new"] == planted.rows - wrong_rows
            and len(form_merges.intake(item).missing) == 3
        )
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(f"taken back and planned {planned - start:.0f} s, written {applied - planned:.0f} s, {memory} MiB")
        print(f"found {len(found & planted.wrong)}, missed {len(planted.wrong - found)}, false {len(found - planted.wrong)}")
        print("ok" if right else "WRONG")
        return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
