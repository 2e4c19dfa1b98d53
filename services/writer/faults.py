"""What is wrong with a whole row: required fields, the register's rules, values that must be unique."""

from dataclasses import dataclass
from functools import reduce
from itertools import compress
from operator import and_

from models import conditions, tables
from models.base import one_of
from models.errors import Fault, Invalid, NeedsConfirmation, NotAllowed, say
from models.fields import Derived
from models.prepared import Statement
from models.register import once_for_each
from models.values import NA
from services import behaviours, query
from services.behaviours import Checked, derive
from services.writer.rows import forget_free_codes
from services.writer.sheets import Apart

# For how many combinations of values a rule is remembered to hold.
_MOST_KEPT = 20_000


@dataclass(frozen=True)
class Rules:
    """A register's required fields and rules, ready to be asked of many rows.

    `asked` are (rule, a function of the row's values and the day, the fields whose change makes it worth asking); the function
    answers None where the rule's check must be asked as well. `derives`: they read fields worked out from others. `reads` are for each
    rule the stored fields it reads, through derived ones; `about` a choice that a row must have for it to matter, (field, values), or None.
    """

    required: tuple
    asked: tuple
    derives: bool
    reads: tuple = ()
    about: tuple = ()

    def __bool__(self):
        """Whether there is anything to be asked of a row."""
        return bool(self.required or self.asked)


@once_for_each
def rules_of(register):
    """The register's rules, made ready."""
    asked = tuple((rule, _words_of(rule), involved(rule)) for rule in register.rules)
    derived = {field.name: conditions.fields_of(field.when) for field in register.fields if isinstance(field, Derived)}
    reads = tuple(tuple(set().union(*(derived.get(name) or {name} for name in names))) for _, _, names in asked)
    single = {field.name for field in register.fields if tables.is_choice(field)}
    about = tuple(next((one for one in conditions.choices_of(rule.when) if one[0] in single), None) for rule, _, _ in asked)
    required = tuple(
        (field.name, Fault(field.name, "required", say("请填写「{label}」。", label=field.title)))
        for field in register.live
        if field.required
    )
    return Rules(required, asked, any(derived.keys() & names for _, _, names in asked), reads, about)


def unsettled(register, rows, day, held):
    """The register's Rules without those that no row of a set breaks: most rows break none, and are not asked one by one. `rows` are asked
    field by field (services.writer.sheets).

    A rule is asked once for each different combination of the values that it reads; `held` keeps, by register, for which of them it
    was found to hold, from one set to the next.
    """
    rules = rules_of(register)

    def combinations(names, about):
        """The different combinations of these fields' values, in the rows that have what the rule is about."""
        found = [rows.column(name) for name in names]
        if about:
            matters = list(map(about[1].__contains__, rows.column(about[0])))
            found = [list(compress(one, matters)) for one in found] if any(matters) else [()] * len(names)
        return set(found[0]) if len(found) == 1 else set(zip(*found, strict=True))

    required = tuple(one for one in rules.required if None in rows.column(one[0]))
    asked = tuple(
        one
        for one, names, about, known in zip(rules.asked, rules.reads, rules.about, _held(held, register, day), strict=True)
        if not _all_hold(register, one[1], names, combinations(names, about) - known, known, day)
    )
    return Rules(required, asked, rules.derives and bool(asked))


def _held(held, register, day):
    """For each of the register's rules the combinations it is known to hold for on this day."""
    rules = rules_of(register)
    known = held.get(register.name)
    if known is None or known[0] is not rules or known[1] != day:
        known = held[register.name] = rules, day, [set() for _ in rules.asked]
    return known[2]


def _all_hold(register, words, names, combinations, known, day):
    derives, alone = rules_of(register).derives, names[0] if len(names) == 1 else None
    for found in combinations:
        values = {alone: found} if alone else dict(zip(names, found, strict=True))
        if not words(derive(register, values) if derives else values, day):
            return False
    if len(known) > _MOST_KEPT:
        known.clear()
    known |= combinations
    # A rule that reads no field says nothing here: it has a check alone.
    return bool(names)


def _words_of(rule):
    """Whether a rule's own words hold, as a function; None where its check must be asked as well."""
    when = conditions.test(rule.when) if rule.when else _always
    must = conditions.test(rule.must) if rule.must else _always
    require, otherwise = rule.require, None if rule.check else True

    def holds(values, day):
        if not when(values, day):
            return True
        if not must(values, day):
            return False
        for name in require:
            if values.get(name) is None:
                return False
        return otherwise

    return holds


def _always(values, day):
    return True


def faults_of(
    register, work, values, old=None, changed=None, record_id=None, move="", *, day=None, later=None, ahead=(), rules=None
):
    """Faults of a whole row: required fields and rules. A fault that stood before and is not touched does not block an edit.

    A set of rows is first asked what can be answered before any of them is written: with a list `later`, rules with a check
    that is not `ahead` are not asked but put there; `rules` are those that are `unsettled` for the set.
    """
    rules, old = rules_of(register) if rules is None else rules, old or {}
    changed = frozenset(values) if changed is None else changed
    faults = [fault for name, fault in rules.required if values.get(name) is None and name in changed]
    seen, all_of_them = derive(register, values) if rules.derives else values, not old or move
    for rule, words, names in rules.asked:
        if not (all_of_them or rule.always) and names.isdisjoint(changed):
            continue
        holds = words(seen, day)
        if holds is None and later is not None and rule.check not in ahead:
            later.append(rule)
        elif not (_check(rule, register, work.actor, values, old, changed, record_id, move) if holds is None else holds):
            faults += rule_faults(rule, values)
    return faults


