"""The one mounted gateway: every address under /admin/r/ is handed to the view of that register as the actor may see it."""

from collections import OrderedDict
from threading import Lock

from flask import flash, g, jsonify, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from admin_views import bulk_page, export_page, list_rows, print_page, summary_page, templates_page, visit_page
from admin_views.register_view import RegisterView
from admin_views.words import text
from models import registry
from models.errors import Fault, Invalid, NotAllowed, NotFound, say
from services import audit, desk, exports, policy, prints, query

MOST_VIEWS = 400
SHORTEST_PURPOSE = 4


class RegisterGateway(BaseView):
    """Routes once, for registers that exist now and those that will."""

    def __init__(self):
        super().__init__(name="register", endpoint="register", url="/admin/r")
        self._views, self._lock = OrderedDict(), Lock()

    def _handle_view(self, view, /, **parts):
        # Flask-Admin's own would take the address's part `name` for its own argument. Who may pass is asked of policy.
        return None

    def _run_view(self, fn, *args, **kwargs):
        # Flask-Admin's own retries a view that raised TypeError with another argument: it would run twice.
        return fn(self, *args, **kwargs)

    def create_blueprint(self, admin):
        self.admin = admin
        return super().create_blueprint(admin)

    def view(self, name):
        """The RegisterView for the register as this actor sees it; NotFound where there is none, or none for him."""
        try:
            register = policy.view(registry.get(name), g.actor)
        except (KeyError, NotAllowed):
            raise NotFound(say("没有这个台账，或您没有查看它的权限。")) from None
        with self._lock:
            found = self._views.get(register)
            if found is None:
                found = self._views[register] = RegisterView(register)
                found.admin = self.admin
                if len(self._views) > MOST_VIEWS:
                    self._views.popitem(last=False)
            self._views.move_to_end(register)
        return found

    @expose("/")
    def all(self):
        return redirect("/admin/")

    # lists ---------------------------------------------------------------------------------------------------------------

    @expose("/<register>/")
    def index(self, register):
        return self.view(register).list()

    @expose("/<register>/trash")
    def trash(self, register):
        view = self.view(register)
        policy.require(g.actor, "edit", view.register)
        return view.list(trash=True)

    @expose("/<register>/count")
    def count(self, register):
        asked = query.parse(self.view(register).register.name, g.actor, _pairs())
        found = query.count(asked, exact=True)
        return jsonify({"value": found.value, "text": f"{found.value:,}"})

    @expose("/<register>/facet/<field>")
    def facet(self, register, field):
        asked = query.parse(self.view(register).register.name, g.actor, _pairs())
        return jsonify(
            {"items": [{"value": value, "label": text(label), "count": n} for value, label, n in query.facets(asked, field)]}
        )

    @expose("/<register>/export")
    def export(self, register):
        return export_page.answer(self.view(register), tuple(_ids(request.args.getlist("_ids"))))

    @expose("/<register>/templates")
    def templates(self, register):
        return templates_page.show(self.view(register))

    @expose("/<register>/templates", methods=("POST",))
    def save_template(self, register):
        return templates_page.save(self.view(register))

    @expose("/<register>/templates/<int:id>", methods=("POST",))
    def change_template(self, register, id):
        return templates_page.change(self.view(register), id)

    @expose("/<register>/templates/<int:id>/try")
    def try_template(self, register, id):
        return templates_page.trial(self.view(register), id)

    @expose("/<register>/summary")
    def summary(self, register):
        return self.render("register/summary.html", **summary_page.context(register))

    @expose("/<register>/summary/file")
    def summary_file(self, register):
        body, media = summary_page.file(register)
        kind = request.args.get("format", "xlsx")
        return export_page.download(body, media, exports.file_name(registry.get(register), kind))

    @expose("/<register>/lookup/<field>")
    def lookup(self, register, field):
        view = self.view(register)
        part = view.register.by_name.get(field) or query.UNIT_FIELDS.get(field)
        if part is None or not hasattr(part, "to"):
            raise NotFound()
        try:
            recent = desk.picked(g.actor, part.to)
            hits = query.lookup(part.to, g.actor, request.args.get("q", "")[:80], where=_where(part.to), recent=recent)
        except NotAllowed:
            hits = []
        return jsonify({"items": [{"id": hit.id, "label": hit.label, "hint": hit.hint, "recent": hit.recent} for hit in hits]})

    @expose("/<register>/views", methods=("POST",))
    def save_view(self, register):
        view = self.view(register)
        parameters = request.form.get("query", "")[:2000]
        desk.save_view(g.actor, view.register.name, request.form.get("name", ""), parameters, bool(request.form.get("shared")))
        flash({"text": _("视图已保存。"), "undo": None, "again": None}, "success")
        return redirect(f"{view.address('index')}?{parameters}", 303)

    @expose("/<register>/views/<int:id>/delete", methods=("POST",))
    def drop_view(self, register, id):
        desk.drop_view(g.actor, id)
        return redirect(self.view(register).address("index"), 303)

    @expose("/<register>/bulk", methods=("POST",))
    def bulk(self, register):
        return bulk_page.answer(self.view(register), _ids(request.form.getlist("id")))

    @expose("/<register>/print", methods=("POST",))
    def print_list(self, register):
        return print_page.of_list(self.view(register))

    # records -------------------------------------------------------------------------------------------------------------

    @expose("/<register>/new", methods=("GET", "POST"))
    def create(self, register):
        view = self.view(register)
        return visit_page.create(view) if register == "visit" else view.create()

    @expose("/<register>/<int:id>/")
    def details(self, register, id):
        return self.view(register).details(id)

    @expose("/<register>/<int:id>/edit", methods=("GET", "POST"))
    def edit(self, register, id):
        view = self.view(register)
        return visit_page.edit(view, id) if register == "visit" else view.edit(id)

    @expose("/<register>/<int:id>/delete", methods=("GET", "POST"))
    def delete(self, register, id):
        return self.view(register).delete(id)

    @expose("/<register>/<int:id>/restore", methods=("POST",))
    def restore(self, register, id):
        return self.view(register).restore(id)

    @expose("/<register>/<int:id>/move/<name>", methods=("GET", "POST"))
    def move(self, register, id, name):
        return self.view(register).move(id, name)

    @expose("/<register>/<int:id>/history")
    def history(self, register, id):
        return self.view(register).history(id)

    @expose("/<register>/<int:id>/revert", methods=("POST",))
    def revert(self, register, id):
        return self.view(register).revert(id)

    @expose("/<register>/<int:id>/print", methods=("POST",))
    def print_record(self, register, id):
        return print_page.of_record(self.view(register), id)

    @expose("/<register>/<int:id>/reveal", methods=("POST",))
    def reveal(self, register, id):
        """A masked field's value, for a purpose that is written down."""
        record = self.view(register).get_one(id)
        field, purpose = record.register.by_name.get(request.form.get("field", "")), request.form.get("purpose", "").strip()
        if field is None or field.sensitivity != "masked":
            raise NotFound()
        if g.actor.read_only:
            raise NotAllowed(say("正在以他人身份查看，不能显示隐藏内容。"), "view_as_read_only")
        if len(purpose) < SHORTEST_PURPOSE:
            raise Invalid([Fault("purpose", "required", say("请写明查看用途，至少 {n} 个字。", n=SHORTEST_PURPOSE))])
        audit.log(
            g.actor, "reveal", register=register, record_id=id, detail=f"{field.name}: {purpose}", address=request.remote_addr or ""
        )
        return jsonify({"value": field.render(record.values.get(field.name))})

    @expose("/<register>/<int:id>/tab/<other>/<field>")
    def tab(self, register, id, other, field):
        """The rows of another register that belong to this record, as a fragment."""
        record = self.view(register).get_one(id)
        view = self.view(other)
        pairs = [(_tie(register, view.register, field), str(record.id))]
        asked = query.parse(other, g.actor, [*pairs, ("limit", "20")])
        page = query.page(asked)
        return view.render(
            "register/tab.html",
            columns=asked.columns,
            body=list_rows.body(list_rows.rows(view, asked, page.records), False),
            more=f"{view.address('index')}?{pairs[0][0]}={record.id}" if page.next else None,
            guarded=prints.guarded(view.register),
        )


def _tie(register, other, field):
    """The list parameter that ties another register's rows to a record of this one."""
    if field == "-":
        return "school"
    part = other.by_name.get(field)
    if part is None or getattr(part, "to", None) != register:
        raise NotFound()
    return f"{field}__contains" if part.type == "relations" else field


def _pairs():
    return list(request.args.items(multi=True))


def _ids(texts):
    """Record ids of a posted selection; anything else is no record."""
    if any(not part.isascii() or not part.isdigit() or len(part) > 18 for part in texts):
        raise NotFound()
    return [int(part) for part in texts]


def _where(register_name):
    """Conditions `where_district=3` of a dependent picker, on fields the actor may read."""
    visible = policy.view(registry.get(register_name), g.actor)
    found = {}
    for name, value in request.args.items():
        field = visible.by_name.get(name.removeprefix("where_")) if name.startswith("where_") else None
        if field is not None and value.isascii() and value.isdigit() and hasattr(field, "to"):
            found[field.name] = int(value)
    return found


def home_url(register_name, pairs):
    """A list's address with these parameters."""
    return url_for("register.index", register=register_name, **dict(pairs))
