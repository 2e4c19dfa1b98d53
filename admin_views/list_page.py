"""What a list page shows: the filter in words, panels to change it, heads, rows, pages. Ready values; the template decides nothing."""

from urllib.parse import urlencode

from flask import current_app, g, request
from markupsafe import Markup

from admin_views import export_page, list_rows
from admin_views.words import english, heading, text
from models import registry
from models.fields import Date, DateTime, Derived, Number, Relation, Relations, YesNo
from services import desk, policy, query

JUMP = "_at"  # the parameter that says where to jump
PANELS = 500  # kept at a time
_drawn = {}


def list_context(view, asked):
    """The context of register/list.html and register/trash.html."""
    page = query.page(asked)
    whole = not (asked.cursor or page.next)
    counted = query.Count(len(page.records)) if whole else query.count(asked)
    register = asked.register
    rows, can = list_rows.rows(view, asked, page.records, linked=not asked.trash), view.rights()
    shown = {field.name for field in asked.columns}
    masked = [text(field.title) for field in asked.columns if field.sensitivity == "masked"]
    return {
        "asked": asked,
        "chips": [
            (text(chip.sentence), address(query.pairs(asked, (chip.parameter, chip.value)))) for chip in query.describe(asked)
        ],
        "cleared": address([pair for pair in query.pairs(asked) if pair[0] == "fields"]),
        "heads": [_head(asked, field) for field in asked.columns],
        "rows": rows,
        "body": list_rows.body(rows, can["edit"] or can["export"]) if not asked.trash else "",
        "next": address([*query.pairs(asked), ("cursor", page.next)]) if page.next else None,
        "previous": address([*query.pairs(asked), ("cursor", page.previous)]) if page.previous else None,
        "first": address(query.pairs(asked)) if page.previous else None,
        "last": address([*query.pairs(asked), ("cursor", query.LAST)]) if page.next else None,
        "jump": _jump(asked) if page.next or page.previous else None,
        "count": counted,
        "panels": _panels(view, asked),
        "hidden": [pair for pair in query.pairs(asked) if pair[0] != "q"],
        "columns": [(field.name, heading(field), field.name in shown) for field in register.live],
        "without_columns": address([pair for pair in query.pairs(asked) if pair[0] != "fields"]),
        "views": [] if asked.trash else desk.views(g.actor, register.name),
        "parameters": urlencode(query.pairs(asked)),
        "masked": masked,
        "offers": export_page.offers(register) if not asked.trash else [],
        "can": can,
        "may_trash": bool(policy.may(g.actor, "edit", register)),
    }


def address(pairs, path=""):
    """A list's address with these parameters, by default the one that is being shown."""
    path = path or request.path
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _jump(asked):
    """What the list can be jumped into by: its label and an example, neither where it is a percentage; None where it cannot be."""
    field = query.jump_field(asked)
    if field is None:
        return None
    label = "" if field.name == query.ID.name else text(field.title)
    example = field.example or ("2021-08-05" if isinstance(field, (Date, DateTime)) else "")
    pairs = [*query.pairs(asked), *([("cursor", asked.cursor)] if asked.cursor else [])]
    return {"name": JUMP, "label": label, "example": example, "pairs": pairs}


def _head(asked, field):
    name, down = asked.sort[0]
    sorted_here = name == field.name
    url = None
    if field.sortable and field.sensitivity != "masked" and not asked.trash:
        url = address(query.pairs(asked, sort=field.name if not sorted_here or down else f"-{field.name}"))
    return {
        "label": heading(field),
        "url": url,
        "sorted": ("descending" if down else "ascending") if sorted_here else None,
        "numeric": isinstance(field, Number) and field.type != "percent",
    }


def _panels(view, asked):
    """The panels that change the filter, as HTML: the same for everybody who asks for the same of the same fields."""
    fields, pairs = query.filter_fields(asked.register), query.pairs(asked)
    key = (registry.current(), asked.register.name, tuple(field.name for field in fields), english(), asked.trash, tuple(pairs))
    found = _drawn.get(key)
    if found is None:
        panels = [_panel(asked, field) for field in fields]
        template = current_app.jinja_env.get_template("register/_panels.html")
        found = Markup(template.render(panels=panels, asked=asked, admin_view=view, parameters=urlencode(pairs)))
        # What a chosen record is called depends on who asks.
        if not any(panel["kind"] == "relation" and panel["value"] for panel in panels):
            if len(_drawn) >= PANELS:
                _drawn.clear()
            _drawn[key] = found
    return found


def _panel(asked, field):
    """One filter's small panel: its kind, its parameter names and what is chosen now."""
    mine = {part.operator: part for part in asked.filters if part.field.name == field.name}
    panel = {"field": field, "name": field.name, "label": text(field.title), "chosen": bool(mine), "empty": None}
    if isinstance(field, (Relation, Relations)):
        operator = "contains" if isinstance(field, Relations) else "eq"
        part = mine.get(operator)
        panel |= {
            "kind": "relation",
            "parameter": field.name + ("__contains" if operator == "contains" else ""),
            "value": part.value if part else "",
            "shown": query.labels(field.to, (part.value,), g.actor).get(part.value) if part else "",
        }
    elif isinstance(field, (YesNo, Derived)):
        panel |= {"kind": "yesno", "value": mine["eq"].value if "eq" in mine else None}
    elif hasattr(field, "options"):
        part = mine.get("in") or mine.get("eq") or mine.get("contains")
        chosen = part.value if part and isinstance(part.value, tuple) else (part.value,) if part else ()
        panel |= {
            "kind": "choices",
            "parameter": f"{field.name}__in" if "in" in field.operators else f"{field.name}__contains",
            "several": "in" in field.operators,
            "options": [(option.code, text(option.title), option.code in chosen) for option in field.options],
        }
    elif isinstance(field, (Number, Date, DateTime)):
        kind = "number" if isinstance(field, Number) else "date"
        low, high = mine.get("gte"), mine.get("lte")
        panel |= {"kind": "range", "input": kind, "low": low.raw if low else "", "high": high.raw if high else ""}
    else:
        operator = "contains" if "contains" in field.operators else "eq"
        part = mine.get(operator)
        panel |= {
            "kind": "text",
            "parameter": field.name + ("__contains" if operator == "contains" else ""),
            "value": part.raw if part else "",
        }
    keep = [pair for pair in query.pairs(asked) if pair[0].partition("__")[0] != field.name]
    return panel | {"hidden": keep}
