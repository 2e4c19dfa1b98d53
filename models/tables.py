"""Registers as tables: the peewee model of a register, and bringing the database up to the declarations."""

import hashlib
import json
from pathlib import Path
from threading import Lock
from types import NoneType
from weakref import WeakKeyDictionary

import peewee
from playhouse.migrate import PostgresqlMigrator, SqliteMigrator
from playhouse.migrations import Runner

from models import definitions, registry, totals
from models.base import Base, database, execute_many, has_helper, insert_beside, is_postgres
from models.fields import Choice, Relation, YesNo
from models.fields.choice import FlagField
from models.fields.dates import DayField, MomentField

TYPICAL_ROWS = 100_000
MOST_CARRIED = 20
# By the register's value: two requests that see different versions of a register each have its table as they see it.
_models = WeakKeyDictionary()
_building = Lock()


class SchemaState(Base):
    """The declaration each register's table was last brought to, so that start-up skips what has not changed."""

    register = peewee.TextField(primary_key=True)
    digest = peewee.TextField()


def model(name):
    """The peewee model of a register's table. One model per declaration value; KeyError for an unknown name."""
    return model_of(registry.get(name))


def model_of(register):
    """The same for a register that need not be in the catalogue yet."""
    found = _models.get(register)
    if found is None:
        with _building:
            found = _models.get(register)
            if found is None:
                found = _models[register] = build(register)
    return found


def build(register):
    """A model class: the columns every record has, then f_<id> for each stored field, retired ones too."""
    columns = {
        "id": peewee.BigAutoField() if is_postgres() else peewee.AutoField(),
        "version": peewee.IntegerField(default=1),
        "created_at": MomentField(),
        "created_by": peewee.BigIntegerField(null=True),
        "updated_at": MomentField(),
        "updated_by": peewee.BigIntegerField(null=True),
        "deleted_at": MomentField(null=True),
        "deleted_by": peewee.BigIntegerField(null=True),
        "district_id": peewee.BigIntegerField(null=True),
        "school_id": peewee.BigIntegerField(null=True),
        "na_fields": peewee.TextField(null=True),
    }
    columns |= {f"f_{field.id}": field.column() for field in register.fields if field.stored}
    meta = type("Meta", (), {"database": database, "table_name": f"r_{register.name}", "legacy_table_names": False})
    made = type(f"R_{register.name}", (peewee.Model,), columns | {"Meta": meta})
    for index, unique in wanted_indexes(register):
        made.add_index(_index(made, register, index, unique))
    in_trash = made.deleted_at.is_null(False)
    made.add_index(made.index(made.id, name=f"i_{register.name[:36]}_trash", where=in_trash))
    return made


def insert_rows(model, rows):
    """Inserts rows, dicts by field name, in sets: one prepared statement for all of them. What a row lacks is NULL."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    insert_columns(model, names, [[row.get(name) for row in rows] for name in names])


def insert_columns(model, names, columns, beside=False):
    """Inserts rows given column by column, in the order of `names`: nothing is asked of a row that a column answers for all. With `beside`
    they are there from the next statement on (models.base.insert_beside), where there is a helper for so many (has_helper).
    """
    fields = [model._meta.fields[name] for name in names]
    stored = {field.column_name: db_values(field, values) for field, values in zip(fields, columns, strict=True)}
    if beside and has_helper(len(columns[0])):
        insert_beside(model._meta.table_name, stored)
        return
    mark = "%s" if is_postgres() else "?"
    named, marks = ", ".join(f'"{name}"' for name in stored), ", ".join([mark] * len(stored))
    execute_many(f'INSERT INTO "{model._meta.table_name}" ({named}) VALUES ({marks})', list(zip(*stored.values(), strict=True)))


def db_values(field, values):
    """A column's values as the database takes them; whole numbers and texts are so already."""
    plain, convert = _PLAIN.get(type(field)), field.db_value
    if set(map(type, values)) <= {plain, NoneType}:
        return values
    if isinstance(field, DayField):
        days = {value: convert(value) for value in set(values)}
        return [days[value] for value in values]
    return [None if value is None else convert(value) for value in values]


