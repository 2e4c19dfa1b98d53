"""Fields, options and rules that several registers share."""

from models.fields import Code, Relation, condition as when, options
from models.reports import Rule

# fmt: off
SCHOOL = Relation("school", "学校", "School", to="school", required=True, indexed=True,
                  label_aliases=("学校名称", "学校（单位）", "单位", "单位名称"))
NO_NAMES = "只写工作情况，不写民族、宗教、行踪和家庭情况，不写电话号码和证件号码。"
NO_NAMES_EN = "Work matters only: no ethnicity, religion, whereabouts or family matters, no telephone or ID numbers."
NOT_A_PERSON = ("学校", "本校", "我校", "校方", "单位", "教育局", "待定", "无", "未定")
GRADES = options("A | A | green | A级、Ａ", "B | B | blue | B级、Ｂ", "C | C | amber | C级、Ｃ、局部危房",
                 "D | D | red | D级、Ｄ、整幢危房、整栋危房")
ROLES = options(
    "city_admin 市级管理员 | City administrator | red",
    "city_clerk 市级处室 | City clerk | blue",
    "district_clerk 县区管理员 | District clerk | blue",
    "school_reporter 学校填报员 | School reporter | green",
    "inspector 督导组员 | Inspector | amber",
    "leader 只读领导 | Leader (read only)",
    "auditor 审计员 | Auditor",
)
# fmt: on


def own_code(series, label="编号", label_en="Code", **more):
    """A business number the app makes from a series when none is typed."""
    return Code(
        name="code",
        label=label,
        label_en=label_en,
        make=series,
        unique=True,
        indexed=True,
        help="不填时自动编号。",
        help_en="Left empty, a number is made.",
        **more,
    )


def named_person(field, label="责任人"):
    """The duty-holder is a person, not an office."""
    return Rule(
        f"{field}_person",
        f"{label}要写到具体的人，不能写学校、单位或待定。",
        field,
        when=when(**{f"{field}__empty": False}),
        must=when(**{"not": when(**{f"{field}__in": NOT_A_PERSON})}),
        message_en="Name a person, not a school, an office or 'to be decided'.",
    )


def in_order(first, then, message, message_en, level="error"):
    """Two dates (or numbers): where both are filled, `then` is not less than `first`."""
    return Rule(
        f"{then}_after_{first}",
        message,
        then,
        level,
        when=when(**{f"{first}__empty": False, f"{then}__empty": False}),
        must=when(**{f"{then}__gte": f"${first}"}),
        message_en=message_en,
    )


def at_most(part, whole, message, message_en):
    """Two numbers: where both are filled, `part` is not more than `whole`."""
    return Rule(
        f"{part}_within_{whole}",
        message,
        part,
        when=when(**{f"{part}__empty": False, f"{whole}__empty": False}),
        must=when(**{f"{part}__lte": f"${whole}"}),
        message_en=message_en,
    )


def not_future(field, message, message_en):
    """A day that has come."""
    return Rule(
        f"{field}_not_future",
        message,
        field,
        when=when(**{f"{field}__empty": False}),
        must=when(**{f"{field}__lte": "$today"}),
        message_en=message_en,
    )
