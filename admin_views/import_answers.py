"""What was posted on an import's page: answers to its questions, another reading of its file, other choices."""

from models.errors import Fault, Invalid, say

# An empty value is an answer: leave it out. This one says that nothing was answered, and OTHER that a record was looked for.
OPEN, OTHER = "?", "other"
_CHOSEN = ("mode", "policy", "empty")


def given(item, form):
    """What imports.answer is to be told. Invalid where nothing was answered or a number of rows makes no sense."""
    answers = _answers(item, form)
    changes = {"answers": answers, "mapping": _mapping(item, form), **_reading(form)}
    changes |= {name: form[name] for name in _CHOSEN if form.get(name)}
    changes = {name: value for name, value in changes.items() if value}
    if not changes:
        raise Invalid([Fault("", "nothing", say("还没有回答，请至少回答一个问题。"))])
    return changes


def value_of(one, form):
    """What a form says to one question: OPEN where nothing."""
    value = form.get(f"q-{one['id']}", OPEN)
    if value == OTHER:
        return form.get(f"other-{one['id']}") or OPEN
    return value


def _answers(item, form):
    """{question id: answer}; with `rest`, texts that were not answered leave their rows out."""
    found = {}
    for one in item.questions:
        value = value_of(one, form)
        if value == OPEN and form.get("rest") and one["kind"] == "value":
            value = ""
        if value != OPEN:
            keep = bool(form.get(f"remember-{one['field']}")) and value not in ("", "$empty")
            found[one["id"]] = {"value": value, "remember": keep} if one["kind"] == "value" else value
    return found


def _mapping(item, form):
    """{column: field} of the columns that were given to another field than the one they are."""
    found = {}
    for at, column in enumerate(item.found.get("columns", ())):
        wanted = form.get(f"column-{at}", OPEN)
        if wanted != OPEN and wanted != (column["field"] or ""):
            found[column["source"]] = wanted
    return found


def _reading(form):
    """Another sheet, header or encoding than the one that was found."""
    first, last = whole(form.get("header_first")), whole(form.get("header_last"))
    if bool(form.get("header_first")) and not (first and last and first <= last):
        raise Invalid([Fault("header", "header", say("表头请填从第几行到第几行，例如 2 到 3。"))])
    header = (first, last) if first else None
    was = (whole(form.get("was_first")), whole(form.get("was_last")))
    return {
        "sheet": form.get("sheet") if form.get("sheet") != form.get("was_sheet") else None,
        "header": header if header != was else None,
        "encoding": form.get("encoding") if form.get("encoding") != form.get("was_encoding") else None,
    }


def whole(value):
    """A whole number that was typed, else None."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else None
