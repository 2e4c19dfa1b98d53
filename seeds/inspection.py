"""The demo city's inspection: teams, who is in them and what they take, their visits, and the hazards found."""

from dataclasses import dataclass

from seeds import names
from seeds.plan import At, pick

STARTED = -40
COMPREHENSIVE, SPECIAL = 6, ("防汛重建专项督查组", "开学准备专项督查组")
OFFICES = ("安全稳定处", "基础教育处", "体卫艺处", "发展规划处", "督导评估室", "后勤保障处")
ORDINALS = "一二三四五六七八九"
VISITS = {"comprehensive": 150, "special": 40, "area": 75}
RECHECKS = 36
SCOPES = ("epidemic", "rebuilding", "reopening", "flood_drowning", "safety", "routine")
RESULTS = {"passed": 42, "rectify": 50, "stop_use": 5, "notice": 3}
FINDINGS = {
    "building": "教学楼走廊外墙开裂，雨天渗水。",
    "wall": "东侧围墙倾斜，墙根泡软。",
    "electricity": "一楼配电箱进水，线路老化。",
    "fire": "消防栓水压不足，灭火器过期。",
    "food": "食堂冷藏柜断电，留样不全。",
    "security": "西门门卫登记不全，监控有盲区。",
    "flood": "地下室排水泵不能启动，沙袋不足。",
    "drowning": "校外水塘旁没有警示牌和护栏。",
    "laboratory": "实验室危化品柜受潮，台账不清。",
    "epidemic": "隔离观察室物资不足，通风不够。",
    "other": "操场积水，排水沟堵塞。",
}
MEASURES = {"building": "停用受损部位，请专业队伍维修。", "wall": "设置围挡，拆除后重砌。", "electricity": "断电检修，更换线路。"}
MEASURE = "当日整改到位，责任到人，完成后报请复查。"
STATES = {"registered": 14, "fixing": 30, "recheck": 16, "closed": 32, "returned": 8}
LIMITS = {"minor": 30, "serious": 15, "major": 7}
OTHER_SOURCES = {"self_check": 60, "district_check": 28, "patrol": 8, "public": 4}
SELF_FOUND = 210


@dataclass(frozen=True)
class Team:
    """A planned team: its row, its kind, the name of its lead, and the places it takes."""

    at: At
    kind: str
    lead: str
    members: tuple
    places: tuple


@dataclass(frozen=True)
class Visited:
    """A planned visit: its row, its team and place, how many days ago."""

    at: At
    team: Team
    place: object
    day: int


def add_teams(plan, districts, places):
    """City teams that share the districts and city-run schools, two area teams in each district."""
    dice = plan.dice("teams")
    used = set()
    teams = []
    for number in range(COMPREHENSIVE):
        taken = [at for at in range(len(districts)) if at % COMPREHENSIVE == number]
        run = [place for at, place in enumerate(p for p in places if p.managed_by == "city") if at % COMPREHENSIVE == number]
        name = f"第{ORDINALS[number]}综合督导组"
        teams.append(_team(plan, dice, used, name, "comprehensive", None, places, taken, run))
    for number, name in enumerate(SPECIAL):
        taken = [at for at in range(len(districts)) if at % len(SPECIAL) == number]
        teams.append(_team(plan, dice, used, name, "special", None, places, taken, []))
    for at, district in enumerate(districts):
        own = [place for place in places if place.district == at and place.managed_by == "district"]
        for number in (0, 1):
            name = f"{district['short']}分片包校第{ORDINALS[number]}组"
            teams.append(_team(plan, dice, used, name, "area", (at, district["short"]), places, [], own[number::2]))
    return teams


def _team(plan, dice, used, name, kind, home, places, districts, schools):
    unit = home[1] if home else names.BUREAU
    people = tuple(_new_person(dice, used, unit) for _ in range(4))
    at = plan.add(
        "inspection_team",
        name=name,
        kind=kind,
        level="county" if home else "city",
        district=At("district", home[0]) if home else None,
        lead=people[0],
        from_date=plan.on(STARTED),
    )
    for number, person in enumerate(people):
        plan.add(
            "team_member",
            team=at,
            name=person,
            unit=f"{unit}教育局" if home else f"{unit}{dice.choice(OFFICES)}",
            lead=number == 0,
            phone=f"0371-{dice.randint(60000000, 69999999)}",
            from_date=plan.on(STARTED),
        )
    for district in districts:
        plan.add("team_assignment", team=at, district=At("district", district), from_date=plan.on(STARTED))
    for place in schools:
        plan.add("team_assignment", team=at, school=place.at, from_date=plan.on(STARTED))
    covered = [place for place in places if place.district in districts and place.managed_by != "city"] + list(schools)
    return Team(at, kind, people[0], people, tuple(place for place in covered if place.open))


def _new_person(dice, used, unit):
    """Nobody is in two teams."""
    while (person := names.person(dice, unit)) in used:
        pass
    used.add(person)
    return person


