"""The jobs that write an import, and that take it back. Killed at any moment, an import is whole, not there, or resumed at a known row."""

from contextlib import contextmanager

from models import registry
from models.errors import Invalid, say
from models.sentences import packed
from services import history, jobs, records
from services.imports import checking, chunks, columns, store
from services.imports.store import APPLIED, APPLYING, PLANNED, UNDOING, UNDONE

APPLY, UNDO = "import_apply", "import_undo"
_TRIES = 3
_MOST_KEPT = 500


def not_applied(job, sentence):
    """An apply that was given up: all of it is taken back, or the rows so far stay and it can be gone on with."""
    store.save(job.payload["import"], state=PLANNED, said=sentence)


def not_undone(job, sentence):
    store.save(job.payload["import"], state=APPLIED, said=sentence)


@jobs.kind(APPLY, failed=not_applied)
def apply(job, progress):
    """Writes the good rows of a plan in one change set: all in one transaction, or (policy good) a chunk at a time."""
    item = store.load(job.payload["import"])
    if item.state == APPLYING:
        actor = store.person(item)
        (_all_or_nothing if item.policy == "all" else _good_rows)(item, actor, progress)
    return {"import": item.id, "state": store.load(item.id).state}


class _Refused(Exception):
    """Some rows were refused where all must go: what was written is rolled back."""


def _all_or_nothing(item, actor, progress):
    total, done, refused = _to_write(item), 0, {}
    progress(0, total, say("正在写入 {count} 行，一次写完。", count=total))
    try:
        with progress.step(_work(item, actor)) as work:
            if total:
                work.begin()
            for at, verdicts in chunks.each(item.id, at_once=chunks.AT_ONCE):
                if checking.write(item.register, work, verdicts):
                    refused[at] = verdicts
                done += sum(one.outcome in ("new", "changed") for one in verdicts)
                progress(done)
            if refused:
                raise _Refused
            progress.hold()
            _finish(item, actor, work, chunks.count(item.id))
    except _Refused:
        _show_again(item, progress, refused)


def _show_again(item, progress, refused):
    """The data has moved on since the plan: the plan is shown again, with the rows that can no longer be written."""
    with progress.step():
        for at, verdicts in refused.items():
            chunks.put(item.id, at, verdicts)
        counts = chunks.counts(item.id)
        said = say("检查之后数据有了变化，{count} 行不能写入，没有写入任何行。请看过后重试。", count=_refusals(counts))
        store.save(item.id, state=PLANNED, found=item.found | {"counts": counts}, said=said)


def _good_rows(item, actor, progress):
    """From the chunk that comes next; each is written together with its place, so a killed apply goes on at a known row."""
    total, done = _to_write(item), _to_write(item, below=item.position)
    for at, verdicts in chunks.each(item.id, start=item.position):
        progress(done, total, say("已写入 {done} / {total} 行。", done=done, total=total))
        item = _write_chunk(item, actor, progress, at, verdicts)
        done += sum(one.outcome in ("new", "changed") for one in verdicts)
    with progress.step(_work(item, actor)) as work:
        _finish(item, actor, work, item.position)
    progress(done, total)


def _write_chunk(item, actor, progress, at, verdicts):
    for attempt in range(_TRIES):
        try:
            with progress.step(_work(item, actor)) as work:
                if checking.write(item.register, work, verdicts):
                    chunks.put(item.id, at, verdicts)
                work.end()
                store.save(item.id, position=at + 1, changes=work.changes, change_set=work.change_set)
            return store.load(item.id)
        except Invalid:
            # Somebody took a key in this very moment: the next look sees it.
            if attempt == _TRIES - 1:
                raise
            verdicts = chunks.get(item.id, at)
    return item


@contextmanager
def _work(item, actor):
    """Writing under the import's one change set, which may go over several transactions."""
    reason = "、".join(name for name, *_ in store.names(item.id)[:3])
    with records.working(actor, kind="import", reason=reason, confirmed=checking.CONFIRMED, change_set=item.change_set) as work:
        yield work


def _finish(item, actor, work, position):
    counts = chunks.counts(item.id)
    work.end()
    store.save(
        item.id, state=APPLIED, found=item.found | {"counts": counts}, position=position, changes=work.changes,
        change_set=work.change_set if work.changes else None, said=None,
    )  # fmt: skip
    _remember(item, actor)


def _to_write(item, below=None):
    """How many rows of the plan are to be written, or how many of them stand in the chunks below one."""
    if below is None:
        return item.counts.get("new", 0) + item.counts.get("changed", 0)
    return sum(one.outcome in ("new", "changed") for at, verdicts in chunks.each(item.id) if at < below for one in verdicts)


def _refusals(counts):
    return counts["error"] + counts["out_of_scope"]


def _remember(item, actor):
    """Keeps for the unit's next import which columns were answered to be which fields, and the texts it asked to keep."""
    asked, by_name = item.asked, {one.name: one.id for one in registry.get(item.register).live}
    if actor.system or not asked.get("asks"):
        return
    heads = {columns.key(head): by_name[name] for head, name in asked.get("mapping", {}).items() if name in by_name}
    store.remember(item.register, actor, "", heads)
    for name, texts in asked.get("remember", {}).items():
        given = asked.get("values", {}).get(name, {})
        store.remember(item.register, actor, by_name[name], {text: given[text] for text in texts if text in given})


@jobs.kind(UNDO, failed=not_undone)
def undo(job, progress):
    """Takes an applied import back, except where somebody has since changed a record: those are listed and stay."""
    item = store.load(job.payload["import"])
    if item.state == UNDOING:
        actor = store.person(item)
        progress(0, item.changes, say("正在撤销 {count} 处变更。", count=item.changes))
        with progress.step():
            done = history.undo(actor, item.change_set)
            kept = [[packed(register.titled), title, packed(sentence)] for register, title, sentence in done.kept[:_MOST_KEPT]]
            undone = {"count": done.count, "kept": kept, "kept_count": len(done.kept)}
            progress.hold()
            store.save(item.id, state=UNDONE, undo_set=done.change_set, found=item.found | {"undone": undone}, said=None)
    return {"import": item.id, "state": store.load(item.id).state}
