"""Exports: what a list shows, as a file. The same rows, columns, order and masking, streamed, and written in the access log."""

import os
import re
import tempfile
from dataclasses import replace
from itertools import chain
from pathlib import Path

from models import routing
from models.errors import Fault, Invalid, Label, say
from models.fields import Choice, Date, DateTime, Decimal, LongText, Number, Relation, Relations
from models.values import CITY_ZONE, now
from services import audit, policy, query as lists, words
from services.writers import ENCODINGS, Column, Notes, csv_head, csv_lines, write_workbook

SHORTEST_PURPOSE = 4
LONGEST_PURPOSE = 200
_PIECE = 1 << 16
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


def stream(query, actor, form, *, encoding="utf-8-sig", purpose="", address="", told=None):
    """(the list as chunks of bytes, media type) in the form csv or xlsx. `told(rows)` hears how many rows have been read."""
    common = {"purpose": purpose, "address": address, "told": told}
    if form == "csv":
        return csv_stream(query, actor, encoding=encoding, **common), f"text/csv; charset={encoding.replace('utf-8-sig', 'utf-8')}"
    if form == "xlsx":
        return xlsx_stream(query, actor, **common), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    raise Invalid([Fault("format", "format", say("导出格式只能是 csv 或 xlsx。"))])


def csv_stream(query, actor, *, encoding="utf-8-sig", purpose="", address="", told=None):
    """The list as chunks of CSV. Rights are checked and the export is logged before this returns, so before the first byte."""
    if encoding not in ENCODINGS:
        raise Invalid(
            [Fault("encoding", "encoding", say("没有「{raw}」这种编码，可选：{accepted}。", raw=encoding[:30], accepted=ENCODINGS))]
        )
    query, purpose = allowed(query, actor, purpose)
    logged(query, actor, f"CSV {encoding}", purpose, address)
    made = lists.lines(query, bool(purpose), lambda lines: csv_lines(lines, encoding))
    return chain([csv_head([field.heading for field in query.columns], encoding)], _counted(routing.carry(made), told))


def xlsx_path(query, actor, *, purpose="", address="", told=None):
    """The list as a workbook in a new temporary file; the caller removes it. Whole when this returns, so never half sent."""
    query, purpose = allowed(query, actor, purpose)
    logged(query, actor, "XLSX", purpose, address)
    handle, name = tempfile.mkstemp(suffix=".xlsx", prefix="taizhang-")
    os.close(handle)
    columns = [column(field, bool(purpose)) for field in query.columns]
    done = False
    try:
        lines = _counted(lists.lines(query, bool(purpose)), told)
        write_workbook(name, columns, lines, lambda count: _notes(query, actor, purpose, count))
        done = True
    finally:
        if not done:
            os.unlink(name)
    return Path(name)


def xlsx_stream(query, actor, *, purpose="", address="", told=None):
    """The workbook as chunks of bytes. The file has no name any more when this returns: nothing stays behind, whatever happens."""
    path = xlsx_path(query, actor, purpose=purpose, address=address, told=told)
    file = path.open("rb")
    path.unlink()
    return _pieces(file)


def _counted(chunks, told):
    """What was made of chunks of lines; after each, how many rows there were is told."""
    done = 0
    for count, made in chunks:
        done += count
        yield made
        if told:
            told(done)


def _pieces(file):
    with file:
        while piece := file.read(_PIECE):
            yield piece


def file_name(register, extension, encoding=""):
    """受损校舍-20211121-173005.csv, 受损校舍-20211121-173005-gb18030.csv"""
    label = plain_name(register.label) or register.name
    mark = "" if encoding in ("", ENCODINGS[0]) else f"-{encoding}"
    return f"{label}-{now().astimezone(CITY_ZONE):%Y%m%d-%H%M%S}{mark}.{extension}"


def plain_name(name):
    """A file's name without what file systems do not take."""
    return _NOT_IN_NAMES.sub("", name)


def allowed(query, actor, purpose):
    """The query narrowed to what may leave: rows the actor may export, no names of people; and the purpose, tidied."""
    policy.require(actor, "export", query.register)
    purpose = purpose.strip()
    if purpose and not SHORTEST_PURPOSE <= len(purpose) <= LONGEST_PURPOSE:
        raise Invalid(
            [
                Fault(
                    "purpose",
                    "purpose",
                    say("请写明导出完整内容的用途，{least} 到 {most} 个字。", least=SHORTEST_PURPOSE, most=LONGEST_PURPOSE),
                )
            ]
        )
    columns = tuple(field for field in query.columns if field.sensitivity != "named")
    # A file speaks Chinese in its cells whoever takes it out, so that it goes back in unchanged.
    reader = actor if actor.language == words.ZH else replace(actor, language=words.ZH)
    return replace(query, actor=reader, action="export", cursor="", columns=columns), purpose