def _check(rule, register, actor, values, old, changed, record_id, move=""):
    return behaviours.CHECKS[rule.check](Checked(actor, register, record_id, values, old, changed, move))


def faults_in_turn(register, work, line):
    """Faults by the rules that were put off until the row's turn to be written had come."""
    id, changed = (line.id, line.changed) if line.row else (None, frozenset(line.values))
    wrong = [rule for rule in line.later if not _check(rule, register, work.actor, line.values, line.old or {}, changed, id)]
    return [fault for rule in wrong for fault in rule_faults(rule, line.values)]


def blanks(register, values, faults, changed=None):
    """Faults for required fields left blank, but for those that already have a fault: a wrong value is not a missing one."""
    told = {fault.field for fault in faults}
    required = rules_of(register).required
    return [
        fault for name, fault in required if values.get(name) is None and name not in told and (changed is None or name in changed)
    ]


def refuse_whole(register, work, id, values):
    """Raises NotAllowed where a rule that is asked on every write keeps this row from coming or going as a whole."""
    for rule, words, _ in rules_of(register).asked:
        if not rule.always:
            continue
        holds = words(derive(register, values), None)
        if holds is None:
            holds = _check(rule, register, work.actor, values, values, frozenset(values), id)
        if not holds:
            raise NotAllowed(say("{text}", text=rule.title), rule.id)


def involved(rule):
    """The fields whose change makes a rule worth asking again."""
    named = {rule.field} if rule.field else set()
    return frozenset(conditions.fields_of(rule.when) | conditions.fields_of(rule.must) | set(rule.require) | named)


def rule_faults(rule, values):
    """Where a broken rule's sentence stands: at its field, else at the first required field that is empty, else on top."""
    empty = [name for name in rule.require if values.get(name) is None]
    place = rule.field or (empty[0] if empty else "")
    return [Fault(place, rule.id, say("{text}", text=rule.title), rule.level)]


def settle(work, faults):
    """Raises for errors, then for warnings that are not confirmed; keeps what is only said."""
    errors = [fault for fault in faults if fault.level == "error"]
    warnings = [fault for fault in faults if fault.level == "warning"]
    if errors:
        raise Invalid(errors + warnings)
    if warnings and not work.confirmed:
        raise NeedsConfirmation(warnings)
    work.infos += [fault.sentence for fault in faults if fault.level == "info"]


def unique_groups(register):
    """The groups of field names whose values together belong to one record: the key, and each unique field."""
    groups = [register.key] if register.key else []
    return groups + [(field.name,) for field in register.live if field.unique and (field.name,) not in groups]


def taken(register, values, record_id=None):
    """Faults for a business key, or a unique field, that another row has already. They do not say whose."""
    return taken_in_set(register, Apart([values]), [record_id]).get(0, [])


def taken_in_set(register, rows, ids, free=()):
    """Faults by row index of rows, asked field by field (services.writer.sheets), with their record ids or None, for values that another
    record has, or an earlier row of the set. Parts of a key may be empty (a team takes a district or a school): empty equals
    empty, which an index does not say. The values of the fields named in `free` are known to be nobody's.
    """
    faults = {}
    for names in unique_groups(register):
        if len(names) == 1:
            if names[0] in free:
                continue
            forget_free_codes(register, names[0])
        marks, empty = _marks(rows, names), (None,) * len(names)
        different = set(marks)
        held = _holders(register, names, different - {empty})
        if not held and len(different) == len(marks):
            continue
        for at, mark in enumerate(marks):
            if mark == empty:
                continue
            mine = ids[at] if ids[at] is not None else ("new", at)
            if held.setdefault(mark, {mine}) - {mine}:
                labels = tuple(register.field(name).title for name in names)
                faults.setdefault(at, []).append(
                    Fault(names[-1], "taken", say("「{labels}」已有同样的值，请核对后换一个。", labels=labels))
                )
    return faults


def _marks(rows, names):
    """What each of the rows has in these fields; 不适用 is as good as empty."""
    columns = [[None if value is NA else value for value in rows.column(name)] for name in names]
    return list(zip(*columns, strict=True))


def _holders(register, names, marks):
    """{mark: ids of the live records that have it}, by the field of the group that tells most."""
    if not marks:
        return {}
    model = tables.model(register.name)
    columns = [query.column(model, register, name) for name in names]
    leading = max(range(len(names)), key=lambda at: len({mark[at] for mark in marks} - {None}))
    some = tables.db_values(columns[leading], list({mark[leading] for mark in marks} - {None}))
    parts = [one_of(columns[leading], some)] if some else []
    if any(mark[leading] is None for mark in marks):
        parts.append(columns[leading].is_null())
    if len(marks) == 1:
        # One row is found by all its key's parts, as the index has them.
        (only,) = marks
        parts = [reduce(and_, [c.is_null() if v is None else c == v for c, v in zip(columns, only, strict=True)])]
    found = {}
    for part in parts:
        for id, *have in Statement(model.select(model.id, *columns).where(model.deleted_at.is_null() & part)).rows():
            mark = tuple(have)
            if mark in marks:
                found.setdefault(mark, set()).add(id)
    return found
