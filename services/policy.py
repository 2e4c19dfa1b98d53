"""Who may see and do what: the one gate through which every row is read. Deny by default; every answer has its reason."""

from dataclasses import dataclass
from functools import reduce
from operator import or_

import peewee

from models import registry, tables
from models.base import one_of
from models.errors import Label, NotAllowed, NotFound, Sentence, say
from models.fields import Derived
from models.prepared import Statement
from models.values import today

ACTIONS = {
    "view": Label("查看", "view"),
    "count": Label("看合计", "see totals"),
    "edit": Label("新增和修改", "create and edit"),
    "approve": Label("审核", "approve"),
    "export": Label("导出", "export"),
}
DISTRICT_RUN = "district"


@dataclass(frozen=True)
class Decision:
    """Yes or no, the sentence why, and the rule that decided."""

    allowed: bool
    reason: Sentence
    rule: str

    def __bool__(self):
        return self.allowed


@dataclass(frozen=True)
class Finding:
    """One line of an explanation: a grant or a limit, and whether it lets the actor through."""

    rule: str
    matched: bool
    sentence: Sentence


# Row rules: (membership, model, register) -> expression, or None where the membership names no unit for it (no unit: no rows).


def _all_rows(membership, model, register):
    return peewee.SQL("1") == peewee.SQL("1")


def _district(membership, model, register):
    return model.district_id == membership.district_id if membership.district_id else None


def _district_run(membership, model, register):
    own = _district(membership, model, register)
    if own is None:
        return None
    if register.name == "school":
        return own & (model.f_managed_by == DISTRICT_RUN)
    school = tables.model("school").alias()
    run = school.select(school.id).where((school.district_id == membership.district_id) & (school.f_managed_by == DISTRICT_RUN))
    return own & (model.school_id.is_null() | model.school_id.in_(run))


def _school(membership, model, register):
    return model.school_id == membership.school_id if membership.school_id else None


def _unit(membership, model, register):
    if membership.school_id:
        return _school(membership, model, register)
    if membership.district_id:
        return _district(membership, model, register)
    return None if membership.team_id else _all_rows(membership, model, register)


def _team(membership, model, register):
    if not membership.team_id:
        return None
    if register.name == "inspection_team":
        return model.id == membership.team_id
    return model.f_team == membership.team_id if hasattr(model, "f_team") else None


def assigned_schools(team_id, day=None):
    """A query of the ids of the schools a team answers for on a day: named ones, and its districts' except the city-run."""
    day = day or today()
    work, school = tables.model("team_assignment").alias(), tables.model("school").alias()
    now = (
        (work.f_team == team_id)
        & work.deleted_at.is_null()
        & (work.f_from_date <= day)
        & (work.f_to_date.is_null() | (work.f_to_date >= day))
    )
    named = work.select(work.f_school).where(now & work.f_school.is_null(False))
    districts = work.select(work.f_district).where(now & work.f_district.is_null(False) & work.f_school.is_null())
    return school.select(school.id).where(
        school.id.in_(named) | (school.f_district.in_(districts) & (school.f_managed_by != "city"))
    )


def _assigned(membership, model, register):
    if not membership.team_id:
        return None
    schools = assigned_schools(membership.team_id)
    return model.id.in_(schools) if register.name == "school" else model.school_id.in_(schools)


def _self(actor, model, register):
    person = actor.real or actor
    if register.name == "account":
        return model.id == person.id
    return model.f_account == person.id if hasattr(model, "f_account") else None


ROW_RULES = {
    "all": _all_rows,
    "district": _district,
    "district_run": _district_run,
    "school": _school,
    "assigned": _assigned,
    "team": _team,
    "unit": _unit,
}


def _grants(register, actor, action):
    """(grant, membership) pairs that bear on this action."""
    wanted = {action, "view"} if action == "count" else {action}
    return [pair for pair in actor.held.get(register.name, ()) if wanted & pair[0].actions]


def _expression(register, actor, action, model, pairs=None):
    """What rows the actor's grants open for the action, or None for no rows at all."""
    if actor.system:
        return _all_rows(None, model, register)
    found = []
    for grant, membership in _grants(register, actor, action) if pairs is None else pairs:
        rows = _self(actor, model, register) if grant.rows == "self" else ROW_RULES[grant.rows](membership, model, register)
        if rows is not None:
            found.append(rows)
    return reduce(or_, found) if found else None


