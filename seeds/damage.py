"""The demo city's damage: buildings in every state, their appraisals, the projects that mend them, where pupils study."""

from seeds import names
from seeds.plan import pick

HOW_MANY = {"1": 30, "2": 30, "3": 20, "4": 12, "5": 8}
STATES = {"registered": 12, "awaiting": 16, "appraised": 19, "works": 25, "acceptance": 10, "closed": 18}
KINDS = {"teaching": 30, "dormitory": 12, "canteen": 10, "office": 8, "toilet": 8, "wall": 20, "sports": 7, "other": 5}
LABELS = {
    "teaching": "教学楼", "dormitory": "宿舍楼", "canteen": "食堂", "office": "办公楼",
    "toilet": "厕所", "wall": "围墙", "sports": "运动场", "other": "门卫室",
}  # fmt: skip
AREAS = {
    "teaching": (900, 5200), "dormitory": (800, 4200), "canteen": (300, 1800), "office": (300, 2400),
    "toilet": (40, 180), "sports": (800, 9000), "other": (20, 200),
}  # fmt: skip
DAMAGE = {"slight": 34, "moderate": 36, "severe": 22, "collapsed": 8}
CAUSES = {"rainstorm": 50, "waterlogging": 34, "landslide": 10, "other": 6}
GRADES = {
    "slight": {"A": 50, "B": 50},
    "moderate": {"B": 55, "C": 45},
    "severe": {"C": 55, "D": 45},
    "collapsed": {"D": 1},
}
RATIOS = {"A": (0, 0), "B": (100, 2000), "C": (2500, 6000), "D": (6000, 9500)}
ADVICE = {"A": ("watch",), "B": ("watch", "repair"), "C": ("reinforce", "part_demolish", "stop"), "D": ("rebuild", "stop")}
ACTIONS = {
    "A": {"none": 70, "repair": 30},
    "B": {"none": 40, "repair": 60},
    "C": {"reinforce": 70, "repair": 30},
    "D": {"rebuild": 70, "demolish": 30},
}
FITNESS = {"A": ("good",), "B": ("good", "fair"), "C": ("fair", "poor"), "D": ("poor", "bad")}
WORKS = {"repair": "维修", "reinforce": "加固", "rebuild": "重建"}
COST_PER_M2 = {"repair": 4, "reinforce": 11, "rebuild": 32}


def add(plan, places):
    """Buildings of the damaged schools with appraisals, projects and readiness."""
    dice = plan.dice("damage")
    hosts, rooms = _hosts(places), {}
    for place in places:
        buildings = []
        if place.damaged:
            buildings = [_building(plan, dice, place, number) for number in range(1, int(pick(dice, **HOW_MANY)) + 1)]
            _projects(plan, dice, place, buildings)
            _plan_docs(plan, place, [row for _, row in buildings])
        _readiness(plan, dice, place, [row for _, row in buildings], hosts, rooms)


def _building(plan, dice, place, number):
    """(its place, its row): what is known of a building depends on how far its case has come."""
    state, kind, damage = pick(dice, **STATES), pick(dice, **KINDS), pick(dice, **DAMAGE)
    found = -dice.randint(62, 85) if state == "closed" else -dice.randint(28, 60)
    row = {
        "school": place.at,
        "name": f"{place.tag}{number}号{LABELS[kind]}",
        "kind": kind,
        "cause": pick(dice, **CAUSES),
        "found_on": plan.on(found),
        "damage": damage,
        "state": state,
    } | _size(dice, kind)
    if state == "registered" or state == "awaiting":
        row |= _ungraded(dice, state, damage)
        return plan.add("damaged_building", **row), row
    appraised = found + dice.randint(5, 18)
    grade = pick(dice, **GRADES[damage])
    row |= _treatment(plan, dice, place, state, grade, found)
    agency = f"{place.unit}校舍安全鉴定站"
    at = plan.add("damaged_building", **row)
    _appraisal(plan, dice, place, at, grade, appraised, agency)
    if state == "closed" and grade == "C":
        # Mended and appraised anew: the latest danger appraisal is the building's grade, and it may be used again.
        grade, appraised = "B", dice.randint(-12, -3)
        _appraisal(plan, dice, place, at, grade, appraised, agency)
        row |= {"accepted_on": plan.on(appraised + 1)}
    row |= {"appraisal_state": "done", "grade": grade, "appraised_on": plan.on(appraised), "appraiser": agency}
    row["use_state"] = _use(dice, grade, row)
    if row["use_state"] == "stopped":
        row["stopped_on"] = plan.on(appraised)
    plan.of("damaged_building")[at.row] = row
    return at, row


