"""Kept ways to export: sets of columns, and forms with their files."""

from peewee import BigIntegerField, BlobField, BooleanField, IntegerField, Model, TextField


def up(migrator, db):
    class export_template(Model):
        register = TextField(index=True)
        name = TextField()
        kind = TextField()
        use = TextField(default="list")
        fields = TextField()
        roles = TextField(null=True)
        account_id = BigIntegerField(index=True)
        version = IntegerField(default=1)
        retired = BooleanField(default=False)
        at = TextField()

        class Meta:
            database = db
            table_name = "export_template"
            legacy_table_names = False

    class export_template_file(Model):
        template_id = BigIntegerField()
        version = IntegerField()
        name = TextField()
        data = BlobField()
        fields = TextField()
        account_id = BigIntegerField()
        at = TextField()

        class Meta:
            database = db
            table_name = "export_template_file"
            legacy_table_names = False
            indexes = ((("template_id", "version"), True),)

    db.create_tables([export_template, export_template_file])
