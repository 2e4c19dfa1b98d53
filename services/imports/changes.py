"""What each row of a file changes: the record it means, compared cell by cell with what that record shows the actor."""

from models.errors import say
from models.fields import Attachment, DateTime, Relation, Relations, masked
from models.values import NA
from services import exports, query

_BATCH = 500
_MASK = "***"


def match(task, rows):
    """Finds, in sets, the record each row means, with the columns to compare."""
    asked = {row.mark for row in rows if row.mark}
    found = task.existing.of(asked)
    seen = _records(task, sorted({ids[0] for ids in found.values() if len(ids) == 1}))
    for row in rows:
        ids = found.get(row.mark, ()) if row.mark else ()
        if len(ids) > 1:
            row.refuse("", "several", say("系统里有 {count} 条记录都像这一行，请填写编号。", count=len(ids)))
        elif ids:
            row.record = seen[ids[0]]


def _records(task, ids):
    names, found = set(task.names), {}
    fields = ",".join(part.name for part in task.register.live if part.name in names)
    for at in range(0, len(ids), _BATCH):
        asked = query.parse(task.register.name, task.actor, [("fields", fields)], ids=ids[at : at + _BATCH])
        found |= {record.id: record for record in query.stream(asked)}
    for part in task.register.live:
        if part.name in names and isinstance(part, (Relation, Relations)):
            known = task.codes.setdefault(part.to, {})
            known.update(query.codes_of(part.to, exports.targets(found.values(), part) - set(known)))
    return found


def decide(task, row):
    """What becomes of the row: its outcome, and of a record that is there the changes."""
    if row.outcome:
        return
    if row.record is None:
        _decide_new(task, row)
        return
    row.changes = {}
    for name, text in zip(task.names, row.texts, strict=True):
        part = task.register.field(name)
        if _says_what_is_stored(task, part, text, row):
            row.faults.pop(name, None)
        elif part.readonly or isinstance(part, Attachment):
            row.faults.pop(name, None)
            row.warn(name, "read_only", say("「{label}」不从表格导入，与系统里的不同，没有改。", label=part.title))
        elif name not in row.faults and part.sensitivity == "masked" and _MASK in text:
            row.refuse(name, "masked", say("「{label}」是遮盖后的样子，请填完整内容或删去。", label=part.title))
        elif name not in row.faults:
            row.changes[name] = row.raw(name)
    row.refuse_faults()
    if not row.outcome:
        row.outcome = "changed" if row.changes else "unchanged"
    if row.outcome == "changed" and task.mode == "add":
        row.outcome = "unchanged"
        row.warn("", "there_already", say("系统里已有这条记录，按「只新增」没有改。"))


def _decide_new(task, row):
    for name in task.closed:
        row.faults.pop(name, None)
        if row.text(name).strip():
            label = task.register.field(name).title
            row.warn(name, "read_only", say("「{label}」不从表格导入，这一格没有用。", label=label))
    for name in task.masked:
        if _MASK in row.text(name):
            label = task.register.field(name).title
            row.faults[name] = ("masked", say("「{label}」是遮盖后的样子，请填完整内容或删去。", label=label))
    if row.faults:
        row.refuse_faults()
    elif task.mode == "update":
        row.refuse("", "not_there", say("系统里没有这条记录，按「只更新」没有新增。"))
    row.outcome = row.outcome or "new"


def _says_what_is_stored(task, part, text, row):
    """Whether a cell is what its record shows the actor, in any form an export gives it, or means the same value."""
    text, value = text.strip(), row.record.values.get(part.name)
    if not text:
        return task.empty == "keep" or value is None
    if value is None:
        return False
    if isinstance(part, (Relation, Relations)):
        label = row.record.labels.get(part.name)
        return text == exports.relation_text(value, label, task.codes.get(part.to, {})) or row.value(part.name) == value
    if isinstance(part, Attachment):
        return text == exports.files_text(value)
    shown = part.render(value)
    if text == shown or (part.sensitivity == "masked" and text == masked(shown)):
        return True
    if part.name in row.faults:
        return False
    mine = row.value(part.name)
    if isinstance(part, DateTime) and mine and value is not NA:
        return abs(mine - value).total_seconds() < 1
    return mine == value
