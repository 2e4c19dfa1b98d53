"""The access log: who came in, looked at, printed or took out what, and who was refused. What changed is in the journal."""

import re

from models import tables
from models.values import now

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DETAIL = 500


def log(actor, action, *, register="", record_id=None, detail="", address=""):
    """Write one row; `actor` is None for a stranger. Someone who views as another is named by the own account."""
    person = actor.real or actor if actor else None
    account_id = person.id if person else None
    moment = now()
    tables.model("access_log").insert(
        version=1,
        created_at=moment,
        created_by=account_id,
        updated_at=moment,
        f_at=moment,
        f_account=account_id,
        f_action=action,
        f_register=register,
        f_record_id=record_id,
        f_detail=one_line(f"{detail} （以 {actor.username} 身份）".strip() if actor and actor.real else detail),
        f_address=address or (actor.address if actor else ""),
        f_request_id=actor.request_id if actor else "",
    ).execute()


def one_line(text):
    """Text cut short and without control characters, so that no log line can be forged with it."""
    return _UNPRINTABLE.sub(" ", str(text))[:_DETAIL]
