"""Hazards: who may write what of them, and by when they are to be put right."""

from datetime import timedelta

from services.behaviours import checks, fills
from services.rules.common import one, parameter

AUTHORITIES = {"city_admin", "city_clerk", "district_clerk", "inspector"}
RECTIFICATION = {
    "responsible", "measure", "due_on", "first_due_on", "fixed_on", "fixed_note", "fixed_photo", "state", "photo",
}  # fmt: skip


@fills("keep_first_due")
def keep_first_due(register, rows):
    """A hazard's first deadline is kept when the deadline is put off (S100)."""
    for values in rows:
        if values.get("first_due_on") is None:
            values["first_due_on"] = values.get("due_on")


@checks("major_hazard_due", apart=True)
def major_hazard_due(checked):
    """A major hazard is due within the days of the parameter 隐患限时(重大), 7 unless set (S100)."""
    due, found = checked.values.get("due_on"), checked.values.get("found_on")
    return not due or not found or due <= found + timedelta(days=parameter("隐患限时（重大）", 7))


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
