"""Advice on indexes from what people do: which fields of registers made in the browser lists are filtered or ordered by in vain.

Counted in the process's memory as lists are read, and written once a minute by a thread of its own: no page waits for it.
"""

import logging
from collections import Counter
from datetime import timedelta
from threading import Lock

import peewee

from models import base, definitions, registry, tables
from models.base import atomic
from models.register import once_for_each
from models.usage import FieldUse
from models.values import today

OFTEN, DAYS, KEPT_DAYS, MANY_ROWS, EVERY_SECONDS = 20, 30, 90, 5_000, 60
log = logging.getLogger("taizhang.usage")
_seen, _lock = Counter(), Lock()


def note(query):
    """Counts the fields that this list is filtered or ordered by without an index."""
    register = registry.get(query.register.name)
    slow = _unserved(register)
    if slow:
        asked = {part.field.id for part in query.filters}
        asked |= {register.field(name).id for name, _ in query.sort[:1] if name in register.by_name}
        with _lock:
            _seen.update((register.name, id) for id in asked & slow)


@once_for_each
def _unserved(register):
    """Ids of the fields that were made in the browser and that no index leads with or carries."""
    built_in = register.name in definitions.BUILT_IN
    fields = [field for field in register.live if field.stored and field.sortable]
    made = [field for field in fields if not built_in or field.id.startswith("x")]
    if not made:
        return frozenset()
    served = {f"f_{register.field(name).id}" for name in tables.carried(register)}
    for columns, _ in tables.wanted_indexes(register):
        served |= set(columns[:2] if columns[0] == "district_id" else columns[:1])
    return frozenset(field.id for field in made if f"f_{field.id}" not in served)


def write():
    """Writes down what was counted since the last time."""
    with _lock:
        counted, day = dict(_seen), str(today())
        _seen.clear()
    if counted:
        rows = [{"register": register, "field": field, "day": day, "times": times} for (register, field), times in counted.items()]
        with atomic():
            FieldUse.insert_many(rows).on_conflict(
                conflict_target=[FieldUse.register, FieldUse.field, FieldUse.day],
                update={FieldUse.times: FieldUse.times + peewee.EXCLUDED.times},
            ).execute()


def write_forever(stop):
    """Writes once a minute until `stop`; a database that is away, full or busy costs a minute's counts."""
    while not stop.wait(EVERY_SECONDS):
        try:
            base.open_connection()
            write()
        except (peewee.OperationalError, peewee.InterfaceError) as error:
            log.warning("what lists were asked for was not written: %s", error)
        finally:
            base.release_connection()


def advice(register_name):
    """{field id: how often} of a big register's fields that lists were often filtered or ordered by lately, without an index."""
    if register_name not in registry.current() or not (unserved := _unserved(registry.get(register_name))):
        return {}
    model = tables.model(register_name)
    if not model.select(model.id).offset(MANY_ROWS - 1).limit(1).exists():
        return {}
    lately = (FieldUse.register == register_name) & (FieldUse.day > str(today() - timedelta(days=DAYS)))
    times = peewee.fn.SUM(FieldUse.times)
    found = FieldUse.select(FieldUse.field, times).where(lately).group_by(FieldUse.field).having(times >= OFTEN).tuples()
    return {field: int(count) for field, count in found if field in unserved}


def clear_old():
    FieldUse.delete().where(FieldUse.day < str(today() - timedelta(days=KEPT_DAYS))).execute()
