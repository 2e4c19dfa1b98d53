"""The two databases the tests run on: each made once with the test city in it, then copied for every test in a moment."""

import copy
import itertools
import os

import apsw
import psycopg

from models import base, definitions, registry, tables
from models.registers import DECLARED
from tests import city as cities, factories, postgres


class Engine:
    """A kind of database: `city()` gives a fresh copy of the test city, `blank()` an empty database."""

    name = ""
    built = None

    def city(self):
        """(address, the city's ids) of a database of the test's own."""
        if self.built is None:
            with factories.numbered_from(0):
                self.built = self._build()
        return self.copied(), copy.deepcopy(self.built)

    def _build(self):
        base.connect(self.template())
        base.open_connection()
        try:
            tables.migrate()
            return cities.build()
        finally:
            disconnect()

    def template(self):
        """The address of the database that is copied, new and empty."""
        raise NotImplementedError

    def copied(self):
        raise NotImplementedError

    def blank(self):
        raise NotImplementedError

    def drop(self, url):
        raise NotImplementedError


class Sqlite(Engine):
    name = "sqlite"

    def __init__(self, folder):
        self._folder = folder
        self._numbers = itertools.count()

    def template(self):
        path = str(self._folder / "template.sqlite3")
        self.drop(path)
        return path

    def blank(self):
        return str(self._folder / f"{next(self._numbers)}.sqlite3")

    def copied(self):
        """Page by page through SQLite itself, as backups are made."""
        made = self.blank()
        source, target = apsw.Connection(str(self._folder / "template.sqlite3")), apsw.Connection(made)
        with target.backup("main", source, "main") as work:
            work.step()
        source.close()
        target.close()
        return made

    def drop(self, url):
        for ending in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(url + ending):
                os.unlink(url + ending)


class Postgres(Engine):
    """One database for all tests, brought back to the test city before each: making 900 files anew takes a second or two."""

    name = "postgresql"

    def __init__(self, folder, worker):
        self._server = postgres.url(folder)
        self._prefix = f"t_{worker}"
        self._numbers = itertools.count()
        self._tables = ()
        self._clean_at = 0

    def template(self):
        self._order(f"DROP DATABASE IF EXISTS {self._prefix}_city WITH (FORCE)")
        return self._made(f"{self._prefix}_city")

    def blank(self):
        return self._made(f"{self._prefix}_{next(self._numbers)}")

    def copied(self):
        """The one database, with the rows of every table that was written since put back."""
        url = f"{self._server}/{self._prefix}_city"
        with psycopg.connect(url, options="-c lock_timeout=10s") as connection:
            if not self._tables:
                self._keep(connection)
            self._forget_published(connection)
            for table in self._written(connection):
                connection.execute(f'DELETE FROM public."{table}"')
                connection.execute(f'INSERT INTO public."{table}" SELECT * FROM kept."{table}"')
            (self._clean_at,) = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone()
        return url

    def _keep(self, connection):
        connection.execute("CREATE SCHEMA kept")
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        self._tables = tuple(name for (name,) in found)
        for table in self._tables:
            connection.execute(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"')

    def _forget_published(self, connection):
        """Tables and columns that a test's own registers brought along."""
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in found:
            if table not in self._tables:
                connection.execute(f'DROP TABLE public."{table}"')
        columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s"
        have, kept = ({*connection.execute(columns, (schema,))} for schema in ("public", "kept"))
        for table, column in have - kept:
            connection.execute(f'ALTER TABLE public."{table}" DROP COLUMN "{column}"')

    def _written(self, connection):
        """The tables with rows newer than the last clean state, or with rows gone."""
        asked = " UNION ALL ".join(
            f'SELECT \'{table}\' WHERE (SELECT count(*) FROM public."{table}") <> (SELECT count(*) FROM kept."{table}")'
            f' OR EXISTS (SELECT 1 FROM public."{table}" WHERE xmin::text::bigint > {self._clean_at})'
            for table in self._tables
        )
        return [name for (name,) in connection.execute(asked)]

    def drop(self, url):
        if not url.endswith("_city"):
            self._order(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _made(self, name):
        self._order(f"CREATE DATABASE {name}")
        return f"{self._server}/{name}"

    def _order(self, sql):
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            connection.execute(sql)


def connect(url, **options):
    """Binds the app's models to a database and opens this thread's connection."""
    base.connect(url, **options)
    base.open_connection()
    definitions.refresh()


def disconnect():
    """Closes what is open, pooled connections too."""
    if base.database.obj is None:
        return
    if hasattr(base.database, "close_all"):
        base.database.close_all()
    elif not base.database.is_closed():
        base.database.close()


def forget_models():
    """Table models differ between the databases (their keys' width), and are kept by the app: made anew for another kind.
    Registers made in the browser go with their database.
    """
    tables._models.clear()
    registry.use(DECLARED)
