"""工作台: what waits for me and what is overdue, as a handful of counts that each open their rows. No heavy totals."""

from dataclasses import dataclass

import peewee

from models import registry, tables
from models.errors import Label, NotAllowed
from models.fields.dates import MomentField
from models.journal import Change
from services import policy, query
from services.query import Count

MOST_CARDS = 8

# (register, title, URL filters, tone, the action whose holders it waits for, of another register where one is named). Counts are capped, so a card costs one short scan.
CARDS = (
    ("hazard", Label("超期未销号隐患", "Overdue hazards"), (("overdue", "true"),), "red", "edit"),
    ("hazard", Label("待复查隐患", "Hazards awaiting recheck"), (("state", "recheck"),), "amber", "approve"),
    ("hazard", Label("退回整改隐患", "Hazards sent back"), (("state", "returned"),), "amber", "edit"),
    ("damaged_building", Label("危房仍在正常使用", "Dangerous buildings in use"), (("dangerous_in_use", "true"),), "red", "view"),
    ("damaged_building", Label("待鉴定校舍", "Buildings awaiting appraisal"), (("state", "awaiting"),), "amber", "approve"),
    ("damaged_building", Label("待验收校舍", "Buildings awaiting acceptance"), (("state", "acceptance"),), "blue", "approve"),
    ("rebuild_project", Label("超期项目", "Overdue projects"), (("overdue", "true"),), "red", "edit"),
    ("visit", Label("未提交的走访", "Visits not submitted"), (("state", "draft"),), "amber", "edit"),
    ("school_headcount", Label("待审核的师生规模", "Headcounts to review"), (("state", "reported"),), "blue", "approve"),
    ("foreign_teacher", Label("该联系的外籍教师", "Foreign teachers to contact"), (("contact_due", "true"),), "amber", "edit"),
    ("inland_student", Label("该关爱的学生", "Students due a welfare contact"), (("contact_due", "true"),), "amber", "edit"),
    (
        "damaged_building",
        Label("停用逾期未核实的危房", "Buildings out of use, not confirmed"),
        (("stop_unconfirmed", "true"),),
        "red",
        "view",
    ),
    ("visit", Label("逾期未提交的走访", "Visits overdue"), (("submit_due", "true"),), "red", "edit"),
    (
        "district",
        Label("无综合督导组的区县", "Districts without a team"),
        (("uncovered", "true"),),
        "amber",
        "team_assignment:edit",
    ),
    ("school", Label("无综合督导组的学校", "Schools without a team"), (("uncovered", "true"),), "amber", "team_assignment:edit"),
    (
        "school",
        Label("无分片包校组的学校", "Schools without an area team"),
        (("area_uncovered", "true"),),
        "amber",
        "team_assignment:edit",
    ),
    (
        "school",
        Label("重建方案不全的学校", "Schools lacking a rebuilding plan"),
        (("plan_missing", "true"),),
        "amber",
        "plan_doc:edit",
    ),
    ("term_readiness", Label("还有学生未安置", "Students not yet placed"), (("unplaced", "true"),), "red", "view"),
)


@dataclass(frozen=True)
class Card:
    """One number and the list it opens: `pairs` are the list's URL parameters."""

    register: object
    title: Label
    count: Count
    pairs: tuple
    tone: str


def tasks(actor):
    """The actor's cards: of registers he sees, waiting for an action he may do; those with rows first. One statement counts all."""
    asked = []
    for name, title, pairs, tone, action in CARDS:
        register = registry.get(name)
        other, _, wanted = action.rpartition(":")
        if policy.may(actor, wanted, registry.get(other) if other else register) or (
            actor.read_only and policy.may(actor, "view", register)
        ):
            try:
                asked.append((query.parse(name, actor, pairs), title, pairs, tone))
            except NotAllowed:
                continue
    counts = query.counts([part for part, *_ in asked])
    found = [
        Card(part.register, title, count, pairs, tone) for (part, title, pairs, tone), count in zip(asked, counts, strict=True)
    ]
    found.sort(key=lambda card: card.count.value == 0)
    return found[:MOST_CARDS]


def totals(actor):
    """[(register, Count)] of registers the actor may count but not open: how many there are in his units, no rows, no names."""
    counted = [
        register for register in registry.all() if policy.may(actor, "count", register) and not policy.may(actor, "view", register)
    ]
    return list(zip(counted, query.counts_of(counted, actor), strict=True))


@dataclass(frozen=True)
class Recent:
    """A record the actor changed lately, still his to see."""

    at: object
    register: object
    id: int
    title: str


def writes(actor):
    """Whether there is any register the actor may change: who only reads has no recent changes of his own."""
    return any("edit" in grant.actions for grant in actor.grants)


def recent(actor, most=8):
    """The records the actor changed last, newest first."""
    sets = tables.model("change_set")
    person = actor.id if actor.id is not None else -1
    touched = (
        Change.select(Change.register, Change.record_id, peewee.fn.MAX(sets.f_at).alias("at"))
        .join(sets, on=(sets.id == Change.change_set))
        .where(Change.change_set.in_(sets.select(sets.id).where(sets.f_account == person).order_by(sets.id.desc()).limit(40)))
        .group_by(Change.register, Change.record_id)
        .order_by(peewee.SQL("at").desc())
        .limit(most * 3)
    )
    found, seen = [], {register.name: register for register in policy.registers(actor)}
    by_register = {}
    for name, id, at in touched.tuples():
        if name in seen:
            by_register.setdefault(name, {})[id] = at
    for name, moments in by_register.items():
        register = seen[name]
        rows = policy.rows(register, actor)
        visible = [id for (id,) in rows.where(rows.model.id.in_(list(moments))).select(rows.model.id).tuples()]
        titles = query.labels(name, visible, actor)
        found += [Recent(MomentField().python_value(moments[id]), register, id, titles.get(id, f"#{id}")) for id in visible]
    return sorted(found, key=lambda item: item.at, reverse=True)[:most]


def unit_of(actor):
    """The names of the units an actor works in, or 全市."""
    names = []
    for membership in actor.memberships:
        kind, id = next(
            (
                (kind, id)
                for kind, id in (
                    ("school", membership.school_id),
                    ("inspection_team", membership.team_id),
                    ("district", membership.district_id),
                )
                if id
            ),
            (None, None),
        )
        names.append(query.labels(kind, (id,), actor).get(id, "") if kind else "")
    return "、".join(dict.fromkeys(name for name in names if name))
