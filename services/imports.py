"""Import in its plain, exact form: a file's rows matched, compared and written through the record gate, in one change set.

Nothing is passed over in silence: columns that mean nothing here, title, section and total rows, repeats and rows left out
are named.
"""

from dataclasses import replace

from models import registry
from models.base import atomic
from models.errors import AppError, Fault, FieldError, Invalid, NeedsConfirmation, NotAllowed, NotFound, say
from models.fields import Relation, Relations
from services import matching, policy as rights, readers, records, writer
from services.columns import Columns
from services.import_changes import decide, match
from services.import_rows import Plan, read_rows, tell_layout, understand, without_repeats
from services.outcome import Outcome

MODES = ("add", "update", "both")
POLICIES = ("all", "good")
EMPTIES = ("keep", "clear")
CONFIRMED = "导入时的提示已列出"


def run_plain(
    register_name, path, actor, *, mapping=None, constants=None, translate=None, where=None,
    mode="both", policy="all", empty="keep", dry_run=False,
):  # fmt: skip
    """Imports a file's rows into a register and says what became of each.

    mapping {column: field, or "" to leave it out}; constants {field: text} for every row; translate {field: {text: text}};
    where {column: text} keeps only those rows. mode add, update, both; policy all (one wrong row and nothing is written) or
    good; empty keep (an empty cell leaves what is stored) or clear. Invalid for what concerns the file or the call as a whole.
    """
    _one_of("mode", mode, MODES)
    _one_of("policy", policy, POLICIES)
    _one_of("empty", empty, EMPTIES)
    full = registry.get(register_name)
    rights.require(actor, "edit", full)
    if not full.importable:
        raise readers.refuse("not_importable", say("「{register}」由系统填写，不能导入。", register=full.titled))
    outcome, register = Outcome(), rights.view(full, actor)
    names = Columns(register, mapping or {}, constants or {})
    table = readers.read(readers.open_path(path), score=names.score)
    columns, unmatched = names.of(table.heads)
    if not columns:
        raise readers.refuse("no_columns", say("文件里没有一列与「{register}」的字段对应。", register=full.titled))
    _check_constants(register, actor, names.constants)
    plan = Plan(
        register=register, actor=actor, columns=columns, heads={part.name: table.heads[at] for at, part in columns.items()},
        constants=names.constants, translate=names.named(translate or {}), mode=mode, empty=empty, policy=policy,
        where={names.index(table.heads, head): text for head, text in (where or {}).items()},
    )  # fmt: skip
    tell_layout(table, unmatched, outcome)
    rows = read_rows(plan, table, outcome)
    understand(plan, rows)
    rows = without_repeats(rows, outcome)
    match(plan, rows)
    for row in rows:
        decide(plan, row)
    _write(plan, rows, outcome, dry_run)
    _sum_up(plan, rows, outcome, dry_run)
    return outcome


def _one_of(name, given, accepted):
    if given not in accepted:
        raise readers.refuse(name, say("{name} 只能是 {accepted}。", name=name, accepted=accepted))


def _check_constants(register, actor, constants):
    """A value set for every row is wrong once, not in every row."""
    faults = []
    for name, text in constants.items():
        part = register.field(name)
        try:
            found = matching.resolve(part, {text}, actor)[text] if isinstance(part, (Relation, Relations)) else part.clean(text)
        except FieldError as error:
            faults.append(Fault(name, error.code, error.sentence))
            continue
        if isinstance(found, matching.Unresolved):
            faults.append(Fault(name, "relation", found.sentence))
        elif part.readonly:
            faults.append(Fault(name, "read_only", say("「{label}」由系统填写，不能导入。", label=part.title)))
    if faults:
        raise Invalid(faults)


# Writing ------------------------------------------------------------------------------------------------------------


class _Rehearsed(Exception):
    """Ends a rehearsal: the transaction is rolled back, nothing was written."""


