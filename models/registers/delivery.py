"""推送记录: what subscribers were told, when, and how it went. Filled by the app alone."""

from models.fields import Choice, Code, DateTime, Integer, Text, options
from models.register import Register
from models.registers.account import LOG_RETENTION
from models.registers.logs import AT
from models.reports import Section, Summary

# fmt: off
DELIVERY = Register("delivery", "推送记录", "Delivery",
    group="系统",
    icon="ti-send",
    help="变更推送给订阅者的每一次：成功、重试还是失败。",
    help_en="Every time a subscriber was told of changes: done, to be tried again, or failed.",
    fields=(
        AT,
        Code("event", "编号", "Event", readonly=True, indexed=True),
        Text("hook", "订阅", "Subscription", readonly=True),
        Text("register", "台账", "Register", readonly=True),
        Choice("state", "状态", "State", readonly=True, indexed=True,
               options=options("waiting 等待 | Waiting", "done 完成 | Done | green", "failed 失败 | Failed | red")),
        Integer("records", "记录数", "Records", readonly=True),
        Integer("attempts", "第几次", "Attempts", readonly=True),
        Integer("status", "回应", "Answer", readonly=True),
        Text("message", "说明", "Message", readonly=True, max_length=1000),
        DateTime("ended_at", "结束", "Ended", readonly=True),
    ),
    key=(),
    title=("hook", "event"),
    list_columns=("at", "hook", "register", "state", "records", "attempts", "status", "message", "ended_at"),
    phone=("hook", "register", "state"),
    filters=("at", "state", "event"),
    search=(),
    sections=(
        Section("推送", ("at", "event", "hook", "register", "records"), "Delivery"),
        Section("进展", ("state", "attempts", "status", "message", "ended_at"), "Progress"),
    ),
    summaries=(Summary("by_state", "按状态", ("state",), label_en="By state"),),
    retention=LOG_RETENTION,
    system=True,
    importable=False,
)
