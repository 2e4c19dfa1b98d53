"""A summary as a file: its groups and numbers, small numbers of people and of their care told as `<5`, written in the access log."""

import os
import tempfile
from pathlib import Path

from models import registry
from models.errors import Label, say
from models.fields.said import BETWEEN
from models.values import CITY_ZONE, now
from services import audit, query, summaries, words
from services.writers import Column, Notes, csv_chunks, write_workbook

FORMS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file(made, actor, form, *, address=""):
    """(bytes, media type) of a summary, logged. It holds no more than the groups, so it is made in memory."""
    told = summaries.for_file(made)
    heads, rows = table(told, actor.language)
    parts = [
        f"汇总 {form.upper()}",
        f"筛选：{_filter(made, words.ZH)}",
        f"分组：{'、'.join(field.label for field in made.by) or '无'}",
    ]
    audit.log(actor, "export", register=made.query.register.name, detail="；".join(parts), address=address)
    lines = ["".join(f"{BETWEEN}{'' if cell is None else cell}" for cell in row) for row in rows]
    body = b"".join(csv_chunks(heads, [lines])) if form == "csv" else _xlsx(told, actor, heads, lines)
    return body, FORMS[form]


def _xlsx(made, actor, heads, lines):
    columns = [
        Column(head, 24 if at < len(made.by) else 14, "text" if at < len(made.by) else "number") for at, head in enumerate(heads)
    ]
    handle, name = tempfile.mkstemp(suffix=".xlsx", prefix="taizhang-")
    os.close(handle)
    try:
        write_workbook(name, columns, [lines], lambda count: _notes(made, actor))
        return Path(name).read_bytes()
    finally:
        os.unlink(name)


def _notes(made, actor):
    language = actor.language
    facts = [
        (Label("台账", "Register"), registry.get(made.query.register.name).titled),
        (Label("筛选", "Filter"), _filter(made, language)),
        (Label("导出时间", "Exported at"), say("{moment}（北京时间）。", moment=f"{now().astimezone(CITY_ZONE):%Y-%m-%d %H:%M}")),
        (Label("导出人", "Exported by"), f"{actor.name} ({actor.username})"),
    ]
    if any(isinstance(number, str) for group in made.groups for number in group.numbers.values()):
        facts.append((Label("遮盖", "Masking"), say("很小的数只写「<5」，与它相邻的一组写「*」；合计只含写了数的组。")))
    return Notes(tuple((words.text(word, language), words.text(value, language)) for word, value in facts), ())


def _filter(made, language):
    return words.text([chip.sentence for chip in query.describe(made.query)] or Label("全部", "All"), language)


def table(made, language):
    """(heads, rows) of a summary in a language: the groups' words, their numbers, the total last."""
    register = registry.get(made.query.register.name)
    heads = [words.heading(field, language) for field in made.by]
    heads += [measure_words(register, measure, language) for measure in made.measures]
    rows = [
        [*(word(*part, language) for part in zip(made.by, group.values, group.labels, strict=True)), *group.numbers.values()]
        for group in made.groups
    ]
    last = [words.text(Label("合计", "Total"), language)] + [""] * (len(made.by) - 1) if made.by else []
    return heads, [*rows, *([[*last, *made.total.values()]] if made.by else [])]


def measure_words(register, measure, language):
    """What a measure is called: 条数, or the field that is added up."""
    return (
        words.text(Label("条数", "Records"), language)
        if measure == "count"
        else words.heading(register.field(measure.partition(":")[2]), language)
    )


def word(field, value, label, language):
    """A group's value in words."""
    if value is None:
        return words.text(Label("未填", "Not filled"), language)
    return words.text(label, language) if label is not value else words.value_of(field, value, language)


def number_words(number):
    """A number as people read it; nothing known is a dash."""
    if number is None:
        return "—"
    return number if isinstance(number, str) else f"{number:,}"
