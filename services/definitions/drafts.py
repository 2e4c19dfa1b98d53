"""Drafts of registers: who may build, what is in force, what is being worked on, and what is wrong with it."""

import json
from dataclasses import dataclass, field

from models import definitions as stored, registry, tables
from models.base import atomic, database
from models.checks import Known, Problem
from models.definition_checks import GENERATED, Right, check as check_definition
from models.definitions import Definition
from models.errors import Conflict, Fault, Invalid, NotAllowed, NotFound, say
from models.values import now
from services import behaviours
from services.definitions.conversion import impossible, survey
from services.definitions.differences import difference
from services.definitions.wishes import Misshapen, Settled, settle
from services.policy import Decision

RIGHTS_REGISTER = "definition"
LONGEST_WISH = 1_000_000


class Refused(Invalid):
    """A definition that cannot be published; `problems` are all that is wrong, each with its stable id and place."""

    def __init__(self, problems):
        super().__init__([Fault(problem.where, problem.id, problem.sentence) for problem in problems])
        self.problems = tuple(problems)


class Stale(Conflict):
    """Someone else was first; `changes` say in sentences what he changed, `version` is the one to start from now."""

    def __init__(self, sentence, changes, version):
        super().__init__(sentence, version=version, code="definition_changed")
        self.changes = tuple(changes)


@dataclass(frozen=True)
class Defined:
    """A register as its builder meets it: the wish to go on from, what is in force, and the versions to hand back."""

    name: str
    wish: dict
    published: object
    version: int = 0
    draft_version: int = 0
    built_in: bool = False
    retired: bool = False
    drafted: bool = False
    draft_by: int | None = None


@dataclass(frozen=True)
class Checked:
    """What a wish comes to: `register` (None where it cannot be read), the problems, what it changes in words, what a change of
    type does to the values there are.
    """

    register: object
    problems: tuple
    changes: tuple = ()
    casualties: tuple = ()
    settled: Settled | None = field(default=None, repr=False)


# who may ----------------------------------------------------------------------------------------------------------------


