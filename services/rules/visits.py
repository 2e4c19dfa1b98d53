"""Teams, what they are assigned, and their visits."""

from models.values import today
from services import policy
from services.behaviours import checks
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
    if values.get("school"):
        unit = model.f_school == values["school"]
    else:
        unit = (model.f_district == values.get("district")) & model.f_school.is_null()
    return not rows.where(unit & model.f_team.in_(same_kind) & overlapping(model, values)).exists()


@checks("assignment_in_district", apart=True)
def assignment_in_district(checked):
    """A district's team takes units of that district only (S112)."""
    team = one("inspection_team", checked.values.get("team"))
    if team is None or team.f_district is None:
        return True
    school = one("school", checked.values.get("school"))
    units = {checked.values.get("district"), school.f_district if school else None} - {None}
    return units <= {team.f_district}
