"""The rows of a list, each cell drawn once for each value of its column: a page of fifty rows costs little more than its text."""

from flask_babel import gettext as _
from markupsafe import Markup, escape

from admin_views.cells import css_of, drawn, leans_on_state
from admin_views.words import text

MARK = "\0"
LONG = 14  # characters from which a cell tells its whole text when pointed at


def rows(view, asked, records, *, linked=True):
    """[{id, title, url, cells, pick}] of a list's table; `cells` is the HTML of the row's cells, the first a link where `linked`, `pick`
    the words of its tick box.
    """
    register = asked.register
    on_card = {field.name for field in asked.columns}
    shown = {name for name in register.phone if name in on_card} or {field.name for field in asked.columns[:3]}
    shown.add(view.register.workflow.field if view.register.workflow else None)
    columns = [_Column(field, field.name not in shown) for field in asked.columns[1:]]
    first, url = asked.columns[0], view.address("details", id=0).removesuffix("0/")
    found = [_row(first, columns, record, f"{url}{record.id}/", linked) for record in records]
    words = _("选择 %(title)s", title=MARK)
    return [row | {"pick": words.replace(MARK, row["title"])} for row in found]


def body(found, picked):
    """The table's rows as HTML, with a tick box each where rows are `picked`."""
    box = '<td class="pick"><input type="checkbox" class="form-check-input" name="id" value="{}" aria-label="{}"></td>'
    return Markup(
        "".join(
            f'<tr data-row="{escape(row["url"])}">{box.format(row["id"], escape(row["pick"])) if picked else ""}{row["cells"]}</tr>'
            for row in found
        )
    )


def _row(first, columns, record, url, linked):
    title = record.title or f"#{record.id}"
    html, plain = drawn(first, record)
    if linked:
        html = f'<a href="{escape(url)}">{html if plain else escape(title)}</a>'
    cells = [_td(f"{css_of(first)} key", "", html, plain), *[column.td(record) for column in columns]]
    return {"id": record.id, "title": title, "url": url, "cells": Markup("".join(cells))}


class _Column:
    """A column after the first, and the cells it has drawn so far by what they show."""

    def __init__(self, field, off):
        self.field = field
        self.css = f"{css_of(field)} off" if off else css_of(field)
        self.label = f' data-l="{escape(text(field.title))}"'
        self.leans = leans_on_state(field)
        self.kept = {}

    def td(self, record):
        value = record.values.get(self.field.name)
        seen = (value, record.state) if self.leans else value
        found = self.kept.get(seen)
        if found is None:
            found = self.kept[seen] = _td(self.css, self.label, *drawn(self.field, record))
        return found


def _td(css, label, html, plain):
    title = f' title="{escape(plain)}"' if len(plain) > LONG else ""
    return f'<td class="{css}"{label}{title}>{html}</td>'
