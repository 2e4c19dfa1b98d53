"""The search entries of rows as they are written."""

from models import registry, tables
from models.fields import Relation
from models.values import NA
from services import query, search
from services.writer.rows import values_of


def index(register, rows):
    """Search entries of rows [(id, values, (district, school))]."""
    if not register.search:
        return
    wanted = {name for name in (*register.search, *register.title) if isinstance(register.field(name), Relation)}
    made = [({}, values) for _, values, _ in rows]
    labelled = {
        name: query.labels(register.field(name).to, {values.get(name) for _, values in made} - {None, NA}, INDEXER)
        for name in wanted
    }
    entries = []
    for id, values, (district, school) in rows:
        own = {name: known.get(values.get(name), "") for name, known in labelled.items()}
        entries.append((id, search.tokens(register, values, own, query.title_of(register, values, own), district, school)))
    search.put(register.name, entries)


def reindex(register, ids):
    """Search entries made anew from the stored rows."""
    model = tables.model(register.name)
    for at in range(0, len(ids), 500):
        found = model.select().where(model.id.in_(ids[at : at + 500]) & model.deleted_at.is_null()).dicts()
        index(register, [(row["id"], values_of(register, row), (row["district_id"], row["school_id"])) for row in found])


def reindex_mentions(register_name, id):
    """Records of other registers that are found by this one's name."""
    for other in registry.all():
        for name in other.search:
            field = other.field(name)
            if isinstance(field, Relation) and field.to == register_name:
                model = tables.model(other.name)
                tied = query.column(model, other, name) == id
                reindex(other, [row_id for (row_id,) in model.select(model.id).where(tied & model.deleted_at.is_null()).tuples()])


class _Indexer:
    """Reads every label: an index entry is made for all, and confined by the searcher's own rows."""

    system = True
    language = "zh"


INDEXER = _Indexer()
