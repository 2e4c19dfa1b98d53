"""Jobs: what each is given and gives, and who has it until when. What people see of a job is the register 任务."""

from peewee import BigIntegerField, BooleanField, Model, TextField


def up(migrator, db):
    class job_work(Model):
        id = BigIntegerField(primary_key=True)
        payload = TextField(default="{}")
        result = TextField(null=True)
        said = TextField(null=True)
        due_at = TextField(null=True, index=True)
        worker = TextField(default="")
        cancel = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "job_work"
            legacy_table_names = False

    db.create_tables([job_work])
