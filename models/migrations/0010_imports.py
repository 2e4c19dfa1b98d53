"""Imports: the plan, the files as they came, the verdicts on their rows, and what a unit answered before."""

from peewee import AutoField, BigAutoField, BigIntegerField, BlobField, IntegerField, Model, PostgresqlDatabase, TextField


def up(migrator, db):
    key = BigAutoField if isinstance(db.obj if hasattr(db, "obj") else db, PostgresqlDatabase) else AutoField

    def table(table_name, indexes=(), **columns):
        meta = type("Meta", (), {"database": db, "table_name": table_name, "indexes": indexes, "legacy_table_names": False})
        db.create_tables([type(table_name, (Model,), {"id": key(), **columns, "Meta": meta})])

    table(
        "import_plan",
        register=TextField(),
        account_id=BigIntegerField(null=True, index=True),
        state=TextField(),
        mode=TextField(),
        policy=TextField(),
        empty=TextField(),
        asked=TextField(default="{}"),
        found=TextField(default="{}"),
        said=TextField(null=True),
        job=BigIntegerField(null=True),
        position=IntegerField(default=0),
        changes=IntegerField(default=0),
        change_set=BigIntegerField(null=True),
        undo_set=BigIntegerField(null=True),
        at=TextField(),
        changed_at=TextField(index=True),
    )
    table(
        "import_file",
        ((("plan", "at"), True),),
        plan=BigIntegerField(),
        at=IntegerField(),
        name=TextField(),
        sha256=TextField(),
        size=BigIntegerField(),
        data=BlobField(),
    )
    table(
        "import_chunk",
        ((("plan", "at"), True),),
        plan=BigIntegerField(),
        at=IntegerField(),
        outcomes=TextField(default="{}"),
        data=BlobField(),
    )
    table(
        "import_memory",
        ((("register", "unit", "field", "word"), True),),
        register=TextField(),
        unit=TextField(),
        field=TextField(default=""),
        word=TextField(),
        value=TextField(),
    )
