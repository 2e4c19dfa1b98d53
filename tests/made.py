"""A register made in the browser, with a field of nearly every kind: the matrices walk it like the built-in ones."""

from models import registry
from services.definitions.wishes import settle

EVERYBODY = [
    {"role": "city_admin", "actions": ["view", "edit", "approve", "export"], "rows": "all"},
    {"role": "city_clerk", "actions": ["view", "export"], "rows": "all"},
    {"role": "district_clerk", "actions": ["view", "edit", "approve", "export"], "rows": "district"},
    {"role": "school_reporter", "actions": ["view", "edit"], "rows": "school", "names": True},
    {"role": "inspector", "actions": ["view"], "rows": "assigned"},
    {"role": "leader", "actions": ["count"], "rows": "unit"},
]
STATES = [
    {"code": "open", "label": "已报", "label_en": "Reported", "tone": "amber"},
    {"code": "pumped", "label": "已抽干", "label_en": "Pumped out", "tone": "blue"},
    {"code": "done", "label": "已核实", "label_en": "Checked", "tone": "green"},
]
WISH = {
    "name": "basement_water",
    "label": "地下室积水",
    "label_en": "Basement water",
    "group": "督导",
    "icon": "ti-droplet",
    "help": "汛期各校地下室积水情况。",
    "help_en": "Water in the basements of schools.",
    "scope": "school",
    "key": ["code"],
    "title": ["code", "place"],
    "retention": "汛期结束后 2 年。",
    "fields": [
        {"type": "code", "name": "code", "label": "编号", "label_en": "Code", "make": "JS", "unique": True, "indexed": True},
        {"type": "relation", "name": "school", "label": "学校", "label_en": "School", "to": "school", "required": True, "indexed": True},
        {"type": "text", "name": "place", "label": "位置", "label_en": "Place", "required": True, "max_length": 60},
        {"type": "decimal", "name": "depth_cm", "label": "水深", "label_en": "Depth", "unit": "厘米", "unit_en": "cm", "places": 1, "min": 0},
        {"type": "integer", "name": "pumps", "label": "水泵", "label_en": "Pumps", "unit": "台", "unit_en": "pcs", "min": 0, "na": True},
        {"type": "money", "name": "cost", "label": "费用", "label_en": "Cost", "unit": "元", "unit_en": "yuan"},
        {"type": "date", "name": "seen_on", "label": "发现日期", "label_en": "Seen on", "required": True, "indexed": True},
        {"type": "yes_no", "name": "power_cut", "label": "已断电", "label_en": "Power cut"},
        {
            "type": "choices",
            "name": "uses",
            "label": "用途",
            "label_en": "Uses",
            "options": [{"code": "garage", "label": "车库", "label_en": "Garage"}, {"code": "store", "label": "仓库", "label_en": "Store"}],
        },
        {"type": "phone", "name": "phone", "label": "联系电话", "label_en": "Telephone", "sensitivity": "masked"},
        {"type": "text", "name": "keeper", "label": "值守人", "label_en": "Keeper", "sensitivity": "named", "max_length": 40},
        {"type": "long_text", "name": "note", "label": "备注", "label_en": "Note"},
        {"type": "derived", "name": "deep", "label": "积水深", "label_en": "Deep", "when": {"depth_cm__gte": "50.0"}},
        {"type": "choice", "name": "state", "label": "状态", "label_en": "State", "readonly": True, "default": "open", "indexed": True, "options": STATES},
    ],
    "sections": [
        {"label": "积水", "label_en": "Water", "fields": ["code", "school", "place", "depth_cm", "seen_on", "uses", "power_cut", "deep"]},
        {"label": "处置", "label_en": "Handling", "fields": ["pumps", "cost", "phone", "keeper", "note", "state"]},
    ],
    "workflow": {
        "field": "state",
        "initial": "open",
        "locked": ["done"],
        "transitions": [
            {"name": "pump", "label": "抽干", "label_en": "Pump out", "sources": ["open"], "target": "pumped", "requires": ["pumps"]},
            {
                "name": "confirm",
                "label": "核实",
                "label_en": "Confirm",
                "sources": ["pumped"],
                "target": "done",
                "action": "approve",
                "different_from": ["pump"],
            },
        ],
    },
    "rules": [
        {
            "id": "seen_before_today",
            "field": "seen_on",
            "message": "发现日期不能晚于今天。",
            "message_en": "It cannot have been seen in the future.",
            "when": {"seen_on__empty": False},
            "must": {"seen_on__lte": "$today"},
        },
        {
            "id": "deep_needs_pumps",
            "field": "pumps",
            "level": "warning",
            "message": "水深超过 1 米，却没有水泵，请核对。",
            "message_en": "Over a metre deep without a pump: is that right?",
            "when": {"depth_cm__gt": "100.0"},
            "must": {"pumps__gt": 0},
        },
    ],
    "summaries": [{"name": "by_state", "label": "按状态", "label_en": "By state", "by": ["district", "state"], "measures": ["count", "sum:cost"]}],
    "grants": EVERYBODY,
}  # fmt: skip
MADE = settle(WISH).register
# Every register of the test city, for tests that are made before there is one.
ALL = (*registry.all(), MADE)
