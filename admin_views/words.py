"""Sentences, labels and values in the reader's language, and moments in the city's time."""

from flask import g

from models.values import CITY_ZONE, today
from services import words


def language():
    """The language of who reads the page."""
    actor = g.get("actor")
    return actor.language if actor else words.ZH


def english():
    """Whether the reader reads English."""
    return language() == words.EN


def text(value):
    """The words of a sentence or label."""
    return words.text(value, language())


def unit_of(field):
    """A field's unit in the reader's language."""
    return words.unit_of(field, language())


def heading(field):
    """A field's label with its unit."""
    return words.heading(field, language())


def help_of(field):
    """A field's help in the reader's language."""
    return words.help_of(field, language())


def percentage(value):
    """A percentage as a whole number for a bar."""
    return max(0, min(100, int(value)))


def moment(value):
    """A moment in the city's time, today's without its date."""
    local = value.astimezone(CITY_ZONE)
    if local.date() == today():
        return local.strftime("%H:%M")
    return local.strftime("%m-%d %H:%M" if local.year == today().year else "%Y-%m-%d %H:%M")
