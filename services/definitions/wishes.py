"""From what someone wants a register to be (JSON) to what it becomes: fields keep their ids and columns, nothing goes.

A wish is a declaration's JSON, and may have `grants` (who may do what, for a new register) and `notes` {field name: why it was
proposed so}, which say nothing of what it becomes. Its options may say `from`: codes that become this one. Whatever the wish
leaves out of what is in force is retired, never dropped.
"""

from dataclasses import dataclass, fields as attributes

from models import definitions as stored
from models.checks import Problem
from models.definition_checks import CHANGED_BUILT_IN, GENERATED, MISSHAPEN, Right, too_deep
from models.errors import say
from models.fields import TYPES
from models.fields.base import Field
from models.register import Register
from models.reports import ExportTemplate, Rule, Section, Summary
from models.workflow import Workflow
from services.definitions.naming import option_code, slug
from services.definitions.renaming import SHOWN, renamed

PARTS = {"fields": Field, "rules": Rule, "sections": Section, "summaries": Summary, "exports": ExportTemplate}
KNOWN = frozenset(attribute.name for attribute in attributes(Register)) | {"grants", "notes"}
MOST_PARTS = 2000


class Misshapen(ValueError):
    """A wish that is no definition at all; `problem` says where and why."""

    def __init__(self, where, sentence, id=MISSHAPEN):
        super().__init__(where)
        self.problem = Problem(id, where, sentence)


@dataclass(frozen=True)
class Settled:
    """What a wish comes to: the register; `copies` {new field id: the id its values come from}; `merges` {field id: {code:
    the code it becomes}}; `rights` a tuple, or None where the wish says nothing of them.
    """

    register: Register
    copies: dict
    merges: dict
    rights: tuple | None


def settle(wish, published=None, taken=()):
    """The Settled of a wish, given the register in force (None: it is new). Misshapen for what cannot be read.

    `taken` are ids no new field may have, besides those in force.
    """
    content = dict(_shaped(wish))
    rights = _rights(content.pop("grants", None))
    content.pop("notes", None)
    declared = stored.BUILT_IN.get(published.name) if published else None
    base = {field.id: field.to_dict() | {"id": field.id} for field in published.fields} if published else {}
    work = _Fields(content["fields"], base, set() if declared is None else {field.id for field in declared.fields}, taken)
    content["fields"] = [field for field in work.made if not field.get("retired")]
    content = renamed(content, work.renames)
    content = _without(content, {field["name"] for field in work.made if field.get("retired")})
    content = _fitting(content, [field for field in work.made if field["id"] in work.copies])
    content["fields"] += [field for field in work.made if field.get("retired")]
    content = _named(content, published)
    if declared is None:
        content = _listed(content)
    register = _read(content)
    if declared is not None:
        _unchanged(declared, register)
    return Settled(register, work.copies, work.merges, rights)


def _unchanged(declared, register):
    try:
        stored.added(declared, register)
    except ValueError as error:
        raise Misshapen(str(error), say("这是内置台账，自带的部分不能改，只能增加字段。"), CHANGED_BUILT_IN) from None


# shape ------------------------------------------------------------------------------------------------------------------


def _shaped(wish):
    """The wish, once every part of it can be read by itself."""
    if not isinstance(wish, dict):
        raise Misshapen("", say("定义应是一个 JSON 对象。"))
    if too_deep(wish):
        raise Misshapen("", say("定义嵌套得太深。"))
    for key in wish:
        if key not in KNOWN:
            raise Misshapen(str(key)[:60], say("没有「{name}」这一项。", name=str(key)[:60]))
    notes = wish.get("notes", {})
    if not isinstance(notes, dict) or not all(isinstance(line, str) for line in notes.values()):
        raise Misshapen("notes", say("「{option}」的写法不对。", option="notes"))
    for name in PARTS:
        parts = wish.get(name, [])
        if not isinstance(parts, (list, tuple)) or len(parts) > MOST_PARTS or not all(isinstance(part, dict) for part in parts):
            raise Misshapen(name, say("「{option}」的写法不对。", option=name))
    _texts(wish, "", ("name", "label", "scope", "sort", "icon", "group"))
    for at, field in enumerate(wish.get("fields", [])):
        _texts(field, f"fields.{at}", ("type", "name", "label", "id"))
        options = field.get("options", [])
        if not isinstance(options, (list, tuple)) or not all(isinstance(option, dict) for option in options):
            raise Misshapen(f"fields.{at}", say("「{option}」的写法不对。", option="options"))
        for option in options:
            _texts(option, f"fields.{at}", ("code", "label"))
    return {"fields": []} | wish


