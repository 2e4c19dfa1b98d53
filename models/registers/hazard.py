"""隐患台账: found → owner and date → fixed → rechecked by someone else → closed."""

from models.fields import Attachment, Choice, Date, Derived, LongText, Relation, Text, condition as when, options
from models.register import Register
from models.registers.common import SCHOOL, in_order, named_person, not_future, own_code
from models.reports import Rule, Section, Summary
from models.workflow import Transition, Workflow

# fmt: off
FOUND = (
    own_code("YH", "隐患编号", "Hazard code", label_aliases=("编号",)),
    SCHOOL,
    Relation("building", "涉及校舍", "Building", to="damaged_building", indexed=True, narrowed_by=("school", "school")),
    Choice("kind", "隐患类别", "Kind", required=True, indexed=True,
           options=options("building 校舍 | Building", "wall 围墙 | Wall", "electricity 用电 | Electricity", "fire 消防 | Fire",
                           "food 食品 | Food", "security 治安 | Security", "flood 防汛 | Floods", "drowning 防溺水 | Drowning",
                           "laboratory 实验室 | Laboratory", "epidemic 疫情防控 | Epidemic control", "other 其他 | Other")),
    Choice("level", "隐患等级", "Level", required=True, indexed=True,
           options=options("minor 一般 | Minor | blue", "serious 较大 | Serious | amber", "major 重大 | Major | red")),
    Choice("source", "来源", "Source",
           options=options("self_check 学校自查 | School self-check", "district_check 县区排查 | District check",
                           "team 督导组 | Inspection team", "patrol 巡查 | Patrol", "public 群众 | Public | quiet | 群众反映")),
    Relation("visit", "走访记录", "Visit", to="visit", indexed=True, narrowed_by=("school", "school")),
    Date("found_on", "发现日期", "Found on", required=True, indexed=True),
    LongText("description", "隐患描述", "Description", required=True, max_length=2000, label_aliases=("描述", "问题")),
    Attachment("photo", "照片", "Photos", accept=("image",)),
)
FIXED = (
    Text("responsible", "责任人", "Responsible", max_length=40),
    LongText("measure", "整改方案", "Measure", max_length=2000),
    Date("due_on", "限时", "Due on", indexed=True, label_aliases=("整改期限", "完成时限", "限期")),
    Date("first_due_on", "原定限时", "First due on", readonly=True),
    LongText("fixed_note", "整改情况", "What was done", max_length=2000),
    Attachment("fixed_photo", "整改照片", "Photos after", accept=("image",)),
    Date("fixed_on", "整改完成日期", "Fixed on"),
    Derived("overdue", "超期", "Overdue", when=when(due_on__lt="$today", state__ne="closed")),
    Derived("recheck_late", "逾期未复查", "Recheck overdue", when=when(state="recheck", due_on__lt="$today-{复查时限:7}")),
)
RECHECKED = (
    Date("rechecked_on", "复查日期", "Rechecked on", readonly=True),
    Relation("rechecker", "复查人", "Rechecker", to="account", readonly=True),
    Choice("recheck_result", "复查结果", "Recheck result", readonly=True,
           options=options("passed 通过 | Passed | green", "failed 不通过 | Failed | red")),
    Choice("state", "状态", "State", readonly=True, default="registered", indexed=True,
           options=options("registered 登记 | Registered", "fixing 整改中 | Being fixed | blue",
                           "recheck 待复查 | Awaiting recheck | amber", "closed 已销号 | Closed | green | 销号",
                           "returned 退回整改 | Returned | red")),
)

