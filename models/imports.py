"""What the app keeps of an import: the plan, the files as they came, the verdicts on their rows, and what was answered before.

Files and verdicts are in the database: whichever process or machine works on an import finds them, and a backup has them.
"""

import peewee

from models.base import Base
from models.fields.dates import MomentField


class Plan(Base):
    """One import. `asked` and `found` are JSON: how it was asked for, and what reading and checking gave.

    `position` counts the chunks that are written; `changes` the journal entries so far. `said` is why it failed (models.sentences).
    """

    register = peewee.TextField()
    account_id = peewee.BigIntegerField(null=True, index=True)
    state = peewee.TextField()
    mode = peewee.TextField()
    policy = peewee.TextField()
    empty = peewee.TextField()
    asked = peewee.TextField(default="{}")
    found = peewee.TextField(default="{}")
    said = peewee.TextField(null=True)
    job = peewee.BigIntegerField(null=True)
    position = peewee.IntegerField(default=0)
    changes = peewee.IntegerField(default=0)
    change_set = peewee.BigIntegerField(null=True)
    undo_set = peewee.BigIntegerField(null=True)
    at = MomentField()
    changed_at = MomentField(index=True)

    class Meta:
        table_name = "import_plan"


class File(Base):
    """A file of an import, as it was sent."""

    plan = peewee.BigIntegerField()
    at = peewee.IntegerField()
    name = peewee.TextField()
    sha256 = peewee.TextField()
    size = peewee.BigIntegerField()
    data = peewee.BlobField()

    class Meta:
        table_name = "import_file"
        indexes = ((("plan", "at"), True),)


class Chunk(Base):
    """The verdicts on about a thousand rows, packed; `outcomes` is JSON of how many there are of each."""

    plan = peewee.BigIntegerField()
    at = peewee.IntegerField()
    outcomes = peewee.TextField(default="{}")
    data = peewee.BlobField()

    class Meta:
        table_name = "import_chunk"
        indexes = ((("plan", "at"), True),)


class Memory(Base):
    """What a unit once answered: that a column (`field` "") is a field, or that a text in a field means a value. JSON in `value`."""

    register = peewee.TextField()
    unit = peewee.TextField()
    field = peewee.TextField(default="")
    word = peewee.TextField()
    value = peewee.TextField()

    class Meta:
        table_name = "import_memory"
        indexes = ((("register", "unit", "field", "word"), True),)


TABLES = (Plan, File, Chunk, Memory)
