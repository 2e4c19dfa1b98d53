"""Imports whose worker is killed with -9 at random moments: nothing half, nothing twice. Short in the tests, long in tests/prove.py."""

import random
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import peewee

from models import tables
from models.export_files import ExportFile, ExportPiece
from models.jobs import JobWork
from models.journal import Change
from models.values import now
from services import downloads, exports, imports, jobs, query
from services.actor import SYSTEM

ROOT = Path(__file__).parents[1]
WORKER = """
import sys, threading
import config
from models import base
from services import downloads, imports, jobs
config.activate(config.load({"TAIZHANG_DATA_DIR": sys.argv[2]}))
base.connect(sys.argv[1], wait_seconds=30)
base.open_connection()
print("up", flush=True)
jobs.run_one()
print("done", flush=True)
"""


def killed_worker(url, folder, longest):
    """A worker process of its own that is killed somewhere between its start and `longest` seconds; whether it was still at work."""
    worker = subprocess.Popen([sys.executable, "-c", WORKER, url, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "up\n"
    time.sleep(random.uniform(0.01, longest))
    worker.send_signal(signal.SIGKILL)
    return "done" not in worker.communicate()[0]


def taken_up_again(job):
    """Makes a dead worker's job due at once, as if its lease had ended, and runs it to its end."""
    JobWork.update(due_at=now()).where((JobWork.id == job) & JobWork.due_at.is_null(False)).execute()
    while jobs.run_one():
        continue


def planned(actor, prefix, count, school, policy):
    """A plan of new buildings whose codes begin with the prefix."""
    lines = [f"{prefix}{at:05d},{school},{prefix}号楼{at},教学楼,{100 + at}" for at in range(count)]
    text = "校舍编号,学校,建筑名称,建筑类别,建筑面积\r\n" + "\r\n".join(lines) + "\r\n"
    return imports.start(actor, "damaged_building", [("校舍.csv", text.encode("utf-8-sig"))], policy=policy, asks=False, now=True)


def live(prefix):
    """How many live rows there are of a prefix, and how many of them twice."""
    model = tables.model("damaged_building")
    rows = model.select(model.f_code, peewee.fn.COUNT(model.id)).where(model.f_code.startswith(prefix) & model.deleted_at.is_null())
    found = list(rows.group_by(model.f_code).tuples())
    return len(found), sum(count > 1 for _, count in found)


def kill_apply(url, folder, policy, prefix, school, *, count=2500, longest=1.5, actor=SYSTEM):
    """Kills an apply once, checks what stands, lets it go on, checks that it is whole; the import, and whether it was at work."""
    item = planned(actor, prefix, count, school, policy)
    imports.apply(actor, item.id)
    at_work = killed_worker(url, folder, longest)
    item = imports.get(actor, item.id)
    here = live(prefix)[0]
    assert here in ((0, count) if policy == "all" else (*(1000 * at for at in range(count // 1000 + 1)), count)), here
    assert noted(item) == here, "each row that stands is in the change set, and no other"
    taken_up_again(item.job)
    item = imports.get(actor, item.id)
    assert item.state == imports.APPLIED and live(prefix) == (count, 0) and noted(item) == item.changes == count
    return item, at_work


def noted(item):
    """How many records the import's change set says were made."""
    return Change.select().where(Change.change_set == item.change_set).count() if item.change_set else 0


def kill_undo(url, folder, item, prefix, *, count=2500, longest=1.5, actor=SYSTEM):
    """Kills an undo once: all is there or nothing; then it is finished."""
    imports.undo(actor, item.id)
    at_work = killed_worker(url, folder, longest)
    assert live(prefix) in ((0, 0), (count, 0))
    taken_up_again(imports.get(actor, item.id).job)
    item = imports.get(actor, item.id)
    assert item.state == imports.UNDONE and live(prefix) == (0, 0) and item.found["undone"]["count"] == count
    return at_work


def kill_plan(url, folder, prefix, school, *, count=2500, longest=1.5, actor=SYSTEM):
    """Kills the job that plans: nothing is written, and the plan is whole in the end."""
    text = planned(actor, prefix, count, school, "all")
    item = imports.answer(actor, text.id, mode="add")
    at_work = killed_worker(url, folder, longest)
    assert live(prefix) == (0, 0)
    taken_up_again(item.job)
    item = imports.get(actor, item.id)
    assert item.state == imports.PLANNED and item.counts["new"] == count
    return at_work


def pieces_of(job):
    return list(ExportPiece.select().where(ExportPiece.job_id == job))


def kill_export(url, folder, actor, *, longest=0.5):
    """Kills the job that makes a file: there is none, or all of it; in the end it is the file a direct export gives, once."""
    asked = query.parse("damaged_building", actor, [], action="export")
    job = downloads.ask(asked, actor, form="csv")
    at_work = killed_worker(url, folder, longest)
    # Asked at once: a server may still be writing down what the killed worker's last word was. The file comes just before the end.
    model = tables.model("job")
    both = model.select(model.f_state, ExportFile.size).join(ExportFile, peewee.JOIN.LEFT_OUTER, on=(ExportFile.id == model.id))
    state, size = both.where(model.id == job).tuples().get()
    assert state != jobs.DONE or size is not None
    assert size is None or size == sum(len(zlib.decompress(bytes(piece.data))) for piece in pieces_of(job))
    taken_up_again(job)
    file = downloads.fetch(actor, job)
    made, direct = b"".join(file.pieces), b"".join(exports.stream(asked, actor, "csv")[0])
    assert made == direct and len(made) == file.size
    numbers = [piece.number for piece in pieces_of(job)]
    assert len(numbers) == len(set(numbers)), "no piece twice"
    return at_work