MOVES = (
    Transition("start", "开始整改", ("registered",), "fixing", "Start fixing", requires=("responsible", "measure", "due_on")),
    Transition("report_fixed", "报请复查", ("fixing",), "recheck", "Ask for recheck", requires=("fixed_on",)),
    Transition("close", "复查通过，销号", ("recheck",), "closed", "Passed: close", action="approve",
               different_from=("report_fixed",), sets=when(recheck_result="passed", rechecked_on="$today", rechecker="$me")),
    Transition("send_back", "复查不通过，退回", ("recheck",), "returned", "Failed: send back", action="approve",
               different_from=("report_fixed",), reason=True, tone="danger",
               sets=when(recheck_result="failed", rechecked_on="$today", rechecker="$me")),
    Transition("reopen", "重新打开", ("closed",), "returned", "Open again", action="approve", reason=True, tone="danger",
               sets=when(recheck_result="failed")),
    Transition("resume", "重新整改", ("returned",), "fixing", "Fix again", requires=("responsible", "measure", "due_on")),
)
RULES = (
    not_future("found_on", "发现日期不能晚于今天。", "It cannot have been found in the future."),
    in_order("found_on", "due_on", "限时不能早于发现日期。", "It cannot be due before it was found."),
    in_order("found_on", "fixed_on", "整改完成日期不能早于发现日期。", "It cannot be fixed before it was found."),
    not_future("fixed_on", "整改完成日期不能晚于今天。", "It cannot have been fixed in the future."),
    named_person("responsible"),
    Rule("owned", "登记以后的隐患要有责任人、整改方案和限时。", "responsible",
         when=when(state__in=("fixing", "recheck", "closed", "returned")), require=("responsible", "measure", "due_on"),
         message_en="Once past registration it has an owner, a measure and a date."),
    Rule("major_due", "重大隐患的限时超过了规定天数。", "due_on", when=when(level="major", due_on__empty=False),
         check="hazard_due", message_en="A major hazard is due within the days set by parameter."),
    Rule("due_late", "限时超过了规定天数，请核对；确实如此请说明原因。", "due_on", "warning",
         when=when(level__in=("minor", "serious"), due_on__empty=False), check="hazard_due",
         message_en="It is due later than the days set by parameter; say why."),
    Rule("closed_before", "本校有同样的隐患已销号；再次出现的，请在原记录上重新打开。", "description", "warning",
         check="not_closed_before",
         message_en="The school has the same hazard closed: open that record again instead of entering it anew."),
    Rule("danger_in_use", "危房仍在使用，属于重大隐患。", "level",
         when=when(building__empty=False, level__ne="major", state__ne="closed"), check="danger_in_use_is_major",
         message_en="A dangerous building in use is a major hazard."),
    Rule("authority", "重大隐患只能由县区或督导组销号，责任人不能复查自己的隐患。", "state", when=when(state="closed"),
         check="closes_by_authority", message_en="Districts or teams close major hazards, and nobody rechecks his own."),
    Rule("reporter_rectifies", "学校只登记自查的隐患；他人查出的隐患，学校只填整改情况。", "description",
         check="reporter_rectifies", always=True,
         message_en="A school enters its own finds; of others' finds it fills in the rectification only."),
    Rule("same_school", "所选校舍或走访记录不是本校的。", "building", check="same_school",
         message_en="The building or the visit is of another school."),
)
HAZARD = Register("hazard", "隐患台账", "Hazard",
    group="督导",
    icon="ti-alert-triangle",
    help="登记造册、限时整改、换人复查、销号；自查和督导发现的都在这里。",
    help_en="Registered, fixed by a date, rechecked by another person, closed: from self-checks and visits alike.",
    fields=FOUND + FIXED + RECHECKED,
    key=("code",),
    scope="school",
    title=("code", "kind"),
    list_columns=("code", "school", "kind", "level", "description", "responsible", "due_on", "overdue", "state"),
    phone=("school", "description", "due_on"),
    filters=("school", "kind", "level", "source", "visit", "building", "responsible", "found_on", "due_on", "overdue",
             "recheck_late", "recheck_result", "state"),
    search=("code", "school", "description", "responsible"),
    sections=(
        Section("隐患", tuple(field.name for field in FOUND), "Hazard"),
        Section("整改", tuple(field.name for field in FIXED), "Rectification"),
        Section("复查", tuple(field.name for field in RECHECKED), "Recheck"),
    ),
    workflow=Workflow("state", "registered", MOVES, locked=("closed",)),
    rules=RULES,
    behaviours=("keep_first_due",),
    summaries=(
        Summary("by_district_state", "各区县隐患办理", ("district", "state"), label_en="By district and state"),
        Summary("by_kind_level", "按类别和等级", ("kind", "level"), label_en="By kind and level"),
        Summary("by_source", "按来源", ("source", "state"), label_en="By source"),
    ),
    grain="object",
    retention="责任人姓名在岗期间及离岗后 1 年。",
)
