"""Which database a thread asks: the one that takes writes, or for a while its replica.

What people look at may be read from a replica; what is saved, checked and decided is asked of the primary. A replica lags: who has just
saved carries a mark of that moment, and reads there only once the replica has come so far.
"""

import logging
import threading
from functools import wraps

import peewee
from playhouse.pool import MaxConnectionsExceeded

log = logging.getLogger("taizhang.database")


class _Route(threading.local):
    """Of one thread: the replica while it is asked, the mark it must have (None: only the primary is asked), whether it has."""

    database = None
    mark = None
    checked = False


_route = _Route()


class Routed(peewee.DatabaseProxy):
    """The proxy all tables are bound to: to most the primary, to a thread that reads elsewhere the replica."""

    __setattr__ = object.__setattr__
    primary = replica = None

    @property
    def obj(self):
        return _route.database or self.primary

    @obj.setter
    def obj(self, made):
        self.primary = made


database = Routed()


def allow(mark):
    """From here on this thread reads from the replica what elsewhere() marks; `mark` is write_mark()'s of what it must see, "" for any
    state. None: only from the primary.
    """
    _route.mark, _route.checked = mark, False


def write_mark():
    """A mark of all that has been saved so far; "" where there is no replica."""
    return database.execute_sql("SELECT pg_current_wal_lsn()::text").fetchone()[0] if database.replica else ""


def elsewhere(read):
    """A reading function, asked of the replica where that is allowed and the replica has come far enough."""

    @wraps(read)
    def asked(*args, **named):
        replica = database.replica
        if (
            replica is None
            or _route.mark is None
            or _route.database is not None
            or database.in_transaction()
            or not _ready(replica)
        ):
            return read(*args, **named)
        _route.database = replica
        try:
            return read(*args, **named)
        finally:
            _route.database = None

    return asked


def carry(chunks):
    """What a generator reads, read where this thread may read now, also after its request has ended: for streams."""
    return _carried(chunks, _route.mark)


def _carried(chunks, mark):
    allow(mark)
    yield from chunks


def release():
    """Gives the thread's connection to the replica back."""
    allow(None)
    if database.replica is not None and not database.replica.is_closed():
        database.replica.close()


def _ready(replica):
    """Whether the replica answers and has what the thread must see. One that does not is not asked again by this request."""
    if _route.checked:
        return True
    try:
        replica.connect(reuse_if_open=True)
        far = "SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= %s::pg_lsn"
        _route.checked = bool(replica.execute_sql(far, (_route.mark or "0/0",)).fetchone()[0])
    except (peewee.OperationalError, peewee.InterfaceError, MaxConnectionsExceeded) as error:
        log.warning("the replica is away: %s", error)
    if not _route.checked:
        _route.mark = None
    return _route.checked
