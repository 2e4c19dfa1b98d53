"""Whose turn it is to write on SQLite."""

import threading
from collections import deque


class WriteQueue:
    """Whose turn it is to write, among the threads of this process: first come, first served.

    SQLite lets one write at a time and has the others try again by chance; under load some would never get their turn.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting = deque()
        self._holder = None

    def enter(self, seconds):
        """Waits for this thread's turn; False when it does not come in time."""
        me = threading.get_ident()
        with self._lock:
            if self._holder in (None, me):
                self._holder = me
                return True
            turn = (me, threading.Event())
            self._waiting.append(turn)
        if turn[1].wait(seconds):
            return True
        with self._lock:
            if not turn[1].is_set():
                self._waiting.remove(turn)
            return turn[1].is_set()

    def leave(self):
        """Hands the turn on, if it is this thread's."""
        with self._lock:
            if self._holder == threading.get_ident():
                self._holder = None
                if self._waiting:
                    self._holder, turn = self._waiting.popleft()
                    turn.set()
