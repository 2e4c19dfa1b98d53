"""Log-in sessions: made at login, kept on the server, ended by logout, time, disabling, a new password or other roles."""

import hashlib
import secrets
from collections import namedtuple
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import peewee

import config
from models import prepared
from models.journal import Session
from models.values import now
from services import actor as actors

_SEEN_EVERY = timedelta(minutes=1)
_KEPT_FOR = timedelta(days=30)


_Session = namedtuple("_Session", "id account_id created_at seen_at view_as")


@dataclass(frozen=True)
class OpenSession:
    """One of an account's open sessions, as its owner or an administrator sees it."""

    id: int
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


def start(account_id, address="", agent=""):
    """A new session's token: 256 random bits, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    moment = now()
    Session.delete().where(Session.seen_at < moment - _KEPT_FOR).execute()
    Session.insert(
        token_hash=_hash(token), account_id=account_id, created_at=moment, seen_at=moment, address=address, agent=agent[:200]
    ).execute()
    return token


def actor_of(token, request_id="", address=""):
    """The actor of an open session, None when it is over or the account may no longer log in."""
    row = _live(token)
    if row is None:
        return None
    person = actors.load(row.account_id, address=address, request_id=request_id)
    if person is None or row.view_as is None:
        return person
    seen = actors.load(row.view_as, real=person, address=address, request_id=request_id)
    return viewed(seen, person) if seen and "city_admin" in person.roles else person


def viewed(seen, person):
    """The actor `seen` as `person` may look through: names stay hidden unless the person reads them anyway."""
    cleared = {grant.register for grant in person.grants if grant.names}
    grants = tuple(replace(grant, names=grant.names and grant.register in cleared) for grant in seen.grants)
    return replace(seen, grants=grants)


def end(token):
    """Log out: the token is worth nothing from now on."""
    Session.delete().where(Session.token_hash == _hash(token)).execute()


def end_sessions(account_id, keep=None):
    """End every session of an account, but for the one whose token is `keep`. Gives how many."""
    ended = Session.delete().where(Session.account_id == account_id)
    if keep:
        ended = ended.where(Session.token_hash != _hash(keep))
    return ended.execute()


def open_sessions(account_id):
    """The account's open sessions, the latest first."""
    rows = Session.select().where(Session.account_id == account_id).order_by(Session.seen_at.desc())
    return [OpenSession(row.id, row.created_at, row.seen_at, row.address, row.agent) for row in rows if not _over(row)]


def look_through(token, account_id):
    """From now on the session sees what another account sees; None ends it. services.accounts asks who may."""
    Session.update(view_as=account_id).where(Session.token_hash == _hash(token)).execute()


def owner(token):
    """The account a session belongs or, run out of time, belonged to."""
    row = Session.get_or_none(Session.token_hash == _hash(token)) if token else None
    return row.account_id if row else None


def _live(token):
    found = prepared.rows(_of_token, Session, _hash(token)) if token else ()
    row = _Session(*found[0]) if found else None
    if row is None or _over(row):
        return None
    if now() - row.seen_at > _SEEN_EVERY:
        # Pages stay readable while the database takes no writes.
        with suppress(peewee.OperationalError):
            Session.update(seen_at=now()).where(Session.id == row.id).execute()
    return row


def _of_token(session, token_hash):
    return session.select(*(getattr(session, name) for name in _Session._fields)).where(session.token_hash == token_hash)


def _over(row):
    settings, moment = config.active(), now()
    idle = moment - row.seen_at > timedelta(minutes=settings.session_idle_minutes)
    return idle or moment - row.created_at > timedelta(hours=settings.session_hours)


def _hash(token):
    return hashlib.sha256(token.encode()).hexdigest()
