"""What a city starts with: its districts, its parameters, what each role may do. Made once; what is there stays as it is."""

import csv
from pathlib import Path

from seeds import grants
from services import query, records
from services.actor import SYSTEM

HERE = Path(__file__).parent
DISTRICT_FIELDS = ("code", "name", "kind", "return_stage", "own_code")


def reference(city=HERE):
    """Adds the districts and parameters of a city's folder, and the grants, that are not there yet. Gives {register: how many}."""
    return {
        "district": _add("district", ("code",), [{name: row[name] for name in DISTRICT_FIELDS} for row in read(city, "districts")]),
        "parameter": _add("parameter", ("key",), read(city, "parameters")),
        "role_grant": _add("role_grant", ("role", "register", "rows"), grants.rows()),
    }


def new_grants():
    """Adds the grants that ship for registers nobody ever had a grant for: those an upgrade brought. Gives the registers' names.

    What an administrator took away is in the trash, and stays there. A database without any grant is not set up yet: init does that.
    """
    known = {record.values["register"] for trash in (False, True) for record in every("role_grant", "register", trash=trash)}
    new = [row for row in grants.rows() if row["register"] not in known] if known else []
    if new:
        records.create_many("role_grant", SYSTEM, new, kind="seed")
    return tuple(dict.fromkeys(row["register"] for row in new))


def read(city, name):
    """The rows of a reference file."""
    with (Path(city) / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def every(register, *fields, trash=False):
    """All records of a register with these fields, as the app itself sees them."""
    return query.stream(query.parse(register, SYSTEM, [("fields", ",".join(fields)), ("sort", "id")], trash=trash))


def _add(register, key, rows):
    # What somebody has put in the trash is not wanted back.
    have = {tuple(record.values[name] for name in key) for trash in (False, True) for record in every(register, *key, trash=trash)}
    new = [row for row in rows if tuple(row[name] for name in key) not in have]
    if new:
        records.create_many(register, SYSTEM, new, kind="seed")
    return len(new)
