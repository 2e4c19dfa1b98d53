"""Raw values that make a valid record of any register: from its declaration, and a small table where its rules ask for more."""

from contextlib import contextmanager
from datetime import timedelta

from models import registry
from models.fields import Attachment, Choice, Choices, Code, Date, DateTime, Number, Phone, Relation, Relations, Text, YesNo
from models.values import today

_made = 0

# What the rules of a register ask for beyond its required fields. A function is given the record's running number.
PARTIES = ("school", "community", "health", "police")
MORE = {
    "district": {"kind": "district"},
    "school": {"level": "complete", "managed_by": "district", "ownership": "public", "foreign_kind": "employs", "principal": None},
    "school_headcount": {"students": "500", "boarders": "80", "staff": "50", "teachers": "40"},
    "damaged_building": {"kind": "teaching", "area_m2": "800.50", "damage": "moderate", "found_on": "-200", "responsible": None},
    "appraisal": {"kind": "danger", "standard": "jgj125", "grade": "B", "appraised_on": lambda n: f"-{100 - n % 90}"},
    "rebuild_project": {"due_on": "+60", "budget_wan": "120.5", "responsible": None},
    "plan_doc": {"owner_kind": "school", "kind": "rebuilding", "made_on": "-30", "version_no": lambda n: str(n % 900 + 1)},
    "term_readiness": {"term": lambda n: f"{2021 + n // 4 % 70}第{n % 4}期{n}", "ability": "ready"},
    "inspection_team": {"kind": "comprehensive", "level": "county", "from_date": "-300", "lead": None},
    "team_member": {"phone": lambda n: f"1390000{n % 10_000:04d}", "from_date": "-300"},
    "team_assignment": {"from_date": "-300", "note": None},
    "visit": {"kind": "first", "scope": "safety", "result": "passed", "visited_on": lambda n: f"-{n % 60 + 1}", "note": None},
    "hazard": {"level": "minor", "source": "self_check", "found_on": "-20", "responsible": None},
    "inland_class": {"school_leader": None, "lead_teacher": None},
    "inland_student": {"stay_status": "at_school", "status_from": "-30", "welfare_teacher": None},
    "inland_daily": {"date": lambda n: f"-{n % 300}", "in_school": "40", "temp_checked": "40"},
    "foreign_teacher": {"location": "city", "location_from": "-30", "return_status": "at_work", "liaison": None},
    "foreign_contact": {"contacted_on": lambda n: f"-{n % 300}", "channel": "phone", "reached": "是"},
    "four_party_link": {"party": lambda n: PARTIES[n % 4], "phone": lambda n: f"0371-6000{n % 10_000:04d}"},
    "membership": {"role": "leader", "from_date": "-300"},
    "role_grant": {"role": "auditor", "register": lambda n: f"r{n}", "actions": "view", "rows": "self"},
}


def make(register_name, /, *, tag="", **over):
    """Raw values of a valid new record: what is required, in the key or in MORE; `over` replaces or adds, None leaves out.

    `tag` begins every text, so that a leak of the record is seen in any page. Relations are the caller's: ids in `over`.
    """
    global _made
    _made += 1
    register, number = registry.get(register_name), _made
    more = MORE.get(register_name, {})
    values = {}
    for field in register.live:
        if field.name in over:
            values[field.name] = over[field.name]
        elif field.readonly or isinstance(field, (Attachment, Relation, Relations)):
            continue
        elif callable(more.get(field.name)):
            values[field.name] = _said(field, more[field.name](number))
        elif more.get(field.name) is not None:
            values[field.name] = _said(field, more[field.name])
        elif isinstance(field, Date) and field.name in register.key:
            values[field.name] = day(-(number % 9000) - 1)
        elif field.required or field.name in more or (field.name in register.key and not getattr(field, "make", "")):
            values[field.name] = sample(field, number, tag)
    unknown = set(over) - set(register.by_name)
    assert not unknown, f"{register_name} has no {unknown}"
    return {name: value for name, value in values.items() if value is not None}


def made():
    """How many records were made so far: the running number of the last."""
    return _made


@contextmanager
def numbered_from(number):
    """Records made inside are numbered on from here, so that a test makes the same ones whatever ran before it."""
    global _made
    before, _made = _made, number
    try:
        yield
    finally:
        _made = max(before, _made)


def _said(field, text):
    """Days are said from today on: -30 is a month ago."""
    return day(int(text)) if isinstance(field, Date) else text


def day(days):
    """The day so many days from today, as typed."""
    return (today() + timedelta(days=days)).isoformat()


def sample(field, number, tag=""):
    """A raw value that the field takes."""
    if isinstance(field, Code):
        return f"K{number:04d}"[: field.max_length]
    if isinstance(field, Phone):
        return f"1380000{number:04d}"
    if isinstance(field, Text):
        return f"{tag}{field.label}{number}"[-field.max_length :]
    if isinstance(field, YesNo):
        return "是"
    if isinstance(field, Choices):
        return [field.options[0].code]
    if isinstance(field, Choice):
        return field.options[0].code
    if isinstance(field, Number):
        return str(max(1, int(float(field.min or 0))))
    if isinstance(field, Date):
        return day(-(number % 300) - 1)
    if isinstance(field, DateTime):
        return f"{day(-1)} 08:30"
    raise AssertionError(f"no sample for {field.type}")
