"""The test city: two districts, five schools (one of them run by the city), rows of every register for each, people of every role.

Every text of a row begins with the tag of its own unit, so that a row shown to the wrong person is seen at a glance.
"""

from dataclasses import dataclass, field

from models import registry
from models.fields import Relation
from models.journal import Credential
from models.values import now
from seeds import grants
from services import actor as actors, audit, definitions, passwords, records
from services.actor import SYSTEM
from tests.actors import PASSWORD, PEOPLE
from tests.factories import day, made, make
from tests.made import MADE, WISH

DISTRICTS = {"a": ("410191", "青禾区"), "b": ("410192", "松泉区")}
# school: (district, who runs it, tag)
SCHOOLS = {
    "a1": ("a", "district", "青禾一"),
    "a2": ("a", "district", "青禾二"),
    "ax": ("a", "city", "青禾直"),
    "b1": ("b", "district", "松泉一"),
    "b2": ("b", "district", "松泉二"),
}
CITY_RUN = "ax"
TAGS = {"": "市局", "a": "青禾局", "b": "松泉局"} | {key: tag for key, (_, _, tag) in SCHOOLS.items()}
PER_SCHOOL = (
    "school_headcount",
    "damaged_building",
    "appraisal",
    "rebuild_project",
    "plan_doc",
    "term_readiness",
    "visit",
    "hazard",
    "inland_class",
    "inland_student",
    "inland_daily",
    "foreign_teacher",
    "foreign_contact",
    "four_party_link",
    MADE.name,
)
EACH = 3
PARAMETERS = (("隐患限时（重大）", "7", "天"), ("开学前驻地天数", "14", "天"), ("健康监测天数", "14", "天"))


@dataclass
class City:
    """Ids of everything by register and unit ("a1" a school, "a" a district, "" the city); `trashed` those in the trash.

    `numbered` is the running number of the last record made for it.
    """

    rows: dict = field(default_factory=dict)
    trashed: dict = field(default_factory=dict)
    accounts: dict = field(default_factory=dict)
    change_sets: dict = field(default_factory=dict)
    numbered: int = 0

    def id(self, register, unit, at=0):
        return self.rows[register][unit][at]

    def school(self, unit):
        return self.rows["school"][unit][0]

    def district(self, unit):
        return self.rows["district"][unit[:1]][0]

    def actor(self, name, **context):
        """The person as the app knows him now."""
        return actors.load(self.accounts[name], **context)

    def pick(self, register, unit):
        """A record of this unit to point at: its own, else its district's, else the city's."""
        found = self.rows.get(register, {})
        keys = (unit, "" if unit == CITY_RUN else unit[:1], "")
        return next((found[key][0] for key in keys if found.get(key)), None)

    def new(self, register_name, unit, /, **over):
        """Raw values of a valid new record of a unit, its required relations filled."""
        for part in registry.get(register_name).live:
            if isinstance(part, Relation) and part.name not in over and (part.required or _gives_scope(register_name, part, unit)):
                over[part.name] = self.pick(part.to, unit)
        return make(register_name, tag=TAGS[unit], **over)

    def add(self, register_name, unit, /, **over):
        """Such a record, made by the app itself; gives its id."""
        return records.create_many(register_name, SYSTEM, [self.new(register_name, unit, **over)])[0]

    def keep(self, register_name, unit, /, *ids):
        self.rows.setdefault(register_name, {}).setdefault(unit, []).extend(ids)

    def fill(self, register_name, unit, count=EACH, /, **over):
        rows = [self.new(register_name, unit, **over) for _ in range(count)]
        self.keep(register_name, unit, *records.create_many(register_name, SYSTEM, rows))


def _gives_scope(register_name, part, unit):
    """Whether a school's row has its unit from this relation, though it need not be filled."""
    return len(unit) > 1 and part.to == "school" and part in registry.get(register_name).scope_relations


