"""The outbox: in the transaction that changes rows, who is to be told of it is written down. services.deliveries tells them."""

import json
import secrets

import peewee

from models import registry, tables
from models.hooks import DeliveryWork, Hook
from models.journal import Change
from models.values import now

WAITING, DONE, FAILED = "waiting", "done", "failed"


def mark():
    """The newest line of the journal: what comes after it is not told yet."""
    return Change.select(peewee.fn.MAX(Change.id)).scalar() or 0


def put(change_set, names, after):
    """Writes one delivery for each active subscription to one of these registers, of the journal's lines after `after`.

    Long work comes here again and again with one change set: a delivery that nobody has begun covers what came meanwhile.
    """
    names = [name for name in sorted(names) if name in registry.current() and not registry.get(name).system]
    for hook in Hook.select(Hook.id, Hook.name, Hook.registers).where(Hook.active == True) if names else ():
        wanted = json.loads(hook.registers)
        for name in names:
            if (not wanted or name in wanted) and not (after and _waits(hook.id, change_set, name)):
                add(hook, name, change_set, after + 1)


def add(hook, register, change_set=None, first_change=0):
    """One delivery, due now; gives its id. Without a change set it is a trial."""
    moment = now()
    row = {
        "version": 1, "created_at": moment, "updated_at": moment, "f_at": moment, "f_event": secrets.token_hex(12), "f_hook": hook.name,
        "f_register": register, "f_state": WAITING, "f_attempts": 0,
    }  # fmt: skip
    id = tables.model("delivery").insert(row).execute()
    DeliveryWork.create(id=id, hook_id=hook.id, change_set=change_set, first_change=first_change, due_at=moment)
    return id


def _waits(hook_id, change_set, name):
    delivery = tables.model("delivery")
    begun = DeliveryWork.select(DeliveryWork.id).where((DeliveryWork.hook_id == hook_id) & (DeliveryWork.change_set == change_set))
    fresh = (delivery.f_register == name) & (delivery.f_state == WAITING) & (delivery.f_attempts == 0)
    return delivery.select().where(delivery.id.in_(begun) & fresh).exists()
