"""The summary page of a register: numbers by up to two fields, a chart where people would rather look, every number opening its rows."""

from urllib.parse import urlencode

from flask import g, request, url_for

from admin_views.words import heading, language, text
from models import registry
from models.errors import Fault, Invalid, NotAllowed, NotFound, say
from services import policy, query, summaries, summary_files

MOST_BARS = 40
_OWN = ("by", "by2", "measure", "format")


def context(name):
    """What register/summary.html shows, for whoever may see the rows or count them."""
    register, made = _made(name)
    opens = bool(policy.may(g.actor, "view", register))
    chips = [
        (text(chip.sentence), _here(made, query.pairs(made.query, (chip.parameter, chip.value))))
        for chip in query.describe(made.query)
    ]
    by = [field.name for field in made.by]
    return {
        "title": text(register.titled),
        "home": url_for("register.index", register=name) if opens else None,
        "fields": [(field.name, text(field.title)) for field in summaries.groupable(register)],
        "by": (by + ["", ""])[:2],
        "measures": [
            (f"sum:{field.name}", heading(field), f"sum:{field.name}" in made.measures) for field in summaries.summable(register)
        ],
        "heads": [text(field.title) for field in made.by],
        "numbers": [_measure_words(register, measure) for measure in made.measures],
        "rows": [_row(made, group, name if opens else None) for group in made.groups],
        "total": [summary_files.number_words(made.total[measure]) for measure in made.measures],
        "chips": chips,
        "hidden": query.pairs(made.query, sort=None, fields=None, limit=None),
        "chart": _chart(made, name if opens else None),
        "files": [(form, _here(made, query.pairs(made.query), form)) for form in ("xlsx", "csv")],
        "guarded": any(isinstance(number, str) for group in made.groups for number in group.numbers.values()),
    }


def file(name):
    """(bytes, media type) of the page's table as a file; small numbers of people and their care leave the bureau as `<5`."""
    _register, made = _made(name)
    form = request.args.get("format", "xlsx")
    if form not in summary_files.FORMS:
        raise Invalid([Fault("format", "format", say("导出格式只能是 csv 或 xlsx。"))])
    return summary_files.file(made, g.actor, form, address=request.remote_addr or "")


def _made(name):
    try:
        register = policy.view(registry.get(name), g.actor, action="count")
    except (KeyError, NotAllowed):
        raise NotFound(say("没有这个台账，或您没有查看它的权限。")) from None
    pairs = [(key, value) for key, value in request.args.items(multi=True) if key not in _OWN and value]
    by, measure = _asked(register)
    return register, summaries.summary(name, g.actor, by=by, measure=measure, pairs=pairs)


def _asked(register):
    """(by, measure) as the form says them, else the register's first declared summary."""
    if "by" in request.args:
        by = ",".join(dict.fromkeys(part for part in (request.args["by"], request.args.get("by2", "")) if part))
        return by, ",".join(["count", *request.args.getlist("measure")])
    first = next(iter(register.summaries), None)
    if first is None:
        return next((field.name for field in summaries.groupable(register)), ""), "count"
    return ",".join(first.by[: summaries.MOST_FIELDS]), ",".join(dict.fromkeys(("count", *first.measures)))


def _here(made, pairs, form=""):
    """This page's address (or its file's) with these list parameters."""
    by = [field.name for field in made.by]
    own = [("by", by[0] if by else ""), *([("by2", by[1])] if len(by) > 1 else [])]
    own += [("measure", measure) for measure in made.measures if measure != "count"]
    ending = url_for(f"register.{'summary_file' if form else 'summary'}", register=made.query.register.name)
    kept = [pair for pair in pairs if pair[0] not in ("sort", "fields", "limit")]
    return f"{ending}?{urlencode([*own, *kept, *([('format', form)] if form else [])])}"


def _measure_words(register, measure):
    return summary_files.measure_words(register, measure, language())


def _row(made, group, name):
    url = f"{url_for('register.index', register=name)}?{urlencode(group.filter)}" if name else None
    return {
        "values": [summary_files.word(*part, language()) for part in zip(made.by, group.values, group.labels, strict=True)],
        "numbers": [summary_files.number_words(group.numbers[measure]) for measure in made.measures],
        "url": url,
    }


def _chart(made, name):
    """What the chart's script draws: bars of the last measure asked for, side by side for a second field. None where a table says it better."""
    firsts = list(dict.fromkeys(group.values[:1] for group in made.groups))
    if not made.by or not 2 <= len(firsts) <= MOST_BARS:
        return None
    rows = {group.values: _row(made, group, name) for group in made.groups}
    words = {group.values[:1]: rows[group.values]["values"][0] for group in made.groups}
    seconds = list(dict.fromkeys(group.values[1:] for group in made.groups))
    second_words = {group.values[1:]: "".join(rows[group.values]["values"][1:]) for group in made.groups}
    known = {group.values: group.numbers[made.measures[-1]] for group in made.groups}
    if len(seconds) > 6:
        return None
    return {
        "label": _measure_words(made.query.register, made.measures[-1]),
        "whole": made.measures[-1] == "count",
        "bars": [words[first] for first in firsts],
        "series": [
            {
                "name": second_words[second],
                "values": [_plain(known.get(first + second)) for first in firsts],
                "urls": [rows[first + second]["url"] if first + second in rows else None for first in firsts],
            }
            for second in seconds
        ],
    }


def _plain(number):
    return None if number is None or isinstance(number, str) else float(number)
