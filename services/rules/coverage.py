"""What is missing at a school or in a district: derived fields, in SQL, that a list filters by and a number opens."""

from datetime import timedelta

from peewee import fn

from models import parameters, tables
from models.values import today
from services.behaviours import derives

PARTIES = 4


def _rows(name):
    """(model, its live rows) under a name of their own, to be tied to the row outside."""
    model = tables.model(name).alias()
    return model, model.select(model.id).where(model.deleted_at.is_null())


def _open(school):
    """Schools that are not closed."""
    return school.f_closed_on.is_null() | (school.f_closed_on > today())


def _assignments(kind):
    """(model, the assignments in force of teams of a kind)"""
    work, rows = _rows("team_assignment")
    team, teams = _rows("inspection_team")
    for model in (work, team):
        over = model.f_to_date.is_null(False) & (model.f_to_date < today())
        in_force = (model.f_from_date <= today()) & ~over
        rows, teams = (rows.where(in_force), teams) if model is work else (rows, teams.where(in_force))
    return work, rows.where(work.f_team.in_(teams.where(team.f_kind == kind)))


def _taken(school, kind):
    """Schools that a team of a kind takes: by name, or with their district unless the city runs them."""
    work, rows = _assignments(kind)
    with_district = work.f_school.is_null() & (work.f_district == school.f_district) & (school.f_managed_by != "city")
    return fn.EXISTS(rows.where((work.f_school == school.id) | with_district))


@derives("school_uncovered")
def school_uncovered(school):
    """No comprehensive team takes the school (S109)."""
    return _open(school) & ~_taken(school, "comprehensive")


@derives("area_uncovered")
def area_uncovered(school):
    """No area team takes the school, which the district runs (S112)."""
    return _open(school) & (school.f_managed_by == "district") & ~_taken(school, "area")


@derives("district_uncovered")
def district_uncovered(district):
    """No comprehensive team takes the district, which is in use (S109)."""
    work, rows = _assignments("comprehensive")
    return (district.f_active == True) & ~fn.EXISTS(rows.where((work.f_district == district.id) & work.f_school.is_null()))


@derives("never_visited")
def never_visited(school):
    """No visit to the school was submitted (S110)."""
    visit, rows = _rows("visit")
    return _open(school) & ~fn.EXISTS(rows.where((visit.f_school == school.id) & (visit.f_state != "draft")))


@derives("headcount_missing")
def headcount_missing(school):
    """The school has reported no headcount (S002)."""
    count, rows = _rows("school_headcount")
    return _open(school) & ~fn.EXISTS(rows.where((count.f_school == school.id) & (count.f_state != "draft")))


@derives("not_surveyed")
def not_surveyed(school):
    """Neither a damaged building is entered nor is it attested that there is none (S066)."""
    building, rows = _rows("damaged_building")
    attested = school.f_no_damage.is_null(False) & (school.f_no_damage == True)
    return _open(school) & ~attested & ~fn.EXISTS(rows.where(building.f_school == school.id))


@derives("rebuild_plan_missing")
def rebuild_plan_missing(school):
    """Badly damaged, and without a rebuilding plan in force or a project with an owner (S074)."""
    building, damaged = _rows("damaged_building")
    plan, plans = _rows("plan_doc")
    project, projects = _rows("rebuild_project")
    grave = building.f_damage.in_(("severe", "collapsed")) & (building.f_state != "closed")
    in_force = (plan.f_school == school.id) & (plan.f_kind == "rebuilding") & (plan.f_state == "filed")
    owned = (project.f_school == school.id) & project.f_responsible.is_null(False) & project.f_due_on.is_null(False)
    lacking = ~fn.EXISTS(plans.where(in_force)) | ~fn.EXISTS(projects.where(owned))
    return fn.EXISTS(damaged.where((building.f_school == school.id) & grave)) & lacking


@derives("four_parties_missing")
def four_parties_missing(school):
    """A school with foreign staff whose four parties are not all confirmed of late (S014)."""
    link, rows = _rows("four_party_link")
    since = today() - timedelta(days=parameters.days("四方联络确认时限", 30))
    confirmed = rows.where((link.f_school == school.id) & (link.f_confirmed_on >= since))
    foreign = school.f_foreign_kind.is_null(False) & (school.f_foreign_kind != "none")
    return _open(school) & foreign & (confirmed.select(fn.COUNT(link.f_party.distinct())) < PARTIES)
