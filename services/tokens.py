"""Access tokens of programs: made by their owner, shown once, never above what the owner may at the moment of the call."""

import hashlib
import ipaddress
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import peewee

from models import registry
from models.base import atomic
from models.errors import AppError, Fault, Invalid, NotAllowed, NotFound, say
from models.tokens import ApiToken
from models.values import now
from services import actor as actors, audit, policy

MARK = "tz_"
PREFIX = 9
LONGEST_DAYS = 366
MOST = 50
_LONGEST_NAME = 60
_SEEN_EVERY = timedelta(minutes=1)


class NoToken(AppError):
    """No token, or one that is not (any more) good: absent, unknown, revoked, expired and foreign addresses look alike."""

    status = 401

    def __init__(self):
        super().__init__(say("请在 Authorization: Bearer 里带上有效的访问令牌。"))


@dataclass(frozen=True)
class Token:
    """A token as its owner sees it; empty `registers`, `actions`, `addresses` are no limit of that kind."""

    id: int
    name: str
    prefix: str
    registers: tuple
    actions: tuple
    addresses: tuple
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_from: str | None
    revoked_at: datetime | None

    @property
    def good(self):
        """Whether calls with it are answered."""
        return self.revoked_at is None and now() < self.expires_at


def create(actor, name, *, registers=(), actions=(), addresses=(), days=LONGEST_DAYS):
    """A new token of the actor's own: (Token, the secret, which is never to be had again). Invalid names what is wrong."""
    _require_self(actor)
    return _make(actor, actor.id, name, registers, actions, addresses, days)


def create_for(actor, account_id, name, days=LONGEST_DAYS):
    """A token of somebody's account, made on the command line by the app itself."""
    if not actor.system:
        raise NotAllowed(say("只能给自己建访问令牌。"), "own_tokens_only")
    if actors.load(account_id) is None:
        raise NotFound(say("这个账号已停用。"))
    return _make(actor, account_id, name, (), (), (), days)


def own(actor):
    """The actor's tokens, the latest first."""
    rows = ApiToken.select().where(ApiToken.account_id == actor.id).order_by(ApiToken.id.desc()).limit(200)
    return [_shown(row) for row in rows]


def revoke(actor, id):
    """The actor's token is worth nothing from now on. NotFound for another's."""
    _require_self(actor)
    with atomic():
        mine = (ApiToken.id == id) & (ApiToken.account_id == actor.id) & ApiToken.revoked_at.is_null()
        if not ApiToken.update(revoked_at=now()).where(mine).execute():
            raise NotFound(say("没有找到这个访问令牌，或已经作废。"))
        audit.log(actor, "token", detail=f"作废 {id}")


def actor_of(secret, *, address="", request_id=""):
    """(actor, Token) of a call: the owner as he may now, cut down to what the token may. NoToken where it is not good."""
    row = ApiToken.get_or_none(ApiToken.token_hash == _hash(secret)) if secret.startswith(MARK) else None
    if row is None or not _shown(row).good or not _comes_from(row.addresses, address):
        raise NoToken()
    owner = actors.load(row.account_id, address=address, request_id=request_id)
    if owner is None:
        raise NoToken()
    _note_use(row, address)
    return limited(owner, row.registers or (), row.actions or ()), _shown(row)


def limited(owner, registers=(), actions=()):
    """The actor with grants for these registers and actions alone; empty is no limit of that kind."""
    found = []
    for grant in owner.grants:
        may = grant.actions | ({"count"} if "view" in grant.actions else set())
        kept = frozenset(may & set(actions)) if actions else grant.actions
        if kept and (not registers or grant.register in registers):
            found.append(replace(grant, actions=kept))
    return replace(owner, grants=tuple(found), limited=bool(registers or actions))


def _require_self(actor):
    if actor.read_only or actor.id is None:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")


def _make(actor, account_id, name, registers, actions, addresses, days):
    name, registers, actions = name.strip(), tuple(registers), tuple(actions)
    faults = _faults(name, registers, actions, addresses, days)
    if faults:
        raise Invalid(faults)
    secret = MARK + secrets.token_urlsafe(32)
    moment = now()
    with atomic():
        good = (ApiToken.account_id == account_id) & ApiToken.revoked_at.is_null() & (ApiToken.expires_at > moment)
        if ApiToken.select().where(good).count() >= MOST:
            raise Invalid([Fault("name", "too_many", say("最多 {most} 个有效的访问令牌，请先作废不用的。", most=MOST))])
        row = ApiToken.create(
            account_id=account_id, name=name, prefix=secret[:PREFIX], token_hash=_hash(secret),
            registers=registers or None, actions=actions or None, addresses=tuple(addresses) or None,
            created_at=moment, expires_at=moment + timedelta(days=days),
        )  # fmt: skip
        audit.log(actor, "token", detail=f"新建 {row.id}")
    return _shown(row), secret


def _faults(name, registers, actions, addresses, days):
    faults = []
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        faults.append(Fault("name", "name", say("请给令牌起个名字，写明给谁用，最多 {most} 个字。", most=_LONGEST_NAME)))
    if set(registers) - set(registry.names()):
        faults.append(Fault("registers", "unknown", say("请从列表里选台账。")))
    if set(actions) - set(policy.ACTIONS):
        faults.append(Fault("actions", "unknown", say("请从列表里选操作。")))
    if not isinstance(days, int) or not 1 <= days <= LONGEST_DAYS:
        faults.append(Fault("days", "days", say("有效天数应在 1 到 {most} 之间。", most=LONGEST_DAYS)))
    if not all(_network(part) for part in addresses):
        faults.append(Fault("addresses", "address", say("「来源地址」应是 IP 地址或网段，如 10.1.2.3 或 10.1.0.0/16。")))
    return faults


def _network(text):
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _comes_from(networks, address):
    """Whether a call's address is among those a token is bound to."""
    if not networks:
        return True
    try:
        came = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(came in ipaddress.ip_network(part) for part in networks)


def _note_use(row, address):
    if row.used_at is None or now() - row.used_at > _SEEN_EVERY or row.used_from != address:
        # Reading goes on while the database takes no writes.
        with suppress(peewee.OperationalError):
            ApiToken.update(used_at=now(), used_from=address).where(ApiToken.id == row.id).execute()


def _shown(row):
    return Token(
        row.id, row.name, row.prefix, row.registers or (), row.actions or (), row.addresses or (),
        row.created_at, row.expires_at, row.used_at, row.used_from, row.revoked_at,
    )  # fmt: skip


def _hash(secret):
    return hashlib.sha256(secret.encode()).hexdigest()
