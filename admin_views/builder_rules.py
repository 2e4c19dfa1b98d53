"""The builder's form, second half: conditions, cross-field rules and states, as posted and as drawn."""

from dataclasses import dataclass

from models.errors import Label
from services import policy
from services.definitions import slug

COMPARISONS = ("lte", "gte", "lt", "gt", "eq", "ne")
LEVELS = ("error", "warning", "info")
OPERATORS = ("eq", "ne", "in", "gte", "lte", "filled")
MOST_MOVES = 40
YES, NO, TODAY = Label("是", "yes"), Label("否", "no"), Label("今天", "today")
_YES_NO = {YES.zh: True, YES.en: True, NO.zh: False, NO.en: False}
_CHOICES = ("choice", "choices")


@dataclass(frozen=True)
class Condition:
    """A condition of one field as its three inputs."""

    field: str = ""
    operator: str = ""
    value: str = ""


# conditions -------------------------------------------------------------------------------------------------------------


def condition(data, prefix, fields):
    """The stored condition that the inputs `{prefix}field|op|value` say; {} for none. `fields` are those of the wish."""
    name, operator, value = (data.get(f"{prefix}{part}", "").strip() for part in ("field", "op", "value"))
    field = _named(fields, name)
    if field is None:
        return {}
    if operator == "filled":
        return {f"{name}__empty": False}
    values = [_code(field, part.strip()) for part in value.replace("、", ",").split(",") if part.strip()]
    if not values:
        return {}
    if operator == "in" or len(values) > 1:
        return {f"{name}__in": values}
    return {name if operator in ("", "eq") else f"{name}__{operator}": values[0]}


def drawn(stored, fields):
    """The inputs of a stored condition of one field; None for one that three inputs cannot say."""
    if not stored:
        return Condition()
    if len(stored) > 1:
        return None
    ((key, value),) = stored.items()
    name, _, operator = key.partition("__")
    field = _named(fields, name)
    if field is None or operator not in (*OPERATORS, "", "empty") or (operator == "empty" and value is not False):
        return None
    if operator == "empty":
        return Condition(name, "filled")
    values = value if isinstance(value, (list, tuple)) else [value]
    return Condition(name, operator or "eq", "、".join(_shown(field, part) for part in values))


def _named(fields, name):
    return next((field for field in fields if name and field.get("name") == name), None)


def _code(field, typed):
    """What is stored for a typed value: an option's code for its label, yes and no as such."""
    if field.get("type") in _CHOICES:
        return next((option["code"] for option in field.get("options", ()) if option.get("label") == typed), typed)
    return _YES_NO.get(typed, typed) if field.get("type") == "yes_no" else typed


def _shown(field, value):
    if field.get("type") in _CHOICES:
        return next((option["label"] for option in field.get("options", ()) if option.get("code") == value), str(value))
    return YES.zh if value is True else NO.zh if value is False else str(value)


# rules ------------------------------------------------------------------------------------------------------------------


def rules(data, wish):
    """The rules kept, and the one typed into the empty row: a comparison, or a field that must be filled, under a condition."""
    kept = [rule for rule in wish.get("rules", ()) if not data.get(f"drop-rule-{rule.get('id')}")]
    left, operator, right = data.get("rule-left", ""), data.get("rule-op", ""), data.get("rule-right", "").strip()
    field = _named(wish["fields"], left)
    if field is None or not (operator == "filled" or (operator in COMPARISONS and right)):
        return kept
    taken = {rule.get("id") for rule in kept}
    made = {
        "id": next(f"rule_{n}" for n in range(1, 500) if f"rule_{n}" not in taken),
        "field": left,
        "level": data.get("rule-level") if data.get("rule-level") in LEVELS else "error",
        "message": data.get("rule-message", "").strip(),
    }
    when = condition(data, "rule-when-", wish["fields"])
    if operator == "filled":
        return [*kept, made | {"when": when, "require": [left]}]
    other = next((part["name"] for part in wish["fields"] if right in (part.get("name"), part.get("label"))), "")
    value = f"${other}" if other else "$today" if right in (TODAY.zh, TODAY.en) else _code(field, right)
    when |= {f"{left}__empty": False} | ({f"{other}__empty": False} if other else {})
    return [*kept, made | {"when": when, "must": {left if operator == "eq" else f"{left}__{operator}": value}}]


# states -----------------------------------------------------------------------------------------------------------------


def flow(data, wish):
    """The states and moves as posted, laid over those there were; None for none. Only moves may then change the state field."""
    if "w-field" not in data:
        return wish.get("workflow")
    before = wish.get("workflow") or {}
    field = _named(wish["fields"], data.get("w-field", ""))
    if field is None or field.get("type") != "choice":
        was = _named(wish["fields"], before.get("field"))
        if was is not None:
            was.pop("readonly", None)
        return None
    states = [option.get("code") for option in field.get("options", ()) if not option.get("retired")]
    first = data.get("w-initial") if data.get("w-initial") in states else next(iter(states), "")
    field |= {"default": first, "readonly": True}
    known = {move["name"]: move for move in before.get("transitions", ())}
    moves = [move for at in range(MOST_MOVES) if (move := _move(data, f"t-{at}-", known, states))]
    locked = [code for code in data.getlist("w-locked") if code in states]
    return {"field": field["name"], "initial": first, "transitions": moves} | ({"locked": locked} if locked else {})


def _move(data, prefix, known, states):
    label = data.get(f"{prefix}label", "").strip()
    if not label:
        return None
    move = dict(known.get(data.get(f"{prefix}name", ""), {}))
    move.setdefault("name", slug(label, set(known)))
    known.setdefault(move["name"], move)
    move["label"] = label
    move["sources"] = [code for code in data.getlist(f"{prefix}from") if code in states]
    move["target"] = data.get(f"{prefix}to", "")
    for name, value, usual in (
        ("action", data.get(f"{prefix}action") if data.get(f"{prefix}action") in policy.ACTIONS else "edit", "edit"),
        ("reason", bool(data.get(f"{prefix}reason")), False),
        ("requires", data.getlist(f"{prefix}requires"), []),
        ("different_from", data.getlist(f"{prefix}apart"), []),
    ):
        move.pop(name, None)
        if value != usual:
            move[name] = value
    return move


def drawn_flow(wish):
    """(states [(code, label)], moves, the empty row after them included) of the page; no states before a field is chosen."""
    found = wish.get("workflow") or {}
    field = _named(wish.get("fields", ()), found.get("field", ""))
    if field is None:
        return [], []
    states = [(option.get("code", ""), option["label"]) for option in field.get("options", ()) if not option.get("retired")]
    return states, [*found.get("transitions", ()), {}]
