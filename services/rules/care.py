"""Boarders, foreign teachers and whom they can turn to."""

from models import registry, tables
from models.values import now
from services import writer
from services.behaviours import checks, effects, fills
from services.rules.common import live, one, others

STAYS = {
    "at_school": {"at_school", "travelling", "other"},
    "travelling": {"at_school", "travelling", "home", "returned", "other"},
    "home": {"travelling", "home", "other"},
    "returned": {"at_school", "travelling", "returned", "other"},
    "other": {"at_school", "travelling", "home", "returned", "other"},
}


@checks("class_school_level", apart=True)
def class_school_level(checked):
    """Only senior and complete secondary schools run Xinjiang and Tibet classes (S011)."""
    school = one("school", checked.values.get("school"))
    return school is None or school.f_level in ("senior", "complete")


@checks("stay_transition", apart=True)
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
