"""The system tables that are not registers: the journal's changes, links, files, desks, log-ins and their secrets.

Change sets, accounts and the access log are registers (models/registers), so that they are read through the same gate.
"""

import peewee

from models.base import Base
from models.fields.choice import FlagField
from models.fields.dates import MomentField


class Change(Base):
    """One field of one record as one change set changed it; `field_id` is "" for the record as a whole.

    `version` is the record's after the change; `old` and `new` are JSON texts of the field's value. A created or imported record has one row with action
    "create" and no values: what it held is the record itself, with later changes taken back. `version` is the record's version after the change.
    """

    change_set = peewee.BigIntegerField(index=True)
    register = peewee.TextField()
    record_id = peewee.BigIntegerField()
    version = peewee.IntegerField(default=1)
    action = peewee.TextField(default="update")
    field_id = peewee.TextField(default="")
    old = peewee.TextField(null=True)
    new = peewee.TextField(null=True)

    class Meta:
        table_name = "change"
        indexes = ((("register", "record_id", "id"), False),)


class IdempotencyKey(Base):
    """What a posted key already did: the same key and content are answered the same again, other content is refused."""

    account_id = peewee.BigIntegerField()
    key = peewee.TextField()
    fingerprint = peewee.TextField()
    answer = peewee.TextField(null=True)
    at = MomentField(index=True)

    class Meta:
        table_name = "idempotency_key"
        indexes = ((("account_id", "key"), True),)


class Link(Base):
    """One target of a field that holds several relations."""

    register = peewee.TextField()
    record_id = peewee.BigIntegerField()
    field_id = peewee.TextField()
    target_id = peewee.BigIntegerField()

    class Meta:
        table_name = "link"
        indexes = (
            (("register", "field_id", "record_id", "target_id"), True),
            (("register", "field_id", "target_id"), False),
        )


class Attachment(Base):
    """A file kept with a record; before the form is saved it belongs to no record and only its uploader sees it.

    `kind` is image or document; the name's ending is that of its real type.
    """

    sha256 = peewee.TextField(index=True)
    name = peewee.TextField()
    kind = peewee.TextField()
    size = peewee.BigIntegerField()
    data = peewee.BlobField()
    thumb = peewee.BlobField(null=True)
    register = peewee.TextField(default="")
    record_id = peewee.BigIntegerField(null=True)
    uploaded_by = peewee.BigIntegerField(null=True)
    at = MomentField()

    class Meta:
        table_name = "attachment"
        indexes = ((("register", "record_id"), False),)


class Draft(Base):
    """What a person had typed on a page and not yet saved."""

    account_id = peewee.BigIntegerField()
    path = peewee.TextField()
    payload = peewee.TextField()
    version = peewee.BigIntegerField(null=True)
    at = MomentField()

    class Meta:
        table_name = "draft"
        indexes = ((("account_id", "path"), True),)


class SavedView(Base):
    """A list's parameters under a name of the person's own, offered to others where `shared`."""

    account_id = peewee.BigIntegerField(index=True)
    register = peewee.TextField(index=True)
    name = peewee.TextField()
    query = peewee.TextField()
    shared = FlagField(default=False)

    class Meta:
        table_name = "saved_view"


class Preference(Base):
    """How one person likes the screens: under a name, a value."""

    account_id = peewee.BigIntegerField()
    name = peewee.TextField()
    value = peewee.TextField()

    class Meta:
        table_name = "preference"
        indexes = ((("account_id", "name"), True),)


class Pick(Base):
    """A record a person last pointed another one at, and when: pickers offer it first."""

    account_id = peewee.BigIntegerField()
    register = peewee.TextField()
    record_id = peewee.BigIntegerField()
    at = MomentField()

    class Meta:
        table_name = "pick"
        indexes = ((("account_id", "register", "record_id"), True),)


class BulkRun(Base):
    """A change or removal of many records: which (frozen when it was first shown), what, how far it has come, what was refused.

    `ids`, `values`, `refused` and `examples` are JSON. `stage`: plan while it is shown first, apply while it is done, done.
    """

    account_id = peewee.BigIntegerField(index=True)
    register = peewee.TextField()
    kind = peewee.TextField()
    ids = peewee.TextField()
    raws = peewee.TextField(default="{}")
    reason = peewee.TextField(default="")
    stage = peewee.TextField(default="plan")
    position = peewee.IntegerField(default=0)
    ready = peewee.IntegerField(default=0)
    refused = peewee.TextField(default="[]")
    examples = peewee.TextField(default="[]")
    change_set = peewee.BigIntegerField(null=True)
    at = MomentField(index=True)

    class Meta:
        table_name = "bulk_run"


class Credential(Base):
    """The password of an account, as an argon2id hash. `must_change`: only the password page opens."""

    account_id = peewee.BigIntegerField(unique=True)
    password_hash = peewee.TextField()
    must_change = FlagField(default=True)
    changed_at = MomentField()

    class Meta:
        table_name = "credential"


class Session(Base):
    """One log-in. Only the token's hash is kept; `view_as` is the account an administrator looks through."""

    token_hash = peewee.TextField(unique=True)
    account_id = peewee.BigIntegerField(index=True)
    created_at = MomentField()
    seen_at = MomentField(index=True)
    address = peewee.TextField(default="")
    agent = peewee.TextField(default="")
    view_as = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "session"


class LoginAttempt(Base):
    """One try to log in: failed (also while it is being checked), refused unchecked because of a lock, or ok."""

    username = peewee.TextField()
    address = peewee.TextField()
    at = MomentField(index=True)
    outcome = peewee.TextField(default="failed")

    class Meta:
        table_name = "login_attempt"
        indexes = ((("username", "at"), False),)


TABLES = (
    Change, IdempotencyKey, Link, Attachment, Draft, SavedView, Preference, Pick, BulkRun, Credential, Session, LoginAttempt,
)  # fmt: skip
