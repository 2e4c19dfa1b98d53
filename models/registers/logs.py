"""访问日志和变更批: who did what and when. Filled by the app alone."""

from models.fields import Choice, DateTime, Integer, Relation, Text, options
from models.register import Register
from models.registers.account import LOG_RETENTION
from models.reports import Section, Summary

AT = DateTime(name="at", label="时间", label_en="At", readonly=True, indexed=True)
ACCOUNT = Relation(name="account", label="账号", label_en="Account", to="account", readonly=True, indexed=True)
USERNAME = Text(name="username", label="用户名", label_en="Username", readonly=True)

ACCESS_LOG = Register(
    name="access_log",
    label="访问日志",
    label_en="Access log",
    group="系统",
    icon="ti-list-search",
    help="登录、导出、查看隐藏内容等操作的记录，只增不改。",
    help_en="Sign-ins, exports, reveals and the like; added to, never changed.",
    fields=(
        AT,
        ACCOUNT,
        USERNAME,
        Text(name="on_behalf", label="以谁的身份", label_en="Viewing as", readonly=True),
        Choice(
            name="action",
            label="操作",
            label_en="Action",
            readonly=True,
            indexed=True,
            options=options(
                "login 登录 | Signed in | green",
                "logout 退出 | Signed out",
                "login_failed 登录失败 | Sign-in failed | red",
                "password 改密码 | Password changed | amber",
                "token 访问令牌 | Access token | amber",
                "sessions_ended 结束会话 | Sessions ended | amber",
                "export 导出 | Exported | blue",
                "print 打印 | Printed | blue",
                "reveal 查看隐藏内容 | Revealed | amber",
                "view_as 以他人身份查看 | Viewed as another | amber",
                "denied 被拒绝 | Refused | red",
            ),
        ),
        Text(name="register", label="台账", label_en="Register", readonly=True, indexed=True),
        Integer(name="record_id", label="记录", label_en="Record", readonly=True),
        Text(name="detail", label="说明", label_en="Detail", readonly=True, max_length=1000),
        Text(name="address", label="来源地址", label_en="Address", readonly=True),
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

CHANGE_SET = Register(
    name="change_set",
    label="变更批",
    label_en="Change set",
    group="系统",
    icon="ti-history",
    help="每次保存、批量修改和导入是一批，可以整批撤销。",
    help_en="Each save, bulk change or import is one set and can be undone as one.",
    fields=(
        AT,
        ACCOUNT,
        USERNAME,
        Choice(
            name="kind",
            label="类型",
            label_en="Kind",
            readonly=True,
            indexed=True,
            options=options(
                "form 表单 | Form",
                "api 接口 | API | blue",
                "bulk 批量修改 | Bulk change | blue",
                "move 办理 | Move | blue",
                "undo 撤销 | Undo | amber",
                "import 导入 | Import | blue",
                "seed 初始数据 | Seed",
                "restore 恢复 | Restore | amber",
                "trash 删除 | Deleted | red",
                "retention 到期清除 | Retention | red",
            ),
        ),
        Text(name="reason", label="原因", label_en="Reason", readonly=True, max_length=1000),
        Integer(name="changes", label="变更数", label_en="Changes", readonly=True),
        Text(name="request", label="请求编号", label_en="Request", readonly=True),
        Integer(name="undone_by", label="被哪批撤销", label_en="Undone by", readonly=True),
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
