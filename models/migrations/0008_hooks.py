"""Subscriptions to changes, and their deliveries: the outbox. What people see of a delivery is the register 推送记录."""

from peewee import BigIntegerField, BooleanField, Model, TextField


def up(migrator, db):
    class hook(Model):
        name = TextField()
        kind = TextField()
        address = TextField()
        secret = TextField()
        registers = TextField(default="[]")
        account_id = BigIntegerField(index=True)
        active = BooleanField(default=True)
        made_at = TextField()

        class Meta:
            database = db
            table_name = "hook"
            legacy_table_names = False

    class delivery_work(Model):
        id = BigIntegerField(primary_key=True)
        hook_id = BigIntegerField(index=True)
        change_set = BigIntegerField(null=True)
        first_change = BigIntegerField(default=0)
        due_at = TextField(null=True, index=True)
        worker = TextField(default="")

        class Meta:
            database = db
            table_name = "delivery_work"
            legacy_table_names = False
            indexes = ((("change_set", "hook_id"), False),)

    db.create_tables([hook, delivery_work])
