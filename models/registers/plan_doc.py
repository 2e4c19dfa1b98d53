"""方案预案库: plans of city, districts and schools, by version; one in force for each owner and kind."""

from models.fields import Attachment, Choice, Date, Derived, Integer, LongText, Relation, Text, condition as when, options
from models.register import Register
from models.registers.common import in_order, named_person, not_future
from models.reports import Rule, Section, Summary
from models.workflow import Transition, Workflow

# fmt: off
FIELDS = (
    Choice("owner_kind", "编制单位", "Owner", required=True, indexed=True,
           options=options("school 学校 | School", "district 县区 | District | blue | 区县", "city 市 | City | blue | 市级")),
    Relation("district", "区县", "District", to="district", indexed=True),
    Relation("school", "学校", "School", to="school", indexed=True, shown_when=when(owner_kind="school"),
             narrowed_by=("district", "district")),
    Choice("kind", "方案类别", "Kind", required=True, indexed=True,
           options=options("control 防控方案 | Epidemic control", "emergency 应急预案 | Emergency",
                           "reopening 返校开学方案 | Reopening", "rebuilding 灾后重建方案 | Rebuilding | amber | 重建方案",
                           "flood 防汛预案 | Floods", "after_school 课后服务方案 | After-school service",
                           "teaching 教学计划 | Teaching")),
    Integer("version_no", "版本", "Version", min=1, max=999, help="不填时自动编号。", help_en="Numbered if empty."),
    Text("responsible", "责任人", "Responsible", max_length=40),
    Date("made_on", "编制日期", "Made on", indexed=True),
    Date("due_on", "完成时限", "To be done by"),
    Date("reviewed_on", "复审日期", "Reviewed on"),
    Attachment("file", "文件", "File", accept=("document",)),
    LongText("opinion", "退回意见", "Opinion", max_length=500),
    Derived("review_due", "该复审了", "Review due",
            when=when(state="filed",
                      any=(
                          when(reviewed_on__lt="$today-{方案复审间隔:365}"),
                          when(reviewed_on__empty=True, made_on__lt="$today-{方案复审间隔:365}"),
                      ))),
    Choice("state", "状态", "State", readonly=True, default="draft", indexed=True,
           options=options("draft 草稿 | Draft", "filed 已备案 | On file | green", "returned 退回 | Returned | red",
                           "void 失效 | No longer in force")),
)
MOVES = (
    Transition("file", "备案", ("draft",), "filed", "Put on file", action="approve", requires=("made_on", "file")),
    Transition("send_back", "退回", ("draft",), "returned", "Send back", action="approve", requires=("opinion",), tone="danger"),
    Transition("redraft", "重新拟订", ("returned",), "draft", "Draft again"),
    Transition("review", "复审", ("filed",), "filed", "Review", action="approve", sets=when(reviewed_on="$today"), tone="plain"),
    Transition("withdraw", "宣布失效", ("filed",), "void", "End", action="approve", reason=True, tone="danger"),
)
PLAN_DOC = Register("plan_doc", "方案预案", "Plan",
    group="灾后重建",
    icon="ti-file-text",
    help="市、县区、学校的方案和预案，按版本保存；同一单位同一类别只有一个版本有效。",
    help_en="Plans of city, districts and schools by version; one in force for each owner and kind.",
    fields=FIELDS,
    key=("owner_kind", "district", "school", "kind", "version_no"),
    scope="school|district",
    title=("school", "kind", "version_no"),
    list_columns=("owner_kind", "district", "school", "kind", "version_no", "responsible", "made_on", "reviewed_on", "state"),
    phone=("kind", "school", "state"),
    filters=("owner_kind", "district", "school", "kind", "state", "made_on", "review_due"),
    search=("school", "responsible"),
    sections=(
        Section("方案", ("owner_kind", "district", "school", "kind", "version_no", "file"), "Plan"),
        Section("责任与时限", ("responsible", "made_on", "due_on", "reviewed_on", "review_due"), "Owner and dates"),
        Section("备案", ("opinion", "state"), "Filing"),
    ),
    workflow=Workflow("state", "draft", MOVES, locked=("filed", "void")),
    rules=(
        Rule("school_named", "学校的方案请选学校。", "school", when=when(owner_kind="school"), require=("school",),
             message_en="A school's plan names the school."),
        Rule("district_named", "县区的方案请选区县，不选学校。", "district", when=when(owner_kind="district"),
             must=when(district__empty=False, school__empty=True),
             message_en="A district's plan names the district and no school."),
        Rule("city_alone", "市的方案不选区县和学校。", "district", when=when(owner_kind="city"),
             must=when(district__empty=True, school__empty=True), message_en="The city's plan names no district or school."),
        Rule("owned", "灾后重建方案备案前，要写明责任人和完成时限。", "responsible", when=when(kind="rebuilding", state="filed"),
             require=("responsible", "due_on"), message_en="A rebuilding plan on file has an owner and a date."),
        named_person("responsible"),
        not_future("made_on", "编制日期不能晚于今天。", "It cannot have been made in the future."),
        not_future("reviewed_on", "复审日期不能晚于今天。", "It cannot have been reviewed in the future."),
        in_order("made_on", "reviewed_on", "复审日期不能早于编制日期。", "It cannot be reviewed before it was made."),
        in_order("made_on", "due_on", "完成时限不能早于编制日期。", "It cannot be due before it was made."),
        Rule("old_plan", "方案编制已超过一年又没有复审，请核对。", "made_on", "warning",
             when=when(made_on__lt="$today-{方案复审间隔:365}", state__ne="void"),
             must=when(reviewed_on__gte="$today-{方案复审间隔:365}"), message_en="Made over a year ago and not reviewed since."),
    ),
    behaviours=("plan_owner", "plan_supersedes"),
    summaries=(
        Summary("by_kind_state", "各类方案", ("kind", "state"), label_en="By kind and state"),
        Summary("by_district_state", "各区县方案", ("district", "state"), label_en="By district and state"),
    ),
)
