"""Changing or deleting many records: choose, see what would happen, apply, take back."""

from flask import flash, g, redirect, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from admin_views import forms
from admin_views.words import text
from models.errors import Fault, Invalid, say
from services import policy, query, records

EXAMPLES = 10
UNSUITABLE = ("textarea", "file")


def answer(view, ids):
    """The bulk pages of a register, by the posted step."""
    policy.require(g.actor, "edit", view.register)
    step = request.form.get("step", "edit")
    if step in ("delete", "delete_now"):
        return _delete(view, ids, step == "delete_now")
    if step in ("preview", "apply"):
        return _change(view, ids, step == "apply")
    return _choose(view, ids)


def choices(register):
    """The fields that may be set on many records at once: all a person types, but keys, long texts and files."""
    keys = {*register.key, *register.title}
    return register.narrow(
        lambda field: (
            field in forms.editable(register)
            and field.control not in UNSUITABLE
            and not field.unique
            and (field.name not in keys or field.control == "relation")
            and field.sensitivity == "open"
        )
    )


def _choose(view, ids, error=None, status=200):
    register = choices(view.register)
    name = request.form.get("field", "")
    raws = forms.collect(register, MultiDict(request.form), prefix="v-")[0]
    faults = error.faults if isinstance(error, Invalid) else ()
    page = forms.draw(register, raws, faults=[fault for fault in faults if fault.field == name], prefix="v-")
    page.top += [text(fault.sentence) for fault in faults if fault.field != name] or (
        [text(error.sentence)] if error and not faults else []
    )
    context = {"ids": ids, "form": page, "chosen": name, "step": "edit"}
    return view.page("bulk.html", **context), status


def _posted(register, name):
    """The one field and raw value that was chosen."""
    if name not in register.by_name:
        raise Invalid([Fault("", "field", say("请选择要修改的字段。"))])
    raws, _was, _changed = forms.collect(register, MultiDict(request.form), prefix="v-")
    return {name: raws.get(name, "")}


def _change(view, ids, apply):
    register = choices(view.register)
    try:
        values = _posted(register, request.form.get("field", ""))
        if apply:
            done = records.apply_bulk(view.register.name, g.actor, ids, values, reason=request.form.get("reason", "").strip()[:200])
        else:
            plan = records.plan_bulk(view.register.name, g.actor, ids, values)
    except Invalid as error:
        return _choose(view, ids, error, error.status)
    if not apply:
        field = register.field(request.form["field"])
        return view.page(
            "bulk.html", step="preview", ids=ids, field=field, label=text(field.title), posted=_kept(), plan=_shown(plan)
        )
    words = _("已修改 %(n)s 条。", n=done.count)
    if done.refused:
        words += _("有 %(n)s 条没有改：%(why)s", n=len(done.refused), why=text(done.refused[0][1]))
    flash({"text": words, "undo": done.change_set, "again": None}, "success")
    return redirect(view.address("index"), 303)


def _kept():
    """The posted form, to be posted again as it was."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "step", "reason")]


def _shown(plan):
    examples = [
        (record.title, [(text(field.title), _words(field, record, old), _words(field, record, new)) for field, old, new in parts])
        for record, parts in plan.ready[:EXAMPLES]
    ]
    reasons = {}
    for record, sentence in plan.refused:
        reasons.setdefault(text(sentence), []).append(record.title)
    return {"ready": len(plan.ready), "refused": len(plan.refused), "examples": examples, "reasons": reasons}


def _words(field, record, value):
    if field.control in ("relation", "relations") and value is not None:
        known = query.labels(field.to, value if isinstance(value, tuple) else (value,), g.actor)
        return _("、").join(known.values())
    option = getattr(field, "get", None)
    return text(option(value).title) if option and isinstance(value, (str, bool)) else field.render(value) or "—"


def _delete(view, ids, now):
    if not now:
        return view.page("bulk.html", step="delete", ids=ids)
    done = records.delete_many(view.register.name, g.actor, ids, request.form.get("reason", "").strip()[:200])
    words = _("已将 %(n)s 条移到回收站。", n=done.count)
    if done.refused:
        words += _("有 %(n)s 条没有删除：%(why)s", n=len(done.refused), why=text(done.refused[0][1]))
    flash({"text": words, "undo": done.change_set, "again": None}, "success")
    return redirect(view.address("index"), 303)
