"""Searching the trash: the index holds live rows alone, so deleted ones are looked through as they lie."""

from functools import reduce
from operator import and_, or_

import peewee

from models import registry, tables
from models.fields import Choice, Relation, Relations


def sought(query):
    """The rows that say each of the words typed in one of the searched fields, relations by what they are called."""
    full = registry.get(query.register.name)
    fields = [full.field(name) for name in query.register.search if name in query.register.by_name]
    words = query.q.split()[:8]
    return reduce(and_, [_says(query.model, fields, word) for word in words]) if words else peewee.SQL("1") == peewee.SQL("0")


def _says(model, fields, word, deep=2):
    found = [_in_field(getattr(model, f"f_{field.id}"), field, word, deep) for field in fields if field.stored]
    return reduce(or_, [part for part in found if part is not None], peewee.SQL("1") == peewee.SQL("0"))


def _in_field(column, field, word, deep):
    """One field's part; a choice in a title is no text to look into, and titles of titles end somewhere."""
    if isinstance(field, Relation):
        if not deep:
            return None
        other, target = tables.model(field.to).alias(), registry.get(field.to)
        named = [target.field(name) for name in target.title if target.field(name).sensitivity == "open"]
        return column.in_(other.select(other.id).where(_says(other, named, word, deep - 1)))
    return None if isinstance(field, (Choice, Relations)) or field.numeric else column.contains(word)
