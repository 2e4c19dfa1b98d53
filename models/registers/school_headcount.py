"""师生规模(按校): headcounts, the denominator of every rate."""

from models.fields import Choice, Date, Integer, LongText, options
from models.register import Register
from models.registers.common import NO_NAMES, NO_NAMES_EN, SCHOOL, at_most, not_future
from models.reports import Rule, Section, Summary
from models.workflow import Transition, Workflow

# fmt: off
SCHOOL_HEADCOUNT = Register("school_headcount", "师生规模", "School headcount",
    group="学校",
    icon="ti-users",
    help="各校某一天的学生和教职工人数，按人填，不按万人填。",
    help_en="Students and staff of a school on a day, in persons.",
    fields=(
        SCHOOL,
        Date("as_of", "统计日期", "As of", required=True, indexed=True, label_aliases=("截至日期", "日期")),
        Integer("students", "学生", "Students", unit="人", unit_en="people", min=0, max=200000,
                label_aliases=("学生数", "学生人数")),
        Integer("boarders", "住校生", "Boarders", unit="人", unit_en="people", min=0, max=200000,
                label_aliases=("寄宿生", "住宿生")),
        Integer("staff", "教职工", "Staff", unit="人", unit_en="people", min=0, max=50000, help="含后勤人员。",
                help_en="Support staff included.", label_aliases=("教职工（含后勤）", "教职工数")),
        Integer("teachers", "教师", "Teachers", unit="人", unit_en="people", min=0, max=50000, label_aliases=("专任教师",)),
        Integer("support_staff", "后勤人员", "Support staff", unit="人", unit_en="people", min=0, max=50000),
        LongText("note", "备注", "Note", max_length=100, no_numbers=True, help=NO_NAMES, help_en=NO_NAMES_EN),
        Choice("state", "状态", "State", readonly=True, default="draft", indexed=True,
               options=options("draft 草稿 | Draft", "reported 已报送 | Reported | blue",
                               "reviewed 县区已审 | Reviewed by the district | green")),
    ),
    key=("school", "as_of"),
    scope="school",
    title=("school", "as_of"),
    list_columns=("school", "as_of", "students", "boarders", "staff", "teachers", "support_staff", "state"),
    phone=("school", "students", "state"),
    filters=("school", "as_of", "students", "staff", "state"),
    search=("school",),
    sort="-as_of",
    sections=(
        Section("统计范围", ("school", "as_of", "state"), "What is counted"),
        Section("人数", ("students", "boarders", "staff", "teachers", "support_staff", "note"), "Numbers"),
    ),
    workflow=Workflow("state", "draft",
                      (
                          Transition("report", "报送", ("draft",), "reported", "Report", requires=("students", "staff")),
                          Transition("review", "审核通过", ("reported",), "reviewed", "Approve", action="approve",
                                     different_from=("report",)),
                          Transition("send_back", "退回", ("reported", "reviewed"), "draft", "Send back", action="approve",
                                     reason=True, tone="danger"),
                      ), locked=("reviewed",)),
    rules=(
        not_future("as_of", "统计日期不能晚于今天。", "The day cannot lie in the future."),
        at_most("boarders", "students", "住校生不能多于学生。", "Boarders cannot outnumber students."),
        at_most("teachers", "staff", "教师不能多于教职工。", "Teachers cannot outnumber staff."),
        Rule("parts", "教师加后勤人员不能多于教职工。", "staff", check="headcount_parts",
             message_en="Teachers and support staff together cannot outnumber staff."),
        Rule("jump", "比上次统计变动超过 20%，请核对；确实如此请说明原因。", "students", "warning", check="headcount_jump",
             message_en="It moved by over 20 % since the last count; say why."),
        Rule("size", "学生人数与学校类别不相称，请核对是否多写了位数。", "students", "warning", check="headcount_size",
             message_en="Unusually many students for a school of this level."),
    ),
    summaries=(
        Summary("by_district", "各区县师生人数", ("district",), ("count", "sum:students", "sum:staff"), "By district"),
        Summary("by_state", "报送进度", ("state",), label_en="By state"),
    ),
    grain="count",
)
