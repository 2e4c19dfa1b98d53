"""A list as a download: CSV, workbook, a kept set of columns, or a form that a superior prescribes, filled."""

from dataclasses import replace
from urllib.parse import quote

from flask import Response, g, redirect, request, url_for

from admin_views.words import text
from models.errors import NotFound, say
from services import downloads, exports, query, templates

DECLARED = "declared:"
_OWN = ("format", "encoding", "_purpose", "_ids", "_template", "_later")


def answer(view, ids):
    """The export that the address asks for."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in _OWN]
    asked = query.parse(view.register.name, g.actor, pairs, action="export", ids=ids)
    purpose, chosen = request.args.get("_purpose", "").strip(), request.args.get("_template", "")
    template = _chosen(view.register, chosen) if chosen else None
    if template is not None and getattr(template, "kind", "columns") != "columns":
        return filled(template, asked, purpose)
    if template is not None:
        asked = replace(asked, columns=_columns(template, view.register))
    return _plain(asked, request.args.get("format", "xlsx"), purpose)


def _plain(asked, form, purpose):
    """The file itself, or where there is much of it, or it is wished so, a job and the page where it can be fetched."""
    encoding = request.args.get("encoding", "utf-8-sig")
    common = {"encoding": encoding, "purpose": purpose, "address": request.remote_addr or ""}
    if form in ("csv", "xlsx") and (request.args.get("_later") or downloads.is_large(asked)):
        downloads.ask(asked, g.actor, form=form, **common)
        return redirect(url_for("desk.downloads"), 303)
    body, media = exports.stream(asked, g.actor, form, **common)
    return download(body, media, exports.file_name(asked.register, form, encoding if form == "csv" else ""))


def filled(template, asked, purpose):
    """A form, filled, as a download."""
    made = templates.fill(template, asked, g.actor, purpose=purpose, address=request.remote_addr or "")
    return download(made.data, made.type, made.name)


def download(body, media, name):
    return Response(body, content_type=media, headers={"Content-Disposition": attached(name)})


def attached(name):
    """A download's Content-Disposition; Chinese names in RFC 6266 form."""
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' and letter.isprintable() else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def offers(register, use="list"):
    """[(value of _template, name, kind)] of what a list's export menu, or a record's page, offers this actor."""
    declared = [(DECLARED + part.name, text(part.title), "columns") for part in register.exports if part.columns and use == "list"]
    own = templates.offered(g.actor, register.name)
    return declared + [(str(part.id), part.name, part.kind) for part in own if use in ("list", part.use)]


def _chosen(register, value):
    """The declared or kept template that the address names."""
    if value.startswith(DECLARED):
        found = next((part for part in register.exports if part.name == value.removeprefix(DECLARED)), None)
    else:
        known = {str(part.id): part for part in templates.offered(g.actor, register.name)}
        found = known.get(value)
    if found is None:
        raise NotFound(say("没有找到这个模板，或它是别人的模板。"))
    return found


def _columns(template, register):
    if hasattr(template, "names"):
        return templates.columns_of(template, register)
    return tuple(register.field(name) for name in template.columns)
