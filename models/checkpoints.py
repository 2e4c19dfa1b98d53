"""What SQLite has written to its log is brought into the file by a helper: who has just saved a great deal does not wait for it."""

import logging
import threading

import apsw

log = logging.getLogger("taizhang.database")

# After how many new pages in the log: SQLite's own measure.
_PAGES = 1_000
# From how many pages in the log on it is begun anew, for which the writers wait.
_MOST = 3_000
# How long the helper waits for its turn among the writers.
_SECONDS = 10


class Checkpoints:
    """The checkpoints of one database file, one at a time, while others write on. Where so much is written that the log would grow and
    grow, the rest is brought in during a turn among the writers.
    """

    def __init__(self, path, queue, submit):
        self._path, self._queue, self._submit = path, queue, submit
        self._under_way, self._brought = threading.Lock(), 0

    def due(self, connection, name, pages):
        """SQLite's hook after a commit, with the pages in the log."""
        if pages < self._brought:  # it has begun anew
            self._brought = 0
        if pages >= self._brought + _PAGES and self._under_way.acquire(blocking=False):
            self._brought = pages
            self._submit(self._run, pages)
        return apsw.SQLITE_OK

    def _run(self, pages):
        try:
            # Of its own, and never a new file where the database has gone.
            connection = apsw.Connection(self._path, flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                connection.execute("PRAGMA user_version").fetchall()  # before the first page is read it knows of no log
                connection.wal_checkpoint()
                # What was written meanwhile; with nobody writing on, the next one begins the log anew.
                if pages >= _MOST and self._queue.enter(_SECONDS):
                    try:
                        connection.wal_checkpoint()
                    finally:
                        self._queue.leave()
            finally:
                connection.close()
        except apsw.Error as error:
            log.info("the log of %s is brought in later: %s", self._path, error)
        finally:
            self._under_way.release()

    def whole(self, connection):
        """Brings all of the log in and empties it, after a checkpoint that is under way."""
        with self._under_way:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