def _texts(part, where, names):
    for name in names:
        if not isinstance(part.get(name, ""), str):
            raise Misshapen(f"{where}.{name}".lstrip("."), say("「{option}」的写法不对。", option=name))


def _read(content):
    """The register of the finished JSON; Misshapen says which part cannot be read."""
    for name, kind in PARTS.items():
        for at, part in enumerate(content.get(name, [])):
            try:
                hash(kind.from_dict(part))
            except (ValueError, TypeError, KeyError, AttributeError):
                place = f"{name}.{part.get('name') or part.get('id') or at}"
                raise Misshapen(place, say("「{option}」的写法不对。", option=part.get("label") or place)) from None
    try:
        Workflow.from_dict(content["workflow"]) if content.get("workflow") else None
        made = Register.from_dict(content)
        hash(made)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Misshapen("", say("「{option}」的写法不对。", option="workflow" if content.get("workflow") else "register")) from None
    return made


def _rights(grants):
    if grants is None:
        return None
    wrong = Misshapen("grants", say("「{option}」的写法不对。", option="grants"))
    if not isinstance(grants, (list, tuple)) or len(grants) > 50:
        raise wrong
    found = []
    for part in grants:
        if not isinstance(part, dict) or set(part) - {"role", "actions", "rows", "names"}:
            raise wrong
        actions = part.get("actions", [])
        if not isinstance(actions, (list, tuple)) or not all(
            isinstance(text, str) for text in [*actions, part.get("role", ""), part.get("rows", "")]
        ):
            raise wrong
        found.append(Right(part.get("role", ""), tuple(actions), part.get("rows", ""), part.get("names") is True))
    return tuple(found)


# fields -----------------------------------------------------------------------------------------------------------------


