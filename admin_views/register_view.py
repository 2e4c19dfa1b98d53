"""The view of one register as one actor may see it: Flask-Admin's model view over services, kept while the register's value lasts."""

import secrets

from flask import flash, g, redirect, request
from flask_admin.model import BaseModelView
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import Form

from admin_views import export_page, forms
from admin_views.addresses import url_for
from admin_views.cells import cell
from admin_views.list_page import JUMP, address, list_context
from admin_views.words import english, text
from models import conditions, registry
from models.errors import Conflict, Invalid, NeedsConfirmation, NotAllowed, Unavailable
from models.fields import masked
from services import desk, history, policy, prints, query, records, transitions

LATEST = 8


class RegisterView(BaseModelView):
    """List, record, form, move, history and trash of a register. Rows come from services.query, changes go to services.records."""

    can_view_details = True

    def __init__(self, register):
        self.register = register
        super().__init__(
            type(register.name, (), {}), name=register.label, endpoint=f"r_{register.name}", url=f"/admin/r/{register.name}"
        )

    # what Flask-Admin asks of a backend ---------------------------------------------------------------------------------

    def get_pk_value(self, model):
        return model.id

    def scaffold_list_columns(self):
        return list(self.register.list_columns)

    def scaffold_sortable_columns(self):
        return {field.name: field.name for field in self.register.live if field.sortable}

    def init_search(self):
        return bool(self.register.search)

    def scaffold_form(self):
        # Forms are made for each request: their choices are the actor's, and in the actor's language.
        return Form

    def scaffold_list_form(self, widget=None, validators=None):
        return Form

    def get_list(self, page, sort_field, sort_desc, search, filters, page_size=None):
        asked = query.parse(self.register.name, g.actor, [("q", search or "")])
        return None, query.page(asked).records

    def get_one(self, id):
        return query.get(self.register.name, g.actor, int(id))

    def create_model(self, form):
        return records.create(self.register.name, g.actor, form.data).record

    def update_model(self, form, model):
        return records.update(self.register.name, g.actor, model.id, form.data, version=model.version).record

    def delete_model(self, model):
        records.delete(self.register.name, g.actor, model.id, version=model.version)
        return True

    # pages --------------------------------------------------------------------------------------------------------------

    def page(self, template, **context):
        """A page of this register's templates; `guarded` ones go on paper through their own print alone."""
        record = context.get("record")
        context["guarded"] = prints.guarded(record.register if record else self.register)
        return self.render(f"register/{template}", register=self.register, title=text(self.register.titled), **context)

    def address(self, page="index", **parts):
        return url_for(f"register.{page}", register=self.register.name, **parts)

    def list(self, trash=False):
        pairs = list(request.args.items(multi=True))
        pairs = [(name, value) for name, value in pairs if value != "" or name not in ("q", "cursor", "fields", "sort")]
        density, columns = desk.looks(g.actor, self.register.name)
        columns = [name for name in columns if name in self.register.by_name]
        if columns and "fields" not in dict(pairs):
            pairs.append(("fields", ",".join(columns)))
        asked = query.parse(self.register.name, g.actor, [pair for pair in pairs if pair[0] != JUMP], trash=trash)
        if JUMP in request.args:
            return self.jump(asked)
        return self.page("list.html" if not trash else "trash.html", dense=density == "dense", **list_context(self, asked))

    def jump(self, asked):
        """To the page that begins where the person asked for; where that is nowhere, back to the one he had."""
        try:
            cursor = query.jump(asked, request.args[JUMP][:200])
        except Invalid as error:
            flash(text(error.faults[0].sentence))
            cursor = asked.cursor
        return redirect(address([*query.pairs(asked), *([("cursor", cursor)] if cursor else [])]), 303)

    def details(self, id):
        record = self.get_one(id)
        register = record.register
        related = query.related(register.name, g.actor, record)
        return self.page(
            "record.html",
            record=record,
            state=_state(record),
            steps=_steps(record),
            moves=transitions.available(g.actor, record),
            sections=[(text(section.title), _facts(record, section.fields)) for section in register.laid_out],
            tabs=[(tab, self.tab_url(tab, record.id)) for tab in related],
            entries=history.entries(record, g.actor, limit=60)[:LATEST],
            can=self.can(record),
            masked=[field for field in register.fields if field.sensitivity == "masked" and record.values.get(field.name)],
            add_urls=_add_urls(related, record),
            offers=export_page.offers(register, "record"),
        )

    def tab_url(self, tab, id):
        field = tab.field.name if tab.field else "-"
        return self.address("tab", id=id, other=tab.register.name, field=field)

    def rights(self, id=None):
        """{action: Decision} for the buttons of a page."""
        return {action: policy.may(g.actor, action, self.register, id) for action in ("edit", "export")}

    def can(self, record):
        """The rights on one record's page: what its state keeps from being edited has no button either."""
        return {"edit": records.may_edit(record, g.actor), "export": policy.may(g.actor, "export", self.register, record.id)}

    # forms --------------------------------------------------------------------------------------------------------------

    def create(self):
        policy.require(g.actor, "edit", self.register)
        if request.method == "POST":
            return self.create_from(request.form)
        raws = self.defaults() | self.prefilled() | self.drafted()[0]
        return self.form_page(forms.draw(self.register, raws, was={}), key=secrets.token_hex(16))

    def defaults(self):
        """The declared defaults, as the form shows them."""
        found = {}
        for field in forms.editable(self.register):
            if field.default is not None and not str(field.default).startswith("$"):
                found[field.name] = forms.raw_of(field, field.clean(field.default))
        return found

    def prefilled(self):
        """Values the address brings along: school=12 when one comes from a school's page."""
        names = {field.name: field for field in forms.editable(self.register)}
        found = {}
        for name, value in request.args.items():
            if name in names and len(value) < 200:
                found[name] = [value] if names[name].control in forms.LIST_CONTROLS else value
        return found

    def drafted(self):
        """({name: raw}, {name: raw first shown}, version) of a kept draft the person asked for; empty without one.

        What it was typed over comes along, so that saving it later merges with what others did meanwhile.
        """
        kept = desk.draft(g.actor, request.path) if request.args.get("_draft") else None
        if kept is None:
            return {}, {}, None
        raws, was, _changed = forms.collect(self.register, draft_data(kept))
        return raws, was, kept.version

    def create_from(self, data):
        raws, _was, _changed = forms.collect(self.register, data)
        values = {name: raw for name, raw in raws.items() if raw not in ("", [])}
        key, confirmed = data.get("_key", "")[:80], data.get("_confirmed", "").strip()
        try:
            saved = records.create(self.register.name, g.actor, values, confirmed=confirmed, key=key)
        except (Invalid, Unavailable, Conflict) as error:
            return self.refused(error, raws, {}, key=key)
        self.saved(values)
        self.told(_("已保存。"), saved, again=True)
        return redirect(self.address("details", id=saved.record.id), 303)

    def edit(self, id):
        record = self.get_one(id)
        if request.method == "POST":
            return self.edit_from(record, request.form)
        records.require_editable(record, g.actor)
        raws = self.shown(record)
        typed, was, version = self.drafted()
        page = forms.draw(record.register, raws | typed, was=raws | was)
        return self.form_page(page, record=record, version=version or record.version)

    def shown(self, record):
        return {field.name: forms.raw_of(field, record.values.get(field.name)) for field in forms.editable(record.register)}

    def edit_from(self, record, data):
        raws, was, changed = forms.collect(record.register, data)
        version = _number(data.get("_version"))
        values = {name: raws[name] for name in changed}
        for name in data.getlist("_take"):
            if data.get(f"_choice-{name}") == "theirs":
                values.pop(name, None)
        try:
            saved = records.update(
                self.register.name, g.actor, record.id, values, version=version, confirmed=data.get("_confirmed", "").strip()
            )
        except (Invalid, Unavailable, Conflict) as error:
            return self.refused(error, raws, was, record=record, version=version)
        except NotAllowed as error:
            if error.rule != records.LOCKED:
                raise
            # Closed by somebody while this was typed: it is not to be lost.
            return self.refused(error, raws, was, record=record, version=version)
        self.saved(values)
        self.told(_("已保存。"), saved)
        return redirect(self.address("details", id=record.id), 303)

    def refused(self, error, raws, was, *, record=None, version=None, key=""):
        """The form again with everything typed, what is wrong at its field, and the error's status."""
        register = record.register if record else self.register
        faults = error.faults if isinstance(error, Invalid) else ()
        shown = (self.shown(record) | was) if record else was
        page = forms.draw(register, (self.shown(record) if record else {}) | raws, was=shown, faults=faults)
        if not faults:
            page.top.append(text(error.sentence))
        contested = ()
        if isinstance(error, Conflict) and error.contested:
            contested = [_contest(register, part, record) for part in error.contested]
            version = error.version
        return (
            self.form_page(
                page,
                record=record,
                version=version,
                key=key,
                confirm=isinstance(error, NeedsConfirmation),
                contested=contested,
                confirmed=request.form.get("_confirmed", ""),
            ),
            error.status,
        )

    def saved(self, values):
        """After saving a form: its draft goes, and the records it points at are offered first next time."""
        desk.drop_draft(g.actor, request.path)
        for name, ids in forms.pointed_at(self.register, values).items():
            desk.note_picks(g.actor, name, ids)

    def form_page(self, page, *, record=None, version=None, key="", **more):
        kept = desk.draft(g.actor, request.path) if request.method == "GET" and not request.args.get("_draft") else None
        context = {"confirm": False, "contested": (), "confirmed": "", "kept": kept, "extra": None} | more
        return self.page("form.html", form=page, record=record, version=version, key=key, path=request.path, **context)

    def told(self, words, saved, again=False):
        """The toast after saving: what was done, how to take it back, what others had changed, what is only said."""
        if saved.merged:
            words += _(
                "别人刚改过的%(fields)s也保留了。", fields=_("、").join(f"「{text(field.title)}」" for field in saved.merged)
            )
        gap = " " if english() else ""
        words += "".join(gap + text(sentence) for sentence in saved.infos)
        for field, typed in forms.passed_over(registry.get(self.register.name), self.register, request.form):
            words += gap + _("「%(label)s」已停用，没有保存：%(typed)s。", label=text(field.title), typed=typed[:200])
        flash({"text": words, "undo": saved.change_set, "again": self.address("create") if again else None}, "success")

    # one record's other doors -------------------------------------------------------------------------------------------

    def delete(self, id):
        record = self.get_one(id)
        policy.require(g.actor, "edit", self.register, record.id)
        if request.method == "GET":
            return self.page("delete.html", record=record)
        version = _number(request.form.get("_version")) or record.version
        done = records.delete(
            self.register.name, g.actor, record.id, version=version, reason=request.form.get("reason", "").strip()[:200]
        )
        flash({"text": _("「%(title)s」已移到回收站。", title=record.title), "undo": done.change_set, "again": None}, "success")
        return redirect(self.address("index"), 303)

    def restore(self, id):
        saved = records.restore(self.register.name, g.actor, id)
        self.told(_("已恢复。"), saved)
        return redirect(self.address("details", id=id), 303)

    def move(self, id, name):
        record = self.get_one(id)
        offered = {move.name: (move, decision) for move, decision in transitions.available(g.actor, record)}
        if request.method == "GET":
            return self.move_page(record, offered, name, {}, ())
        wanted = offered[name][0].requires if name in offered else ()
        raws = {field: request.form.get(field, "") for field in wanted if field in request.form}
        try:
            saved = transitions.move(
                self.register.name,
                g.actor,
                record.id,
                name,
                values=raws,
                reason=request.form.get("reason", "").strip()[:500],
                version=_number(request.form.get("_version")),
                confirmed=request.form.get("_confirmed", "").strip(),
            )
        except (Invalid, Unavailable) as error:
            return self.move_page(record, offered, name, raws, error), error.status
        self.told(_("已办理：%(move)s。", move=text(offered[name][0].title)), saved)
        return redirect(self.address("details", id=record.id), 303)

    def move_page(self, record, offered, name, raws, error):
        if name not in offered:
            raise Conflict(transitions.not_now(record, name))
        move, decision = offered[name]
        wanted = self.register.narrow(lambda field: field.name in move.requires and not field.readonly)
        faults = getattr(error, "faults", ())
        page = forms.draw(wanted, self.shown(record) | raws, faults=faults)
        if error and not faults:
            page.top.append(text(error.sentence))
        return self.page(
            "move.html",
            record=record,
            move=move,
            decision=decision,
            form=page,
            confirm=isinstance(error, NeedsConfirmation),
            reason=request.form.get("reason", ""),
            missing=[
                field
                for field in self.register.live
                if field.name in move.requires and field.readonly and record.values.get(field.name) is None
            ],
        )

    def history(self, id):
        record = history.found(self.register.name, g.actor, id)
        entries = history.entries(record, g.actor)
        return self.page("history.html", record=record, entries=entries, can=self.rights(id), trash=record.deleted_at is not None)

    def revert(self, id):
        change_set, version = _number(request.form.get("change_set")), _number(request.form.get("_version"))
        saved = history.revert(self.register.name, g.actor, id, change_set or 0, version=version or 0)
        self.told(_("已恢复到此时。"), saved)
        return redirect(self.address("details", id=id), 303)


