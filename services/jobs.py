"""Long work beside the requests: put down as a row, claimed by exactly one worker, shown while it runs, ended cleanly or taken up again.

A kind of job is a function `run(job, progress)` registered by name with `kind`. It may be ended at any moment and begun again by
another process: what it did must be found in the database, and each of its transactions is `with progress.step()`.
"""

import json
import logging
import os
import socket
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import peewee

import config
from models import base, definitions, registry, tables
from models.errors import AppError, Conflict, NotAllowed, NotFound, Sentence, Unavailable, say
from models.jobs import JobWork
from models.sentences import packed, unpacked
from models.values import now
from services import policy

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
STOPPED, LOST = "stopped", "lost"
MOST_ATTEMPTS = 3
_IDLE_SECONDS, _TICK_SECONDS, _AGAIN_SECONDS = 1.0, 0.5, 3
_CLEARED_AT_ONCE = 500
log = logging.getLogger("taizhang.jobs")
KINDS = {}
_news = threading.Event()


@dataclass(frozen=True)
class Kind:
    """How jobs of a name are run, and what puts things in order where one ends otherwise: `failed(job, sentence)`, in the
    transaction that ends it.
    """

    name: str
    run: object
    failed: object = None


@dataclass(frozen=True)
class Job:
    """A job as it stands. `owner` is an account's id, None for the app itself; `payload` and `result` are JSON values."""

    id: int
    kind: str
    owner: int | None
    about: str
    state: str
    done: int | None
    total: int | None
    message: Sentence | None
    attempts: int
    payload: dict
    result: object
    at: object
    started_at: object
    ended_at: object
    token: str = field(default="", repr=False)

    @property
    def ended(self):
        return self.state in ENDED


class Interrupted(Exception):
    """The job must stop now: its worker ends (it waits for another), it was cancelled, or another worker has it."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


def kind(name, *, failed=None):
    """Registers the decorated function as what jobs of this name do. What it returns (JSON) is the job's result."""

    def register(run):
        KINDS[name] = Kind(name, run, failed)
        return run

    return register


# Asking for work ------------------------------------------------------------------------------------------------------


def enqueue(actor, name, payload, *, about="", total=None):
    """Puts a job down for the workers and gives its id. NotAllowed for who only looks through another's eyes."""
    id = _put(actor, name, payload, about, total, WAITING, now(), "")
    _news.set()
    return id


def run_now(actor, name, payload, *, about="", total=None):
    """Does a job in this thread, as the command line does; gives it done, or raises what it failed with.

    Should this process die, a worker takes it up.
    """
    id = _put(actor, name, payload, about, total, RUNNING, _lease_end(), _token())
    error = _run(_job(id), threading.Event(), here=True)
    if error is not None:
        raise error
    return _job(id)


def _put(actor, name, payload, about, total, state, due_at, token):
    if actor.read_only:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    moment = now()
    row = {
        "version": 1, "created_at": moment, "created_by": actor.id, "updated_at": moment, "f_at": moment, "f_account": actor.id,
        "f_username": actor.username, "f_kind": KINDS[name].name, "f_about": about[:200], "f_state": state, "f_total": total,
        "f_attempts": int(state == RUNNING), "f_started_at": moment if state == RUNNING else None,
    }  # fmt: skip
    with base.atomic():
        id = tables.model("job").insert(row).execute()
        JobWork.create(id=id, payload=json.dumps(payload, ensure_ascii=False), due_at=due_at, worker=token)
    return id


def of(actor, id):
    """A job of the actor's own. NotFound for others'."""
    register = registry.get("job")
    if not policy.covers(register, actor, "view", id):
        raise NotFound(say("没有找到这项任务。"))
    return _job(id)


def mine(actor, limit=30):
    """The actor's own jobs, newest first."""
    register = registry.get("job")
    if actor.id is None or not policy.may(actor, "view", register):
        return []
    model = tables.model("job")
    rows = list(policy.rows(register, actor).where(model.f_account == actor.id).order_by(model.id.desc()).limit(limit))
    works = {work.id: work for work in JobWork.select().where(JobWork.id.in_([row.id for row in rows]))}
    return [_made(row, works[row.id]) for row in rows if row.id in works]


def cancel(actor, id):
    """Ends a job that waits, and asks a running one to end at its next step. Conflict where it has ended already."""
    of(actor, id)
    if actor.read_only:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), "view_as_read_only")
    with base.atomic():
        # The row is written first: a worker that claims at the same moment waits, and then sees it.
        JobWork.update(cancel=True).where(JobWork.id == id).execute()
        job = _job(id)
        if job.state == WAITING:
            _end(job, CANCELLED)
    if job.ended:
        raise Conflict(say("这项任务已经结束，不能取消。"), code="ended")
    return _job(id)


