"""What can be done with an import: begun, looked at, answered, applied, taken back. Each long step is a job."""

from models import registry
from models.base import atomic
from models.errors import Conflict, Fault, Invalid, NotFound, say
from services import error_workbook as workbook, jobs, policy as rights, readers
from services.imports import applying, chunks, planning, questions, shape, store
from services.imports.messages import Message
from services.imports.store import APPLIED, APPLYING, ASKING, FAILED, PLANNED, READING, UNDOING

MODES = ("add", "update", "both")
POLICIES = ("all", "good")
EMPTIES = ("keep", "clear")


def start(
    actor, register, files, *, mode="both", policy="all", empty="keep", mapping=None, constants=None, translate=None, where=None,
    key=(), sheet="", header=None, encoding="", asks=True, once="", forms=False, now=False,
):  # fmt: skip
    """Begins an import of files [(name, bytes or path)] into a register and gives it, in the state reading; a job plans it.

    mapping {column: field, or "" to leave it out}; constants {field: text} for every row; translate {field: {text: text}};
    where {column: text} keeps only those rows; key: the fields that tell records apart instead of the register's own. mode add,
    update, both; policy all (one wrong row and nothing is written) or good; empty keep (an empty cell leaves what is stored) or
    clear. sheet, header (first row, last row) and encoding where they are known. Without `asks` nothing is asked: columns nobody
    knows are left out, texts nobody knows are errors. `once`: the same word with the same files and choices is the same import.
    `forms`: the files are filled forms of the register (services.form_merges), and `found["forms"]` says what each is.
    `now` plans in this thread, and raises what a plan fails with.
    Raises NotAllowed, and Invalid for what concerns the call as a whole.
    """
    full = _importable(actor, register)
    _check_choices(mode, policy, empty)
    asked = {
        "mapping": mapping or {}, "constants": constants or {}, "translate": translate or {}, "where": where or {}, "key": list(key),
        "sheet": sheet, "header": list(header) if header else None, "encoding": encoding, "asks": asks, "request": actor.request_id, "forms": forms,
    }  # fmt: skip
    _check_asked(full, actor, asked)
    named = [store.content(*one) for one in files]
    _check_files(named)
    chosen = {"mode": mode, "policy": policy, "empty": empty}
    word = store.word_of(once, full.name, named, chosen) if once and actor.id else ""
    with atomic():
        begun = store.begun(actor, word)
        if begun:
            return store.load(begun)
        id = store.create(actor, full.name, named, asked, **chosen)
        store.note_begun(actor, word, id)
        if not now:
            _put(actor, id, planning.JOB)
    return _work_now(actor, id, planning.JOB) if now else store.load(id)


def get(actor, id):
    """An import of the actor's own, as it stands. NotFound for others'."""
    return store.owned(actor, id)


def mine(actor, limit=50):
    """The actor's own imports, newest first."""
    person = actor.real or actor
    owner = store.Plan.account_id.is_null() if person.id is None else store.Plan.account_id == person.id
    ids = store.Plan.select(store.Plan.id).where(owner).order_by(store.Plan.id.desc()).limit(limit).tuples()
    return [store.load(id) for (id,) in list(ids)]


def answer(
    actor, id, *, answers=None, mapping=None, constants=None, sheet=None, header=None, encoding=None, mode=None, policy=None,
    empty=None, now=False,
):  # fmt: skip
    """Answers questions {question id: value} and changes how the import is asked for; it is planned anew. Give only what changes.

    Invalid, at the question's id, for a value that is not among its choices; Conflict for an import that is under way or applied.
    """
    item = store.owned(actor, id, writing=True)
    asked = questions.take(_view(item, actor), actor, item.asked, item.questions, answers or {})
    asked["mapping"] = asked.get("mapping", {}) | (mapping or {})
    asked["constants"] = asked.get("constants", {}) | (constants or {})
    asked |= {name: value for name, value in (("sheet", sheet), ("encoding", encoding)) if value is not None}
    if header is not None:
        asked["header"] = list(header) if isinstance(header, (tuple, list)) else [header, header]
    chosen = {"mode": mode or item.mode, "policy": policy or item.policy, "empty": empty or item.empty}
    _check_choices(**chosen)
    _check_asked(registry.get(item.register), actor, asked)
    if item.position:
        raise Conflict(say("这次导入已经写入了一部分，不能再改；请继续导入或撤销。"), code="state")
    if not store.names(item.id):
        raise Conflict(say("文件已经不在了，请重新上传。"), code="no_file")
    rest = (answers, mapping, constants, sheet, header, encoding, mode, empty)
    if policy and item.state in (ASKING, PLANNED) and not any(rest):
        # What rows would do does not hang on the policy: nothing needs to be read again.
        store.move(item, (item.state,), item.state, policy=chosen["policy"])
        return store.load(item.id)
    return _step(actor, item, (ASKING, PLANNED, FAILED), READING, planning.JOB, now, asked=asked, said=None, **chosen)


def apply(actor, id, *, now=False):
    """Writes a planned import, as a job. Conflict where it is not planned (questions are open, it is applied already) or, with the
    policy all, where rows are wrong.
    """
    item = store.owned(actor, id, writing=True)
    if item.state == ASKING:
        raise Conflict(say("还有 {count} 个问题没有回答，回答之后才能导入。", count=len(item.questions)), code="questions")
    if item.state == PLANNED and item.policy == "all" and item.refused:
        raise Conflict(
            say("有 {count} 行不能导入。请改好文件重新上传，或选「先导入正确的行」。", count=item.refused), code="has_errors"
        )
    return _step(actor, item, (PLANNED,), APPLYING, applying.APPLY, now, said=None)


