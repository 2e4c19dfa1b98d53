"""Templates in use: the columns of a list, or a form filled for a list, for one record, or for each of several."""

from dataclasses import dataclass, replace

from models.errors import Fault, Invalid, NotFound, say
from models.export_templates import ExportTemplateFile
from models.fields import Code
from models.fields.said import BETWEEN
from models.values import CITY_ZONE, now, today
from services import exports, home, query as lists
from services.templates import marks, process

MOST_ROWS, MOST_RECORDS = 5000, 500
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "zip": "application/zip",
}


@dataclass(frozen=True)
class Output:
    """A file: its name, media type and bytes."""

    name: str
    type: str
    data: bytes


def columns_of(template, register):
    """The fields of a set of columns that this actor reads, in its order. Invalid where he reads none of them."""
    fields = tuple(register.by_name[name] for name in template.names if name in register.by_name)
    if not fields:
        raise Invalid([Fault("_template", "unreadable", say("模板「{name}」的列您都无权查看。", name=template.name))])
    return fields


def fill(template, query, actor, *, purpose="", address=""):
    """The form filled with the list's rows; one for single records gives a file for one row and a zip for several.

    Invalid where the rows are too many, or the form shows a field that the actor may not read. Logged as every export.
    """
    register = query.register
    hidden = tuple(said for said, name in template.fields.items() if name not in register.by_name)
    if hidden:
        raise _wrong("unreadable", say("模板「{name}」要填的{fields}您无权查看。", name=template.name, fields=hidden))
    fields = tuple(register.field(name) for name in dict.fromkeys(template.names))
    asked, purpose = exports.allowed(replace(query, columns=fields + _key(register)), actor, purpose)
    most = MOST_ROWS if template.use == "list" else MOST_RECORDS
    if lists.count(asked, exact=True).value > most:
        raise _wrong("too_many_rows", say("这个模板一次最多填 {most} 条，请先筛选，或导出 CSV、Excel。", most=most))
    exports.logged(replace(asked, columns=fields), actor, f"模板「{template.name}」第 {template.version} 版", purpose, address)
    rows = [line[1:].split(BETWEEN) for _, chunk in lists.lines(asked, bool(purpose)) for line in chunk]
    if not rows:
        raise _wrong("no_rows", say("没有符合条件的记录，模板没有可填的内容。"))
    return _filled(template, asked, actor, rows, bool(purpose))


def _filled(template, asked, actor, rows, revealed):
    data = _file(template)
    places = {field.name: at for at, field in enumerate(asked.columns)}
    kinds = [exports.column(field, revealed).kind for field in asked.columns]

    def words(row):
        return {said: [kinds[places[name]], row[places[name]]] for said, name in template.fields.items()}

    heads = _heads(asked, actor, len(rows))
    if template.use == "list":
        records = [words(row) | {marks.NUMBER: ["number", str(number)]} for number, row in enumerate(rows, 1)]
        return _output(template, process.fill(template.kind, data, heads, records), template.kind)
    if len(rows) == 1:
        return _output(template, process.fill(template.kind, data, heads | words(rows[0]), None), template.kind)
    named = [(exports.plain_name(f"{number:04}-{row[-1]}.{template.kind}"), row) for number, row in enumerate(rows, 1)]
    return _output(template, process.fill_each(template.kind, data, [[name, heads | words(row)] for name, row in named]), "zip")


def _file(template):
    row = ExportTemplateFile.get_or_none(
        ExportTemplateFile.template_id == template.id, ExportTemplateFile.version == template.version
    )
    if row is None:
        raise NotFound(say("没有找到这个模板，或它是别人的模板。"))
    return bytes(row.data)


def _heads(asked, actor, count):
    """What stands above a list: whose, of when, by whom, how many."""
    said = {
        "台账": asked.register.label,
        "单位": home.unit_of(actor) or "全市",
        "导出人": actor.name,
        "筛选": exports.filter_sentence(asked),
    }
    found = {name: ["text", str(text)] for name, text in said.items()}
    return found | {"导出日期": ["date", today().isoformat()], "条数": ["number", str(count)]}


def _key(register):
    """The code that names a record's own file, behind the form's own columns."""
    field = register.by_name.get(register.key[0]) if len(register.key) == 1 else None
    return (field,) if isinstance(field, Code) and field.sensitivity == "open" else ()


def _output(template, data, ending):
    name = exports.plain_name(f"{template.name}-{now().astimezone(CITY_ZONE):%Y%m%d-%H%M%S}.{ending}")
    return Output(name, _TYPES[ending], data)


def _wrong(code, sentence):
    return Invalid([Fault("_template", code, sentence)])
