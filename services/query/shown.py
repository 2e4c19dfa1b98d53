"""Rows as records: values by field name, labels of what they point at, the record's title; one record by id."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import peewee

from models import conditions, registry, tables
from models.base import one_of
from models.errors import Label, NotFound, say
from models.fields import Code, Derived, Relation, Relations, YesNo
from models.filters import EMPTY_NOT, FLAG, OPERATORS
from models.journal import Link
from models.prepared import Columns, Statement
from models.values import NA
from services import policy, words
from services.query.asking import ListQuery
from services.query.narrowing import column, derived

NO_ACCESS = Label("（无权查看）", "(no access)")


class Record(NamedTuple):
    """One row as an actor may see it: `values` by field name, `labels` of its relations, `title` its name."""

    register: object
    id: int
    version: int
    values: dict
    labels: dict
    title: str
    district_id: int | None = None
    school_id: int | None = None
    created_at: datetime | None = None
    created_by: int | None = None
    updated_at: datetime | None = None
    updated_by: int | None = None
    deleted_at: datetime | None = None

    @property
    def state(self):
        """Its workflow state's code, or None."""
        return self.values.get(self.register.workflow.field) if self.register.workflow else None


@dataclass(frozen=True)
class Chip:
    """One part of the filter sentence and the URL parameter it stands for."""

    parameter: str
    value: str
    sentence: object


def describe(query):
    """The filter in words, part by part."""
    chips = []
    for part in query.filters:
        if part.operator == "empty":
            sentence = replace(OPERATORS["empty"].sentence if part.value else EMPTY_NOT, params=(("label", part.field.title),))
        else:
            values = part.value if part.operator == "in" else (part.value,)
            words = tuple(_words(part.field, value, query.actor) for value in values)
            template = FLAG if isinstance(part.field, YesNo) else OPERATORS[part.operator].sentence
            sentence = replace(template, params=(("label", part.field.title), ("value", words)))
        chips.append(Chip(part.parameter, part.raw, sentence))
    if query.q:
        chips.append(Chip("q", query.q, say("搜索「{q}」", q=query.q)))
    return tuple(chips)


def _words(field, value, actor):
    if isinstance(field, (Relation, Relations)):
        return labels(field.to, (value,), actor).get(value, str(value))
    option = getattr(field, "get", None)
    return option(value).title if option else field.render(value)


def selected(query):
    """The columns a page reads: who and where, the shown fields, what the title and the workflow need."""
    register, model = registry.get(query.register.name), query.model
    names = dict.fromkeys([field.name for field in query.columns] + list(query.register.title) + list(query.register.phone))
    if query.register.workflow and query.register.workflow.field in query.register.by_name:
        names[query.register.workflow.field] = None
    for name in list(names):
        field = register.field(name)
        if isinstance(field, Derived):
            names.update(dict.fromkeys(part for part in conditions.fields_of(field.when) if part in register.by_name))
    fields = map(register.field, names)
    return Columns(model, [*_BASE_COLUMNS, *(f"f_{field.id}" for field in fields if field.stored)])


_BASE_COLUMNS = (
    "id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "district_id", "school_id", "na_fields",
)  # fmt: skip


def records_of(query, found):
    """Records of rows read as dicts: values by field name, derived ones worked out, relations labelled in one query each."""
    if not found:
        return []
    full, register = registry.get(query.register.name), query.register
    keys = [(f"f_{field.id}", field.name) for field in full.fields if f"f_{field.id}" in found[0]]
    made = [(row, {name: row[key] for key, name in keys}) for row in found]
    for row, values in made:
        mark_na(full, values, row["na_fields"])
    wanted = {field.name for field in query.columns} | set(register.title)
    _link_values(full, [field for field in query.columns if isinstance(field, Relations)], made)
    _derive(full, [field for field in query.columns if isinstance(field, Derived)], made)
    labelled = _labels_of(register, made, wanted, query.actor)
    hidden = [name for name in made[0][1] if name not in register.by_name]
    for _, values in made:
        for name in hidden:
            del values[name]
    named = _Title(register, query.actor.language)
    return [_record(register, row, values, labelled, named) for row, values in made]


def _derive(register, fields, made):
    """Derived values: by their conditions from the row, by their behaviours in one query for all of them."""
    for field in fields:
        if field.when:
            for _, values in made:
                values[field.name] = conditions.holds(field.when, values)
    asked = [field for field in fields if field.behaviour]
    if not asked:
        return
    model = tables.model(register.name)
    flags = [peewee.Case(None, [(derived(register, model, field), 1)], 0) for field in asked]
    rows = model.select(model.id, *flags).where(model.id.in_([row["id"] for row, _ in made])).tuples()
    found = {id: answers for id, *answers in rows}
    for row, values in made:
        values |= {field.name: bool(answer) for field, answer in zip(asked, found[row["id"]], strict=True)}


