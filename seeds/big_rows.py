"""How the rows for trials of scale look: plain, valid, varied enough to search, sort and count."""

from dataclasses import dataclass
from datetime import date, timedelta

from seeds import damage, inspection, names, schools as demo_schools
from seeds.plan import pick

# What later rows need to know of the rows of this run.
NEEDED = {
    "school": (),
    "damaged_building": ("found_on", "grade", "appraised_on", "appraiser"),
    "inspection_team": ("district", "lead"),
    "team_assignment": ("team", "school", "from_date"),
    "inland_class": (),
    "foreign_teacher": (),
}
FIRST_DAY = date(1950, 1, 1)
STAFFED = ("employs", "joint")
BUILDING_STATES = ("registered", "awaiting", "appraised", "works", "acceptance", "closed")
PROJECT_STATES = ("not_started", "works", "paused", "done", "accepted")
TERMS = ("秋", "春")
OTHER_KINDS = {
    "safety": ("Asu", "Bsu", "Csu", "Dsu"),
    "seismic": ("satisfied", "not_satisfied"),
    "fire": ("satisfied", "not_satisfied"),
}


@dataclass(frozen=True)
class School:
    """A school that rows are made for."""

    id: int
    values: dict

    @property
    def district(self):
        return self.values["district"]

    @property
    def tag(self):
        return self.values["name"][:20]

    @property
    def run_by_district(self):
        return self.values["managed_by"] == "district"


def schools(ground, dice, start, count):
    roads = names.roads()
    for number in range(start, start + count):
        district, unit = ground.districts[number % len(ground.districts)]
        # Some of every run can have classes of boarders and foreign teachers, however small the run.
        level = "senior" if number % 16 == 1 else pick(dice, **demo_schools.LEVELS)
        run_by = pick(dice, district=95, city=4, province=1)
        yield {
            "code": f"GM{number:07d}",
            "name": f"{names.school(dice, unit, dice.choice(roads), level)}（{number}）",
            "district": district,
            "level": level,
            "managed_by": run_by,
            "ownership": pick(dice, public=75, private=25),
            "area_type": pick(dice, urban=50, town=25, rural=25),
            "boarding": level in ("senior", "complete", "vocational"),
            "foreign_kind": dice.choice(STAFFED) if number % 16 == 2 else "none",
            "principal": names.anyone(dice),
        }


def buildings(ground, dice, start, count):
    struck = [school for school in ground.schools if not school.values["no_damage"]] or ground.schools
    for number in range(start, start + count):
        school = struck[number % len(struck)]
        kind, state, grade = pick(dice, **damage.KINDS), dice.choice(BUILDING_STATES), None
        found = ground.day - timedelta(days=dice.randint(400, 1500))
        row = {
            "school": school.id,
            "name": f"{number % 40 + 1}号{damage.LABELS[kind]}",
            "kind": kind,
            "cause": pick(dice, **damage.CAUSES),
            "found_on": found,
            "damage": pick(dice, **damage.DAMAGE),
            "responsible": names.anyone(dice),
            "due_on": ground.day + timedelta(days=dice.randint(-300, 300)),
            "progress": 100 if state in ("acceptance", "closed") else dice.randrange(0, 100, 5),
            "state": state,
        }
        row |= {"length_m": dice.randint(5, 900)} if kind == "wall" else {"area_m2": f"{dice.randint(20, 9000)}.{number % 100:02d}"}
        if state not in ("registered", "awaiting"):
            grade = pick(dice, A=30, B=30, C=25, D=15)
            row |= {
                "appraisal_state": "done",
                "grade": grade,
                "appraised_on": found + timedelta(days=dice.randint(3, 60)),
                "appraiser": "校舍安全鉴定站",
                "action": "rebuild" if grade == "D" else "reinforce" if grade == "C" else "repair",
            }
        row["use_state"] = "in_use" if grade in ("A", "B") else "stopped"
        if state == "closed":
            row["accepted_on"] = ground.day - timedelta(days=dice.randint(1, 300))
        yield row


def headcounts(ground, dice, start, count):
    last = ground.before("school_headcount", "as_of")
    for at, school, day in by_day(ground.schools, last, count):
        low, high, per_staff = demo_schools.SIZES[school.values["level"]]
        students = low + (high - low) * (school.id * 7919 % 1000) // 1000
        staff = students // per_staff if per_staff else 30
        yield {
            "school": school.id,
            "as_of": day,
            "students": students + at % 7,
            "boarders": students // 3,
            "staff": staff,
            "teachers": staff * 4 // 5,
            "support_staff": staff // 6,
            "state": pick(dice, draft=10, reported=30, reviewed=60),
        }


