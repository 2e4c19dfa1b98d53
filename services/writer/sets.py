"""Many rows written as one set: each checked as a single row is, but what must be asked of the database is asked for all at once.

A faulty row keeps none of the others from being checked, nor from being written.
"""

from dataclasses import dataclass

from models import registry, tables
from models.base import atomic, is_postgres
from models.errors import AppError, Fault, Invalid, NotFound, Unavailable, say
from models.values import today
from services import behaviours, policy
from services.writer.faults import blanks, faults_in_turn, faults_of, taken_in_set, unique_groups, unsettled
from services.writer.one import Row, merge, named_allowed, refuse_locked
from services.writer.relations import check_relations
from services.writer.rows import codes_are_free, fetch_many, next_ids
from services.writer.saving import Line, file_faults, insert, placed, run_effects, save, with_files
from services.writer.scope import out_of_scope
from services.writer.sheets import Apart, Sheet, sheet_of, together
from services.writer.values import clean, clean_sheet, complete, complete_sheet, defaults_of, fill, make_codes, make_codes_in


@dataclass(frozen=True)
class SetDone:
    """What became of a set, row by row: creates first, then updates, each by its place in the set.

    `ids` has None where a new row was not written; `faults` names the rows that were not, `warnings` those that have some
    (written only when confirmed), `infos` what is only said, `merged` the fields others had changed meanwhile.
    """

    ids: tuple
    faults: dict
    warnings: dict
    infos: dict
    merged: dict
    lines: tuple

    def changes(self, at):
        """{field name: (old, new)} of one row that was there before."""
        line = self.lines[at]
        return {name: (line.old.get(name), line.values[name]) for name in line.changed}


def write_set(register_name, work, creates=(), updates=()):
    """Writes the sound rows of a set and tells of the others. Creates are raw values, row by row or a Sheet of them; updates (id, version,
    raw changed values).

    Raises only what is not about one row: NotAllowed for a register the actor may not write, Unavailable.
    """
    full = registry.get(register_name)
    policy.require(work.actor, "edit", full)
    given = creates if isinstance(creates, Sheet) else Sheet.of(creates)
    new = [Line(None, at=at, place=at) for at in range(given.count)]
    there = [Line(id, raw, version, at) for at, (id, version, raw) in enumerate(updates, len(new))]
    lines = new + there
    _prepare_new(full, work, given, new)
    _prepare_changes(full, work, there)
    _refuse_taken(full, lines)
    _write_in_turn(full, work, lines)
    return _done(work, lines)


def _done(work, lines):
    faulty = [line for line in lines if line.faults]

    def told(level):
        found = {line.at: tuple(fault for fault in line.faults if fault.level == level) for line in faulty}
        return {at: faults for at, faults in found.items() if faults}

    ids = tuple(line.id if line.row or may_go(work, line) else None for line in lines)
    return SetDone(
        ids, told("error"), told("warning"), told("info"), {line.at: line.merged for line in lines if line.merged}, tuple(lines)
    )


def may_go(work, line):
    """Whether nothing keeps a row from being written: no error, and no warning that is not confirmed (an undone row stood so once)."""
    if not line.faults:
        return True
    lax = work.confirmed or work.kind in ("seed", "undo")
    return not any(fault.level == "error" or (fault.level == "warning" and not lax) for fault in line.faults)


def put_back(register_name, work, wanted):
    """Writes earlier values back, {id: values}, state and app-filled fields included: they stood there before, so they are not
    cleaned again. A row must pass the rules about what changes, and stay in the actor's scope. Gives {id: AppError} of the others.
    """
    full = registry.get(register_name)
    found = fetch_many(full, wanted, lock=True)
    lines = [Line(id, at=at, row=found[id][0], old=found[id][1]) for at, id in enumerate(wanted)]
    for line in lines:
        line.values = line.old | wanted[line.id]
        line.settle_changes()
    _ask_rules(full, work, lines)
    _refuse_taken(full, lines)
    _write_in_turn(full, work, lines)
    return {line.id: Invalid(line.faults) for line in lines if not may_go(work, line)}


# -- checking ------------------------------------------------------------------------------------------------------------


def _prepare_new(full, work, given, lines):
    """New rows cleaned, completed and checked, as far as that goes before any of them is written; they stand together in one sheet."""
    if not lines:
        return
    sheet = _clean_new(full, work, given, lines)
    _check_relations(full, work, lines, together(lines) if sheet is None else sheet)
    defaults = defaults_of(full, work.actor)
    if sheet is not None:
        complete_sheet(full, sheet, defaults)
    for line in lines:
        if line.sheet is None:
            line.values = complete(full, line.values, defaults)
    sound = [line for line in lines if line.sound]
    for line, id in zip(sound, next_ids(tables.model(full.name), len(sound)), strict=True):
        line.id = id
    if sheet is not None:
        sheet.made = make_codes_in(full, sheet, [line.id or 0 for line in lines])
    apart = [line for line in lines if line.sheet is None]
    make_codes(full, [line.own for line in apart], [line.id or 0 for line in apart])
    fill(full, [line.own if line.sheet is None else sheet.at(line.place) for line in sound])
    _ask_rules(full, work, lines)


