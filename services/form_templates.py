"""A register's form as a workbook to fill: locked heads, drop-downs, a code sheet, and a hidden sheet by which it is known again.

The hidden sheet says which register, which unit, which fields and which version it is; a checksum shows whether that was altered.
services.form_returns takes the filled ones back.
"""

import hashlib
import io
import json
import re
import tempfile
import zipfile
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path

from models import registry
from models.errors import NotFound
from models.fields import Attachment, Choice, Choices, Date, Decimal, Derived, Integer, Relation, Relations, YesNo
from services import exports, policy, query, readers
from services.workbooks.about import FORM

ROWS, MOST_CHOICES = 500, 5_000
CODES, GUIDE = "代码表", "填写说明"
_TITLE, _HEADER, _FIRST = 0, 1, 2
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
_FIRST_DAY = date(1900, 3, 1)


@dataclass(frozen=True)
class Unit:
    """A school or district that fills a form."""

    kind: str
    id: int
    code: str
    name: str


def units(register_name, actor):
    """The Units a register's forms go to, among those the actor may see; () for a register of the city as a whole."""
    kind = _unit_kind(registry.get(register_name))
    if not kind:
        return ()
    asked = query.parse(kind, actor, [("sort", "code")])
    asked = replace(asked, columns=tuple(asked.register.field(name) for name in ("code", "name")))
    found = (Unit(kind, one.id, one.values["code"], one.values["name"]) for one in query.stream(asked))
    # Everyone sees the names of all districts; a form goes to one's own.
    own = {one.district_id for one in actor.memberships}
    return tuple(one for one in found if kind == "school" or actor.system or None in own or one.id in own)


def _unit_kind(register):
    return next((kind for kind in ("school", "district") if register.scope.rpartition(":")[2].rpartition(".")[2] == kind), "")


# Out ----------------------------------------------------------------------------------------------------------------


def publish(path, register_name, actor, unit=None, *, rows=ROWS):
    """Writes the form of a register for a unit (its id), or for all, to `path`: as many rows to fill as asked for.

    NotAllowed for who may not fill in the register; NotFound for a unit out of his sight.
    """
    policy.require(actor, "edit", registry.get(register_name))
    _publish(path, register_name, actor, _unit(register_name, actor, unit), rows)


def _publish(path, register_name, actor, unit, rows):
    import xlsxwriter

    register = policy.view(registry.get(register_name), actor)
    fields = form_fields(register)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        _Form(book, register, fields, unit, rows).write(_choices(fields, actor, unit))


def publish_each(path, register_name, actor, *, rows=ROWS):
    """Writes what `packet` gives to `path`."""
    parts = packet(register_name, actor, rows=rows)
    with open(path, "wb") as file:
        file.writelines(parts)


def packet(register_name, actor, *, rows=ROWS):
    """The bytes of a zip with the form of each unit the actor may see, one after the other as they are made; one form for all where
    the register has no units. NotAllowed for who may not fill in the register.
    """
    policy.require(actor, "edit", registry.get(register_name))
    return _packet(register_name, actor, units(register_name, actor) or (None,), rows)


def _packet(register_name, actor, everyone, rows):
    out = _Outlet()
    with tempfile.TemporaryDirectory(prefix="taizhang-") as folder, zipfile.ZipFile(out, "w") as archive:
        for unit in everyone:
            form = Path(folder) / "form.xlsx"
            _publish(form, register_name, actor, unit, rows)
            archive.write(form, form_name(register_name, unit))
            yield out.taken()
    yield out.taken()


class _Outlet(io.RawIOBase):
    """What is written to it is taken away again: a zip of any length in the memory of one form."""

    def __init__(self):
        self._parts = []

    def writable(self):
        return True

    def write(self, data):
        self._parts.append(bytes(data))
        return len(data)

    def taken(self):
        """The bytes since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def form_name(register_name, unit):
    """What the file of a unit's form is called."""
    label = registry.get(register_name).label
    return f"{label}-{_NOT_IN_NAMES.sub('', f'{unit.code} {unit.name}')}.xlsx" if unit else f"{label}.xlsx"


def unit_of_code(register_name, actor, code):
    """The Unit of a code. NotFound where there is none the actor may see."""
    found = next((one for one in units(register_name, actor) if one.code == code), None)
    if found is None:
        raise NotFound()
    return found


def form_fields(register):
    """The fields a form asks for: those a person fills in and a file can carry."""
    return tuple(part for part in register.live if not part.readonly and not isinstance(part, (Derived, Attachment)))