def _write(plan, rows, outcome, dry_run):
    """Writes the good rows in one change set; takes all back where it is only tried, or one row spoils it under policy all.

    The rules are asked even then, so that one look at the messages shows everything that is wrong.
    """
    new = [row for row in rows if row.outcome == "new"]
    changed = [row for row in rows if row.outcome == "changed"]
    if not new and not changed:
        return
    try:
        with records.working(plan.actor, kind="import") as work:
            # Before any savepoint: the change set must outlive the rows that are tried and taken back.
            work.begin()
            _create(plan, work, new)
            for row in changed:
                _update(plan, work, row)
            if dry_run or not _worth_keeping(plan, rows):
                raise _Rehearsed
            outcome.change_set, outcome.written = work.change_set, True
    except _Rehearsed:
        return


def _worth_keeping(plan, rows):
    refused = any(row.outcome in ("error", "out_of_scope") for row in rows)
    return any(row.outcome in ("new", "changed") for row in rows) and not (refused and plan.policy == "all")


def _create(plan, work, rows):
    """Writes new rows in a set. The gate names the rows that are wrong; the rest is tried again without them."""
    while rows:
        try:
            _tried(
                work,
                lambda rows=rows: records.create_many(plan.register.name, plan.actor, [row.changes for row in rows], work=work),
            )
            break
        except NeedsConfirmation as asked:
            _place(asked, rows)
            work.confirmed = CONFIRMED
        except Invalid as error:
            if len(rows) > 1 and not all(_at(fault)[0] for fault in error.faults):
                # A fault that names no row: each half is tried by itself, down to the row it is about.
                _create(plan, work, rows[: len(rows) // 2])
                _create(plan, work, rows[len(rows) // 2 :])
                break
            _place(error, rows)
            rows = [row for row in rows if row.outcome == "new"]
    work.confirmed = ""


def _update(plan, work, row):
    def save():
        writer.update(plan.register.name, work, row.record.id, row.changes, version=row.record.version)

    try:
        try:
            _tried(work, save)
        except NeedsConfirmation as asked:
            _warn(asked.faults, row)
            work.confirmed = CONFIRMED
            _tried(work, save)
    except Invalid as error:
        _refuse([fault for fault in error.faults if fault.level == "error"], row)
    except (NotAllowed, NotFound) as error:
        row.refuse("", "not_allowed", error.sentence, "error" if getattr(error, "rule", "") == "locked_state" else "out_of_scope")
    except AppError as error:
        row.refuse("", "conflict", error.sentence)
    finally:
        work.confirmed = ""


def _tried(work, write):
    """Runs a write in a savepoint; what it counted goes when it goes."""
    counted = work.changes
    try:
        with atomic():
            write()
    except AppError:
        work.changes = counted
        raise


def _place(error, rows):
    """Puts the faults "n.field" of a set on its rows; one that names no row is about the only one."""
    for fault in error.faults:
        at, name = _at(fault)
        (_warn if fault.level == "warning" else _refuse)([replace(fault, field=name)], rows[int(at or 0)])


def _at(fault):
    """("3", "name") of the field "3.name", ("", "name") of "name"."""
    at, _, name = fault.field.partition(".")
    return (at, name) if at.isdigit() else ("", fault.field)


def _warn(faults, row):
    for fault in faults:
        row.warn(fault.field, fault.code, fault.sentence)


def _refuse(faults, row):
    for fault in faults:
        row.refuse(fault.field, fault.code, fault.sentence, "out_of_scope" if fault.code == "out_of_scope" else "error")


def _sum_up(plan, rows, outcome, dry_run):
    """Counts the outcomes and gathers what was said about each row."""
    for row in rows:
        setattr(outcome, row.outcome, getattr(outcome, row.outcome) + 1)
        outcome.warning += any(level == "warning" for *_, level in row.told)
        for name, code, sentence, level in row.told:
            outcome.tell(code, sentence, row=row.number, column=plan.heads.get(name, ""), field=name, level=level)
    bad = outcome.error + outcome.out_of_scope
    if bad and not outcome.written and not dry_run:
        outcome.tell(
            "nothing_written",
            say("有 {count} 行不能导入，没有写入任何行；改好后重新导入，或只导入正确的行。", count=bad),
            level="error",
        )
