"""Changing or removing many records: frozen when first shown, worked through in sets, one change set, one undo.

A run is shown first (each record is tried and taken back), then done. It is kept in the database, so it goes on where it was.
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic

from models import registry
from models.base import alone, atomic
from models.errors import Fault, FieldError, Invalid, NotFound, say
from models.journal import BulkRun
from models.values import now
from services import policy, query, records, words

LARGEST = 5_000
SET, EXAMPLES, NAMED = 50, 10, 5
SECONDS = 2.0
KEPT_FOR = timedelta(days=7)
CHANGE, TRASH = "bulk", "trash"
PLAN, APPLY, DONE = "plan", "apply", "done"


@dataclass(frozen=True)
class Run:
    """How far a run is. `refused`: {reason: [how many, some titles]}; `examples`: [[title, [[label, old, new], …]], …]."""

    id: int
    kind: str
    stage: str
    total: int
    position: int
    ready: int
    refused: dict
    examples: list
    change_set: int | None
    raws: dict

    @property
    def whole(self):
        """Whether this stage has come to its end."""
        return self.position >= self.total

    @property
    def refusals(self):
        """How many records cannot be changed."""
        return sum(count for count, _titles in self.refused.values())


def ids_of(asked):
    """The ids of all rows of a list, as it is now; Invalid past the largest number."""
    count = query.count(asked, exact=True).value
    if count > LARGEST:
        sentence = say("符合条件的有 {count} 条，一次最多处理 {most} 条。请加几个筛选条件，分几次做。", count=count, most=LARGEST)
        raise Invalid([Fault("", "too_many", sentence)])
    return [record.id for record in query.stream(asked)]


def begin(register_name, actor, ids, kind, raws=None):
    """A new run on these records: every one must be visible, else NotFound. `raws`: the one field and raw value to set."""
    register = policy.view(registry.get(register_name), actor)
    policy.require(actor, "edit", register)
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise Invalid([Fault("", "none_chosen", say("请先选择记录。"))])
    if len(ids) > LARGEST:
        raise Invalid([Fault("", "too_many", say("一次最多处理 {most} 条，现在选了 {count} 条。", most=LARGEST, count=len(ids)))])
    _clean(register, raws or {})
    if len(_seen(register_name, actor, ids)) < len(ids):
        raise NotFound()
    BulkRun.delete().where(BulkRun.at < now() - KEPT_FOR).execute()
    row = BulkRun.create(
        account_id=actor.id, register=register_name, kind=kind, ids=json.dumps(ids), raws=json.dumps(raws or {}), at=now()
    )
    return _run(row)


def _clean(register, raws):
    for name, raw in raws.items():
        try:
            register.field(name).clean(raw)
        except FieldError as error:
            raise Invalid([Fault(name, error.code, error.sentence)]) from error


def _seen(register_name, actor, ids):
    """Which of the ids the actor may see now."""
    if any(not 0 < id < 2**63 for id in ids):
        return set()
    asked, found = query.parse(register_name, actor), set()
    for at in range(0, len(ids), 500):
        part = query.rows(replace(asked, ids=tuple(ids[at : at + 500])))
        found.update(id for (id,) in part.select(part.model.id).tuples())
    return found


def found(register_name, actor, id):
    """A run of the actor's own on this register."""
    return _run(_row(register_name, actor, id))


def _row(register_name, actor, id):
    row = BulkRun.get_or_none(BulkRun.id == id, BulkRun.register == register_name, BulkRun.account_id == actor.id)
    if row is None or actor.id is None:
        raise NotFound(say("没有找到这次批量操作，请回到列表重新选择。"))
    return row


def _run(row):
    return Run(
        row.id, row.kind, row.stage, len(json.loads(row.ids)), row.position, row.ready, json.loads(row.refused),
        json.loads(row.examples), row.change_set, json.loads(row.raws),
    )  # fmt: skip


def apply(register_name, actor, id, reason=""):
    """A run that was shown whole is now done; told again, it goes on."""
    with atomic():
        alone(f"bulk:{id}")
        row = _row(register_name, actor, id)
        if row.stage == PLAN and _run(row).whole:
            row.stage, row.position, row.ready, row.refused, row.reason = APPLY, 0, 0, "{}", reason
            row.save()
    return _run(row)


def stop(register_name, actor, id):
    """A run under way ends here: what was done stays, in its change set."""
    with atomic():
        alone(f"bulk:{id}")
        row = _row(register_name, actor, id)
        row.stage, row.ids = DONE, json.dumps(json.loads(row.ids)[: row.position])
        row.save()
    return _run(row)


def advance(register_name, actor, id, seconds=SECONDS):
    """Works on a run, set by set, each in a transaction of its own so that others can save in between; gives how far it is."""
    until = monotonic() + seconds
    run = found(register_name, actor, id)
    while not run.whole and run.stage != DONE:
        run = _one_set(register_name, actor, id)
        if monotonic() > until:
            break
    return run


def _one_set(register_name, actor, id):
    with atomic():
        alone(f"bulk:{id}")
        row = _row(register_name, actor, id)
        part = json.loads(row.ids)[row.position : row.position + SET]
        refused, examples = json.loads(row.refused) or {}, json.loads(row.examples)
        seen = _seen(register_name, actor, part)
        here = [one for one in part if one in seen]
        for gone in (one for one in part if one not in seen):
            _tell(refused, actor, f"#{gone}", say("这条记录已被删除，或已不在您的数据范围内。"))
        if here:
            _work(row, actor, here, refused, examples)
        row.position += len(part)
        row.refused, row.examples, row.at = json.dumps(refused), json.dumps(examples), now()
        if row.stage == APPLY and row.position >= len(json.loads(row.ids)):
            row.stage = DONE
        row.save()
    return _run(row)


def _work(row, actor, ids, refused, examples):
    raws = json.loads(row.raws)
    if row.stage == PLAN:
        plan = (
            records.plan_bulk(row.register, actor, ids, raws)
            if row.kind == CHANGE
            else records.plan_delete(row.register, actor, ids)
        )
        row.ready += len(plan.ready)
        examples += [_example(actor, *one) for one in plan.ready[: EXAMPLES - len(examples)]]
        left = plan.refused
    else:
        options = {"reason": row.reason, "change_set": row.change_set}
        if row.kind == CHANGE:
            done = records.apply_bulk(row.register, actor, ids, raws, **options)
        else:
            done = records.delete_many(row.register, actor, ids, **options)
        row.ready, row.change_set, left = row.ready + done.count, done.change_set, done.refused
    for record, sentence in left:
        _tell(refused, actor, record.title or f"#{record.id}", sentence)


def _tell(refused, actor, title, sentence):
    """Counts a refusal under its reason, in the actor's language, with the first few titles."""
    told = refused.setdefault(words.text(sentence, actor.language), [0, []])
    told[0] += 1
    if len(told[1]) < NAMED:
        told[1].append(title)


def _example(actor, record, parts):
    changes = [
        [words.text(field.title, actor.language), *(_said(actor, field, value) for value in (old, new))]
        for field, old, new in parts
    ]
    return [record.title or f"#{record.id}", changes]


def _said(actor, field, value):
    if value is not None and field.control in ("relation", "relations"):
        known = query.labels(field.to, value if isinstance(value, tuple) else (value,), actor)
        return words.text(list(known.values()), actor.language)
    return words.value_of(field, value, actor.language) or "—"
