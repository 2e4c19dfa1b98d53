"""Where pupils study when their school cannot open, and whether that is in time."""

import re

from models import parameters
from models.values import today
from services.behaviours import checks
from services.rules.common import live, one, others

TERM = re.compile(r"(\d{4})\s*(春|秋)")
AUTUMN_FROM = 7


def _of_host(checked):
    """The host's own row of the same term, or None."""
    model, rows = live("term_readiness")
    values = checked.values
    return rows.where((model.f_school == values.get("host_school")) & (model.f_term == values.get("term"))).first()


@checks("host_ready")
def host_ready(checked):
    """The school that takes pupils in can open itself, on its own site, and is another one (S073)."""
    if checked.values.get("host_school") == checked.values.get("school"):
        return False
    host = _of_host(checked)
    return host is None or (host.f_ability == "ready" and host.f_host_school is None)


@checks("host_stated")
def host_stated(checked):
    """The host has said that it can open and how many pupils it can take in (S073)."""
    if checked.values.get("host_school") == checked.values.get("school"):
        return True
    host = _of_host(checked)
    return host is not None and host.f_ability is not None and host.f_spare_places is not None


@checks("host_spare")
def host_spare(checked):
    """All the pupils placed with a host are no more than its spare places (S073)."""
    host = _of_host(checked)
    if host is None or host.f_spare_places is None:
        return True
    model, rows = others(checked)
    placed = rows.where((model.f_host_school == host.f_school) & (model.f_term == host.f_term))
    taken = sum(row.f_students_placed or 0 for row in placed)
    return taken + checked.values["students_placed"] <= host.f_spare_places


@checks("hosts_nobody")
def hosts_nobody(checked):
    """No pupils of other schools are placed here: nobody borrows from a borrower (S073, bad input)."""
    model, rows = others(checked)
    values = checked.values
    return not rows.where((model.f_host_school == values.get("school")) & (model.f_term == values.get("term"))).exists()


def opening_day(school_id, year):
    """The day in a year on which the school's district opens, by its stage, else the city; None where neither is set."""
    school = one("school", school_id)
    district = one("district", school.f_district) if school else None
    stage = district.f_return_stage if district else None
    own = parameters.yearly(f"开学日（第{stage}阶次）", year) if stage else None
    return own or parameters.yearly("开学日", year)


@checks("opens_with_district", apart=True)
def opens_with_district(checked):
    """A school opens no later than its district (S073: 同步)."""
    found = TERM.search(checked.values.get("term") or "")
    if not found:
        return True
    opens = opening_day(checked.values.get("school"), int(found[1]))
    same_term = opens is not None and (opens.month >= AUTUMN_FROM) is (found[2] == "秋")
    return not same_term or checked.values["planned_open_on"] <= opens


@checks("placed_past_term_start", apart=True)
def placed_past_term_start(checked):
    """Works that go on past the start of a term come with a placement of the pupils (S068, bad input)."""
    due, start = checked.values["due_on"], checked.values.get("start_on") or today()
    days = [opening_day(checked.values.get("school"), year) for year in (due.year - 1, due.year)]
    passed = [day for day in days if day and start <= day < due]
    if not passed:
        return True
    model, rows = live("term_readiness")
    return rows.where((model.f_school == checked.values.get("school")) & model.f_placement.is_null(False)).exists()
