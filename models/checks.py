"""Checks of declarations: problems with stable ids, the same at start-up, on the command line and in the builder."""

import re
from collections import Counter
from dataclasses import dataclass, field, fields as attributes, is_dataclass

from models import condition_checks, field_checks
from models.errors import FieldError, Sentence, say
from models.field_checks import LONGEST_LABEL, NAME, good_label
from models.fields import Attachment, Choice, Derived, LongText, Relation
from models.fields.base import Field
from models.refused import refused
from models.reports import LEVELS
from models.workflow import Workflow

__all__ = ["Known", "Problem", "all_problems", "check", "refused"]

MOST_FIELDS, MOST_COLUMNS = 200, 1000  # in use; with those no longer in use, which keep their columns
CLOCK_DAYS = re.compile(r"\d{1,5}|\{[^{}:]{1,60}:\d{1,5}\}")
UNITS = ("district", "school")
GRAINS = ("object", "count", "person")
ACTIONS = ("edit", "approve")
TEXTS = ("name", "id", "label", "field", "initial", "message", "target")
LISTS = ("key", "title", "list_columns", "phone", "filters", "search")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a declaration: a stable id, where ("school.fields.code"), and the sentence."""

    id: str
    where: str
    sentence: Sentence


@dataclass(frozen=True)
class Known:
    """What a declaration may refer to: the other registers by name, and the behaviours (None: not looked at)."""

    registers: dict = field(default_factory=dict)
    behaviours: frozenset | None = None


def all_problems(registers, behaviours=None):
    """Every problem of a set of registers that refer to each other."""
    known = Known({register.name: register for register in registers}, None if behaviours is None else frozenset(behaviours))
    twice = [name for name, times in Counter(register.name for register in registers).items() if times > 1]
    found = [Problem("R001", name, say("台账名「{name}」用了两次。", name=name)) for name in twice]
    return found + [problem for register in registers for problem in check(register, known)]


def check(register, known=Known()):
    """The problems of one register, given what it may refer to. An empty list means it can be used."""
    found = list(_shape(register))
    if found:
        return found
    known = Known({**known.registers, register.name: register}, known.behaviours)
    for part in (
        _register,
        field_checks.names,
        field_checks.labels,
        field_checks.each,
        _lists,
        _scope,
        _workflow,
        _rules,
        _summaries,
        _behaviours,
        _related,
        _clocks,
    ):
        found.extend(Problem(id, f"{register.name}.{where}".rstrip("."), sentence) for id, where, sentence in part(register, known))
    return found


# shape: a declaration from JSON may hold anything anywhere -----------------------------------------------------------


def _shape(register):
    parts = [("", register), ("workflow", register.workflow)]
    parts += [
        (name, part)
        for name in ("fields", "rules", "sections", "summaries", "exports", "clocks")
        for part in _tuple(register, name)
    ]
    parts += [("workflow", move) for move in _tuple(register.workflow, "transitions")]
    for where, part in parts:
        bad = _misshapen(part) if is_dataclass(part) else ""
        if bad:
            place = f"{register.name}.{where}.{part.name}" if isinstance(part, Field) else f"{register.name}.{where}"
            yield Problem("R000", place.rstrip("."), say("「{option}」的写法不对。", option=bad))


def _tuple(holder, name):
    value = getattr(holder, name, ())
    return value if isinstance(value, tuple) else ()


def _misshapen(part):
    """The name of the first option whose type is not that of its default."""
    for attribute in attributes(part):
        value = getattr(part, attribute.name)
        if attribute.name in ("min", "max", "above"):
            good = value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool))
        elif attribute.name == "default":
            good = value is None or isinstance(value, (str, int, float, tuple))
        elif attribute.name == "workflow":
            good = value is None or isinstance(value, Workflow)
        elif attribute.name in TEXTS or isinstance(attribute.default, str):
            good = isinstance(value, str)
        elif isinstance(attribute.default, bool):
            good = isinstance(value, bool)
        elif isinstance(attribute.default, int):
            good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        else:
            good = isinstance(value, tuple)
        if not good or not _texts(attribute.name, value):
            return attribute.name
    return ""


def _texts(name, value):
    """Lists of names hold text alone."""
    listed = (*LISTS, "aliases", "label_aliases", "behaviours", "related", "requires", "require", "sources", "by", "columns", "locked",
              "different_from", "accept", "narrowed_by", "measures", "reads", "erases")  # fmt: skip
    return name not in listed or all(isinstance(part, str) for part in value)


# the register as a whole ----------------------------------------------------------------------------------------------


def _register(register, known):
    if not NAME.fullmatch(register.name):
        yield "R001", "name", say("台账名「{name}」只能用小写字母开头的字母、数字和下划线。", name=register.name)
    if not good_label(register.label):
        yield "R002", "label", say("台账要有名称，最多 {most} 个字。", most=LONGEST_LABEL)
    if not register.live:
        yield "R003", "fields", say("台账至少要有一个字段。")
    if len(register.live) > MOST_FIELDS or len(register.fields) > MOST_COLUMNS:
        most, now = (MOST_FIELDS, len(register.live)) if len(register.live) > MOST_FIELDS else (MOST_COLUMNS, len(register.fields))
        yield "R004", "fields", say("字段最多 {most} 个，现在有 {now} 个。", most=most, now=now)
    if register.grain not in GRAINS:
        yield "R005", "grain", say("粒度只能是：{accepted}。", accepted=GRAINS)


# lists of fields ------------------------------------------------------------------------------------------------------


def _lists(register, known):
    named = {name: getattr(register, name) for name in LISTS} | {"sort": (register.sort.removeprefix("-"),)}
    named |= {f"sections.{section.label}": section.fields for section in register.sections}
    named |= {f"exports.{template.name}": template.columns for template in register.exports}
    for where, names in named.items():
        for name, times in Counter(names).items():
            if name not in register.by_name and (where, name) != ("sort", "id"):
                yield "R024", where, say("没有字段「{name}」。", name=name)
            elif name in register.by_name and register.field(name).retired:
                yield "R054", where, say("字段「{label}」已停用，请先从这里去掉。", label=register.field(name).title)
            elif times > 1:
                yield "R025", where, say("字段「{name}」写了不止一次。", name=name)
    places = Counter(name for section in register.sections for name in set(section.fields))
    for name, times in places.items():
        if times > 1:
            yield "R025", "sections", say("字段「{name}」放在了几个分组里。", name=name)
    yield from _unfit(register)


def _unfit(register):
    """Fields of a type that the list cannot use."""
    unfit = {
        "key": lambda part: not part.stored or isinstance(part, (LongText, Attachment)) or not part.sortable,
        "filters": lambda part: not part.operators,
        "search": lambda part: part.numeric or isinstance(part, (Choice, Derived, Attachment)),
        "title": lambda part: isinstance(part, (LongText, Attachment, Derived)),
    }
    for where, test in unfit.items():
        for name in getattr(register, where):
            if name in register.by_name and test(register.field(name)):
                yield "R026", where, say("字段「{name}」的类型不能用在这里。", name=name)
    sort = register.by_name.get(register.sort.removeprefix("-"))
    if sort and not sort.sortable:
        yield "R026", "sort", say("不能按字段「{name}」排序。", name=sort.name)


def _scope(register, known):
    if not all(_leads_to_unit(register, path, known) for path in register.scope.split("|")):
        yield "R027", "scope", say("数据范围「{scope}」没有通到区县或学校。", scope=register.scope)


def _leads_to_unit(register, scope, known):
    """Whether the path ends at the district or school register, by relations that exist."""
    if scope in ("", "id:district", "id:school"):
        return scope in ("", f"id:{register.name}")
    first, dot, rest = scope.partition(".")
    part = register.by_name.get(first)
    if not isinstance(part, Relation):
        return False
    if not dot:
        return part.to in UNITS
    target = known.registers.get(part.to)
    if target is None or rest not in UNITS or not _leads_to_unit(target, rest, known):
        return False
    return bool(target.scope) and register.name not in _carriers(target, known)


def _carriers(register, known):
    """The names of the registers from which a register's rows take their unit, itself included."""
    found, waiting = [], [register]
    while waiting:
        register = waiting.pop()
        if register is None or register.name in found:
            continue
        found.append(register.name)
        firsts = (register.by_name.get(path.split(".")[0]) for path in register.scope.split("|"))
        waiting += [known.registers.get(getattr(first, "to", None)) for first in firsts]
    return found


