"""The behaviours that built-in declarations name: what a condition cannot say because it asks other records.

Every check answers whether the rule holds; the id in its docstring is the system of the bureau's that asks for it.
"""

from datetime import timedelta

from models import registry, tables
from models.base import alone
from models.errors import Fault, Invalid, say
from models.journal import Change, Link
from models.values import now, today
from services import policy, sessions, writer
from services.behaviours import checks, effects, fills

CITY_RUN = "市直"
JUMP = 0.2
MOST_VISITS_A_DAY = 12
LARGEST = {"kindergarten": 1500, "primary": 6000, "junior": 6000, "nine_year": 8000, "senior": 9000, "complete": 9000}
AUTHORITIES = {"city_admin", "city_clerk", "district_clerk", "inspector"}
STAYS = {
    "at_school": {"at_school", "travelling", "other"},
    "travelling": {"at_school", "travelling", "home", "returned", "other"},
    "home": {"travelling", "home", "other"},
    "returned": {"at_school", "travelling", "returned", "other"},
    "other": {"at_school", "travelling", "home", "returned", "other"},
}
RANK = "ABCD"


def live(name):
    """(model, its rows that are not in the trash)"""
    model = tables.model(name)
    return model, model.select().where(model.deleted_at.is_null())


def one(name, id):
    """A live row by id, or None."""
    model, rows = live(name)
    return rows.where(model.id == id).first() if isinstance(id, int) else None


def others(checked, name=None):
    """(model, live rows of the checked record's register without the record itself)"""
    model, rows = live(name or checked.register.name)
    return model, rows.where(model.id != checked.record_id) if checked.record_id else rows


def overlapping(model, values):
    """Rows whose period shares a day with the checked one."""
    start, end = values.get("from_date"), values.get("to_date")
    found = model.f_to_date.is_null() | (model.f_to_date >= start)
    return found & (model.f_from_date <= end) if end else found


# -- schools -------------------------------------------------------------------------------------------------------------


@fills("school_bucket")
def school_bucket(register, rows):
    """统计口径: 市直 for city-run schools, else the district's name (S001)."""
    ids = {values.get("district") for values in rows if values.get("managed_by") != "city"}
    model = tables.model("district")
    names = dict(model.select(model.id, model.f_name).where(model.id.in_([id for id in ids if isinstance(id, int)])).tuples())
    for values in rows:
        values["bucket"] = CITY_RUN if values.get("managed_by") == "city" else names.get(values.get("district"))


@checks("no_duplicate_name")
def no_duplicate_name(checked):
    """One district has no two schools of one name (S001)."""
    model, rows = others(checked)
    values = checked.values
    return not rows.where((model.f_name == values.get("name")) & (model.f_district == values.get("district"))).exists()


@checks("no_damage_buildings")
def no_damage_buildings(checked):
    """A school attested undamaged has no damaged building that is still open (S066)."""
    model, rows = live("damaged_building")
    return not rows.where((model.f_school == checked.record_id) & (model.f_state != "closed")).exists()


@checks("close_school_open_items")
def close_school_open_items(checked):
    """A school that closes has no open hazards or damaged buildings (S001)."""
    hazard, hazards = live("hazard")
    mine = (hazard.f_school == checked.record_id) & (hazard.f_state != "closed")
    return no_damage_buildings(checked) and not hazards.where(mine).exists()


@checks("foreign_school")
def foreign_school(checked):
    """Foreign teachers work at schools of a foreign kind only, and such a school stays one while they do (S012, S013)."""
    if checked.register.name == "foreign_teacher":
        school = one("school", checked.values.get("school"))
        return school is not None and school.f_foreign_kind not in (None, "none")
    model, rows = live("foreign_teacher")
    return not rows.where(
        (model.f_school == checked.record_id) & model.f_left_on.is_null() & (model.f_return_status != "left")
    ).exists()


def latest_headcount(checked):
    model, rows = others(checked)
    earlier = rows.where((model.f_school == checked.values.get("school")) & (model.f_as_of < checked.values.get("as_of")))
    return earlier.order_by(model.f_as_of.desc()).first()


