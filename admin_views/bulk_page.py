"""Changing or deleting many records: choose, see what would happen, apply, take back. Long ones go on by themselves, page by page."""

from urllib.parse import parse_qsl

from flask import flash, g, redirect, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from admin_views import forms
from admin_views.words import text
from models.errors import Fault, Invalid, say
from services import bulk, policy, query

UNSUITABLE = ("textarea", "file")


def answer(view, ids):
    """The bulk pages of a register, by the posted step."""
    policy.require(g.actor, "edit", view.register)
    step = request.form.get("step", "edit")
    return STEPS.get(step, _choose)(view, ids)


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


def _asked(view):
    """The list that all rows were chosen of."""
    pairs = parse_qsl(request.form.get("query", "")[:4000])
    return query.parse(view.register.name, g.actor, [pair for pair in pairs if pair[0] not in ("cursor", "fields", "limit")])


def _all():
    """Whether all rows of the list were chosen, not those of one page."""
    return bool(request.form.get("all"))


def _chosen(view, ids):
    """The ids that were chosen, frozen from here on."""
    return bulk.ids_of(_asked(view)) if _all() else ids


def _choose(view, ids, error=None, status=200):
    register = choices(view.register)
    name = request.form.get("field", "")
    raws = forms.collect(register, MultiDict(request.form), prefix="v-")[0]
    faults = error.faults if isinstance(error, Invalid) else ()
    page = forms.draw(register, raws, faults=[fault for fault in faults if fault.field == name], prefix="v-")
    page.top += [text(fault.sentence) for fault in faults if fault.field != name] or (
        [text(error.sentence)] if error and not faults else []
    )
    count = query.count(_asked(view), exact=True).value if _all() else len(ids)
    kept = [("all", "1"), ("query", request.form.get("query", ""))] if _all() else [("id", id) for id in ids]
    return view.page("bulk.html", step="edit", count=count, kept=kept, form=page, chosen=name), status


def _posted(register, name):
    """The one field and raw value that was chosen."""
    if name not in register.by_name:
        raise Invalid([Fault("", "field", say("请选择要修改的字段。"))])
    raws, _was, _changed = forms.collect(register, MultiDict(request.form), prefix="v-")
    return {name: raws.get(name, "")}


def _preview(view, ids):
    try:
        raws = _posted(choices(view.register), request.form.get("field", ""))
        run = bulk.begin(view.register.name, g.actor, _chosen(view, ids), bulk.CHANGE, raws)
    except Invalid as error:
        return _choose(view, ids, error, error.status)
    return _work(view, run)


def _preview_delete(view, ids):
    return _work(view, bulk.begin(view.register.name, g.actor, _chosen(view, ids), bulk.TRASH))


def _go_on(view, ids):
    return _work(view, bulk.found(view.register.name, g.actor, _run_id()))


def _apply(view, ids):
    reason = request.form.get("reason", "").strip()[:200]
    return _work(view, bulk.apply(view.register.name, g.actor, _run_id(), reason))


def _stop(view, ids):
    return _finished(view, bulk.stop(view.register.name, g.actor, _run_id()))


def _run_id():
    return forms.whole(request.form.get("run")) or 0


def _work(view, run):
    """The page a run has come to: still under way, shown whole, or done."""
    run = bulk.advance(view.register.name, g.actor, run.id)
    if run.stage == bulk.DONE:
        return _finished(view, run)
    step = "preview" if run.whole else "working"
    return view.page("bulk.html", step=step, run=run, deleting=run.kind == bulk.TRASH, planning=run.stage == bulk.PLAN)


def _finished(view, run):
    words = _("已将 %(n)s 条移到回收站。", n=run.ready) if run.kind == bulk.TRASH else _("已修改 %(n)s 条。", n=run.ready)
    for why, (count, _titles) in list(run.refused.items())[:2]:
        words += _("有 %(n)s 条没有改：%(why)s", n=count, why=why)
    flash({"text": words, "undo": run.change_set if run.ready else None, "again": None}, "success")
    return redirect(view.address("index"), 303)


STEPS = {
    "edit": _choose,
    "preview": _preview,
    "delete": _preview_delete,
    "work": _go_on,
    "apply": _apply,
    "stop": _stop,
}
