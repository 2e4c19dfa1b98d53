"""How records travel as JSON: what a field takes and gives, which JSON types it knows, and a record as one flat object."""

from decimal import Decimal as Exact

from models.errors import Fault, Invalid, Label, say
from models.fields import Relation, Relations, masked
from models.values import NA, NA_CODE

# The JSON types a field's value may have when it is written; null is always taken and means unknown.
TAKEN = {
    "integer": ("integer", "string"),
    "decimal": ("string", "number", "integer"),
    "money": ("string", "number", "integer"),
    "percent": ("string", "number", "integer"),
    "yes_no": ("boolean",),
    "relation": ("integer", "object"),
    "relations": ("array",),
    "choices": ("array",),
    "attachment": ("array",),
}
ITEMS = {"relations": ("integer", "object"), "choices": ("string",), "attachment": ("integer",)}
WORDS = {
    "string": Label("文字", "text"),
    "integer": Label("整数", "a whole number"),
    "number": Label("数", "a number"),
    "boolean": Label("true 或 false", "true or false"),
    "array": Label("列表", "a list"),
    "object": Label("对象", "an object"),
}


def taken(field):
    """The JSON types a field's value may have when it is written."""
    return TAKEN.get(field.type, ("string",))


def type_of(value):
    """The JSON type of a value read from JSON, numbers with a point being exact decimals."""
    for kind, name in ((bool, "boolean"), (int, "integer"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "integer" if isinstance(value, Exact) and value == value.to_integral_value() else "number"


def read(register, raw):
    """Raw values as Field.clean takes them, from a JSON object. Invalid names each field whose JSON type is wrong.

    A relation may be written as it is read, {"id": 7, "label": "…"}. Unknown names pass: writing refuses them.
    """
    values, faults = {}, []
    for name, given in raw.items():
        field = register.by_name.get(name)
        if field is None or given is None or _is_na(field, given):
            values[name] = given
        elif _fits(given, taken(field)) and (type_of(given) != "array" or all(_fits(part, ITEMS[field.type]) for part in given)):
            values[name] = [_plain(part) for part in given] if isinstance(given, list) else _plain(given)
        else:
            accepted = tuple(WORDS[kind] for kind in taken(field) if kind != "object")
            sentence = say("「{label}」的 JSON 类型不对，应是{accepted}。", label=field.title, accepted=accepted)
            faults.append(Fault(name, "type", sentence))
    if faults:
        raise Invalid(faults)
    return values


def _is_na(field, given):
    return field.na and given == NA_CODE


def _fits(value, kinds):
    kind = type_of(value)
    return kind in kinds and (kind != "object" or type_of(value.get("id", "")) == "integer")


def _plain(value):
    if isinstance(value, dict):
        return value["id"]
    return int(value) if isinstance(value, Exact) and type_of(value) == "integer" else value


def as_it_was(record, values):
    """The values without masked ones that are sent back as they were shown: cut short, they are not what is stored."""
    return {name: value for name, value in values.items() if not _shown_cut(record, name, value)}


def _shown_cut(record, name, value):
    field = record.register.by_name.get(name)
    stored = record.values.get(name)
    return field is not None and field.sensitivity == "masked" and stored is not None and value == masked(field.render(stored))


def record(found, fields=None):
    """A record as JSON: id, version, then its fields by name; a relation is {"id", "label"}, a masked value is cut short."""
    return {"id": found.id, "version": found.version} | {
        field.name: value(field, found) for field in (found.register.live if fields is None else fields)
    }


def value(field, found):
    """One field of a record as JSON: null for unknown, "n/a" for 不适用."""
    stored = found.values.get(field.name)
    if stored is None or stored is NA:
        return field.to_json(stored)
    if isinstance(field, Relations):
        return [{"id": id, "label": found.labels[field.name].get(id, "")} for id in stored]
    if isinstance(field, Relation):
        return {"id": stored, "label": found.labels.get(field.name, "")}
    return alone(field, stored)


def alone(field, stored):
    """A field's value as JSON where no record is at hand: relations by id."""
    if field.sensitivity == "masked" and stored is not None and stored is not NA:
        return masked(field.render(stored))
    return field.to_json(stored)