def allowed(actor):
    """Whether this person may make and change registers: city administrators, and roles granted to edit `definition`."""
    if actor.system:
        return Decision(True, say("系统操作。"), "system")
    if actor.read_only:
        return Decision(False, say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    if actor.limited:
        return Decision(False, say("这个令牌只限几个台账或几种操作，不能建立和修改台账。"), "token_limits")
    granted = any(
        grant.register == RIGHTS_REGISTER and "edit" in grant.actions and grant.role in actor.roles for grant in actor.grants
    )
    if granted or "city_admin" in actor.roles:
        return Decision(True, say("可以建立和修改台账。"), "builder")
    return Decision(False, say("您没有建立和修改台账的权限。"), "no_grant:definition:edit")


def require(actor):
    """Raises NotAllowed for who may not build."""
    decision = allowed(actor)
    if not decision:
        raise NotAllowed(decision.reason, decision.rule)


# reading ----------------------------------------------------------------------------------------------------------------


def listing(actor):
    """[Defined] of every register that can be changed: the browser-made ones first (retired and drafted ones too), then built-in."""
    require(actor)
    rows = {row.register: row for row in Definition.select().order_by(Definition.id)}
    own = [_defined(name, row) for name, row in rows.items() if name not in stored.BUILT_IN]
    return own + [_defined(name, rows.get(name)) for name, register in stored.BUILT_IN.items() if not register.system]


def read(actor, name):
    """One register's Defined, found by any of its names. NotFound where there is none."""
    require(actor)
    if name in registry.current():
        name = registry.get(name).name
    row = Definition.get_or_none(Definition.register == name)
    if row is None and (name not in stored.BUILT_IN or stored.BUILT_IN[name].system):
        raise NotFound(say("没有「{name}」这个台账定义。", name=str(name)[:60]))
    return _defined(name, row)


def _defined(name, row):
    built_in = name in stored.BUILT_IN
    published = in_force(name, row)
    if row is None:
        return Defined(name, published.to_dict(), published, built_in=True)
    wish = json.loads(row.draft) if row.draft else published.to_dict()
    return Defined(name, wish, published, row.version, row.draft_version, built_in, row.retired, bool(row.draft), row.draft_by)


def in_force(name, row):
    """The register in force under a name (retired ones as they last were), None before the first publication."""
    if row is not None and row.published:
        return stored.register_of(name, row.published)
    return stored.BUILT_IN.get(name)


def rights_of(name):
    """What roles may do with a register now, as the rows of 角色授权 say."""
    grant = tables.model("role_grant")
    rows = grant.select().where((grant.f_register == name) & grant.deleted_at.is_null()).order_by(grant.id)
    return tuple(Right(row.f_role, tuple(row.f_actions or ()), row.f_rows, bool(row.f_names)) for row in rows)


# checking ---------------------------------------------------------------------------------------------------------------


def check(actor, wish, name=None, *, deep=True):
    """Checked: everything that is wrong with a wish for a new register (name None) or for one that there is.

    `deep` also asks the rows: values that would stand twice, and what a change of type does to them.
    """
    require(actor)
    row = Definition.get_or_none(Definition.register == name) if name else None
    return looked_at(wish, in_force(name, row), actor, deep=deep, own=name or "")


def looked_at(wish, published, actor, *, deep=True, own=""):
    """The same for the register in force itself. `own` is the name a draft that was never published goes by."""
    try:
        if published is None and own and isinstance(wish, dict):
            wish = wish | {"name": own}
        settled = settle(wish, published, columns(published))
    except Misshapen as error:
        return Checked(None, (error.problem,))
    register = settled.register
    found = list(problems(settled, published, own))
    changes = tuple(difference(published, register, settled.copies, settled.merges))
    if found or published is None or not deep:
        return Checked(register, tuple(found), changes, settled=settled)
    found = impossible(published, settled)
    return Checked(register, tuple(found), changes, () if found else survey(published, settled, actor), settled)


def problems(settled, published, own_name=""):
    """[Problem] of a settled wish among the other registers there are now."""
    register = settled.register
    built_in = published is not None and published.name in stored.BUILT_IN
    others = {other.name: other for other in registry.all() if other.name != register.name}
    own = None
    if built_in:
        declared = {field.id for field in stored.BUILT_IN[register.name].fields}
        own = tuple(field for field in register.live if field.id not in declared)
    found = check_definition(register, Known(others, behaviours.names()), own, built_in, settled.rights or ())
    if published is None and register.name != own_name and _is_taken(register.name):
        found.append(Problem("R050", f"{register.name}.name", say("台账名「{name}」已经有了，请换一个。", name=register.name)))
    return found


def _is_taken(name):
    """Whether a register has this name: one in use, or one out of use or never published."""
    return name in registry.current() or Definition.select().where(Definition.register == name).exists()


def columns(published):
    """The ids whose columns a register's table has, those left by an unfinished change of type too."""
    if published is None or not database.table_exists(f"r_{published.name}"):
        return frozenset()
    names = {column.name[2:] for column in database.get_columns(f"r_{published.name}") if column.name.startswith("f_")}
    return frozenset(name for name in names if GENERATED.fullmatch(name))


# saving -----------------------------------------------------------------------------------------------------------------


def save(actor, wish, name=None, draft_version=0):
    """Keeps a draft, good or not; gives its Defined. A new one takes its name from the wish. Stale where someone saved first."""
    require(actor)
    text = json.dumps(wish, ensure_ascii=False)
    if len(text) > LONGEST_WISH:
        raise Refused([Problem("R000", "", say("定义太长。"))])
    if name is None:
        name = _new_name(wish)
        draft_version = None
    with atomic():
        row = Definition.select().where(Definition.register == name).first()
        if row is None:
            if name not in stored.BUILT_IN and draft_version is not None:
                raise NotFound(say("没有「{name}」这个台账定义。", name=name[:60]))
            row = Definition.create(register=name)
        elif draft_version is None or row.draft_version != draft_version:
            raise Stale(say("别人刚刚保存了这个台账的草稿，请重新打开再改。"), (), row.draft_version)
        Definition.update(draft=text, draft_version=row.draft_version + 1, draft_at=now(), draft_by=actor.id).where(
            (Definition.id == row.id) & (Definition.draft_version == row.draft_version)
        ).execute()
    return read(actor, name)


def _new_name(wish):
    try:
        register = settle(wish).register
    except Misshapen as error:
        raise Refused([error.problem]) from None
    found = [problem for problem in problems(settle(wish | {"name": register.name}), None) if problem.id in ("R001", "R050")]
    if any(problem.where.endswith("name") for problem in found):
        raise Refused(found)
    return register.name


def discard(actor, name, draft_version):
    """Throws the draft away; a register that was never published goes with it."""
    require(actor)
    with atomic():
        row = Definition.get_or_none(Definition.register == name)
        if row is None:
            raise NotFound()
        if row.draft_version != draft_version:
            raise Stale(say("别人刚刚保存了这个台账的草稿，请重新打开再改。"), (), row.draft_version)
        if row.published is None:
            Definition.delete().where(Definition.id == row.id).execute()
        else:
            Definition.update(draft=None, draft_version=row.draft_version + 1).where(Definition.id == row.id).execute()
