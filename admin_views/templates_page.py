"""The page of a register's export templates: sets of columns and forms, what the check says, who may use them."""

from flask import flash, g, redirect, request
from flask_babel import gettext as _

from admin_views import export_page
from admin_views.words import heading, text
from models.errors import Invalid
from services import policy, query, templates
from services.templates import MOST_RECORDS, MOST_ROWS


def show(view, faults=(), typed=None):
    """The page; after a refused save with what was typed and what is wrong."""
    register = view.register
    policy.require(g.actor, "export", register)
    page = view.page(
        "templates.html",
        kept=[(template, _shown(template, register)) for template in templates.managed(g.actor, register.name)],
        fields=[(field.name, heading(field)) for field in register.live if field.sensitivity != "named"],
        roles=[(code, text(label)) for code, label in policy.ROLES.items()] if templates.may_share(g.actor, register.name) else [],
        example=_braces(text(next(iter(register.live)).title)),
        heads=" ".join(map(_braces, templates.HEADS)),
        number=_braces(templates.NUMBER),
        faults=[text(fault.sentence) for fault in faults],
        typed=typed or {},
        most_rows=MOST_ROWS,
        most_records=MOST_RECORDS,
    )
    return (page, 422) if faults else page


def _braces(name):
    """A placeholder as one writes it."""
    return "{{" + name + "}}"


def _shown(template, register):
    """What a template shows, in words."""
    return _("、").join(text(register.field(name).title) for name in template.names if name in register.by_name)


def save(view):
    """Keeps a set of columns or an uploaded form, or says what is wrong with it."""
    form, name = request.form, view.register.name
    id = int(form["id"]) if form.get("id", "").isascii() and form.get("id", "").isdigit() else None
    common = {"roles": form.getlist("roles"), "id": id}
    try:
        if form.get("kind") == "columns":
            templates.save_columns(g.actor, name, form.get("name", ""), _ordered(view.register, form), **common)
        else:
            file = request.files.get("file")
            data = file.read() if file else b""
            templates.save_form(
                g.actor, name, form.get("name", ""), form.get("use", ""), file.filename if file else "", data, **common
            )
    except Invalid as error:
        return show(view, error.faults, form)
    flash({"text": _("模板已保存。"), "undo": None, "again": None}, "success")
    return redirect(view.address("templates"), 303)


def _ordered(register, form):
    """The names of the fields with a number, by their numbers."""
    numbers = {field.name: form.get(f"order-{field.name}", "") for field in register.live}
    chosen = [(int(number), at, name) for at, (name, number) in enumerate(numbers.items()) if number.isascii() and number.isdigit()]
    return [name for _number, _at, name in sorted(chosen)]


def change(view, id):
    """Renames a template, gives it to other roles, takes it out of use or back."""
    form, name = request.form, view.register.name
    try:
        if form.get("step") in ("retire", "use"):
            templates.retire(g.actor, name, id, form["step"] == "retire")
        else:
            templates.rename(g.actor, name, id, form.get("name", ""), form.getlist("roles") if form.get("shares") else None)
    except Invalid as error:
        return show(view, error.faults, form)
    return redirect(view.address("templates"), 303)


def trial(view, id):
    """The form filled with the newest record, or the first few of the list, as a download."""
    template = templates.kept(g.actor, view.register.name, id)
    asked = query.parse(view.register.name, g.actor, action="export")
    some = tuple(record.id for record in query.page(asked).records[: 1 if template.use == "record" else 3])
    return export_page.filled(template, query.parse(view.register.name, g.actor, action="export", ids=some or (0,)), "")
