"""The database: one proxy, one way to connect, one way to write."""

import json
import logging
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase
from playhouse.pool import PooledPostgresqlDatabase

from models import routing
from models.beside import MANY, Writing, helpers
from models.checkpoints import Checkpoints
from models.errors import Unavailable, say
from models.routing import database
from models.turns import WriteQueue

log = logging.getLogger("taizhang.database")

# What SQLite raises when a statement that has begun to answer is cut off.
INTERRUPTED = apsw.InterruptError
_STEPS = 20_000  # of SQLite's machine, between two looks at the clock: less than a millisecond

# The WAL-reset bug of SQLite 3.7.0–3.51.2 can lose committed rows; these later branch releases carry the fix.
_FIXED_BRANCHES = {(3, 50): 7, (3, 44): 6}


class Base(peewee.Model):
    """A system table: plain peewee, in the one database."""

    class Meta:
        database = database
        legacy_table_names = False


class _Limit(threading.local):
    """How many seconds a statement of this thread may take (None: any), and on SQLite until when the present one may."""

    seconds = None
    until = None


_limit = _Limit()


class _Open(threading.local):
    """This thread's write transaction on SQLite: what a helper thread is still writing in it (write_beside), the tables from which it does
    (insert_beside), and the last numbers its new rows were given, by table; None outside of one.
    """

    writing = None
    parts = None
    numbers = None


_open = _Open()


def _is_over():
    return _limit.until is not None and time.monotonic() > _limit.until


class SqliteDatabase(APSWDatabase):
    """SQLite through apsw, which binds no dates by itself: peewee's own tables get them as ISO text. Who writes waits in a queue;
    between processes SQLite's own timeout does.
    """

    def __init__(self, path, **options):
        self._queue = WriteQueue()
        self._checkpoints = Checkpoints(path, self._queue, lambda *run: helpers.submit(*run))
        super().__init__(path, **options)

    def _connect(self):
        connection = super()._connect()
        connection.convert_binding = lambda cursor, at, value: str(value)
        connection.set_progress_handler(_is_over, _STEPS)
        connection.set_wal_hook(self._checkpoints.due)
        return connection

    def empty_log(self):
        """Brings the whole log into the file: no remains of what was there before."""
        self._checkpoints.whole(self.connection())

    def connection(self):
        self._settle()
        return super().connection()

    def cursor(self, *args, **options):
        self._settle()
        return super().cursor(*args, **options)

    def _settle(self):
        """Nobody uses a connection while a helper writes on it; what that failed with ends the next statement."""
        if _open.writing is not None:
            writing, _open.writing = _open.writing, None
            with peewee.__exception_wrapper__:
                writing.result()

    def _enter(self):
        if not self._queue.enter(self._timeout):
            raise peewee.OperationalError("database is locked: others were writing all the time")

    def begin(self, lock_type=None):
        self._enter()
        _limit.until = None  # who writes is not cut off half-way
        try:
            super().begin(lock_type)
        except BaseException:
            self._queue.leave()
            raise
        _open.numbers, _open.parts = {}, set()

    def commit(self):
        for part in _open.parts or ():
            self.execute_sql(f"DROP TABLE IF EXISTS temp.{part}")
        done = super().commit()
        _open.numbers = None
        self._queue.leave()
        return done

    def rollback(self):
        with suppress(peewee.DatabaseError):
            self._settle()
        try:
            return super().rollback()
        finally:
            _open.numbers = None
            self._queue.leave()

    def execute_sql(self, sql, params=None):
        writing = self.in_transaction()
        _limit.until = None if writing or _limit.seconds is None else time.monotonic() + _limit.seconds
        if writing or not sql.startswith(("INSERT", "UPDATE", "DELETE")):
            return super().execute_sql(sql, params)
        self._enter()
        try:
            return super().execute_sql(sql, params)
        finally:
            self._queue.leave()


class PostgresDatabase(PooledPostgresqlDatabase):
    """PostgreSQL with a pool. That it takes no writes now, as a standby does, is told as SQLite tells it."""

    def _connect(self):
        connection = super()._connect()
        if not hasattr(connection, "limit"):
            try:
                connection.execute("SET datestyle = ISO")
            except BaseException:
                self._close(connection, close_conn=True)  # else the pool would count it for ever
                raise
            connection.limit = None
        return connection

    def execute_sql(self, sql, params=None, **options):
        self.tell_limit()
        try:
            return super().execute_sql(sql, params, **options)
        except peewee.InternalError as error:
            if "read-only transaction" in str(error):
                raise peewee.OperationalError(*error.args) from error
            raise

    def tell_limit(self):
        """Each connection is told the limit of whoever uses it, when it is another than before."""
        connection = self.connection()
        if connection.limit != _limit.seconds and not self.in_transaction():
            with peewee.__exception_wrapper__:
                connection.execute(f"SET statement_timeout = {int((_limit.seconds or 0) * 1000)}")
            connection.limit = _limit.seconds