def logged(query, actor, form, purpose, address):
    parts = [form, f"筛选：{filter_sentence(query)}", f"列：{'、'.join(field.label for field in query.columns)}"]
    parts += [f"用途：{purpose}"] if purpose else []
    # The purpose stands first where the line would be cut.
    parts.sort(key=lambda part: not part.startswith("用途"))
    audit.log(actor, "export", register=query.register.name, detail="；".join(parts), address=address)


def filter_sentence(query):
    """The list's filter in words."""
    return "；".join(str(chip.sentence) for chip in lists.describe(query)) or "全部"


# Texts --------------------------------------------------------------------------------------------------------------


def targets(records, field):
    """The ids a relation of these records points at."""
    found = set()
    for record in records:
        value = record.values.get(field.name)
        found.update(value if isinstance(value, tuple) else (value,) if isinstance(value, int) else ())
    return found


def relation_text(value, label, codes):
    """Code and name of each target, 4101050012 纬五路一小, which the import takes apart again; the label alone where it has no code."""
    labels = label if isinstance(label, dict) else {value: label}
    return "、".join(_coded(labels.get(id) or "", codes.get(id)) for id in (value if isinstance(value, tuple) else (value,)))


def files_text(value):
    """A file's place in an export: how many there are; the files themselves stay here."""
    return f"{len(value)} 个文件"


def _coded(label, code):
    if not code or label == lists.NO_ACCESS.zh or label.split(" ")[0] == code:
        return label
    return f"{code} {label}"


# The workbook's looks and notes -------------------------------------------------------------------------------------


def column(field, revealed):
    """A field as a column: masked ones are texts, whatever they hide."""
    hidden = field.sensitivity == "masked" and not revealed
    kind = next((kind for types, kind in _KINDS if isinstance(field, types) and not hidden), "text")
    return Column(field.heading, _width(field), kind, _number_format(field))


_KINDS = ((Number, "number"), (Date, "date"), (DateTime, "moment"))


def _width(field):
    least = 2 * len(field.heading) + 2
    usual = 34 if isinstance(field, (Relation, LongText)) else 18 if isinstance(field, DateTime) else 12
    return min(max(least, usual), 48)


def _number_format(field):
    if isinstance(field, Decimal):
        return "0" + ("." + "0" * field.places if field.places else "")
    if isinstance(field, DateTime):
        return "yyyy-mm-dd hh:mm:ss"
    return "yyyy-mm-dd" if isinstance(field, Date) else ""


def _notes(query, actor, purpose, count):
    language = actor.language

    def said(sentence):
        return words.text(sentence, language)

    masks = tuple(field.title for field in query.columns if field.sensitivity == "masked")
    facts = [
        (Label("台账", "Register"), query.register.titled),
        (
            Label("筛选", "Filter"),
            tuple(chip.sentence for chip in lists.describe(replace(query, actor=actor))) or Label("全部", "All"),
        ),
        (Label("导出时间", "Exported at"), say("{moment}（北京时间）。", moment=f"{now().astimezone(CITY_ZONE):%Y-%m-%d %H:%M}")),
        (Label("导出人", "Exported by"), f"{actor.name} ({actor.username})"),
        (Label("行数", "Rows"), str(count)),
        (Label("空白", "Blank"), say("空白表示未知，0 是数；「不适用」表示本行不涉及。")),
    ]
    if masks and purpose:
        facts.append((Label("遮盖", "Masking"), say("{fields}：按用途导出完整内容。", fields=masks)))
    elif masks:
        facts.append((Label("遮盖", "Masking"), say("{fields}：部分遮盖；需要完整内容的，导出时写明用途。", fields=masks)))
    facts += [(Label("用途", "Purpose"), purpose)] if purpose else []
    return Notes(
        tuple((said(word), said(value)) for word, value in facts),
        tuple((words.heading(field, language), field_note(field, language)) for field in query.columns),
        (said(Label("列", "Column")), said(Label("说明", "Notes"))),
    )


def field_note(field, language=words.ZH):
    """What a column holds and accepts, in one line."""
    parts = [words.help_of(field, language)] if field.help else []
    if isinstance(field, Choice):
        parts.append(say("可填：{options}。", options=tuple(option.title for option in field.options)))
    if isinstance(field, (Relation, Relations)):
        parts.append(say("代码和名称；导入时写代码、名称或两者都可以。"))
    if field.unit:
        parts.append(say("单位：{unit}。", unit=words.unit_of(field, language)))
    if field.na:
        parts.append(say("可填「不适用」。"))
    if field.readonly:
        parts.append(say("由系统填写，导入时只核对、不改写。"))
    return (" " if language == words.EN else "").join(words.text(part, language) for part in parts)
