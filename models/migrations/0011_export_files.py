"""Files of exports made as jobs, in pieces."""

from peewee import BigIntegerField, BlobField, IntegerField, Model, TextField


def up(migrator, db):
    class export_file(Model):
        id = BigIntegerField(primary_key=True)
        account_id = BigIntegerField(index=True)
        name = TextField()
        type = TextField()
        size = BigIntegerField()
        at = TextField(index=True)

        class Meta:
            database = db
            table_name = "export_file"
            legacy_table_names = False

    class export_piece(Model):
        job_id = BigIntegerField()
        number = IntegerField()
        data = BlobField()

        class Meta:
            database = db
            table_name = "export_piece"
            legacy_table_names = False
            indexes = ((("job_id", "number"), True),)

    db.create_tables([export_file, export_piece])
