"""What a list is asked for: URL parameters become a list query on the register as the actor sees it, and back."""

from dataclasses import dataclass, replace

from models import registry, tables
from models.errors import Fault, FieldError, Invalid, say
from models.fields import Integer, Relation
from models.filters import split
from models.values import NA
from services import policy, search

PAGE, LARGEST_PAGE, CAP = 50, 200, 1000
MOST_KEYS = 3
ID = Integer(name="id", label="记录号", label_en="Record number", id="@id")

UNIT_FIELDS = {
    "district": Relation(name="district", label="区县", label_en="District", to="district", id="@district"),
    "school": Relation(name="school", label="学校", label_en="School", to="school", id="@school"),
}


@dataclass(frozen=True)
class Filter:
    """One condition of a list; `value` is what the field's clean_filter gave, `raw` what the URL said."""

    field: object
    operator: str
    value: object
    raw: str

    @property
    def parameter(self):
        return self.field.name if self.operator == "eq" else f"{self.field.name}__{self.operator}"


@dataclass(frozen=True)
class ListQuery:
    """A list request worked out: what to show, of which rows, in which order, from where."""

    register: object
    actor: object
    filters: tuple = ()
    q: str = ""
    sort: tuple = ()
    limit: int = PAGE
    cursor: str = ""
    columns: tuple = ()
    trash: bool = False
    action: str = "view"
    ids: tuple = ()
    own_columns: bool = False

    @property
    def model(self):
        return tables.model(self.register.name)


def parse(register_name, actor, pairs=(), *, trash=False, action="view", ids=()):
    """The list query that URL parameters ask for, on the register as this actor sees it. Invalid names a bad parameter."""
    register = policy.view(registry.get(register_name), actor, action="count" if action == "count" else "view")
    faults, filters, seen = [], [], set()
    query = ListQuery(register, actor, trash=trash, action=action, ids=tuple(ids))
    for name, raw in pairs:
        if name in seen and name in _PARAMETERS:
            faults.append(Fault(name, "repeated", say("参数 {name} 出现了两次。", name=name)))
            continue
        seen.add(name)
        try:
            if name in _PARAMETERS:
                query = _PARAMETERS[name](query, raw)
            else:
                filters.append(_filter(register, name, raw))
        except FieldError as error:
            faults.append(Fault(name, error.code, error.sentence))
    if faults:
        raise Invalid(faults)
    filters = tuple(dict.fromkeys(filters))
    columns = query.columns or tuple(register.field(name) for name in register.list_columns)
    return replace(query, filters=filters, sort=query.sort or order_of(register, register.sort), columns=columns)


def filter_fields(register):
    """The fields a list offers to filter by: the declared ones, and the units every scoped row carries."""
    declared = tuple(field for field in map(register.field, register.filters) if field.sensitivity != "masked")
    return tuple(field for name, field in UNIT_FIELDS.items() if carries(register, name)) + declared


def carries(register, unit):
    """Whether the register's rows have this unit without a field of that name."""
    if not registry.get(register.name).scope or unit in registry.get(register.name).by_name:
        return False
    return unit == "district" or registry.get(register.name).unit == "school"


def field_of(register, name):
    """The field a list can be narrowed by under this name: the register's own, its units, the record's number; else None."""
    if name == ID.name:
        return ID
    return register.by_name.get(name) or (UNIT_FIELDS.get(name) if carries(register, name) else None)


def _filter(register, name, raw):
    field_name, operator = split(name)
    field = field_of(register, field_name)
    if field is not None and field.sensitivity == "masked" and operator != "empty":
        # A filter on a value that is shown cut short would tell it letter by letter.
        raise FieldError("masked", say("「{label}」是遮挡的，不能按它筛选。", label=field.title))
    if field is None or operator not in field.operators:
        raise FieldError("unknown_parameter", say("没有「{name}」这个筛选条件。", name=name[:60]))
    if len(raw) > 2000 or "\x00" in raw:
        raise FieldError("too_long", say("「{label}」的筛选值太长或含有控制字符。", label=field.title))
    if operator == "empty":
        if raw not in ("true", "false", "1", "0"):
            raise FieldError("flag", say("「{label}」为空的条件只能是 true 或 false。", label=field.title))
        return Filter(field, operator, raw in ("true", "1"), raw)
    if operator == "in":
        return Filter(field, operator, tuple(field.clean_filter(operator, part) for part in raw.split(",")[:200]), raw)
    value = field.clean_filter(operator, raw)
    if value is NA and operator not in ("eq", "ne"):
        raise FieldError("filter_na", say("「不适用」不能比大小，「{label}」请给一个值。", label=field.title))
    return Filter(field, operator, value, raw)


def _set_q(query, raw):
    if not query.register.search:
        raise FieldError("no_search", say("「{register}」不能搜索，请用筛选。", register=query.register.titled))
    return replace(query, q=raw.strip()[: search.LONGEST_QUERY])


def _set_limit(query, raw):
    if not raw.isascii() or not raw.isdigit() or len(raw) > 4 or not 1 <= int(raw) <= LARGEST_PAGE:
        raise FieldError("limit", say("每页条数应在 1 到 {most} 之间。", most=LARGEST_PAGE))
    return replace(query, limit=int(raw))


def _set_sort(query, raw):
    return replace(query, sort=order_of(query.register, raw))


def order_of(register, raw):
    """((field name, descending), …) of a sort parameter; the record's number, unless it is named, follows the first key's direction."""
    found = {}
    for part in raw.split(","):
        name, descending = part.strip().removeprefix("-"), part.strip().startswith("-")
        field = register.by_name.get(name)
        if name != "id" and (field is None or not field.sortable or field.sensitivity == "masked"):
            raise FieldError("unknown_sort", say("不能按「{name}」排序。", name=name[:60]))
        found.setdefault(name if field is None else field.name, descending)
        if name == "id":
            break
    if len(found) > MOST_KEYS:
        raise FieldError("too_many_keys", say("最多按 {most} 项排序。", most=MOST_KEYS))
    keys = tuple(found.items())
    implied = len(keys) > 1 and keys[-1] == ("id", keys[0][1])
    return keys[:-1] if implied else keys


def _set_fields(query, raw):
    columns = []
    for name in dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()):
        field = query.register.by_name.get(name)
        if field is None:
            raise FieldError("unknown_field", say("没有「{name}」这一列。", name=name[:60]))
        columns.append(field)
    return replace(query, columns=tuple(columns), own_columns=bool(columns))


_PARAMETERS = {
    "q": _set_q,
    "limit": _set_limit,
    "sort": _set_sort,
    "fields": _set_fields,
    "cursor": lambda query, raw: replace(query, cursor=raw),
}


def pairs(query, without=None, **changed):
    """The URL parameters of a query, for building links: `without` drops one (name, value), keywords replace or remove (None)."""
    default_sort = order_of(query.register, query.register.sort)
    found = [(part.parameter, part.raw) for part in query.filters]
    found += [("q", query.q)] if query.q else []
    if query.sort != default_sort:
        found.append(("sort", ",".join(("-" if down else "") + name for name, down in query.sort)))
    found += [("fields", ",".join(field.name for field in query.columns))] if query.own_columns else []
    found += [("limit", str(query.limit))] if query.limit != PAGE else []
    found = [pair for pair in found if pair != without and pair[0] not in changed]
    return found + [(name, value) for name, value in changed.items() if value is not None]
