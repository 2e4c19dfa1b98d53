"""The import screens: a file chosen, what was understood, questions, what will happen, the receipt; one's own imports and tasks."""

import secrets
import tempfile
from pathlib import Path

from flask import Response, flash, g, jsonify, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

import config
from admin_views import import_answers, import_page, import_progress
from admin_views.export_page import attached
from admin_views.words import heading, text
from models import registry
from models.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable, say
from services import desk, imports, jobs, policy, readers

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHOICES = {"mode": imports.MODES, "policy": imports.POLICIES, "empty": imports.EMPTIES}
DEFAULTS = {"mode": "both", "policy": "all", "empty": "keep"}


class ImportView(BaseView):
    """Everything under /admin/imports/. services.imports decides; an import is its owner's alone."""

    def __init__(self):
        super().__init__(name="imports", endpoint="imports", url="/admin/imports")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    # one's own ----------------------------------------------------------------------------------------------------------

    @expose("/")
    def index(self):
        found = [] if g.actor.read_only else imports.mine(g.actor)
        settings = config.active()
        return self.render(
            "import/mine.html",
            imports=[import_page.line(item) for item in found],
            plan_days=settings.import_plan_days,
            file_days=settings.import_file_days,
        )

    @expose("/tasks")
    def tasks(self):
        found = [] if g.actor.read_only else jobs.mine(g.actor)
        return self.render("import/tasks.html", jobs=[import_progress.task(job) for job in found])

    @expose("/tasks/<int:id>/cancel", methods=("POST",))
    def cancel_task(self, id):
        jobs.cancel(g.actor, id)
        _told(_("已取消这项任务。"))
        return redirect(url_for("imports.tasks"), 303)

    # a file is chosen ---------------------------------------------------------------------------------------------------

    @expose("/new/<register>", methods=("GET", "POST"))
    def upload(self, register):
        register = importable(register)
        if request.method == "GET":
            kept = desk.draft(g.actor, request.path)
            return self._upload_page(register, dict(kept.payload) if kept else {}, kept=kept)
        files = [(file.filename, file.read()) for file in request.files.getlist("files") if file.filename]
        chosen = {name: request.form.get(name, DEFAULTS[name]) for name in CHOICES}
        try:
            item = imports.start(g.actor, register.name, files, once=request.form.get("_key", ""), **chosen)
        except (Invalid, Unavailable) as error:
            return self._upload_page(register, request.form, error=error), error.status
        desk.drop_draft(g.actor, request.path)
        return redirect(_page(item.id), 303)

    def _upload_page(self, register, typed, *, error=None, kept=None):
        return self.render(
            "import/upload.html",
            **import_page.WORDS,
            register=register,
            title=text(register.titled),
            error=error.sentence if error else None,
            kept=kept,
            upload=import_page.upload(register, typed, secrets.token_hex(16)),
            columns=[(heading(field), field.required) for field in import_page.targets(register)],
            can_export=bool(policy.may(g.actor, "export", register)),
        )

    # one import ---------------------------------------------------------------------------------------------------------

    @expose("/<int:id>/")
    def page(self, id):
        item = imports.get(g.actor, id)
        kept = desk.draft(g.actor, request.path)
        return self._page(item, typed=dict(kept.payload) if kept else {}, kept=kept)

    def _page(self, item, *, typed=None, kept=None, error=None):
        shown, after = request.args.get("show", ""), import_answers.whole(request.args.get("after")) or 0
        context = import_page.context(item, shown, after, typed or {}, error)
        if context["again"]:
            context["upload"] = import_page.upload(context["register"], vars(item), secrets.token_hex(16))
        return self.render("import/page.html", kept=kept, **context)

    @expose("/<int:id>/progress")
    def progress(self, id):
        item = imports.get(g.actor, id)
        return jsonify({"state": item.state} | import_progress.shown(imports.progress(g.actor, id)))

    @expose("/<int:id>/answer", methods=("POST",))
    def answer(self, id):
        item = imports.get(g.actor, id)
        try:
            given = import_answers.given(item, request.form)
            imports.answer(g.actor, id, **given)
        except Invalid as error:
            return self._page(item, typed=request.form, error=error), error.status
        except Conflict as error:
            _told(text(error.sentence))
        desk.drop_draft(g.actor, _page(id))
        return redirect(_page(id), 303)

    @expose("/<int:id>/apply", methods=("POST",))
    def apply(self, id):
        return self._step(id, imports.apply, (imports.APPLYING, imports.APPLIED))

    @expose("/<int:id>/undo", methods=("POST",))
    def undo(self, id):
        return self._step(id, imports.undo, (imports.UNDOING, imports.UNDONE))

    @expose("/<int:id>/cancel", methods=("POST",))
    def cancel(self, id):
        return self._step(id, imports.cancel, ())

    def _step(self, id, step, already):
        """A step, and the page again; what was clicked twice is done once and nobody is told off for it."""
        try:
            step(g.actor, id)
        except Conflict as error:
            if imports.get(g.actor, id).state not in already:
                _told(text(error.sentence))
        return redirect(_page(id), 303)

    @expose("/<int:id>/forget", methods=("POST",))
    def forget(self, id):
        item = imports.get(g.actor, id)
        imports.forget(g.actor, id)
        _told(_("已删除这次导入计划，没有改动任何记录。"))
        return redirect(url_for("register.index", register=item.register), 303)

    @expose("/<int:id>/errors")
    def errors(self, id):
        """The clerk's own file, marked: the first, or the one asked for."""
        item, at = imports.get(g.actor, id), import_answers.whole(request.args.get("file")) or 0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "errors.xlsx"
            imports.error_workbook(g.actor, id, path, file=at, text=text)
            data = path.read_bytes()
        name = _("%(name)s-错误说明.xlsx", name=Path(item.found["files"][at]).stem)
        return Response(data, content_type=XLSX, headers={"Content-Disposition": attached(name)})


def importable(name):
    """The register as the actor may fill it from files. NotFound where he has none, NotAllowed and Invalid where he may not."""
    try:
        register = policy.view(registry.get(name), g.actor)
    except (KeyError, NotAllowed):
        raise NotFound(say("没有这个台账，或您没有查看它的权限。")) from None
    policy.require(g.actor, "edit", register)
    if not register.importable:
        raise readers.refuse("not_importable", say("「{register}」由系统填写，不能导入。", register=register.titled))
    return register


def _page(id):
    return url_for("imports.page", id=id)


def _told(words):
    flash({"text": words, "undo": None, "again": None}, "success")
