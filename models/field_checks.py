"""What is checked of each field of a declaration: its names, its labels, its options, limits, default and target."""

import re
import re._parser as parser
from collections import Counter
from math import isfinite

from models import condition_checks
from models.errors import FieldError, say
from models.fields import Choice, Code, Derived, Relation, Relations
from models.fields.base import FORBIDDEN_CHARACTERS, SENSITIVITIES
from models.fields.choice import TONES
from models.refused import refused, refused_option

NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
RESERVED = frozenset(
    (
        *("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "deleted_by"),
        *("district_id", "school_id", "na_fields"),
        *("q", "sort", "limit", "cursor", "fields", "count", "format", "encoding", "confirmed", "csrf_token", "trash", "by", "by2"),
    )
)
MOST_OPTIONS, MOST_PLACES, LONGEST_LABEL = 500, 6, 60
LONGEST_PATTERN, MOST_OPEN_REPEATS = 200, 3


def good_label(label):
    return 0 < len(label.strip()) <= LONGEST_LABEL and not any(character in FORBIDDEN_CHARACTERS for character in label)


def names(register, known):
    """Names, ids and aliases: valid, free and said once."""
    for part in register.fields:
        where = f"fields.{part.name}"
        for name in dict.fromkeys((part.name, part.id, *part.aliases)):
            if not NAME.fullmatch(name) or "__" in name:
                yield (
                    "R006",
                    where,
                    say("字段名「{name}」只能用小写字母开头的字母、数字和下划线，不能有两个连着的下划线。", name=name),
                )
            elif name in RESERVED:
                yield "R007", where, say("字段名「{name}」是系统保留的，请换一个。", name=name)
    for name, times in Counter(name for part in register.fields for name in {part.name, *part.aliases}).items():
        if times > 1:
            yield "R008", f"fields.{name}", say("字段名或旧名「{name}」用了不止一次。", name=name)
    for id, times in Counter(part.id for part in register.fields).items():
        if times > 1:
            yield "R009", f"fields.{id}", say("字段编号「{name}」用了不止一次。", name=id)


def labels(register, known):
    """Labels that people and imports can tell apart."""
    for part in register.fields:
        if not good_label(part.label):
            yield (
                "R010",
                f"fields.{part.name}",
                say("字段「{name}」要有名称，最多 {most} 个字。", name=part.name, most=LONGEST_LABEL),
            )
    said = Counter(label for part in register.live for label in {part.label, *part.label_aliases})
    for label, times in said.items():
        if times > 1:
            yield "R011", "fields", say("名称或别名「{label}」用在了几个字段上，导入时认不出是哪一个。", label=label)


# one field ------------------------------------------------------------------------------------------------------------


def each(register, known):
    """Everything about one field alone."""
    for part in register.live:
        for check_one in (_refused, _options, _limits, _default, _target, _derived):
            for id, sentence in check_one(part, register, known):
                yield id, f"fields.{part.name}", sentence
        if part.sensitivity not in SENSITIVITIES:
            yield "R012", f"fields.{part.name}", say("保密级别只能是：{accepted}。", accepted=SENSITIVITIES)
        for sentence in condition_checks.problems(part.shown_when, register, stored=False):
            yield "R028", f"fields.{part.name}.shown_when", sentence


def _refused(part, register, known):
    for text in (part.label, part.label_en, part.name, part.id, *part.aliases, *part.label_aliases):
        sentence = refused(text, register.grain)
        if sentence:
            yield "R013", sentence
            return
    for option in getattr(part, "options", ()):
        sentence = refused_option(option.label)
        if sentence:
            yield "R013", sentence
            return


def _options(part, register, known):
    if not isinstance(part, Choice):
        return
    if not part.offered:
        yield "R014", say("「{label}」还没有选项。", label=part.title)
    if len(part.offered) > MOST_OPTIONS:
        yield "R014", say("「{label}」的选项最多 {most} 个。", label=part.title, most=MOST_OPTIONS)
    for words in ([option.code for option in part.options], [option.label for option in part.offered]):
        twice = [word for word, times in Counter(words).items() if times > 1]
        if twice:
            yield "R015", say("「{label}」的选项「{option}」用了不止一次。", label=part.title, option=twice[0])
    for option in part.options:
        if not re.fullmatch(r"[^\s,，、|$]{1,60}", option.code) or not good_label(option.label) or option.tone not in TONES:
            yield (
                "R016",
                say(
                    "「{label}」的选项「{option}」写法不对：代码不能有空格、逗号、顿号和竖线。",
                    label=part.title,
                    option=option.label,
                ),
            )


def _limits(part, register, known):
    limits = [getattr(part, name, None) for name in ("min", "max", "above")]
    try:
        lowest, highest, above = (None if limit is None else float(limit) for limit in limits)
        good = all(isfinite(limit) for limit in (lowest, highest, above) if limit is not None)
        good = good and (lowest is None or highest is None or lowest <= highest)
    except ValueError:
        good = False
    if not good or getattr(part, "places", 0) > MOST_PLACES:
        yield "R017", say("「{label}」的上限、下限或小数位数不对。", label=part.title)
    if getattr(part, "max_length", 1) < max(1, getattr(part, "min_length", 0)):
        yield "R017", say("「{label}」的字数上限不对。", label=part.title)
    if isinstance(part, Code) and part.pattern:
        try:
            re.compile(part.pattern)
        except (re.error, RecursionError, OverflowError):
            yield "R018", say("「{label}」的格式（正则表达式）写错了。", label=part.title)
            return
        if too_costly(part.pattern):
            yield "R018", say("「{label}」的格式（正则表达式）太复杂，匹配起来太慢，请写简单些。", label=part.title)


def too_costly(pattern):
    """Whether a pattern may take too long over a text made to vex it: repeats within repeats, or many open ones in a row."""
    if len(pattern) > LONGEST_PATTERN:
        return True
    open_repeats, stack = 0, [(parser.parse(pattern), False)]
    while stack:
        parts, repeated = stack.pop()
        for kind, value in parts:
            name = str(kind)
            if name in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"):
                return True
            if name.endswith("REPEAT"):
                many = value[1] is parser.MAXREPEAT or value[1] > 100
                open_repeats += many
                if repeated or open_repeats > MOST_OPEN_REPEATS:
                    return True
                stack.append((value[2], repeated or value[1] is parser.MAXREPEAT or value[1] > 1))
            elif name in ("SUBPATTERN", "ATOMIC_GROUP"):
                stack.append((value[-1] if name == "SUBPATTERN" else value, repeated))
            elif name == "BRANCH":
                if repeated:
                    return True
                stack += [(branch, repeated) for branch in value[1]]
    return False


def _default(part, register, known):
    if part.default is not None:
        try:
            if part.clean(part.default) is None:
                yield "R019", say("「{label}」的默认值是空的。", label=part.title)
        except FieldError as error:
            yield "R019", say("「{label}」的默认值不能用：{why}", label=part.title, why=error.sentence)
    if part.required and part.readonly and part.default is None:
        yield "R020", say("「{label}」是必填的，又不能填写，也没有默认值。", label=part.title)


def _target(part, register, known):
    if not isinstance(part, (Relation, Relations)):
        return
    target = known.registers.get(part.to)
    if target is None:
        yield "R021", say("「{label}」关联的台账「{to}」不存在。", label=part.title, to=part.to)
        return
    narrowed = getattr(part, "narrowed_by", ())
    if narrowed and (len(narrowed) != 2 or narrowed[0] not in register.by_name or narrowed[1] not in target.by_name):
        yield "R022", say("「{label}」的联动字段写错了。", label=part.title)


def _derived(part, register, known):
    if not isinstance(part, Derived):
        return
    if bool(part.when) is bool(part.behaviour):
        yield "R023", say("「{label}」要写明什么时候为「是」。", label=part.title)
    for name in part.reads:
        if name not in known.registers:
            yield "R021", say("「{label}」关联的台账「{to}」不存在。", label=part.title, to=name)
    for sentence in condition_checks.problems(part.when, register):
        yield "R028", sentence