# Column types that keep these Python values as they are; subclasses (scaled numbers, days, code sets) convert.
_PLAIN = {
    peewee.TextField: str,
    peewee.BigIntegerField: int,
    peewee.IntegerField: int,
    peewee.AutoField: int,
    peewee.BigAutoField: int,
    FlagField: bool,
}


def wanted_indexes(register):
    """[(columns, unique)]: the keys, the units, what is filtered by, and the orders that lists are read in.

    An index that gives an order also carries the choices that lists filter by: whoever reads along it skips the rows that do not
    fit without fetching them, whatever filters are combined. An index for each pair of filter and order would be dozens.
    """
    found = [((f"f_{field.id}",), True) for field in register.live if field.unique]
    if register.key:
        found.append((tuple(_column(register, name) for name in register.key), True))
    if register.unit == "school":
        found.append((("school_id", "id"), False))
    for field in register.live:
        if isinstance(field, Relation) or (field.indexed and is_choice(field)):
            found.append(((f"f_{field.id}", "id"), False))
    unique = {columns for columns, unique in found if unique}
    tested = [_column(register, name) for name in carried(register)]
    for order in [("id",), *((column, "id") for column in orders(register))]:
        columns = (*order, *(column for column in tested if column not in order))
        if register.scope:
            found.append((("district_id", *columns), False))
        if order != ("id",) and order[:1] not in unique:
            found.append((columns, False))
    return list(dict.fromkeys(found))


def carried(register):
    """Names of the fields that the indexes of orders carry: the choices that lists are filtered by.

    No more than MOST_CARRIED: PostgreSQL takes 32 columns in an index.
    """
    fields = [field for field in register.live if is_choice(field) and (field.indexed or field.name in register.filters)]
    return tuple(field.name for field in fields[:MOST_CARRIED])


def is_choice(field):
    return field.stored and isinstance(field, (Choice, YesNo)) and not field.several


def orders(register):
    """The columns, besides the number, in whose order lists are read along an index: indexed values and the default sort."""
    indexed = [field for field in register.live if field.indexed and field.sortable]
    values = [field for field in indexed if not isinstance(field, (Relation, Choice, YesNo))]
    default = register.sort.lstrip("-")
    found = [f"f_{field.id}" for field in values if field.stored] + ([_column(register, default)] if default != "id" else [])
    return tuple(dict.fromkeys(found))


def _column(register, name):
    return f"f_{register.field(name).id}"


def _index(made, register, columns, unique):
    """An index over the rows not in the trash."""
    fields = [getattr(made, column) for column in columns]
    return made.index(*fields, unique=unique, name=_index_name(register, columns, unique), where=made.deleted_at.is_null())


def _index_name(register, columns, unique):
    """Short and stable: PostgreSQL cuts names at 63 characters."""
    digest = hashlib.sha256(f"{columns}{unique}".encode()).hexdigest()[:10]
    return f"i_{register.name[:36]}_{digest}"


def migrate():
    """Brings the database to this version: the numbered scripts, then each declared register's table and search index.

    Additive only: new tables, nullable columns, indexes. One transaction, so a killed migration leaves nothing half.
    """
    with database.atomic():
        scripts().up()
        SchemaState.create_table(safe=True)
        definitions.refresh()
        done = {row.register: row.digest for row in SchemaState.select()}
        for register in registry.all():
            digest = digest_of(register)
            if done.get(register.name) != digest:
                sync(register)


