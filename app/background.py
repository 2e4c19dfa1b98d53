"""The worker beside the requests: a thread of each server process, or a process of its own; the same code (services.jobs).

Between jobs it clears what is over (services.clearing).
"""

import atexit
import signal
import threading

from services import clearing, imports, jobs

GRACE_SECONDS = 25
# A worker runs the kinds of jobs that are registered by importing them.
assert set(jobs.KINDS) >= imports.KINDS
_stop = threading.Event()


def start(settings):
    """Starts this process's worker thread where jobs are done inside; it ends with the process."""
    if settings.jobs != "inside":
        return
    thread = threading.Thread(target=jobs.work_forever, args=(_stop, clearing.Rounds()), name="jobs", daemon=True)
    thread.start()
    atexit.register(_end, thread)


def _end(thread):
    """A running job goes back to wait at its next step; the next process takes it up."""
    _stop.set()
    thread.join(GRACE_SECONDS)


def work():
    """Does jobs in this process until SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    jobs.work_forever(stop, clearing.Rounds())
