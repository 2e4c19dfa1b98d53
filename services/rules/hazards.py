"""Hazards: who may write what of them, and by when they are to be put right."""

from datetime import timedelta

from models import parameters
from services.behaviours import checks, fills
from services.rules.common import live, one, others

AUTHORITIES = {"city_admin", "city_clerk", "district_clerk", "inspector"}
LIMITS = {"minor": ("隐患限时（一般）", 30), "serious": ("隐患限时（较大）", 15), "major": ("隐患限时（重大）", 7)}
RECTIFICATION = {
    "responsible", "measure", "due_on", "first_due_on", "fixed_on", "fixed_note", "fixed_photo", "state", "photo",
}  # fmt: skip


@fills("keep_first_due")
def keep_first_due(register, rows):
    """A hazard's first deadline is kept when the deadline is put off (S100)."""
    for values in rows:
        if values.get("first_due_on") is None:
            values["first_due_on"] = values.get("due_on")


@checks("hazard_due", apart=True)
def hazard_due(checked):
    """A hazard is due within the days that the parameter of its level allows (S100)."""
    due, found, level = (checked.values.get(name) for name in ("due_on", "found_on", "level"))
    if not due or not found or level not in LIMITS:
        return True
    return due <= found + timedelta(days=parameters.days(*LIMITS[level]))


@checks("not_closed_before")
def not_closed_before(checked):
    """A hazard that was closed and is back is opened again, not entered anew (S100, bad input)."""
    if checked.record_id is not None:
        return True
    model, rows = others(checked)
    same = [getattr(model, f"f_{name}") == checked.values.get(name) for name in ("school", "kind", "description")]
    return not rows.where(*same, model.f_state == "closed").exists()


@checks("danger_in_use_is_major", apart=True)
def danger_in_use_is_major(checked):
    """A dangerous building still in use is a major hazard (S069)."""
    model, rows = live("damaged_building")
    in_use = (model.id == checked.values.get("building")) & model.f_grade.in_(("C", "D")) & (model.f_use_state == "in_use")
    return not rows.where(in_use).exists()


@checks("closes_by_authority", apart=True)
def closes_by_authority(checked):
    """Nobody closes his own item; a major hazard is closed by a district or a team (S100)."""
    if checked.actor.system:
        return True
    if checked.values.get("responsible") == checked.actor.name:
        return False
    return checked.values.get("level") != "major" or bool(checked.actor.roles & AUTHORITIES)


@checks("same_school", apart=True)
def same_school(checked):
    """A hazard's building and visit are of its school."""
    for name, register in (("building", "damaged_building"), ("visit", "visit")):
        row = one(register, checked.values.get(name))
        if row is not None and row.f_school != checked.values.get("school"):
            return False
    return True


@checks("reporter_rectifies", apart=True)
def reporter_rectifies(checked):
    """A school reports its self-checks and rectifies what others found; it does not rewrite their findings (DESIGN §1)."""
    actor = checked.actor
    if actor.system or actor.roles & AUTHORITIES:
        return True
    if not checked.old:
        return checked.values.get("source") == "self_check" and not checked.values.get("visit")
    return checked.old.get("source") == "self_check" or checked.changed <= RECTIFICATION