def clear_ended(before):
    """Takes the jobs away that ended before a moment; gives how many."""
    model = tables.model("job")
    with base.atomic():
        found = [id for (id,) in model.select(model.id).where(model.f_ended_at < before).order_by(model.id).tuples()]
        for part in peewee.chunked(found, _CLEARED_AT_ONCE):
            JobWork.delete().where(JobWork.id.in_(part)).execute()
            model.delete().where(model.id.in_(part)).execute()
    return len(found)


def _is(id):
    return tables.model("job").id == id


def _job(id):
    return _made(tables.model("job").get_by_id(id), JobWork.get_by_id(id))


def _made(row, work):
    return Job(
        row.id, row.f_kind, row.f_account, row.f_about or "", row.f_state, row.f_done, row.f_total,
        unpacked(json.loads(work.said)) if work.said else None, row.f_attempts or 0, json.loads(work.payload),
        json.loads(work.result) if work.result else None, row.f_at, row.f_started_at, row.f_ended_at, work.worker,
    )  # fmt: skip


# Working --------------------------------------------------------------------------------------------------------------


def claim():
    """Takes the oldest job that is due, for this worker alone, and gives it; None when there is none.

    One whose worker died too often, or that was cancelled meanwhile, is ended instead.
    """
    due = JobWork.select(JobWork.id, JobWork.cancel).where(JobWork.due_at <= now()).order_by(JobWork.id).limit(1)
    while due.exists():
        with base.atomic():
            found = (due.for_update(skip_locked=True) if base.is_postgres() else due.clone()).first()
            if found is None:
                return None
            job = _take(found.id)
            if not found.cancel and job.attempts <= MOST_ATTEMPTS and job.kind in KINDS:
                return job
            _end(job, CANCELLED) if found.cancel else _end(job, FAILED, _gave_up(job))
    return None


def _take(id):
    model, moment = tables.model("job"), now()
    JobWork.update(worker=_token(), due_at=_lease_end()).where(JobWork.id == id).execute()
    started = peewee.fn.COALESCE(model.f_started_at, model.f_started_at.db_value(moment))
    model.update(f_state=RUNNING, f_attempts=model.f_attempts + 1, f_started_at=started, updated_at=moment).where(_is(id)).execute()
    return _job(id)


def _gave_up(job):
    if job.kind not in KINDS:
        return say("这个版本不认识这种任务。")
    return say("任务中断了 {count} 次，没有完成。请联系管理员，或改小文件后重试。", count=job.attempts - 1)


def run_one(stop=None):
    """Claims and runs one job; False when nothing was due. `stop` (an Event) sends the job back to wait at its next step."""
    definitions.follow()
    job = claim()
    if job is None:
        return False
    _run(job, stop or threading.Event())
    return True


def work_forever(stop, between=None):
    """Runs jobs, one after the other, until the event `stop` is set, and calls `between` before each. A database that is away is
    waited for.
    """
    while not stop.is_set():
        try:
            base.open_connection()
            if between:
                between()
            busy = run_one(stop)
        except (AppError, peewee.DatabaseError, peewee.InterfaceError) as error:
            log.warning("jobs wait: %s", error)
            busy = False
        finally:
            base.release_connection()
        if not busy:
            _news.wait(_IDLE_SECONDS)
            _news.clear()


def _run(job, stop, here=False):
    """Runs a claimed job to its end and gives the error it failed with. `here`: somebody waits, so a busy database is a failure too."""
    progress, result, state, message, failure = Progress(job, stop), None, FAILED, None, None
    try:
        with progress:
            result = KINDS[job.kind].run(job, progress)
        state, message = DONE, progress.message
    except Interrupted as error:
        if error.why != CANCELLED:
            _release(job, 0) if error.why == STOPPED else log.warning("job %s is another worker's now", job.id)
            return None
        state = CANCELLED
    except (Unavailable, peewee.OperationalError, peewee.InterfaceError) as error:
        failure = error if isinstance(error, AppError) else base.unavailable(error)
        if not here:
            log.warning("job %s is put off: %s", job.id, error)
            _release(job, _AGAIN_SECONDS)
            return failure
        message = failure.sentence
    except AppError as error:
        failure, message = error, error.sentence
    except Exception as error:
        # A mistake of ours in one job must neither end the worker nor leave the job running for ever.
        log.exception("job %s failed", job.id)
        failure, message = error, say("任务出错，没有完成，已记入日志。请把任务编号 {number} 告诉管理员。", number=job.id)
    with base.atomic():
        if _held(job).exists():
            _end(job, state, message, result, progress)
    return failure


