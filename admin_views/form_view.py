"""The form screens: a register's form given out to its units, taken back filled, and told file by file and cell by cell."""

import secrets
import tempfile
from pathlib import Path

from flask import Response, g, jsonify, redirect, request, url_for
from flask_admin import BaseView, expose

from admin_views import form_page
from admin_views.export_page import attached
from admin_views.import_view import XLSX, importable
from admin_views.words import text
from models.errors import Fault, Invalid, NotFound, Unavailable, say
from services import form_merges, form_templates, imports

ZIP = "application/zip"
MOST_ROWS = 10_000


class FormView(BaseView):
    """Everything under /admin/forms/. What came back is an import, its owner's alone; its page goes on from here."""

    def __init__(self):
        super().__init__(name="forms", endpoint="forms", url="/admin/forms")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    @expose("/<register>/")
    def index(self, register=None):
        return self._index(importable(register)) if register else redirect("/admin/")

    def _index(self, register, error=None):
        return self.render("forms/index.html", error=error, key=secrets.token_hex(16), **form_page.index(register))

    @expose("/<register>/form")
    def download(self, register):
        """One unit's form (its code in `unit`), or the forms of all units in a zip."""
        register = importable(register)
        code = request.args.get("unit", "").split(" ")[0]
        try:
            rows = _rows(request.args.get("rows", ""))
            units = form_templates.units(register.name, g.actor)
            unit = form_templates.unit_of_code(register.name, g.actor, code) if code else units[0] if len(units) == 1 else None
        except (Invalid, NotFound) as error:
            return self._index(register, error), error.status
        if len(units) > 1 and unit is None:
            body = form_templates.packet(register.name, g.actor, rows=rows)
            name = f"{register.label}-{text(say('填报表'))}.zip"
            return Response(body, content_type=ZIP, headers={"Content-Disposition": attached(name)})
        with tempfile.TemporaryDirectory(prefix="taizhang-") as folder:
            path = Path(folder) / "form.xlsx"
            form_templates.publish(path, register.name, g.actor, unit.id if unit else None, rows=rows)
            data = path.read_bytes()
        headers = {"Content-Disposition": attached(form_templates.form_name(register.name, unit))}
        return Response(data, content_type=XLSX, headers=headers)

    @expose("/<register>/collect", methods=("POST",))
    def collect(self, register):
        register = importable(register)
        files = [(file.filename, file.read()) for file in request.files.getlist("files") if file.filename]
        try:
            item = form_merges.begin(register.name, g.actor, files, policy="good", once=request.form.get("_key", ""))
        except (Invalid, Unavailable) as error:
            return self._index(register, error), error.status
        return redirect(url_for("forms.taken", id=item.id), 303)

    @expose("/taken/<int:id>/")
    def taken(self, id):
        return self.render("forms/taken.html", **form_page.taken(_collected(id)))

    @expose("/taken/<int:id>/progress")
    def progress(self, id):
        return jsonify(form_page.progress(_collected(id)))


def _collected(id):
    """An import of the actor's own that took forms back."""
    item = imports.get(g.actor, id)
    if not item.asked.get("forms"):
        raise NotFound(say("没有找到这次收表。"))
    return item


def _rows(typed):
    if not typed:
        return form_templates.ROWS
    if not (typed.isascii() and typed.isdigit() and len(typed) < 6 and 1 <= int(typed) <= MOST_ROWS):
        raise Invalid([Fault("rows", "rows", say("「可填行数」应是 1 到 {most} 的整数。", most=MOST_ROWS))])
    return int(typed)
