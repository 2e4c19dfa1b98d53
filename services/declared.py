"""A register told to a program, as its caller may see it: fields, choices, filters, states, rules, and what he may do."""

from models import registry
from models.fields import Number, Relation, Relations
from services import policy


def declaration(register, actor, text):
    """The declaration of a narrowed register as JSON; `text` gives the words of labels in the reader's language."""
    return {
        "name": register.name,
        "label": text(register.titled),
        "label_zh": register.label,
        "label_en": register.label_en,
        "help": register.help,
        "key": list(register.key),
        "title": list(register.title),
        "scope": register.scope,
        "system": register.system,
        "sort": register.sort,
        "search": bool(register.search),
        "actions": [action for action in policy.ACTIONS if policy.may(actor, action, register)],
        "fields": [field_of(field, text) for field in register.live],
        "rules": [
            {"id": rule.id, "level": rule.level, "field": rule.field, "message": text(rule.title)} for rule in _rules(register)
        ],
        "workflow": _workflow(register, text),
    }


def _rules(register):
    """The rules about fields the caller sees."""
    return [rule for rule in registry.get(register.name).rules if not rule.field or rule.field in register.by_name]


def field_of(field, text):
    """One field as JSON: what it is, how it is written, how it can be asked for."""
    found = {
        "id": field.id,
        "name": field.name,
        "label": text(field.title),
        "label_zh": field.label,
        "label_en": field.label_en,
        "type": field.type,
        "required": field.required,
        "unit": field.unit,
        "choices": [{"code": option.code, "label": text(option.title)} for option in getattr(field, "options", ())],
        "readonly": field.readonly,
        "unique": field.unique,
        "na": field.na,
        "sensitivity": field.sensitivity,
        "help": field.help,
        "example": field.example,
        "aliases": list(field.aliases),
        "filters": list(operators(field)),
        "sortable": field.sortable and field.sensitivity != "masked",
    }
    if isinstance(field, (Relation, Relations)):
        found["to"] = field.to
    limits = ("max_length", "min_length", "pattern", "places", *(("min", "max", "above") if isinstance(field, Number) else ()))
    return found | {name: getattr(field, name) for name in limits if getattr(field, name, None) not in (None, "", 0)}


def operators(field):
    """The filter operators a list takes for a field; a masked value is never asked about."""
    if field.sensitivity == "masked":
        return tuple(operator for operator in field.operators if operator == "empty")
    return field.operators


def _workflow(register, text):
    flow = register.workflow
    if flow is None or flow.field not in register.by_name:
        return None
    return {
        "field": flow.field,
        "initial": flow.initial,
        "locked": list(flow.locked),
        "transitions": [
            {
                "name": move.name,
                "label": text(move.title),
                "sources": list(move.sources),
                "target": move.target,
                "action": move.action,
                "requires": list(move.requires),
                "reason": move.reason,
            }
            for move in flow.transitions
        ],
    }
