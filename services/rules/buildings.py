"""Damaged buildings: grades from appraisals, progress, and the projects that mend them."""

from models import registry, tables
from models.journal import Change, Link
from models.values import today
from services import writer
from services.behaviours import checks, effects, fills
from services.rules.common import live, one, others

RANK, DANGEROUS = "ABCD", ("C", "D")


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
        if worst and worst.f_grade in DANGEROUS and old["state"] == "closed" and old["use_state"] != "demolished":
            # Mended, closed, and found dangerous again: it is no longer closed, so that it can be put out of use.
            values["state"] = "appraised"
        if any(old[name] != value for name, value in values.items()):
            writer.update(full.name, work, id, values, version=row["version"], by_app=True)


@fills("stop_dated")
def stop_dated(register, rows):
    """A building out of use says since when, today unless told; one that is used again is confirmed anew another time (S069)."""
    day = today()
    for values in rows:
        state = values.get("use_state")
        if state == "stopped":
            values["stopped_on"] = values.get("stopped_on") or day
        elif state != "demolished":
            values["stopped_on"] = values["stop_confirmed_on"] = None


@checks("appraised_since_stop", apart=True)
def appraised_since_stop(checked):
    """A building put out of use is not used again without a new appraisal; a slip of the same day is put right (S069, bad input)."""
    stopped_on = checked.old.get("stopped_on")
    if checked.old.get("use_state") != "stopped" or stopped_on is None or stopped_on >= today():
        return True
    model, rows = live("appraisal")
    return rows.where((model.f_damaged_building == checked.record_id) & (model.f_appraised_on >= stopped_on)).exists()


@checks("appraised_after_found", apart=True)
def appraised_after_found(checked):
    """No appraisal lies before the damage was found (S067)."""
    building = one("damaged_building", checked.values.get("damaged_building"))
    day = checked.values.get("appraised_on")
    return not building or not building.f_found_on or not day or day >= building.f_found_on


@checks("progress_falls", apart=True)
def progress_falls(checked):
    """Progress does not go down without a reason (S068)."""
    before, after = checked.old.get("progress"), checked.own.get("progress")
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