def _size(dice, kind):
    if kind == "wall":
        return {"length_m": dice.randint(12, 480)}
    low, high = AREAS[kind]
    return {"area_m2": f"{dice.randint(low, high)}.{dice.randint(0, 99):02d}"}


def _ungraded(dice, state, damage):
    grave = damage in ("severe", "collapsed")
    ongoing = state == "awaiting" and dice.random() < 0.5
    known = grave or state == "awaiting" or dice.random() < 0.8
    use = "stopped" if grave else pick(dice, in_use=70, stopped=30)
    return {"appraisal_state": "ongoing" if ongoing else "pending", "use_state": use if known else None}


def _treatment(plan, dice, place, state, grade, found):
    """What is done about a graded building, by whom and until when: some overdue, some due within days."""
    action = pick(dice, **ACTIONS[grade])
    if state in ("works", "acceptance") and action == "none":
        action = "repair"
    if state == "appraised" and dice.random() < 0.4:
        return {"action": None, "due_on": plan.on(dice.randint(2, 20))}
    row = {"action": action, "responsible": names.person(dice, place.tag)}
    if action != "none":
        row["due_on"] = plan.on(max(found, dice.choice((-9, -4, -1, 1, 3, 6, 9, 14, 20, 28, 40))))
    if state == "works":
        row["progress"] = dice.randrange(5, 100, 5)
    if state == "acceptance":
        row["progress"] = 100
    if state == "closed":
        row |= {"progress": 100 if action != "none" else None, "accepted_on": plan.on(-dice.randint(2, 20))}
        row["due_on"] = plan.on(-dice.randint(1, 10)) if action != "none" else None
    return row


def _use(dice, grade, row):
    if grade == "D" and row["state"] in ("works", "acceptance", "closed"):
        return "demolished"
    return "stopped" if grade in ("C", "D") else "in_use"


def _appraisal(plan, dice, place, at, grade, appraised, agency):
    low, high = RATIOS[grade]
    plan.add(
        "appraisal",
        damaged_building=at,
        kind="danger",
        appraised_on=plan.on(appraised),
        agency=agency,
        qualification=pick(dice, first=50, second=45, third=5),
        report_no=f"{place.unit}鉴字〔{plan.day.year}〕{len(plan.of('appraisal')) + 1:04d}号",
        standard="jgj125",
        grade=grade,
        ratio=f"{dice.randint(low, high) / 100:.2f}",
        floors_du=dice.randint(1, 3) if grade == "D" else 0,
        danger_points=f"{place.tag}：承重墙开裂，地基不均匀沉降。" if grade in ("C", "D") else None,
        fitness=dice.choice(FITNESS[grade]),
        advice=dice.choice(ADVICE[grade]),
        valid_until=plan.on(appraised + 365) if grade != "D" else None,
    )
    if dice.random() < 0.08:
        plan.add(
            "appraisal",
            damaged_building=at,
            kind="safety",
            appraised_on=plan.on(appraised),
            agency=agency,
            standard="gb50292",
            conclusion=f"{grade}su",
        )


def _projects(plan, dice, place, buildings):
    """One project for what is being mended, one for what has been; every C and D building belongs to one."""
    live = [
        (at, row)
        for at, row in buildings
        if row["state"] in ("works", "acceptance") or (row["state"] == "appraised" and row["grade"] in ("C", "D"))
    ]
    done = [(at, row) for at, row in buildings if row["state"] == "closed" and row["action"] != "none"]
    if live:
        states = {row["state"] for _, row in live}
        started = "works" if "works" in states else "not_started" if "appraised" in states else "done"
        _project(plan, dice, place, live, "paused" if started == "works" and dice.random() < 0.1 else started)
    if done:
        _project(plan, dice, place, done, "accepted")


