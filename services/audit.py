"""The access log: who came in, looked at, printed or took out what, and who was refused. What changed is in the journal."""

import re

from models import tables
from models.values import now

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DETAIL = 1000


def log(actor, action, *, register="", record_id=None, detail="", address="", username=""):
    """Write one row; `actor` is None for a stranger, named as he named himself.

    Who looks through another's eyes is logged as himself, on behalf of the other.
    """
    person = (actor.real or actor) if actor else None
    moment = now()
    tables.model("access_log").insert(
        version=1,
        created_at=moment,
        created_by=person.id if person else None,
        updated_at=moment,
        f_at=moment,
        f_account=person.id if person else None,
        f_username=person.username if person else one_line(username),
        f_on_behalf=actor.username if actor and actor.real else None,
        f_action=action,
        f_register=register or None,
        f_record_id=record_id,
        f_detail=one_line(detail) or None,
        f_address=address or (actor.address if actor else "") or None,
    ).execute()


def one_line(text):
    """Text cut short and without control characters, so that no log line can be forged with it."""
    return _UNPRINTABLE.sub(" ", str(text))[:_DETAIL]