def rows(register, actor, *, action="view", trash=False):
    """The rows of a register this actor may see (or count, edit, export): a peewee select of its model. The one gate."""
    full = registry.get(register.name)
    model = tables.model(full.name)
    allowed = _expression(full, actor, action, model)
    query = model.select() if allowed is None else model.select().where(allowed)
    if allowed is None:
        query = query.where(peewee.SQL("1") == peewee.SQL("0"))
    return query.where(model.deleted_at.is_null(not trash))


def unit_rows(register, actor, action, lines):
    """The same rows, of a table that tells them apart by district and school alone (`district_id`, `school_id`): an expression. None
    where there are no rows, or where more than the unit decides.
    """
    grants = [] if actor.system else _grants(register, actor, action)
    by_row = {"self", "team"} | ({"district_run", "assigned"} if register.name == "school" else set())
    return None if any(grant.rows in by_row for grant, _ in grants) else _expression(register, actor, action, lines)


def reaches_all(register, actor, action):
    """Whether a grant of this action opens every row of the register."""
    return actor.system or any(grant.rows == "all" for grant, _ in _grants(register, actor, action))


def unit_tokens(register, actor, action="view"):
    """The unit tokens that confine a search, or () where the rows' rules are not plain units: rows() still confines it."""
    if actor.system:
        return ()
    found = []
    for grant, membership in _grants(register, actor, action):
        if grant.rows in ("district", "district_run") and membership.district_id:
            found.append(("d", membership.district_id))
        elif grant.rows == "school" and membership.school_id:
            found.append(("s", membership.school_id))
        elif grant.rows == "unit" and (membership.school_id or membership.district_id):
            found.append(("s", membership.school_id) if membership.school_id else ("d", membership.district_id))
        else:
            return ()
    return tuple(dict.fromkeys(found))


def surely(register, actor, action):
    """A function of (district id, school id): whether a record of that unit is among the actor's rows, whatever else it holds.

    Where it says no, rows() may still say yes: it judges records that are not stored yet.
    """
    if actor.system:
        return lambda district_id, school_id: True
    districts, schools, whole = set(), set(), False
    for grant, held in _grants(register, actor, action):
        whole |= grant.rows == "all" or (grant.rows == "unit" and not (held.school_id or held.district_id or held.team_id))
        if grant.rows == "school" or (grant.rows == "unit" and held.school_id):
            schools.add(held.school_id)
        elif grant.rows in ("district", "unit"):
            districts.add(held.district_id)
    districts, schools = districts - {None}, schools - {None}
    return lambda district_id, school_id: whole or district_id in districts or school_id in schools