# workflow, rules, summaries -------------------------------------------------------------------------------------------


def _workflow(register, known):
    flow = register.workflow
    if flow is None:
        return
    state = register.by_name.get(flow.field)
    if type(state) is not Choice:
        yield "R029", "workflow", say("状态字段「{name}」应是单选。", name=flow.field)
        return
    codes = {option.code for option in state.options}
    used = {flow.initial, *flow.locked} | {code for move in flow.transitions for code in (*move.sources, move.target)}
    for code in sorted(used - codes):
        yield "R030", "workflow", say("「{label}」没有状态「{code}」。", label=state.title, code=code)
    if state.default not in (None, flow.initial):
        yield "R030", "workflow", say("「{label}」的默认值应是初始状态。", label=state.title)
    names = Counter(move.name for move in flow.transitions)
    for move in flow.transitions:
        if not NAME.fullmatch(move.name) or names[move.name] > 1 or not good_label(move.label) or move.action not in ACTIONS:
            yield (
                "R031",
                f"workflow.{move.name}",
                say("办理步骤「{name}」的名称、标签或权限写错了，或写了不止一次。", name=move.name),
            )
        yield from _move(move, names, register)


def _move(move, names, register):
    where = f"workflow.{move.name}"
    unknown = [name for name in move.requires if name not in register.by_name]
    unknown += [name for name in move.different_from if name not in names]
    unknown += [key for key, _ in move.sets if key not in register.by_name]
    for name in unknown:
        yield "R032", where, say("没有字段或步骤「{name}」。", name=name)
    for name, value in move.sets:
        part = register.by_name.get(name)
        if part is None or value in ("$today", "$now", "$me"):
            continue
        try:
            part.clean(value)
        except FieldError as error:
            yield "R032", where, error.sentence
    for sentence in condition_checks.problems(move.when, register, stored=False):
        yield "R028", where, sentence


