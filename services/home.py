"""工作台: what waits for me and what is overdue, as a handful of counts that each open their rows. No heavy totals."""

from dataclasses import dataclass

from models import registry
from models.errors import Label, NotAllowed
from services import policy, query
from services.query import Count

MOST_CARDS = 8

# (register, title, URL filters, tone, the action whose holders it waits for). Counts are capped, so a card costs one short scan.
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
    """The actor's cards: of registers he sees, waiting for an action he may do; those with rows first."""
    found = []
    for name, title, pairs, tone, action in CARDS:
        register = registry.get(name)
        if not policy.may(actor, action, register) and not (actor.read_only and policy.may(actor, "view", register)):
            continue
        try:
            asked = query.parse(name, actor, pairs)
        except NotAllowed:
            continue
        found.append(Card(asked.register, title, query.count(asked), pairs, tone))
    found.sort(key=lambda card: card.count.value == 0)
    return found[:MOST_CARDS]
