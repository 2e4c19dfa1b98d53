"""Many writes in one call: each with its own result, or all of them or none."""

from models import registry
from models.base import atomic
from models.errors import AppError
from services import policy, records, writer
from services.records import working

MOST = 200
ACTIONS = ("create", "update", "delete", "move")


class _TakenBack(Exception):
    """Ends a batch that is to leave nothing: the transaction is rolled back."""


def run(actor, operations, tell, *, whole, key="", reason="", confirmed="", kind="api"):
    """What `tell(operation, outcome)` makes of each part, in order; an outcome is a Saved, the id of a deleted record, an AppError.

    All in one change set. With `whole`, one part that fails takes the others back. With `key`, the same key and content gives
    the same results again without writing; Conflict for other content.
    """
    outcomes = []
    try:
        with working(actor, kind=kind, reason=reason, confirmed=confirmed) as work:
            told = records.once(actor, key, operations)
            if told is not None:
                return told
            work.begin()  # before the first savepoint: what one refused part takes back must not take the change set along
            outcomes += [_tried(work, operation) for operation in operations]
            failed = [outcome for outcome in outcomes if isinstance(outcome, AppError)]
            if failed and (whole or len(failed) == len(outcomes)):
                raise _TakenBack
            told = [tell(*pair) for pair in zip(operations, outcomes, strict=True)]
            records.answered(actor, key, told)
            return told
    except _TakenBack:
        return [tell(*pair) for pair in zip(operations, outcomes, strict=True)]


def _tried(work, operation):
    try:
        with atomic():
            return _run(work, operation)
    except AppError as error:
        return error


def _run(work, operation):
    if operation.action == "create":
        return records.saved(work, writer.create(operation.register, work, operation.values))
    policy.require(work.actor, "view", registry.get(operation.register), operation.id)
    if operation.action == "delete":
        records.trash(work, operation.register, operation.id, operation.version)
        return operation.id
    write = records.MOVES["move"](work, operation) if operation.action == "move" else _update(work, operation)
    return records.saved(work, write)


def _update(work, operation):
    return writer.update(operation.register, work, operation.id, operation.values, version=operation.version)
