"""What is checked of a definition made in the browser beyond models.checks: it comes from people, and it changes a living register."""

import re
from dataclasses import dataclass

from models import conditions
from models.checks import Problem, check as check_register
from models.errors import say
from models.fields import Code, Relation, Relations
from models.tables import wanted_indexes

LONGEST_NAME, MOST_INDEXES, DEEPEST = 30, 30, 12
# Names of system lists, and words that addresses and programs use for something else.
NOT_FOR_REGISTERS = frozenset(
    ("definition", "register", "registers", "record", "records", "import", "imports", "job", "jobs", "token", "tokens", "file", "files",
     "me", "summary", "openapi", "collection", "obligation", "figure", "briefing", "delivery", "subscription")
)  # fmt: skip
NOT_FOR_FIELDS = frozenset(("register", "registers", "endpoint", "values"))
ICON, SERIES, GENERATED = re.compile(r"ti-[a-z0-9-]{1,40}"), re.compile(r"[A-Z][A-Z0-9]{0,9}"), re.compile(r"[cx][1-9]\d{0,5}")
ROWS = ("all", "district", "district_run", "school", "assigned", "unit")
ROLES = ("city_admin", "city_clerk", "district_clerk", "school_reporter", "inspector", "leader")
ACTIONS = ("view", "count", "edit", "approve", "export")
# Found only in the database; named here so that every id has its place.
DUPLICATES, CHANGED_BUILT_IN, CANNOT_CONVERT, MISSHAPEN = "R056", "R055", "R058", "R000"


@dataclass(frozen=True)
class Right:
    """What a role may do with a new register: actions on rows, and whether it reads named fields."""

    role: str
    actions: tuple
    rows: str
    names: bool = False

    def to_dict(self):
        return {"role": self.role, "actions": list(self.actions), "rows": self.rows} | ({"names": True} if self.names else {})


def check(register, known, own=None, built_in=False, rights=()):
    """The problems of a definition. `own`: the fields people made (all of a browser-made register, the added ones of a
    built-in). `known` are the other registers.
    """
    own = register.live if own is None else own
    found = check_register(register, known)
    if any(problem.id == "R000" for problem in found):
        return found
    parts = [_fields(own), _retired(register), _rules(register, own), _rights(rights)]
    if not built_in:
        parts += [_name(register, known), _powers(register), _circle(register, known)]
    parts.append(_indexes(register))
    found += [Problem(id, f"{register.name}.{where}".rstrip("."), sentence) for part in parts for id, where, sentence in part]
    return found


def _name(register, known):
    names = (register.name, *register.aliases)
    for name in names:
        if len(name) > LONGEST_NAME:
            yield "R050", "name", say("台账名「{name}」太长，最多 {most} 个字符。", name=name, most=LONGEST_NAME)
        if name in NOT_FOR_REGISTERS or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or "__" in name:
            yield (
                "R050",
                "name",
                say("台账名「{name}」不能用：要用小写字母开头的字母、数字和下划线，且不是系统保留的词。", name=name),
            )
    taken = {name for other in known.registers.values() if other.name != register.name for name in (other.name, *other.aliases)}
    for name in sorted(taken & set(names)):
        yield "R050", "name", say("台账名「{name}」已经有了，请换一个。", name=name)
    for other in known.registers.values():
        if other.name != register.name and other.label == register.label:
            yield "R050", "label", say("已经有叫「{label}」的台账了，请换一个名称。", label=register.label)


def _powers(register):
    """What only code may declare: it works on fields that a browser-made register need not have."""
    for name in ("system", "behaviours"):
        if getattr(register, name):
            yield "R051", name, say("「{option}」只能由程序声明。", option=name)
    if register.scope.startswith("id:"):
        yield "R051", "scope", say("「{option}」只能由程序声明。", option=register.scope)
    if not ICON.fullmatch(register.icon):
        yield "R051", "icon", say("图标「{icon}」写法不对。", icon=register.icon[:30])
    if len(register.group) > 20:
        yield "R051", "group", say("分组名最多 {most} 个字。", most=20)