def digest_of(register):
    declared = [register.to_dict(), wanted_indexes(register)]
    return hashlib.sha256(json.dumps(declared, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def scripts():
    """The numbered scripts of this version and of the database."""
    return Runner(database, directory=str(Path(__file__).parent / "migrations"))


def pending():
    """Names of registers whose table, and of scripts, the database is not at yet; all registers on an empty database."""
    if not database.table_exists(SchemaState._meta.table_name):
        return registry.names()
    done = {row.register: row.digest for row in SchemaState.select()}
    behind = [register.name for register in registry.all() if done.get(register.name) != digest_of(register)]
    return (*behind, *(script.name for script in scripts().status() if not script.applied))


def sync(register):
    """Creates the register's table or adds what it lacks, and notes that it has. Of what is there only indexes that serve no
    more go: one that still held values apart would refuse what the register now takes.
    """
    made = model_of(register)
    table = made._meta.table_name
    totals.drop(register.name)
    if not database.table_exists(table):
        made.create_table()
    else:
        add_columns(register)
        have_indexes = {index.name for index in database.get_indexes(table)}
        wanted = {index._name: index for index in made._meta.fields_to_index()}
        for name in sorted(have_indexes - set(wanted)):
            if name.startswith(f"i_{register.name[:36]}_"):
                database.execute_sql(f'DROP INDEX "{name}"')
        for name, index in wanted.items():
            if name not in have_indexes:
                database.execute(index)
    create_search(register.name)
    if not is_postgres():
        describe(register)
    digest = digest_of(register)
    SchemaState.insert(register=register.name, digest=digest).on_conflict(
        conflict_target=[SchemaState.register], update={SchemaState.digest: digest}
    ).execute()


def add_columns(register):
    """Adds the columns that the register's table lacks: empty, without an index, noticed by nobody yet."""
    made = model_of(register)
    table = made._meta.table_name
    have = {column.name for column in database.get_columns(table)}
    migrator = PostgresqlMigrator(database.obj) if is_postgres() else SqliteMigrator(database.obj)
    for field in made._meta.fields.values():
        if field.column_name not in have:
            migrator.migrate(migrator.add_column(table, field.column_name, field.clone()))


def describe(register):
    """Tells SQLite's planner how a full register looks: the rows of each index that share its first column, its first two, …

    Without figures it takes an index that leaves out the trash for a small one, and reads a whole table through it, row by row.
    Fixed figures instead of ANALYZE: every install reads the same way on every day (sqlite.org/lang_analyze.html, fixed results).
    """
    table = f"r_{register.name}"
    figures = [(table, None, str(TYPICAL_ROWS)), (table, f"i_{register.name[:36]}_trash", "10 1")]
    for columns, unique in wanted_indexes(register):
        rows = [TYPICAL_ROWS]
        for column in columns:
            rows.append(max(1, rows[-1] // _values(register, column)))
        rows[-1] = 1 if unique else rows[-1]
        figures.append((table, _index_name(register, columns, unique), " ".join(map(str, rows)) + " noskipscan"))
    database.execute_sql(f'ANALYZE "{SchemaState._meta.table_name}"')  # makes the table of figures
    database.execute_sql("DELETE FROM sqlite_stat1 WHERE tbl = ?", (table,))
    execute_many("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", figures)
    database.execute_sql("ANALYZE sqlite_schema")  # reads them


def _values(register, column):
    """How many different values a column of a full register has, roughly."""
    units = {"id": TYPICAL_ROWS, "district_id": 12, "school_id": 1000}
    if column in units:
        return units[column]
    field = next(field for field in register.fields if f"f_{field.id}" == column)
    return 5 if is_choice(field) else 1000 if isinstance(field, Relation) else 400


def create_search(name):
    """The search index of a register: FTS5 without content on SQLite, a tsvector with GIN on PostgreSQL."""
    table = search_table(name)
    if is_postgres():
        database.execute_sql(f'CREATE TABLE IF NOT EXISTS "{table}" (id BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)')
        database.execute_sql(f'CREATE INDEX IF NOT EXISTS "{table}_tokens" ON "{table}" USING GIN (tokens)')
    else:
        database.execute_sql(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS \"{table}\" USING fts5(tokens, content='', contentless_delete=1, tokenize='ascii')"
        )
        database.execute_sql(f'INSERT INTO "{table}" ("{table}", rank) VALUES (\'automerge\', 8)')


def search_table(name):
    return f"s_{name}"
