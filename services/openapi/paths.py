"""The calls a register has for one caller: only those he has the right to."""

from models.fields import Attachment
from services import batches, declared, imports, policy, query as lists, summaries
from services.openapi.schemas import one, reference
from services.openapi.shared import (
    ANY_OBJECT,
    ETAG,
    FLAG,
    MAYBE_TEXT,
    NUMBER,
    SAVED,
    TEXT,
    answers,
    json_of,
    listed,
    parameter,
    query,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOCATION = {"Location": {"required": True, "schema": TEXT}}


def of_register(register, actor, text, seen):
    """{path: {method: operation}} of a register; `seen` is whether he may see its rows, else he may only count them."""
    base, may = f"/registers/{register.name}", {action: policy.may(actor, action, register) for action in policy.ACTIONS}
    found = {f"{base}/summary": {"get": _summary(register)}}
    if seen:
        found[base] = {"get": {"summary": "the declaration", "responses": answers(_200=json_of(reference("Declaration")))}}
        found[f"{base}/records"] = {"get": _list(register)} | ({"post": _create(register)} if may["edit"] else {})
        found |= _of_record(register, may)
    if seen and may["export"]:
        found |= {f"{base}/records.{form}": {"get": _file(register, form)} for form in ("csv", "xlsx")}
    if seen and may["edit"] and register.importable:
        found[f"{base}/imports"] = {"post": _import()}
    if seen and (may["edit"] or (may["approve"] and register.workflow)):
        found[f"{base}/records:batch"] = {"post": _batch(register)}
    return {path: _tagged(methods, register, path) for path, methods in found.items()}


def _tagged(methods, register, path):
    ending = path.partition(register.name)[2].replace("/{id}", "/one").strip("/") or "declaration"
    word = "".join(letter if letter.isalnum() else "_" for letter in ending)
    return {
        method: {"operationId": f"{register.name}.{word}.{method}", "tags": [register.name]} | operation
        for method, operation in methods.items()
    }


# lists -----------------------------------------------------------------------------------------------------------------


def filters_of(register):
    """{component name: parameter} of every filter a list takes."""
    units = [field for name in lists.UNIT_FIELDS if (field := lists.field_of(register, name)) and name not in register.by_name]
    found = {}
    for field in (lists.ID, *units, *register.live):
        for operator in declared.operators(field):
            name = field.name if operator == "eq" else f"{field.name}__{operator}"
            found[f"{register.name}.{name}"] = query(name, _filter_schema(field, operator))
    return found


def _filter_schema(field, operator):
    if operator == "empty":
        return {"enum": ["true", "false"]}
    codes = [option.code for option in getattr(field, "options", ())]
    return {"enum": codes} if codes and operator != "in" else {"type": "string"}


def _filters(register):
    return [parameter(name) for name in filters_of(register)] + ([parameter("q")] if register.search else [])


def _shape_of(register):
    """Parameters of a list and its files: which order, which fields."""
    sortable = [field.name for field in register.live if field.sortable and field.sensitivity != "masked"]
    return [
        query("sort", TEXT, f"up to {lists.MOST_KEYS} of id, {', '.join(sortable)}; - falls"),
        query("fields", TEXT, "names, separated by commas; id and version are always there"),
    ]


def _list(register):
    page = one(
        {"records": listed(reference(register.name)), "next": MAYBE_TEXT, "previous": MAYBE_TEXT, "count": reference("Count")}
    )
    more = [parameter(name) for name in ("limit", "cursor", "count")]
    return {
        "summary": "a page of records",
        "parameters": _filters(register) + _shape_of(register) + more,
        "responses": answers(_200=json_of(page)),
    }


def _file(register, form):
    own = [parameter("_purpose")] + ([parameter("encoding")] if form == "csv" else [])
    media = {"text/csv": {"schema": TEXT}} if form == "csv" else {XLSX: {"schema": {}}}
    return {
        "summary": f"the list as {form.upper()}, whole",
        "parameters": _filters(register) + _shape_of(register) + own,
        "responses": answers((403,), _200={"description": "the file", "content": media}),
    }


def _summary(register):
    groupable, measures = summaries.groupable(register), [f"sum:{field.name}" for field in summaries.summable(register)]
    number = {"type": ["integer", "string", "null"]}
    numbers = dict.fromkeys(("count", *measures), number)
    group = one({field.name: {} for field in groupable} | numbers | {"filter": ANY_OBJECT}, ["filter"])
    return {
        "summary": "grouped numbers, each with the filter that opens its rows",
        "parameters": [
            query("by", TEXT, f"up to {summaries.MOST_FIELDS} of: {', '.join(field.name for field in groupable)}"),
            query("measure", TEXT, f"of: {', '.join(('count', *measures))}"),
            *_filters(register),
        ],
        "responses": answers((403,), _200=json_of(one({"groups": listed(group), "total": one(numbers, [])}))),
    }


def _import():
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    form = {
        "file": {"anyOf": [file, listed(file)]},
        "mode": {"enum": list(imports.MODES)},
        "policy": {"enum": list(imports.POLICIES)},
        "empty": {"enum": list(imports.EMPTIES)},
        "key": TEXT | {"description": "names of the fields that tell records apart, separated by commas"},
        "mapping": TEXT | {"description": 'JSON: {"column": "field", or "" to leave it out}'},
        "constants": TEXT | {"description": 'JSON: {"field": "value of every row"}'},
        "sheet": TEXT,
        "header": TEXT | {"description": "JSON: a row's number, or [first, last]"},
        "encoding": TEXT,
    }
    body = {"multipart/form-data": {"schema": {"type": "object", "properties": form, "required": ["file"]}}}
    return {
        "summary": "a file as a plan: read and checked, then shown",
        "requestBody": {"required": True, "content": body},
        "responses": answers((400, 403, 413, 415), _202=json_of(reference("Import"), headers=LOCATION)),
    }


# records ---------------------------------------------------------------------------------------------------------------


def _create(register):
    return {
        "summary": "a new record",
        "parameters": [parameter("Idempotency-Key"), parameter("confirmed")],
        "requestBody": body_of(reference(f"{register.name}.new")),
        "responses": answers((403, 409, 413, 415), _201=json_of(reference(register.name), headers=SAVED | LOCATION)),
    }


def body_of(schema):
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _of_record(register, may):
    home = f"/registers/{register.name}/records/{{id}}"
    by_id = {"parameters": [parameter("id")]}
    saved = json_of(reference(register.name), headers=SAVED)
    one_record = {"get": {"summary": "a record", "responses": answers(_200=json_of(reference(register.name), headers=ETAG))}}
    found = {
        home: one_record,
        f"{home}/history": {"get": {"summary": "its history", "responses": answers(_200=json_of(reference("History")))}},
    }
    if may["edit"]:
        one_record["patch"] = {
            "summary": "changes fields; merges with what others changed meanwhile",
            "parameters": [parameter("If-Match"), parameter("confirmed")],
            "requestBody": body_of(reference(f"{register.name}.change")),
            "responses": answers((403, 409, 413, 415, 428), _200=saved),
        }
        one_record["delete"] = {
            "summary": "into the trash",
            "parameters": [parameter("If-Match")],
            "responses": answers((403, 409, 428), _204={"description": "gone"}),
        }
        found[f"{home}:restore"] = {"post": {"summary": "out of the trash", "responses": answers((403, 409), _200=saved)}}
    if register.workflow and register.workflow.field in register.by_name and (may["edit"] or may["approve"]):
        found[f"{home}:transition"] = {"post": _transition(register, saved)}
    if any(isinstance(field, Attachment) for field in register.live):
        found |= _files(home, may)
    return {
        path: {method: _by_id(operation, by_id, path) for method, operation in methods.items()} for path, methods in found.items()
    }


def _by_id(operation, by_id, path):
    parameters = by_id["parameters"] + ([parameter("file")] if path.endswith("{file}") else [])
    return operation | {"parameters": [*parameters, *operation.get("parameters", ())]}


def _transition(register, saved):
    names = [move.name for move in register.workflow.transitions]
    body = one({"transition": {"enum": names}, "values": reference(f"{register.name}.change"), "reason": TEXT}, ["transition"])
    return {
        "summary": "a step of its workflow",
        "parameters": [parameter("If-Match-optional"), parameter("confirmed")],
        "requestBody": body_of(body),
        "responses": answers((403, 409, 413, 415), _200=saved),
    }


def _files(home, may):
    listing = {"get": {"summary": "its files", "responses": answers(_200=json_of(reference("Files")))}}
    if may["edit"]:
        form = {
            "type": "object",
            "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}, "field": TEXT},
        }
        listing["post"] = {
            "summary": "adds a file",
            "parameters": [parameter("If-Match-optional")],
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form | {"required": ["file"]}}}},
            "responses": answers((400, 403, 409, 413), _201=json_of(reference("Files"), headers=SAVED | LOCATION)),
        }
    content = {"description": "the file", "content": {"*/*": {"schema": {}}}}
    return {f"{home}/files": listing, f"{home}/files/{{file}}": {"get": {"summary": "a file", "responses": answers(_200=content)}}}


def _batch(register):
    operation = one(
        {
            "action": {"enum": ["create", "update", "delete", "transition"]},
            "id": {"type": "integer", "minimum": 1},
            "version": {"type": "integer", "minimum": 1},
            "values": reference(f"{register.name}.change"),
            "transition": TEXT,
            "reason": TEXT,
        },
        ["action"],
    )
    body = one(
        {"operations": listed(operation) | {"minItems": 1, "maxItems": batches.MOST}, "all_or_nothing": FLAG, "reason": TEXT},
        ["operations"],
    )
    result = one({"status": NUMBER, "id": NUMBER, "record": reference(register.name), "problem": reference("Problem")}, ["status"])
    return {
        "summary": "several writes, each with its result",
        "parameters": [parameter("Idempotency-Key"), parameter("confirmed")],
        "requestBody": body_of(body),
        "responses": answers((403, 409, 413, 415), _200=json_of(one({"results": listed(result)}))),
    }