@checks("headcount_jump")
def headcount_jump(checked):
    """Students moved by at most 20 % since the last count (S002)."""
    if checked.values.get("as_of") is None:
        return True
    last, students = latest_headcount(checked), checked.values.get("students")
    return (
        not last
        or not last.f_students
        or not isinstance(students, int)
        or abs(students - last.f_students) <= JUMP * last.f_students
    )


@checks("headcount_parts")
def headcount_parts(checked):
    """Teachers and support staff are part of the staff (S002)."""
    parts = [checked.values.get(name) for name in ("teachers", "support_staff", "staff")]
    return not all(isinstance(part, int) for part in parts) or parts[0] + parts[1] <= parts[2]


@checks("headcount_size")
def headcount_size(checked):
    """No kindergarten has 3,200 children (S002, bad input)."""
    school, students = one("school", checked.values.get("school")), checked.values.get("students")
    return not school or not isinstance(students, int) or students <= LARGEST.get(school.f_level, 60_000)


# -- buildings -----------------------------------------------------------------------------------------------------------


@effects("grade_from_appraisals")
def grade_from_appraisals(work, register, ids):
    """The building's grade: the worst JGJ 125 A–D in force. In force is the latest per standard and kind that is not void
    (in the trash) and not past its date. The app records what an agency graded and never computes a grade.
    """
    model = tables.model("appraisal")
    buildings = {id for (id,) in model.select(model.f_damaged_building).where(model.id.in_(ids)).tuples()}
    # An appraisal put under another building no longer counts for the one it stood under.
    left = Change.select(Change.old).where(
        (Change.change_set == work.change_set) & (Change.register == "appraisal") & (Change.field_id == "damaged_building")
    )
    buildings |= {int(old) for (old,) in left.tuples() if old}
    grade_buildings(work, sorted(buildings))


def grade_buildings(work, building_ids):
    model, rows = live("appraisal")
    found = {}
    for at in range(0, len(building_ids), 500):
        part = rows.where(model.f_damaged_building.in_(building_ids[at : at + 500])).order_by(model.f_appraised_on, model.id)
        for row in part:
            found.setdefault(row.f_damaged_building, {})[(row.f_standard, row.f_kind)] = row
    full = registry.get("damaged_building")
    for id in building_ids:
        inforce = [
            row
            for row in found.get(id, {}).values()
            if row.f_standard == "jgj125" and row.f_grade and (row.f_valid_until is None or row.f_valid_until >= today())
        ]
        worst = max(inforce, key=lambda row: RANK.index(row.f_grade), default=None)
        values = {
            "grade": worst.f_grade if worst else None,
            "appraised_on": worst.f_appraised_on if worst else None,
            "appraiser": worst.f_agency if worst else None,
        }
        if worst:
            values["appraisal_state"] = "done"
        row, old = writer.fetch(full, id)
        if any(old[name] != value for name, value in values.items()):
            writer.update(full.name, work, id, values, version=row["version"], by_app=True)


@checks("appraised_after_found")
def appraised_after_found(checked):
    """No appraisal lies before the damage was found (S067)."""
    building = one("damaged_building", checked.values.get("damaged_building"))
    day = checked.values.get("appraised_on")
    return not building or not building.f_found_on or not day or day >= building.f_found_on


@checks("progress_falls")
def progress_falls(checked):
    """Progress does not go down without a reason (S068)."""
    before, after = checked.old.get("progress"), checked.values.get("progress")
    return before is None or after is None or after >= before


@checks("one_live_project")
def one_live_project(checked):
    """A project's buildings are of its school, and in no other project that is still open (S068)."""
    wanted = checked.values.get("buildings") or ()
    building, buildings = live("damaged_building")
    if buildings.where(building.id.in_(wanted) & (building.f_school != checked.values.get("school"))).exists():
        return False
    model, projects = others(checked)
    open_ones = projects.where(model.f_state != "accepted").select(model.id)
    linked = (Link.register == "rebuild_project") & (Link.field_id == "buildings") & Link.target_id.in_(wanted)
    return not Link.select().where(linked & Link.record_id.in_(open_ones)).exists()


