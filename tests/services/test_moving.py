"""A database moves to the other kind and back with every row, its history and its search; killed or refused it leaves nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models import base, registry, tables
from services import definitions, history, moving, query, records
from services.actor import SYSTEM
from tests import engines

ROOT = Path(__file__).parents[2]


@pytest.fixture
def other(request, engine):
    """The address of an empty database of the other kind."""
    kind = request.getfixturevalue("postgres_engine" if engine.name == "sqlite" else "sqlite_engine")
    url = kind.blank()
    yield url
    kind.drop(url)


def seen(actor):
    """What a person sees: lists, a search, a history, by register."""
    found = {}
    for register in registry.all():
        if register.system:
            continue
        page = query.page(query.parse(register.name, SYSTEM, [("limit", "200")]))
        found[register.name] = [(one.id, one.version, one.values, one.labels) for one in page.records]
    found["search"] = [one.id for one in query.page(query.parse("school", actor, [("q", "青禾")])).records]
    found["initials"] = [one.id for one in query.page(query.parse("school", actor, [("q", "qhyzx")])).records]
    hazard = found["hazard"][0][0]
    found["history"] = [(entry.kind, entry.at, str(entry.changes)) for entry in history.history("hazard", SYSTEM, hazard)]
    found["rights"] = definitions.rights_of("hazard")
    return found


def switch(url):
    engines.forget_models()
    base.database.close()
    engines.connect(url)
    base.open_connection()
    from models import definitions as stored

    stored.refresh()


def test_there_and_back_again_nothing_is_lost(city, engine, other, tmp_path, request):
    id = city.id("hazard", "a1")
    records.update("hazard", SYSTEM, id, {"measure": "已封闭"}, version=1)
    before = seen(city.actor("city_clerk"))
    told = []
    done = moving.move(other, lambda name, count: told.append(name))
    assert {name for name, *_ in done} >= {"r_hazard", "change", "definition", "r_basement_water"} and told
    assert base.database.obj.database == city.url.removeprefix("sqlite:///") or engine.name != "sqlite"
    back = (request.getfixturevalue("sqlite_engine" if engine.name == "sqlite" else "postgres_engine")).blank()
    try:
        switch(other)
        assert seen(city.actor("city_clerk")) == before
        made = records.create("hazard", SYSTEM, city.new("hazard", "a1")).record
        assert made.id > max(one[0] for one in before["hazard"])
        records.delete("hazard", SYSTEM, made.id, version=None, reason="试验")
        middle = seen(city.actor("city_clerk"))
        sums = moving.move(back)
        switch(back)
        assert seen(city.actor("city_clerk")) == middle
        assert {name: count for name, count, _ in sums}["r_school"] == tables.model("school").select().count()
    finally:
        switch(city.url)
        request.getfixturevalue("sqlite_engine" if engine.name == "sqlite" else "postgres_engine").drop(back)


def test_a_target_with_rows_is_refused_and_the_source_stays_in_use(city, other):
    before = seen(city.actor("city_clerk"))
    moving.move(other)
    with pytest.raises(moving.NotMoved):
        moving.move(other)
    assert seen(city.actor("city_clerk")) == before


def test_one_row_that_differs_undoes_it_all(city, engine, other, monkeypatch):
    sums = iter(range(10_000))
    monkeypatch.setattr(moving, "_sum", lambda model, database: str(next(sums)))
    with pytest.raises(moving.NotMoved):
        moving.move(other)
    monkeypatch.undo()
    assert moving.move(other)


def test_killed_halfway_the_target_is_empty(city, other, tmp_path):
    code = (
        "import sys, config; from models import base; from services import moving, records\n"
        "config.activate(config.load({'TAIZHANG_DATA_DIR': sys.argv[3]}))\n"
        "base.connect(sys.argv[1]); base.open_connection()\n"
        "moving.move(sys.argv[2], lambda name, count: print(name, flush=True))\n"
    )
    for _ in range(3):
        worker = subprocess.Popen(
            [sys.executable, "-c", code, city.url, other, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        assert worker.stdout.readline()
        time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert moving.move(other)
