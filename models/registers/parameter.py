"""口径与期限参数: settings the bureau changes by order, each with its day and its source."""

from models.fields import Date, Text
from models.register import Register
from models.reports import Section

# fmt: off
PARAMETER = Register("parameter", "口径与期限参数", "Parameter",
    group="系统",
    icon="ti-adjustments",
    help="天数、时限、目标率等规定，按生效日期取最近的一条。",
    help_en="Days, limits and targets; the latest one in effect counts.",
    fields=(
        Text("key", "参数", "Key", required=True, indexed=True, max_length=60, example="隐患限时（重大）"),
        Text("value", "取值", "Value", required=True, max_length=100),
        Text("unit", "单位", "Unit", max_length=20, example="天"),
        Date("effective_from", "生效日期", "In effect from", required=True, indexed=True),
        Text("source", "依据", "Source", max_length=200),
    ),
    key=("key", "effective_from"),
    title=("key",),
    list_columns=("key", "value", "unit", "effective_from", "source"),
    phone=("key", "value", "effective_from"),
    filters=("key", "effective_from"),
    search=("key", "source"),
    sort="key",
    behaviours=("parameters_changed",),
    sections=(Section("参数", ("key", "value", "unit", "effective_from", "source"), "Parameter"),),
)
