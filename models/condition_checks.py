"""Whether a condition of a declaration can be asked of a register; see models.conditions for the language."""

from models.conditions import DAY
from models.errors import FieldError, say
from models.fields import Choice, Date, DateTime, Derived
from models.filters import OPERATORS, split


def problems(condition, register, stored=True):
    """Sentences for what cannot be asked. `stored`: the condition also runs in SQL, so only stored fields serve."""
    if not _is_condition(condition):
        yield say("条件的写法不对。")
        return
    for key, value in condition:
        if key == "not":
            yield from problems(value, register, stored)
        elif key == "any":
            if not isinstance(value, tuple) or not value:
                yield say("条件的写法不对。")
                continue
            for part in value:
                yield from problems(part, register, stored)
        else:
            yield from _comparison(key, value, register, stored)


def _is_condition(condition):
    return isinstance(condition, tuple) and all(
        isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str) for part in condition
    )


def _comparison(key, value, register, stored):
    name, operator = split(key)
    field = register.by_name.get(name)
    if field is None:
        yield say("条件里没有字段「{name}」。", name=name)
    elif isinstance(field, Derived) or (stored and not field.stored):
        yield say("条件里不能用字段「{name}」。", name=name)
    elif operator != "empty" and operator not in _allowed(field):
        yield say("字段「{name}」不能用「{operator}」比较。", name=name, operator=OPERATORS[operator].label)
    else:
        yield from _operand(field, operator, value, register)


def _allowed(field):
    """What a filter may ask, and the plain comparisons a filter has no use for."""
    return (*field.operators, "in", *(("ne",) if "eq" in field.operators else ()))


def _operand(field, operator, value, register):
    if operator == "empty":
        if not isinstance(value, bool):
            yield say("「{name}」是否为空，只能写 true 或 false。", name=field.name)
        return
    if operator == "in" and not isinstance(value, tuple):
        yield say("「{name}」要列出几个值。", name=field.name)
        return
    for part in value if operator == "in" else (value,):
        if isinstance(part, str) and part.startswith("$"):
            if not (_day(field, part) if operator == "in" else _reference(field, part, register)):
                yield say("条件里的「{value}」看不懂。", value=part)
        elif isinstance(field, Choice) and part not in {option.code for option in field.options}:
            yield say("「{label}」没有选项「{value}」。", label=field.title, value=str(part))
        elif not isinstance(field, Choice):
            yield from _literal(field, part)


def _day(field, value):
    return isinstance(field, (Date, DateTime)) and bool(DAY.fullmatch(value))


def _reference(field, value, register):
    """A day, or a field whose stored values compare with this one's as they are."""
    if _day(field, value):
        return True
    other = register.by_name.get(value[1:])
    if other is None or not other.stored:
        return False
    if field.numeric and other.numeric:
        return getattr(field, "places", 0) == getattr(other, "places", 0)
    return field.type == other.type


def _literal(field, value):
    """Literals are written as JSON writes them: true, 3, "3.50", "2021-08-05"."""
    try:
        cleaned = field.clean(value)
    except FieldError as error:
        yield error.sentence
        return
    exact = isinstance(value, (int, float, str)) if field.numeric else value == field.to_json(cleaned)
    if cleaned is None or not exact or (field.type == "integer" and not isinstance(value, int)):
        yield say("条件里「{label}」的值写法不对。", label=field.title)