def _rules(register, known):
    ids = Counter(rule.id for rule in register.rules)
    for rule in register.rules:
        where = f"rules.{rule.id}"
        if ids[rule.id] > 1 or not NAME.fullmatch(rule.id) or rule.level not in LEVELS or not rule.message.strip():
            yield "R033", where, say("规则「{name}」的编号、级别或说明写错了，或编号用了不止一次。", name=rule.id)
        if not (rule.must or rule.require or rule.check):
            yield "R034", where, say("规则「{name}」什么也没有要求。", name=rule.id)
        for name in (*rule.require, *((rule.field,) if rule.field else ())):
            if name not in register.by_name:
                yield "R035", where, say("没有字段「{name}」。", name=name)
        for sentence in (
            part for when in (rule.when, rule.must) for part in condition_checks.problems(when, register, stored=False)
        ):
            yield "R028", where, sentence


def _summaries(register, known):
    names = Counter(summary.name for summary in register.summaries)
    for summary in register.summaries:
        where = f"summaries.{summary.name}"
        if names[summary.name] > 1 or not NAME.fullmatch(summary.name) or not 1 <= len(summary.by) <= 2 or not summary.measures:
            yield "R036", where, say("统计「{name}」的名称、分组或数值写错了，或名称用了不止一次。", name=summary.name)
        for name in summary.by:
            part = register.by_name.get(name)
            grouped_by_unit = part is None and name in UNITS and register.scope
            if not grouped_by_unit and (part is None or not part.stored or isinstance(part, (LongText, Attachment))):
                yield "R037", where, say("不能按「{name}」分组。", name=name)
        for measure in summary.measures:
            kind, _, name = measure.partition(":")
            part = register.by_name.get(name)
            if measure != "count" and (kind != "sum" or part is None or not part.numeric):
                yield "R037", where, say("不能统计「{measure}」。", measure=measure)


def _behaviours(register, known):
    if known.behaviours is None:
        return
    asked = [part.behaviour for part in register.fields if isinstance(part, Derived) and part.behaviour]
    for name in (*register.behaviours, *(rule.check for rule in register.rules if rule.check), *asked):
        if name not in known.behaviours:
            yield "R038", "behaviours", say("没有名为「{name}」的规则程序。", name=name)


def _related(register, known):
    for name in register.related:
        other = known.registers.get(name)
        if other is None or not any(getattr(part, "to", None) == register.name for part in other.fields):
            yield "R039", "related", say("台账「{name}」没有关联到本台账。", name=name)


def _clocks(register, known):
    ids = Counter(clock.id for clock in register.clocks)
    for clock in register.clocks:
        where = f"clocks.{clock.id}"
        good = NAME.fullmatch(clock.id) and ids[clock.id] == 1 and good_label(clock.label) and CLOCK_DAYS.fullmatch(clock.days)
        if not good or not (clock.when or clock.after or clock.trash):
            yield "R040", where, say("保留期限「{name}」的编号、名称、天数或条件写错了。", name=clock.id)
        for name in clock.erases:
            if name not in register.by_name or not register.field(name).stored:
                yield "R041", where, say("没有可清除的字段「{name}」。", name=name)
        for sentence in condition_checks.problems(clock.when, register):
            yield "R028", where, sentence