def add_visits(plan, teams, places, checkers):
    """Visits of every team, then hazards, then rechecks of the visits whose hazards are all closed."""
    dice = plan.dice("visits")
    buildings = _buildings_by_school(plan)
    visits = []
    for kind, count in VISITS.items():
        own = [team for team in teams if team.kind == kind]
        visits += [_visit(plan, dice, own[number % len(own)]) for number in range(count)]
    settled = []
    for visit in visits:
        row = plan.of("visit")[visit.at.row]
        if row["result"] in ("rectify", "stop_use", "notice"):
            rechecked = len(settled) < RECHECKS and visit.day < -12 and visit.team.kind != "special"
            found = [_hazard(plan, dice, visit, buildings, checkers, rechecked, at == 0) for at in range(dice.randint(1, 3))]
            if rechecked:
                settled.append((visit, max(found)))
    for visit, closed in settled:
        _recheck(plan, dice, visit, closed)
    _self_found(plan, dice, places, buildings, checkers)


def _buildings_by_school(plan):
    found = {}
    for at, row in enumerate(plan.of("damaged_building")):
        found.setdefault(row["school"], []).append(At("damaged_building", at))
    return found


def _visit(plan, dice, team):
    place, day = dice.choice(team.places), -dice.randint(1, 38)
    kind = "special" if team.kind == "special" else pick(dice, first=80, unannounced=20)
    result = pick(dice, **RESULTS)
    at = plan.add(
        "visit",
        **_visited(plan, dice, team, place, day),
        kind=kind,
        result=result,
        note=f"{place.tag}：查看校舍、食堂和值班室，{'情况良好' if result == 'passed' else '发现问题已登记隐患'}。",
        state="submitted" if day > -8 else "archived" if dice.random() < 0.6 else "submitted",
    )
    return Visited(at, team, place, day)


def _visited(plan, dice, team, place, day):
    return {
        "team": team.at,
        "school": place.at,
        "visited_on": plan.on(day),
        "scope": sorted(dice.sample(SCOPES, dice.randint(1, 3))),
        "submitted_at": f"{plan.on(day)} {dice.randint(14, 20)}:{dice.randint(0, 59):02d}",
    }


def _recheck(plan, dice, visit, closed):
    plan.add(
        "visit",
        **_visited(plan, dice, visit.team, visit.place, closed),
        kind="recheck",
        parent=visit.at,
        result="passed",
        note=f"{visit.place.tag}：上次发现的隐患已整改，复查通过。",
        state="submitted",
    )


def _hazard(plan, dice, visit, buildings, checkers, closed, owned):
    """A hazard of a visit; gives the day (from today) it was rechecked, or of the visit when it was not.

    A visit is submitted with a hazard that has its owner and date: `owned`.
    """
    state = "closed" if closed else pick(dice, **STATES | ({"registered": 0} if owned else {}))
    row = _found(plan, dice, visit.place, visit.day, buildings) | {"source": "team", "visit": visit.at}
    return _handled(plan, dice, visit.place, row, visit.day, state, checkers)


def _self_found(plan, dice, places, buildings, checkers):
    open_places = [place for place in places if place.open]
    chosen = [place for place in places if place.code.endswith("0001")]
    chosen += dice.sample(open_places, SELF_FOUND - len(chosen))
    for place in chosen:
        day = -dice.randint(2, 45)
        row = _found(plan, dice, place, day, buildings) | {"source": pick(dice, **OTHER_SOURCES)}
        _handled(plan, dice, place, row, day, pick(dice, **STATES), checkers)


def _found(plan, dice, place, day, buildings):
    kind = dice.choice(list(FINDINGS))
    own = buildings.get(place.at, [])
    level = pick(dice, minor=66, serious=26, major=8)
    return {
        "school": place.at,
        "building": dice.choice(own) if own and kind in ("building", "wall") else None,
        "kind": kind,
        "level": level,
        "found_on": plan.on(day),
        "description": f"{place.tag}：{FINDINGS[kind]}",
    }


def _handled(plan, dice, place, row, day, state, checkers):
    """The hazard with what its state calls for: an owner and a date, what was done, who rechecked it and how."""
    days = dice.randint(2, LIMITS[row["level"]])
    fixed = min(-1, day + dice.randint(1, 8))
    rechecked = min(0, fixed + dice.randint(1, 3))
    row |= {"state": state}
    if state != "registered":
        measure = MEASURES.get(row["kind"], MEASURE)
        row |= {"responsible": names.person(dice, place.tag), "measure": measure, "due_on": plan.on(day + days)}
    if state in ("recheck", "closed", "returned"):
        row |= {"fixed_on": plan.on(fixed), "fixed_note": f"{place.tag}：已按方案整改。"}
    if state in ("closed", "returned"):
        passed = state == "closed"
        row |= {
            "rechecked_on": plan.on(rechecked),
            "rechecker": checkers[place.district],
            "recheck_result": "passed" if passed else "failed",
        }
    plan.add("hazard", **row)
    return rechecked if state == "closed" else day
