"""The demo city's schools and their headcounts: about 1,200 of every level, some run by the city or the province."""

from dataclasses import dataclass

from seeds import names
from seeds.plan import At, pick

# Students of an ordinary school of each level, from – to; how many students one member of staff stands for.
SIZES = {
    "kindergarten": (120, 420, 9),
    "primary": (500, 2200, 17),
    "junior": (600, 2300, 13),
    "nine_year": (900, 2600, 14),
    "senior": (1500, 3600, 12),
    "complete": (1600, 3800, 12),
    "vocational": (1400, 4200, 15),
    "university": (6000, 28000, 16),
    "special": (60, 220, 4),
    "education_unit": (0, 0, 0),
}
LEVELS = {
    "kindergarten": 45,
    "primary": 31,
    "junior": 10,
    "nine_year": 4,
    "senior": 3.5,
    "complete": 2,
    "vocational": 2,
    "special": 1.2,
    "education_unit": 1.3,
}
CITY_RUN = ("senior",) * 14 + ("complete",) * 8 + ("vocational",) * 6 + ("education_unit",) * 6 + ("primary", "kindergarten") * 3
CITY_RUN += ("junior", "special")
CITY_RUN_AT = ("410102", "410103", "410104", "410105", "410108", "410199", "410172", "410171")
PROVINCIAL_AT = ("410105", "410102", "410199", "410172", "410108", "410184")
PROVINCIAL = 18
FOREIGN = ("employs",) * 14 + ("joint",) * 5 + ("expatriate",)
BOARDING = {"senior": 1, "complete": 0.9, "vocational": 1, "university": 1, "junior": 0.4, "nine_year": 0.3, "special": 0.5}
PREFIXES = {"district": "", "city": names.CITY, "province": names.PROVINCE}
AREAS = {"urban_unit": {"urban": 80, "town": 20}, "county_unit": {"urban": 25, "town": 40, "rural": 35}}


@dataclass(frozen=True)
class Place:
    """A planned school: where its row stands, what other rows about it are made from, and the tag they carry."""

    at: At
    district: int
    code: str
    name: str
    tag: str
    unit: str
    level: str
    managed_by: str
    boarding: bool
    students: int
    foreign_kind: str
    damaged: bool
    open: bool


def add(plan, districts):
    """The schools of the city, district by district; gives their places."""
    dice = plan.dice("schools")
    city_run = dict(enumerate(CITY_RUN))
    places = []
    for at, district in enumerate(districts):
        wanted = [(names.CITY_RUN, level) for turn, level in city_run.items() if _turn(CITY_RUN_AT, turn) == district["code"]]
        wanted += [(names.PROVINCIAL, "university") for turn in range(PROVINCIAL) if _turn(PROVINCIAL_AT, turn) == district["code"]]
        wanted = [(district["short"], level) for level in _levels(dice, int(district["demo_schools"]))] + wanted
        roads = names.roads()
        dice.shuffle(roads)
        for number, ((unit, level), road) in enumerate(zip(wanted, roads, strict=False), 1):
            places.append(_school(plan, dice, at, district, f"{district['code']}{number:04d}", unit, level, road))
    return _with_foreign(plan, dice, places)


def _turn(codes, turn):
    return codes[turn % len(codes)]


def _levels(dice, count):
    """A primary school first, the one that has an account; then by share."""
    return ["primary", "junior", "senior"] + dice.choices(list(LEVELS), list(LEVELS.values()), k=count - 3)


def _school(plan, dice, at, district, code, unit, level, road):
    own, first = unit == district["short"], code.endswith("0001")
    managed_by = "district" if own else "city" if unit == names.CITY_RUN else "province"
    prefix = PREFIXES[managed_by] + district["short"]
    tag = f"{unit}{road}" if own else f"{unit}{district['short']}{road}"
    open_ = first or dice.random() > 0.006
    boarding = dice.random() < BOARDING.get(level, 0)
    damaged = open_ and level != "education_unit" and (first or dice.random() < 0.32)
    name = names.school(dice, prefix, road, level)
    private = own and not first and dice.random() < (0.5 if level == "kindergarten" else 0.08)
    row = plan.add(
        "school",
        code=code,
        name=name,
        district=At("district", at),
        level=level,
        managed_by=managed_by,
        ownership="private" if private else "public",
        former_names=f"{prefix}{road}学校" if dice.random() < 0.08 else None,
        principal=names.person(dice, tag) if dice.random() < 0.95 else None,
        boarding=boarding if dice.random() < 0.96 else None,
        closed_on=None if open_ else plan.on(-400),
        **_details(dice, district),
        **(_undamaged(plan, dice) if open_ and not damaged and dice.random() < 0.75 else {}),
    )
    students = dice.randint(*SIZES[level][:2])
    return Place(row, at, code, name, tag, unit, level, managed_by, boarding, students, "none", damaged, open_)


def _details(dice, district):
    """What is known of most schools but not of all."""
    urban = district["kind"] in ("district", "zone")
    return {
        "area_type": pick(dice, **AREAS["urban_unit" if urban else "county_unit"]),
        "foreign_kind": "none" if dice.random() < 0.9 else None,
        "opened_on": f"{dice.randint(1956, 2018)}-09-01" if dice.random() < 0.8 else None,
    }


def _undamaged(plan, dice):
    return {"no_damage": True, "no_damage_on": plan.on(-dice.randint(5, 30))}


def _with_foreign(plan, dice, places):
    """Some schools get foreign staff: their rows and places say so."""
    suited = [
        at for at, place in enumerate(places) if place.open and place.level in ("senior", "complete", "university", "primary")
    ]
    for at, kind in zip(dice.sample(suited, len(FOREIGN)), FOREIGN, strict=True):
        plan.of("school")[places[at].at.row]["foreign_kind"] = kind
        places[at] = Place(**vars(places[at]) | {"foreign_kind": kind})
    return places


def add_headcounts(plan, places):
    """The latest count of nearly every school, and an earlier one of some; a few have sent none yet."""
    dice = plan.dice("headcounts")
    latest = plan.on(-12)
    for place in places:
        if not place.open or dice.random() < 0.03:
            continue
        _headcount(plan, dice, place, latest, place.students, pick(dice, draft=12, reported=28, reviewed=60))
        if dice.random() < 0.25:
            _headcount(plan, dice, place, plan.on(-195), round(place.students * dice.uniform(0.93, 1.06)), "reviewed")


def _headcount(plan, dice, place, as_of, students, state):
    per_staff = SIZES[place.level][2]
    staff = round(students / per_staff) if per_staff else dice.randint(15, 60)
    support = round(staff * dice.uniform(0.12, 0.2))
    plan.add(
        "school_headcount",
        school=place.at,
        as_of=as_of,
        students=students,
        boarders=round(students * dice.uniform(0.5, 0.95)) if place.boarding else 0,
        staff=staff,
        teachers=staff - support,
        support_staff=support,
        state=state,
    )
