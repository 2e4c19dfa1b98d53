"""Paper: a list or a record for print. Where people are protected a purpose is asked, and every print is in the access log."""

from dataclasses import dataclass
from itertools import islice

from models.errors import Fault, Invalid, NotAllowed, say
from services import audit, exports, policy, query

MOST = 2_000


@dataclass(frozen=True)
class Sheet:
    """What is printed: the records, how many there are in all, whether masked fields are whole, and what for."""

    records: list
    total: object
    whole: bool
    purpose: str


def guarded(register):
    """Whether the register, as the actor sees it, holds fields that are masked or named: no print of it without a purpose."""
    return any(field.sensitivity != "open" for field in register.fields)


def of_list(asked, actor, *, purpose="", whole=False, address=""):
    """A list for print, its first 2,000 rows. `whole`: masked fields uncut, which asks for the right to export."""
    purpose = _allowed(asked.register, actor, purpose, whole)
    records = list(islice(query.stream(asked), MOST))
    parts = [
        f"筛选：{exports.filter_sentence(asked)}",
        f"列：{'、'.join(field.label for field in asked.columns)}",
        f"{len(records)} 行",
    ]
    _log(asked.register, actor, purpose, whole, parts, address)
    total = query.count(asked, exact=True) if len(records) == MOST else query.Count(len(records))
    return Sheet(records, total, whole, purpose)


def of_record(record, actor, *, purpose="", whole=False, address=""):
    """One record for print."""
    purpose = _allowed(record.register, actor, purpose, whole)
    _log(record.register, actor, purpose, whole, [], address, record.id)
    return Sheet([record], query.Count(1), whole, purpose)


def _allowed(register, actor, purpose, whole):
    """The purpose, tidied. Right before content: a refusal does not depend on what was typed."""
    policy.require(actor, "view", register)
    if guarded(register) and actor.read_only:
        raise NotAllowed(say("正在以他人身份查看，不能打印受保护的内容。"), "view_as_read_only")
    if whole:
        policy.require(actor, "export", register)
    purpose = " ".join(purpose.split())
    if (guarded(register) or purpose) and not exports.SHORTEST_PURPOSE <= len(purpose) <= exports.LONGEST_PURPOSE:
        sentence = say("请写明打印用途，{least} 到 {most} 个字。", least=exports.SHORTEST_PURPOSE, most=exports.LONGEST_PURPOSE)
        raise Invalid([Fault("purpose", "purpose", sentence)])
    return purpose


def _log(register, actor, purpose, whole, parts, address, record_id=None):
    told = ([f"用途：{purpose}"] if purpose else []) + (["完整内容"] if whole else []) + parts
    audit.log(actor, "print", register=register.name, record_id=record_id, detail="；".join(told), address=address)
