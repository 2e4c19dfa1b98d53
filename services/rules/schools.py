"""Schools and their headcounts: what a school says of itself, against what other registers say of it."""

from models import tables
from services.behaviours import checks, fills
from services.rules.common import live, one, others

CITY_RUN = "市直"
JUMP = 0.2
LARGEST = {"kindergarten": 1500, "primary": 6000, "junior": 6000, "nine_year": 8000, "senior": 9000, "complete": 9000}


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


@checks("no_damage_buildings", apart=True)
def no_damage_buildings(checked):
    """A school attested undamaged has no damaged building that is still open (S066)."""
    model, rows = live("damaged_building")
    return not rows.where((model.f_school == checked.record_id) & (model.f_state != "closed")).exists()


@checks("close_school_open_items", apart=True)
def close_school_open_items(checked):
    """A school that closes has no open hazards or damaged buildings (S001)."""
    hazard, hazards = live("hazard")
    mine = (hazard.f_school == checked.record_id) & (hazard.f_state != "closed")
    return no_damage_buildings(checked) and not hazards.where(mine).exists()


@checks("foreign_school", apart=True)
def foreign_school(checked):
    """Foreign teachers work at schools of a foreign kind only, and such a school stays one while they do (S012, S013)."""
    if checked.register.name == "foreign_teacher":
        school = one("school", checked.values.get("school"))
        return school is not None and school.f_foreign_kind not in (None, "none")
    return not has_foreign_teachers(checked)


@checks("has_foreign_teachers")
def has_foreign_teachers(checked):
    """Foreign teachers who have not left are at the school (S013)."""
    model, rows = live("foreign_teacher")
    here = (model.f_school == checked.record_id) & model.f_left_on.is_null()
    return rows.where(here & (model.f_return_status.is_null() | (model.f_return_status != "left"))).exists()


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


@checks("headcount_parts", apart=True)
def headcount_parts(checked):
    """Teachers and support staff are part of the staff (S002)."""
    parts = [checked.values.get(name) for name in ("teachers", "support_staff", "staff")]
    return not all(isinstance(part, int) for part in parts) or parts[0] + parts[1] <= parts[2]


@checks("headcount_size", apart=True)
def headcount_size(checked):
    """No kindergarten has 3,200 children (S002, bad input)."""
    school, students = one("school", checked.values.get("school")), checked.values.get("students")
    return not school or not isinstance(students, int) or students <= LARGEST.get(school.f_level, 60_000)
