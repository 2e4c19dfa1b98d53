"""The files of a record: listed, read and added."""

from flask import Response, g, jsonify, request, url_for

from app.api import telling
from app.api.asking import if_match, parameters, record_id
from app.api.door import blueprint
from app.api.records import RECORD, found
from models.errors import Fault, Invalid, NotFound, say
from models.fields import Attachment
from services import attachments, records


@blueprint.get(f"{RECORD}/files")
def list_files(register, id):
    record = found(register, id)
    parameters()
    return jsonify({"files": _told(record)})


def _told(record):
    """Every file of the record, with the field it stands in."""
    held = {
        file: field
        for field in record.register.live
        if isinstance(field, Attachment)
        for file in record.values.get(field.name) or ()
    }
    known = attachments.details(held)
    return [
        {"id": id, "field": field.name, "name": known[id][0], "kind": known[id][1], "size": known[id][2],
         "url": url_for("api.get_file", register=record.register.name, id=record.id, file=id)}
        for id, field in held.items() if id in known
    ]  # fmt: skip


@blueprint.get(f"{RECORD}/files/<int:file>")
def get_file(register, id, file):
    record = found(register, id)
    parameters()
    if file not in {told["id"] for told in _told(record)}:
        raise NotFound(say("没有找到这个文件，或不在您的数据范围内。"))
    kept = attachments.fetch(g.actor, record_id(file))
    return Response(kept.data, content_type=kept.type, headers={"Content-Disposition": "attachment"})


@blueprint.post(f"{RECORD}/files")
def add_file(register, id):
    """Adds one file (form part `file`) to an attachment field (form part `field`, where there are several)."""
    record = found(register, id)
    records.require_editable(record, g.actor)
    version = if_match(required=False)
    parameters()
    field = _field(record.register, request.form.get("field", ""))
    sent = request.files.getlist("file")
    if len(sent) != 1 or not sent[0].filename:
        raise Invalid([Fault("file", "file", say("请选择一个文件。"))])
    stored = attachments.store(g.actor, sent[0].filename, sent[0].read())
    values = {field.name: [*(record.values.get(field.name) or ()), stored]}
    saved = records.update(record.register.name, g.actor, id, values, version=version or record.version, kind="api")
    answer = telling.of_record(saved.record, 201, saved)
    answer.set_data(jsonify({"files": _told(saved.record)}).get_data())
    return answer


def _field(register, name):
    """The attachment field meant: the named one, or the only one there is."""
    fields = {field.name: field for field in register.live if isinstance(field, Attachment) and not field.readonly}
    if not name and len(fields) == 1:
        return next(iter(fields.values()))
    if name not in fields:
        accepted = tuple(fields) or ("—",)
        raise Invalid([Fault("field", "unknown_field", say("请用 field 指明放进哪一项，可用：{accepted}。", accepted=accepted))])
    return fields[name]
