"""Rows into the database: their columns, links, files, journal and search entries."""

from dataclasses import dataclass, field as attribute

from models import tables
from models.base import execute_many, is_postgres
from models.errors import Fault, Invalid, say
from models.fields import Attachment
from models.journal import Attachment as StoredFile
from services import behaviours
from services.journal import UPDATE
from services.writer.indexing import index, reindex_mentions
from services.writer.relations import link
from services.writer.rows import stored
from services.writer.scope import propagate_scope, scope_of
from services.writer.sheets import Apart, Sheet, together


@dataclass(slots=True)
class Line:
    """One row on its way into the database: its id, the row as stored and its values (none of a new row), the values it will have.

    `raw` is what was given, `version` the one the change started from, `at` its place in a set; `faults` what is wrong
    with it, `later` the rules still to be asked. A `sound` row was found, read and understood; its rules may still refuse it.
    `unit` is the (district, school) it will have, once it is `placed`. Its values are its `own`, or stand at a `place` of a `sheet`
    together with those of other rows.
    """

    id: int | None
    raw: dict | None = None
    version: int | None = None
    at: int = 0
    row: dict | None = None
    old: dict | None = None
    own: dict | None = None
    sheet: Sheet | None = None
    place: int = 0
    changed: frozenset = frozenset()
    faults: list = attribute(default_factory=list)
    later: list = attribute(default_factory=list)
    merged: tuple = ()
    sound: bool = True
    unit: tuple | None = None

    @property
    def values(self):
        """Its values by field name; of a row in a sheet, a copy."""
        return self.own if self.sheet is None else self.sheet.row(self.place)

    @values.setter
    def values(self, values):
        self.own, self.sheet = values, None

    def settle_changes(self):
        """Which fields will differ from what is stored."""
        self.changed = frozenset(name for name, value in self.values.items() if value != self.old.get(name))


def placed(register, work, lines):
    """The units of rows whose values are settled, worked out once."""
    open_ones = [line for line in lines if line.unit is None]
    units = scope_of(register, together(open_ones), [line.id for line in open_ones], work)
    for line, unit in zip(open_ones, units, strict=True):
        line.unit = unit
    return [line.unit for line in lines]


def insert(register, work, lines):
    """New rows into the table, their links, files, journal entries and index entries."""
    model, count = tables.model(register.name), len(lines)
    rows, ids, units = together(lines), [line.id for line in lines], placed(register, work, lines)
    moment = model.created_at.db_value(work.at)
    columns = stored(register, rows, count) | {
        "id": ids,
        "version": [1] * count,
        "created_at": [moment] * count,
        "created_by": [work.by] * count,
        "updated_at": [moment] * count,
        "updated_by": [work.by] * count,
        "district_id": [district for district, _ in units],
        "school_id": [school for _, school in units],
    }
    filled = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    tables.insert_columns(model, list(filled), list(filled.values()), beside=True)
    link(register, lines, fresh=True)
    for at in with_files(register, rows):
        claim_files(register, work.actor, ids[at], lines[at].values)
    if work.trial:
        return
    work.note_new(register, ids)
    index(register, ids, rows, units, fresh=True, work=work)


def save(register, work, lines):
    """The changed columns, links, files, journal and index of rows; their dependants' scope where their unit moved."""
    placed(register, work, lines)
    by_fields = {}
    for line in lines:
        by_fields.setdefault(line.changed, []).append(line)
    for changed, part in by_fields.items():
        _save_columns(register, work, part, changed)
    link(register, lines)
    changes = [{name: line.values[name] for name in line.changed} for line in lines]
    for at in with_files(register, Apart(changes)):
        claim_files(register, work.actor, lines[at].id, changes[at])
    work.note_many(register, [(line.id, line.row["version"] + 1, UPDATE, _parts(register, line)) for line in lines])
    moved = [line.id for line in lines if line.unit != (line.row["district_id"], line.row["school_id"])]
    searched, gone = {*register.search, *register.title}, set(moved)
    found = [line for line in lines if line.id in gone or searched & line.changed]
    index(register, [line.id for line in found], together(found), [line.unit for line in found], work=work)
    if moved:
        propagate_scope(register.name, moved)
    renamed = [line.id for line in lines if line.changed & set(register.title)]
    if renamed:
        reindex_mentions(register.name, renamed)


def _parts(register, line):
    """What the journal is told: [(field, old, new)] in the declared order."""
    return [(field, line.old.get(field.name), line.values[field.name]) for field in register.fields if field.name in line.changed]


def _save_columns(register, work, lines, changed):
    """One statement for all rows that change the same fields. The rows are locked, so that their versions stand."""
    model = tables.model(register.name)
    columns = stored(register, together(lines), len(lines), changed)
    columns |= {
        "version": [line.row["version"] + 1 for line in lines],
        "updated_at": [work.at] * len(lines),
        "updated_by": [work.by] * len(lines),
        "district_id": [line.unit[0] for line in lines],
        "school_id": [line.unit[1] for line in lines],
    }
    fields = [model._meta.fields[name] for name in columns]
    values = [tables.db_values(field, column) for field, column in zip(fields, columns.values(), strict=True)]
    mark = "%s" if is_postgres() else "?"
    sets = ", ".join(f'"{field.column_name}" = {mark}' for field in fields)
    execute_many(
        f'UPDATE "{model._meta.table_name}" SET {sets} WHERE id = {mark}',
        list(zip(*values, [line.id for line in lines], strict=True)),
    )


def with_files(register, rows):
    """The places of those that name files, of rows asked field by field (services.writer.sheets)."""
    columns = [rows.column(field.name) for field in register.fields if isinstance(field, Attachment)]
    return [at for at, found in enumerate(zip(*columns, strict=True)) if any(found)] if any(map(any, columns)) else []


def file_faults(register, actor, id, values):
    """Faults for files that are not the actor's to give: named are his uploads that belong to no record yet, or the record's own."""
    faults = []
    for field in register.fields:
        wanted = values.get(field.name) if isinstance(field, Attachment) else None
        if not wanted:
            continue
        free = StoredFile.record_id.is_null() & (StoredFile.uploaded_by == actor.id)
        own = (StoredFile.register == register.name) & (StoredFile.record_id == id)
        kept = StoredFile.id.in_(wanted) & (free | own) & StoredFile.kind.in_(field.accept)
        found = {id for (id,) in StoredFile.select(StoredFile.id).where(kept).tuples()}
        if set(wanted) - found:
            sentence = say("「{label}」里有文件已失效，或不是这里收的种类，请重新上传。", label=field.title)
            faults.append(Fault(field.name, "file", sentence))
    return faults


def claim_files(register, actor, id, values):
    """Files named in a record become its own."""
    wanted = [file for field in register.fields if isinstance(field, Attachment) for file in values.get(field.name) or ()]
    faults = file_faults(register, actor, id, values)
    if faults:
        raise Invalid(faults)
    StoredFile.update(register=register.name, record_id=id).where(StoredFile.id.in_(wanted)).execute()


def run_effects(full, work, ids):
    for name in full.behaviours:
        if name in behaviours.EFFECTS:
            behaviours.EFFECTS[name](work, full, ids)