def _held(job):
    """The job's work while it is still this worker's."""
    return JobWork.select(JobWork.cancel).where(_mine(job))


def _mine(job):
    return (JobWork.id == job.id) & (JobWork.worker == job.token) & JobWork.due_at.is_null(False)


def _end(job, state, message=None, result=None, progress=None):
    """The job is over; one that did not end well is told to its kind, which puts its own things in order in the same transaction."""
    id, model, moment = job.id, tables.model("job"), now()
    JobWork.update(
        due_at=None, result=None if result is None else json.dumps(result, ensure_ascii=False), said=_pack(message)
    ).where(JobWork.id == id).execute()
    reached = {} if progress is None else {"f_done": progress.done, "f_total": progress.total}
    shown = {"f_state": state, "f_message": str(message)[:1000] if message else None}
    model.update(f_ended_at=moment, updated_at=moment, **shown, **reached).where(_is(id)).execute()
    if state != DONE and job.kind in KINDS and KINDS[job.kind].failed:
        KINDS[job.kind].failed(job, message or say("任务已取消。"))


def _pack(message):
    return json.dumps(packed(message), ensure_ascii=False) if message else None


def _release(job, seconds):
    """Puts a job back to wait. A stop is no failure of the job: the attempt is not counted."""
    model = tables.model("job")
    with base.atomic():
        given = JobWork.update(due_at=now() + timedelta(seconds=seconds), worker="").where(_mine(job)).execute()
        if given:
            counted = model.f_attempts if seconds else model.f_attempts - 1
            model.update(f_state=WAITING, f_attempts=counted, updated_at=now()).where(_is(job.id)).execute()


def _token():
    """Who has a job: a new name each time one is taken, so that an earlier holder knows it is no longer his."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def _lease_end():
    return now() + timedelta(seconds=config.active().job_lease)


class Progress:
    """A running job's voice: `progress(done, total, message)` says how far it is and stops a job that must stop.

    A thread of its own writes that down, renews the lease and hears of a cancellation: on SQLite the job's own transaction may
    keep all others from writing meanwhile, which only delays what is shown.
    """

    def __init__(self, job, stop):
        self.done, self.total, self.message = job.done, job.total, None
        self._job, self._stop, self._over = job, stop, threading.Event()
        self._why, self._shown, self._inside = "", None, False
        self._ticker = threading.Thread(target=self._tick, name=f"job-{job.id}", daemon=True)

    def __enter__(self):
        self._ticker.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._ticker.join()

    def __call__(self, done=None, total=None, message=None):
        """Raises Interrupted where the job must stop here; what it has committed stays."""
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total
        self.message = message or self.message
        if self._stop.is_set():
            raise Interrupted(STOPPED)
        if self._why:
            raise Interrupted(self._why)

    @contextmanager
    def step(self, transaction=None):
        """One transaction of the job, begun with `hold`; `transaction` is a context that opens it and gives what it works with."""
        try:
            with transaction or base.atomic() as given:
                self._inside = True
                self.hold()
                yield given
        finally:
            self._inside = False

    def hold(self):
        """Inside a transaction of the job: renews the lease with it. Interrupted where the job is another worker's by now."""
        if not JobWork.update(due_at=_lease_end()).where(_mine(self._job)).execute():
            raise Interrupted(LOST)

    def _tick(self):
        lease, since = config.active().job_lease, 0.0
        try:
            while not self._over.wait(min(_TICK_SECONDS, lease / 3)):
                since += _TICK_SECONDS
                now_at = (self.done, self.total, self.message)
                # On SQLite nobody else writes during the job's own transaction, which holds the lease itself.
                writing = self._inside and not base.is_postgres()
                if not writing and (now_at != self._shown or since >= lease / 3):
                    try:
                        self._write(now_at)
                        since = 0.0
                    except (AppError, peewee.DatabaseError, peewee.InterfaceError) as error:
                        log.debug("progress of job %s waits: %s", self._job.id, error)
        finally:
            if not base.database.is_closed():
                base.database.close()

    def _write(self, now_at):
        base.open_connection()
        model, (done, total, message) = tables.model("job"), now_at
        with base.atomic():
            held = _held(self._job)
            # On PostgreSQL the job's own transaction may hold the row: the lease is renewed by it then.
            found = (held.for_update(skip_locked=True) if base.is_postgres() else held).first()
            if found is not None:
                JobWork.update(due_at=_lease_end(), said=_pack(message)).where(_mine(self._job)).execute()
                self._why = CANCELLED if found.cancel else self._why
            elif not held.exists():
                self._why = LOST
                return
            text = str(message)[:1000] if message else None
            model.update(f_done=done, f_total=total, f_message=text).where(_is(self._job.id)).execute()
        self._shown = now_at
