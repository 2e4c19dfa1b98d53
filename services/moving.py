"""Moving a whole database to another one, SQLite to PostgreSQL or back, compared row by row before it counts.

Everything happens in one transaction of the target: a move that is killed, or finds one row that differs, leaves it empty.
"""

import hashlib
import importlib
import pkgutil
from contextlib import contextmanager

import peewee

import models
from models import base, definitions, registry, tables, totals
from models.base import Base
from models.errors import AppError, say
from services import backups, writer

# How far this database's tables are, and numbers that are counted again when they are asked for.
MADE_ANEW = (tables.SchemaState, *totals.TABLES)
BATCH = 2000


class NotMoved(AppError):
    """The move did not happen; the target is as it was."""

    status = 500


def move(target, told=None):
    """Copies the database in use to an empty one at `target` (a URL or a file's path); gives [(table, rows, SHA-256)].

    The sum is over the rows' values as the app reads them. The search index is made anew. NotMoved for a target that is not
    empty, and where a row does not read back as it was. The database in use stays the one in use.
    """
    source = base.database.obj
    goal = base.connect(target)
    try:
        base.open_connection()
        if not backups.empty():
            raise NotMoved(say("目标数据库不是空的，请换一个空的。"))
        with _frozen(source), goal.atomic():
            return _copied(source, goal, told or (lambda *_: None))
    except peewee.DatabaseError as error:
        raise NotMoved(say("搬迁没有完成，目标数据库没有改动：{cause}。", cause=str(error).splitlines()[0][:200])) from error
    finally:
        if not goal.is_closed():
            goal.close()
        base.database.initialize(source)
        definitions.refresh()


@contextmanager
def _frozen(source):
    """What others write to the source meanwhile is not seen: every table is of one moment."""
    postgres = isinstance(source, peewee.PostgresqlDatabase)
    cursor = source.cursor()
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if postgres else "BEGIN")
    try:
        yield
    finally:
        cursor.execute("ROLLBACK")


def _copied(source, goal, told):
    tables.migrate()
    # What was published in the browser comes first: it says which tables there are.
    done = [_copy(model, source, goal, told) for model in definitions.TABLES]
    definitions.refresh()
    own = _registers()
    for register in own:
        tables.sync(register)
    kept = [model for model in _kept() if model not in definitions.TABLES]
    done += [_copy(model, source, goal, told) for model in (*map(tables.model_of, own), *kept)]
    missing = _missed(source, {name for name, *_ in done})
    if missing:
        raise NotMoved(say("搬迁没有完成：不认识表 {names}。", names=tuple(sorted(missing))))
    for register in own:
        if register.name in registry.current():
            _index(register)
    return done


def _registers():
    """Every register with a table: those in use, and those put out of use with their rows."""
    retired = definitions.Definition.select().where(definitions.Definition.retired == True)
    found = [definitions.register_of(row.register, row.published) for row in retired if row.published]
    return (*registry.all(), *(register for register in found if register is not None))


def _kept():
    """The app's own tables beside the registers', but for what tells how far this database's tables are."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"models.{module.name}")
    found, waiting = [], list(Base.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model not in MADE_ANEW:
            found.append(model)
    return sorted(found, key=lambda model: model._meta.table_name)


def _missed(source, copied):
    """Tables of the source that were not copied though they hold what nothing else tells."""
    made_anew = {*(model._meta.table_name for model in MADE_ANEW), "schema_migration"}
    names = (name for name in source.get_tables() if not name.startswith(("s_", "sqlite_")))
    return {name for name in names if name not in copied and name not in made_anew and not _is_index(name, copied)}


def _is_index(name, copied):
    """Whether a table belongs to a register's search index."""
    return any(name.startswith(tables.search_table(one.removeprefix("r_"))) for one in copied if one.startswith("r_"))


def _copy(model, source, goal, told):
    """Copies one table and reads it back; (table, rows, sum)."""
    name, names = model._meta.table_name, [field.name for field in model._meta.sorted_fields]
    count = 0
    if not source.table_exists(name):
        return name, 0, ""
    for rows in _batches(model, source):
        tables.insert_columns(model, names, list(zip(*rows, strict=True)))
        count += len(rows)
        told(name, count)
    if isinstance(goal, peewee.PostgresqlDatabase) and isinstance(model._meta.primary_key, peewee.AutoField):
        _count_on(goal, name, model._meta.primary_key.column_name)
    before, after = _sum(model, source), _sum(model, goal)
    if before != after:
        raise NotMoved(say("搬迁没有完成：表 {name} 核对不一致。", name=name))
    return name, count, after


def _batches(model, database):
    """The rows of a table, in the order of its key, some thousand at a time."""
    key = model._meta.primary_key
    at = [field.name for field in model._meta.sorted_fields].index(key.name)
    last = None
    while True:
        asked = model.select().order_by(key).limit(BATCH)
        rows = list((asked if last is None else asked.where(key > last)).tuples().execute(database))
        if not rows:
            return
        yield rows
        last = rows[-1][at]


def _sum(model, database):
    found = hashlib.sha256()
    for rows in _batches(model, database):
        for row in rows:
            found.update(repr([bytes(value) if isinstance(value, (memoryview, bytearray)) else value for value in row]).encode())
    return found.hexdigest()


def _count_on(goal, name, key):
    """New rows get numbers after those that came along."""
    goal.execute_sql(
        f"""SELECT setval(pg_get_serial_sequence('"{name}"', '{key}'), COALESCE(MAX("{key}"), 1), MAX("{key}") IS NOT NULL) FROM "{name}\""""
    )


def _index(register):
    model, last = tables.model_of(register), 0
    while True:
        ids = [id for (id,) in model.select(model.id).where(model.id > last).order_by(model.id).limit(BATCH).tuples()]
        if not ids:
            return
        writer.reindex(register, ids)
        last = ids[-1]
