"""Values under a new type: what a change does to each, and the copying itself. The old column keeps what it has."""

from dataclasses import dataclass, field as attribute
from datetime import timedelta

import peewee

from models import tables
from models.base import atomic, execute_many, is_postgres
from models.checks import Problem
from models.definition_checks import CANNOT_CONVERT, DUPLICATES
from models.errors import FieldError, Label, say
from models.fields import Attachment, Date, DateTime, Derived, Money, Relation, Relations
from models.values import CITY_ZONE, NA, now
from services import policy, query
from services.actor import SYSTEM
from services.imports import matching

BATCH, MOST_EXAMPLES = 1000, 50
EXACT, LOSSY, LOST = "exact", "lossy", "lost"
CLOCKS_APART = timedelta(minutes=5)
_NOT_CONVERTED = (Relations, Attachment, Derived)
_WAN = 10_000


@dataclass(frozen=True)
class Casualties:
    """What a change of type does to one field's values: how many convert exactly, with loss, not at all; up to 50 examples
    (record id, old text, new text or "", outcome), none of a field whose values are not for every eye.
    """

    field: object
    exact: int = 0
    lossy: int = 0
    lost: int = 0
    examples: tuple = attribute(default=())


# whether it can be ------------------------------------------------------------------------------------------------------


def impossible(published, settled):
    """[Problem]: types that do not become one another, and values that would stand twice where they may not."""
    register, found = settled.register, []
    before, after = _by_id(published), _by_id(register)
    for new_id, old_id in settled.copies.items():
        old, new = before[old_id], after[new_id]
        if isinstance(old, _NOT_CONVERTED) or isinstance(new, _NOT_CONVERTED):
            sentence = say("「{label}」不能改成这种类型，请停用它，另加一个字段。", label=new.title)
            found.append(Problem(CANNOT_CONVERT, f"{register.name}.fields.{new.name}", sentence))
    if found:
        return found
    kept = {(field.id,) for field in published.live if field.unique} | {_key(published)}
    for names, where in [
        *(((field.name,), f"fields.{field.name}") for field in register.live if field.unique),
        (register.key, "key"),
    ]:
        ids = tuple(register.field(name).id for name in names)
        if ids and ids not in kept:
            found += _twice(published, settled, ids, f"{register.name}.{where}")
    return found


def _key(register):
    return tuple(register.field(name).id for name in register.key)


def _twice(published, settled, ids, where):
    """A problem where rows share the values that are to be unique; a field that is new, or newly copied, is asked as it was."""
    model = tables.model_of(published)
    ids = [settled.copies.get(id, id) for id in ids]
    if any(not hasattr(model, f"f_{id}") for id in ids):
        return []
    columns = [getattr(model, f"f_{id}") for id in ids]
    known = model.deleted_at.is_null()
    for column in columns:
        known &= column.is_null(False)
    groups = model.select(*columns).where(known).group_by(*columns).having(peewee.fn.COUNT(model.id) > 1)
    count = groups.count()
    if not count:
        return []
    fields = _by_id(published)
    labels = tuple(fields[id].title for id in ids)
    shown = all(fields[id].sensitivity == "open" and not isinstance(fields[id], (Relation, Relations)) for id in ids)
    examples = (
        [" ".join(fields[id].render(value) for id, value in zip(ids, row, strict=True)) for row in groups.limit(3).tuples()]
        if shown
        else ()
    )
    sentence = say("「{labels}」有 {count} 组重复的值，不能设为不重复。", labels=labels, count=count)
    if examples:
        sentence = say(
            "「{labels}」有 {count} 组重复的值，不能设为不重复，如：{examples}。",
            labels=labels,
            count=count,
            examples=tuple(examples),
        )
    return [Problem(DUPLICATES, where, sentence)]


def _by_id(register):
    return {field.id: field for field in register.fields}


# what it does -----------------------------------------------------------------------------------------------------------


def survey(published, settled, actor):
    """A tuple of Casualties, one for each field that changes its type; nothing is written."""
    before, after = _by_id(published), _by_id(settled.register)
    return tuple(_survey(published, before[old_id], after[new_id], actor) for new_id, old_id in settled.copies.items())


def _survey(published, old, new, actor):
    counts, examples = {EXACT: 0, LOSSY: 0, LOST: 0}, []
    shown = old.sensitivity == new.sensitivity == "open"
    for rows in _batches(published, old):
        found = converted(old, new, [value for _, value in rows])
        for (id, value), (now_value, outcome) in zip(rows, found, strict=True):
            counts[outcome] += 1
            if shown and outcome != EXACT and len(examples) < MOST_EXAMPLES:
                examples.append((id, value, now_value, outcome))
    return Casualties(new, counts[EXACT], counts[LOSSY], counts[LOST], _seen(published, old, new, examples, actor))


def _seen(published, old, new, examples, actor):
    """The examples of rows this person may see, as texts."""
    ids = [id for id, *_ in examples]
    source = policy.rows(published, actor)
    seen = {id for (id,) in source.where(source.model.id.in_(ids)).select(source.model.id).tuples()} if ids else set()
    texts = _texts(old, [value for _, value, _, _ in examples])
    return tuple(
        (
            id,
            texts.get(value, "") if value is not NA else old.render(value),
            new.render(made) if not isinstance(new, Relation) else str(made or ""),
            outcome,
        )
        for id, value, made, outcome in examples
        if id in seen
    )