def build():
    """Fills a migrated, empty database."""
    city = City()
    records.create_many("role_grant", SYSTEM, grants.rows())
    definitions.publish(SYSTEM, None, WISH, 0)
    city.fill("role_grant", "", 1)
    for key, value, unit in PARAMETERS:
        city.keep("parameter", "", city.add("parameter", "", key=key, value=value, unit=unit, effective_from="2021-08-02"))
    for key, (code, name) in DISTRICTS.items():
        city.fill("district", key, 1, code=code, name=name)
    for key, (district, run_by, tag) in SCHOOLS.items():
        city.fill("school", key, 1, name=f"{tag}中学", district=city.district(district), managed_by=run_by)
    _teams(city)
    for unit in SCHOOLS:
        for register in PER_SCHOOL:
            named = {"name": f"{TAGS[unit]}姓名"} if register == "inland_student" else {}
            named = {"keeper": f"{TAGS[unit]}值守"} if register == MADE.name else named
            city.fill(register, unit, **named)
    _people(city)
    _spares(city)
    _acts(city)
    _trash(city)
    city.numbered = made()
    return city


def _teams(city):
    for key, level in (("a", "county"), ("b", "county"), ("", "city")):
        unit = {"district": city.district(key)} if key else {}
        city.fill("inspection_team", key, 1, level=level, **unit)
        city.fill("team_member", key)
    # A district's team takes the district, hence its own schools; the city-run school there is taken by the city's team.
    city.fill("team_assignment", "a", 1, district=city.district("a"))
    city.fill("team_assignment", "b", 1, district=city.district("b"))
    city.fill("team_assignment", "", 1, school=city.school("ax"))
    for key in ("a", "b", ""):
        school = city.school({"a": "a2", "b": "b2", "": "b2"}[key])
        ended = [city.add("team_assignment", key, school=school, from_date=day(-400 - at), to_date=day(-350)) for at in range(2)]
        city.keep("team_assignment", key, *ended)


def _people(city):
    password_hash = passwords.hashed(PASSWORD)
    for person in PEOPLE:
        unit = _unit(city, person.unit)
        id = city.add("account", person.unit, username=person.name, name=f"{TAGS[person.unit]}{person.name}", **unit)
        city.accounts[person.name] = id
        city.keep("account", person.unit, id)
        Credential.create(account_id=id, password_hash=password_hash, must_change=False, changed_at=now())
        for role, at, team in person.roles:
            held = _unit(city, at) | ({"team": city.pick("inspection_team", team)} if team else {})
            city.keep("membership", person.unit, city.add("membership", person.unit, account=id, role=role, **held))


def _unit(city, unit):
    found = {"district": city.district(unit)} if unit else {}
    return found | ({"school": city.school(unit)} if len(unit) > 1 else {})


def _spares(city):
    """Accounts nobody uses, so that every unit has some to be looked at and changed."""
    for unit in ("a1", "a2", "ax", "b1", "b2"):
        for at in range(2):
            id = city.add("account", unit, username=f"spare_{unit}_{at}", **_unit(city, unit))
            city.keep("account", unit, id)
            if at == 0:
                city.keep("membership", unit, city.add("membership", unit, account=id, role="school_reporter", **_unit(city, unit)))


def _acts(city):
    """Something everybody did, so that the logs are not empty."""
    for name in city.accounts:
        audit.log(city.actor(name), "login", detail=f"{name}登录")
    for name, unit in (("school_a", "a1"), ("school_b", "b1"), ("district_a", "a2"), ("district_b", "b2"), ("city_clerk", "ax")):
        change = {"note": f"{TAGS[unit]}已核对"}
        saved = records.update("damaged_building", city.actor(name), city.id("damaged_building", unit), change, version=1)
        city.change_sets[name] = saved.change_set


def _trash(city):
    """The last row of one unit in each district goes to the trash; nobody points at it."""
    for register in (*PER_SCHOOL, "team_member", "team_assignment"):
        for unit in [unit for unit in ("a", "b", "a1", "b1") if unit in city.rows[register]]:
            id = city.rows[register][unit].pop()
            records.delete(register, SYSTEM, id, version=None, reason=f"{TAGS[unit]}重复登记")
            city.trashed.setdefault(register, {}).setdefault(unit, []).append(id)
