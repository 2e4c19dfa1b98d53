"""Rows of the care registers for trials of scale: classes, boarders by code, foreign teachers. All invented."""

from datetime import timedelta

from seeds import big_rows, care, names
from seeds.plan import pick


def classes(ground, dice, start, count):
    hosts = [school for school in ground.schools if school.values["level"] in ("senior", "complete")]
    for number in range(start, start + count if hosts else start):
        school = hosts[number % len(hosts)]
        kind, grade = dice.choice(care.CLASSES)
        yield {
            "school": school.id,
            "name": f"{care.YEARS[grade]}（{number}）班",
            "class_type": kind,
            "grade": grade,
            "school_leader": names.anyone(dice),
            "lead_teacher": names.anyone(dice),
        }


def students(ground, dice, start, count):
    for at, (inland_class, _), _ in big_rows.by_day(ground.made.get("inland_class", []), ground.day, count):
        stay = pick(dice, at_school=60, home=40)
        yield {
            "code": f"GMX{start + at:08d}",
            "inland_class": inland_class,
            "stay_status": stay,
            "status_from": ground.day - timedelta(days=dice.randint(5, 60)),
            "last_welfare_on": ground.day - timedelta(days=dice.randint(0, 4)),
        }


def care_days(ground, dice, start, count):
    for _, (inland_class, _), day in big_rows.by_day(ground.made.get("inland_class", []), ground.day, count):
        people = dice.randint(10, 40)
        yield {
            "inland_class": inland_class,
            "date": day,
            "in_school": people,
            "temp_checked": people,
            "temp_abnormal": 0,
            "tested": 0,
            "counselled": dice.randint(0, 3),
            "disinfected": True,
        }


def foreign_teachers(ground, dice, start, count):
    staffed = [school for school in ground.schools if school.values["foreign_kind"] not in (None, "none")]
    for number in range(start, start + count if staffed else start):
        school = staffed[number % len(staffed)]
        yield {
            "code": f"GMW{number:07d}",
            "name": names.foreign_person(dice, school.tag),
            "school": school.id,
            "post": dice.choice(care.POSTS),
            "location": "city",
            "location_from": ground.day - timedelta(days=dice.randint(30, 300)),
            "return_status": "at_work",
            "liaison": names.anyone(dice),
        }


def contacts(ground, dice, start, count):
    for _, (teacher, _), day in big_rows.by_day(ground.made.get("foreign_teacher", []), ground.day, count):
        yield {
            "foreign_teacher": teacher,
            "contacted_on": day,
            "channel": pick(dice, in_person=30, phone=30, wechat=40),
            "purpose": dice.choice(care.PURPOSES),
            "reached": True,
        }


def links(ground, dice, start, count):
    """Only at schools of this run: four rows a school is all there can be."""
    new = {id for id, _ in ground.made.get("school", ())}
    staffed = [school for school in ground.schools if school.id in new and school.values["foreign_kind"] in big_rows.STAFFED]
    for _, (school, party) in zip(range(count), [(school, party) for school in staffed for party in care.PARTIES], strict=False):
        yield {
            "school": school.id,
            "party": party,
            "contact_post": care.PARTIES[party],
            "phone": f"0371-{dice.randint(60000000, 69999999)}",
            "confirmed_on": ground.day - timedelta(days=dice.randint(1, 60)),
        }