def _batches(register, field):
    """[(id, value)] of rows that hold something in the field, trash included, in batches by id."""
    model, last = tables.model_of(register), 0
    column = getattr(model, f"f_{field.id}")
    mark = f"|{field.id}|"
    while True:
        holds = column.is_null(False) | (model.na_fields.contains(mark) if field.na else peewee.Value(False))
        rows = list(
            model.select(model.id, column, model.na_fields)
            .where((model.id > last) & holds)
            .order_by(model.id)
            .limit(BATCH)
            .tuples()
        )
        if not rows:
            return
        yield [(id, NA if field.na and mark in (na or "") else value) for id, value, na in rows]
        last = rows[-1][0]


def converted(old, new, values):
    """[(value under the new field or None, exact, lossy or lost)] for values of the old one. Relations are asked in sets."""
    texts = _texts(old, [value for value in values if value is not NA])
    targets = matching.resolve(new, set(texts.values()), SYSTEM) if isinstance(new, Relation) and texts else {}
    return [_one(old, new, value, texts, targets) for value in values]


def _texts(old, values):
    """{value: its text}; relations by the labels of their records."""
    if isinstance(old, Relation):
        return query.labels(old.to, set(values), SYSTEM) if values else {}
    return {value: old.render(value) for value in values}


def _one(old, new, value, texts, targets):
    if value is NA:
        return (NA, EXACT) if new.na else (None, LOST)
    if isinstance(old, Money) and isinstance(new, Money) and {old.unit, new.unit} == {"元", "万元"}:
        return _money(old, new, value)
    if isinstance(old, DateTime) and type(new) is Date:
        return value.astimezone(CITY_ZONE).date(), LOSSY
    text = texts.get(value, "")
    if isinstance(new, Relation):
        found = targets.get(text)
        return (found, EXACT) if isinstance(found, int) else (None, LOST)
    try:
        made = new.clean(text)
    except FieldError:
        return None, LOST
    if made is None:
        return None, LOST
    return made, EXACT if _comes_back(old, new, value, text, made) else LOSSY


def _money(old, new, value):
    try:
        made = new.clean(str(value * _WAN if old.unit == "万元" else value / _WAN))
    except FieldError:
        return None, LOST
    return made, EXACT


def _comes_back(old, new, value, text, made):
    """Whether the old value can be read off the new one."""
    said = new.render(made)
    if said == text:
        return True
    try:
        return not isinstance(old, Relation) and old.clean(said) == value
    except FieldError:
        return False


# doing it ---------------------------------------------------------------------------------------------------------------


def fill(published, settled, still_good):
    """Fills the new columns, batch by batch, before anybody reads them; gives the moment it began. `still_good()` is asked in
    each batch's transaction and raises when somebody else has published meanwhile.
    """
    began = now()
    with atomic():
        still_good()
        tables.add_columns(settled.register)
    before, after = _by_id(published), _by_id(settled.register)
    for new_id, old_id in settled.copies.items():
        for rows in _batches(published, before[old_id]):
            with atomic():
                still_good()
                _write(settled.register, before[old_id], after[new_id], rows)
    return began


def fill_rest(published, settled, began):
    """The same for rows written since: in the transaction that publishes, so that none is missed."""
    model = tables.model_of(published)
    before, after = _by_id(published), _by_id(settled.register)
    for new_id, old_id in settled.copies.items():
        old, mark = before[old_id], f"|{old_id}|"
        column = getattr(model, f"f_{old_id}")
        recent = model.select(model.id, column, model.na_fields).where(model.updated_at >= began - CLOCKS_APART)
        rows = [(id, NA if old.na and mark in (na or "") else value) for id, value, na in recent.tuples()]
        for at in range(0, len(rows), BATCH):
            _write(settled.register, old, after[new_id], rows[at : at + BATCH])


def _write(register, old, new, rows):
    """The converted values into the new column; 不适用 beside it."""
    model = tables.model_of(register)
    column, mark = getattr(model, f"f_{new.id}"), "%s" if is_postgres() else "?"
    filled = [(id, value) for id, value in rows if value is not None]
    made = converted(old, new, [value for _, value in filled])
    stored = [
        (None if value is NA or value is None else column.db_value(value), id)
        for (id, _), (value, _) in zip(filled, made, strict=True)
    ]
    stored += [(None, id) for id, value in rows if value is None]
    execute_many(f'UPDATE "{model._meta.table_name}" SET "f_{new.id}" = {mark} WHERE id = {mark}', stored)
    for (id, _), (value, _) in zip(filled, made, strict=True):
        if value is NA:
            marks = model.select(model.na_fields).where(model.id == id).scalar() or "|"
            if f"|{new.id}|" not in marks:
                model.update(na_fields=f"{marks}{new.id}|").where(model.id == id).execute()


OUTCOMES = {EXACT: Label("不变", "exact"), LOSSY: Label("有损失", "with loss"), LOST: Label("转不了", "not at all")}
