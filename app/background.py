"""The worker beside the requests: a thread of each server process, or a process of its own; the same code (services.jobs).

Between jobs it clears what is over (services.clearing).
"""

import atexit
import signal
import threading

from services import clearing, deliveries, imports, jobs, usage

GRACE_SECONDS = 25
# A worker runs the kinds of jobs that are registered by importing them.
assert set(jobs.KINDS) >= imports.KINDS
_stop = threading.Event()


def start(settings):
    """Starts the threads of a process that serves: one that writes down what lists are asked for and, where jobs are done inside, the
    worker and the teller. They end with the process.
    """
    threads = [threading.Thread(target=usage.write_forever, args=(_stop,), name="usage", daemon=True)]
    if settings.jobs == "inside":
        threads.append(threading.Thread(target=jobs.work_forever, args=(_stop, clearing.Rounds()), name="jobs", daemon=True))
        threads.append(_teller(_stop))
    for thread in threads:
        thread.start()
    atexit.register(_end, threads)


def _teller(stop):
    """The thread that tells subscribers: a slow one keeps no job waiting."""
    return threading.Thread(target=deliveries.work_forever, args=(stop,), name="deliveries", daemon=True)


def _end(threads):
    """A running job goes back to wait at its next step; the next process takes it up."""
    _stop.set()
    for thread in threads:
        thread.join(GRACE_SECONDS)


def work():
    """Does jobs in this process until SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.set())
    teller = _teller(stop)
    teller.start()
    jobs.work_forever(stop, clearing.Rounds())
    teller.join(GRACE_SECONDS)
