"""督导检查记录: which team was at which school, what it looked at and what it found."""

from models.fields import Attachment, Choice, Choices, Date, DateTime, LongText, Relation, condition as when, options
from models.register import Register
from models.registers.common import SCHOOL, not_future, own_code
from models.reports import Rule, Section, Summary
from models.workflow import Transition, Workflow

FIELDS = (
    own_code("ZF", "走访编号", "Visit code", label_aliases=("编号",)),
    Relation(name="team", label="督导组", label_en="Team", to="inspection_team", required=True, indexed=True),
    SCHOOL,
    Date(
        name="visited_on", label="走访日期", label_en="Visited on", required=True, indexed=True, label_aliases=("检查日期", "日期")
    ),
    Choice(
        name="kind",
        label="检查类型",
        label_en="Kind",
        required=True,
        indexed=True,
        options=options(
            "first 首次 | First visit",
            "recheck 复查 | Recheck | blue",
            "unannounced 暗访 | Unannounced | amber",
            "special 专项 | Special | blue",
        ),
    ),
    Choices(
        name="scope",
        label="检查内容",
        label_en="Looked at",
        options=options(
            "epidemic 疫情防控 | Epidemic control",
            "rebuilding 灾后重建 | Rebuilding",
            "reopening 开学准备 | Reopening",
            "flood_drowning 防汛防溺 | Floods and drowning",
            "training 校外培训机构 | Training institutions",
            "safety 校园安全 | Campus safety",
            "routine 常规管理 | Routine",
        ),
    ),
    Relation(
        name="parent",
        label="复查对象",
        label_en="Rechecks",
        to="visit",
        shown_when=when(kind="recheck"),
        indexed=True,
        narrowed_by=("school", "school"),
        help="复查时选上次的走访记录。",
        help_en="The visit this one rechecks.",
    ),
    Choice(
        name="result",
        label="检查结果",
        label_en="Result",
        indexed=True,
        options=options(
            "passed 合格 | Passed | green",
            "rectify 限期整改 | Rectify by a date | amber",
            "stop_use 停用 | Take out of use | red",
            "notice 通报 | Public notice | red",
        ),
    ),
    LongText(name="note", label="检查情况", label_en="Findings", max_length=4000),
    Attachment(name="photo", label="照片", label_en="Photos", accept=("image",)),
    DateTime(name="submitted_at", label="提交时间", label_en="Submitted at", readonly=True),
    Choice(
        name="state",
        label="状态",
        label_en="State",
        readonly=True,
        default="draft",
        indexed=True,
        options=options("draft 草稿 | Draft", "submitted 已提交 | Submitted | blue", "archived 已归档 | Archived | green"),
    ),
)
VISIT = Register(
    name="visit",
    label="走访记录",
    label_en="Visit",
    group="督导",
    icon="ti-walk",
    help="督导组每次到校的检查记录；发现的问题登记到隐患台账。",
    help_en="Each visit of a team to a school; what it found goes to the hazards.",
    fields=FIELDS,
    key=("code",),
    scope="school",
    title=("code", "school", "visited_on"),
    list_columns=("code", "team", "school", "visited_on", "kind", "scope", "result", "state"),
    phone=("school", "visited_on", "result"),
    filters=("team", "school", "visited_on", "kind", "scope", "result", "state", "parent"),
    search=("code", "school", "team", "note"),
    sections=(
        Section("走访", ("team", "school", "visited_on", "kind", "parent", "scope"), "Visit"),
        Section("结果", ("result", "note", "photo"), "Result"),
        Section("办理", ("code", "submitted_at", "state"), "Handling"),
    ),
    workflow=Workflow(
        "state",
        "draft",
        (
            Transition(
                "submit", "提交", ("draft",), "submitted", "Submit", requires=("scope", "result"), sets=when(submitted_at="$now")
            ),
            Transition("send_back", "退回", ("submitted",), "draft", "Send back", action="approve", reason=True, tone="danger"),
            Transition("archive", "归档", ("submitted",), "archived", "Archive", action="approve"),
        ),
        locked=("archived",),
    ),
    rules=(
        not_future("visited_on", "走访日期不能晚于今天。", "A visit cannot lie in the future."),
        Rule(
            "assigned",
            "该学校不在这个督导组的分包范围内；专项检查只能由分包该校的专项督查组进行。",
            "school",
            check="visit_assigned",
            message_en="The school is not assigned to this team; special visits are made by the special team assigned to it.",
        ),
        Rule(
            "recheck_parent",
            "复查要选本校上次的走访记录。",
            "parent",
            when=when(kind="recheck"),
            check="recheck_parent",
            message_en="A recheck names an earlier visit to the same school.",
        ),
        Rule(
            "parent_only_recheck",
            "只有复查才填复查对象。",
            "parent",
            when=when(kind__ne="recheck"),
            must=when(parent__empty=True),
            message_en="Only a recheck names an earlier visit.",
        ),
        Rule(
            "result_hazards",
            "结果为限期整改或停用的，先登记隐患，写明责任人和限时，再提交。",
            "result",
            when=when(result__in=("rectify", "stop_use"), state__ne="draft"),
            check="visit_result_hazards",
            message_en="Enter the hazards, each with owner and date, before submitting.",
        ),
        Rule(
            "passed_major",
            "该校还有未销号的重大隐患，结果却是合格，请核对。",
            "result",
            "warning",
            when=when(result="passed"),
            check="passed_with_major_hazard",
            message_en="The school has an open major hazard, yet the result is passed.",
        ),
        Rule(
            "many_visits",
            "该组当天的走访已超过 12 次，请核对。",
            "visited_on",
            "warning",
            check="visits_per_day",
            message_en="This team has over 12 visits on that day.",
        ),
    ),
    summaries=(
        Summary("by_district_result", "各区县检查结果", ("district", "result"), label_en="By district and result"),
        Summary("by_team", "各组走访次数", ("team",), label_en="By team"),
        Summary("by_kind", "按类型和结果", ("kind", "result"), label_en="By kind and result"),
    ),
    related=("hazard", "visit"),
)
