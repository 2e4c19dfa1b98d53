"""Long work: how far it is."""

from flask import g, jsonify

from app.api.asking import parameters, record_id
from app.api.door import blueprint
from app.api.telling import moment
from app.words import text
from services import jobs


@blueprint.get("/jobs/<int:id>")
def job(id):
    found = jobs.of(g.actor, record_id(id))
    parameters()
    return jsonify(
        {
            "id": found.id,
            "kind": found.kind,
            "about": found.about,
            "state": found.state,
            "done": found.done,
            "total": found.total,
            "message": text(found.message) if found.message else None,
            "at": moment(found.at),
            "started_at": moment(found.started_at),
            "ended_at": moment(found.ended_at),
            "result": found.result,
        }
    )
