"""The forms that were taken back go through one import, as one change set; what is wrong is told file by file and cell by cell."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from models import registry
from models.errors import Sentence, say
from services import imports, readers
from services.form_templates import Unit


@dataclass(frozen=True)
class CellFault:
    """What is wrong in one cell ("" a row or file as a whole) of one file."""

    file: str
    sha256: str
    unit: Unit | None
    sheet: str
    cell: str
    code: str
    level: str
    sentence: Sentence

    @property
    def placed(self):
        """The sentence with its place: file, sheet and cell."""
        return say("「{file}」{sheet}!{cell}：{sentence}", file=self.file, sheet=self.sheet, cell=self.cell, sentence=self.sentence)


def begin(intake, actor, **options):
    """The import of all files that were taken, one change set for all; as imports.start gives it. Invalid where none was taken."""
    if not intake.taken:
        raise readers.refuse("no_forms", say("没有可以合并的填报表。"))
    files = [(_name(one), one.source.data) for one in intake.taken]
    sheet = registry.get(intake.register).label[:31]
    return imports.start(actor, intake.register, files, sheet=sheet, **options)


def report(intake, item, actor):
    """[CellFault] of an import begun here: what is wrong, file by file and cell by cell."""
    by_name = {_name(one): one for one in intake.taken}
    sheet = registry.get(intake.register).label[:31]
    for one in imports.messages(actor, item.id):
        told = by_name.get(one.file)
        if told and one.level != "info":
            cell = one.cell or (f"{one.row}:{one.row}" if one.row else "")
            yield CellFault(told.name, told.sha256, told.unit, sheet, cell, one.code, one.level, one.sentence)


def _name(returned):
    """A name no two files of an intake share: hundreds of schools send 填报表.xlsx."""
    last = PurePosixPath(returned.name).name
    return f"{returned.unit.code if returned.unit else returned.sha256[:12]} {last}"
