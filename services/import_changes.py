"""What each row of a file changes: the record it means, compared cell by cell with what that record shows the actor."""

from models.errors import say
from models.fields import Attachment, DateTime, Relation, Relations, masked
from models.values import NA
from services import exports, matching, query
from services.actor import SYSTEM

_BATCH = 500
_MASK = "***"


def match(plan, rows):
    """Finds, in sets, the record each row means, with the columns to compare."""
    asked = {row.mark for row in rows if row.identity}
    found = matching.existing(plan.register, plan.actor, asked)
    keyed = {mark for mark in asked - set(found) if mark[0] == plan.register.key and not plan.actor.system}
    taken = matching.existing(plan.register, SYSTEM, keyed)
    seen = _records(plan, sorted({ids[0] for ids in found.values() if len(ids) == 1}))
    for row in rows:
        ids = found.get(row.mark, ()) if row.identity else ()
        if len(ids) > 1:
            row.refuse("", "several", say("系统里有 {count} 条记录都像这一行，请填写编号。", count=len(ids)))
        elif ids:
            row.record = seen[ids[0]]
        elif row.identity and row.mark in taken:
            labels = tuple(plan.register.field(name).title for name in plan.register.key)
            row.refuse(plan.register.key[-1], "taken", say("「{labels}」已有同样的值，请核对后换一个。", labels=labels))


def _records(plan, ids):
    fields = ",".join(part.name for part in plan.register.live if part.name in plan.heads or part.name in plan.constants)
    found = {}
    for at in range(0, len(ids), _BATCH):
        asked = query.parse(plan.register.name, plan.actor, [("fields", fields)], ids=ids[at : at + _BATCH])
        found |= {record.id: record for record in query.stream(asked)}
    for part in plan.register.live:
        if part.name in plan.heads and isinstance(part, (Relation, Relations)):
            plan.codes.setdefault(part.to, {}).update(query.codes_of(part.to, exports.targets(found.values(), part)))
    return found


def decide(plan, row):
    """What becomes of the row: its outcome, and of a record that is there the changes."""
    if row.outcome:
        return
    if row.record is None:
        _decide_new(plan, row)
        return
    for name, text in row.texts.items():
        part = plan.register.field(name)
        if _says_what_is_stored(plan, part, text, row):
            row.faults.pop(name, None)
        elif part.readonly or isinstance(part, Attachment):
            row.faults.pop(name, None)
            row.warn(name, "read_only", say("「{label}」不从表格导入，与系统里的不同，没有改。", label=part.title))
        elif name not in row.faults and part.sensitivity == "masked" and _MASK in text:
            row.refuse(name, "masked", say("「{label}」是遮盖后的样子，请填完整内容或删去。", label=part.title))
        elif name not in row.faults:
            row.changes[name] = _raw(row, name)
    row.refuse_faults()
    if not row.outcome:
        row.outcome = "changed" if row.changes else "unchanged"
    if row.outcome == "changed" and plan.mode == "add":
        row.outcome = "unchanged"
        row.warn("", "there_already", say("系统里已有这条记录，按「只新增」没有改。"))


def _decide_new(plan, row):
    for name, text in list(row.texts.items()):
        part = plan.register.field(name)
        if (part.readonly or isinstance(part, Attachment)) and text.strip():
            row.warn(name, "read_only", say("「{label}」不从表格导入，这一格没有用。", label=part.title))
        elif part.sensitivity == "masked" and _MASK in text:
            row.faults[name] = ("masked", say("「{label}」是遮盖后的样子，请填完整内容或删去。", label=part.title))
        if part.readonly:
            row.faults.pop(name, None)
        elif not isinstance(part, Attachment) and row.values.get(name) is not None:
            row.changes[name] = _raw(row, name)
    row.refuse_faults()
    if not row.outcome and plan.mode == "update":
        row.refuse("", "not_there", say("系统里没有这条记录，按「只更新」没有新增。"))
    row.outcome = row.outcome or "new"


def _raw(row, name):
    """What the record gate is given: ids of relations, the text of everything else."""
    value = row.values.get(name)
    if value is None or value is NA or isinstance(value, (int, tuple)):
        return value
    return str(row.texts[name])


def _says_what_is_stored(plan, part, text, row):
    """Whether a cell is what its record shows the actor, in any form an export gives it, or means the same value."""
    text, value = text.strip(), row.record.values.get(part.name)
    if not text:
        return plan.empty == "keep" or value is None
    if value is None:
        return False
    if isinstance(part, (Relation, Relations)):
        label = row.record.labels.get(part.name)
        return text == exports.relation_text(value, label, plan.codes.get(part.to, {})) or row.values.get(part.name) == value
    if isinstance(part, Attachment):
        return text == exports.files_text(value)
    if text == part.render(value) or (part.sensitivity == "masked" and text == masked(part.render(value))):
        return True
    if part.name in row.faults:
        return False
    mine = row.values.get(part.name)
    if isinstance(part, DateTime) and mine and value is not NA:
        return abs(mine - value).total_seconds() < 1
    return mine == value
