"""鉴定: what an agency concluded about one building. The app records the conclusion; it never computes a legal grade."""

from models.fields import Attachment, Choice, Date, Decimal, Integer, LongText, Relation, Text, condition as when, options
from models.register import Register
from models.registers.common import GRADES, in_order, not_future
from models.reports import Rule, Section, Summary

# fmt: off
CONCLUSIONS = options(
    "Asu Asu | Asu | green",
    "Bsu Bsu | Bsu | blue",
    "Csu Csu | Csu | amber",
    "Dsu Dsu | Dsu | red",
    "satisfied 满足 | Satisfied | green",
    "not_satisfied 不满足 | Not satisfied | red",
    "I Ⅰ | I | green | 一级",
    "II Ⅱ | II | blue | 二级",
    "III Ⅲ | III | amber | 三级",
    "IV Ⅳ | IV | red | 四级",
)


def fits(kind, *codes):
    """The conclusions an appraisal of one kind can have."""
    return Rule(
        f"conclusion_{kind}",
        "鉴定结论与鉴定类型不符。",
        "conclusion",
        when=when(kind=kind, conclusion__empty=False),
        must=when(conclusion__in=codes),
        message_en="This conclusion does not belong to this kind of appraisal.",
    )


FIELDS = (
    Relation("damaged_building", "受损校舍", "Building", to="damaged_building", required=True, indexed=True,
             label_aliases=("校舍", "校舍编号", "建筑")),
    Choice("kind", "鉴定类型", "Kind", required=True, default="danger", indexed=True,
           options=options("danger 危险性 | Danger | quiet | 危房鉴定", "safety 安全性 | Safety", "seismic 抗震 | Seismic",
                           "reliability 可靠性 | Reliability", "fire 消防 | Fire safety")),
    Date("appraised_on", "鉴定日期", "Appraised on", required=True, indexed=True),
    Text("agency", "鉴定机构", "Agency", required=True, max_length=80),
    Choice("qualification", "机构资质", "Qualification",
           options=options("first 甲级 | First class", "second 乙级 | Second class", "third 丙级 | Third class | amber",
                           "other 其他 | Other")),
    Text("report_no", "报告编号", "Report number", max_length=60),
    Choice("standard", "鉴定标准", "Standard", required=True, default="jgj125", indexed=True,
           options=options("jgj125 JGJ 125-2016 | JGJ 125-2016", "gb50292 GB 50292 | GB 50292", "gb55021 GB 55021 | GB 55021",
                           "gb50023 GB 50023 | GB 50023", "rural 农村住房 | Rural housing", "other 其他 | Other")),
    Choice("grade", "危险性等级", "Danger grade", options=GRADES, indexed=True, shown_when=when(kind="danger"),
           label_aliases=("鉴定等级", "等级", "危房等级")),
    Choice("conclusion", "鉴定结论", "Conclusion", options=CONCLUSIONS, shown_when=when(kind__ne="danger")),
    Decimal("ratio", "危险构件综合比例", "Danger ratio R", unit="%", places=2, min=0, max=100, shown_when=when(kind="danger"),
            label_aliases=("R值",)),
    Integer("floors_du", "Du 级楼层数", "Floors graded Du", unit="层", unit_en="floors", min=0, max=60,
            shown_when=when(kind="danger")),
    LongText("danger_points", "危险点", "Danger points", max_length=2000),
    Choice("fitness", "适修性", "Fitness for repair",
           options=options("good 好 | Good", "fair 尚好 | Fair", "poor 差 | Poor | amber", "bad 极差 | Bad | red")),
    Choice("advice", "处理建议", "Advice",
           options=options("watch 观察 | Watch", "repair 维修 | Repair", "reinforce 加固 | Reinforce",
                           "part_demolish 局部拆除 | Demolish in part", "stop 停用 | Take out of use | red",
                           "rebuild 整体拆除重建 | Demolish and rebuild | red")),
    Date("valid_until", "有效期至", "Valid until"),
    Attachment("report", "鉴定报告", "Report", accept=("document", "image")),
)
APPRAISAL = Register("appraisal", "校舍鉴定", "Appraisal",
    group="灾后重建",
    icon="ti-clipboard-check",
    help="鉴定机构对每栋受损校舍的结论；校舍的等级取最近一次危险性鉴定。",
    help_en="What agencies concluded; a building's grade is that of its latest danger appraisal.",
    fields=FIELDS,
    key=("damaged_building", "standard", "kind", "appraised_on"),
    scope="damaged_building.school",
    title=("damaged_building", "kind", "appraised_on"),
    list_columns=("damaged_building", "kind", "appraised_on", "agency", "grade", "conclusion", "advice", "valid_until"),
    phone=("damaged_building", "grade", "appraised_on"),
    filters=("damaged_building", "kind", "grade", "conclusion", "standard", "advice", "appraised_on", "valid_until"),
    search=("damaged_building", "agency", "report_no"),
    sort="-appraised_on",
    sections=(
        Section("鉴定", ("damaged_building", "kind", "appraised_on", "agency", "qualification", "report_no", "standard"),
                "Appraisal"),
        Section("结论",
                ("grade", "conclusion", "ratio", "floors_du", "danger_points", "fitness", "advice", "valid_until", "report"),
                "Conclusion"),
    ),
    rules=(
        not_future("appraised_on", "鉴定日期不能晚于今天。", "It cannot have been appraised in the future."),
        in_order("appraised_on", "valid_until", "有效期不能早于鉴定日期。", "It cannot expire before it was made."),
        Rule("after_found", "鉴定日期不能早于校舍的发现日期。", "appraised_on", check="appraised_after_found",
             message_en="It cannot be appraised before the damage was found."),
        Rule("danger_graded", "危险性鉴定要填危险性等级（A、B、C、D）。", "grade", when=when(kind="danger"), require=("grade",),
             message_en="A danger appraisal has a grade A to D."),
        Rule("others_concluded", "请填鉴定结论。", "conclusion", when=when(kind__in=("safety", "seismic", "reliability", "fire")),
             require=("conclusion",), message_en="Enter the conclusion."),
        Rule("grade_only_danger", "只有危险性鉴定填 A、B、C、D 等级。", "grade", when=when(kind__ne="danger"),
             must=when(grade__empty=True), message_en="Only a danger appraisal has a grade A to D."),
        fits("danger"),
        fits("safety", "Asu", "Bsu", "Csu", "Dsu"),
        fits("seismic", "satisfied", "not_satisfied"),
        fits("reliability", "I", "II", "III", "IV"),
        fits("fire", "satisfied", "not_satisfied"),
        Rule("ratio_a", "A 级应没有危险构件，比例却大于 0，请核对报告。", "ratio", "warning",
             when=when(grade="A", ratio__empty=False), must=when(ratio=0),
             message_en="Grade A has no dangerous members, yet the ratio is above 0."),
        Rule("ratio_b", "B 级的比例一般小于 25%，请核对报告。", "ratio", "warning", when=when(grade="B", ratio__empty=False),
             must=when(ratio__lt=25), message_en="Grade B with a ratio of 25 % or more: check the report."),
    ),
    behaviours=("grade_from_appraisals",),
    summaries=(
        Summary("by_district_grade", "各区县鉴定等级", ("district", "grade"), label_en="By district and grade"),
        Summary("by_agency", "按鉴定类型", ("kind",), label_en="By kind"),
    ),
)
