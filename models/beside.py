"""What helper threads do for others: on SQLite they execute statements in the transaction of a thread that meanwhile goes on."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor

# From how many rows on it is worth a helper.
MANY = 200
# The threads that wait for the database meanwhile. Kept, because each new one would hold memory of its own.
helpers = ThreadPoolExecutor(32, thread_name_prefix="reading")


class Writing:
    """Statements that a helper executes one after the other on a connection; `undisturbed(connection)` is the context it does so in.

    `result()` waits for all of them and raises what one failed with: those after it are not executed.
    """

    def __init__(self, connection, undisturbed, sql, values):
        self._connection, self._undisturbed = connection, undisturbed
        self._waiting, self._lock = deque([(sql, values)]), threading.Lock()
        asking = threading.Event()
        self.result = helpers.submit(self._run, asking).result
        asking.wait()  # else this thread, busy at once, would keep the other from asking for some milliseconds

    def goes_on_with(self, sql, values):
        """Hands one more over; False where the helper has ended."""
        with self._lock:
            if self._waiting:
                self._waiting.append((sql, values))
            return bool(self._waiting)

    def _run(self, asking):
        with self._undisturbed(self._connection):
            asking.set()
            try:
                # What is being executed stays in the queue, so that what comes meanwhile is next.
                while self._waiting:
                    self._connection.cursor().execute(*self._waiting[0])
                    with self._lock:
                        self._waiting.popleft()
            finally:
                with self._lock:
                    self._waiting.clear()
