"""What SQLite has written to its log is brought into the file by a helper: who has just saved a great deal does not wait for it."""

import logging
import threading

import apsw

log = logging.getLogger("taizhang.database")

# From how many pages in the log on: SQLite's own measure.
_PAGES = 1_000
# How long the helper waits for its turn among the writers.
_SECONDS = 10


class Checkpoints:
    """The checkpoints of one database file, one at a time: most of it while others write on, the rest in a turn among the writers, so that
    the log does not grow however many write.
    """

    def __init__(self, path, queue, submit):
        self._path, self._queue, self._submit = path, queue, submit
        self._under_way = threading.Lock()

    def due(self, connection, name, pages):
        """SQLite's hook after a commit, with the pages in the log."""
        if pages >= _PAGES and self._under_way.acquire(blocking=False):
            self._submit(self._run)
        return apsw.SQLITE_OK

    def _run(self):
        try:
            # Of its own, and never a new file where the database has gone.
            connection = apsw.Connection(self._path, flags=apsw.SQLITE_OPEN_READWRITE)
            try:
                connection.execute("PRAGMA user_version").fetchall()  # before the first page is read it knows of no log
                connection.wal_checkpoint()
                # What was written meanwhile; with nobody writing on, the next one begins the log anew.
                if self._queue.enter(_SECONDS):
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
