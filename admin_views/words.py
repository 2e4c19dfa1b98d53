"""Sentences, labels and values in the reader's language."""

from flask import g
from flask_babel import get_locale, gettext

from models.errors import Label, Sentence
from models.values import CITY_ZONE, today


def english():
    """Whether the reader reads English; asked hundreds of times a page, so worked out once a request."""
    if "reads_english" not in g:
        g.reads_english = str(get_locale() or "").startswith("en")
    return g.reads_english


def text(value):
    """The words of a sentence or label."""
    if isinstance(value, Sentence):
        return value.text(gettext, english())
    if isinstance(value, Label):
        return value.text(english())
    if isinstance(value, (list, tuple)):
        return (", " if english() else "、").join(text(part) for part in value)
    return str(value)


def unit_of(field):
    """A field's unit in the reader's language."""
    return (field.unit_en or field.unit) if english() else field.unit


def heading(field):
    """A field's label with its unit."""
    label, unit = text(field.title), unit_of(field)
    if not unit or field.type == "percent":
        return label
    return f"{label} ({unit})" if english() else f"{label}（{unit}）"


def help_of(field):
    return (field.help_en or field.help) if english() else field.help


def percentage(value):
    """A percentage as a whole number for a bar."""
    return max(0, min(100, int(value)))


def moment(value):
    """A moment in the city's time, today's without its date."""
    local = value.astimezone(CITY_ZONE)
    if local.date() == today():
        return local.strftime("%H:%M")
    return local.strftime("%m-%d %H:%M" if local.year == today().year else "%Y-%m-%d %H:%M")
