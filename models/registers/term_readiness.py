"""秋季开学能力与安置: which schools cannot open, and where their students study so that they start on time."""

from models.fields import Choice, Date, Derived, Integer, LongText, Relation, Text, condition as when, options
from models.register import Register
from models.registers.common import SCHOOL, at_most
from models.reports import Rule, Section, Summary

FIELDS = (
    SCHOOL,
    Text(name="term", label="学期", label_en="Term", required=True, max_length=20, example="2021秋", indexed=True),
    Choice(
        name="ability",
        label="开学条件",
        label_en="Ability to open",
        indexed=True,
        options=options("ready 具备 | Ready | green", "in_time 限期具备 | Ready in time | amber", "unable 不具备 | Unable | red"),
        label_aliases=("是否具备开学条件",),
    ),
    Choice(
        name="reason",
        label="原因",
        label_en="Reason",
        options=options(
            "damage 校舍受损 | Damaged buildings",
            "lockdown 封控 | Lockdown",
            "occupied 临时占用 | Occupied for other use",
            "other 其他 | Other",
        ),
    ),
    Date(name="decided_on", label="认定日期", label_en="Decided on"),
    Choice(
        name="placement",
        label="安置方式",
        label_en="Placement",
        indexed=True,
        options=options(
            "own_site 原址 | Own site",
            "borrowed 借址 | Borrowed site | blue",
            "merged 合并 | Merged | blue",
            "cabins 板房 | Cabins | amber",
            "staggered 错峰 | Staggered",
            "online 线上 | Online",
        ),
    ),
    Relation(
        name="host_school",
        label="接收学校",
        label_en="Host school",
        to="school",
        indexed=True,
        shown_when=when(placement__in=("borrowed", "merged")),
    ),
    Integer(
        name="students_affected", label="受影响学生", label_en="Students affected", unit="人", unit_en="people", min=0, max=200000
    ),
    Integer(name="students_placed", label="已安置学生", label_en="Students placed", unit="人", unit_en="people", min=0, max=200000),
    Derived(
        name="unplaced",
        label="未全部安置",
        label_en="Not all placed",
        when=when(any=(when(students_affected__gt="$students_placed"), when(students_affected__gt=0, students_placed__empty=True))),
    ),
    Date(name="planned_open_on", label="计划开学日期", label_en="Planned to open on"),
    LongText(name="note", label="备注", label_en="Note", max_length=500),
)
TERM_READINESS = Register(
    name="term_readiness",
    label="开学能力与安置",
    label_en="Readiness to reopen",
    group="灾后重建",
    icon="ti-arrows-exchange",
    help="各校秋季能否按时开学；不能的，学生安置到哪里。",
    help_en="Whether each school can open on time, and where its students go if not.",
    fields=FIELDS,
    key=("school", "term"),
    scope="school",
    title=("school", "term"),
    list_columns=(
        "school",
        "term",
        "ability",
        "reason",
        "placement",
        "host_school",
        "students_affected",
        "students_placed",
        "planned_open_on",
    ),
    phone=("school", "ability", "placement"),
    filters=("school", "term", "ability", "reason", "placement", "host_school", "unplaced", "planned_open_on"),
    search=("school", "term", "host_school"),
    sections=(
        Section("开学条件", ("school", "term", "ability", "reason", "decided_on"), "Ability to open"),
        Section(
            "学生安置",
            ("placement", "host_school", "students_affected", "students_placed", "unplaced", "planned_open_on", "note"),
            "Placement",
        ),
    ),
    rules=(
        Rule(
            "unable_reason",
            "不具备开学条件的，请填原因和安置方式。",
            "reason",
            when=when(ability="unable"),
            require=("reason", "placement"),
            message_en="A school that cannot open gives the reason and the placement.",
        ),
        Rule(
            "unable_elsewhere",
            "不具备开学条件的学校不能原址开学。",
            "placement",
            when=when(ability="unable"),
            must=when(placement__ne="own_site"),
            message_en="A school that cannot open cannot stay on its own site.",
        ),
        Rule(
            "host_named",
            "借址或合并的，请选接收学校。",
            "host_school",
            when=when(placement__in=("borrowed", "merged")),
            require=("host_school",),
            message_en="Choose the host school.",
        ),
        Rule(
            "host_ready",
            "接收学校须具备开学条件，且不能是本校。",
            "host_school",
            when=when(host_school__empty=False),
            check="host_ready",
            message_en="The host must be able to open and be another school.",
        ),
        at_most(
            "students_placed", "students_affected", "已安置学生不能多于受影响学生。", "No more can be placed than are affected."
        ),
        Rule(
            "all_placed",
            "还有学生没有安置。",
            "students_placed",
            "info",
            when=when(students_affected__empty=False, students_placed__empty=False),
            must=when(students_placed__gte="$students_affected"),
            message_en="Some students are not placed yet.",
        ),
    ),
    summaries=(
        Summary(
            "by_district_ability",
            "各区县开学条件",
            ("district", "ability"),
            ("count", "sum:students_affected", "sum:students_placed"),
            "By district and ability",
        ),
        Summary("by_placement", "按安置方式", ("placement",), ("count", "sum:students_placed"), "By placement"),
    ),
)
