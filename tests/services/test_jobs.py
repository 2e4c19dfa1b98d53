"""Jobs: done once whoever works, shown while they run, taken up again after a death, ended cleanly after too many."""

import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import config
from app import background
from models import base, registry, tables
from models.errors import Conflict, NotAllowed, NotFound, Unavailable, say
from models.jobs import JobWork
from models.values import now
from services import imports, jobs, query
from services.actor import SYSTEM

ROOT = Path(__file__).parents[2]
# A worker of its own: the kind "step" moves a district's note on, one step a transaction, with its place.
WORKER = """
import sys, threading, time
import config
from models import base
from services import jobs
from tests.services.test_jobs import steps
config.activate(config.load({"TAIZHANG_JOB_LEASE": "1", "TAIZHANG_DATA_DIR": sys.argv[2]}))
base.connect(sys.argv[1])
print("up", flush=True)
jobs.kind("export")(steps)
jobs.work_forever(threading.Event())
"""


def steps(job, progress):
    """Counts up to `payload["to"]` in the parameter's row, each step with its place in one transaction."""
    parameter = tables.model("parameter")
    at = int(parameter.get_by_id(job.payload["row"]).f_value)
    while at < job.payload["to"]:
        progress(at, job.payload["to"], say("第 {at} 步", at=at))
        with base.atomic():
            progress.hold()
            at += 1
            parameter.update(f_value=str(at), f_unit=parameter.f_unit.concat("|")).where(
                parameter.id == job.payload["row"]
            ).execute()
        time.sleep(job.payload.get("pause", 0))
    progress(at, job.payload["to"], say("一共 {at} 步", at=at))
    return {"at": at}


@pytest.fixture
def row(city):
    id = city.id("parameter", "")
    tables.model("parameter").update(f_value="0", f_unit="").where(tables.model("parameter").id == id).execute()
    return id


@pytest.fixture(autouse=True)
def kinds():
    """Jobs of kind "export" count steps here; the kinds are put back afterwards."""
    before = dict(jobs.KINDS)
    jobs.kind("export")(steps)
    yield jobs.KINDS
    jobs.KINDS.clear()
    jobs.KINDS.update(before)


def count_of(row):
    found = tables.model("parameter").get_by_id(row)
    return int(found.f_value), len(found.f_unit)


def test_a_worker_knows_every_kind_an_import_is_done_by():
    assert background.work and set(jobs.KINDS) >= imports.KINDS
    assert {option.code for option in registry.get("job").field("kind").options} >= imports.KINDS


# a job's life -----------------------------------------------------------------------------------------------------------


def test_a_job_waits_runs_and_gives_its_result(city, row):
    actor = city.actor("city_clerk")
    id = jobs.enqueue(actor, "export", {"row": row, "to": 3}, about="名单.xlsx")
    waiting = jobs.of(actor, id)
    assert (waiting.state, waiting.about, waiting.attempts, waiting.owner) == ("waiting", "名单.xlsx", 0, actor.id)
    assert jobs.run_one() and not jobs.run_one()
    done = jobs.of(actor, id)
    assert (done.state, done.result, done.done, done.total, done.attempts) == ("done", {"at": 3}, 3, 3, 1)
    assert done.message == say("一共 {at} 步", at=3) and done.started_at <= done.ended_at
    shown = query.get("job", actor, id)
    assert shown.values["message"] == "一共 3 步" and shown.values["state"] == "done"


def test_a_job_is_its_owners_alone(city, row):
    id = jobs.enqueue(city.actor("school_a"), "export", {"row": row, "to": 1})
    for name in ("school_b", "city_admin", "auditor", "nobody"):
        with pytest.raises(NotFound):
            jobs.of(city.actor(name), id)
        with pytest.raises(NotFound):
            jobs.cancel(city.actor(name), id)
    assert jobs.of(SYSTEM, id).id == id
    looking = city.actor("school_a", real=city.actor("city_admin"))
    with pytest.raises(NotAllowed):
        jobs.enqueue(looking, "export", {"row": row, "to": 1})


@pytest.mark.parametrize(("error", "said"), [(Conflict(say("文件不对。")), "文件不对。"), (KeyError("x"), "已记入日志")])
def test_what_goes_wrong_is_told_and_put_in_order(city, error, said):
    told = []

    def run(job, progress):
        raise error

    jobs.kind("import_plan", failed=lambda job, sentence: told.append((job.id, str(sentence))))(run)
    id = jobs.enqueue(SYSTEM, "import_plan", {})
    jobs.run_one()
    job = jobs.of(SYSTEM, id)
    assert job.state == "failed" and said in str(job.message) and told == [(id, str(job.message))]


def test_a_busy_database_puts_a_job_off_and_thrice_is_enough(city, monkeypatch):
    monkeypatch.setattr(jobs, "_AGAIN_SECONDS", -1)
    tries = []

    def run(job, progress):
        tries.append(job.attempts)
        raise Unavailable(say("系统正忙。"))

    jobs.kind("import_plan")(run)
    id = jobs.enqueue(SYSTEM, "import_plan", {})
    while jobs.run_one():
        continue
    assert tries == [1, 2, 3]
    assert jobs.of(SYSTEM, id).state == "failed" and "中断了 3 次" in str(jobs.of(SYSTEM, id).message)


