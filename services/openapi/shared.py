"""The parts of the document that are the same for every register and caller."""

from services.openapi.schemas import REFERENCE, one, reference
from services.query import LARGEST_PAGE, PAGE

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
MAYBE_TEXT, MAYBE_NUMBER = {"type": ["string", "null"]}, {"type": ["integer", "null"]}
ANY_OBJECT = {"type": "object"}


def listed(schema):
    return {"type": "array", "items": schema}


PROBLEM = one(
    {
        "type": TEXT,
        "title": TEXT,
        "status": NUMBER,
        "detail": TEXT,
        "errors": listed(one({"field": TEXT, "code": TEXT, "message": TEXT})),
        "request_id": TEXT,
        "rule": TEXT,
        "base": ANY_OBJECT,
        "yours": ANY_OBJECT,
        "theirs": ANY_OBJECT,
        "version": NUMBER,
        "results": listed(ANY_OBJECT),
    },
    ["type", "title", "status", "detail", "errors", "request_id"],
    description="RFC 9457; 403 names the rule, 409 has base, yours and theirs of the contested fields.",
)
UNIT = {"anyOf": [reference("Reference"), {"type": "null"}]}
ME = one(
    {
        "id": NUMBER,
        "username": TEXT,
        "name": TEXT,
        "memberships": listed(one({"role": TEXT, "label": TEXT, "district": UNIT, "school": UNIT, "team": UNIT})),
        "token": one(
            {
                "id": NUMBER,
                "name": TEXT,
                "prefix": TEXT,
                "registers": {"type": ["array", "null"], "items": TEXT},
                "actions": {"type": ["array", "null"], "items": TEXT},
                "expires_at": {"type": "string", "format": "date-time"},
            }
        ),
    }
)
REGISTERS = one({"registers": listed(one({"name": TEXT, "label": TEXT}))})
FIELD = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "label": TEXT,
        "type": TEXT,
        "required": FLAG,
        "unit": TEXT,
        "choices": listed(one({"code": TEXT, "label": TEXT})),
    },
    "required": ["id", "name", "label", "type", "required", "unit", "choices"],
}
DECLARATION = {
    "type": "object",
    "properties": {"name": TEXT, "label": TEXT, "fields": listed(reference("Field")), "actions": listed(TEXT)},
    "required": ["name", "label", "fields", "actions", "key", "rules", "workflow"],
}
COUNT = {"anyOf": [one({"value": NUMBER, "capped": FLAG}), {"type": "null"}]}
HISTORY = one(
    {
        "entries": listed(
            one(
                {
                    "at": {"type": "string", "format": "date-time"},
                    "who": TEXT,
                    "kind": TEXT,
                    "reason": TEXT,
                    "change_set": NUMBER,
                    "action": {"enum": ["create", "update", "trash", "restore"]},
                    "changes": listed(one({"field": TEXT, "old": TEXT, "new": TEXT})),
                }
            )
        )
    }
)
FILES = one({"files": listed(one({"id": NUMBER, "field": TEXT, "name": TEXT, "kind": TEXT, "size": NUMBER, "url": TEXT}))})
MOMENT = {"type": ["string", "null"], "format": "date-time"}
JOB = one(
    {
        "id": NUMBER,
        "kind": TEXT,
        "about": TEXT,
        "state": {"enum": ["waiting", "running", "done", "failed", "cancelled"]},
        "done": MAYBE_NUMBER,
        "total": MAYBE_NUMBER,
        "message": MAYBE_TEXT,
        "at": MOMENT,
        "started_at": MOMENT,
        "ended_at": MOMENT,
        "result": {},
    }
)
IMPORT = {
    "type": "object",
    "properties": {
        "id": NUMBER,
        "state": {"enum": ["reading", "asking", "planned", "applying", "applied", "undoing", "undone", "failed"]},
        "sheet": TEXT,
        "columns": listed(ANY_OBJECT),
        "skipped": listed(ANY_OBJECT),
        "questions": listed(ANY_OBJECT),
        "counts": ANY_OBJECT,
        "rows": listed(ANY_OBJECT),
        "change_set": MAYBE_NUMBER,
        "message": MAYBE_TEXT,
        "job": MAYBE_NUMBER,
    },
    "required": ["id", "state", "columns", "questions", "counts", "rows", "change_set"],
}
ROWS = one({"rows": listed(ANY_OBJECT), "next": MAYBE_NUMBER})
PROBLEMS = listed(one({"id": TEXT, "where": TEXT, "message": TEXT}))
DEFINITION = one(
    {
        "name": TEXT,
        "version": NUMBER,
        "draft_version": NUMBER,
        "built_in": FLAG,
        "retired": FLAG,
        "register": ANY_OBJECT,
        "problems": PROBLEMS,
        "changes": listed(TEXT),
        "casualties": listed(one({"field": TEXT, "exact": NUMBER, "lossy": NUMBER, "lost": NUMBER})),
    }
)
PROPOSAL = one(
    {
        "register": ANY_OBJECT,
        "reasons": listed(one({"field": TEXT, "why": TEXT})),
        "misfits": listed(one({"field": TEXT, "count": NUMBER, "examples": listed(TEXT)})),
        "left_out": listed(one({"column": TEXT, "why": TEXT})),
        "rows": NUMBER,
        "all_rows": FLAG,
    }
)
SCHEMAS = {
    "Definition": DEFINITION,
    "Proposal": PROPOSAL,
    "Job": JOB,
    "Import": IMPORT,
    "ImportRows": ROWS,
    "Problem": PROBLEM,
    "Reference": REFERENCE,
    "Me": ME,
    "Registers": REGISTERS,
    "Field": FIELD,
    "Declaration": DECLARATION,
    "Count": COUNT,
    "History": HISTORY,
    "Files": FILES,
}
SECURITY = {"token": {"type": "http", "scheme": "bearer", "description": "python -m app token create --user NAME"}}


