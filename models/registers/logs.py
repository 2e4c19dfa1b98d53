"""访问日志和变更批: who did what and when. Filled by the app alone."""

from models.fields import Choice, DateTime, Integer, Relation, Text, options
from models.register import Register
from models.registers.account import LOG_RETENTION
from models.reports import Section, Summary

# fmt: off
AT = DateTime("at", "时间", "At", readonly=True, indexed=True)
ACCOUNT = Relation("account", "账号", "Account", to="account", readonly=True, indexed=True)
USERNAME = Text("username", "用户名", "Username", readonly=True)

ACCESS_LOG = Register("access_log", "访问日志", "Access log",
    group="系统",
    icon="ti-list-search",
    help="登录、导出、查看隐藏内容等操作的记录，只增不改。",
    help_en="Sign-ins, exports, reveals and the like; added to, never changed.",
    fields=(
        AT,
        ACCOUNT,
        USERNAME,
        Text("on_behalf", "以谁的身份", "Viewing as", readonly=True),
        Choice("action", "操作", "Action", readonly=True, indexed=True,
               options=options("login 登录 | Signed in | green", "logout 退出 | Signed out",
                               "login_failed 登录失败 | Sign-in failed | red", "password 改密码 | Password changed | amber",
                               "token 访问令牌 | Access token | amber", "sessions_ended 结束会话 | Sessions ended | amber",
                               "export 导出 | Exported | blue", "print 打印 | Printed | blue",
                               "reveal 查看隐藏内容 | Revealed | amber", "view_as 以他人身份查看 | Viewed as another | amber",
                               "denied 被拒绝 | Refused | red",
                               "define 修改台账定义 | Register defined | amber", "hook 推送设置 | Subscription | amber")),
        Text("register", "台账", "Register", readonly=True, indexed=True),
        Integer("record_id", "记录", "Record", readonly=True),
        Text("detail", "说明", "Detail", readonly=True, max_length=1000),
        Text("address", "来源地址", "Address", readonly=True),
    ),
    key=(),
    title=("at", "username", "action"),
    list_columns=("at", "account", "username", "on_behalf", "action", "register", "record_id", "detail", "address"),
    phone=("at", "username", "action"),
    filters=("at", "account", "username", "action", "register", "address"),
    search=(),
    sections=(
        Section("操作", ("at", "account", "username", "on_behalf", "action", "address"), "Act"),
        Section("对象", ("register", "record_id", "detail"), "Object"),
    ),
    summaries=(Summary("by_action", "按操作", ("action",), label_en="By action"),),
    grain="person",
    retention=LOG_RETENTION,
    system=True,
    importable=False,
)

CHANGE_SET = Register("change_set", "变更批", "Change set",
    group="系统",
    icon="ti-history",
    help="每次保存、批量修改和导入是一批，可以整批撤销。",
    help_en="Each save, bulk change or import is one set and can be undone as one.",
    fields=(
        AT,
        ACCOUNT,
        USERNAME,
        Choice("kind", "类型", "Kind", readonly=True, indexed=True,
               options=options("form 表单 | Form", "api 接口 | API | blue", "bulk 批量修改 | Bulk change | blue",
                               "move 办理 | Move | blue", "undo 撤销 | Undo | amber", "import 导入 | Import | blue",
                               "seed 初始数据 | Seed", "restore 恢复 | Restore | amber", "trash 删除 | Deleted | red",
                               "retention 到期清除 | Retention | red",
                               "define 台账定义 | Register defined | amber")),
        Text("reason", "原因", "Reason", readonly=True, max_length=1000),
        Integer("changes", "变更数", "Changes", readonly=True),
        Text("request", "请求编号", "Request", readonly=True),
        Integer("undone_by", "被哪批撤销", "Undone by", readonly=True),
    ),
    key=(),
    title=("at", "kind"),
    list_columns=("at", "account", "username", "kind", "reason", "changes", "undone_by"),
    phone=("at", "username", "kind"),
    filters=("at", "account", "username", "kind", "undone_by"),
    search=(),
    sections=(
        Section("变更", ("at", "account", "username", "kind", "reason"), "Change"),
        Section("结果", ("changes", "request", "undone_by"), "Result"),
    ),
    summaries=(Summary("by_kind", "按类型", ("kind",), label_en="By kind"),),
    grain="person",
    retention=LOG_RETENTION,
    system=True,
    importable=False,
)
