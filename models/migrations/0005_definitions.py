"""Registers made in the browser: each definition, every version that was in force, and the stamp by which workers notice."""

from peewee import AutoField, BigAutoField, BigIntegerField, BooleanField, IntegerField, Model, PostgresqlDatabase, TextField


def up(migrator, db):
    key = BigAutoField if isinstance(db.obj if hasattr(db, "obj") else db, PostgresqlDatabase) else AutoField

    def table(table_name, indexes=(), **columns):
        meta = type("Meta", (), {"database": db, "table_name": table_name, "indexes": indexes, "legacy_table_names": False})
        db.create_tables([type(table_name, (Model,), {"id": key(), **columns, "Meta": meta})])

    table(
        "definition",
        register=TextField(unique=True),
        draft=TextField(null=True),
        draft_version=IntegerField(default=0),
        draft_at=TextField(null=True),
        draft_by=BigIntegerField(null=True),
        published=TextField(null=True),
        version=IntegerField(default=0),
        published_at=TextField(null=True),
        published_by=BigIntegerField(null=True),
        retired=BooleanField(default=False),
        unsearched=BooleanField(default=False),
    )
    table(
        "definition_version",
        ((("register", "version"), True),),
        register=TextField(),
        version=IntegerField(),
        content=TextField(),
        changes=TextField(),
        at=TextField(),
        by=BigIntegerField(null=True),
    )
    table("registry_stamp", stamp=TextField())
