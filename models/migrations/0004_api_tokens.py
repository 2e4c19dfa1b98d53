"""Access tokens of programs. Moments are fixed-width ISO text (models.fields.dates.MomentField)."""

from peewee import AutoField, BigAutoField, BigIntegerField, Model, PostgresqlDatabase, TextField


def up(migrator, db):
    key = BigAutoField if isinstance(db.obj if hasattr(db, "obj") else db, PostgresqlDatabase) else AutoField
    columns = {
        "id": key(),
        "account_id": BigIntegerField(index=True),
        "name": TextField(),
        "prefix": TextField(),
        "token_hash": TextField(unique=True),
        "registers": TextField(null=True),
        "actions": TextField(null=True),
        "addresses": TextField(null=True),
        "created_at": TextField(),
        "expires_at": TextField(),
        "used_at": TextField(null=True),
        "used_from": TextField(null=True),
        "revoked_at": TextField(null=True),
    }
    meta = type("Meta", (), {"database": db, "table_name": "api_token", "legacy_table_names": False})
    db.create_tables([type("api_token", (Model,), {**columns, "Meta": meta})])
