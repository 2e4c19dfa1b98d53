"""The builder's form: a definition's JSON as inputs, and what was posted laid over it. What has no input is kept as it is."""

from dataclasses import dataclass, field as attribute

from admin_views import builder_rules
from admin_views.words import text
from models import registry
from models.fields import TYPES
from services import definitions, policy
from services.definitions import ROLES, ROWS, TYPE_LABELS

MOST_ROWS = 200
FLAGS = ("required", "unique", "na", "indexed", "retired")
TEXTS = ("name", "unit", "help", "example", "make")
NUMBERS = ("min", "max")
LISTED = (("list_columns", "list"), ("filters", "filter"), ("search", "search"))


@dataclass
class Row:
    """One field as the page draws it: its JSON, its place among the inputs, what is wrong with it, why it was proposed so.

    `when` is its condition as three inputs (None: more than they can say), `narrowing` what its choice may be narrowed by.
    """

    at: int
    field: dict
    errors: list = attribute(default_factory=list)
    listed: frozenset = frozenset()
    section: str = ""
    casualties: object = None
    note: str = ""
    when: object = None
    narrowing: tuple = ()

    def options_text(self, with_codes):
        """Its options, one a line; with their codes where a label may be changed and still mean the same."""
        return "\n".join(_line(option, with_codes) for option in self.field.get("options", ()) if not option.get("retired"))

    @property
    def gone(self):
        return [option for option in self.field.get("options", ()) if option.get("retired")]


def _line(option, with_codes):
    words = option.get("label", "")
    return words if not with_codes or option.get("code") in ("", None, words) else f"{option['code']} {words}"


# what was posted --------------------------------------------------------------------------------------------------------


def posted(data, found):
    """The wish that a posted form says, laid over the one the page was drawn from (`found`, services.definitions.Defined)."""
    base = found.wish
    rows = _rows(data, {field.get("id") or field["name"]: field for field in base.get("fields", ())})
    _settle_names([row.field for row in rows])
    wish = {key: value for key, value in base.items() if key != "fields"} | {"fields": [row.field for row in rows]}
    for row in rows:
        _lean(row, data, wish["fields"])
    listed = {
        name: [row.field["name"] for row in rows if short in row.listed and not row.field.get("retired")] for name, short in LISTED
    }
    if found.built_in:
        return _extended(found.published, wish, listed)
    return _finished(wish | _about(data), rows, listed, data)


def _rows(data, known):
    """[Row] of the posted fields, in the order the page's numbers say."""
    found = []
    for at in range(_number(data.get("rows"), MOST_ROWS)):
        prefix = f"f-{at}-"
        field = _field(data, prefix, known)
        if field is not None:
            shown = frozenset(short for _, short in LISTED if data.get(f"{prefix}{short}"))
            place = _number(data.get(f"{prefix}place"), MOST_ROWS) or at + 1
            found.append((place, at, Row(at, field, listed=shown, section=data.get(f"{prefix}section", "").strip())))
    return [row for *_, row in sorted(found, key=lambda part: part[:2])]


def _field(data, prefix, known):
    label, id = data.get(f"{prefix}label", "").strip(), data.get(f"{prefix}id", "")
    if not label and id not in known:
        return None
    field = dict(known.get(id, {}))
    if data.get(f"{prefix}type") is None:
        return field
    field["type"] = data.get(f"{prefix}type") if data.get(f"{prefix}type") in TYPES else field.get("type", "text")
    for name in TEXTS:
        if f"{prefix}{name}" in data:
            _put(field, name, data.get(f"{prefix}{name}", "").strip() or (field.get("name") if name == "name" else ""))
    field["label"] = label
    for name in NUMBERS:
        if f"{prefix}{name}" in data:
            _put(field, name, data.get(f"{prefix}{name}", "").strip() or None)
    for name in FLAGS:
        _put(field, name, bool(data.get(f"{prefix}{name}")))
    if not TYPES[field["type"]].sortable:
        field.pop("indexed", None)
    _put(field, "to", data.get(f"{prefix}to", "") if field["type"] in ("relation", "relations") else "")
    _put(field, "sensitivity", {"masked": "masked", "named": "named"}.get(data.get(f"{prefix}sensitivity"), ""))
    if field["type"] in ("choice", "choices"):
        field["options"] = _options(data.get(f"{prefix}options", ""), field.get("options", ()))
    else:
        field.pop("options", None)
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
    by_code = {option["code"]: option for option in before if option.get("code")}
    found, taken = [], set(by_code)
    for line in typed.splitlines():
        words, _, merged = line.strip().partition("=")
        words = words.strip()
        if not words:
            continue
        head, _, rest = words.partition(" ")
        option = dict(by_label.get(words) or ({**by_code[head], "label": rest.strip()} if head in by_code and rest else {}))
        if not option:
            option = {"code": head, "label": rest.strip()} if rest and head.isascii() else {"label": words}
        if not option.get("code"):
            option["code"] = definitions.option_code(option["label"], taken)
        taken.add(option["code"])
        option.pop("retired", None)
        old = [part.strip() for part in merged.replace("、", ",").split(",") if part.strip()]
        codes = [by_label.get(part, by_code.get(part, {})).get("code") for part in old]
        if any(codes):
            option["from"] = [code for code in codes if code]
        found.append(option)
    return found


def _settle_names(fields):
    """Every field gets its name, so that lists, rules and states may name the new ones."""
    taken = {field["name"] for field in fields if field.get("name")}
    for field in fields:
        if not field.get("name"):
            field["name"] = definitions.slug(field["label"], taken)
            taken.add(field["name"])


