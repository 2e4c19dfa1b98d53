"""Many records at a time: pages, files, and grouped numbers."""

from dataclasses import replace

from flask import Response, g, jsonify, request

from app.api.asking import one_of, shown, unknown
from app.api.door import blueprint
from models.errors import Invalid
from models.values import NA, NA_CODE
from services import exports, policy, query, summaries, wire

COUNTS = ("none", "capped", "exact")
_ALWAYS = ("id", "version")
_TYPES = {"csv": "text/csv; charset={}", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@blueprint.get("/registers/<register>/records")
def list_records(register):
    found = shown(register)
    pairs, own = _split("count")
    counting = one_of("count", own.get("count", "none"), COUNTS)
    asked = _parsed(found, pairs)
    page = query.page(asked)
    count = None if counting == "none" else query.count(asked, exact=counting == "exact")
    return jsonify(
        {
            "records": [wire.record(one, asked.columns) for one in page.records],
            "next": page.next,
            "previous": page.previous,
            "count": {"value": count.value, "capped": count.capped} if count else None,
        }
    )


def _split(*own):
    """(the list's pairs, {name: value} of the parameters that are the call's own)."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in own]
    return pairs, {name: request.args[name] for name in own if name in request.args}


def _parsed(register, pairs, action="view"):
    """The list query: all fields the caller sees, unless he names some; id and version are always there."""
    wanted = dict(pairs).get("fields")
    if wanted is not None:
        names = [name for name in wanted.split(",") if name.strip() not in _ALWAYS]
        pairs = [pair for pair in pairs if pair[0] != "fields"] + ([("fields", ",".join(names))] if any(names) else [])
    asked = query.parse(register.name, g.actor, pairs, action=action)
    if asked.own_columns:
        return asked
    return replace(asked, columns=register.live if wanted is None else ())


@blueprint.get("/registers/<register>/records.csv")
def records_csv(register):
    return _file(register, "csv")


@blueprint.get("/registers/<register>/records.xlsx")
def records_xlsx(register):
    return _file(register, "xlsx")


def _file(register, form):
    """The list's rows as a file, whole: pages and counts are not asked for."""
    found = shown(register)
    policy.require(g.actor, "export", found)
    pairs, own = _split("encoding", "_purpose")
    faults = [unknown(name) for name in dict(pairs) if name in ("limit", "cursor", "count")]
    faults += [unknown("encoding")] if form == "xlsx" and "encoding" in own else []
    if faults:
        raise Invalid(faults)
    asked = _parsed(found, pairs, "export")
    sent = {"purpose": own.get("_purpose", ""), "address": request.remote_addr or ""}
    encoding = own.get("encoding", "utf-8-sig")
    if form == "csv":
        chunks = exports.csv_stream(asked, g.actor, encoding=encoding, **sent)
    else:
        chunks = exports.xlsx_stream(asked, g.actor, **sent)
    name = f'attachment; filename="{found.name}.{form}"'
    return Response(chunks, content_type=_TYPES[form].format(encoding.removesuffix("-sig")), headers={"Content-Disposition": name})


@blueprint.get("/registers/<register>/summary")
def summary(register):
    """Grouped numbers, for whoever may see the rows or only count them."""
    found = shown(register, "count")
    policy.require(g.actor, "count", found)
    pairs, own = _split("by", "measure")
    faults = [unknown(name) for name in dict(pairs) if name in ("limit", "cursor", "count", "fields", "sort")]
    if faults:
        raise Invalid(faults)
    made = summaries.summary(found.name, g.actor, by=own.get("by", ""), measure=own.get("measure", "count"), pairs=pairs)
    return jsonify(
        {
            "groups": [_group(made, group) for group in made.groups],
            "total": _numbers(made, made.total),
        }
    )


def _group(made, group):
    values = {
        field.name: _value(field, value, label) for field, value, label in zip(made.by, group.values, group.labels, strict=True)
    }
    return values | _numbers(made, group.numbers) | {"filter": group.filter}


def _value(field, value, label):
    if value is None:
        return None
    if value is NA:
        return NA_CODE
    return {"id": value, "label": label} if hasattr(field, "to") else field.to_json(value)


def _numbers(made, numbers):
    fields = {f"sum:{field.name}": field for field in made.query.register.live}
    return {
        name: number if name == "count" or number is None or isinstance(number, str) else fields[name].to_json(number)
        for name, number in numbers.items()
    }