def mark_na(register, values, na_fields):
    if na_fields:
        for field in register.fields:
            if field.na and f"|{field.id}|" in na_fields and field.name in values:
                values[field.name] = NA


def _link_values(register, fields, made):
    for field in fields:
        ids = [row["id"] for row, _ in made]
        linked = {}
        query = Link.select(Link.record_id, Link.target_id).where(
            (Link.register == register.name) & (Link.field_id == field.id) & Link.record_id.in_(ids)
        )
        for record_id, target in query.order_by(Link.target_id).tuples():
            linked.setdefault(record_id, []).append(target)
        for row, values in made:
            values[field.name] = tuple(linked[row["id"]]) if row["id"] in linked else None


def _labels_of(register, made, wanted, actor):
    """{field name: {id: label}} for the relations among the wanted fields."""
    found = {}
    for field in register.fields:
        if field.name in wanted and isinstance(field, (Relation, Relations)):
            ids = set()
            for _, values in made:
                value = values.get(field.name)
                ids.update(value if isinstance(value, tuple) else (value,) if isinstance(value, int) else ())
            found[field.name] = labels(field.to, ids, actor) if ids else {}
    return found


def _record(register, row, values, labelled, named):
    own = {}
    for name, known in labelled.items():
        value = values.get(name)
        own[name] = {id: known.get(id, "") for id in value} if isinstance(value, tuple) else known.get(value, "")
    stored = [row[name] for name in _TOLD]
    return Record(register, row["id"], row["version"], values, own, named.of(values, own), *stored)


_TOLD = ("district_id", "school_id", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")


class _Title:
    """What records of a register are called in a language: their title fields, one space apart; choices by their labels."""

    def __init__(self, register, language):
        fields = [register.by_name[name] for name in register.title if name in register.by_name]
        self._parts = [(field, isinstance(field, Relation)) for field in fields]
        self._language = language

    def of(self, values, labelled):
        parts = [
            labelled.get(field.name, "") if related else words.value_of(field, values.get(field.name), self._language)
            for field, related in self._parts
        ]
        return " ".join([part for part in parts if part])


def labels(register_name, ids, actor):
    """{id: label} of records of a register, in one query: names of those out of the actor's scope only where they are public."""
    ids = sorted({id for id in ids if isinstance(id, int)})
    if not ids:
        return {}
    if register_name not in registry.current():
        return {id: f"#{id}" for id in ids}  # a register out of use: only history still names it
    full = registry.get(register_name)
    model = tables.model(register_name)
    public = full.label_public or actor.system
    source = model.select() if public else policy.rows(full, actor)
    title_fields = [full.field(name) for name in full.title]
    found = dict.fromkeys(ids, words.text(NO_ACCESS, actor.language))
    columns = Columns(model, ["id", *(f"f_{field.id}" for field in title_fields if field.stored)])
    fetched = Statement(source.where(one_of(model.id, ids)).select(columns)).dicts()
    made = [(row, {field.name: row[f"f_{field.id}"] for field in title_fields if field.stored}) for row in fetched]
    # A named field never stands in a label: labels are seen wherever the record is mentioned.
    shown = full.narrow(lambda field: field.sensitivity == "open")
    nested, named = _labels_of(shown, made, set(full.title), actor), _Title(shown, actor.language)
    for row, values in made:
        own = {name: known.get(values.get(name), "") for name, known in nested.items()}
        found[row["id"]] = named.of(values, own) or f"#{row['id']}"
    return found


def codes_of(register_name, ids):
    """{id: code} of records whose register is keyed by one code; empty for others. Only for labels already shown."""
    full = registry.get(register_name)
    if len(full.key) != 1 or not isinstance(full.field(full.key[0]), Code):
        return {}
    model = tables.model(register_name)
    found = {}
    ids = sorted(set(ids))
    for at in range(0, len(ids), 500):
        part = model.select(model.id, column(model, full, full.key[0])).where(model.id.in_(ids[at : at + 500]))
        found.update(dict(part.tuples()))
    return found


def get(register_name, actor, id, *, trash=False, action="view"):
    """One record with all the fields the actor may read of it. NotFound when it is not there for him."""
    full = registry.get(register_name)
    model = tables.model(register_name)
    if not isinstance(id, int) or not 0 < id < 2**63:
        raise NotFound()
    source = policy.rows(full, actor, action=action, trash=trash)
    row = source.where(model.id == id).select(Columns(model)).dicts().first()
    if row is None:
        raise NotFound()
    register = policy.view(full, actor, _Identified(id))
    query = ListQuery(register, actor, columns=register.fields)
    return records_of(query, [row])[0]


@dataclass(frozen=True)
class _Identified:
    id: int
