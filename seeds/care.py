"""The demo city's care registers: classes of boarders, daily counts, foreign teachers and whom they can turn to."""

from seeds import names
from seeds.plan import pick

HOSTS = 6
CLASSES = (("tibet", "prep"), ("tibet", "senior_1"), ("xinjiang", "senior_1"), ("xinjiang", "senior_2"), ("xinjiang", "senior_3"))
YEARS = {"prep": "预科", "senior_1": "高一", "senior_2": "高二", "senior_3": "高三"}
PER_CLASS = (30, 42)
DAYS = 14
STAYS = {"at_school": 32, "home": 52, "travelling": 6, "returned": 9, "other": 1}
FOREIGN_TEACHERS = 62
POSTS = ("英语教师", "外语教研员", "国际课程教师", "口语教师")
PURPOSES = ("health", "policy", "daily_life", "return_plan")
PARTIES = {"school": "外事联络室", "community": "社区服务站", "health": "卫健联络组", "police": "派出所值班室"}


def hosts(places):
    """The schools that run classes of boarders: city-run senior schools."""
    return [place for place in places if place.managed_by == "city" and place.level in ("senior", "complete") and place.open][
        :HOSTS
    ]


def add_boarders(plan, places):
    """Two or three classes at each host, their students, and two weeks of daily counts with a gap here and there."""
    dice = plan.dice("boarders")
    for school, place in enumerate(hosts(places), 1):
        offset = school % len(CLASSES)
        for number in range(1, 3 + school % 2):
            kind, grade = CLASSES[(offset + number) % len(CLASSES)]
            leader = names.person(dice, place.tag)
            teacher = names.person(dice, place.tag)
            inland_class = plan.add(
                "inland_class",
                school=place.at,
                name=f"{YEARS[grade]}（{number}）班",
                class_type=kind,
                grade=grade,
                school_leader=leader,
                lead_teacher=teacher,
                active=True,
            )
            stays = [
                _student(plan, dice, place, inland_class, f"NB{school:02d}{number:02d}{seat:02d}")
                for seat in range(1, dice.randint(*PER_CLASS) + 1)
            ]
            _days(plan, dice, inland_class, stays.count("at_school") + stays.count("returned"))


def _student(plan, dice, place, inland_class, code):
    stay = pick(dice, **STAYS)
    since = -dice.randint(3, 24)
    plan.add(
        "inland_student",
        code=code,
        inland_class=inland_class,
        name=names.person(dice, place.tag) if dice.random() < 0.9 else None,
        stay_status=stay,
        status_from=plan.on(since),
        planned_return_on=plan.on(dice.randint(1, 12)) if stay in ("home", "travelling") and dice.random() < 0.8 else None,
        welfare_teacher=names.person(dice, place.tag),
        last_welfare_on=plan.on(max(since, -dice.choice((0, 1, 2, 3, 4, 5, 6, 9, 12)))),
        note="去向和返校日期由学校联系确认。" if stay == "other" else None,
    )
    return stay


def _days(plan, dice, inland_class, people):
    for day in range(-DAYS, 1):
        if not people or dice.random() < 0.06:
            continue
        abnormal = int(dice.random() < 0.03)
        plan.add(
            "inland_daily",
            inland_class=inland_class,
            date=plan.on(day),
            in_school=people,
            temp_checked=people,
            temp_abnormal=abnormal,
            tested=people if day % 3 == 0 else 0,
            counselled=dice.randint(0, 3),
            disinfected=dice.random() < 0.97,
            submitted_at=f"{plan.on(day)} 08:{dice.randint(0, 59):02d}" if day < 0 else None,
        )


def add_foreign(plan, places):
    """Foreign teachers of the schools that have them, how often they were reached, the four parties of each school."""
    dice = plan.dice("foreign")
    schools = [place for place in places if place.foreign_kind != "none"]
    for number in range(FOREIGN_TEACHERS):
        _teacher(plan, dice, schools[number % len(schools)], number + 1)
    for place in schools:
        for party, post in PARTIES.items():
            if dice.random() < 0.93:
                plan.add(
                    "four_party_link",
                    school=place.at,
                    party=party,
                    contact_post=f"{place.tag}{post}",
                    phone=f"0371-{dice.randint(60000000, 69999999)}",
                    confirmed_on=plan.on(-dice.choice((1, 3, 6, 10, 15, 22, 28, 41))),
                )


def _teacher(plan, dice, place, number):
    location = pick(dice, city=58, china=8, abroad=34)
    left = dice.random() < 0.05
    status = "left" if left else "at_work" if location == "city" else pick(dice, deferred=70, arranged=30)
    contacts = sorted({-dice.randint(1, 40) for _ in range(dice.randint(2, 6))})
    at = plan.add(
        "foreign_teacher",
        code=f"WJ{number:04d}",
        name=names.foreign_person(dice, place.tag),
        school=place.at,
        post=dice.choice(POSTS),
        location=location,
        location_from=plan.on(-dice.randint(45, 160)),
        return_status=status,
        liaison=names.person(dice, place.tag),
        last_contact_on=plan.on(contacts[-1]),
        contract_end_on=plan.on(dice.randint(-20, 500)),
        left_on=plan.on(-dice.randint(3, 30)) if left else None,
    )
    for day in contacts:
        plan.add(
            "foreign_contact",
            foreign_teacher=at,
            contacted_on=plan.on(day),
            channel=pick(dice, in_person=20, phone=30, wechat=40, email=10)
            if location == "city"
            else pick(dice, wechat=70, email=30),
            purpose=dice.choice(PURPOSES),
            reached=day == contacts[-1] or dice.random() < 0.93,
        )