@effects("project_closes_buildings")
def project_closes_buildings(work, register, ids):
    """An accepted project closes its buildings (S068: 已验收 sets buildings to 销号)."""
    model, rows = live("rebuild_project")
    for project in rows.where(model.id.in_(ids) & (model.f_state == "accepted")):
        linked = (Link.register == "rebuild_project") & (Link.field_id == "buildings") & (Link.record_id == project.id)
        for (id,) in Link.select(Link.target_id).where(linked).tuples():
            row, old = writer.fetch(registry.get("damaged_building"), id)
            if old["state"] != "closed" and row["deleted_at"] is None:
                values = {"state": "closed", "progress": 100, "accepted_on": old["accepted_on"] or today()}
                writer.update("damaged_building", work, id, values, version=row["version"], by_app=True)


@checks("host_ready")
def host_ready(checked):
    """The school that takes pupils in can open itself and is another one (S073)."""
    values = checked.values
    if values.get("host_school") == values.get("school"):
        return False
    model, rows = live("term_readiness")
    host = rows.where((model.f_school == values.get("host_school")) & (model.f_term == values.get("term"))).first()
    return host is None or host.f_ability == "ready"


# -- inspection ----------------------------------------------------------------------------------------------------------


@checks("visit_assigned")
def visit_assigned(checked):
    """A visit's school is assigned to its team that day; a special visit is a special team's (S110)."""
    values = checked.values
    if not checked.changed & {"team", "school", "kind", "visited_on"} or not values.get("team") or not values.get("school"):
        return True
    team = one("inspection_team", values["team"])
    if values.get("kind") == "special" and (team is None or team.f_kind != "special"):
        return False
    assigned = policy.assigned_schools(values["team"], values.get("visited_on") or today())
    return assigned.where(assigned.model.id == values["school"]).exists()


@checks("recheck_parent")
def recheck_parent(checked):
    """A re-inspection names an earlier visit to the same school (S111)."""
    parent = one("visit", checked.values.get("parent"))
    return parent is not None and parent.f_school == checked.values.get("school") and parent.id != checked.record_id


@checks("visit_result_hazards")
def visit_result_hazards(checked):
    """限期整改 comes with a hazard that has an owner and a date; 停用 with a hazard or a building out of use (S110)."""
    if checked.record_id is None:
        return False
    model, rows = live("hazard")
    owned = model.f_responsible.is_null(False) & model.f_due_on.is_null(False)
    if rows.where((model.f_visit == checked.record_id) & owned).exists():
        return True
    building, buildings = live("damaged_building")
    stopped = (building.f_school == checked.values.get("school")) & (building.f_use_state != "in_use")
    return checked.values.get("result") == "stop_use" and buildings.where(stopped).exists()


@checks("passed_with_major_hazard")
def passed_with_major_hazard(checked):
    """合格 while a major hazard is open asks for a reason (S110, bad input)."""
    model, rows = live("hazard")
    open_major = (model.f_school == checked.values.get("school")) & (model.f_level == "major") & (model.f_state != "closed")
    return not rows.where(open_major).exists()


@checks("visits_per_day")
def visits_per_day(checked):
    """Forty visits by one team in a day are not visits (S110, bad input)."""
    model, rows = others(checked)
    same = (model.f_team == checked.values.get("team")) & (model.f_visited_on == checked.values.get("visited_on"))
    return rows.where(same).count() < MOST_VISITS_A_DAY


@checks("team_members")
def team_members(checked):
    """A team's lead is among its members, of whom there are two at least (S109)."""
    if checked.record_id is None:
        return True
    model, rows = live("team_member")
    names = [row.f_name for row in rows.where((model.f_team == checked.record_id) & model.f_to_date.is_null())]
    return len(names) >= 2 and checked.values.get("lead") in names


