"""Numbers kept up to date by triggers: which, and their lines. One line per group on SQLite, where the triggers count in it."""

from peewee import AutoField, BigAutoField, BigIntegerField, Model, PostgresqlDatabase, TextField


def up(migrator, db):
    postgres = isinstance(getattr(db, "obj", db), PostgresqlDatabase)

    class kept_total(Model):
        register = TextField(index=True)
        fields = TextField()
        summed = TextField()
        used_on = TextField()

        class Meta:
            database = db
            table_name = "kept_total"
            legacy_table_names = False

    class total_line(Model):
        id = BigAutoField() if postgres else AutoField()
        kept_id = BigIntegerField()
        key = TextField()
        district_id = BigIntegerField(null=True)
        school_id = BigIntegerField(null=True)
        first = TextField(null=True)
        second = TextField(null=True)
        number = BigIntegerField()
        high = BigIntegerField()
        low = BigIntegerField()
        known = BigIntegerField()

        class Meta:
            database = db
            table_name = "total_line"
            legacy_table_names = False
            indexes = ((("kept_id", "key"), not postgres),)

    db.create_tables([kept_total, total_line])
