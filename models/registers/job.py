"""任务: work too long for one request: who asked for it, how far it is, how it ended. Filled by the app alone."""

from models.fields import Choice, DateTime, Integer, Text, options
from models.register import Register
from models.registers.account import LOG_RETENTION
from models.registers.logs import ACCOUNT, AT, USERNAME
from models.reports import Section, Summary

# fmt: off
JOB = Register("job", "任务", "Job",
    group="系统",
    icon="ti-progress",
    help="导入、导出等较长的工作：进行到哪里，结果如何。",
    help_en="Imports, exports and other long work: how far it is and how it ended.",
    fields=(
        AT,
        ACCOUNT,
        USERNAME,
        Choice("kind", "类型", "Kind", readonly=True, indexed=True,
               options=options("import_plan 检查导入文件 | Check an import | blue", "import_apply 导入 | Import | blue",
                               "import_undo 撤销导入 | Undo an import | amber", "export 导出 | Export | blue")),
        Text("about", "内容", "About", readonly=True),
        Choice("state", "状态", "State", readonly=True, indexed=True,
               options=options("waiting 等待 | Waiting", "running 进行中 | Running | blue", "done 完成 | Done | green",
                               "failed 失败 | Failed | red", "cancelled 已取消 | Cancelled | amber")),
        Integer("done", "已完成", "Done so far", readonly=True),
        Integer("total", "共", "Of", readonly=True),
        Text("message", "说明", "Message", readonly=True, max_length=1000),
        Integer("attempts", "第几次", "Attempts", readonly=True),
        DateTime("started_at", "开始", "Started", readonly=True),
        DateTime("ended_at", "结束", "Ended", readonly=True),
    ),
    key=(),
    title=("kind", "about"),
    list_columns=("at", "account", "kind", "about", "state", "done", "total", "message", "ended_at"),
    phone=("kind", "about", "state"),
    filters=("at", "account", "kind", "state"),
    search=(),
    sections=(
        Section("任务", ("at", "account", "username", "kind", "about"), "Job"),
        Section("进展", ("state", "done", "total", "message", "attempts", "started_at", "ended_at"), "Progress"),
    ),
    summaries=(Summary("by_state", "按状态", ("state",), label_en="By state"),),
    grain="person",
    retention=LOG_RETENTION,
    system=True,
    importable=False,
)
