"""Clearing on the worker's rounds: old plans, files and jobs go, of every owner; nothing younger, and nothing that can be taken back."""

import threading
from datetime import timedelta

import pytest

import config
from models import base, tables
from models.imports import File, Plan
from models.jobs import JobWork
from models.values import now
from services import clearing, imports, jobs
from services.actor import SYSTEM
from tests.services.test_imports import HEAD, applied, planned

TEXT = HEAD + "CL1,青禾一中学,甲楼,教学楼,10\r\n"


def aged(item, days):
    Plan.update(changed_at=now() - timedelta(days=days)).where(Plan.id == item.id).execute()


@pytest.fixture
def people(city):
    return city.actor("district_a"), city.actor("district_b")


def test_plans_nobody_applied_go_after_a_week_whoever_they_are_of(people):
    old, young = [planned(person, TEXT) for person in people]
    aged(old, 8)
    aged(young, 6)
    assert clearing.clear() == {"plans": 1, "files": 0, "jobs": 0}
    assert [plan.id for plan in Plan.select()] == [young.id]
    assert [file.plan for file in File.select()] == [young.id]
    assert clearing.clear() == {"plans": 0, "files": 0, "jobs": 0}


def test_an_applied_import_stays_and_its_files_go_after_three_months(people):
    item = applied(people[0], planned(people[0], TEXT))
    assert item.state == imports.APPLIED
    aged(item, 89)
    assert clearing.clear()["files"] == 0
    aged(item, 91)
    assert clearing.clear() == {"plans": 0, "files": 1, "jobs": 0}
    assert imports.get(people[0], item.id).counts == item.counts


def test_a_plan_that_is_partly_written_can_still_be_taken_back(people):
    item = planned(people[0], TEXT)
    Plan.update(position=1).where(Plan.id == item.id).execute()
    aged(item, 400)
    assert clearing.clear()["plans"] == 0


def test_jobs_that_ended_long_ago_go_and_their_import_is_shown_without(people):
    item, other = [planned(person, TEXT) for person in people]
    job = tables.model("job")
    job.update(f_ended_at=now() - timedelta(days=731)).where(job.id == item.job).execute()
    waiting = jobs.enqueue(SYSTEM, "import_plan", {"import": item.id})
    job.update(f_at=now() - timedelta(days=731)).where(job.id == waiting).execute()
    assert clearing.clear() == {"plans": 0, "files": 0, "jobs": 1}
    assert {one.id for one in job.select()} == {other.job, waiting} == {one.id for one in JobWork.select()}
    assert imports.progress(people[0], item.id) is None
    assert imports.progress(people[1], other.id).id == other.job


def test_the_days_are_settings(people, settings, tmp_path):
    item = planned(people[0], TEXT)
    aged(item, 2)
    config.activate(config.load({"TAIZHANG_IMPORT_PLAN_DAYS": "1", "TAIZHANG_DATA_DIR": str(tmp_path)}))
    assert clearing.clear()["plans"] == 1


def test_a_worker_clears_at_once_and_then_once_in_a_while(people):
    rounds, stop, left = clearing.Rounds(), threading.Event(), []

    def between():
        """Before each job there is an old plan; a round is due or not."""
        aged(imports.start(people[0], "damaged_building", [("校舍.csv", TEXT.encode())]), 8)
        rounds()
        left.append(Plan.select().count())
        if len(left) == 2:
            stop.set()

    jobs.work_forever(stop, between)
    base.open_connection()
    assert left == [0, 1]
