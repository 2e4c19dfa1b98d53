"""Filled forms taken back by the hundred: each told what it is, and the units that are missing named."""

import json
from dataclasses import astuple, dataclass, field, replace
from pathlib import PurePosixPath

from models import registry
from models.errors import Invalid, Sentence, say
from models.sentences import packed, unpacked
from services import policy, readers
from services.form_templates import Unit, checksum, form_fields, units, version_of
from services.workbooks.about import FORM

OK, OLD, SAME, REPLACED, WRONG, ALTERED, FOREIGN, UNREADABLE = (
    "ok", "old", "same", "replaced", "wrong", "altered", "foreign", "unreadable",
)  # fmt: skip
TAKEN = (OK, OLD)
_NAMED = 50


@dataclass(frozen=True)
class Returned:
    """One file that came back: its name (and the zip it was in), hash, unit, what became of it and the sentence that says why."""

    name: str
    packet: str
    sha256: str
    state: str
    sentence: Sentence | None = None
    unit: Unit | None = None
    source: object = field(default=None, repr=False, compare=False)

    @property
    def taken(self):
        return self.state in TAKEN

    @property
    def called(self):
        """A name no two files of an intake share: hundreds of schools send 填报表.xlsx."""
        return f"{self.unit.code if self.unit else self.sha256[:12]} {PurePosixPath(self.name).name}"


@dataclass(frozen=True)
class Intake:
    """All that came back at once, and the units that sent nothing that could be taken."""

    register: str
    files: tuple
    missing: tuple

    @property
    def taken(self):
        return tuple(one for one in self.files if one.taken)

    @property
    def sentences(self):
        """What is to be said of the files, and of who is missing."""
        return [one for one in (*(file.sentence for file in self.files), self.missing_sentence) if one]

    @property
    def missing_sentence(self):
        """Who is missing; None where nobody is."""
        if not self.missing:
            return None
        names = tuple(one.name for one in self.missing[:_NAMED]) + (("…",) if len(self.missing) > _NAMED else ())
        return say("还有 {count} 个单位没有交：{units}。", count=len(self.missing), units=names)


def take_back(register_name, actor, uploads):
    """The Intake of uploaded files [(name, bytes or path)], zips among them. Nothing is imported yet.

    A file equal to an earlier one counts once; of several from one unit the last is taken. Invalid for a zip that is not opened at all;
    NotAllowed for who may not fill in the register.
    """
    policy.require(actor, "edit", registry.get(register_name))
    with readers.Parser() as parser:
        return judged(register_name, actor, readers.open_files(uploads), parser)


def judged(register_name, actor, sources, parser, seen=None):
    """The Intake of files that are open already; `seen(count)` is called after each."""
    expected = units(register_name, actor)
    judge = _Judge(policy.view(registry.get(register_name), actor), {(one.kind, one.code): one for one in expected}, parser)
    found = []
    for source in sources:
        found.append(judge.judged(source))
        if seen:
            seen(len(found))
    found = _last_of_each_unit(found)
    there = {one.unit for one in found if one.taken}
    return Intake(register_name, tuple(found), tuple(one for one in expected if one not in there))


def to_json(intake):
    """An Intake as JSON values, without the files themselves."""
    files = [
        [
            one.name,
            one.packet,
            one.sha256,
            one.state,
            packed(one.sentence) if one.sentence else None,
            one.unit and astuple(one.unit),
        ]
        for one in intake.files
    ]
    return {"register": intake.register, "files": files, "missing": [astuple(one) for one in intake.missing]}


def from_json(data):
    """The Intake that to_json wrote down."""
    files = tuple(
        Returned(name, packet, sha256, state, unpacked(said) if said else None, Unit(*unit) if unit else None)
        for name, packet, sha256, state, said, unit in data["files"]
    )
    return Intake(data["register"], files, tuple(Unit(*one) for one in data["missing"]))


def _last_of_each_unit(found):
    """Of several different files from one unit the last stands; the others say so."""
    last = {one.unit: one for one in found if one.taken and one.unit}
    return [
        replace(
            one,
            state=REPLACED,
            sentence=say("「{unit}」交了不止一份，用的是后面的「{name}」。", unit=one.unit.name, name=last[one.unit].name),
        )
        if one.taken and one.unit and last[one.unit] is not one
        else one
        for one in found
    ]


class _Judge:
    """Says of one file after the other what it is; remembers which it has seen."""

    def __init__(self, register, expected, parser):
        self._register, self._expected, self._parser = register, expected, parser
        self._version = version_of(registry.get(register.name))
        self._seen = {}

    def judged(self, source):
        plain = Returned(source.name, source.packet, source.sha256, OK, source=source)
        if source.fault is None and (earlier := self._seen.get(source.sha256)):
            return replace(plain, state=SAME, sentence=say("与「{name}」完全相同，只算一份。", name=earlier))
        self._seen.setdefault(source.sha256, source.name)
        try:
            said = self._identity(source)
        except Invalid as error:
            return replace(plain, state=UNREADABLE, sentence=error.sentence)
        state, sentence, unit = self._state(source, said)
        return replace(plain, state=state, sentence=sentence, unit=unit)

    def _identity(self, source):
        """What the hidden sheet says, {} without one. Invalid for a file nobody can read."""
        source.check()
        if source.kind == "text" or FORM not in [name for name, _ in self._parser.open(source, readers.limits())]:
            return {}
        grid = readers.grid_of(source, sheet=FORM, parser=self._parser)
        return {cells[0]: cells[1] if len(cells) > 1 else "" for _, cells in grid.head}

    def _state(self, source, said):
        if said.get("kind") != "form" or said.get("register") != self._register.name:
            return WRONG, say("「{name}」不是「{register}」的填报表。", name=source.name, register=self._register.titled), None
        if checksum(said) != said.get("checksum"):
            return ALTERED, say("「{name}」的表身份被改动过，请用原来的填报表重填。", name=source.name), None
        unit = self._expected.get((said["unit_kind"], said["unit"]))
        if said["unit"] and unit is None:
            return (
                FOREIGN,
                say("「{name}」是别的单位（{unit}）的表，不在您的数据范围内。", name=source.name, unit=said["unit"]),
                None,
            )
        return (*self._heads(source, said), unit)

    def _heads(self, source, said):
        """Whether the header still is what was sent out, and what the register asks for today."""
        sent = [heading for _, _, heading in json.loads(said["fields"])]
        row = int(said["header"])
        grid = readers.grid_of(source, sheet=self._register.label[:31], parser=self._parser)
        heads = next((cells for number, cells in grid.head if number == row), [])
        if [cell.strip() for cell in heads[: len(sent)]] != sent:
            return ALTERED, say("「{name}」的表头被改动过，请用原来的填报表重填。", name=source.name)
        if said["version"] == self._version:
            return OK, None
        asked = {part.id for part in form_fields(self._register) if part.required}
        if asked - {id for id, *_ in json.loads(said["fields"])}:
            return WRONG, say("「{name}」是旧的填报表，缺少现在必填的列，请下载新表重填。", name=source.name)
        return OLD, say("「{name}」是旧的填报表，仍可合并；下次请用新表。", name=source.name)
