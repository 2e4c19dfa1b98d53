"""A field's new name carried to every place of a definition that names it. Works on the definition's JSON."""

from models.filters import split

LISTS = ("list_columns", "phone", "filters", "search", "title", "key")
SHOWN = ("list_columns", "phone", "filters", "search", "title")


def renamed(content, names):
    """The definition with {old: new} names in its lists, conditions, rules, workflow, sections and scope."""
    if not names:
        return content

    def one(name):
        return names.get(name, name) if isinstance(name, str) else name

    def each(listed):
        return [one(name) for name in listed] if isinstance(listed, list) else listed

    made = dict(content)
    for part in LISTS:
        if part in made:
            made[part] = each(made[part])
    if isinstance(made.get("sort"), str):
        minus = "-" if made["sort"].startswith("-") else ""
        made["sort"] = minus + one(made["sort"].lstrip("-"))
    if isinstance(made.get("scope"), str):
        paths = (path.partition(".") for path in made["scope"].split("|"))
        made["scope"] = "|".join(one(first) + dot + rest for first, dot, rest in paths)
    made["fields"] = [_field(field, names, each) for field in content["fields"]]
    for part, key in (("sections", "fields"), ("exports", "columns"), ("summaries", "by")):
        if part in made:
            made[part] = [item | {key: each(item.get(key, []))} for item in made[part]]
    if "summaries" in made:
        made["summaries"] = [_summary(item, one) for item in made["summaries"]]
    if "rules" in made:
        made["rules"] = [_rule(rule, names, one, each) for rule in made["rules"]]
    if made.get("workflow"):
        made["workflow"] = _workflow(made["workflow"], names, one, each)
    return made


def condition(asked, names):
    """A condition's JSON with the new names."""
    if not isinstance(asked, dict):
        return asked
    found = {}
    for key, value in asked.items():
        if key == "any":
            found[key] = [condition(part, names) for part in value] if isinstance(value, list) else value
        elif key == "not":
            found[key] = condition(value, names)
        else:
            name, _operator = split(key)
            if isinstance(value, str) and value.startswith("$"):
                value = "$" + names.get(value[1:], value[1:])
            found[f"{names.get(name, name)}{key[len(name) :]}"] = value
    return found


def _field(field, names, each):
    made = dict(field)
    for key in ("shown_when", "when"):
        if key in made:
            made[key] = condition(made[key], names)
    if made.get("narrowed_by"):
        made["narrowed_by"] = [*each(made["narrowed_by"][:1]), *made["narrowed_by"][1:]]
    return made


def _summary(summary, one):
    measures = [
        ":".join([*measure.split(":")[:1], *map(one, measure.split(":")[1:])]) for measure in summary.get("measures", ["count"])
    ]
    return summary | {"measures": measures}


def _rule(rule, names, one, each):
    made = dict(rule)
    for key in ("when", "must"):
        if key in made:
            made[key] = condition(made[key], names)
    if "require" in made:
        made["require"] = each(made["require"])
    return made | ({"field": one(made["field"])} if "field" in made else {})


def _workflow(flow, names, one, each):
    made = dict(flow) | {"field": one(flow.get("field"))}
    moves = []
    for move in flow.get("transitions", []):
        move = dict(move)
        if "requires" in move:
            move["requires"] = each(move["requires"])
        if isinstance(move.get("sets"), dict):
            move["sets"] = {one(name): value for name, value in move["sets"].items()}
        if "when" in move:
            move["when"] = condition(move["when"], names)
        moves.append(move)
    return made | {"transitions": moves}
