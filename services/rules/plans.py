"""Plans: whose they are, which version, and that one of each kind is in force."""

from peewee import fn

from models import registry, tables
from services import writer
from services.behaviours import effects, fills
from services.rules.common import live

OWNER = ("owner_kind", "district", "school", "kind")


@fills("plan_owner")
def plan_owner(register, rows):
    """A school's plan stands in the school's district; a plan without a number is its owner's next of the kind (S042)."""
    model = tables.model("plan_doc")
    units = writer.units_of("school", {values["school"] for values in rows if isinstance(values.get("school"), int)})
    given = {}
    for values in rows:
        if values.get("school") in units:
            values["district"] = units[values["school"]][0]
        if values.get("version_no") is None:
            owner = tuple(values.get(name) for name in OWNER)
            if owner not in given:
                given[owner] = model.select(fn.MAX(model.f_version_no)).where(*_of(model, values)).scalar() or 0
            given[owner] += 1
            values["version_no"] = given[owner]


def _of(model, values):
    """The plans of one owner and kind, the trash included: a number is not given twice."""
    columns = {name: getattr(model, f"f_{name}") for name in OWNER}
    return [columns[name].is_null() if values.get(name) is None else columns[name] == values[name] for name in OWNER]


@effects("plan_supersedes")
def plan_supersedes(work, register, ids):
    """A version that goes on file ends the one before: one is in force for each owner and kind (S042)."""
    model, rows = live("plan_doc")
    for plan in rows.where(model.id.in_(ids) & (model.f_state == "filed")):
        values = {name: getattr(plan, f"f_{name}") for name in OWNER}
        for other in rows.where(*_of(model, values)).where((model.f_state == "filed") & (model.id != plan.id)):
            row, _ = writer.fetch(registry.get("plan_doc"), other.id)
            writer.update("plan_doc", work, other.id, {"state": "void"}, version=row["version"], by_app=True)
