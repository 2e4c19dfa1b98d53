"""The HTTP API at /api/v1: every register by program, under the same rights as on the screens. docs/api.md tells how to use it."""

from app.api import batch, definitions, files, imports, jobs, lists, records, registers
from app.api.door import blueprint

PARTS = (registers, definitions, lists, records, batch, files, imports, jobs)


def init_api(app):
    """Mounts the API. It has no cookies, so a form's token would guard nothing."""
    app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint)
