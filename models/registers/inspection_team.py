"""督导组、成员、分包关系: who inspects whom."""

from models.fields import Choice, Date, Derived, LongText, Phone, Relation, Text, YesNo, condition as when, options
from models.register import Register
from models.registers.common import in_order, own_code
from models.reports import Rule, Section, Summary
from models.retention import Clock

# fmt: off
TEAM = Relation("team", "督导组", "Team", to="inspection_team", required=True, indexed=True)
FROM = Date("from_date", "开始日期", "From", required=True, indexed=True, label_aliases=("起始日期",))
TO = Date("to_date", "结束日期", "To", help="仍在进行的不填。", help_en="Empty while it goes on.")
CURRENT = Derived("current", "当前有效", "Current", good=True,
                  when=when(from_date__lte="$today", any=(when(to_date__empty=True), when(to_date__gte="$today"))))
PERIOD = in_order("from_date", "to_date", "结束日期不能早于开始日期。", "It cannot end before it starts.")

INSPECTION_TEAM = Register("inspection_team", "督导组", "Inspection team",
    group="督导",
    icon="ti-users-group",
    help="市、县两级的综合督导组、专项督查组、分片包校组和巡查组。",
    help_en="Comprehensive, special, area and patrol teams of city and districts.",
    fields=(
        own_code("DD", "督导组编号", "Team code", label_aliases=("编号",)),
        Text("name", "督导组名称", "Team", required=True, max_length=60, label_aliases=("名称", "组名")),
        Choice("kind", "组别", "Kind", required=True, indexed=True,
               options=options("comprehensive 综合督导组 | Comprehensive | blue", "special 专项督查组 | Special | amber",
                               "area 分片包校组 | Area", "patrol 巡查组 | Patrol")),
        Choice("level", "级别", "Level", required=True,
               options=options("city 市 | City | blue | 市级", "county 县 | District | quiet | 县级、县区")),
        Relation("district", "所属区县", "District", to="district", indexed=True, help="县级督导组填写；市级不填。",
                 help_en="For district teams; city teams have none."),
        Text("lead", "组长", "Lead", max_length=40),
        FROM,
        TO,
        CURRENT,
    ),
    key=("code",),
    scope="district",
    title=("name",),
    label_public=True,
    list_columns=("code", "name", "kind", "level", "district", "lead", "from_date", "to_date"),
    phone=("name", "kind", "lead"),
    filters=("kind", "level", "district", "current", "from_date"),
    search=("code", "name", "lead"),
    sort="code",
    sections=(
        Section("督导组", ("code", "name", "kind", "level", "district", "lead"), "Team"),
        Section("起止", ("from_date", "to_date", "current"), "Period"),
    ),
    rules=(
        PERIOD,
        Rule("county_district", "县级督导组要填所属区县。", "district", when=when(level="county"), require=("district",),
             message_en="A district team names its district."),
        Rule("city_no_district", "市级督导组不填所属区县。", "district", when=when(level="city"), must=when(district__empty=True),
             message_en="A city team has no district."),
        Rule("lead_named", "督导组还没有组长。", "lead", "info", require=("lead",), message_en="The team has no lead yet."),
        Rule("lead_member", "组长不在成员名单中，或成员不足 2 人。", "lead", "info", check="team_members",
             message_en="The lead is not among the members, or there are fewer than two."),
    ),
    summaries=(Summary("by_kind_level", "按组别和级别", ("kind", "level"), label_en="By kind and level"),),
    related=("team_member", "team_assignment", "visit"),
)

TEAM_MEMBER = Register("team_member", "督导组成员", "Team member",
    group="督导",
    icon="ti-user-check",
    help="督导组的成员和起止日期；离开的填结束日期，不删除。",
    help_en="Members of a team with dates; those who leave get an end date.",
    fields=(
        TEAM,
        Relation("account", "账号", "Account", to="account", help="有系统账号的成员选他的账号。",
                 help_en="Of a member who has one."),
        Text("name", "姓名", "Name", required=True, max_length=40),
        Text("unit", "所在处室", "Office", max_length=60, label_aliases=("单位", "处室")),
        YesNo("lead", "组长", "Lead"),
        Phone("phone", "工作电话", "Work phone", sensitivity="masked"),
        FROM,
        TO,
        CURRENT,
    ),
    key=("team", "name", "from_date"),
    scope="team.district",
    title=("name",),
    list_columns=("team", "name", "unit", "lead", "phone", "from_date", "to_date"),
    phone=("name", "team", "unit"),
    filters=("team", "lead", "current", "from_date"),
    search=("name", "unit", "team"),
    sections=(
        Section("成员", ("team", "account", "name", "unit", "lead", "phone"), "Member"),
        Section("起止", ("from_date", "to_date", "current"), "Period"),
    ),
    rules=(
        PERIOD,
        Rule("overlap", "该成员在这段时间还在别的督导组，请核对。", "name", "warning", check="member_overlap",
             message_en="This person is in another team in the same period."),
    ),
    summaries=(Summary("by_team", "各组人数", ("team",), label_en="By team"),),
    grain="person",
    retention="在岗期间及离岗后 1 年；换人后删去电话。",
    clocks=(
        Clock("phone_on_leaving", "离组后清除电话", "Phone, on leaving", when=when(to_date__lt="$today"), erases=("phone",)),
        Clock("row_after_leaving", "离组到期后删除", "Row, after leaving", when=when(to_date__lt="$today-{离组成员保留:365}")),
    ),
)

TEAM_ASSIGNMENT = Register("team_assignment", "分包关系", "Team assignment",
    group="督导",
    icon="ti-sitemap",
    help="哪个督导组包哪个区县或哪所学校；包区县即包其非市直学校。",
    help_en="Which team takes which district or school; a district includes its schools that are not city-run.",
    fields=(
        TEAM,
        Relation("district", "分包区县", "District taken", to="district", indexed=True),
        Relation("school", "分包学校", "School taken", to="school", indexed=True),
        FROM,
        TO,
        CURRENT,
        LongText("note", "备注", "Note", max_length=300),
    ),
    key=("team", "district", "school", "from_date"),
    scope="team.district",
    title=("team", "district", "school"),
    list_columns=("team", "district", "school", "from_date", "to_date", "current", "note"),
    phone=("team", "district", "school"),
    filters=("team", "district", "school", "current", "from_date"),
    search=("team", "district", "school"),
    sections=(
        Section("分包", ("team", "district", "school"), "Assignment"),
        Section("起止", ("from_date", "to_date", "current", "note"), "Period"),
    ),
    rules=(
        PERIOD,
        Rule("one_unit", "请选一个区县或一所学校，只能选其一。", "district",
             must=when(any=(when(district__empty=False, school__empty=True), when(district__empty=True, school__empty=False))),
             message_en="Choose one district or one school, not both."),
        Rule("overlap", "该区县或学校在这段时间已有同类督导组分包。", "team", check="assignment_overlap",
             message_en="This unit already has a team of this kind in the period."),
        Rule("own_district", "县级督导组只能分包本区县的学校。", "school", check="assignment_in_district",
             message_en="A district team takes units of its own district only."),
    ),
    summaries=(Summary("by_team", "各组分包数", ("team",), label_en="By team"),),
)
