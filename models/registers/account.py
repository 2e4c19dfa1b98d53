"""账号、任职和授权: who signs in, in which roles and units, and what each role may do."""

from models.fields import Choice, Choices, Code, Date, DateTime, Derived, Relation, Text, YesNo, condition as when, options
from models.register import Register
from models.registers.common import ROLES, in_order
from models.reports import Rule, Section, Summary

# fmt: off
LOG_RETENTION = "日志保留 24 个月；账号停用 12 个月后删除。"
ACTIONS = options(
    "view 查看 | View",
    "count 计数 | Count",
    "edit 编辑 | Edit | blue",
    "approve 审批 | Approve | amber",
    "export 导出 | Export",
)
ROWS = options(
    "all 全部 | All rows",
    "district 本区县 | Own district",
    "district_run 本区县管理的 | Own district, run by it",
    "school 本校 | Own school",
    "assigned 分包的学校 | Assigned schools",
    "team 本组 | Own team",
    "unit 本单位 | Own unit",
    "self 本人 | About oneself",
)
DISTRICT = Relation("district", "区县", "District", to="district", indexed=True)
SCHOOL = Relation("school", "学校", "School", to="school", indexed=True, narrowed_by=("district", "district"))

ACCOUNT = Register("account", "账号", "Account",
    group="系统",
    icon="ti-user",
    help="一人一个账号；停用后立即退出。密码不在这里，由管理员重置。",
    help_en="One account a person; disabling signs it out at once.",
    fields=(
        Code("username", "用户名", "Username", required=True, unique=True, indexed=True, max_length=40,
             example="district_410105"),
        Text("name", "姓名", "Name", required=True, max_length=40),
        DISTRICT,
        SCHOOL,
        YesNo("active", "启用", "Active", default=True),
        DateTime("last_login_at", "最近登录", "Last signed in", readonly=True),
        Text("note", "备注", "Note", max_length=200),
    ),
    key=("username",),
    scope="district",
    title=("username", "name"),
    list_columns=("username", "name", "district", "school", "active", "last_login_at", "note"),
    phone=("username", "name", "active"),
    filters=("district", "school", "active", "last_login_at"),
    search=("username", "name", "school"),
    sort="username",
    sections=(
        Section("账号", ("username", "name", "active", "last_login_at"), "Account"),
        Section("单位", ("district", "school", "note"), "Unit"),
    ),
    rules=(
        Rule("school_district", "学校账号要填学校所属的区县。", "district", when=when(school__empty=False), require=("district",),
             message_en="An account of a school names its district."),
        Rule("school_in_district", "所选学校不在所选区县。", "school", when=when(school__empty=False), check="school_in_district",
             message_en="The school is not in that district."),
        Rule("within_own_powers", "县区管理员只能管理本县区所属学校的账号，谁都不能改自己的账号。", "school",
             check="within_own_powers", always=True,
             message_en="A district clerk keeps accounts of the district's own schools; nobody changes the own account."),
    ),
    behaviours=("end_sessions", "keep_one_admin"),
    related=("membership", "access_log", "change_set"),
    importable=False,
    grain="person",
    retention=LOG_RETENTION,
)

MEMBERSHIP = Register("membership", "任职", "Membership",
    group="系统",
    icon="ti-id-badge",
    help="账号在哪个单位担任什么角色，有起止日期；一个账号可有几条。",
    help_en="Which role an account holds in which unit, with dates; an account may hold several.",
    fields=(
        Relation("account", "账号", "Account", to="account", required=True, indexed=True),
        Choice("role", "角色", "Role", options=ROLES, required=True, indexed=True),
        DISTRICT,
        SCHOOL,
        Relation("team", "督导组", "Team", to="inspection_team", indexed=True, shown_when=when(role="inspector")),
        Date("from_date", "开始日期", "From", required=True),
        Date("to_date", "结束日期", "To"),
        Derived("current", "当前有效", "Current", good=True,
                when=when(from_date__lte="$today", any=(when(to_date__empty=True), when(to_date__gte="$today")))),
    ),
    key=("account", "role", "district", "school", "team", "from_date"),
    scope="account.district",
    title=("account", "role"),
    list_columns=("account", "role", "district", "school", "team", "from_date", "to_date"),
    phone=("account", "role", "from_date"),
    filters=("account", "role", "district", "school", "team", "current"),
    search=("account",),
    sections=(
        Section("任职", ("account", "role", "district", "school", "team"), "Membership"),
        Section("起止", ("from_date", "to_date", "current"), "Period"),
    ),
    rules=(
        in_order("from_date", "to_date", "结束日期不能早于开始日期。", "It cannot end before it starts."),
        Rule("needs_district", "县区管理员要填区县。", "district", when=when(role="district_clerk"), require=("district",),
             message_en="A district clerk has a district."),
        Rule("needs_school", "学校填报员要填学校。", "school", when=when(role="school_reporter"), require=("school",),
             message_en="A school reporter has a school."),
        Rule("needs_team", "督导组员要填督导组。", "team", when=when(role="inspector"), require=("team",),
             message_en="An inspector has a team."),
        Rule("city_no_unit", "市级角色不填区县和学校。", "district", when=when(role__in=("city_admin", "city_clerk")),
             must=when(district__empty=True, school__empty=True), message_en="City roles have no district or school."),
        Rule("within_own_powers", "县区管理员只能授予本县区所属学校的学校填报员，谁都不能改自己的任职。", "role",
             check="within_own_powers", always=True,
             message_en="A district clerk grants school reporters of the district's own schools; nobody changes the own roles."),
    ),
    behaviours=("end_sessions", "keep_one_admin"),
    summaries=(Summary("by_role", "各角色人数", ("role",), label_en="By role"),),
    importable=False,
    grain="person",
    retention=LOG_RETENTION,
)

ROLE_GRANT = Register("role_grant", "角色授权", "Role grant",
    group="系统",
    icon="ti-shield-lock",
    help="每个角色对每个台账能做什么、能看哪些行；没有写的都不允许。",
    help_en="What a role may do in a register and on which rows; what is not written is not allowed.",
    fields=(
        Choice("role", "角色", "Role", options=ROLES, required=True, indexed=True),
        Text("register", "台账", "Register", required=True, indexed=True, max_length=60),
        Choices("actions", "操作", "Actions", options=ACTIONS, required=True),
        Choice("rows", "数据范围", "Rows", options=ROWS, required=True),
        YesNo("names", "可见姓名", "Names", help="只给本校管理疆班藏班学生的人。", help_en="Only for the boarders' own school."),
    ),
    key=("role", "register", "rows"),
    title=("role", "register"),
    list_columns=("role", "register", "actions", "rows", "names"),
    phone=("role", "register", "actions"),
    filters=("role", "register", "actions", "rows", "names"),
    search=("register",),
    sort="role",
    sections=(Section("授权", ("role", "register", "actions", "rows", "names"), "Grant"),),
    importable=False,
)