def wal_is_safe(version):
    """Whether this SQLite library may use WAL with several connections."""
    return version >= (3, 51, 3) or version[2] >= _FIXED_BRANCHES.get(version[:2], 10**6)


def sqlite_version():
    return tuple(int(part) for part in apsw.sqlite_lib_version().split(".")[:3])


def connect(url, *, wait_seconds=10, connections=20, replica=""):
    """Binds the proxy to `url` (postgresql://… with one or several hosts, or a file's path) and gives the database. `replica` is the address
    of a PostgreSQL that follows it, for reading.

    SQLite: WAL on a sound library, else the rollback journal; every transaction begins IMMEDIATE, in its turn; nobody waits more than
    `wait_seconds`.
    """
    if str(url).startswith(("postgresql://", "postgres://")):
        made = _postgres(url, connections)
    else:
        path = Path(str(url).removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        journal = "wal" if wal_is_safe(sqlite_version()) else "delete"
        pragmas = {
            "journal_mode": journal,
            "synchronous": "normal" if journal == "wal" else "full",
            "foreign_keys": 1,
            "cache_size": -24_000,
            "temp_store": 2,
            "secure_delete": 0,
        }
        made = SqliteDatabase(str(path), pragmas=pragmas, timeout=wait_seconds, lock_type="IMMEDIATE")
    database.initialize(made)
    database.replica = _postgres(replica, connections) if replica and is_postgres() else None
    return made


def _postgres(url, connections):
    _load_driver()
    # The driver reads the address itself: several hosts and target_session_attrs pass through unchanged.
    # No statement is prepared: a plan made for any value reads half a table where the value at hand is rare.
    return PostgresDatabase(
        str(url), prefer_psycopg3=True, max_connections=connections, stale_timeout=300, timeout=10, prepare_threshold=None
    )


def _load_driver():
    """Gives peewee PostgreSQL's driver, where it was kept from it as it was loaded (app.memory)."""
    if peewee.psycopg is None:
        import psycopg
        from psycopg.pq import TransactionStatus
        from psycopg.types.json import Json, Jsonb

        peewee.psycopg, peewee.TransactionStatus, peewee.Json_pg3, peewee.Jsonb_pg3 = psycopg, TransactionStatus, Json, Jsonb
        adapter = peewee.Psycopg3Adapter
        adapter.txn_idle, adapter.txn_inerror, adapter.txn_unknown = (
            TransactionStatus.IDLE, TransactionStatus.INERROR, TransactionStatus.UNKNOWN,
        )  # fmt: skip


def is_postgres():
    return isinstance(database.obj, peewee.PostgresqlDatabase)


def open_connection(seconds=None):
    """Opens this thread's connection where none is open. With `seconds` a statement that takes longer is cut off: OperationalError."""
    _limit.seconds = seconds
    routing.allow(None)
    database.connect(reuse_if_open=True)


@contextmanager
def within(seconds):
    """Statements inside that take longer are cut off; the limit in force stays where it is lower."""
    before = _limit.seconds
    _limit.seconds = seconds if before is None else min(seconds, before)
    try:
        yield
    finally:
        _limit.seconds = before


def release_connection():
    """Ends a request: PostgreSQL's connection goes back to the pool; SQLite's stays with the thread, its transaction ended."""
    routing.release()
    if is_postgres():
        if not database.is_closed():
            database.close()
    elif not database.is_closed() and database.in_transaction():
        database.rollback()


def alone(name):
    """From here to the end of the transaction nobody else is past the same call: for checks of what several rows make together.

    SQLite writes one transaction at a time anyway.
    """
    if is_postgres():
        database.execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))


def one_of(column, values):
    """`column IN (values)` with one parameter however many there are: values as the database keeps them, numbers or texts."""
    if is_postgres():
        return column == peewee.fn.ANY(peewee.Value(list(values), converter=False, unpack=False))
    return column.in_(peewee.SQL("(SELECT value FROM json_each(?))", (json.dumps(list(values)),)))


