"""Numbers that are kept up to date: how many live rows a register has, and what a field of them adds up to, per school and district and
up to two more fields. Whoever groups by these reads some thousand lines instead of every row.

The database keeps them itself, by triggers in the transaction that changes the rows, so no way of writing can leave them behind. SQLite,
where one writes at a time, counts in the lines; PostgreSQL only adds lines, so that nobody waits for another's, and folds them in time.
"""

from contextlib import suppress

import peewee

from models.base import Base, database, is_postgres
from models.values import today

PART = 10**9
MOST = 6
_TABLE = "total_line"
_LINE = ("kept_id", "key", "district_id", "school_id", "first", "second", "number", "high", "low", "known")


class Kept(Base):
    """One way of grouping that is kept: `fields` are ids, joined by commas, `summed` an id or "". `used_on` tells which may go."""

    register = peewee.TextField(index=True)
    fields = peewee.TextField()
    summed = peewee.TextField()
    used_on = peewee.TextField()

    class Meta:
        table_name = "kept_total"


class Line(Base):
    """Rows of one group of one school: their number, their sum in whole PARTs (`high`) and the rest (`low`), how many have a value
    (`known`). A group's lines are added up; `first` and `second` are the values of the grouping fields, as text.
    """

    kept_id = peewee.BigIntegerField()
    key = peewee.TextField()
    district_id = peewee.BigIntegerField(null=True)
    school_id = peewee.BigIntegerField(null=True)
    first = peewee.TextField(null=True)
    second = peewee.TextField(null=True)
    number = peewee.BigIntegerField()
    high = peewee.BigIntegerField()
    low = peewee.BigIntegerField()
    known = peewee.BigIntegerField()

    class Meta:
        table_name = _TABLE


TABLES = (Kept, Line)


def find(register, fields, summed=""):
    """What is kept of a register (its name) for these fields and this sum (ids), or None. Notes the day it was asked for."""
    kept = Kept.get_or_none((Kept.register == register) & (Kept.fields == ",".join(fields)) & (Kept.summed == summed))
    if kept is not None and kept.used_on != str(today()):
        with suppress(peewee.OperationalError, peewee.InterfaceError):  # read-only, busy or away: noted the next time
            Kept.update(used_on=str(today())).where(Kept.id == kept.id).execute(database.primary)  # also where a replica is read
    return kept


def keep(register, fields, summed=""):
    """Begins to keep these numbers; of too many those go that were not asked for longest. In a transaction: who writes rows waits."""
    if is_postgres():
        # Whoever is writing ends first, and who comes later finds the triggers.
        database.execute_sql(f'LOCK TABLE "r_{register}" IN SHARE ROW EXCLUSIVE MODE')
    if find(register, fields, summed) is not None:
        return
    there = list(Kept.select().where(Kept.register == register).order_by(Kept.used_on.desc(), Kept.id.desc()))
    for kept in there[MOST - 1 :]:
        _drop(kept)
    kept = Kept.create(register=register, fields=",".join(fields), summed=summed, used_on=str(today()))
    columns = [f"f_{id}" for id in fields]
    _fill(kept, columns)
    for sql in (_triggers_of_postgres if is_postgres() else _triggers_of_sqlite)(kept, columns):
        database.execute_sql(sql)


def drop(register):
    """Ends what is kept of a register whose fields change. It is kept again when it is asked for again."""
    if database.table_exists(Kept._meta.table_name):
        for kept in Kept.select().where(Kept.register == register):
            _drop(kept)


def fold():
    """Adds up the lines that PostgreSQL's triggers put down one after another."""
    if not is_postgres():
        return
    summed = ", ".join(f"SUM({name})" for name in _LINE[6:])
    for kept in Kept.select():
        if (
            Line.select().where(Line.kept_id == kept.id).count()
            > 2 * Line.select(Line.key).where(Line.kept_id == kept.id).distinct().count()
        ):
            database.execute_sql(
                f"WITH gone AS (DELETE FROM {_TABLE} WHERE kept_id = {kept.id} RETURNING *) "
                f"INSERT INTO {_TABLE} ({', '.join(_LINE)}) SELECT {', '.join(_LINE[:6])}, {summed} FROM gone "
                f"GROUP BY {', '.join(_LINE[:6])} HAVING SUM(number) <> 0"
            )


# how the database keeps them -------------------------------------------------------------------------------------------


def _fill(kept, columns):
    keys, numbers = _keys(columns, ""), [f"SUM({part})" for part in _numbers(kept, "", 1)]
    database.execute_sql(
        f'INSERT INTO {_TABLE} ({", ".join(_LINE)}) SELECT {kept.id}, {", ".join([*keys, *numbers])} FROM "r_{kept.register}" '
        f"WHERE deleted_at IS NULL GROUP BY {', '.join(keys)}"
    )


