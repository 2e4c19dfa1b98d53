"""Databases, the test city and browsers. Tests that ask for `db` or `city` run on SQLite and on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

import config
from models import base
from services import records  # noqa: F401 - importing it registers the rules the declarations name
from tests import engines, factories, postgres
from tests.clients import Browser, Caller

LEASE = pytest.StashKey()
CHEAP = {
    "TAIZHANG_PASSWORD_MEMORY": "64",
    "TAIZHANG_PASSWORD_ROUNDS": "1",
    "TAIZHANG_SECRET_KEY": "5d1c0a9e8b7f6a3d2c4e1f0b9a8d7c6e",
}


# the servers ------------------------------------------------------------------------------------------------------------


def pytest_configure(config):
    """The process that began the run holds PostgreSQL's lease; workers of xdist are told where it is."""
    if not hasattr(config, "workerinput"):
        config.stash[LEASE] = postgres.Lease()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["postgres"] = str(node.config.stash[LEASE].folder)


def pytest_unconfigure(config):
    if LEASE in config.stash:
        config.stash[LEASE].end()


def _postgres_folder(config):
    return config.workerinput["postgres"] if hasattr(config, "workerinput") else config.stash[LEASE].folder


# settings and databases -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def settings(tmp_path_factory):
    """Settings of the tests: cheap passwords, a data folder that goes."""
    made = config.load(CHEAP | {"TAIZHANG_DATA_DIR": str(tmp_path_factory.mktemp("var"))})
    config.activate(made)
    return made


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory):
    return engines.Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_engine(request):
    return engines.Postgres(_postgres_folder(request.config), getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request):
    """A kind of database; tests of one kind run together."""
    return request.getfixturevalue("sqlite_engine" if request.param == "sqlite" else "postgres_engine")


@contextmanager
def _bound(engine, url):
    engines.forget_models()
    engines.connect(url)
    try:
        yield url
    finally:
        engines.disconnect()
        engine.drop(url)
        engines.forget_models()


@pytest.fixture
def blank(engine, settings):
    """An empty database, bound; its address."""
    config.activate(settings)
    with _bound(engine, engine.blank()) as url:
        yield url


@pytest.fixture
def city(engine, settings):
    """The test city in a database of the test's own, bound; gives its ids and people."""
    config.activate(settings)
    engines.forget_models()
    url, found = engine.city()
    found.url = url
    with _bound(engine, url), factories.numbered_from(found.numbered):
        yield found


@pytest.fixture
def db(city):
    """The bound database of the test city."""
    return base.database


# the app ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(city, settings):
    """The application on the test city."""
    return Browser.app_on(settings, city.url)


@pytest.fixture
def client_of(app, city):
    """client_of("school_a"): a browser in which that person is logged in; client_of("stranger"): one without a login."""
    return lambda name: Browser.of(app, city, name)


@pytest.fixture
def caller_of(app, city):
    """caller_of("school_a", actions=("view",)): a program with a token of that person, limited so."""
    return lambda name, **limits: Caller.of(app, city, name, **limits)


# helpers ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def statements(city):
    """A list that fills with the SQL of every statement sent."""
    sent, execute = [], base.database.obj.execute_sql

    def noting(sql, *args, **kwargs):
        sent.append(sql)
        return execute(sql, *args, **kwargs)

    base.database.obj.execute_sql = noting
    yield sent
    del base.database.obj.execute_sql


@pytest.fixture
def at_once():
    """at_once(work, arguments): runs work(argument) for all of them at the same moment, each with its own connection.

    Gives what each returned, or the error it raised.
    """

    def run(work, arguments):
        start = threading.Barrier(len(arguments))

        def one(argument):
            start.wait()
            try:
                base.open_connection()
                return work(argument)
            except Exception as error:
                return error
            finally:
                base.database.close()

        with ThreadPoolExecutor(len(arguments)) as pool:
            return list(pool.map(one, arguments))

    return run