def version_of(register):
    """What a form must match: it changes with any field, label, limit or choice."""
    said = json.dumps([part.to_dict() for part in form_fields(register)], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def _unit(register_name, actor, id):
    if id is None:
        return None
    found = next((one for one in units(register_name, actor) if one.id == id), None)
    if found is None:
        raise NotFound()
    return found


def _choices(fields, actor, unit):
    """{field name: [text]} of what may stand in a cell: options, and the records of relations in the unit's own scope."""
    found = {}
    for part in fields:
        if isinstance(part, YesNo):
            found[part.name] = ["是", "否"]
        elif isinstance(part, (Choice, Choices)):
            found[part.name] = [option.label for option in part.options]
        elif isinstance(part, (Relation, Relations)):
            found[part.name] = _records(part, actor, unit)
    return {name: texts for name, texts in found.items() if texts}


def _records(part, actor, unit):
    if unit and part.to == unit.kind:
        return [f"{unit.code} {unit.name}"]
    target = policy.view(registry.get(part.to), actor)
    pairs = [(unit.kind, str(unit.id))] if unit and unit.kind in target.by_name else []
    found = list(islice(query.stream(query.parse(part.to, actor, pairs)), MOST_CHOICES))
    codes = query.codes_of(part.to, [one.id for one in found])
    return [exports.relation_text(one.id, one.title, codes) for one in found]


def identity(register, fields, unit):
    """What the hidden sheet says: {word: text}."""
    said = {
        "kind": "form", "register": register.name, "version": version_of(registry.get(register.name)), "header": str(_HEADER + 1),
        "unit_kind": unit.kind if unit else "", "unit": unit.code if unit else "",
        "fields": json.dumps([[part.id, part.name, part.heading] for part in fields], ensure_ascii=False),
    }  # fmt: skip
    return said | {"checksum": checksum(said)}


def checksum(said):
    """Of what the hidden sheet says, itself left out."""
    words = "\n".join(f"{word}={text}" for word, text in sorted(said.items()) if word != "checksum")
    return hashlib.sha256(words.encode()).hexdigest()


class _Form:
    """The workbook: the sheet to fill, the code sheet, what each column means, and the hidden sheet."""

    def __init__(self, book, register, fields, unit, rows):
        self._book, self._register, self._fields, self._unit, self._rows = book, register, fields, unit, rows
        self._title = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
        self._head = book.add_format({"bold": True, "text_wrap": True, "border": 1, "valign": "vcenter", "bg_color": "#E8EEF7"})
        self._must = book.add_format(
            {"bold": True, "text_wrap": True, "border": 1, "valign": "vcenter", "bg_color": "#E8EEF7", "font_color": "#9C0006"}
        )

    def write(self, choices):
        sheet = self._book.add_worksheet(self._register.label[:31])
        codes = self._book.add_worksheet(CODES)
        guide = self._book.add_worksheet(GUIDE)
        places = self._write_codes(codes, choices)
        self._write_sheet(sheet, places)
        self._write_guide(guide)
        about = self._book.add_worksheet(FORM)
        for number, line in enumerate(identity(self._register, self._fields, self._unit).items()):
            about.write_row(number, 0, line)
        about.very_hidden()
        sheet.activate()

    def _write_sheet(self, sheet, places):
        last = len(self._fields) - 1
        who = f"（{self._unit.code} {self._unit.name}）" if self._unit else ""
        sheet.set_row(_TITLE, 30)
        if last:
            sheet.merge_range(_TITLE, 0, _TITLE, last, f"{self._register.label}{who}", self._title)
        else:
            sheet.write_string(_TITLE, 0, f"{self._register.label}{who}", self._title)
        for at, part in enumerate(self._fields):
            sheet.set_column(at, at, 20, self._open(part))
            sheet.write_string(_HEADER, at, part.heading, self._must if part.required else self._head)
            self._validate(sheet, at, part, places)
        for number in range(_FIRST, _FIRST + self._rows):
            sheet.set_row(number)
            for at, part in enumerate(self._fields):
                sheet.write_blank(number, at, None, self._open(part))
        sheet.freeze_panes(_FIRST, 0)
        sheet.protect(
            "",
            {
                "format_columns": True,
                "format_rows": True,
                "sort": True,
                "autofilter": True,
                "insert_rows": True,
                "delete_rows": True,
            },
        )

    def _open(self, part):
        """The look of a cell to fill: unlocked; text stays text, so that 0411 keeps its zero."""
        shape = "yyyy-mm-dd" if isinstance(part, Date) else "General" if part.numeric else "@"
        if shape not in self.__dict__.setdefault("_opened", {}):
            self._opened[shape] = self._book.add_format({"locked": False, "num_format": shape})
        return self._opened[shape]

    def _validate(self, sheet, at, part, places):
        rule = _rule(part, places)
        if rule:
            help_ = {"input_title": part.label[:32], "input_message": part.help[:255]} if part.help else {}
            sheet.data_validation(_FIRST, at, _FIRST + self._rows - 1, at, {"ignore_blank": True, **rule, **help_})

    def _write_codes(self, sheet, choices):
        """{field name: the range of its choices}"""
        places = {}
        for at, (name, texts) in enumerate(choices.items()):
            sheet.set_column(at, at, 24)
            sheet.write_string(0, at, self._register.field(name).label, self._head)
            sheet.write_column(1, at, texts)
            letters = readers.letter(at)
            places[name] = f"='{CODES}'!${letters}$2:${letters}${len(texts) + 1}"
        sheet.protect()
        return places

    def _write_guide(self, sheet):
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 80)
        lines = [
            (
                part.heading,
                "，".join(filter(None, ["必填" if part.required else "", part.help, part.example and f"如 {part.example}"])),
            )
            for part in self._fields
        ]
        for number, line in enumerate([("列", "怎么填"), *lines, ("", "请不要改动表头；下拉的选项见「代码表」。")]):
            sheet.write_row(number, 0, line)
        sheet.protect()


def _rule(part, places):
    """What Excel lets a person type; what several words, 不适用 and warnings need is left to the import."""
    if part.name in places and not part.several:
        return {"validate": "list", "source": places[part.name], "error_type": "stop" if not part.na else "warning"}
    if part.na:
        return None
    if isinstance(part, Date):
        # A warning, not a stop: 2021.7.21 typed as text is understood as well.
        said = f"「{part.label}」应是日期，如 2021-07-21。"
        return {"validate": "date", "criteria": ">=", "value": _FIRST_DAY, "error_type": "warning", "error_message": said}
    if isinstance(part, (Integer, Decimal)):
        least, most = part.min if part.min is not None else -(10**14), part.max if part.max is not None else 10**14
        kind = "integer" if isinstance(part, Integer) else "decimal"
        return {"validate": kind, "criteria": "between", "minimum": float(least), "maximum": float(most)}
    return None