def _project(plan, dice, place, buildings, state):
    actions = {row.get("action") for _, row in buildings}
    grades = {row["grade"] for _, row in buildings}
    category = "rebuild" if actions & {"rebuild", "demolish"} or "D" in grades else "reinforce" if "C" in grades else "repair"
    area = sum(float(row.get("area_m2", 0)) + 2 * row.get("length_m", 0) for _, row in buildings)
    started, finished = state != "not_started", state in ("done", "accepted")
    due = -dice.randint(1, 6) if state == "accepted" else dice.choice((-8, -3, 2, 5, 8, 15, 30, 45))
    plan.add(
        "rebuild_project",
        school=place.at,
        title=f"{place.tag}校舍{WORKS[category]}项目",
        buildings=[at for at, _ in buildings],
        category=category,
        plan_year=plan.day.year,
        budget_wan=round(area * COST_PER_M2[category] / 100 * dice.uniform(0.8, 1.2), 1),
        fund_source=pick(dice, central=10, province=25, city=30, county=25, donation=10),
        responsible=names.person(dice, place.tag),
        start_on=plan.on(-dice.randint(14, 26)) if started else None,
        due_on=plan.on(due),
        done_on=plan.on(-dice.randint(1, 8)) if finished else None,
        progress=100 if finished else dice.randrange(5, 96, 5) if started else 0,
        state=state,
    )


def _plan_docs(plan, place, buildings):
    """A rebuilding plan of most badly damaged schools: on file, still a draft, sent back, or a second version after a first."""
    dice = plan.dice(f"plans/{place.code}")
    grave = any(row["damage"] in ("severe", "collapsed") for row in buildings)
    if not grave and dice.random() < 0.9:
        return
    state = pick(dice, filed=60, draft=15, returned=10, missing=15)
    if state == "missing":
        return
    made = -dice.randint(8, 25)
    row = {"owner_kind": "school", "school": place.at, "kind": "rebuilding", "responsible": names.person(dice, place.tag)}
    second = state == "filed" and dice.random() < 0.2
    if second:
        plan.add("plan_doc", **row, version_no=1, made_on=plan.on(made - 4), due_on=plan.on(30), state="void")
    plan.add(
        "plan_doc",
        **row,
        version_no=2 if second else 1,
        made_on=plan.on(made),
        due_on=plan.on(dice.randint(10, 60)),
        opinion=f"{place.tag}：工期和责任人不明确，请补充。" if state == "returned" else None,
        state=state,
    )


def _hosts(places):
    """Undamaged schools that can take others in, by district and level."""
    found = {}
    for place in places:
        if place.open and not place.damaged and place.managed_by == "district":
            found.setdefault((place.district, place.level), []).append(place)
    return {key: hosts[:3] for key, hosts in found.items()}


def _readiness(plan, dice, place, buildings, hosts, rooms):
    """Whether the school can open: hosts and the lightly damaged can, some of the badly damaged cannot."""
    own = hosts.get((place.district, place.level), [])
    if place in own:
        plan.add("term_readiness", **_base(plan, place, "ready"), placement="own_site", spare_places=_spare(place))
    elif not buildings:
        return
    elif not {"severe", "collapsed"} & {row["damage"] for row in buildings}:
        plan.add("term_readiness", **_base(plan, place, "ready" if dice.random() < 0.7 else "in_time"), placement="own_site")
    elif dice.random() < 0.6:
        plan.add(
            "term_readiness", **_base(plan, place, "in_time"), reason="damage", placement=pick(dice, own_site=70, staggered=30)
        )
    else:
        _unable(plan, dice, place, own, rooms)


def _base(plan, place, ability):
    return {
        "school": place.at,
        "term": term(plan.day),
        "ability": ability,
        "decided_on": plan.on(-9),
        "planned_open_on": plan.on(9),
    }


def term(day):
    """2021秋: the term that begins next, or has just begun."""
    return f"{day.year}秋" if day.month <= 10 else f"{day.year + 1}春"


def _spare(place):
    """How many pupils of other schools a host takes in, by shifts."""
    return place.students


def _unable(plan, dice, place, hosts, rooms):
    placement = pick(dice, borrowed=40, merged=15, cabins=25, online=20)
    affected = round(place.students * dice.uniform(0.3, 1))
    host = next((host for host in hosts if rooms.get(host.code, _spare(host)) >= affected), None)
    if placement in ("borrowed", "merged") and host is None:
        placement = "cabins"
    if placement in ("borrowed", "merged"):
        rooms[host.code] = rooms.get(host.code, _spare(host)) - affected
    plan.add(
        "term_readiness",
        **_base(plan, place, "unable"),
        reason="damage",
        placement=placement,
        host_school=host.at if placement in ("borrowed", "merged") else None,
        students_affected=affected,
        students_placed=affected if dice.random() < 0.6 else round(affected * dice.uniform(0.4, 0.95)),
        note=f"{place.tag}：校舍受损，学生由{place.unit}统一安置。",
    )
