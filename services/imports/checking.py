"""The record gate's word on a batch of rows: tried while planning and taken back, written for good while applying."""

from services import records
from services.imports.chunks import REFUSED

CONFIRMED = "导入时的提示已列出"


class _Rehearsed(Exception):
    """Ends a rehearsal: the transaction is rolled back, nothing was written."""


def rehearse(register_name, actor, verdicts, new, known):
    """Asks the gate about the rows that would be written, so that one look shows everything that is wrong. Writes nothing.

    `new` is the Sheet of the new rows' values, as their fields have given them already; `known` (services.journal.Known) goes from batch to
    batch.
    """
    if not any(one.outcome in ("new", "changed") for one in verdicts):
        return
    try:
        with records.working(actor, kind="import", confirmed=CONFIRMED) as work:
            work.trial, work.known = True, known
            _write(register_name, work, verdicts, new)
            raise _Rehearsed
    except _Rehearsed:
        return


def write(register_name, work, verdicts):
    """Writes the new and the changed rows that the gate takes. The others are told why not, at their verdict; gives how many."""
    return _write(register_name, work, verdicts, _sheet([one for one in verdicts if one.outcome == "new"]))


def _sheet(verdicts):
    """The raw values of new rows; None says nothing."""
    names = verdicts[0].names if verdicts else ()
    if any(one.names != names for one in verdicts):
        return records.Sheet.of([one.changes for one in verdicts])
    columns = map(list, zip(*[one.raws for one in verdicts], strict=True))
    return records.Sheet(dict(zip(names, columns, strict=True)) if verdicts else {}, len(verdicts))


def _write(register_name, work, verdicts, new):
    changed = [one for one in verdicts if one.outcome == "changed"]
    done = records.write_set(work, register_name, new, [(one.id, one.version, one.changes) for one in changed])
    asked = [one for one in verdicts if one.outcome == "new"] + changed
    for at, faults in done.warnings.items():
        for fault in faults:
            _warn(asked[at], fault)
    for at, faults in done.faults.items():
        for fault in faults:
            asked[at].refuse(fault.field, _code(fault), fault.sentence)
    return sum(asked[at].outcome in REFUSED for at in done.faults)


def _warn(one, fault):
    said = (fault.field, fault.code, fault.sentence, "warning")
    if said not in one.told:
        one.told.append(said)


def _code(fault):
    """Rows that are not the actor's to change are out of scope, whatever rule says so; a locked state is an error."""
    foreign = fault.code == "not_found" or fault.code.startswith(("no_grant", "out_of_rows"))
    return "out_of_scope" if foreign else fault.code
