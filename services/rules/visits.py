"""Teams, what they are assigned, and their visits."""

import json
from datetime import timedelta

from models import parameters, registry, tables
from models.fields.dates import EARLIEST
from models.journal import Change, Link
from models.values import CITY_ZONE, today
from services import policy, writer
from services.behaviours import checks, effects, fills
from services.rules.common import live, one, others, overlapping

MOST_VISITS_A_DAY = 12


@checks("visit_assigned", apart=True)
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


@checks("visit_result_hazards", apart=True)
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


@fills("visit_lateness")
def visit_lateness(register, rows):
    """Whether a visit's first submission was in time (S110). Visits carry a day, no hour: the limit counts whole days after it."""
    for values in rows:
        day, submitted = values.get("visited_on"), values.get("submitted_at")
        if values.get("late") is None and day and submitted:
            limit = day + timedelta(days=parameters.days("走访提交时限", 1, day))
            values["late"] = submitted.astimezone(CITY_ZONE).date() > limit


@checks("recheck_settles", apart=True)
def recheck_settles(checked):
    """A re-inspection closes or sends back each hazard of its parent that awaits a recheck (S111)."""
    model, rows = live("hazard")
    return not rows.where((model.f_visit == checked.values.get("parent")) & (model.f_state == "recheck")).exists()


@checks("confirmed_of_school", apart=True)
def confirmed_of_school(checked):
    """A visit confirms the stop-use of buildings of its school (S069)."""
    model, rows = live("damaged_building")
    wanted = checked.values.get("stops_confirmed") or ()
    return not rows.where(model.id.in_(wanted) & (model.f_school != checked.values.get("school"))).exists()


@effects("stop_confirmed")
def stop_confirmed(work, register, ids):
    """A submitted visit confirms that buildings are out of use; one sent back, or put in the trash, no longer does (S069)."""
    visit, building = tables.model("visit"), registry.get("damaged_building")
    tied = (Link.register == "visit") & (Link.field_id == "stops_confirmed")
    for id in sorted(_confirmed_buildings(work, ids, tied)):
        row, old = writer.fetch(building, id)
        seen = (
            visit.select(visit.f_visited_on)
            .where(visit.id.in_(Link.select(Link.record_id).where(tied & (Link.target_id == id))))
            .where(visit.deleted_at.is_null() & (visit.f_state != "draft"))
            .where(visit.f_visited_on >= (old["stopped_on"] or EARLIEST))
            .order_by(visit.f_visited_on)
            .first()
        )
        day = seen.f_visited_on if seen and old["use_state"] == "stopped" else None
        if day != old["stop_confirmed_on"]:
            writer.update(building.name, work, id, {"stop_confirmed_on": day}, version=row["version"], by_app=True)


def _confirmed_buildings(work, ids, tied):
    """The buildings these visits name, and those they named before this write."""
    found = {id for (id,) in Link.select(Link.target_id).where(tied & Link.record_id.in_(ids)).tuples()}
    left = Change.select(Change.old).where(
        (Change.change_set == work.change_set) & (Change.register == "visit") & (Change.field_id == "stops_confirmed")
    )
    return found | {id for (old,) in left.tuples() if old for id in json.loads(old)}


@checks("passed_with_major_hazard", apart=True)
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


@checks("team_members", apart=True)
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
    unit = _same_units(model, values)
    return not rows.where(unit & model.f_team.in_(same_kind) & overlapping(model, values)).exists()


def _same_units(work, values):
    """Assignments that take the same unit: the school itself, or a district together with its schools, the city-run apart."""
    school = one("school", values.get("school"))
    if school is None:
        model, schools = live("school")
        own = schools.where((model.f_district == values.get("district")) & (model.f_managed_by != "city")).select(model.id)
        return ((work.f_district == values.get("district")) & work.f_school.is_null()) | work.f_school.in_(own)
    with_district = (work.f_district == school.f_district) & work.f_school.is_null()
    return (work.f_school == school.id) | with_district if school.f_managed_by != "city" else work.f_school == school.id


@checks("assignment_in_district", apart=True)
def assignment_in_district(checked):
    """A district's team takes units of that district only (S112)."""
    team = one("inspection_team", checked.values.get("team"))
    if team is None or team.f_district is None:
        return True
    school = one("school", checked.values.get("school"))
    units = {checked.values.get("district"), school.f_district if school else None} - {None}
    return units <= {team.f_district}