@checks("member_overlap")
def member_overlap(checked):
    """One member's periods in two teams do not overlap without a reason (S109)."""
    values = checked.values
    if not values.get("from_date"):
        return True
    model, rows = others(checked)
    person = model.f_account == values["account"] if values.get("account") else model.f_name == values.get("name")
    return not rows.where(person & (model.f_team != values.get("team")) & overlapping(model, values)).exists()


@checks("assignment_overlap")
def assignment_overlap(checked):
    """A district or school has one team of a kind at a time (S109, S112)."""
    values, team = checked.values, one("inspection_team", checked.values.get("team"))
    if team is None or not values.get("from_date"):
        return True
    model, rows = others(checked)
    kind, teams = live("inspection_team")
    same_kind = teams.where((kind.f_kind == team.f_kind) & (kind.id != team.id)).select(kind.id)
    if values.get("school"):
        unit = model.f_school == values["school"]
    else:
        unit = (model.f_district == values.get("district")) & model.f_school.is_null()
    return not rows.where(unit & model.f_team.in_(same_kind) & overlapping(model, values)).exists()


@checks("assignment_in_district")
def assignment_in_district(checked):
    """A district's team takes units of that district only (S112)."""
    team = one("inspection_team", checked.values.get("team"))
    if team is None or team.f_district is None:
        return True
    school = one("school", checked.values.get("school"))
    units = {checked.values.get("district"), school.f_district if school else None} - {None}
    return units <= {team.f_district}


@fills("keep_first_due")
def keep_first_due(register, rows):
    """A hazard's first deadline is kept when the deadline is put off (S100)."""
    for values in rows:
        if values.get("first_due_on") is None:
            values["first_due_on"] = values.get("due_on")


@checks("major_hazard_due")
def major_hazard_due(checked):
    """A major hazard is due within the days of the parameter 隐患限时(重大), 7 unless set (S100)."""
    due, found = checked.values.get("due_on"), checked.values.get("found_on")
    return not due or not found or due <= found + timedelta(days=parameter("隐患限时（重大）", 7))


def parameter(key, default):
    """The number a parameter has today."""
    model, rows = live("parameter")
    row = rows.where((model.f_key == key) & (model.f_effective_from.is_null() | (model.f_effective_from <= today()))).order_by(
        model.f_effective_from.desc()
    )
    found = row.first()
    return int(found.f_value) if found and str(found.f_value).isdecimal() else default


@checks("closes_by_authority")
def closes_by_authority(checked):
    """Nobody closes his own item; a major hazard is closed by a district or a team (S100)."""
    if checked.actor.system:
        return True
    if checked.values.get("responsible") == checked.actor.name:
        return False
    return checked.values.get("level") != "major" or bool(checked.actor.roles & AUTHORITIES)


@checks("same_school")
def same_school(checked):
    """A hazard's building and visit are of its school."""
    for name, register in (("building", "damaged_building"), ("visit", "visit")):
        row = one(register, checked.values.get(name))
        if row is not None and row.f_school != checked.values.get("school"):
            return False
    return True


RECTIFICATION = {
    "responsible", "measure", "due_on", "first_due_on", "fixed_on", "fixed_note", "fixed_photo", "state", "photo",
}  # fmt: skip


@checks("reporter_rectifies")
def reporter_rectifies(checked):
    """A school reports its self-checks and rectifies what others found; it does not rewrite their findings (DESIGN §1)."""
    actor = checked.actor
    if actor.system or actor.roles & AUTHORITIES:
        return True
    if not checked.old:
        return checked.values.get("source") == "self_check" and not checked.values.get("visit")
    return checked.old.get("source") == "self_check" or checked.changed <= RECTIFICATION


# -- care ----------------------------------------------------------------------------------------------------------------


@checks("class_school_level")
def class_school_level(checked):
    """Only senior and complete secondary schools run Xinjiang and Tibet classes (S011)."""
    school = one("school", checked.values.get("school"))
    return school is None or school.f_level in ("senior", "complete")


