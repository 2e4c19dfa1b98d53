"""Files of exports that were made as jobs, kept for a day: in the database, so that any process on any machine can give them out."""

import peewee

from models.base import Base
from models.fields.dates import MomentField


class ExportFile(Base):
    """A finished export; `id` is its job's. It is there only when all its pieces are."""

    id = peewee.BigIntegerField(primary_key=True)
    account_id = peewee.BigIntegerField(index=True)
    name = peewee.TextField()
    type = peewee.TextField()
    size = peewee.BigIntegerField()
    at = MomentField(index=True)

    class Meta:
        table_name = "export_file"


class ExportPiece(Base):
    """A part of such a file, compressed."""

    job_id = peewee.BigIntegerField()
    number = peewee.IntegerField()
    data = peewee.BlobField()

    class Meta:
        table_name = "export_piece"
        indexes = ((("job_id", "number"), True),)