# helpers ----------------------------------------------------------------------------------------------------------------


def _number(value):
    """A posted whole number, or None."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None


def draft_data(kept):
    """A draft's pairs, as its form would have posted them."""
    return MultiDict((name, value) for name, value in kept.payload)


def _state(record):
    workflow = record.register.workflow
    if not workflow or workflow.field not in record.register.by_name:
        return None
    return cell(record.register.field(workflow.field), record)


def _steps(record):
    """[(label, done, current)] of the workflow's states in their declared order."""
    workflow = record.register.workflow
    if not workflow or workflow.field not in record.register.by_name:
        return []
    options = record.register.field(workflow.field).options
    at = next((index for index, option in enumerate(options) if option.code == record.state), 0)
    return [(text(option.title), index < at, index == at) for index, option in enumerate(options)]


def _facts(record, names):
    """The facts of a section; a field that does not apply to this record and holds nothing is left out."""
    fields = [record.register.field(name) for name in names]
    fields = [
        field for field in fields if record.values.get(field.name) is not None or conditions.holds(field.shown_when, record.values)
    ]
    return [(text(field.title), cell(field, record, fact=True), field) for field in fields]


def _add_urls(related, record):
    """{register name: address of its empty form, this record filled in} where the actor may add."""
    found = {}
    for tab in related:
        if tab.field is not None and policy.may(g.actor, "edit", tab.register):
            found[tab.register.name] = url_for("register.create", register=tab.register.name, **{tab.field.name: record.id})
    return found


def _contest(register, part, record):
    """One contested field as three texts: mine, theirs, what it was."""
    field = register.field(part.field)

    def words(value):
        if value is None:
            return "—"
        if field.control in ("relation", "relations"):
            ids = value if isinstance(value, tuple) else (value,)
            return _("、").join(query.labels(field.to, ids, g.actor).values())
        return masked(field.render(value)) if field.sensitivity == "masked" else field.render(value)

    return {
        "name": field.name,
        "label": text(field.title),
        "mine": words(part.mine),
        "theirs": words(part.theirs),
        "base": words(part.base),
    }