def may(actor, action, register, record_id=None):
    """Whether the actor may do this to the register, or to one of its records, and why."""
    if actor.system:
        return Decision(True, say("系统操作。"), "system")
    label = registry.get(register.name).titled
    if actor.read_only and action in ("edit", "approve", "export"):
        return Decision(False, say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    if not _grants(register, actor, action):
        return Decision(
            False,
            say("您的角色没有「{register}」的{action}权限。", register=label, action=ACTIONS[action]),
            f"no_grant:{register.name}:{action}",
        )
    if action in ("edit", "approve") and registry.get(register.name).system:
        return Decision(False, say("「{register}」由系统记录，不能修改。", register=label), "system_register")
    if record_id is not None and not covers(register, actor, action, record_id):
        return out_of_rows(register, action)
    return Decision(True, say("已授予「{register}」的{action}权限。", register=label, action=ACTIONS[action]), "granted")


def out_of_rows(register, action):
    """The answer for a record that is not among the rows the action is granted on."""
    sentence = say("这条记录不在您可以{action}的范围内。", action=ACTIONS[action])
    return Decision(False, sentence, f"out_of_rows:{register.name}:{action}")


def covers(register, actor, action, record_id, trash=False):
    """Whether one record is among the rows the action is granted on."""
    query = rows(register, actor, action=action, trash=trash)
    return query.where(query.model.id == record_id).exists()


def among(register, actor, ids, *, action="view", trash=False):
    """Which of these ids are rows the action is granted on."""
    source = rows(register, actor, action=action, trash=trash)
    asked = source.where(one_of(source.model.id, ids)).select(source.model.id)
    return {id for (id,) in Statement(asked).rows()} if ids else set()


def require(actor, action, register, record_id=None, trash=False):
    """Raises NotFound for a record the actor may not see, NotAllowed for an action not granted on one he may."""
    if record_id is not None and not covers(register, actor, "view", record_id, trash):
        raise NotFound()
    decision = may(actor, action, register, None if trash else record_id)
    if not decision:
        raise NotAllowed(decision.reason, decision.rule)


def view(register, actor, record=None, action="view", retired=False):
    """The register as this actor sees it: without the fields he is not cleared for. NotAllowed where he sees none of it.

    Named fields need a grant that clears names. Over a list that must hold for every grant; for one record, for a grant
    that covers that record: a person with two roles sees names only where the role that clears them reaches. `retired`
    fields come along where history is read.
    """
    full = registry.get(register.name)
    if actor.system:
        return full if retired else full.readable
    hidden = {field.name for field in full.fields if isinstance(field, Derived) and not _reads(actor, field)}
    pairs = _grants(full, actor, action)
    if not pairs:
        raise NotAllowed(
            say("您的角色没有「{register}」的{action}权限。", register=full.titled, action=ACTIONS[action]),
            f"no_grant:{full.name}:{action}",
        )
    names = all(grant.names for grant, _ in pairs)
    if not names and record is not None and any(grant.names for grant, _ in pairs):
        cleared = [pair for pair in pairs if pair[0].names]
        model = tables.model(full.name)
        allowed = _expression(full, actor, "view", model, cleared)
        names = allowed is not None and model.select().where(allowed & (model.id == record.id)).exists()
    if not hidden and not retired:
        return full.readable if names else full.unnamed
    return full.narrow(
        lambda field: (retired or not field.retired) and field.name not in hidden and (names or field.sensitivity != "named")
    )


def _reads(actor, field):
    """Whether the actor sees rows, or at least totals, of all the registers that a derived field asks."""
    return all(_grants(registry.get(name), actor, "count") for name in field.reads)


def only_counts(register, actor):
    """Whether some of the rows whose totals the actor may see are not his to see one by one."""
    return not actor.system and any("view" not in grant.actions for grant, _ in _grants(register, actor, "count"))


def clears_names_at(register, actor, school_id):
    """Whether a grant that clears names reaches a record of this school: for writing a record that is not there yet."""
    return actor.system or any(
        grant.names and grant.rows == "school" and membership.school_id == school_id
        for grant, membership in _grants(register, actor, "edit")
    )


def registers(actor):
    """The registers this actor may open, narrowed, in menu order."""
    return tuple(view(register, actor) for register in registry.all() if actor.system or _grants(register, actor, "view"))


def menu(actor):
    """The names of the registers this actor may open, in menu order."""
    return tuple(register.name for register in registry.all() if actor.system or _grants(register, actor, "view"))


def explain(actor, action, register, record_id=None):
    """Every grant and limit that bears on the question, for the clerk who asks why."""
    full = registry.get(register.name)
    found = []
    for grant, membership in _grants(full, actor, action):
        reached = True
        if record_id is not None:
            model = tables.model(full.name)
            allowed = _expression(full, actor, action, model, [(grant, membership)])
            reached = allowed is not None and model.select().where(allowed & (model.id == record_id)).exists()
        found.append(
            Finding(
                f"{grant.role}:{full.name}:{action}:{grant.rows}",
                reached,
                say(
                    "角色「{role}」授予「{register}」的{action}权限，行范围：{rows}。",
                    role=ROLES.get(grant.role, Label(grant.role)),
                    register=full.titled,
                    action=ACTIONS[action],
                    rows=ROW_WORDS[grant.rows],
                ),
            )
        )
    decision = may(actor, action, full, record_id)
    found.append(Finding(decision.rule, decision.allowed, decision.reason))
    return found


ROLES = {
    "city_admin": Label("市级管理员", "City administrator"),
    "city_clerk": Label("市级处室", "City office"),
    "district_clerk": Label("县区管理员", "District clerk"),
    "school_reporter": Label("学校填报员", "School reporter"),
    "inspector": Label("督导组员", "Inspector"),
    "leader": Label("只读领导", "Leader (read only)"),
    "auditor": Label("审计员", "Auditor"),
}
ROW_WORDS = {
    "all": Label("全市", "whole city"),
    "district": Label("本县区", "own district"),
    "district_run": Label("本县区（不含市直、省属学校）", "own district without city-run and provincial schools"),
    "school": Label("本校", "own school"),
    "assigned": Label("分包的学校", "assigned schools"),
    "team": Label("本督导组", "own team"),
    "unit": Label("本单位", "own unit"),
    "self": Label("本人", "own acts"),
}
