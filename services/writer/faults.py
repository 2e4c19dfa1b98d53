"""What is wrong with a whole row: required fields, the register's rules, values that must be unique."""

from functools import lru_cache

from models import conditions, tables
from models.errors import Fault, Invalid, NeedsConfirmation, NotAllowed, say
from models.fields import Derived
from models.values import NA
from services import behaviours, query
from services.behaviours import Checked


def faults_of(register, work, values, old=None, changed=None, record_id=None, move=""):
    """Faults of a whole row: required fields and rules. A fault that stood before and is not touched does not block an edit."""
    old = old or {}
    changed = frozenset(values if changed is None else changed)
    faults = []
    for field in register.live:
        if field.required and field.name in changed and values.get(field.name) is None:
            faults.append(Fault(field.name, "required", say("请填写「{label}」。", label=field.title)))
    with_derived = derive(register, values)
    for rule in register.rules:
        touched = not old or rule.always or move or involved(rule) & changed
        if touched and not satisfied(rule, register, work.actor, with_derived, old, changed, record_id, move):
            faults += rule_faults(rule, register, with_derived)
    return faults


def blanks(found, faults):
    """The required fields left blank, but for those that already have a fault: a wrong value is not a missing one."""
    told = {fault.field for fault in faults}
    return [fault for fault in found if fault.code == "required" and fault.field not in told]


def refuse_whole(register, work, id, values):
    """Raises NotAllowed where a rule that is asked on every write keeps this row from coming or going as a whole."""
    for rule in register.rules:
        if rule.always and not satisfied(rule, register, work.actor, derive(register, values), values, frozenset(values), id, ""):
            raise NotAllowed(say("{text}", text=rule.title), rule.id)


def derive(register, values):
    derived = {field.name: conditions.holds(field.when, values) for field in register.fields if isinstance(field, Derived)}
    return values | derived


@lru_cache(maxsize=4096)
def involved(rule):
    """The fields whose change makes a rule worth asking again."""
    return (
        conditions.fields_of(rule.when)
        | conditions.fields_of(rule.must)
        | set(rule.require)
        | ({rule.field} if rule.field else set())
    )


def satisfied(rule, register, actor, values, old, changed, record_id, move):
    if rule.when and not conditions.holds(rule.when, values):
        return True
    if rule.must and not conditions.holds(rule.must, values):
        return False
    if any(values.get(name) is None for name in rule.require):
        return False
    if not rule.check:
        return True
    return behaviours.CHECKS[rule.check](Checked(actor, register, record_id, values, old, changed, move))


def rule_faults(rule, register, values):
    """Where a broken rule's sentence stands: at its field, else at the first required field that is empty, else on top."""
    empty = [name for name in rule.require if values.get(name) is None]
    place = rule.field or (empty[0] if empty else "")
    return [Fault(place, rule.id, say("{text}", text=rule.title), rule.level)]


def settle(work, faults):
    """Raises for errors, then for warnings that are not confirmed; keeps what is only said."""
    errors = [fault for fault in faults if fault.level == "error"]
    warnings = [fault for fault in faults if fault.level == "warning"]
    if errors:
        raise Invalid(errors + warnings)
    if warnings and not work.confirmed:
        raise NeedsConfirmation(warnings)
    work.infos += [fault.sentence for fault in faults if fault.level == "info"]


def taken(register, values, record_id=None):
    """Faults for a business key, or a unique field, that another row has already. They do not say whose."""
    model, faults = tables.model(register.name), []
    groups = [register.key] if register.key else []
    groups += [(field.name,) for field in register.live if field.unique and (field.name,) not in groups]
    for names in groups:
        if all(values.get(name) is None for name in names):
            continue
        same = model.deleted_at.is_null()
        for name in names:
            part = query.column(model, register, name)
            # Parts of a key may be empty (a team takes a district or a school): empty equals empty, which an index does not say.
            same &= part.is_null() if values.get(name) in (None, NA) else part == values[name]
        if record_id is not None:
            same &= model.id != record_id
        if model.select(model.id).where(same).exists():
            labels = tuple(register.field(name).title for name in names)
            faults.append(Fault(names[-1], "taken", say("「{labels}」已有同样的值，请核对后换一个。", labels=labels)))
    return faults
