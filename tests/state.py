"""What is stored, as one text or hash to compare before and after: what was refused must have changed nothing."""

import hashlib
import json

from models import registry, tables
from models.export_templates import ExportTemplate
from models.journal import Attachment, Draft, Pick, Preference, SavedView

UNKEPT = ("access_log", "change_set", "job")


def everything(own=(SavedView, Draft, Attachment, Preference, Pick, ExportTemplate)):
    """A hash over what people keep: every register's rows, and their views, drafts, files, looks and templates."""
    found = hashlib.sha256()
    for model in [*(tables.model(name) for name in registry.names() if name not in UNKEPT), *own]:
        for row in model.select().order_by(model.id).dicts():
            found.update(json.dumps(row, default=str, sort_keys=True).encode())
    return found.hexdigest()


def row_of(register, id):
    """A row as stored, as one text; of a row that is not there, null."""
    model = tables.model(register)
    return json.dumps(model.select().where(model.id == id).dicts().first(), default=str, sort_keys=True)
