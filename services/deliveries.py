"""Telling subscribers: each delivery is claimed by one worker, cut to its owner's rights of that moment, signed, and tried again.

The body of a webhook is JSON; `Taizhang-Signature: t=SECONDS,v1=HEX` is HMAC-SHA256 over "SECONDS.BODY". `id` stays the same when a
delivery comes twice: a worker that died after sending cannot know that it had sent.
"""

import hashlib
import hmac
import json
import logging
import time
import uuid
from datetime import timedelta

import peewee

import config
from models import base, definitions, registry, tables
from models.errors import AppError, FieldError, NotAllowed, say
from models.hooks import DeliveryWork, Hook
from models.journal import Change
from models.values import now
from services import actor as actors, hooks, outgoing, policy, query, wire, words
from services.outbox import DONE, FAILED, WAITING

MOST_RECORDS = 200
LEASE = timedelta(seconds=60)
# Ten seconds after the first try, then longer and longer: nearly two days in all.
AGAIN = tuple(timedelta(seconds=part) for part in (10, 60, 300, 1800, 7200, 21600, 43200, 86400))
_IDLE_SECONDS = 1.0
log = logging.getLogger("taizhang.deliveries")


def work_forever(stop):
    """Delivers what is due until the event `stop` is set. A database that is away is waited for."""
    while not stop.is_set():
        try:
            base.open_connection()
            busy = deliver_one()
        except (AppError, peewee.DatabaseError, peewee.InterfaceError) as error:
            log.warning("deliveries wait: %s", error)
            busy = False
        finally:
            base.release_connection()
        if not busy:
            stop.wait(_IDLE_SECONDS)


def deliver_one():
    """Claims one delivery that is due, and tells. False when nothing was due."""
    definitions.follow()
    work = _claim()
    if work is None:
        return False
    delivery = tables.model("delivery").get_by_id(work.id)
    hook = Hook.get_or_none((Hook.id == work.hook_id) & (Hook.active == True))
    try:
        if hook is None:
            outcome = (FAILED, None, say("推送已停用或删除。"), None)
        else:
            outcome = _tell(hook, work, delivery)
    except outgoing.Unreachable as error:
        outcome = (WAITING, None, error.sentence, None)
    except FieldError as error:
        # A name server that is away comes back; an address that may not be called stays forbidden.
        outcome = (WAITING if error.code == "unknown_host" else FAILED, None, error.sentence, None)
    except NotAllowed as error:
        outcome = (FAILED, None, error.sentence, None)
    except AppError as error:
        outcome = (WAITING, None, error.sentence, None)
    except Exception:
        # A mistake of ours in one delivery must not keep the others waiting for ever.
        log.exception("delivery %s failed", work.id)
        outcome = (WAITING, None, say("推送出错，已记入日志。"), None)
    _note(work, delivery.f_attempts, *outcome)
    return True


def _claim():
    due = DeliveryWork.select().where(DeliveryWork.due_at <= now()).order_by(DeliveryWork.id).limit(1)
    if not due.exists():
        return None
    with base.atomic():
        work = (due.for_update(skip_locked=True) if base.is_postgres() else due.clone()).first()
        if work is None:
            return None
        work.worker = uuid.uuid4().hex
        DeliveryWork.update(worker=work.worker, due_at=now() + LEASE).where(DeliveryWork.id == work.id).execute()
        delivery = tables.model("delivery")
        delivery.update(f_attempts=delivery.f_attempts + 1).where(delivery.id == work.id).execute()
    return work


def _note(work, attempts, state, status, sentence, records):
    """Writes down how it went, unless another worker has it by now."""
    if state == WAITING and attempts > len(AGAIN):
        state = FAILED
    due, moment = now() + AGAIN[attempts - 1] if state == WAITING else None, now()
    delivery = tables.model("delivery")
    with base.atomic():
        mine = (DeliveryWork.id == work.id) & (DeliveryWork.worker == work.worker)
        if DeliveryWork.update(due_at=due).where(mine).execute():
            said = words.text(sentence)[:1000] if sentence else None
            changed = {"f_state": state, "f_status": status, "f_message": said, "f_ended_at": None if due else moment}
            changed |= {"f_records": records} if records is not None else {}
            delivery.update(changed | {"updated_at": moment}).where(delivery.id == work.id).execute()


