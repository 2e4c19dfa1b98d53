"""What a person's screens remember: preferences, records last picked, changes of many records under way."""

from peewee import AutoField, BigAutoField, BigIntegerField, IntegerField, Model, PostgresqlDatabase, TextField


def up(migrator, db):
    key = BigAutoField if isinstance(db.obj if hasattr(db, "obj") else db, PostgresqlDatabase) else AutoField

    def table(table_name, indexes=(), **columns):
        meta = type("Meta", (), {"database": db, "table_name": table_name, "indexes": indexes, "legacy_table_names": False})
        db.create_tables([type(table_name, (Model,), {"id": key(), **columns, "Meta": meta})])

    table("preference", ((("account_id", "name"), True),), account_id=BigIntegerField(), name=TextField(), value=TextField())
    table(
        "pick",
        ((("account_id", "register", "record_id"), True),),
        account_id=BigIntegerField(),
        register=TextField(),
        record_id=BigIntegerField(),
        at=TextField(),
    )
    table(
        "bulk_run",
        account_id=BigIntegerField(index=True),
        register=TextField(),
        kind=TextField(),
        ids=TextField(),
        raws=TextField(default="{}"),
        reason=TextField(default=""),
        stage=TextField(default="plan"),
        position=IntegerField(default=0),
        ready=IntegerField(default=0),
        refused=TextField(default="[]"),
        examples=TextField(default="[]"),
        change_set=BigIntegerField(null=True),
        at=TextField(index=True),
    )