def _keys(columns, row):
    """What tells a group apart: key, district, school, first, second. `row` is what names the row: "", "NEW." or "OLD."."""
    texts = [f'CAST({row}"{column}" AS TEXT)' for column in columns]
    whole = " || ':' || ".join(
        f"COALESCE({part}, '')" for part in (f"CAST({row}district_id AS TEXT)", f"CAST({row}school_id AS TEXT)", *texts)
    )
    return [whole, f"{row}district_id", f"{row}school_id", *texts, *["CAST(NULL AS TEXT)"] * (2 - len(texts))]


def _numbers(kept, row, sign):
    """What one row counts for: number, high, low, known; negative where it goes."""
    if not kept.summed:
        return [f"{sign}", "0", "0", "0"]
    value = f'CAST({row}"f_{kept.summed}" AS BIGINT)'
    high, low = f"COALESCE({value} / {PART}, 0)", f"COALESCE({value} - ({value} / {PART}) * {PART}, 0)"
    known = f"CASE WHEN {value} IS NULL THEN 0 ELSE 1 END"
    return [f"{sign}", f"{sign} * {high}", f"{sign} * {low}", f"{sign} * {known}"]


def _triggers_of_sqlite(kept, columns):
    """A row that goes is taken off its line, one that comes is added to its line."""
    watched = ", ".join(
        dict.fromkeys(["deleted_at", "district_id", "school_id", *columns, *([f"f_{kept.summed}"] if kept.summed else [])])
    )
    adding = ", ".join(f"{name} = {name} + excluded.{name}" for name in _LINE[6:])

    def change(row, sign):
        values = [f"{kept.id}", *_keys(columns, row), *_numbers(kept, row, sign)]
        return f"INSERT INTO {_TABLE} ({', '.join(_LINE)}) VALUES ({', '.join(values)}) ON CONFLICT (kept_id, key) DO UPDATE SET {adding};"

    for name, event, row, sign in (
        ("came", "INSERT", "NEW.", 1),
        ("went", "DELETE", "OLD.", -1),
        ("left", f"UPDATE OF {watched}", "OLD.", -1),
        ("entered", f"UPDATE OF {watched}", "NEW.", 1),
    ):
        yield (
            f'CREATE TRIGGER "{_trigger(kept, name)}" AFTER {event} ON "r_{kept.register}" '
            f"WHEN {row}deleted_at IS NULL BEGIN {change(row, sign)} END"
        )


def _triggers_of_postgres(kept, columns):
    """One function for a whole statement's rows: what went and what came, added up before it is put down."""

    def change(table, sign):
        return f"SELECT {', '.join([*_keys(columns, ''), *_numbers(kept, '', sign)])} FROM {table} WHERE deleted_at IS NULL"

    names = ", ".join(_LINE[1:])

    def put(rows):
        sums = ", ".join(f"SUM({name})" for name in _LINE[6:])
        some = " OR ".join(f"SUM({name}) <> 0" for name in _LINE[6:])
        return (
            f"INSERT INTO {_TABLE} ({', '.join(_LINE)}) SELECT {kept.id}, {', '.join(_LINE[1:6])}, {sums} "
            f"FROM ({rows}) AS lines ({names}) GROUP BY {', '.join(_LINE[1:6])} HAVING {some};"
        )

    went, came = change("went", -1), change("came", 1)
    yield (
        f'CREATE FUNCTION "{_trigger(kept, "put")}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
        f"IF TG_OP = 'INSERT' THEN {put(came)} ELSIF TG_OP = 'DELETE' THEN {put(went)} ELSE {put(f'{went} UNION ALL {came}')} END IF; "
        f"RETURN NULL; END $$"
    )
    for event, seen in (
        ("INSERT", "NEW TABLE AS came"),
        ("DELETE", "OLD TABLE AS went"),
        ("UPDATE", "OLD TABLE AS went NEW TABLE AS came"),
    ):
        yield (
            f'CREATE TRIGGER "{_trigger(kept, event.lower())}" AFTER {event} ON "r_{kept.register}" REFERENCING {seen} '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{_trigger(kept, "put")}"()'
        )


def _trigger(kept, name):
    return f"kept_{kept.id}_{name}"


def _drop(kept):
    if is_postgres():
        database.execute_sql(f'DROP FUNCTION "{_trigger(kept, "put")}"() CASCADE')
    else:
        for name in ("came", "went", "left", "entered"):
            database.execute_sql(f'DROP TRIGGER "{_trigger(kept, name)}"')
    Line.delete().where(Line.kept_id == kept.id).execute()
    kept.delete_instance()
