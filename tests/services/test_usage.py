"""Advice on indexes: counted in memory as lists are read, written in one go, told of big registers made in the browser alone."""

from datetime import timedelta

import pytest

from models import registry
from models.usage import FieldUse
from models.values import today
from services import clearing, query, usage
from services.actor import SYSTEM
from tests.made import MADE


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    usage._seen.clear()
    monkeypatch.setattr(usage, "MANY_ROWS", 1)
    yield
    usage._seen.clear()


def read(times, register=MADE.name, *pairs):
    for _ in range(times):
        query.page(query.parse(register, SYSTEM, pairs))


def id_of(name):
    return registry.get(MADE.name).field(name).id


def test_fields_without_an_index_are_told_once_they_were_asked_for_often(city):
    read(15, MADE.name, ("pumps", "3"), ("sort", "-depth_cm"))
    usage.write()
    assert usage.advice(MADE.name) == {}, "not often enough"
    read(10, MADE.name, ("pumps", "3"))
    read(30, MADE.name, ("seen_on__gte", "2021-01-01"), ("sort", "seen_on"))
    read(30, MADE.name, ("school", str(city.school("a1"))))
    usage.write()
    usage.write()
    assert usage.advice(MADE.name) == {id_of("pumps"): 25}
    read(30, "hazard", ("level", "major"), ("sort", "level"))
    usage.write()
    assert usage.advice("hazard") == {} and not FieldUse.select().where(FieldUse.register == "hazard").exists()


def test_of_small_registers_and_of_long_ago_nothing_is_told(city, monkeypatch):
    read(25, MADE.name, ("pumps", "3"))
    usage.write()
    FieldUse.create(register=MADE.name, field=id_of("cost"), day=str(today() - timedelta(days=40)), times=500)
    FieldUse.create(register=MADE.name, field=id_of("place"), day=str(today() - timedelta(days=100)), times=500)
    assert set(usage.advice(MADE.name)) == {id_of("pumps")}
    clearing.clear()
    assert {field for (field,) in FieldUse.select(FieldUse.field).tuples()} == {id_of("pumps"), id_of("cost")}
    monkeypatch.setattr(usage, "MANY_ROWS", 5_000)
    assert usage.advice(MADE.name) == {}
    assert usage.advice("no_such") == {}