def _lean(row, data, fields):
    """What a field leans on others for: when it is shown, and the field that narrows its choice."""
    field, prefix = row.field, f"f-{row.at}-"
    if field.get("retired"):
        return
    if f"{prefix}when-field" in data:
        _put(field, "shown_when", builder_rules.condition(data, f"{prefix}when-", fields))
    if field["type"] != "relation":
        field.pop("narrowed_by", None)
    elif f"{prefix}narrow" in data:
        own, _, theirs = data.get(f"{prefix}narrow", "").partition(":")
        _put(field, "narrowed_by", [own, theirs] if own and theirs else None)


def _about(data):
    """The register as a whole."""
    found = {name: data.get(name, "").strip() for name in ("label", "group", "help", "retention", "scope") if name in data}
    if data.get("name", "").strip():
        found["name"] = data["name"].strip()
    if data.get("grain") in ("object", "count", "person"):
        found["grain"] = data["grain"]
    return found


def _finished(wish, rows, listed, data):
    """A browser-made register's wish with its lists, sections, key, rules, states and rights."""
    names = {row.field["name"] for row in rows}
    wish |= listed
    if not wish["list_columns"]:
        del wish["list_columns"]
    sections = {}
    for row in rows:
        if row.section and not row.field.get("retired"):
            sections.setdefault(row.section, []).append(row.field["name"])
    before = {part["label"]: part for part in wish.get("sections", ())}
    wish["sections"] = [before.get(label, {}) | {"label": label, "fields": fields} for label, fields in sections.items()]
    for name in ("key", "title"):
        chosen = [part for part in data.getlist(name) if part in names]
        if chosen:
            wish[name] = chosen
    wish["rules"] = builder_rules.rules(data, wish)
    wish["workflow"] = builder_rules.flow(data, wish)
    if "g-posted" in data:
        wish["grants"] = _grants(data)
    return wish


def _extended(declared, wish, listed):
    """A built-in register's wish: what the declaration says, and the added fields with their columns, filters and search."""
    base = declared.to_dict()
    own = {field["id"] for field in base["fields"] if field.get("id", "").startswith("x")}
    kept = [field for field in base["fields"] if field.get("id") not in own]
    more = [field for field in wish["fields"] if field.get("id", field.get("name")) in own or _is_new(field, kept)]
    base["fields"] = kept + more
    names, declared_names = {field["name"] for field in more}, {field["name"] for field in kept}
    for name, fields in listed.items():
        base[name] = [part for part in base.get(name, ()) if part in declared_names] + [part for part in fields if part in names]
    return base


def _is_new(field, kept):
    return not field.get("id") and field.get("name") not in {part["name"] for part in kept}


def _grants(data):
    found = []
    for role in ROLES:
        actions = [action for action in policy.ACTIONS if data.get(f"g-{role}-{action}")]
        if actions:
            right = {"role": role, "actions": actions, "rows": data.get(f"g-{role}-rows", "all")}
            found.append(right | ({"names": True} if data.get(f"g-{role}-names") else {}))
    return found


def _number(value, most):
    return min(int(value), most) if value and value.isascii() and value.isdigit() and len(value) < 5 else 0


# what is drawn ----------------------------------------------------------------------------------------------------------


def rows(wish, problems=(), casualties=()):
    """([Row] of the fields, [sentence] that belong to none of them)."""
    listed = {name: set(wish.get(name, ())) for name, _ in LISTED}
    headings = {name: part.get("label", "") for part in wish.get("sections", ()) for name in part.get("fields", ())}
    counts = {part.field.name: part for part in casualties}
    notes, fields = wish.get("notes") or {}, wish.get("fields", ())
    found, by_name = [], {}
    for at, field in enumerate(fields):
        name = field.get("name", "")
        shown = frozenset(short for part, short in LISTED if name in listed[part])
        row = Row(at, field, listed=shown, section=headings.get(name, ""), casualties=counts.get(name), note=notes.get(name, ""))
        row.when = builder_rules.drawn(field.get("shown_when"), fields)
        row.narrowing = _narrowing(field, fields)
        found.append(row)
        by_name.setdefault(name, row)
    top = []
    for problem in problems:
        place = problem.where.split(".")
        name = place[place.index("fields") + 1] if "fields" in place and len(place) > place.index("fields") + 1 else ""
        row = by_name.get(name) or (found[int(name)] if name.isdigit() and int(name) < len(found) else None)
        (row.errors if row else top).append(text(problem.sentence))
    return found, top


def _narrowing(field, fields):
    """((value of the input, label)): relations of the form through which a relation's target can be narrowed."""
    if field.get("type") != "relation" or field.get("to") not in registry.current():
        return ()
    theirs = [part for part in registry.get(field["to"]).live if part.type == "relation"]
    return tuple(
        (f"{other['name']}:{part.name}", other.get("label", ""))
        for other in fields
        for part in theirs
        if other is not field and other.get("name") and other.get("type") == "relation" and other.get("to") == part.to
    )


def choices():
    """What the selects of the page offer."""
    return {
        "types": [(name, text(TYPE_LABELS[name])) for name in TYPES if name != "derived"],
        "registers": [(register.name, text(register.titled)) for register in registry.all() if not register.system],
        "roles": [(role, text(policy.ROLES[role])) for role in ROLES],
        "actions": [(name, text(label)) for name, label in policy.ACTIONS.items()],
        "row_rules": [(name, text(policy.ROW_WORDS[name])) for name in ROWS],
    }
