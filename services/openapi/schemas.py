"""JSON Schemas of registers: how a record is read, how one is written, what a field's values look like."""

from models.fields import (
    Attachment,
    Choices,
    Code,
    Date,
    DateTime,
    Decimal,
    Derived,
    Integer,
    LongText,
    Relation,
    Relations,
    Text,
    YesNo,
)
from models.values import NA_CODE
from services import declared, wire

REFERENCE = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "label": {"type": "string"}},
    "required": ["id", "label"],
    "additionalProperties": False,
}


def reference(name):
    return {"$ref": f"#/components/schemas/{name}"}


def read_record(register, text):
    """A record as it is answered. A list asked for some `fields` leaves the others out, so none but id and version must be there."""
    properties = {"id": {"type": "integer"}, "version": {"type": "integer", "description": "ETag and If-Match"}}
    properties |= {field.name: read_value(field, text) for field in register.live}
    return {
        "type": "object",
        "title": text(register.titled),
        "properties": properties,
        "required": ["id", "version"],
        "additionalProperties": False,
    }


def write_record(register, text, whole):
    """The values of a new record (`whole`) or of a change: what may be sent, and what must be."""
    fields = [field for field in register.live if not field.readonly and not isinstance(field, Derived)]
    made = {
        "type": "object",
        "properties": {field.name: write_value(field, text) for field in fields},
        "additionalProperties": False,
    }
    required = [field.name for field in fields if field.required and field.default is None and not getattr(field, "make", "")]
    return made | ({"required": required} if whole and required else {})


def read_value(field, text):
    """A field's value as it is answered: null is unknown. Old values stay readable, so no limit is promised but the type."""
    schema = _with_na(field, _read_type(field))
    return schema | described(field, text)


def _read_type(field):
    if field.sensitivity == "masked":
        return {"type": ["string", "null"], "description": "masked"}
    if isinstance(field, Relation):
        return {"anyOf": [reference("Reference"), {"type": "null"}]}
    if isinstance(field, Relations):
        return {"type": ["array", "null"], "items": reference("Reference")}
    if isinstance(field, Choices):
        return {"type": ["array", "null"], "items": {"type": "string"}}
    if isinstance(field, Attachment):
        return {"type": ["array", "null"], "items": {"type": "integer"}}
    if isinstance(field, YesNo):
        return {"type": ["boolean", "null"]}
    if isinstance(field, Integer):
        return {"type": ["integer", "null"]}
    if isinstance(field, Decimal):
        return {"type": ["string", "null"], "pattern": rf"^-?\d+\.\d{{{field.places}}}$" if field.places else r"^-?\d+$"}
    formats = {"date": "date"} if type(field) is Date else {}
    formats = {"date_time": "date-time"} if isinstance(field, DateTime) else formats
    return {"type": ["string", "null"]} | ({"format": formats[field.type]} if field.type in formats else {})


def write_value(field, text):
    """A field's value as it may be sent; null clears it."""
    kinds = wire.taken(field)
    if isinstance(field, Relation):
        schema = {"anyOf": [{"type": ["integer", "null"], "minimum": 1}, _written_reference()]}
    elif isinstance(field, Relations):
        schema = {"type": ["array", "null"], "items": {"anyOf": [{"type": "integer", "minimum": 1}, _written_reference()]}}
    elif isinstance(field, Choices):
        schema = {"type": ["array", "null"], "items": {"type": "string", "enum": _codes(field)}}
    elif isinstance(field, Attachment):
        schema = {"type": ["array", "null"], "items": {"type": "integer"}, "maxItems": field.max_files}
    else:
        schema = {"type": [*kinds, "null"]} | _limits(field)
    return _with_na(field, schema) | described(field, text)


def _written_reference():
    return {"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}}, "required": ["id"]}


def _codes(field):
    return [option.code for option in field.options]


def _limits(field):
    """What a value must keep to besides its type."""
    if hasattr(field, "options"):
        return {"enum": [*_codes(field), None]}
    found = {}
    if isinstance(field, Text) and not isinstance(field, LongText):
        found |= {"maxLength": field.max_length} | ({"minLength": field.min_length} if field.min_length else {})
    if isinstance(field, Code) and field.pattern:
        found["pattern"] = f"^(?:{field.pattern})$"
    if isinstance(field, (Integer, Decimal)):
        found |= {"minimum": float(field.min)} if field.min is not None else {}
        found |= {"maximum": float(field.max)} if field.max is not None else {}
        found |= {"exclusiveMinimum": float(field.above)} if field.above is not None else {}
        found["pattern"] = r"^-?\d+$" if isinstance(field, Integer) else rf"^-?\d+(\.\d{{1,{field.places or 1}}})?$"
    return found | ({"format": "date"} if type(field) is Date else {})


def _with_na(field, schema):
    return {"anyOf": [schema, {"const": NA_CODE, "description": "不适用"}]} if field.na else schema


def described(field, text):
    """What people should know of a field: label, help, unit, choices with their labels, example."""
    told = declared.field_of(field, text)
    found = {"title": told["label"]}
    if field.help:
        found["description"] = field.help
    if field.unit:
        found["x-unit"] = field.unit
    if told["choices"]:
        found["x-choices"] = told["choices"]
    if field.example:
        found["examples"] = [field.example]
    if isinstance(field, (Relation, Relations)):
        found["x-register"] = field.to
    return found


def one(properties, required=None, **more):
    """An object with exactly these members."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    } | more
