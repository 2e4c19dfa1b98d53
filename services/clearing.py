"""What is over is cleared on a timer: plans nobody applied, the files of old imports and of exports, jobs that ended long ago."""

import time
from datetime import timedelta

import config
from models import totals
from models.values import now
from services import deliveries, downloads, imports, jobs, usage


def clear():
    """Clears what is past its time by the settings; gives {"plans", "files", "jobs": how many}. Done twice it does nothing more."""
    settings, moment = config.active(), now()
    plans = imports.clear_plans(moment - timedelta(days=settings.import_plan_days))
    files = imports.clear_files(moment - timedelta(days=settings.import_file_days))
    ended = jobs.clear_ended(moment - timedelta(days=settings.job_days))
    imports.let_go_of_jobs()
    deliveries.clear_old(moment - timedelta(days=settings.job_days))
    downloads.clear_old()
    totals.fold()
    usage.clear_old()
    return {"plans": plans, "files": files, "jobs": ended}


class Rounds:
    """Clears at the first call, and then once in the minutes the settings say, however often it is called."""

    def __init__(self):
        self._next = time.monotonic()

    def __call__(self):
        if time.monotonic() >= self._next:
            # The next time is set first: a round that fails must not be tried again before every job.
            self._next = time.monotonic() + 60 * config.active().clear_minutes
            clear()
