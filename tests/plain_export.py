"""Exports said once more in plain Python, record by record and cell by cell: what the database's own texts must equal."""

import csv
import io
from decimal import Decimal

from models.fields import Attachment, Choice, Date, DateTime, Number, Relation, Relations, masked
from models.values import CITY_ZONE, NA
from services import exports, query
from services.writers import guard


def csv_file(asked, encoding, revealed=False):
    """The bytes of the list's CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guard(field.heading) for field in asked.columns])
    for row in cells(asked, revealed):
        writer.writerow([_csv_cell(cell) for cell in row])
    return out.getvalue().encode(encoding)


def _csv_cell(cell):
    if cell is None:
        return ""
    return guard(cell) if isinstance(cell, str) else format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def cells(asked, revealed=False):
    """Rows of cells: text, numbers, dates, None for unknown."""
    records = list(query.stream(asked))
    codes = {
        field.name: query.codes_of(field.to, exports.targets(records, field))
        for field in asked.columns
        if isinstance(field, (Relation, Relations))
    }
    return [tuple(_cell(field, record, codes.get(field.name), revealed) for field in asked.columns) for record in records]


def _cell(field, record, codes, revealed):
    value = record.values.get(field.name)
    if value is None:
        return None
    if value is NA or isinstance(field, Choice):
        return field.render(value)
    if isinstance(field, (Relation, Relations)):
        return exports.relation_text(value, record.labels.get(field.name), codes)
    if isinstance(field, Attachment):
        return exports.files_text(value)
    if field.sensitivity == "masked" and not revealed:
        return masked(field.render(value))
    if isinstance(field, (Number, Date)):
        return value
    if isinstance(field, DateTime):
        return value.astimezone(CITY_ZONE).replace(tzinfo=None)
    return field.render(value)