def _rules(register, own):
    names = {field.name for field in own}
    for rule in register.rules:
        if rule.check and (names & {*rule.require, rule.field} or register.live == tuple(own)):
            yield "R051", f"rules.{rule.id}", say("「{option}」只能由程序声明。", option=rule.check)


def _fields(own):
    for field in own:
        where = f"fields.{field.name}"
        if field.name in NOT_FOR_FIELDS:
            yield "R007", where, say("字段名「{name}」是系统保留的，请换一个。", name=field.name)
        if not GENERATED.fullmatch(field.id):
            yield "R006", where, say("字段编号「{name}」由系统给出，不能自己写。", name=field.id)
        if isinstance(field, Code) and field.make and not SERIES.fullmatch(field.make):
            yield "R051", where, say("「{label}」的编号前缀只能用大写字母和数字，如 YH。", label=field.title)


def _retired(register):
    """Parts that still lean on a field out of use."""
    gone = {field.name for field in register.fields if field.retired}
    flow, leaning = register.workflow, {}
    leaning["scope"] = {path.split(".")[0] for path in register.scope.split("|")}
    if flow:
        leaning["workflow"] = {flow.field}.union(
            *({*move.requires, *dict(move.sets)} | conditions.fields_of(move.when) for move in flow.transitions)
        )
    for rule in register.rules:
        leaning[f"rules.{rule.id}"] = (
            conditions.fields_of(rule.when) | conditions.fields_of(rule.must) | {*rule.require, rule.field}
        )
    for field in register.live:
        asked = conditions.fields_of(field.shown_when) | conditions.fields_of(getattr(field, "when", ()))
        leaning[f"fields.{field.name}"] = asked | set(getattr(field, "narrowed_by", ())[:1])
    for where, names in leaning.items():
        for name in sorted(names & gone):
            yield "R054", where, say("字段「{label}」已停用，请先从这里去掉。", label=register.field(name).title)


def _indexes(register):
    if any(name not in register.by_name for name in (*register.key, *register.filters, register.sort.lstrip("-")) if name != "id"):
        return  # told already
    now = len(wanted_indexes(register))
    if now > MOST_INDEXES:
        yield (
            "R052",
            "fields",
            say("要建的索引太多（{now} 个，最多 {most} 个）：请少勾几个「建索引」或「不能重复」。", now=now, most=MOST_INDEXES),
        )


def _circle(register, known):
    """Required relations that lead back here: the first record could never be made."""
    for field in register.live:
        if isinstance(field, (Relation, Relations)) and field.required and _needs(field.to, register.name, known, set()):
            yield (
                "R053",
                f"fields.{field.name}",
                say("「{label}」必填，又绕回本台账，第一条记录就填不了。请把其中一个关联改为不必填。", label=field.title),
            )


def _needs(name, wanted, known, seen):
    """Whether a record of one register cannot be without a record of another."""
    if name == wanted:
        return True
    other = known.registers.get(name)
    if other is None or name in seen:
        return False
    seen.add(name)
    relations = (field for field in other.live if isinstance(field, (Relation, Relations)) and field.required)
    return any(_needs(field.to, wanted, known, seen) for field in relations)


def _rights(rights):
    said = set()
    for right in rights:
        good = right.role in ROLES and right.rows in ROWS and right.actions and set(right.actions) <= set(ACTIONS)
        if not good or (right.role, right.rows) in said or (right.names and right.rows != "school"):
            yield "R057", f"grants.{right.role}", say("角色「{role}」的权限写错了，或写了两次。", role=str(right.role)[:30])
        said.add((right.role, right.rows))


def too_deep(value, deepest=DEEPEST):
    """Whether JSON is nested deeper than any definition is; asked first, without recursion."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > deepest:
            return True
        if isinstance(part, (dict, list, tuple)):
            waiting += [(inner, depth + 1) for inner in (part.values() if isinstance(part, dict) else part)]
    return False
