"""A value as a table cell or a fact, per field type: the most specific class wins. Here alone a value becomes Markup."""

from dataclasses import dataclass
from functools import cache, lru_cache

from flask_babel import gettext as _
from markupsafe import Markup, escape

from admin_views.words import language, percentage, text, unit_of
from models.fields import (
    Attachment,
    Choice,
    Choices,
    Date,
    DateTime,
    Field,
    LongText,
    Number,
    Percent,
    Relation,
    Relations,
    YesNo,
    masked,
)
from models.fields.number import grouped
from models.values import CITY_ZONE, NA, today

SOON_DAYS = 3
TONE_CLASS = {"quiet": "", "blue": "b", "green": "g", "amber": "a", "red": "d"}


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: its HTML, its CSS class, and the same as plain text."""

    html: Markup
    css: str
    plain: str


def cell(field, record, *, fact=False):
    """The cell of one field of one record; `fact` draws it for the record's page, with links and full dates."""
    html, plain = drawn(field, record, fact)
    return Cell(Markup(html), css_of(field), plain)


def css_of(field):
    """The class of a field's cells: numbers stand to the right."""
    return "num" if isinstance(field, Number) and not isinstance(field, Percent) else ""


def drawn(field, record, fact=False):
    """(HTML, plain text) of one field of one record."""
    value = record.values.get(field.name)
    if value is None and field.required:
        return tag(_("待补"), "amber"), _("待补")
    if value is None:
        words = _("未报") if isinstance(field, Number) and not field.readonly else "—"
        return Markup('<span class="none">{}</span>').format(words), ""
    if value is NA:
        return Markup('<span class="none">{}</span>').format(_("不适用")), _("不适用")
    if field.sensitivity == "masked":
        cut = masked(field.render(value))
        return Markup('<span class="masked">{} <i class="ti ti-lock" aria-hidden="true"></i></span>').format(cut), cut
    return _drawer(type(field))(field, value, record, fact)


@cache
def _drawer(kind):
    """What draws the values of a field type."""
    return next(_DRAWERS[part] for part in kind.__mro__ if part in _DRAWERS)


def leans_on_state(field):
    """Whether what a cell shows depends on its record's state, beside the value."""
    return isinstance(field, Date) and field.name == "due_on"


@lru_cache(maxsize=4096)
def tag(words, tone="quiet"):
    """A quiet badge: colour and text."""
    return Markup('<span class="tz-tag {}">{}</span>').format(TONE_CLASS.get(tone, ""), words)


def _text(field, value, record, fact):
    words = field.render(value)
    return escape(words), words


def _long(field, value, record, fact):
    if fact:
        return Markup('<span class="long">{}</span>').format(value), value
    return escape(value[:80]), value


def _number(field, value, record, fact):
    words = grouped(field, value)
    return escape(f"{words} {unit_of(field)}".strip() if fact else words), words


def _percent(field, value, record, fact):
    whole = percentage(value)
    bar = Markup('<progress class="prog" max="100" value="{}" aria-hidden="true"></progress>{}%').format(whole, field.render(value))
    return bar, f"{field.render(value)}%"


def _choice(field, value, record, fact):
    option = field.get(value)
    return tag(text(option.title), option.tone), text(option.title)


def _choices(field, value, record, fact):
    words = [text(field.get(code).title) for code in value]
    return Markup(" ").join(tag(word) for word in words), _("、").join(words)


def _yes_no(field, value, record, fact):
    words = _("是") if value else _("否")
    alarming = value and field.type == "derived" and not field.good
    return (tag(words, "red") if alarming else escape(words)), words


def _date(field, value, record, fact):
    due = field.name == "due_on" and not finished(record)
    return _day(value, today(), fact, due, language()), value.isoformat()


@lru_cache(maxsize=4096)
def _day(value, now, fact, due, language):
    """A day as it is shown on the day `now`: with the year where it is another or a `fact`, and how far off it is where it is `due`. Kept
    for each language, in which it is called.
    """
    words = value.isoformat() if fact or value.year != now.year else value.strftime("%m-%d")
    off = f" {_due((value - now).days)}" if due else ""
    return Markup(f'<time datetime="{value.isoformat()}">{words}</time>{off}')


def _due(days):
    """How far off a deadline is: 2 天后, 逾期 4 天."""
    if days < 0:
        return tag(_("逾期 %(n)s 天", n=-days), "red")
    if days == 0:
        return tag(_("今天到期"), "amber")
    return tag(_("%(n)s 天后", n=days), "amber" if days <= SOON_DAYS else "quiet")


def finished(record):
    """Whether a record's workflow has reached a state with no way on, or a locked one."""
    workflow = record.register.workflow
    if not workflow or record.state is None:
        return False
    return record.state in workflow.locked or not any(move.tone != "danger" for move in workflow.from_state(record.state))


def _moment(field, value, record, fact):
    local = value.astimezone(CITY_ZONE)
    words = local.strftime("%Y-%m-%d %H:%M") if fact or local.year != today().year else local.strftime("%m-%d %H:%M")
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(), words), field.render(value)


def _relation(field, value, record, fact):
    words = record.labels.get(field.name) or f"#{value}"
    if fact:
        return Markup('<a href="/admin/r/{}/{}/">{}</a>').format(field.to, value, words), words
    return escape(words), words


def _relations(field, value, record, fact):
    known = record.labels.get(field.name) or {}
    words = [known.get(id) or f"#{id}" for id in value]
    if fact:
        links = [
            Markup('<a href="/admin/r/{}/{}/">{}</a>').format(field.to, id, word) for id, word in zip(value, words, strict=True)
        ]
        return Markup(_("、")).join(links), _("、").join(words)
    return escape(_("、").join(words)), _("、").join(words)


def _files(field, value, record, fact):
    if not fact:
        return Markup('<i class="ti ti-paperclip" aria-hidden="true"></i> {}').format(len(value)), str(len(value))
    thumbs = [
        Markup('<a class="thumb" href="/admin/files/{}"><img src="/admin/files/{}?thumb=1" alt="{}" loading="lazy"></a>').format(
            id, id, _("附件 %(n)s", n=at)
        )
        for at, id in enumerate(value, 1)
    ]
    return Markup("").join(thumbs), str(len(value))


_DRAWERS = {
    Field: _text,
    LongText: _long,
    Number: _number,
    Percent: _percent,
    Choice: _choice,
    Choices: _choices,
    YesNo: _yes_no,
    Date: _date,
    DateTime: _moment,
    Relation: _relation,
    Relations: _relations,
    Attachment: _files,
}
