"""The verdicts of imports, kept row by row until now, column by column: those of earlier imports are read as ever."""

import json
import zlib

from peewee import BlobField, Model


def up(migrator, db):
    class import_chunk(Model):
        data = BlobField()

        class Meta:
            database = db
            table_name = "import_chunk"
            legacy_table_names = False

    for (id,) in list(import_chunk.select(import_chunk.id).tuples()):
        one = import_chunk.get_by_id(id)
        one.data = columns_of(bytes(one.data))
        one.save()


def columns_of(data):
    """The packed verdicts of a chunk as services.imports.chunks keeps them now."""
    rows, shapes = json.loads(zlib.decompress(data))
    if not rows:
        return zlib.compress(json.dumps((0, [], [], [], [], shapes, {})).encode(), 1)
    numbers, outcomes, ids, versions, shaped, values, old, told, files, texts = zip(*rows, strict=True)
    more = {
        at: rest
        for at, rest in enumerate(zip(ids, versions, old, told, texts, strict=True))
        if rest[0] is not None or rest[3]
    }  # fmt: skip
    kept = files[0], numbers, outcomes, shaped, values, shapes, more
    return zlib.compress(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode(), 1)