@checks("stay_transition")
def stay_transition(checked):
    """留校⇄返程途中⇄回原籍, 返程途中→已返校, any→其他 (S011)."""
    before, after = checked.old.get("stay_status"), checked.values.get("stay_status")
    return before is None or before == after or after in STAYS.get(before, {after})


@checks("student_one_class")
def student_one_class(checked):
    """A student, known by the school's code, is in one class (S011)."""
    model, rows = others(checked)
    code = checked.values.get("code")
    return not rows.where((model.f_code == code) & (model.f_inland_class != checked.values.get("inland_class"))).exists()


@fills("stamp_submitted")
def stamp_submitted(register, rows):
    """When a row was reported: its first saving."""
    for values in rows:
        if values.get("submitted_at") is None:
            values["submitted_at"] = now()


@effects("last_contact")
def last_contact(work, register, ids):
    """A teacher's last contact is the latest in which he was reached (S012)."""
    model, rows = live("foreign_contact")
    teachers = [
        id for (id,) in tables.model("foreign_contact").select(model.f_foreign_teacher).where(model.id.in_(ids)).distinct().tuples()
    ]
    full = registry.get("foreign_teacher")
    for id in teachers:
        latest = (
            rows.where((model.f_foreign_teacher == id) & (model.f_reached == True)).order_by(model.f_contacted_on.desc()).first()
        )
        row, old = writer.fetch(full, id)
        if latest and (old["last_contact_on"] is None or latest.f_contacted_on > old["last_contact_on"]):
            writer.update(full.name, work, id, {"last_contact_on": latest.f_contacted_on}, version=row["version"], by_app=True)


@checks("same_phone")
def same_phone(checked):
    """The four parties are four telephones (S014, bad input)."""
    model, rows = others(checked)
    return not rows.where(
        (model.f_school == checked.values.get("school")) & (model.f_phone == checked.values.get("phone"))
    ).exists()


# -- accounts ------------------------------------------------------------------------------------------------------------


@checks("school_in_district")
def school_in_district(checked):
    """An account's school lies in the account's district."""
    school = one("school", checked.values.get("school"))
    return school is None or school.f_district == checked.values.get("district")


@checks("within_own_powers")
def within_own_powers(checked):
    """A district clerk keeps accounts of the district's own schools' reporters, and nobody his own rights (DESIGN §1)."""
    actor, values = checked.actor, checked.values
    if actor.system:
        return True
    about = values.get("account") if checked.register.name == "membership" else checked.record_id
    if checked.register.name == "membership" and about == actor.id:
        return False
    if "city_admin" in actor.roles:
        return True
    if about == actor.id:
        return False
    school = one("school", values.get("school"))
    if school is None or school.f_managed_by != policy.DISTRICT_RUN:
        return False
    return checked.register.name == "account" or _reporter_of(values, school)


def _reporter_of(values, school):
    account = one("account", values.get("account"))
    reaches = values.get("role") == "school_reporter" and values.get("district") in (None, school.f_district)
    return reaches and values.get("team") is None and account is not None and account.f_school == school.id


@effects("end_sessions")
def end_sessions(work, register, ids):
    """A disabled account, or one whose roles changed, is logged out at once (S003)."""
    model = tables.model(register.name)
    for row in model.select().where(model.id.in_(ids)):
        if register.name == "membership":
            sessions.end_sessions(row.f_account)
        elif not row.f_active or row.deleted_at is not None:
            sessions.end_sessions(row.id)


@effects("keep_one_admin")
def keep_one_admin(work, register, ids):
    """There is always an administrator who can come in."""
    if work.actor.system:
        return
    alone("administrators")
    account, membership = tables.model("account"), tables.model("membership")
    able = (
        membership.select()
        .join(account, on=(account.id == membership.f_account))
        .where(
            membership.deleted_at.is_null()
            & (membership.f_role == "city_admin")
            & (membership.f_to_date.is_null() | (membership.f_to_date >= today()))
            & account.deleted_at.is_null()
            & (account.f_active == True)
        )
    )
    if not able.exists():
        raise Invalid([Fault("", "last_admin", say("至少要保留一个启用的市级管理员账号。"))])
