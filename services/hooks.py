"""Subscriptions to changes: webhooks for programs, messages for people. Made by city administrators, cut to their maker's rights."""

import json
import secrets
from dataclasses import dataclass

from models import registry, tables
from models.base import atomic
from models.errors import Fault, FieldError, Invalid, NotAllowed, NotFound, say
from models.hooks import DeliveryWork, Hook
from models.values import now
from services import audit, outbox, outgoing, policy

WEBHOOK, MESSAGE = "webhook", "message"
KINDS = (WEBHOOK, MESSAGE)
MOST, LONGEST_NAME, LONGEST_ADDRESS = 100, 60, 1000


@dataclass(frozen=True)
class Subscription:
    """A subscription as it is shown: of its address only the beginning, where a secret may follow."""

    id: int
    name: str
    kind: str
    where: str
    registers: tuple
    active: bool
    made_at: object
    owner: int


def allowed(actor):
    """Whether this person manages subscriptions: city administrators alone."""
    return "city_admin" in actor.roles and not actor.read_only and not actor.limited


def require(actor):
    """Raises NotAllowed for who may not see or make subscriptions."""
    if not allowed(actor):
        raise NotAllowed(say("只有市级管理员能管理推送。"), "no_grant:hook:edit")


def listing(actor):
    """[Subscription], the newest first."""
    require(actor)
    return [_shown(hook) for hook in Hook.select().order_by(Hook.id.desc())]


def make(actor, name, kind, address, registers=()):
    """(Subscription, the secret that signs: shown this once). Invalid for what is wrong, by field."""
    require(actor)
    name, address, registers = name.strip(), address.strip(), tuple(registers)
    faults = list(_faults(actor, name, kind, address, registers))
    if faults:
        raise Invalid(faults)
    secret = secrets.token_urlsafe(32)
    with atomic():
        if Hook.select().count() >= MOST:
            raise Invalid([Fault("name", "too_many", say("最多 {most} 个推送。", most=MOST))])
        hook = Hook.create(
            name=name,
            kind=kind,
            address=address,
            secret=secret,
            registers=json.dumps(registers),
            account_id=actor.id,
            made_at=now(),
        )
        audit.log(actor, "hook", detail=f"新建 {hook.id}")
    return _shown(hook), secret if kind == WEBHOOK else ""


def _faults(actor, name, kind, address, registers):
    if not 0 < len(name) <= LONGEST_NAME:
        yield Fault("name", "required", say("请写明推送给谁，最多 {most} 个字。", most=LONGEST_NAME))
    if kind not in KINDS:
        yield Fault("kind", "choice", say("请选择推送方式。"))
    seen = {register.name for register in policy.registers(actor)}
    if any(name not in seen for name in registers):
        yield Fault("registers", "choice", say("只能选择您能查看的台账。"))
    if len(address) > LONGEST_ADDRESS:
        yield Fault("address", "too_long", say("地址太长。"))
        return
    try:
        outgoing.check_message(address) if kind == MESSAGE else outgoing.check_web(address)
    except FieldError as error:
        yield Fault("address", error.code, error.sentence)


def switch(actor, id, active):
    """Pauses a subscription or lets it go on; what changes while it is paused is not told later."""
    require(actor)
    _one(id)
    with atomic():
        Hook.update(active=active).where(Hook.id == id).execute()
        audit.log(actor, "hook", detail=f"{'启用' if active else '停用'} {id}")


def drop(actor, id):
    """Ends a subscription; what still waits for it ends too, its deliveries stay in the log."""
    require(actor)
    _one(id)
    with atomic():
        Hook.delete().where(Hook.id == id).execute()
        audit.log(actor, "hook", detail=f"删除 {id}")


def try_out(actor, id):
    """Puts down a trial delivery; gives its id."""
    require(actor)
    with atomic():
        audit.log(actor, "hook", detail=f"试推 {id}")
        return outbox.add(_one(id), "")


def replay(actor, id):
    """A delivery is made again at once, under the same number, with all its tries. NotFound where its subscription is gone."""
    require(actor)
    work = DeliveryWork.get_or_none(DeliveryWork.id == id) if 0 < id < 2**63 else None
    if work is None or Hook.get_or_none(Hook.id == work.hook_id) is None:
        raise NotFound(say("这个推送已经删除，不能重发。"))
    delivery = tables.model("delivery")
    with atomic():
        delivery.update(f_state=outbox.WAITING, f_attempts=0, f_ended_at=None).where(delivery.id == id).execute()
        DeliveryWork.update(due_at=now()).where(DeliveryWork.id == id).execute()
        audit.log(actor, "hook", detail=f"重发 {id}")


def _one(id):
    hook = Hook.get_or_none(Hook.id == id) if 0 < id < 2**63 else None
    if hook is None:
        raise NotFound(say("没有这个推送。"))
    return hook


def _shown(hook):
    known = tuple(name for name in json.loads(hook.registers) if name in registry.current())
    where = hook.address.partition("?")[0] if hook.kind == WEBHOOK else hook.address.partition("://")[0] + "://…"
    return Subscription(hook.id, hook.name, hook.kind, where, known, hook.active, hook.made_at, hook.account_id)