def by_day(parents, last, count):
    """(number, parent, day): all parents on the last day, then all on the day before, and so on."""
    for at in range(count if parents else 0):
        day = last - timedelta(days=at // len(parents))
        if day < FIRST_DAY:
            return
        yield at, parents[at % len(parents)], day


def appraisals(ground, dice, start, count):
    """The danger appraisal that each graded building of this run has its grade from; then appraisals of other kinds."""
    parents = ground.made["damaged_building"]
    for at in range(count):
        (building, row), turn = parents[at % len(parents)], at // len(parents)
        made = {"damaged_building": building, "report_no": f"GM鉴字{start + at:07d}号"}
        if row["grade"] and not turn:
            graded = {"kind": "danger", "standard": "jgj125", "grade": row["grade"]}
            yield made | graded | {"appraised_on": row["appraised_on"], "agency": row["appraiser"]}
        elif (day := row["found_on"] + timedelta(days=turn)) <= ground.day:
            kind = dice.choice(list(OTHER_KINDS))
            yield made | {
                "kind": kind,
                "appraised_on": day,
                "agency": "校舍安全鉴定站",
                "conclusion": dice.choice(OTHER_KINDS[kind]),
            }


def projects(ground, dice, start, count):
    for number in range(start, start + count):
        school = ground.schools[number % len(ground.schools)]
        state = dice.choice(PROJECT_STATES)
        begun = ground.day - timedelta(days=dice.randint(100, 900))
        finished = state in ("done", "accepted")
        yield {
            "school": school.id,
            "title": f"{school.tag}校舍修缮项目{number}",
            "category": pick(dice, repair=50, reinforce=30, rebuild=20),
            "plan_year": begun.year,
            "budget_wan": f"{dice.randint(5, 4000)}.{number % 100:02d}",
            "fund_source": pick(dice, central=10, province=25, city=30, county=25, donation=10),
            "responsible": names.anyone(dice),
            "start_on": begun,
            "due_on": begun + timedelta(days=dice.randint(30, 1000)),
            "done_on": begun + timedelta(days=dice.randint(10, 99)) if finished else None,
            "progress": 100 if finished else dice.randrange(0, 100, 5),
            "state": state,
        }


def readiness(ground, dice, start, count):
    """Terms before any that stand there already, one row a school and term."""
    year = ground.before("term_readiness", "decided_on").year - 1
    for at in range(count if ground.schools else 0):
        turn = at // len(ground.schools)
        if year - turn // 2 < FIRST_DAY.year:
            return
        yield {
            "school": ground.schools[at % len(ground.schools)].id,
            "term": f"{year - turn // 2}{TERMS[turn % 2]}",
            "ability": pick(dice, ready=80, in_time=20),
            "decided_on": date(year - turn // 2, 8 if turn % 2 == 0 else 2, 20),
            "placement": "own_site",
            "students_affected": 0,
            "students_placed": 0,
        }


def teams(ground, dice, start, count):
    """Patrols of the districts in turn."""
    for number in range(start, start + count):
        district, unit = ground.districts[number % len(ground.districts)]
        yield {
            "name": f"{unit}巡查第{number}组",
            "kind": "patrol",
            "level": "county",
            "district": district,
            "lead": names.anyone(dice),
            "from_date": ground.day - timedelta(days=400),
        }


def members(ground, dice, start, count):
    work = ground.made.get("inspection_team", [])
    for at, (team, row), day in by_day(work, ground.day - timedelta(days=1), count):
        yield {
            "team": team,
            "name": row["lead"] if at < len(work) else f"{names.anyone(dice)}{start + at}",
            "unit": "教育局",
            "lead": at < len(work),
            "from_date": day,
            "to_date": day,
        }


def assignments(ground, dice, start, count):
    """One day of a school for a patrol of its district: further back than any before, so that none overlap."""
    last = ground.before("team_assignment", "from_date")
    by_district = {}
    for team, row in ground.made.get("inspection_team", ()):
        by_district.setdefault(row["district"], []).append(team)
    own = [school for school in ground.schools if school.district in by_district and school.run_by_district]
    for _, school, day in by_day(own, last, count):
        yield {"team": dice.choice(by_district[school.district]), "school": school.id, "from_date": day, "to_date": day}


def visits(ground, dice, start, count):
    """On the days the patrols of this run were assigned. Drafts: what a visit concludes asks for hazards of its own."""
    work = ground.made.get("team_assignment", [])
    for at in range(count if work else 0):
        _, row = work[at % len(work)]
        yield {
            "team": row["team"],
            "school": row["school"],
            "visited_on": row["from_date"],
            "kind": pick(dice, first=80, unannounced=20),
            "scope": dice.sample(inspection.SCOPES, 2),
            "note": f"第{start + at}次走访。",
        }


def hazards(ground, dice, start, count):
    for number in range(start, start + count):
        school = ground.schools[number % len(ground.schools)]
        kind, level = dice.choice(list(inspection.FINDINGS)), pick(dice, minor=70, serious=25, major=5)
        state = pick(dice, **inspection.STATES)
        found = ground.day - timedelta(days=dice.randint(1, 900))
        fixed = min(found + timedelta(days=dice.randint(0, 20)), ground.day)
        row = {
            "school": school.id,
            "kind": kind,
            "level": level,
            "source": pick(dice, **inspection.OTHER_SOURCES),
            "found_on": found,
            "description": f"{school.tag}：{inspection.FINDINGS[kind]}",
            "responsible": names.anyone(dice),
            "measure": inspection.MEASURE,
            "due_on": found + timedelta(days=inspection.LIMITS[level]),
            "state": state,
        }
        if state in ("recheck", "closed", "returned"):
            row["fixed_on"] = fixed
        if state in ("closed", "returned"):
            row |= {
                "rechecked_on": min(fixed + timedelta(days=3), ground.day),
                "recheck_result": "passed" if state == "closed" else "failed",
            }
        yield row
