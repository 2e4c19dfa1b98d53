"""Rows into the database: their columns, links, files, journal and search entries."""

from models import tables
from models.errors import Conflict, Fault, Invalid, say
from models.fields import Attachment, Relations
from models.journal import Attachment as StoredFile, Link
from services import behaviours
from services.journal import CREATE, UPDATE
from services.writer.indexing import index, reindex_mentions
from services.writer.relations import link
from services.writer.rows import stored
from services.writer.scope import propagate_scope, scope_of
from services.writer.values import ids_of


def insert(register, work, rows, ids):
    """Rows into the table, their links, files, journal entries and index entries."""
    model = tables.model(register.name)
    units = scope_of(register, rows, ids)
    made = [
        stored(register, values)
        | {
            "id": id,
            "version": 1,
            "created_at": work.at,
            "created_by": work.by,
            "updated_at": work.at,
            "updated_by": work.by,
            "district_id": district,
            "school_id": school,
        }
        for values, id, (district, school) in zip(rows, ids, units, strict=True)
    ]
    tables.insert_rows(model, made)
    links = [
        {"register": register.name, "field_id": field.id, "record_id": id, "target_id": target}
        for field in register.fields
        if isinstance(field, Relations)
        for values, id in zip(rows, ids, strict=True)
        for target in ids_of(values.get(field.name))
    ]
    if links:
        tables.insert_rows(Link, links)
    if any(isinstance(field, Attachment) for field in register.fields):
        for values, id in zip(rows, ids, strict=True):
            claim_files(register, work.actor, id, values)
    work.note_many(register, [(id, 1, CREATE, ()) for id in ids])
    index(register, [(id, values, unit) for id, values, unit in zip(ids, rows, units, strict=True)])


def claim_files(register, actor, id, values):
    """Files named in a record become its own: the actor's uploads that belong to no record yet, or its own already."""
    for field in register.fields:
        wanted = values.get(field.name) if isinstance(field, Attachment) else None
        if not wanted:
            continue
        free = StoredFile.record_id.is_null() & (StoredFile.uploaded_by == actor.id)
        own = (StoredFile.register == register.name) & (StoredFile.record_id == id)
        found = {
            row.id
            for row in StoredFile.select(StoredFile.id).where(
                StoredFile.id.in_(wanted) & (free | own) & StoredFile.kind.in_(field.accept)
            )
        }
        if set(wanted) - found:
            raise Invalid(
                [Fault(field.name, "file", say("「{label}」里有文件已失效，或不是这里收的种类，请重新上传。", label=field.title))]
            )
        StoredFile.update(register=register.name, record_id=id).where(StoredFile.id.in_(wanted)).execute()


def save(full, work, row, old, after, changed):
    """The changed columns, links, files, journal and index of one row; its dependants' scope when its unit moved."""
    model, id = tables.model(full.name), row["id"]
    units = scope_of(full, [after], [id])[0]
    columns = stored(full, after)
    keep = {f"f_{full.field(name).id}" for name in changed} | {"na_fields"}
    columns = {key: value for key, value in columns.items() if key in keep}
    written = (
        model.update(
            **columns,
            version=row["version"] + 1,
            updated_at=work.at,
            updated_by=work.by,
            district_id=units[0],
            school_id=units[1],
        )
        .where((model.id == id) & (model.version == row["version"]))
        .execute()
    )
    if not written:
        raise Conflict(say("别人刚刚保存了这条记录，请刷新后重试。"), version=row["version"])
    link(full, id, changed)
    claim_files(full, work.actor, id, changed)
    parts = [(full.field(name), old.get(name), value) for name, value in changed.items()]
    work.note(full, id, row["version"] + 1, UPDATE, parts)
    moved = units != (row["district_id"], row["school_id"])
    if moved or set(changed) & {*full.search, *full.title}:
        index(full, [(id, after, units)])
    if moved:
        propagate_scope(full.name, id, units)
    if set(changed) & set(full.title):
        reindex_mentions(full.name, id)


def run_effects(full, work, ids):
    for name in full.behaviours:
        if name in behaviours.EFFECTS:
            behaviours.EFFECTS[name](work, full, ids)
