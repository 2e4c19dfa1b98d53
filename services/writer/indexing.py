"""The search entries of rows as they are written."""

from functools import partial

from models import registry, tables
from models.base import one_of
from models.fields import Relation
from models.values import NA
from services import query, search
from services.writer.rows import values_of
from services.writer.sheets import Apart

AT_ONCE = 2000


def _labels(register, rows, work):
    """{field name: {id: label}} of what the searched and titling relations of rows point at."""
    found = {}
    for name in {name for name in (*register.search, *register.title) if isinstance(register.field(name), Relation)}:
        ids = set(rows.column(name)) - {None, NA}
        target = register.field(name).to
        look = partial(query.labels, target, actor=INDEXER)
        found[name] = work.looked_up("label", register, target, ids, look) if work else look(ids)
    return found


def index(register, ids, rows, units, *, fresh=False, work=None):
    """Search entries of rows, asked field by field (services.writer.sheets), with their ids and units (district, school), as a Work writes
    them; `fresh` rows have none yet.
    """
    if register.search and ids:
        found = search.tokens(register, rows, _labels(register, rows, work), units)
        search.put(register.name, list(zip(ids, found, strict=True)), fresh=fresh)


def reindex(register, ids):
    """Search entries made anew from the stored rows."""
    model = tables.model(register.name)
    for at in range(0, len(ids), AT_ONCE):
        found = list(model.select().where(one_of(model.id, ids[at : at + AT_ONCE]) & model.deleted_at.is_null()).dicts())
        rows, units = Apart([values_of(register, row) for row in found]), [(row["district_id"], row["school_id"]) for row in found]
        index(register, [row["id"] for row in found], rows, units)


def reindex_mentions(register_name, ids):
    """Records of other registers that are found by the names of these."""
    for other in registry.all():
        for name in other.search:
            field = other.field(name)
            if isinstance(field, Relation) and field.to == register_name:
                model = tables.model(other.name)
                tied = one_of(query.column(model, other, name), ids)
                found = model.select(model.id).where(tied & model.deleted_at.is_null()).tuples()
                reindex(other, [id for (id,) in found])


class _Indexer:
    """Reads every label: an index entry is made for all, and confined by the searcher's own rows."""

    system = True
    language = "zh"


INDEXER = _Indexer()
