"""The builder's form: a definition's JSON as inputs, and what was posted laid over it. What has no input is kept as it is."""

from dataclasses import dataclass, field as attribute

from admin_views.words import text
from models import registry
from models.errors import Label
from models.fields import TYPES
from services import policy
from services.definitions import ROLES, ROWS, TYPE_LABELS

EMPTY_ROWS, MOST_ROWS = 1, 200
FLAGS = ("required", "unique", "na", "retired")
TEXTS = ("label", "unit", "help", "example", "make", "section")
NUMBERS = ("min", "max")
LISTED = (("list_columns", "list"), ("filters", "filter"), ("search", "search"))
RULE_ROWS = 1
COMPARISONS = ("lte", "gte", "lt", "gt", "eq", "ne")

_YES, _NO, _TODAY = Label("是", "yes"), Label("否", "no"), Label("今天", "today")
_YES_NO = {_YES.zh: True, _YES.en: True, _NO.zh: False, _NO.en: False}


@dataclass
class Row:
    """One field as the page draws it: its JSON, its place among the inputs, what is wrong with it."""

    at: int
    field: dict
    errors: list = attribute(default_factory=list)
    listed: frozenset = frozenset()
    section: str = ""
    casualties: object = None

    @property
    def options_text(self):
        return "\n".join(_line(option) for option in self.field.get("options", ()) if not option.get("retired"))

    @property
    def gone(self):
        return [option for option in self.field.get("options", ()) if option.get("retired")]


def _line(option):
    words = option.get("label", "")
    return words if option.get("code") in ("", None, words) else f"{option['code']} {words}"


# what was posted --------------------------------------------------------------------------------------------------------


def posted(data, base):
    """The wish that a posted form says, laid over `base`, the wish the page was drawn from."""
    known = {field.get("id") or field["name"]: field for field in base.get("fields", ())}
    fields, listed, sections = [], {name: [] for name, _ in LISTED}, {}
    for at in range(_number(data.get("rows"), MOST_ROWS)):
        field = _field(data, f"f-{at}-", known)
        if field is None:
            continue
        fields.append(field)
        if not field.get("retired"):
            for name, short in LISTED:
                if data.get(f"f-{at}-{short}"):
                    listed[name].append(field)
            heading = data.get(f"f-{at}-section", "").strip()
            if heading:
                sections.setdefault(heading, []).append(field)
    wish = {key: value for key, value in base.items() if key not in ("fields", "key", "sections", *listed)} | {"fields": fields}
    wish |= _about(data)
    return wish, listed, sections


def _field(data, prefix, known):
    label, id = data.get(f"{prefix}label", "").strip(), data.get(f"{prefix}id", "")
    if not label and id not in known:
        return None
    field = dict(known.get(id, {}))
    field["type"] = data.get(f"{prefix}type") if data.get(f"{prefix}type") in TYPES else field.get("type", "text")
    if f"{prefix}name" in data:
        field["name"] = data.get(f"{prefix}name", "").strip() or field.get("name", "")
    for name in TEXTS[:-1]:
        if f"{prefix}{name}" in data:
            _put(field, name, data.get(f"{prefix}{name}", "").strip())
    field["label"] = label
    for name in NUMBERS:
        if f"{prefix}{name}" in data:
            _put(field, name, data.get(f"{prefix}{name}", "").strip() or None)
    for name in FLAGS:
        _put(field, name, bool(data.get(f"{prefix}{name}")))
    _put(field, "to", data.get(f"{prefix}to", "") if field["type"] in ("relation", "relations") else "")
    _put(field, "sensitivity", {"masked": "masked", "named": "named"}.get(data.get(f"{prefix}sensitivity"), ""))
    if field["type"] in ("choice", "choices"):
        field["options"] = _options(data.get(f"{prefix}options", ""), field.get("options", ()))
    else:
        field.pop("options", None)
    condition = _condition(data, f"{prefix}when-")
    if f"{prefix}when-field" in data:
        _put(field, "shown_when", condition)
    if not id:
        field.pop("id", None)
    return field


def _put(holder, name, value):
    """Sets what differs from nothing, takes away what is nothing."""
    if value in ("", None, False, {}):
        holder.pop(name, None)
    else:
        holder[name] = value


def _options(typed, before):
    """Options from lines: a label, or a code and a label; "新 = 旧1、旧2" merges old ones into one."""
    by_label = {option["label"]: option for option in before}
    by_code = {option["code"]: option for option in before}
    found = []
    for line in typed.splitlines():
        words, _, merged = line.strip().partition("=")
        words = words.strip()
        if not words:
            continue
        head, _, rest = words.partition(" ")
        option = dict(by_label.get(words) or ({**by_code[head], "label": rest.strip()} if head in by_code and rest else {}))
        if not option:
            option = {"code": head, "label": rest.strip()} if rest and head.isascii() else {"label": words}
        option.pop("retired", None)
        old = [part.strip() for part in merged.replace("、", ",").split(",") if part.strip()]
        codes = [by_label.get(part, by_code.get(part, {})).get("code") for part in old]
        if any(codes):
            option["from"] = [code for code in codes if code]
        found.append(option)
    return found