# what is told -----------------------------------------------------------------------------------------------------------


def _tell(hook, work, delivery):
    """(state, status, sentence, how many records) of one try."""
    if work.change_set is None:
        told = {"id": delivery.f_event, "event": "test", "at": now().isoformat()}
    else:
        owner = actors.load(hook.account_id)
        if owner is None:
            return FAILED, None, say("订阅人的账号已停用。"), None
        told = _changes(owner, work, delivery)
        if not told["records"]:
            return DONE, None, say("没有订阅人看得到的变更，没有推送。"), 0
    if hook.kind == hooks.MESSAGE:
        outgoing.message(hook.address, "台账", _sentence(told))
        return DONE, None, None, told.get("count")
    body = json.dumps(told, ensure_ascii=False).encode()
    status = outgoing.post(hook.address, body, _headers(hook.secret, body, delivery.f_event))
    if 200 <= status < 300:
        return DONE, status, None, told.get("count")
    return WAITING, status, say("对方回应 {status}。", status=status), told.get("count")


def _headers(secret, body, event):
    moment = str(int(time.time()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Taizhang",
        "Taizhang-Event": event,
        "Taizhang-Signature": f"t={moment},v1={signature(secret, moment, body)}",
    }


def signature(secret, moment, body):
    """What signs a body sent at a moment (seconds, as text): hexadecimal HMAC-SHA256."""
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def _changes(owner, work, delivery):
    """What changed, as far as the owner may see it now: each record once, as it stands now."""
    name = delivery.f_register
    full = registry.get(name) if name in registry.current() else None
    if full is None:
        raise NotAllowed(say("台账已停用。"), "retired")
    register = policy.view(full, owner)
    mine = (Change.change_set == work.change_set) & (Change.register == name) & (Change.id >= work.first_change)
    last = Change.select(Change.record_id, peewee.fn.MAX(Change.id)).where(mine).group_by(Change.record_id)
    newest = [id for _, id in last.order_by(peewee.fn.MAX(Change.id)).limit(MOST_RECORDS + 1).tuples()]
    actions = {line.record_id: line.action for line in Change.select().where(Change.id.in_(newest[:MOST_RECORDS]))}
    records = _seen(owner, name, actions)
    return {
        "id": delivery.f_event,
        "event": "changed",
        "at": delivery.f_at.isoformat(),
        "register": name,
        "label": words.text(register.titled),
        "change_set": work.change_set,
        "count": len(records),
        "records": records,
        "more": len(newest) > MOST_RECORDS,
    }


def _seen(owner, name, actions):
    """[{id, action, version, record}] of the records the owner sees; of one in the trash no values."""
    register = policy.view(registry.get(name), owner)
    wanted = [("id__in", ",".join(map(str, actions))), ("limit", str(MOST_RECORDS))]
    wanted.append(("fields", ",".join(field.name for field in register.live)))
    found = [
        {"id": record.id, "action": actions[record.id], "version": record.version, "record": wire.record(record)}
        for record in query.page(query.parse(name, owner, wanted)).records
    ]
    if policy.may(owner, "edit", register):
        gone = query.page(query.parse(name, owner, wanted, trash=True)).records
        found += [{"id": record.id, "action": "trash", "version": record.version} for record in gone]
    return sorted(found, key=lambda part: part["id"])


def _sentence(told):
    """A message: which register, how many records, where to look. No values."""
    if told["event"] == "test":
        return words.text(say("这是一条测试消息，推送已经接通。"))
    count = f"{told['count']}+" if told["more"] else told["count"]
    said = words.text(say("「{label}」有 {count} 条记录变更。", label=told["label"], count=count))
    site = config.active().site_url.rstrip("/")
    return f"{said}\n{site}/admin/r/{told['register']}/" if site else said


def clear_old(before):
    """Takes the deliveries away that ended before a moment; gives how many."""
    delivery = tables.model("delivery")
    with base.atomic():
        ended = delivery.select(delivery.id).where(delivery.f_ended_at < before)
        DeliveryWork.delete().where(DeliveryWork.id.in_(ended)).execute()
        return delivery.delete().where(delivery.f_ended_at < before).execute()
