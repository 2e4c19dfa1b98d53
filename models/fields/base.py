"""What every field type shares: its column, its cleaning, its rendering, its description."""

from dataclasses import KW_ONLY, MISSING, dataclass, fields as attributes
from typing import Any, ClassVar

from models.errors import FieldError, Label, say
from models.values import NA, NA_CODE, NA_TEXT

TYPES = {}
SENSITIVITIES = ("open", "masked", "named")
FORBIDDEN_CHARACTERS = frozenset(
    [chr(code) for code in range(32) if chr(code) not in "\t\r\n"]
    + [chr(127)]
    + [chr(code) for code in range(0xD800, 0xE000)]  # halves of characters: no database takes them
    + list("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)


def condition(**parts):
    """A condition as a hashable value: `condition(grade__in=("C", "D"))`; see models.conditions for the language."""
    return tuple(sorted(parts.items()))


@dataclass(frozen=True)
class Field:
    """One field of a register: name, label, English label, then options by name. A subclass adds options and the duties below.

    `id` is stable for ever and names the physical column; `name` is the API name and may change (old ones in `aliases`).
    `sensitivity`: open; masked (shown cut short, revealed with a purpose); named (only where a grant clears names).
    `readonly`: set by the app alone, never typed or imported. `na`: 不适用 is an answer.
    """

    name: str
    label: str
    label_en: str = ""
    _: KW_ONLY
    id: str = ""
    aliases: tuple = ()
    required: bool = False
    default: Any = None
    unit: str = ""
    unit_en: str = ""
    help: str = ""
    help_en: str = ""
    example: str = ""
    sensitivity: str = "open"
    readonly: bool = False
    na: bool = False
    unique: bool = False
    indexed: bool = False
    shown_when: tuple = ()
    retired: bool = False
    label_aliases: tuple = ()

    type: ClassVar[str] = ""
    control: ClassVar[str] = "text"
    operators: ClassVar[tuple] = ("eq", "ne", "in", "empty")
    numeric: ClassVar[bool] = False
    stored: ClassVar[bool] = True
    sortable: ClassVar[bool] = True
    several: ClassVar[bool] = False
    condition_options: ClassVar[tuple] = ("shown_when",)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.type:
            TYPES[cls.type] = cls

    def __post_init__(self):
        if not self.id:
            object.__setattr__(self, "id", self.name)

    # the duties -----------------------------------------------------------------------------------------------------

    def column(self):
        """A fresh, nullable peewee field that stores this field's Python values."""
        raise NotImplementedError

    def clean(self, raw):
        """The Python value of what was typed, posted or read from a file; None when empty; FieldError when wrong."""
        if raw is None:
            return None
        if self.na and (raw is NA or (isinstance(raw, str) and raw.strip() in (NA_TEXT, NA_CODE, "N/A"))):
            return NA
        if isinstance(raw, str):
            # None of them is printable, which is told for a whole text at once.
            if not raw.isprintable() and not FORBIDDEN_CHARACTERS.isdisjoint(raw):
                bad = next(character for character in raw if character in FORBIDDEN_CHARACTERS)
                raise self.error(
                    "character",
                    say("「{label}」含有看不见的控制字符（U+{code}），请删去后重填。", label=self.title, code=f"{ord(bad):04X}"),
                )
            raw = raw.strip()
            return self.parse(raw) if raw else None
        if isinstance(raw, (dict, bytes)) or (isinstance(raw, (list, tuple, set, frozenset)) and not self.several):
            raise self.error("shape", say("「{label}」只能填一个值。", label=self.title))
        return self.parse(raw)

    def parse(self, raw):
        """`clean` for a value that is neither empty nor 不适用."""
        raise NotImplementedError

    def render(self, value):
        """The text people read and files carry; `clean(render(value)) == value`. Empty for unknown."""
        if value is None:
            return ""
        if value is NA:
            return NA_TEXT
        return self.format(value)

    def format(self, value):
        """`render` for a value that is neither unknown nor 不适用."""
        return str(value)

    def format_sql(self, column):
        """`format` said in SQL: the very same text as an expression over the stored column, unknown where that is unknown."""
        raise NotImplementedError

    def to_json(self, value):
        """The value as JSON carries it: null for unknown, "n/a" for 不适用."""
        if value is None:
            return None
        return NA_CODE if value is NA else self.json_value(value)

    def json_value(self, value):
        return value

    def from_json(self, value):
        """The value back from `to_json`, asking nothing: what was once stored stays readable when limits and options change."""
        if value is None:
            return None
        return NA if self.na and value == NA_CODE else self.revive(value)

    def revive(self, value):
        """`from_json` for a value that is neither unknown nor 不适用."""
        return tuple(value) if self.several else value

    # description ----------------------------------------------------------------------------------------------------

    @property
    def title(self):
        """Its label as a parameter of a sentence."""
        return Label(self.label, self.label_en)

    @property
    def heading(self):
        """The label with its unit, as a column's head in lists and files."""
        return f"{self.label}（{self.unit}）" if self.unit else self.label

    def error(self, code, sentence):
        return FieldError(code, sentence)

    def clean_filter(self, operator, raw):
        """The value a filter compares with. Same rules as `clean`, but for one value at a time and never empty."""
        value = self.clean(raw)
        if value is None:
            raise self.error("filter_empty", say("「{label}」的筛选值不能为空。", label=self.title))
        return value

    def to_dict(self):
        """JSON of the declaration: the type and whatever differs from the defaults."""
        found = {"type": self.type}
        for attribute in attributes(self):
            value = getattr(self, attribute.name)
            default = attribute.default if attribute.default is not MISSING else None
            if attribute.name == "id" and value == self.name:
                continue
            if value != default or attribute.name in ("name", "label"):
                found[attribute.name] = _plain(value, attribute.name in self.condition_options)
        return found

    @classmethod
    def from_dict(cls, data):
        """The field a JSON declaration describes; ValueError names an unknown type or option."""
        kind = TYPES.get(data.get("type"))
        if kind is None:
            raise ValueError(f"unknown field type {data.get('type')!r}")
        known = {attribute.name for attribute in attributes(kind)}
        options = {name: value for name, value in data.items() if name != "type"}
        unknown = sorted(set(options) - known)
        if unknown:
            raise ValueError(f"unknown option {unknown[0]!r} for field type {data['type']!r}")
        return kind(**{name: kind.option(name, value) for name, value in options.items()})

    @classmethod
    def option(cls, name, value):
        """An option's Python value from JSON."""
        return frozen(value, name in cls.condition_options)


def _plain(value, is_condition=False):
    if is_condition:
        return (
            {key: _plain(part, key in ("any", "all", "not")) for key, part in value}
            if _is_pairs(value)
            else [_plain(part, True) for part in value]
        )
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return value


def _is_pairs(value):
    return all(isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str) for part in value)


def frozen(value, is_condition=False):
    """Lists become tuples and condition objects become sorted pairs, so that declarations can be compared and hashed."""
    if isinstance(value, dict):
        return tuple(sorted((key, frozen(part, True)) for key, part in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(frozen(item, is_condition) for item in value)
    return value
