"""Access tokens of programs: the system table. What one may is worked out anew at every call (services.tokens)."""

import peewee

from models.base import Base
from models.fields.choice import CodeSetField
from models.fields.dates import MomentField


class ApiToken(Base):
    """One token of an account. Only its hash is kept; `prefix` is what tells it from others in a list.

    `registers`, `actions` and `addresses` limit it; NULL is no limit of that kind.
    """

    account_id = peewee.BigIntegerField(index=True)
    name = peewee.TextField()
    prefix = peewee.TextField()
    token_hash = peewee.TextField(unique=True)
    registers = CodeSetField(null=True)
    actions = CodeSetField(null=True)
    addresses = CodeSetField(null=True)
    created_at = MomentField()
    expires_at = MomentField()
    used_at = MomentField(null=True)
    used_from = peewee.TextField(null=True)
    revoked_at = MomentField(null=True)

    class Meta:
        table_name = "api_token"