def _clean_new(full, work, given, lines):
    """The sheet of new rows' values, read through the actor's view; those with a fault stand apart from it. Where a field outside the view
    is named, which may be the actor's to give, each row is read through its own view, and there is no sheet: None.
    """
    view, by_app = full if work.actor.system else policy.view(full, work.actor), work.actor.system
    if not view.by_name.keys() >= given.columns.keys():
        for line in lines:
            raw = given.said(line.place)
            particular = full if named_allowed(full, work.actor, raw) else view
            line.values, faults = clean(particular, raw, by_app=by_app, cleaned=given.cleaned)
            if faults:
                _refuse(line, Invalid(faults))
        return None
    sheet, faults = clean_sheet(view, given, by_app=by_app, known=work.known.cleaned.setdefault(full.name, {}))
    for line in lines:
        if line.place in faults:
            line.values = sheet.said(line.place)
            _refuse(line, Invalid(faults[line.place]))
        else:
            line.sheet = sheet
    return sheet


def _prepare_changes(full, work, lines):
    """Changes of rows that are there: found, cleaned, merged with what others saved meanwhile, and checked."""
    if not lines:
        return
    found = _found(full, work, lines)
    view = full if work.actor.system else policy.view(full, work.actor)
    _clean(full, work, found, view)
    chosen = [{name: value for name, value in line.values.items() if value != line.old.get(name)} for line in found]
    _check_relations(full, work, found, Apart(chosen))
    for line in found:
        _merge(full, view, line)
        line.values = line.old | line.values
    sound = [line for line in found if line.sound]
    fill(full, [line.values for line in sound])
    for line in found:
        line.settle_changes()
    _ask_rules(full, work, found)


def _found(full, work, lines):
    """The lines whose record is there and may be changed by the actor, with the record; the others are told why not."""
    ids = {line.id for line in lines if isinstance(line.id, int) and 0 < line.id < 2**63}
    seen = policy.among(full, work.actor, ids)
    editable = seen if work.actor.system else policy.among(full, work.actor, seen, action="edit")
    there, found = fetch_many(full, seen, lock=True), {}
    for line in lines:
        try:
            if line.id not in there or there[line.id][0]["deleted_at"] is not None:
                raise NotFound()
            if line.id not in editable:
                policy.require(work.actor, "edit", full, line.id)
            if line.id in found:
                raise Invalid([Fault("", "repeated", say("这条记录在同一批里出现了两次，只改了第一次的。"))])
            line.row, line.old = there[line.id]
            refuse_locked(full, line.old)
            found[line.id] = line
        except AppError as error:
            _refuse(line, error)
    return list(found.values())


def _refuse(line, error):
    """A row refused as a whole, by the error a single write would have raised."""
    line.sound = False
    if isinstance(error, Invalid):
        line.faults += error.faults
    else:
        code = getattr(error, "code", "") or getattr(error, "rule", "") or "not_found"
        line.faults.append(Fault("", code, error.sentence))


def _clean(full, work, lines, view):
    """Cleans what changes in rows, read through the view; a row in which a field outside it is named, through the actor's view of it."""
    by_app, alike, known = work.actor.system, {}, work.known.cleaned.setdefault(full.name, {})
    for line in lines:
        alike.setdefault(frozenset(line.raw), []).append(line)
    for names, some in alike.items():
        if not view.by_name.keys() >= names:
            for line in some:
                line.values, faults = clean(policy.view(full, work.actor, Row(line.id)), line.raw, by_app=by_app)
                if faults:
                    _refuse(line, Invalid(faults))
            continue
        sheet, faults = clean_sheet(view, Sheet.of([line.raw for line in some]), by_app=by_app, known=known)
        for at, line in enumerate(some):
            line.values = sheet.row(at)
            if at in faults:
                _refuse(line, Invalid(faults[at]))


def _check_relations(full, work, lines, rows):
    """What rows point at; they are asked field by field (services.writer.sheets)."""
    for at, faults in check_relations(full, work, rows).items():
        lines[at].faults += faults
        lines[at].sound = False
    for at in with_files(full, rows):
        faults = file_faults(full, work.actor, lines[at].id, lines[at].values)
        lines[at].faults += faults
        lines[at].sound &= not faults


def _merge(full, view, line):
    if line.sound:
        try:
            line.merged = merge(full, view, line.id, line.row["version"], line.version, line.old, line.values)
        except AppError as error:
            _refuse(line, error)


def _ask_rules(full, work, lines):
    """Required fields and rules. Checks that ask records of this register wait until the rows before them are written."""
    day, ahead = today(), frozenset() if work.kind == "seed" else behaviours.APART
    sound = [line for line in lines if line.sound]
    rules = unsettled(full, together(sound), day, work.known.held)
    for line in lines:
        if not line.sound:
            line.faults += blanks(full, line.values, line.faults, line.changed if line.row else None)
    with behaviours.looking_once():
        for line in sound if rules else ():
            changed, id = (line.changed, line.id) if line.row else (None, None)
            line.faults += faults_of(
                full, work, line.values, line.old, changed, id, day=day, later=line.later, ahead=ahead, rules=rules
            )  # fmt: skip


