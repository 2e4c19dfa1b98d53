"""The system tables that are not registers. Moments are fixed-width ISO text (models.fields.dates.MomentField)."""

from peewee import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    IntegerField,
    Model,
    PostgresqlDatabase,
    TextField,
)


def up(migrator, db):
    key = BigAutoField if isinstance(db.obj if hasattr(db, "obj") else db, PostgresqlDatabase) else AutoField

    def table(table_name, indexes=(), **columns):
        meta = type("Meta", (), {"database": db, "table_name": table_name, "indexes": indexes, "legacy_table_names": False})
        db.create_tables([type(table_name, (Model,), {"id": key(), **columns, "Meta": meta})])

    table(
        "change",
        ((("register", "record_id", "id"), False),),
        change_set=BigIntegerField(index=True),
        register=TextField(),
        record_id=BigIntegerField(),
        version=IntegerField(default=1),
        action=TextField(default="update"),
        field_id=TextField(default=""),
        old=TextField(null=True),
        new=TextField(null=True),
    )
    table(
        "idempotency_key",
        ((("account_id", "key"), True),),
        account_id=BigIntegerField(),
        key=TextField(),
        fingerprint=TextField(),
        answer=TextField(null=True),
        at=TextField(index=True),
    )
    table(
        "link",
        ((("register", "field_id", "record_id", "target_id"), True), (("register", "field_id", "target_id"), False)),
        register=TextField(),
        record_id=BigIntegerField(),
        field_id=TextField(),
        target_id=BigIntegerField(),
    )
    table(
        "attachment",
        ((("register", "record_id"), False),),
        sha256=TextField(index=True),
        name=TextField(),
        kind=TextField(),
        size=BigIntegerField(),
        data=BlobField(),
        thumb=BlobField(null=True),
        register=TextField(default=""),
        record_id=BigIntegerField(null=True),
        uploaded_by=BigIntegerField(null=True),
        at=TextField(),
    )
    table(
        "draft",
        ((("account_id", "path"), True),),
        account_id=BigIntegerField(),
        path=TextField(),
        payload=TextField(),
        version=BigIntegerField(null=True),
        at=TextField(),
    )
    table(
        "saved_view",
        account_id=BigIntegerField(index=True),
        register=TextField(index=True),
        name=TextField(),
        query=TextField(),
        shared=BooleanField(default=False),
    )
    table(
        "credential",
        account_id=BigIntegerField(unique=True),
        password_hash=TextField(),
        must_change=BooleanField(default=True),
        changed_at=TextField(),
    )
    table(
        "session",
        token_hash=TextField(unique=True),
        account_id=BigIntegerField(index=True),
        created_at=TextField(),
        seen_at=TextField(index=True),
        address=TextField(default=""),
        agent=TextField(default=""),
        view_as=BigIntegerField(null=True),
    )
    table(
        "login_attempt",
        ((("username", "at"), False),),
        username=TextField(),
        address=TextField(),
        at=TextField(index=True),
        outcome=TextField(default="failed"),
    )