class _Fields:
    """The wished fields beside those in force: `made` (all of them, the retired last), `renames`, `copies`, `merges`."""

    def __init__(self, wished, base, declared, taken):
        self.base, self.declared = base, declared
        self.prefix = "x" if declared else "c"
        self.renames, self.copies, self.merges = {}, {}, {}
        self.used = {*base, *taken}
        self.last = max((int(id[1:]) for id in self.used if GENERATED.fullmatch(id)), default=0)
        self.taken = {field["name"] for field in wished if field.get("name")} | {field["name"] for field in base.values()}
        known = self._matched(wished)
        kept, gone = [], []
        for field, was in zip(wished, known, strict=True):
            field = dict(field)
            if was is None:
                kept.append(self._new(field))
            elif was["id"] in declared:
                kept.append(field | {"id": was["id"]})
            else:
                self._changed(field, was, kept, gone)
        seen = {field["id"] for field in (*kept, *gone)}
        gone += [was | {"retired": True} for id, was in base.items() if id not in seen and id not in declared]
        gone += [field for field in kept if field.get("retired")]
        self.made = [field for field in kept if not field.get("retired")]
        self.made += [self._out_of_the_way(field) for field in gone]

    def _matched(self, wished):
        """For each wished field the one in force it means: by id, else by its present name, else by an old one."""
        found, free = [None] * len(wished), dict(self.base)
        for at, field in enumerate(wished):
            found[at] = free.pop(field.get("id", ""), None)
        for names in (lambda was: (was["name"],), lambda was: was.get("aliases", ())):
            for at, field in enumerate(wished):
                if found[at] is None and field.get("name") and not GENERATED.fullmatch(field.get("id", "")):
                    same = next((id for id, was in free.items() if not was.get("retired") and field["name"] in names(was)), None)
                    found[at] = free.pop(same) if same else None
        return found

    def _new(self, field):
        """A field nobody had before: an id of its own, and names where it has none."""
        id = field.get("id", "")
        if not GENERATED.fullmatch(id) or id[0] != self.prefix or id in self.used:
            id = self._fresh()
        self.used.add(id)
        self.last = max(self.last, int(id[1:]))
        made = {"type": "text", "label": ""} | field | {"id": id}
        if not made.get("name"):
            made["name"] = slug(made.get("label_en") or made["label"], self.taken)
            self.taken.add(made["name"])
        self._options(made, None)
        return made

    def _fresh(self):
        self.last += 1
        return f"{self.prefix}{self.last}"

    def _changed(self, field, was, kept, gone):
        """A field in force as it is wished now; of another type it is a new column, and the old one is kept out of use."""
        made = {key: value for key, value in was.items() if key in ("id", "type", "name", "label")} | field | {"id": was["id"]}
        made["name"] = made["name"] or was["name"]
        aliases = [*was.get("aliases", ()), *_list(field.get("aliases")), *([was["name"]] if made["name"] != was["name"] else [])]
        made["aliases"] = [name for name in dict.fromkeys(aliases) if name != made["name"]]
        if made["name"] != was["name"]:
            self.renames[was["name"]] = made["name"]
        self._options(made, was)
        if not _same_column(was, made):
            id = self._fresh()
            self.used.add(id)
            self.copies[id] = was["id"]
            gone.append(was | {"retired": True})
            made = _own_options(made | {"id": id}, was)
        kept.append(made)

    def _options(self, field, was):
        """Codes for options that have none; what is no longer wished stays, retired; what was merged is noted."""
        if "options" not in field:
            return
        known = {option["code"]: option for option in (was or {}).get("options", ())}
        taken = set(known) | {option["code"] for option in field["options"] if option.get("code")}
        made, merged = [], {}
        for option in field["options"]:
            option = dict(option)
            before = [code for code in _list(option.pop("from", ())) if isinstance(code, str) and code != option.get("code")]
            if not option.get("code"):
                option["code"] = option_code(option.get("label_en") or option.get("label", ""), taken)
                taken.add(option["code"])
            option.setdefault("label", option["code"])
            merged |= {code: option["code"] for code in before if code in known}
            said = [known[code]["label"] for code in before if code in known]
            if said:
                option["synonyms"] = list(dict.fromkeys([*_list(option.get("synonyms")), *said]))
            made.append(option)
        wished = {option["code"] for option in made}
        made += [option | {"retired": True} for code, option in known.items() if code not in wished]
        field["options"] = made
        if merged and was and _same_column(was, field):
            self.merges[was["id"]] = merged

    def _out_of_the_way(self, field):
        """A field out of use leaves its names to those in use."""
        live = {name for other in self.made for name in (other["name"], *_list(other.get("aliases")))}
        live -= {field["name"]} if field in self.made else set()
        name = field["name"]
        if name in live:
            name = next(n for n in (f"{field['id']}_old", *(f"{field['id']}_old{at}" for at in range(2, 99))) if n not in live)
        return field | {
            "name": name,
            "aliases": [alias for alias in _list(field.get("aliases")) if alias not in live and alias != name],
        }


def _same_column(was, now):
    """Whether the stored values mean the same under both: the type, and for exact numbers the decimals."""
    if was["type"] != now["type"]:
        return False
    try:
        before, after = Field.from_dict(was), Field.from_dict({key: value for key, value in now.items() if key != "from"})
    except (ValueError, TypeError, KeyError, AttributeError):
        return True  # told when the whole is read
    if {getattr(before, "unit", ""), getattr(after, "unit", "")} == {"元", "万元"}:
        return False
    return getattr(before, "places", 0) == getattr(after, "places", 0) and getattr(before, "to", "") == getattr(after, "to", "")


