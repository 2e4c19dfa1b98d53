"""OpenAPI 3.1 for one caller: the registers he sees, the fields he reads, the calls he has the right to."""

from models import registry
from models.errors import NotAllowed
from services import definitions, policy
from services.openapi import building, paths, schemas, shared

VERSION = "1"
DESCRIPTION = (
    "Every register by program, under the rights of the token's owner. Errors are application/problem+json and come in this order: "
    "register and record in sight (404), right (403), If-Match (428), body (422), version (409)."
)


def document(actor, text, only=None):
    """The document as a dict; `text` gives the words of labels in the reader's language, `only` names one register."""
    components = {
        "schemas": dict(shared.SCHEMAS),
        "parameters": dict(shared.PARAMETERS),
        "responses": shared.RESPONSES,
        "securitySchemes": shared.SECURITY,
    }
    found = {} if only else _own_paths()
    if not only and definitions.allowed(actor):
        found |= building.paths()
    for register, seen in visible(actor):
        if only in (None, register.name):
            found |= paths.of_register(register, actor, text, seen)
            components["schemas"] |= _schemas(register, text) if seen else {}
            components["parameters"] |= paths.filters_of(register)
    return {
        "openapi": "3.1.0",
        "info": {"title": "台账 Taizhang", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "tags": [{"name": register.name, "description": text(register.titled)} for register, _ in visible(actor)],
        "paths": found,
        "components": components,
    }


def visible(actor):
    """[(register as the actor sees or may count it, whether he sees its rows)]"""
    found = []
    for full in registry.all():
        for action in ("view", "count"):
            try:
                found.append((policy.view(full, actor, action=action), action == "view"))
                break
            except NotAllowed:
                continue
    return found


def _schemas(register, text):
    return {
        register.name: schemas.read_record(register, text),
        f"{register.name}.new": schemas.write_record(register, text, whole=True),
        f"{register.name}.change": schemas.write_record(register, text, whole=False),
    }


def _own_paths():
    """The calls that are about the caller, not about one register."""
    found = {
        "/me": ("who I am", shared.json_of(schemas.reference("Me"))),
        "/registers": ("the registers I may see", shared.json_of(schemas.reference("Registers"))),
        "/openapi.json": ("this document", shared.json_of(shared.ANY_OBJECT)),
    }
    return {
        path: {
            "get": {"operationId": path.strip("/").replace(".", "_"), "summary": summary, "responses": shared.answers(_200=answer)}
        }
        for path, (summary, answer) in found.items()
    }
