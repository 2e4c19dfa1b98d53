"""How often lists are filtered or ordered by a field that no index serves: a line for a field and day."""

import peewee

from models.base import Base


class FieldUse(Base):
    register = peewee.TextField()
    field = peewee.TextField()
    day = peewee.TextField(index=True)
    times = peewee.IntegerField()

    class Meta:
        table_name = "field_use"
        indexes = ((("register", "field", "day"), True),)
