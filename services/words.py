"""Sentences, labels and values in a language: Chinese as written in the code, English from the catalogue. The one translator."""

import gettext
from functools import cache

import config
from models.errors import Label, Sentence
from models.values import NA, NA_TEXT

ZH, EN = "zh", "en"
LANGUAGES = (ZH, EN)


@cache
def _catalogue():
    return gettext.translation("messages", config.TRANSLATIONS, languages=[EN], fallback=True)


def translated(id, language):
    """A message id's text in a language."""
    return _catalogue().gettext(id) if language == EN and id else id


def text(value, language=ZH):
    """The words of a sentence, label or plain value; several are joined, None is empty."""
    english = language == EN
    if isinstance(value, Sentence):
        return value.text(lambda id: translated(id, language), english)
    if isinstance(value, Label):
        return value.text(english)
    if isinstance(value, (list, tuple)):
        return (", " if english else "、").join(text(part, language) for part in value)
    return "" if value is None else str(value)


def heading(field, language=ZH):
    """A field's label with its unit."""
    label, unit = text(field.title, language), unit_of(field, language)
    if not unit or field.type == "percent":
        return label
    return f"{label} ({unit})" if language == EN else f"{label}（{unit}）"


def unit_of(field, language=ZH):
    """A field's unit."""
    return (field.unit_en or field.unit) if language == EN else field.unit


def help_of(field, language=ZH):
    """A field's help."""
    return (field.help_en or field.help) if language == EN else field.help


def value_of(field, value, language=ZH):
    """A field's value as people read it: a choice by its label in the language, all else as `render` gives it."""
    option = getattr(field, "get", None)
    if language == ZH or value is None or (option is None and value is not NA):
        return field.render(value)
    if value is NA:
        return translated(NA_TEXT, language)
    return text([option(code).title for code in (value if isinstance(value, tuple) else (value,))], language)
