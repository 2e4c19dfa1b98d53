"""What the app keeps of a job beside the register 任务: what it is given and gives, and which worker has it until when."""

import peewee

from models.base import Base
from models.fields.choice import FlagField
from models.fields.dates import MomentField


class JobWork(Base):
    """One job's work. `due_at`: from when a worker may take it: at once while it waits, when the lease ends while it runs,
    never (NULL) when it has ended. `worker` is the token of whoever took it last.
    """

    id = peewee.BigIntegerField(primary_key=True)
    payload = peewee.TextField(default="{}")
    result = peewee.TextField(null=True)
    said = peewee.TextField(null=True)
    due_at = MomentField(null=True, index=True)
    worker = peewee.TextField(default="")
    cancel = FlagField(default=False)

    class Meta:
        table_name = "job_work"
