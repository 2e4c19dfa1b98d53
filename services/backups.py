"""Backups: a whole, verified copy of the database while others write, and putting it back."""

import os
import shutil
import subprocess
from pathlib import Path

import apsw

import config
from models import base, tables
from models.errors import AppError, say
from models.values import now

_NEEDED = ("schema_state", "r_account")


class BackupFailed(AppError):
    """The backup or its restoring did not happen; nothing was changed."""

    status = 500


def backup(target):
    """Writes the database to a new file: SQLite by its online backup API and read back, PostgreSQL by pg_dump."""
    target = Path(target)
    if target.exists():
        raise BackupFailed(say("{path} 已经存在，请换一个文件名。", path=target))
    draft = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear(draft)  # one that was killed may have left its own
        if base.is_postgres():
            _run("pg_dump", "--no-owner", "--format=custom", f"--file={draft}", config.active().database_url)
        else:
            _copy(_path(), draft, "PRAGMA journal_mode = DELETE")
            verify(draft)
        draft.chmod(0o600)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.rename(target)
    except (OSError, apsw.Error) as error:
        raise BackupFailed(say("备份没有完成：{cause}。", cause=error)) from error
    finally:
        _clear(draft)


def _clear(draft):
    for ending in ("", "-journal", "-wal", "-shm"):
        draft.with_name(f"{draft.name}{ending}").unlink(missing_ok=True)


def restore(source, overwrite=False):
    """Replaces the database by a backup. Over a database that is not empty only when told so; that one is backed up first."""
    source = Path(source)
    if not source.is_file():
        raise BackupFailed(say("没有找到备份文件 {path}。", path=source))
    if not overwrite and not empty():
        raise BackupFailed(say("现在的数据库不是空的。确认要用备份替换它，请加 --overwrite；替换前会先自动备份。"))
    if base.is_postgres():
        _run(
            "pg_restore", "--clean", "--if-exists", "--single-transaction", f"--dbname={config.active().database_url}", str(source)
        )
        return
    verify(source)
    if not empty():
        backup(automatic("before-restore"))
    base.database.close()
    try:
        _copy(source, _path())
    except apsw.Error as error:
        raise BackupFailed(say("恢复没有完成：{cause}。", cause=error)) from error


def migrate():
    """Brings the database to this version; a database with data in it is backed up first."""
    if not tables.pending():
        return
    if not empty() and not base.is_postgres():
        backup(automatic("before-migrate"))
    tables.migrate()


def empty():
    """Whether the database has never been set up."""
    return not base.database.table_exists(_NEEDED[0])


def verify(path):
    """Raises BackupFailed unless the file is a sound SQLite database of ours."""
    try:
        copy = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            names = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            copy.close()
    except apsw.Error as error:
        raise BackupFailed(say("{path} 不是可用的数据库备份。", path=path)) from error
    if not sound or not set(_NEEDED) <= names:
        raise BackupFailed(say("{path} 不是可用的数据库备份。", path=path))


def automatic(reason):
    """Where a backup goes that nobody asked for by name."""
    return Path(config.active().data_dir) / "backups" / f"{reason}-{now():%Y%m%d-%H%M%S-%f}.sqlite3"


def _path():
    return config.active().database_url.removeprefix("sqlite:///")


def _copy(source, target, then=""):
    """Page by page through SQLite itself; what others write meanwhile is in the copy whole or not at all.

    A backup ends in the mode in which it is one single file.
    """
    origin, copy = apsw.Connection(str(source)), apsw.Connection(str(target))
    try:
        for connection in (origin, copy):
            connection.set_busy_timeout(10_000)
        with copy.backup("main", origin, "main") as work:
            while not work.done:
                work.step(-1)
        copy.execute(then)
    finally:
        copy.close()
        origin.close()


def _run(program, *arguments):
    found = shutil.which(program)
    if not found:
        raise BackupFailed(say("没有找到 {program}，请安装 PostgreSQL 客户端。", program=program))
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupFailed(say("{program} 没有完成：{cause}", program=program, cause=(done.stderr.strip() or "?").splitlines()[-1]))
