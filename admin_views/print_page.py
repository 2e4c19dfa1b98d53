"""Paper: lists and records as pages to print. Ready values; the script lays them out on sheets."""

from urllib.parse import parse_qsl

from flask import g, request
from markupsafe import escape

from admin_views.cells import cell
from admin_views.list_page import address
from admin_views.words import heading, text
from models.fields import Date, DateTime, Number, Percent
from services import prints, query


def of_list(view):
    """The list that `query` asks for, on paper."""
    pairs = [pair for pair in parse_qsl(request.form.get("query", "")[:4000]) if pair[0] not in ("cursor", "limit")]
    asked = query.parse(view.register.name, g.actor, pairs)
    sheet = prints.of_list(asked, g.actor, **_asked())
    return view.page(
        "print.html",
        paper=True,
        sheet=sheet,
        chips=[text(chip.sentence) for chip in query.describe(asked)],
        heads=[(heading(field), isinstance(field, Number) and not isinstance(field, Percent)) for field in asked.columns],
        rows=[[_cell(field, record, sheet) for field in asked.columns] for record in sheet.records],
        back=address(pairs, view.address("index")),
        most=prints.MOST,
    )


def of_record(view, id):
    """One record's facts, on paper."""
    record = view.get_one(id)
    sheet = prints.of_record(record, g.actor, **_asked())
    sections = []
    for section in record.register.laid_out:
        fields = [record.register.field(name) for name in section.fields]
        facts = [(text(field.title), _cell(field, record, sheet, fact=True)) for field in fields if field.control != "file"]
        sections.append((text(section.title), facts))
    return view.page(
        "print_record.html", paper=True, sheet=sheet, record=record, sections=sections, back=view.address("details", id=id)
    )


def _asked():
    return {
        "purpose": request.form.get("purpose", ""),
        "whole": bool(request.form.get("whole")),
        "address": request.remote_addr or "",
    }


def _cell(field, record, sheet, fact=False):
    """(HTML, CSS class) of a cell; a masked one is whole where that was asked and allowed."""
    drawn = cell(field, record, fact=fact)
    value = record.values.get(field.name)
    if sheet.whole and field.sensitivity == "masked" and value is not None:
        return escape(field.render(value)), drawn.css
    # On paper a day has its year, and no days that are left: both are read long after.
    return (drawn.plain if isinstance(field, (Date, DateTime)) and drawn.plain else drawn.html), drawn.css
