"""Who am I, which registers are there, what is one of them."""

from flask import g, jsonify

from app.api.asking import parameters, shown
from app.api.door import blueprint
from app.api.telling import moment
from app.words import text
from services import declared, openapi, policy, query


@blueprint.get("/me")
def me():
    parameters()
    actor, token = g.actor, g.api_token
    held = actor.memberships
    units = {
        kind: query.labels(register, {getattr(part, f"{kind}_id") for part in held}, actor) for kind, register in _UNITS.items()
    }
    return jsonify(
        {
            "id": actor.id,
            "username": actor.username,
            "name": actor.name,
            "memberships": [
                {"role": part.role, "label": text(policy.ROLES[part.role])} | {kind: _unit(part, kind, units) for kind in _UNITS}
                for part in held
            ],
            "token": {
                "id": token.id,
                "name": token.name,
                "prefix": token.prefix,
                "registers": list(token.registers) or None,
                "actions": list(token.actions) or None,
                "expires_at": moment(token.expires_at),
            },
        }
    )


_UNITS = {"district": "district", "school": "school", "team": "inspection_team"}


def _unit(membership, kind, labels):
    id = getattr(membership, f"{kind}_id")
    return None if id is None else {"id": id, "label": labels[kind].get(id, "")}


@blueprint.get("/registers")
def registers():
    parameters()
    return jsonify({"registers": [{"name": one.name, "label": text(one.titled)} for one in policy.registers(g.actor)]})


@blueprint.get("/registers/<register>")
def register(register):
    found = shown(register)
    parameters()
    return jsonify(declared.declaration(found, g.actor, text))


@blueprint.get("/openapi.json")
def document():
    """The whole API as this caller has it."""
    parameters()
    return jsonify(openapi.document(g.actor, text))