def _condition(data, prefix):
    name, operator, value = (data.get(f"{prefix}{part}", "").strip() for part in ("field", "op", "value"))
    if not name:
        return {}
    if operator == "filled":
        return {f"{name}__empty": False}
    values = [part.strip() for part in value.replace("、", ",").split(",") if part.strip()]
    if operator == "in" and values:
        return {f"{name}__in": values}
    return {name if operator in ("", "eq") else f"{name}__{operator}": _YES_NO.get(value, value)}


def _about(data):
    """The register as a whole."""
    found = {name: data.get(name, "").strip() for name in ("label", "group", "help", "retention", "scope") if name in data}
    if data.get("name", "").strip():
        found["name"] = data["name"].strip()
    if data.get("grain") in ("object", "count", "person"):
        found["grain"] = data["grain"]
    return found


def finished(wish, listed, sections, data):
    """The wish with its lists by name, once every field has one; rules and rights come last."""
    names = {id(field): field.get("name") for field in wish["fields"]}
    for name, fields in listed.items():
        wish[name] = [names[id(field)] for field in fields if names[id(field)]]
    if not wish["list_columns"]:
        del wish["list_columns"]
    wish["sections"] = [{"label": label, "fields": [names[id(field)] for field in fields]} for label, fields in sections.items()]
    key = [name for name in data.getlist("key") if name in names.values()]
    if key:
        wish["key"] = key
    wish["rules"] = _rules(data, wish)
    if "g-posted" in data:
        wish["grants"] = _grants(data)
    return wish


def _rules(data, wish):
    kept = [rule for rule in wish.get("rules", ()) if not data.get(f"drop-rule-{rule.get('id')}")]
    left, operator, right = data.get("rule-left", ""), data.get("rule-op", ""), data.get("rule-right", "").strip()
    if left and operator in COMPARISONS and right:
        names = {field.get("name") for field in wish["fields"]}
        value = f"${right}" if right in names else "$today" if right in (_TODAY.zh, _TODAY.en) else right
        when = {f"{left}__empty": False} | ({f"{right}__empty": False} if right in names else {})
        taken = {rule.get("id") for rule in kept}
        rule_id = next(f"rule_{n}" for n in range(1, 500) if f"rule_{n}" not in taken)
        level = data.get("rule-level") if data.get("rule-level") in ("error", "warning") else "error"
        kept.append(
            {"id": rule_id, "field": left, "level": level, "message": data.get("rule-message", "").strip(), "when": when,
             "must": {left if operator == "eq" else f"{left}__{operator}": value}}
        )  # fmt: skip
    return kept


def _grants(data):
    found = []
    for role in ROLES:
        actions = [action for action in policy.ACTIONS if data.get(f"g-{role}-{action}")]
        if actions:
            found.append({"role": role, "actions": actions, "rows": data.get(f"g-{role}-rows", "all")})
    return found


def _number(value, most):
    return min(int(value), most) if value and value.isascii() and value.isdigit() and len(value) < 5 else 0


# what is drawn ----------------------------------------------------------------------------------------------------------


def rows(wish, problems=(), casualties=()):
    """([Row] of the fields, [sentence] that belong to none of them)."""
    listed = {name: set(wish.get(name, ())) for name, _ in LISTED}
    headings = {name: part.get("label", "") for part in wish.get("sections", ()) for name in part.get("fields", ())}
    counts = {part.field.name: part for part in casualties}
    found, by_name = [], {}
    for at, field in enumerate(wish.get("fields", ())):
        name = field.get("name", "")
        shown = frozenset(short for part, short in LISTED if name in listed[part])
        row = Row(at, field, listed=shown, section=headings.get(name, ""), casualties=counts.get(name))
        found.append(row)
        by_name.setdefault(name, row)
    top = []
    for problem in problems:
        place = problem.where.split(".")
        name = place[place.index("fields") + 1] if "fields" in place and len(place) > place.index("fields") + 1 else ""
        row = by_name.get(name) or (found[int(name)] if name.isdigit() and int(name) < len(found) else None)
        (row.errors if row else top).append(text(problem.sentence))
    return found, top


def choices():
    """What the selects of the page offer."""
    return {
        "types": [(name, text(TYPE_LABELS[name])) for name in TYPES if name != "derived"],
        "registers": [(register.name, text(register.titled)) for register in registry.all() if not register.system],
        "roles": [(role, text(policy.ROLES[role])) for role in ROLES],
        "actions": [(name, text(label)) for name, label in policy.ACTIONS.items()],
        "row_rules": [(name, text(policy.ROW_WORDS[name])) for name in ROWS],
    }


def extended(declared, wish, listed):
    """A built-in register's wish: what the declaration says, and the added fields with their columns, filters and search."""
    base = declared.to_dict()
    own = {field["id"] for field in base["fields"] if field.get("id", "").startswith("x")}
    kept = [field for field in base["fields"] if field.get("id") not in own]
    more = [field for field in wish["fields"] if field.get("id", field.get("name")) in own or _is_new(field, kept)]
    base["fields"] = kept + more
    names = {field.get("name") for field in more}
    for name, fields in listed.items():
        before = [part for part in base.get(name, ()) if part in {field["name"] for field in kept}]
        base[name] = before + [field["name"] for field in fields if field["name"] in names]
    return base


def _is_new(field, kept):
    return not field.get("id") and field.get("name") not in {part["name"] for part in kept}
