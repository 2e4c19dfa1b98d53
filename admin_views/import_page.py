"""What an import's page shows, ready for the templates: its steps, what was understood, questions, rows of each outcome."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import g, url_for
from flask_babel import gettext as _

import config
from admin_views import import_answers, import_progress
from admin_views.words import heading, language, text
from models import registry
from models.errors import FieldError, Label
from models.fields import Attachment, Derived, Relation, Relations
from models.fields.number import Number, grouped
from services import imports, policy, query, readers, words

PAGE = 50
MOST_SKIPPED, MOST_COLUMNS, MOST_MARKED, MOST_SEEN = 30, 8, 50, 3
ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16")
STEPS = (
    Label("选文件", "Choose files"),
    Label("看懂了什么", "What was understood"),
    Label("回答问题", "Answer questions"),
    Label("将会发生什么", "What will happen"),
    Label("完成", "Done"),
)
# State: its words, its colour.
STATES = {
    imports.READING: (Label("正在检查", "Checking"), "b"),
    imports.ASKING: (Label("有问题等您回答", "Questions for you"), "a"),
    imports.PLANNED: (Label("等您确认", "For you to confirm"), "a"),
    imports.APPLYING: (Label("正在导入", "Importing"), "b"),
    imports.APPLIED: (Label("已导入", "Imported"), "g"),
    imports.UNDOING: (Label("正在撤销", "Being undone"), "b"),
    imports.UNDONE: (Label("已撤销", "Undone"), ""),
    imports.FAILED: (Label("没有读成", "Not read"), "d"),
}
# The tiles above the rows, in this order; those that say 0 of what is rare are not shown.
TABS = (
    ("new", Label("新增", "New"), "", True),
    ("changed", Label("修改", "Changed"), "", True),
    ("unchanged", Label("不变", "Unchanged"), "", True),
    ("error", Label("有误", "Wrong"), "d", True),
    ("out_of_scope", Label("不在您的范围", "Not yours to change"), "d", False),
    ("warning", Label("提醒", "Warnings"), "a", True),
)
_FIRST = ("error", "out_of_scope", "changed", "new", "warning", "unchanged")
_HOW = {
    "given": Label("您选的", "You said so"),
    "memory": Label("上次的回答", "Answered before"),
    "name": Label("名称相同", "Same name"),
    "label": Label("名称相同", "Same name"),
    "alias": Label("同义的名称", "Another word for it"),
    "ignored": Label("编号列", "A numbering"),
    "": Label("没有对应的栏", "No field of this name"),
}
CHOICES = {
    "mode": (
        ("both", Label("有的修改，没有的新增", "Change what is there, add what is not")),
        ("add", Label("只新增，已有的记录不动", "Only add; records that are there stay")),
        ("update", Label("只修改，没有的记录算有误", "Only change; a record that is not there is an error")),
    ),
    "policy": (
        ("all", Label("全部正确才导入", "Import when every row is right")),
        ("good", Label("有误的留下，先导入正确的", "Leave out what is wrong, import the rest")),
    ),
    "empty": (
        ("keep", Label("空白的格不动原来的内容", "An empty cell leaves what is stored")),
        ("clear", Label("空白的格清空原来的内容", "An empty cell empties what is stored")),
    ),
}
CHOICE_TITLES = {
    "mode": Label("怎样导入", "How to import"),
    "policy": Label("有误的行", "Wrong rows"),
    "empty": Label("空白的格", "Empty cells"),
}
WORDS = {"choice_titles": CHOICE_TITLES, "choice_options": CHOICES}


@dataclass(frozen=True)
class Upload:
    """The form that sends files: its address, its word, what is chosen, how large files may be."""

    url: str
    key: str
    chosen: dict
    limits: object
    request_mb: int


def upload(register, typed, key):
    """The upload form of a register, with what was chosen before."""
    chosen = {name: typed.get(name) or options[0][0] for name, options in CHOICES.items()}
    url = url_for("imports.upload", register=register.name)
    return Upload(url, key, chosen, readers.limits(), config.active().max_request_mb)


def targets(register):
    """The fields a column may be, as the form shows them."""
    return [field for field in register.live if not field.readonly and not isinstance(field, (Derived, Attachment))]


def line(item):
    """An import as a line of 我的导入."""
    words_of_state, tone = STATES[item.state]
    register = registry.get(item.register)
    return {
        "url": url_for("imports.page", id=item.id),
        "at": item.at,
        "register": text(register.titled),
        "files": item.found.get("files", []),
        "state": text(words_of_state),
        "tone": tone,
        "counts": [(text(label), item.counts[name]) for name, label, *_ in TABS if item.counts.get(name)],
    }


def context(item, show, after, typed, error=None):
    """Everything import/page.html is given."""
    register = policy.view(registry.get(item.register), g.actor)
    found = imports.to_json(item, g.actor, text)
    g.here = register.name
    can_edit = bool(policy.may(g.actor, "edit", register))
    show = show if show in {tab[0] for tab in TABS} else _first(item.counts)
    writes = item.counts.get("new", 0) + item.counts.get("changed", 0)
    return WORDS | {
        "item": item,
        "found": found,
        "register": register,
        "title": text(register.titled),
        "steps": _steps(item),
        "state": STATES[item.state],
        "busy": item.state in (imports.READING, imports.APPLYING, imports.UNDOING),
        "progress": import_progress.shown(imports.progress(g.actor, item.id)),
        "can_edit": can_edit,
        "changeable": can_edit and item.state in (imports.ASKING, imports.PLANNED) and not item.position,
        "sheet": _first_rows(found),
        "columns": _columns(found, register),
        "asked": {one["value"] for one in found["questions"] if one["kind"] == "column"},
        "encodings": list(dict.fromkeys([found["encoding"], *ENCODINGS])),
        "targets": [(field.name, heading(field)) for field in targets(register)],
        "skipped": found["skipped"][:MOST_SKIPPED],
        "more_skipped": len(found["skipped"]) + item.found.get("more_skipped", 0) - min(MOST_SKIPPED, len(found["skipped"])),
        "questions": _questions(found, register),
        "said": lambda one: import_answers.value_of(one, typed),
        "other": lambda one: typed.get(f"other-{one['id']}", ""),
        "typed": typed,
        "errors": _errors(error),
        "tabs": _tabs(item, show),
        "show": show,
        "rows": _rows(item, found, register, show, after),
        "writes": writes,
        "held": _held(item, writes),
        "marked": _marked(item),
        "again": can_edit and item.state in (imports.FAILED, imports.PLANNED, imports.APPLIED, imports.UNDONE),
        "receipt": _receipt(item),
    }


def _steps(item):
    """[(label, "done", "now" or "")]: where the import is; reading again does not take it back."""
    if item.state in (imports.APPLIED, imports.UNDOING, imports.UNDONE):
        now = 5
    elif item.state == imports.FAILED:
        now = 1
    elif item.questions:
        now = 3
    else:
        now = 4 if item.counts else 2
    return [(text(label), "done" if at < now else "now" if at == now else "") for at, label in enumerate(STEPS, 1)]


def _first(counts):
    return next((name for name in _FIRST if counts.get(name)), "unchanged")


def _held(item, writes):
    """Why the button is off; "" where it is not."""
    if item.policy == "all" and item.refused and not item.position:
        return _("有 %(n)s 行不能导入。请改好文件再传一次，或选「有误的留下，先导入正确的」。", n=item.refused)
    return "" if writes else _("没有要写入的行：表里的内容和台账里的一样。")


def _errors(error):
    """({question id: sentence}, [sentence] of what belongs to no question)."""
    faults = error.faults if error else ()
    at = {fault.field: text(fault.sentence) for fault in faults}
    return at, [text(fault.sentence) for fault in faults if "-" not in fault.field]


# What was understood --------------------------------------------------------------------------------------------------


def _first_rows(found):
    """The top of the sheet as it stands: letters, then (row number, cells, whether it is the header)."""
    rows = found["first_rows"]
    width = min(MOST_MARKED, max([len(cells) for _, cells in rows], default=0))
    first, last = found["header_rows"] or (0, 0)
    return {
        "letters": [readers.letter(at) for at in range(width)],
        "rows": [(row, (cells + [""] * width)[:width], first <= row <= last) for row, cells in rows],
        "first": first,
        "last": last,
    }


def _columns(found, register):
    return [
        column
        | {
            "at": at,
            "label": heading(register.by_name[column["field"]]) if column["field"] in register.by_name else "",
            "why": text(_HOW[column["how"]]),
        }
        for at, column in enumerate(found["columns"])
    ]


def _questions(found, register):
    """Questions by what they are about: columns together, texts together by their field, the others one by one."""
    groups, seen = {}, _seen(found)
    for one in found["questions"]:
        about = {"column": "", "value": one["field"]}.get(one["kind"], one["id"])
        groups.setdefault((one["kind"], about), []).append(one | {"seen": seen.get(one["value"], ())})
    made = []
    for (kind, name), asked in groups.items():
        part = register.by_name.get(name) if kind == "value" else None
        lookup = url_for("register.lookup", register=register.name, field=name) if isinstance(part, (Relation, Relations)) else None
        made.append({"kind": kind, "asked": asked, "label": asked[0]["label"], "field": name, "lookup": lookup})
    return made


def _seen(found):
    """{column: the first things it says}, so that a clerk knows which one is meant."""
    below = [cells for row, cells in found["first_rows"] if found["header_rows"] and row > found["header_rows"][1]]
    letters = {readers.letter(at): at for at in range(max(map(len, below), default=0))}
    seen = {}
    for column in found["columns"]:
        at = letters.get(column["letter"])
        said = dict.fromkeys(cells[at] for cells in below if at is not None and at < len(cells) and cells[at].strip())
        seen.setdefault(column["source"], tuple(said)[:MOST_SEEN])
    return seen


# What will happen -----------------------------------------------------------------------------------------------------


def _tabs(item, show):
    return [
        {
            "name": name,
            "label": text(label),
            "count": item.counts.get(name, 0),
            "tone": tone if item.counts.get(name) else "",
            "url": f"{url_for('imports.page', id=item.id)}?show={name}#rows",
            "on": name == show,
        }
        for name, label, tone, always in TABS
        if always or item.counts.get(name)
    ]


def _rows(item, found, register, show, after):
    """A page of the rows of one outcome: its lines as this outcome is told, and the address of the next page."""
    if not item.counts:
        return None
    page = imports.rows(g.actor, item.id, outcome=show, after=after, limit=PAGE, text=text)
    address = url_for("imports.page", id=item.id)
    told = {"new": _added, "changed": _changed, "unchanged": _unchanged}.get(show, _wrong)
    return {
        "kind": show if show in ("new", "changed", "unchanged") else "wrong",
        "heads": [],
        "next": f"{address}?{urlencode({'show': show, 'after': page.next})}#rows" if page.next else None,
        "first": f"{address}?show={show}#rows" if after else None,
        "several": len(item.found.get("files", ())) > 1,
    } | told(page.rows, found, register, "warning" if show == "warning" else "error")


def _wrong(rows, found, register, level):
    """A line for each thing that is wrong: where, in which column, what stands there, and the sentence."""
    sources = {column["field"]: column["source"] for column in found["columns"] if column["field"]}
    lines = []
    for row in rows:
        for told in row["messages"]:
            if told["level"] == level:
                part = register.by_name.get(told["field"])
                column = sources.get(told["field"]) or (text(part.title) if part else "")
                where = told["cell"] or _("第 %(n)s 行", n=row["row"])
                lines.append(
                    {"where": where, "column": column, "value": told["value"], "why": told["message"], "file": row.get("file", "")}
                )
    return {"lines": lines}


def _changed(rows, found, register, level):
    lines = []
    for row in rows:
        changes = [
            (heading(register.by_name[name]), _shown(register.by_name[name], old), _shown(register.by_name[name], new))
            for name, (old, new) in row["changes"].items()
        ]
        lines.append({"row": row["row"], "record": row["record"], "changes": changes, "file": row.get("file", "")})
    return {"lines": lines}


def _added(rows, found, register, level):
    """A line for each new record, in the columns the file has, the first ones."""
    said = dict.fromkeys(name for row in rows for name in row["changes"])
    named = [column["field"] for column in found["columns"] if column["field"] in said]
    fields = [register.by_name[name] for name in dict.fromkeys([*named, *said])][:MOST_COLUMNS]
    lines = [
        {
            "row": row["row"],
            "cells": [_shown(field, row["changes"].get(field.name, (None, None))[1]) for field in fields],
            "file": row.get("file", ""),
        }
        for row in rows
    ]
    return {"lines": lines, "heads": [(heading(field), isinstance(field, Number)) for field in fields]}


def _unchanged(rows, found, register, level):
    return {"lines": [{"row": row["row"], "record": row["record"], "file": row.get("file", "")} for row in rows]}


def _shown(field, value):
    """A value of a plan as people read it; "" for none."""
    if value is None or value == []:
        return ""
    if isinstance(field, (Relation, Relations)):
        return text([one["label"] for one in (value if isinstance(value, list) else [value])])
    try:
        clean = field.clean(value)
    except FieldError:
        # A masked old value, or one the declaration no longer takes: as it came.
        return str(value)
    return grouped(field, clean) if isinstance(field, Number) else words.value_of(field, clean, language())


def _receipt(item):
    """When an import was written and undone, and the address of each change set, as far as the person may see them."""
    register, found = registry.get("change_set"), []
    for label, id in ((Label("导入", "Imported"), item.change_set), (Label("撤销", "Undone"), item.undo_set)):
        if id and policy.covers(register, g.actor, "view", id):
            record = query.get("change_set", g.actor, id)
            found.append((text(label), record.values["at"], url_for("register.details", register="change_set", id=id), id))
    return found


def _marked(item):
    """[(file name, address of its error workbook)] where rows are wrong or warned of."""
    if not (item.refused or item.counts.get("warning")) or item.state in (imports.READING, imports.FAILED):
        return []
    files = item.found.get("files", [])
    if len(files) == 1:
        return [(files[0], url_for("imports.errors", id=item.id))]
    wrong = {one.file for one in imports.errors(g.actor, item.id)}
    return [(name, url_for("imports.errors", id=item.id, file=at)) for at, name in enumerate(files) if name in wrong][:MOST_MARKED]