def _refuse_taken(full, lines):
    """Values that must be unique, asked for all rows at once; of two rows with the same one, the faultless one has it."""
    names = {name for group in unique_groups(full) for name in group}
    asked = [line for line in lines if line.sound and (not line.row or names & line.changed)]
    asked = [line for line in asked if not line.faults] + [line for line in asked if line.faults]
    found = taken_in_set(full, together(asked), [line.id if line.row else None for line in asked], _free(full, asked))
    for at, faults in found.items():
        asked[at].faults += faults


def _free(full, lines):
    """The fields that have codes made for these new rows, which nobody has."""
    sheet = sheet_of(lines)
    if sheet is None:
        return ()
    ids = [line.id for line in lines]
    return [field.name for field in sheet.made if codes_are_free(full, field, [min(ids), max(ids)])]


# -- writing -------------------------------------------------------------------------------------------------------------


class _Outside(Exception):
    """Rows of a set that would have left the actor's scope, told once they were saved: the set is taken back without them."""

    def __init__(self, lines):
        self.lines = lines


def _write_in_turn(full, work, lines):
    """Writes the rows in order. One whose rules ask records of its own register is asked when those before it stand."""
    waiting = []
    if work.trial:
        lines = _worth_trying(full, work, lines)
    for line in lines:
        if line.later and line.sound and work.kind != "seed":
            _save(full, work, waiting)
            waiting = []
            line.faults += faults_in_turn(full, work, line)
        if line.sound and may_go(work, line) and (line.changed or not line.row):
            waiting.append(line)
    _save(full, work, waiting)


def _worth_trying(full, work, lines):
    """The lines of a trial that may still turn out wrong by being saved. Where no row is asked about those before it and nothing
    follows from a row, what is left is whether it is the actor's to write, and its unit may say so.
    """
    apart = not any(line.later for line in lines) and not any(name in behaviours.EFFECTS for name in full.behaviours)
    if not apart or with_files(full, together(lines)):
        return lines
    known = [line for line in lines if line.sound]
    units = placed(full, work, known)
    unsure = _unsure(full, work, units)
    return [line for line, unit in zip(known, units, strict=True) if unit in unsure] if unsure else []


def _unsure(full, work, units):
    """Those of the units whose rows may not be the actor's to write, or only by what else they hold."""
    sure = policy.surely(full, work.actor, "edit")
    return {unit for unit in set(units) if not sure(*unit)}


def _save(full, work, lines):
    """Saves rows and runs their effects once; what turns out wrong only then is told of the rows it is about."""
    if lines and _is_certain(full, work, lines):
        work.begin()
        _put_down(full, work, lines)
        return
    try:
        by_halves(work, lines, lambda part: _save_all(full, work, part), _refuse)
    except _Outside as error:
        for line in error.lines:
            line.faults.append(out_of_scope(full))
        _save(full, work, [line for line in lines if line not in error.lines])


def _is_certain(full, work, lines):
    """Whether nothing can be refused any more by being saved, so that there is nothing to be taken back: no other writes meanwhile,
    no file is claimed, nothing follows, and every row is the actor's to write. SQLite copies each page that a savepoint changes.
    """
    if is_postgres() or any(name in behaviours.EFFECTS for name in full.behaviours):
        return False
    return not _unsure(full, work, placed(full, work, lines)) and not with_files(full, together(lines))


def by_halves(work, items, write, refuse):
    """Runs write(items), all or none. Where it refuses, each half is tried by itself, down to refuse(item, error) of the one item."""
    if not items:
        return
    work.begin()  # before the savepoint: what is taken back must not take the change set along
    before = work.changes, len(work.infos)
    try:
        with atomic():
            write(items)
    except (AppError, _Outside) as error:
        work.changes = before[0]
        del work.infos[before[1] :]
        if isinstance(error, (Unavailable, _Outside)):
            raise
        if len(items) == 1:
            refuse(items[0], error)
            return
        by_halves(work, items[: len(items) // 2], write, refuse)
        by_halves(work, items[len(items) // 2 :], write, refuse)


def _save_all(full, work, lines):
    ids = _put_down(full, work, lines)
    if not work.actor.system:
        covered = policy.among(full, work.actor, ids, action="edit")
        outside = [line for line in lines if line.id not in covered]
        if outside:
            raise _Outside(outside)
    run_effects(full, work, ids)


def _put_down(full, work, lines):
    """The rows in their tables; their ids, new ones first."""
    new, there = [line for line in lines if not line.row], [line for line in lines if line.row]
    if new:
        insert(full, work, new)
    if there:
        save(full, work, there)
    return [line.id for line in new + there]
