"""Whether the app can do its work: the database answers, is up to date, and has room."""

import shutil
from dataclasses import dataclass

import peewee
from playhouse.pool import MaxConnectionsExceeded

import config
from models import base, tables

unavailable = base.unavailable
# What is raised when the database cannot take a question, or is cut off over one.
CANNOT_SERVE = (peewee.OperationalError, peewee.InterfaceError, MaxConnectionsExceeded, base.INTERRUPTED)


@dataclass(frozen=True)
class Health:
    """`ready` to take requests; `problems` are short codes, some of them warnings."""

    ready: bool
    database: str
    journal: str
    problems: tuple


def check():
    """The state of the database and the disk."""
    try:
        base.open_connection()
        base.database.execute_sql("SELECT 1")
        pending = tables.pending()
        journal = _journal()
    except peewee.DatabaseError:
        return Health(False, _kind(), "", ("database_away",))
    problems = ("migration_pending",) if pending else ()
    if journal and journal != "wal":
        problems += ("rollback_journal",)
    if free_share() < 0.1:
        problems += ("disk_low",)
    return Health(not pending, _kind(), journal, problems)


def free_share():
    """How much of the data directory's disk is free, 0 to 1."""
    usage = shutil.disk_usage(config.active().data_dir)
    return usage.free / usage.total


def _kind():
    return "postgresql" if base.is_postgres() else "sqlite"


def _journal():
    return "" if base.is_postgres() else base.database.execute_sql("PRAGMA journal_mode").fetchone()[0]
