"""Writing as the people of the test city do, and what the rules then refuse."""

import pytest

from models import tables
from models.errors import Invalid
from services import query, records, transitions
from services.actor import SYSTEM
from tests.factories import day


def broken(work, *args, refused=Invalid, **kwargs):
    """The codes of the rules that refused."""
    with pytest.raises(refused) as caught:
        work(*args, **kwargs)
    return {fault.code for fault in caught.value.faults}


def create(city, register, unit, who="city_admin", confirmed="", **over):
    return records.create(register, city.actor(who), city.new(register, unit, **over), confirmed=confirmed).record


def change(city, register, id, who="city_admin", confirmed="", **values):
    version = tables.model(register).get_by_id(id).version
    return records.update(register, city.actor(who), id, values, version=version, confirmed=confirmed).record


def move(city, who, register, id, step, confirmed="", reason="", **values):
    version = tables.model(register).get_by_id(id).version
    actor = city.actor(who)
    return transitions.move(register, actor, id, step, values=values, reason=reason, version=version, confirmed=confirmed).record


def found(register, pair, actor=SYSTEM):
    return {record.id for record in query.stream(query.parse(register, actor, [pair]))}


def set_parameter(city, key, value, unit="天"):
    records.create("parameter", SYSTEM, {"key": key, "value": value, "unit": unit, "effective_from": day(0)})
