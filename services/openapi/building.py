"""The calls that make and change registers, for who may."""

from services.openapi.schemas import one, reference
from services.openapi.shared import ANY_OBJECT, ETAG, NUMBER, TEXT, answers, json_of, listed, parameter

LOCATION = {"Location": {"required": True, "schema": TEXT}}
NAME = {"name": "register", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,40}$"}}
WISH = ANY_OBJECT | {
    "description": "a definition, as `register export` writes it: label, fields, scope, key, rules, workflow, grants …"
}
FILE = {
    "type": "object",
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}, "label": TEXT},
    "required": ["file"],
}
DEFINED = json_of(reference("Definition"), headers=ETAG)


def paths():
    """{path: {method: operation}}"""
    return {
        "/registers": {"post": _operation("registers.draft", "a new register as a draft", _201=_created(), body=WISH)},
        "/registers/{register}": {
            "patch": _operation(
                "registers.change", "members of a draft replaced", 403, 409, 428, parameters=[NAME, parameter("If-Match")], body=WISH, _200=DEFINED
            )
        },
        "/registers/{register}:check": {
            "post": _operation("registers.check", "what is wrong, what would change; nothing is kept", parameters=[NAME], body=WISH, _200=DEFINED)
        },
        "/registers/{register}:publish": {
            "post": _operation(
                "registers.publish", "the draft put in force", 409, 428, parameters=[NAME, parameter("If-Match")], body=one({}, []),
                _200=json_of(one({"name": TEXT, "version": NUMBER, "changes": listed(TEXT)})),
            )
        },
        "/registers:infer": {
            "post": _operation(
                "registers.infer", "a workbook as a proposed definition", media="multipart/form-data", body=FILE, _200=json_of(reference("Proposal"))
            )
        },
    }  # fmt: skip


def _created():
    return json_of(reference("Definition"), headers=ETAG | LOCATION)


def _operation(id, summary, *statuses, parameters=(), body, media="application/json", **responses):
    found = {
        "operationId": id,
        "summary": summary,
        "tags": ["registers"],
        "requestBody": {"required": True, "content": {media: {"schema": body}}},
        "responses": answers((400, 403, 413, 415, *statuses), **responses),
    }
    return found | ({"parameters": list(parameters)} if parameters else {})
