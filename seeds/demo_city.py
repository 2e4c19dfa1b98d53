"""The demo city: a believable bureau in the days before term, with accounts for every role. All names are invented."""

from models.base import atomic
from models.errors import Conflict, say
from models.values import today
from seeds import care, damage, inspection, names, schools
from seeds.plan import At, Plan, load
from seeds.reference import HERE, every, read, reference
from services import accounts, query
from services.actor import SYSTEM
from services.policy import ROLES

SEED = 20210802
SINCE = -60


def demo(password, seed=SEED, day=None):
    """Fills an empty city and gives its accounts: [(user name, what it is)]. All or nothing.

    Conflict where there are schools or accounts already: demo accounts exist only in a demo database.
    """
    districts = read(HERE, "districts")
    plan = planned(districts, seed, day or today())
    with atomic():
        for register in ("school", "account"):
            if query.count(query.parse(register, SYSTEM)).value:
                raise Conflict(say("这里已经有学校或账号，演示数据只能装进空的数据库。"), code="not_empty")
        reference()
        ids = {record.values["code"]: record.id for record in every("district", "code")}
        made = load(plan, {"district": [ids[row["code"]] for row in districts]})
        accounts.give_passwords(made["account"], password, must_change=False)
    return _about(plan)


def _about(plan):
    """[(user name, role and unit)] of the plan's accounts."""
    found = []
    for row in plan.of("membership"):
        school = plan.of("school")[row["school"].row]["name"] if row["school"] else ""
        account = plan.of("account")[row["account"].row]
        found.append((account["username"], f"{ROLES[row['role']].zh} {account['name']} {school}".strip()))
    return found


def planned(districts, seed, day):
    """The whole city as a plan."""
    plan = Plan(seed, day)
    places = schools.add(plan, districts)
    schools.add_headcounts(plan, places)
    teams = inspection.add_teams(plan, districts, places)
    checkers = _accounts(plan, districts, places, teams)
    damage.add(plan, places)
    inspection.add_visits(plan, teams, places, checkers)
    care.add_boarders(plan, places)
    care.add_foreign(plan, places)
    return plan


def _accounts(plan, districts, places, teams):
    """An account for each role, district, and a school or more of each district; gives the districts' accounts."""
    dice = plan.dice("accounts")
    for role in ("city_admin", "city_clerk", "leader", "auditor"):
        _account(plan, role, names.person(dice, names.BUREAU), role)
    inspector = _account(plan, "inspector_1", teams[0].members[1], "inspector", team=teams[0].at)
    next(row for row in plan.of("team_member") if row["name"] == teams[0].members[1])["account"] = inspector
    checkers = [
        _account(plan, f"district_{row['code']}", names.person(dice, row["short"]), "district_clerk", district=At("district", at))
        for at, row in enumerate(districts)
    ]
    for place in _with_accounts(places):
        at = At("district", place.district)
        _account(plan, f"school_{place.code}", names.person(dice, place.tag), "school_reporter", district=at, school=place.at)
    return checkers


def _with_accounts(places):
    """The first school of each district, those that run classes of boarders, and two with foreign teachers."""
    first = [place for place in places if place.code.endswith("0001")]
    foreign = [place for place in places if place.foreign_kind != "none"][:2]
    return list({place.code: place for place in first + care.hosts(places) + foreign}.values())


def _account(plan, username, name, role, *, district=None, school=None, team=None):
    account = plan.add("account", username=username, name=name, district=district, school=school, active=True)
    plan.add("membership", account=account, role=role, district=district, school=school, team=team, from_date=plan.on(SINCE))
    return account