def test_run_now_works_in_this_thread(city, row):
    job = jobs.run_now(SYSTEM, "export", {"row": row, "to": 2})
    assert (job.state, job.result) == ("done", {"at": 2})


# one at a time ----------------------------------------------------------------------------------------------------------


def test_each_job_is_claimed_by_one_of_many(city, at_once):
    ids = [jobs.enqueue(SYSTEM, "export", {}) for _ in range(6)]

    def claim(_):
        found = []
        while (job := jobs.claim()) is not None:
            found.append(job.id)
        return found

    assert sorted(id for part in at_once(claim, range(4)) for id in part) == ids


def test_a_silent_workers_job_is_taken_up_and_the_old_one_writes_no_more(city, row):
    id = jobs.enqueue(SYSTEM, "export", {"row": row, "to": 5})
    first = jobs.claim()
    assert jobs.claim() is None
    JobWork.update(due_at=now()).where(JobWork.id == id).execute()
    second = jobs.claim()
    assert (first.id, second.id, second.attempts) == (id, id, 2)
    with pytest.raises(jobs.Interrupted), base.atomic():
        jobs.Progress(first, threading.Event()).hold()
    jobs._run(first, threading.Event())
    assert jobs.of(SYSTEM, id).state == "running" and count_of(row) == (0, 0)
    jobs._run(second, threading.Event())
    assert jobs.of(SYSTEM, id).state == "done" and count_of(row) == (5, 5)


def test_the_lease_is_renewed_while_the_job_runs(city, row, settings):
    config.activate(replace(settings, job_lease=1))
    id = jobs.enqueue(SYSTEM, "export", {"row": row, "to": 8, "pause": 0.3})
    worker = threading.Thread(target=_work_once)
    worker.start()
    while jobs.of(SYSTEM, id).state == "waiting":
        time.sleep(0.02)
    seen = set()
    while worker.is_alive():
        assert jobs.claim() is None
        job = jobs.of(SYSTEM, id)
        seen.add(job.done)
        time.sleep(0.2)
    worker.join()
    assert jobs.of(SYSTEM, id).state == "done" and jobs.of(SYSTEM, id).attempts == 1
    assert len(seen) > 2, "progress is seen while it runs"


def _work_once():
    base.open_connection()
    jobs.run_one()
    base.database.close()


# stopped, cancelled -----------------------------------------------------------------------------------------------------


def test_a_stopping_worker_gives_its_job_back(city, row):
    id = jobs.enqueue(SYSTEM, "export", {"row": row, "to": 1000, "pause": 0.02})
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    jobs.run_one(stop)
    job = jobs.of(SYSTEM, id)
    assert (job.state, job.attempts) == ("waiting", 0) and 0 < count_of(row)[0] < 1000
    JobWork.update(payload=f'{{"row": {row}, "to": {count_of(row)[0] + 2}}}').where(JobWork.id == id).execute()
    jobs.run_one()
    assert jobs.of(SYSTEM, id).state == "done" and count_of(row)[0] == count_of(row)[1]


def test_cancelling_a_waiting_and_a_running_job(city, row):
    actor = city.actor("city_clerk")
    first = jobs.enqueue(actor, "export", {"row": row, "to": 5})
    assert jobs.cancel(actor, first).state == "cancelled" and not jobs.run_one() and count_of(row) == (0, 0)
    with pytest.raises(Conflict):
        jobs.cancel(actor, first)
    second = jobs.enqueue(actor, "export", {"row": row, "to": 100_000, "pause": 0.02})
    worker = threading.Thread(target=_work_once)
    worker.start()
    while jobs.of(actor, second).state == "waiting":
        time.sleep(0.05)
    jobs.cancel(actor, second)
    worker.join(10)
    assert not worker.is_alive() and jobs.of(actor, second).state == "cancelled"


# killed -----------------------------------------------------------------------------------------------------------------


def test_killed_again_and_again_nothing_is_done_twice(city, row, tmp_path):
    """A worker of its own is killed at random moments; each step is done once in the end."""
    id = jobs.enqueue(SYSTEM, "export", {"row": row, "to": 60, "pause": 0.02})
    for _ in range(4):
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, city.url, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout.readline() == "up\n"
        time.sleep(random.uniform(0.05, 0.4))
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        assert count_of(row)[0] == count_of(row)[1]
        JobWork.update(due_at=now()).where((JobWork.id == id) & JobWork.due_at.is_null(False)).execute()
        tables.model("job").update(f_attempts=0).where(tables.model("job").id == id).execute()
    jobs.run_one()
    assert jobs.of(SYSTEM, id).state == "done" and count_of(row) == (60, 60)


def test_a_person_sees_the_own_jobs_newest_first(city):
    clerk, other = city.actor("district_a"), city.actor("district_b")
    first, second = (jobs.enqueue(clerk, "import_plan", {"import": 0}, about=name) for name in ("甲", "乙"))
    jobs.enqueue(other, "import_plan", {"import": 0}, about="丙")
    assert [job.id for job in jobs.mine(clerk)] == [second, first]
    assert jobs.mine(clerk)[0].about == "乙" and jobs.mine(city.actor("nobody")) == []
