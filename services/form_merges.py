"""The forms that were taken back go through one import, as one change set; what is wrong is told file by file and cell by cell."""

from dataclasses import dataclass

from models import registry
from models.errors import Sentence, say
from services import form_returns, imports
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


def begin(register_name, actor, uploads, **options):
    """Begins the one import of filled forms [(name, bytes or path)], zips among them; gives it as imports.start does.

    Its plan takes them back (services.form_returns): those that cannot be taken are left out and told.
    """
    return imports.start(actor, register_name, uploads, sheet=_sheet(register_name), forms=True, **options)


def intake(item):
    """The Intake of an import begun here; None while its files are read, or where it could not be."""
    return form_returns.from_json(item.found["forms"]) if item.found.get("forms") else None


def report(item, actor):
    """[CellFault] of an import begun here: what is wrong, file by file and cell by cell."""
    by_name = {one.called: one for one in intake(item).taken}
    for one in imports.messages(actor, item.id):
        told = by_name.get(one.file)
        if told and one.row and one.level != "info":
            yield CellFault(
                told.name,
                told.sha256,
                told.unit,
                _sheet(item.register),
                one.cell or f"{one.row}:{one.row}",
                one.code,
                one.level,
                one.sentence,
            )


def _sheet(register_name):
    return registry.get(register_name).label[:31]
