"""灾后重建/维修改造项目: buildings sorted into repair, reinforcement and rebuilding, with owner and date."""

from models.fields import Choice, Date, Derived, Integer, LongText, Money, Percent, Relations, Text, condition as when, options
from models.register import Register
from models.registers.common import SCHOOL, in_order, named_person, not_future, own_code
from models.reports import Rule, Section, Summary
from models.workflow import Transition, Workflow

# fmt: off
FIELDS = (
    own_code("XM", "项目编号", "Project code", label_aliases=("编号",)),
    SCHOOL,
    Text("title", "项目名称", "Title", required=True, max_length=100, label_aliases=("名称",)),
    Relations("buildings", "校舍", "Buildings", to="damaged_building", help="本校的受损校舍，可选几栋。",
              help_en="Damaged buildings of this school."),
    Choice("category", "项目类别", "Category", indexed=True,
           options=options("repair 维修 | Repair", "reinforce 加固 | Reinforce", "rebuild 重建 | Rebuild | amber",
                           "relocate 异地新建 | Rebuild elsewhere | amber")),
    Integer("plan_year", "计划年度", "Plan year", min=2000, max=2100),
    Money("budget_wan", "预算", "Budget", unit="万元", unit_en="10,000 yuan", label_aliases=("预算资金", "投资", "总投资")),
    Choice("fund_source", "资金来源", "Funded by",
           options=options("central 中央 | Central", "province 省 | Province", "city 市 | City",
                           "county 县 | County | quiet | 县区", "donation 社会捐赠 | Donation", "other 其他 | Other")),
    Text("responsible", "责任人", "Responsible", max_length=40),
    Date("start_on", "开工日期", "Starts on"),
    Date("due_on", "限时完成", "Due on", required=True, indexed=True, label_aliases=("完成时限", "限时", "限期")),
    Date("done_on", "完工日期", "Done on"),
    Percent("progress", "进度", "Progress"),
    Derived("overdue", "超期", "Overdue", when=when(due_on__lt="$today", state__in=("not_started", "works", "paused"))),
    LongText("note", "备注", "Note", max_length=500),
    Choice("state", "状态", "State", readonly=True, default="not_started", indexed=True,
           options=options("not_started 未开工 | Not started", "works 施工中 | Under way | blue", "paused 停工 | Paused | amber",
                           "done 已完工 | Done | green", "accepted 已验收 | Accepted | green")),
)
MOVES = (
    Transition("start", "开工", ("not_started",), "works", "Start", requires=("responsible", "start_on")),
    Transition("pause", "停工", ("works",), "paused", "Pause", reason=True, tone="danger"),
    Transition("resume", "复工", ("paused",), "works", "Resume"),
    Transition("finish", "完工", ("works",), "done", "Finish", requires=("done_on",)),
    Transition("accept", "验收", ("done",), "accepted", "Accept", action="approve", different_from=("finish",)),
    Transition("send_back", "退回整改", ("done",), "works", "Send back", action="approve", reason=True, tone="danger"),
)
RULES = (
    in_order("start_on", "due_on", "完成时限不能早于开工日期。", "It cannot be due before it starts."),
    in_order("start_on", "done_on", "完工日期不能早于开工日期。", "It cannot be done before it starts."),
    not_future("done_on", "完工日期不能晚于今天。", "It cannot have been done in the future."),
    Rule("budget_size", "预算超过 2 亿元，请核对是否把元填成了万元。", "budget_wan", "warning",
         when=when(budget_wan__empty=False), must=when(budget_wan__lte=20000),
         message_en="Over 200 million yuan: was it typed in yuan?"),
    Rule("full_progress", "进度已到 100%，请办理完工。", "progress", "warning", when=when(state="works", progress__empty=False),
         must=when(progress__lt=100), message_en="Progress is 100 %: mark the project done."),
    Rule("one_project", "校舍须属于本校，且只能在一个未验收的项目中。", "buildings", check="one_live_project",
         message_en="A building must be of this school and in one unaccepted project only."),
    Rule("placed_past_term_start", "工程要跨过开学日，本校还没有学生安置安排，请先填报开学能力与安置。", "due_on", "warning",
         when=when(due_on__empty=False, state__in=("not_started", "works", "paused")), check="placed_past_term_start",
         message_en="The works go on past the start of term, and no placement of the students is entered."),
    Rule("progress_falls", "进度比原来低了，请核对；确实如此请说明原因。", "progress", "warning", when=when(progress__empty=False),
         check="progress_falls",
         message_en="Progress went down; say why."),
    named_person("responsible"),
)
REBUILD_PROJECT = Register("rebuild_project", "重建项目", "Rebuild project",
    group="灾后重建",
    icon="ti-crane",
    help="维修、加固、重建和异地新建项目，责任到人、限时完成。",
    help_en="Repair, reinforcement and rebuilding projects, each with an owner and a date.",
    fields=FIELDS,
    key=("code",),
    scope="school",
    title=("code", "title"),
    list_columns=("code", "school", "title", "category", "budget_wan", "responsible", "due_on", "progress", "state"),
    phone=("title", "school", "progress"),
    filters=("school", "category", "fund_source", "plan_year", "state", "overdue", "due_on", "budget_wan", "buildings"),
    search=("code", "title", "school", "responsible"),
    sections=(
        Section("项目", ("code", "school", "title", "buildings", "category", "plan_year"), "Project"),
        Section("资金", ("budget_wan", "fund_source"), "Money"),
        Section("进度", ("responsible", "start_on", "due_on", "done_on", "progress", "overdue", "note", "state"), "Progress"),
    ),
    workflow=Workflow("state", "not_started", MOVES, locked=("accepted",)),
    rules=RULES,
    behaviours=("project_closes_buildings",),
    summaries=(
        Summary("by_district_state", "各区县项目进度", ("district", "state"), ("count", "sum:budget_wan"),
                "By district and state"),
        Summary("by_source", "按资金来源", ("fund_source",), ("count", "sum:budget_wan"), "By source of money"),
        Summary("by_category", "按项目类别", ("category",), ("count", "sum:budget_wan"), "By category"),
    ),
)