def _own_options(field, was):
    """The field without what belonged to its former type."""
    kind = TYPES.get(field["type"])
    known = {attribute.name for attribute in attributes(kind)} if kind else set(field)
    former = {name for name in was if name not in known} | {"retired"}
    return {name: value for name, value in field.items() if name == "type" or name not in former}


def _list(value):
    return list(value) if isinstance(value, (list, tuple)) else []


# the register around them -----------------------------------------------------------------------------------------------


def _named(content, published):
    """The register's own name: what it is stored under never changes, another one becomes an alias."""
    if published is None:
        return content | {"name": content.get("name") or slug(content.get("label_en") or content.get("label", ""), (), "list")}
    aliases = [*_list(content.get("aliases")), *published.aliases]
    if content.get("name") and content["name"] != published.name:
        aliases.append(content["name"])
    made = content | {"name": published.name, "label": content.get("label", published.label)}
    kept = list(dict.fromkeys(alias for alias in aliases if alias != published.name))
    return made | ({"aliases": kept} if kept else {})


def _without(content, gone):
    """The lists that only show, without the fields out of use."""
    made = dict(content)
    for part in SHOWN:
        if isinstance(made.get(part), (list, tuple)):
            made[part] = [name for name in made[part] if name not in gone]
    for part, key in (("sections", "fields"), ("exports", "columns")):
        if part in made:
            made[part] = [item | {key: [name for name in _list(item.get(key)) if name not in gone]} for item in made[part]]
            made[part] = [item for item in made[part] if item[key]]
    if "summaries" in made:
        made["summaries"] = [
            item
            for item in made["summaries"]
            if not gone & {*_list(item.get("by")), *(str(m).split(":")[-1] for m in _list(item.get("measures")))}
        ]
    if str(made.get("sort", "")).lstrip("-") in gone:
        del made["sort"]
    return made


def _fitting(content, retyped):
    """The lists without the fields whose new type does not serve there: nobody who changes a type means to break the search."""
    made = dict(content)
    for part, fits in (("search", _SEARCHED), ("title", _NAMING), ("filters", _FILTERS)):
        unfit = {field["name"] for field in retyped if field["type"] not in fits}
        if isinstance(made.get(part), (list, tuple)):
            made[part] = [name for name in made[part] if name not in unfit]
    if str(made.get("sort", "")).lstrip("-") in {
        field["name"] for field in retyped if field["type"] in ("long_text", "choices", "attachment")
    }:
        del made["sort"]
    return made


LISTED, PHONE = 8, 3
_NAMING = tuple(name for name in TYPES if name not in ("long_text", "attachment", "derived"))
_FILTERS = tuple(name for name, kind in TYPES.items() if kind.operators)
_TITLE = ("text", "code", "relation", "date", "choice", "integer")
_SEARCHED = ("text", "code", "phone", "long_text", "relation")
_FILTERED = ("choice", "choices", "yes_no", "relation", "date", "derived")


def _listed(content):
    """Lists the wish does not speak of, as a clerk would expect them: the title, the columns, what to filter and search by."""
    live = [field for field in content["fields"] if not field.get("retired")]
    quiet = [field for field in live if field.get("sensitivity", "open") == "open"]
    titles = sorted((field for field in quiet if field["type"] in _TITLE), key=lambda field: _TITLE.index(field["type"]))
    columns = [field["name"] for field in live if field["type"] not in ("long_text", "attachment")][:LISTED]
    found = {
        "title": [field["name"] for field in titles[:1]],
        "list_columns": columns or [field["name"] for field in live[:1]],
        "phone": columns[:PHONE],
        "filters": [field["name"] for field in quiet if field["type"] in _FILTERED],
        "search": [field["name"] for field in quiet if field["type"] in _SEARCHED],
    }
    return {name: value for name, value in found.items() if value} | content