def rows_while(sql, values, meanwhile=None):
    """(the rows of a query as the driver gives them, what `meanwhile()` gave): that runs here while the database reads. PostgreSQL sends
    its values in their own form: bytes as they are.
    """
    if is_postgres():
        database.obj.tell_limit()
    until = None if _limit.seconds is None else time.monotonic() + _limit.seconds
    connection, asking = database.connection(), threading.Event()

    def fetch():
        asking.set()
        _limit.until = until
        cursor = connection.cursor(binary=True) if is_postgres() else connection.cursor()
        return cursor.execute(sql, values).fetchall()

    if meanwhile is None:
        with peewee.__exception_wrapper__:
            return fetch(), None
    fetching = helpers.submit(fetch)
    asking.wait()  # else this thread, busy at once, would keep the other from asking for some milliseconds
    try:
        made = meanwhile()
    finally:
        with peewee.__exception_wrapper__:
            rows = fetching.result()  # nobody else uses the connection before it has answered
    return rows, made


def execute_many(sql, rows):
    """One statement for many rows; taken keys and a full disk are told by peewee's errors, as everywhere."""
    with peewee.__exception_wrapper__:
        database.cursor().executemany(sql, rows)


def numbers_given():
    """{table: the last number a new row of it got, (table, field id): the number up to which made codes are nobody's} in this thread's write
    transaction on SQLite, where nobody else writes meanwhile.
    """
    return {} if _open.numbers is None else _open.numbers


def has_helper(count):
    """Whether so many rows are worth being written beside; PostgreSQL takes them in its turn."""
    return count >= MANY and not is_postgres()


def write_beside(sql, values=()):
    """One statement that a helper thread executes on SQLite while this thread goes on with what needs no database: the next statement
    waits for it, and fails if this one did; another one beside is executed after it. Within a transaction only.
    """
    if _open.writing is None or not _open.writing.goes_on_with(sql, values):
        _open.writing = Writing(database.connection(), _undisturbed, sql, values)


@contextmanager
def _undisturbed(connection):
    """Who writes is not cut off half-way, and in a helper each look at the clock would wait for the other thread."""
    connection.set_progress_handler(None)
    try:
        yield
    finally:
        connection.set_progress_handler(_is_over, _STEPS)


def insert_beside(table, columns):
    """New rows, {column: values}, as write_beside: SQLite takes them into a table without an index, which is soon done, and a helper puts them
    from there into theirs.
    """
    if _would_be_given(table, columns.get("id")):
        # A statement that may fail at a row's own number keeps copies of all it changes.
        columns = {name: values for name, values in columns.items() if name != "id"}
    part, names = f"part_{len(columns)}", ", ".join(f"c{at}" for at in range(len(columns)))
    database.execute_sql(f"CREATE TEMP TABLE IF NOT EXISTS {part} ({names})")
    database.execute_sql(f"DELETE FROM temp.{part}")
    _open.parts.add(part)
    marks, named = ", ".join("?" * len(columns)), ", ".join(f'"{name}"' for name in columns)
    # OR FAIL for the same reason: where one row fails, the transaction or its savepoint is taken back anyway.
    execute_many(f"INSERT INTO temp.{part} VALUES ({marks})", list(zip(*columns.values(), strict=True)))
    write_beside(f'INSERT OR FAIL INTO "{table}" ({named}) SELECT {names} FROM temp.{part} ORDER BY rowid')


def _would_be_given(table, ids):
    """Whether SQLite by itself would give new rows these numbers: those after the last."""
    if ids is None:
        return False
    last = database.execute_sql(f'SELECT MAX(id) FROM "{table}"').fetchone()[0] or 0
    return list(ids) == list(range(last + 1, last + 1 + len(ids)))


def is_cut_off(error):
    """Whether a statement was ended because it took too long."""
    text = str(error).lower()
    return isinstance(error, INTERRUPTED) or "interrupt" in text or "statement timeout" in text


@contextmanager
def atomic():
    """One write transaction, IMMEDIATE on SQLite; a savepoint inside another. Busy, full and read-only become Unavailable."""
    try:
        with database.atomic():
            yield
    except peewee.OperationalError as error:
        raise unavailable(error) from error


def unavailable(error):
    """What a database that cannot write, or not answer in time, says to a clerk; the cause goes to the log."""
    log.warning("database cannot serve: %s", error)
    text = str(error).lower()
    if is_cut_off(error):
        return Unavailable(say("这样查太慢，已经停下，什么都没有改。请先选区县或学校，加一个筛选条件，或换一列排序，再试一次。"))
    if "full" in text or "no space" in text:
        return Unavailable(say("磁盘已满，没有保存。您填写的内容还在，请联系管理员清理空间后再点保存。"))
    if "readonly" in text or "read-only" in text:
        return Unavailable(say("数据库现在只能读，没有保存。您填写的内容还在，请联系管理员。"))
    if "locked" in text or "busy" in text:
        return Unavailable(say("系统正忙，没有保存。您填写的内容还在，请稍后再点保存。"))
    return Unavailable(say("数据库暂时连不上，没有保存。您填写的内容还在，请稍后再点保存。"))
