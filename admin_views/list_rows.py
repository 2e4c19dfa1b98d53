"""The rows of a list, each cell drawn once for each value of its column: a page of fifty rows costs little more than its text."""

from flask_babel import gettext as _
from markupsafe import Markup, escape

from admin_views.cells import css_of, drawn, leans_on_state
from admin_views.words import text

MARK = "\0"
LONG = 14  # characters from which a cell tells its whole text when pointed at


def rows(view, asked, records, *, linked=True):
    """[{id, title, url, cells}] of a list's table; `cells` is the HTML of the row's cells, the first a link where `linked`."""
    register = asked.register
    on_card = {field.name for field in asked.columns}
    shown = {name for name in register.phone if name in on_card} or {field.name for field in asked.columns[:3]}
    shown.add(view.register.workflow.field if view.register.workflow else None)
    url = str(escape(view.address("details", id=0))).removesuffix("0/")
    first = _first(asked.columns[0], records, url if linked else "")
    others = [_Column(field, field.name not in shown).cells(records) for field in asked.columns[1:]]
    return [
        {"id": record.id, "title": record.title or f"#{record.id}", "url": f"{url}{record.id}/", "cells": Markup("".join(cells))}
        for record, *cells in zip(records, first, *others, strict=True)
    ]


def body(found, picked):
    """The table's rows as HTML, with a tick box each where rows are `picked`."""
    before, after = str(escape(_("选择 %(title)s", title=MARK))).split(MARK)
    lines = []
    for row in found:
        label = f"{before}{escape(row['title'])}{after}"
        box = f'<input type="checkbox" class="form-check-input" name="id" value="{row["id"]}" aria-label="{label}">'
        tick = f'<td class="pick">{box}</td>' if picked else ""
        lines.append(f'<tr data-row="{row["url"]}">{tick}{row["cells"]}</tr>')
    return Markup("".join(lines))


def _first(field, records, url):
    """The cells of the first column, by which a row is known and opened."""
    css, found = f"{css_of(field)} key", []
    for record in records:
        html, plain = drawn(field, record)
        if url:
            html = f'<a href="{url}{record.id}/">{html if plain else escape(record.title or f"#{record.id}")}</a>'
        found.append(_td(css, "", html, plain))
    return found


class _Column:
    """A column after the first."""

    def __init__(self, field, off):
        self.field = field
        self.css = f"{css_of(field)} off" if off else css_of(field)
        self.label = f' data-l="{escape(text(field.title))}"'

    def cells(self, records):
        """Its cells, each drawn once for what it shows."""
        name, leans, kept, found = self.field.name, leans_on_state(self.field), {}, []
        for record in records:
            value = record.values.get(name)
            seen = (value, record.state) if leans else value
            cell = kept.get(seen)
            if cell is None:
                cell = kept[seen] = _td(self.css, self.label, *drawn(self.field, record))
            found.append(cell)
        return found


def _td(css, label, html, plain):
    title = f' title="{escape(plain)}"' if len(plain) > LONG else ""
    return f'<td class="{css}"{label}{title}>{html}</td>'
