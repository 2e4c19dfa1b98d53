"""Who is told of changes, and what the app keeps of each delivery beside the register 推送记录."""

import peewee

from models.base import Base
from models.fields.choice import FlagField
from models.fields.dates import MomentField


class Hook(Base):
    """A subscription: `kind` webhook or message, the address, the secret that signs, the registers (JSON names, empty: all its owner
    sees), and the account whose rights of the moment cut what is told.
    """

    name = peewee.TextField()
    kind = peewee.TextField()
    address = peewee.TextField()
    secret = peewee.TextField()
    registers = peewee.TextField(default="[]")
    account_id = peewee.BigIntegerField(index=True)
    active = FlagField(default=True)
    made_at = MomentField()

    class Meta:
        table_name = "hook"


class DeliveryWork(Base):
    """One delivery's work: the changes of a change set from a journal line on (no change set: a trial). `due_at`: from when a worker
    may take it, never (NULL) when it has ended. `worker` is the token of whoever took it last.
    """

    id = peewee.BigIntegerField(primary_key=True)
    hook_id = peewee.BigIntegerField(index=True)
    change_set = peewee.BigIntegerField(null=True)
    first_change = peewee.BigIntegerField(default=0)
    due_at = MomentField(null=True, index=True)
    worker = peewee.TextField(default="")

    class Meta:
        table_name = "delivery_work"


TABLES = (Hook, DeliveryWork)
