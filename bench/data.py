"""A city to measure on: 1,000 schools in 12 districts and any number of damaged buildings, the same on every machine.

Everything is written through services.records, so the rows carry their journal and search entries as a clerk's do.
"""

import csv
import random
import time
from datetime import date, timedelta
from pathlib import Path

from models import base, tables
from seeds import grants, names
from services import records
from services.actor import SYSTEM

DISTRICTS, SCHOOLS = 12, 1000
CHUNK = 5000
SEED = "bench"
FLOOD = date(2021, 7, 20)
# What is searched for: two characters that two rows in nine have, and two that one row in ten thousand has.
COMMON, RARE, RARITY = "教学", "听涛", 9_973
KINDS = ("teaching", "teaching", "dormitory", "canteen", "office", "toilet", "wall", "sports", "other")
HOUSES = {
    "teaching": "教学楼",
    "dormitory": "宿舍楼",
    "canteen": "食堂",
    "office": "办公楼",
    "toilet": "厕所",
    "wall": "围墙",
    "sports": "看台",
    "other": "附属用房",
}
LEVELS = ("kindergarten", "primary", "primary", "junior", "senior")


def make(path, rows):
    """The database at `path`, filled. Gives (seconds that writing the buildings took, id of the city's clerk, of a district)."""
    base.connect(path)
    base.open_connection()
    tables.migrate()
    records.create_many("role_grant", SYSTEM, grants.rows())
    districts = records.create_many("district", SYSTEM, _districts())
    schools = records.create_many("school", SYSTEM, _schools(districts))
    clerk = records.create_many("account", SYSTEM, [{"username": "clerk", "name": "科员"}])[0]
    records.create_many("membership", SYSTEM, [{"account": clerk, "role": "city_clerk", "from_date": "2021-01-01"}])
    start = time.perf_counter()
    for at in range(0, rows, CHUNK):
        records.create_many("damaged_building", SYSTEM, buildings(schools, at, min(CHUNK, rows - at)))
    return time.perf_counter() - start, clerk, districts[0]


def _districts():
    with open(Path(__file__).parent.parent / "seeds" / "districts.csv", encoding="utf-8") as file:
        found = list(csv.DictReader(file))[:DISTRICTS]
    return [{"code": row["code"], "name": row["name"], "kind": row["kind"]} for row in found]


def _schools(districts):
    dice = random.Random(f"{SEED}/schools")
    roads = names.roads()
    made = []
    for at in range(SCHOOLS):
        level = dice.choice(LEVELS)
        made.append(
            {
                "code": f"31410{at:05d}",
                "name": names.school(dice, "", roads[at % len(roads)], level) + f"（{at // len(roads) + 1}）",
                "district": districts[at % len(districts)],
                "level": level,
                "managed_by": "district",
                "ownership": "public",
                "principal": names.person(dice, f"第{at}校"),
            }
        )
    return made


def buildings(schools, start, count):
    dice = random.Random(f"{SEED}/buildings/{start}")
    return [_building(dice, schools, at) for at in range(start, start + count)]


def _building(dice, schools, at):
    kind = dice.choice(KINDS)
    found = FLOOD + timedelta(days=dice.randint(0, 30))
    grade = dice.choice("AABBCD") if dice.random() < 0.7 else None
    size = (
        {"length_m": f"{dice.randint(10, 400)}"}
        if kind == "wall"
        else {"area_m2": f"{dice.randint(60, 9000)}.{dice.randint(0, 99):02d}"}
    )
    appraised = {"grade": grade, "appraised_on": found.isoformat(), "appraiser": "市房屋安全鉴定所"} if grade else {}
    person = dice.choice(names.SURNAMES) + dice.choice(names.GIVEN_FIRST) + dice.choice(names.GIVEN_SECOND)
    return {
        "school": dice.choice(schools),
        "name": f"{RARE}楼" if at % RARITY == 11 else f"{dice.randint(1, 30)}号{HOUSES[kind]}",
        "kind": kind,
        "cause": "rainstorm",
        "found_on": found.isoformat(),
        "damage": dice.choice(("slight", "moderate", "severe")),
        "appraisal_state": "done" if grade else "pending",
        "use_state": "stopped" if grade in ("C", "D") or grade is None else "in_use",
        "responsible": person,
        "due_on": (found + timedelta(days=dice.randint(10, 400))).isoformat() if dice.random() < 0.8 else None,
        "note": "雨后墙体渗水，基础局部下沉，已拉警戒线。",
        "state": "awaiting" if grade is None else "appraised",
        **size,
        **appraised,
    }
