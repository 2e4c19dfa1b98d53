"""Hundreds of filled forms with errors planted in known cells, taken back, merged and told: what must be found and what is found."""

import io
import random
from dataclasses import dataclass

import openpyxl

from models import registry
from models.fields import Choice, Date, Decimal, Integer
from services import form_merges, form_templates, readers

REGISTER = "damaged_building"
# What stands in a planted cell, by the kind of its field.
WRONG = {
    Decimal: ("2000万", "约30", "—"),
    Integer: ("十", "1.5", "30余"),
    Date: ("8.5", "去年", "2021-02-30"),
    Choice: ("别的什么", "甲类？"),
}


@dataclass
class Planted:
    """Uploads [(name, bytes)], the cells that are wrong {(unit id, "E7")}, how many rows are good."""

    uploads: list
    wrong: set
    rows: int


def plant(actor, folder, units, rows, share=0.02, seed=1):
    """A filled form for each unit, of so many rows, a share of the cells that can be wrong made so."""
    chance, planted = random.Random(seed), Planted([], set(), 0)
    fields = form_templates.form_fields(registry.get(REGISTER))
    for at, unit in enumerate(units):
        path = folder / "form.xlsx"
        form_templates.publish(path, REGISTER, actor, unit.id, rows=rows)
        book = openpyxl.load_workbook(path)
        page = book.worksheets[0]
        for number in range(3, rows + 3):
            for column, value in _row(fields, unit, number, chance, share, planted):
                page.cell(number, column).value = value
        out = io.BytesIO()
        book.save(out)
        planted.uploads.append((f"{at:03d}.xlsx", out.getvalue()))
        planted.rows += rows
    return planted


def _row(fields, unit, number, chance, share, planted):
    for column, part in enumerate(fields, 1):
        value = _right(part, unit, number)
        kind = next((kind for kind in WRONG if isinstance(part, kind)), None)
        if kind and value is not None and chance.random() < share:
            value = chance.choice(WRONG[kind])
            planted.wrong.add((unit.id, f"{readers.letter(column - 1)}{number}"))
        if value is not None:
            yield column, value


def _right(part, unit, number):
    """A value that is right in a row by itself; fields nobody must fill stay empty but for a number, a date and a note."""
    return {
        "code": f"{unit.code}-{number:04d}", "school": f"{unit.code} {unit.name}", "name": f"{number}号楼", "kind": "教学楼",
        "area_m2": 100 + number, "found_on": "2021-07-21", "note": f"第{number}行",
    }.get(part.name)  # fmt: skip


def told(uploads, actor, **options):
    """(the import, {(unit id, cell)} of what was told as wrong)"""
    item = form_merges.begin(REGISTER, actor, uploads, now=True, **options)
    faults = list(form_merges.report(item, actor))
    return item, {(one.unit.id, one.cell) for one in faults if one.level == "error"}