def undo(actor, id, *, now=False):
    """Takes an applied import back, as a job; `found["undone"]` lists what stayed. Conflict where there is nothing to take back."""
    item = store.owned(actor, id, writing=True)
    if item.state == APPLIED and item.change_set is None:
        raise Conflict(say("这次导入没有改动任何记录，不用撤销。"), code="nothing")
    states = (APPLIED, PLANNED) if item.position and item.change_set else (APPLIED,)
    return _step(actor, item, states, UNDOING, applying.UNDO, now, said=None)


def cancel(actor, id):
    """Ends the job an import is in: a plan that is still read, an apply (good rows that are written stay) or an undo."""
    item = store.owned(actor, id, writing=True)
    if item.job is None:
        raise Conflict(say("这次导入现在不能这样办理，请刷新后看它的状态。"), code="state")
    jobs.cancel(actor, item.job)
    return store.load(id)


def forget(actor, id):
    """Takes an import that was only planned away, with its files. Conflict for any other."""
    item = store.owned(actor, id, writing=True)
    if item.state not in (ASKING, PLANNED, FAILED) or item.position:
        raise Conflict(say("只有还没有导入的计划可以删除。"), code="state")
    store.forget(id)


def progress(actor, id):
    """The Job an import's current or last step is: how far it is; None before there was one."""
    item = store.owned(actor, id)
    return jobs.of(actor, item.job) if item.job else None


def rows(actor, id, *, outcome="", after=0, limit=shape.SAMPLE, text=shape.plain):
    """A Page of the import's rows as JSON, of one outcome if given, from `after` on (0, then the last page's `next`)."""
    if outcome and outcome not in chunks.KEPT:
        raise Invalid([Fault("outcome", "choice", say("没有「{raw}」这种结果。", raw=str(outcome)[:30]))])
    return shape.page(store.owned(actor, id), actor, outcome=outcome, after=after, limit=limit, text=text)


def errors(actor, id):
    """The Messages (error, warning) about rows, in file order, for the workbook that goes back to the clerk."""
    return (one for one in shape.messages(store.owned(actor, id), levels=("error", "warning")) if one.row is not None)


def error_workbook(actor, id, path, *, file=0, text=shape.plain):
    """Writes the clerk's own file back to `path`, bad cells coloured and explained (services.error_workbook); `file` counts from 0.

    NotFound for a file that is not there; Conflict for one that was never read.
    """
    item = store.owned(actor, id)
    sources, layouts = readers.open_files(store.files(item.id)), item.found.get("layouts", [])
    if not 0 <= file < len(sources):
        raise NotFound(say("没有找到这个文件。"))
    if file >= len(layouts) or layouts[file] is None:
        raise Conflict(say("这个文件没有读出来，没有可以标注的内容。"), code="unread")
    sheet, header, columns, encoding, last = layouts[file]
    layout = workbook.Layout(sheet, tuple(header), columns, encoding, last)
    marks = shape.marks(item, file, text)
    workbook.error_workbook(path, sources[file], layout, marks, workbook.Origin(item.id, file))


def messages(actor, id):
    """All Messages: about the files, about rows, and at the end that nothing was written where that is so."""
    item = store.owned(actor, id)
    yield from shape.messages(item)
    last = shape.closing(item)
    if last:
        yield Message(None, "", "", "nothing_written", last)


def files(actor, id):
    """[(name, bytes)] of what was uploaded."""
    return store.files(store.owned(actor, id).id)


def _step(actor, item, expected, state, job, now, **changes):
    """Moves an import into a state and has its job done: by a worker, or now in this thread."""
    if now:
        store.move(item, expected, state, **changes)
        return _work_now(actor, item.id, job)
    with atomic():
        store.move(item, expected, state, **changes)
        _put(actor, item.id, job)
    return store.load(item.id)


def _put(actor, id, job):
    store.save(id, job=jobs.enqueue(actor, job, {"import": id}, about=_about(id)))


def _work_now(actor, id, name):
    jobs.run_now(actor, name, {"import": id}, about=_about(id))
    return store.load(id)


def _about(id):
    return "、".join(name for name, *_ in store.names(id)[:3])


def _view(item, actor):
    return rights.view(registry.get(item.register), actor)


def _importable(actor, register_name):
    full = registry.get(register_name)
    rights.require(actor, "edit", full)
    if not full.importable:
        raise readers.refuse("not_importable", say("「{register}」由系统填写，不能导入。", register=full.titled))
    return full


def _check_choices(mode, policy, empty):
    for name, given, accepted in (("mode", mode, MODES), ("policy", policy, POLICIES), ("empty", empty, EMPTIES)):
        if given not in accepted:
            raise Invalid([Fault(name, name, say("{name} 只能是 {accepted}。", name=name, accepted=accepted))])


def _check_asked(full, actor, asked):
    """What can be told before a file is read: fields that are not there, a fixed value that cannot be."""
    view = rights.view(full, actor)
    names = planning.columns_of(view, actor, asked)
    names.named(asked.get("translate", {}))
    names.named(dict.fromkeys(asked.get("key", ()), ""))
    planning.check_constants(view, actor, names.constants)


def _check_files(named):
    if not named:
        raise readers.refuse("no_file", say("请选择文件。"))
    most = readers.limits()
    for name, data in named:
        if len(data) > most.file:
            raise readers.faults.too_big(name, most.file >> 20)