def query(name, schema, description=""):
    found = {"name": name, "in": "query", "schema": schema}
    return found | ({"description": description} if description else {})


PARAMETERS = {
    "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
    "file": {"name": "file", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
    "limit": query("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}),
    "cursor": query(
        "cursor", TEXT, "`next` or `previous` of a page, bound to the caller, the filters and the sort; `last` for the last page"
    ),
    "count": query("count", {"enum": ["none", "capped", "exact"], "default": "none"}),
    "q": query("q", TEXT, "search: any two Chinese characters, a code, pinyin initials"),
    "encoding": query("encoding", {"enum": ["utf-8-sig", "utf-8", "gb18030"], "default": "utf-8-sig"}),
    "_purpose": query("_purpose", TEXT, "why masked fields are wanted whole; logged"),
    "confirmed": query("confirmed", {"type": "string", "maxLength": 1000}, "the reason with which warnings are saved nonetheless"),
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
        "description": "the version read: the record's ETag",
    },
    "If-Match-optional": {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
        "description": "the version read; without it the present one",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "description": "the same key and body is answered the same again; another body is 409",
    },
}

SAID = {
    400: "not a request",
    401: "no good token",
    403: "not granted; `rule` says which rule",
    404: "not there for this caller",
    409: "someone else changed it first, or it contradicts what is stored",
    413: "too large",
    415: "not JSON (or not a form with a file)",
    422: "not understood; `errors` names each parameter or field",
    428: "If-Match is missing",
    429: "too many calls a minute",
    500: "a fault of ours; tell us the request_id",
    503: "the database cannot answer now; nothing was saved",
}
ALWAYS = (401, 404, 422, 429, 500, 503)


def _problem(status):
    found = {"description": SAID[status], "content": {"application/problem+json": {"schema": reference("Problem")}}}
    headers = {}
    if status in (429, 503):
        headers["Retry-After"] = {"required": True, "schema": TEXT, "description": "seconds"}
    if status == 401:
        headers["WWW-Authenticate"] = {"required": True, "schema": TEXT}
    return found | ({"headers": headers} if headers else {})


RESPONSES = {f"Problem{status}": _problem(status) for status in SAID}
ETAG = {"ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}, "description": "the record's version"}}
SAVED = ETAG | {
    "Taizhang-Change-Set": {"schema": TEXT, "description": "the change set, which can be undone on the screens"},
    "Taizhang-Merged": {"schema": TEXT, "description": "fields that others had changed meanwhile"},
}


def parameter(name):
    return {"$ref": f"#/components/parameters/{name}"}


def json_of(schema, description="", headers=None):
    found = {"description": description or "done", "content": {"application/json": {"schema": schema}}}
    return found | ({"headers": headers} if headers else {})


def answers(statuses=(), **found):
    """The responses of an operation: its own (by "_200"), and the problems it can come to."""
    own = {name.removeprefix("_"): response for name, response in found.items()}
    return own | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted({*ALWAYS, *statuses})}
