"""How often lists are filtered or ordered by fields without an index: a line a day."""

from peewee import IntegerField, Model, TextField


def up(migrator, db):
    class field_use(Model):
        register = TextField()
        field = TextField()
        day = TextField(index=True)
        times = IntegerField()

        class Meta:
            database = db
            table_name = "field_use"
            legacy_table_names = False
            indexes = ((("register", "field", "day"), True),)

    db.create_tables([field_use])
