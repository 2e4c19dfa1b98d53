"""A person's own desk, and an administrator's: drafts, files, undo, why, viewing as another, account passwords."""

import json

from flask import Response, flash, g, jsonify, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from admin_views.export_page import attached, download
from admin_views.words import text
from models import registry
from models.errors import Fault, Invalid, NotAllowed, NotFound, say
from services import accounts, actor as actors, attachments, desk, downloads, history, jobs, policy, query

WAITING = ("waiting", "running")
SHOWN_KINDS = ("image/jpeg", "image/png", "image/webp")


class DeskView(BaseView):
    """The doors that belong to no one register."""

    def __init__(self):
        super().__init__(name="desk", endpoint="desk", url="/admin/desk")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self):
        return redirect("/admin/")

    @expose("/draft", methods=("POST",))
    def draft(self):
        """Keeps, or with `drop` forgets, what was typed on a page."""
        path = request.form.get("path", "")[:500]
        if not path.startswith("/admin/"):
            raise Invalid([Fault("path", "path", say("草稿的页面地址不对。"))])
        if request.form.get("drop"):
            desk.drop_draft(g.actor, path)
            return redirect(path, 303)
        desk.save_draft(g.actor, path, _pairs(request.form.get("payload", "")), _whole(request.form.get("version")))
        return jsonify({"saved": True})

    @expose("/look", methods=("POST",))
    def look(self):
        """How lists look to the person from now on: `density`, or the columns `fields` of the list of `register`."""
        name = request.form.get("register", "")
        if name:
            try:
                register = policy.view(registry.get(name), g.actor)
            except (KeyError, NotAllowed):
                raise NotFound() from None
            wanted = [] if request.form.get("reset") else request.form.getlist("fields")
            desk.choose_columns(g.actor, name, [part for part in dict.fromkeys(wanted) if part in register.by_name])
        else:
            desk.choose_density(g.actor, request.form.get("density", ""))
        return Response(status=204) if request.form.get("quiet") else redirect(_back(), 303)

    @expose("/downloads")
    def downloads(self):
        """The person's exports made as jobs; the page looks again by itself while one is under way."""
        found = [
            (item, text(item.job.register.field("state").get(item.job.values["state"]).title), item.job.values["state"] in WAITING)
            for item in downloads.mine(g.actor)
        ]
        page = Response(self.render("downloads.html", found=found))
        if any(unfinished for _item, _words, unfinished in found):
            page.headers["Refresh"] = "3"
        return page

    @expose("/downloads/<int:id>")
    def download(self, id):
        found = downloads.fetch(g.actor, id)
        page = download(found.pieces, found.type, found.name)
        page.content_length = found.size
        return page

    @expose("/downloads/<int:id>/cancel", methods=("POST",))
    def cancel_download(self, id):
        jobs.cancel(g.actor, id)
        return redirect(url_for("desk.downloads"), 303)

    @expose("/files", methods=("POST",))
    def upload(self):
        sent = request.files.getlist("file")
        if len(sent) != 1 or not sent[0].filename:
            raise Invalid([Fault("file", "file", say("请选择一个文件。"))])
        name = sent[0].filename
        id = attachments.store(g.actor, name, sent[0].read())
        kept = attachments.details([id])[id]
        return jsonify({"id": id, "name": kept[0], "kind": kept[1]}), 201

    @expose("/undo/<int:change_set>", methods=("POST",))
    def undo(self, change_set):
        done = history.undo(g.actor, change_set)
        words = _("已撤销，恢复了 %(n)s 条。", n=done.count)
        if done.kept:
            words += _("有 %(n)s 处保留：", n=len(done.kept))
            words += _("；").join(f"{title} {text(sentence)}" for _register, title, sentence in done.kept[:5])
        flash({"text": words, "undo": done.change_set, "again": None}, "success")
        return redirect(_back(), 303)

    @expose("/why")
    def why(self):
        """Why someone can or cannot do something: everyone about himself, administrators about accounts they keep."""
        name, id = request.args.get("register", ""), _whole(request.args.get("id"))
        action = request.args.get("action", "view")
        person = self._person(_whole(request.args.get("account")))
        findings = None
        if name:
            if name not in registry.names() or action not in policy.ACTIONS:
                raise Invalid([Fault("register", "unknown", say("请选择台账和操作。"))])
            findings = policy.explain(person, action, registry.get(name), id)
        return self.render(
            "why.html",
            findings=findings,
            person=person,
            registers=[(register.name, text(register.titled)) for register in registry.all()],
            actions=[(key, text(label)) for key, label in policy.ACTIONS.items()],
            asked={"register": name, "id": id or "", "action": action, "account": person.id},
            accounts=self._accounts(),
        )

    def _accounts(self):
        """Accounts the actor may look at, for the choice on the page."""
        if not policy.may(g.actor, "edit", registry.get("account")):
            return []
        return [(hit.id, hit.label) for hit in query.lookup("account", g.actor, "", limit=200)]

    def _person(self, account_id):
        if account_id is None or account_id == g.actor.id:
            return g.actor
        if not policy.may(g.actor, "edit", registry.get("account")) or not policy.covers(
            registry.get("account"), g.actor, "edit", account_id
        ):
            raise NotFound()
        person = actors.load(account_id)
        if person is None:
            raise NotAllowed(say("这个账号已停用，没有任何权限。"), "inactive_account")
        return person

    @expose("/view-as", methods=("POST",))
    def view_as(self):
        accounts.view_as(g.actor, g.token, _whole(request.form.get("account")))
        return redirect("/admin/", 303)

    @expose("/view-as/stop", methods=("POST",))
    def stop(self):
        accounts.view_as(g.actor, g.token, None)
        return redirect("/admin/", 303)

    @expose("/account/<int:id>/password", methods=("POST",))
    def password(self, id):
        new = accounts.reset_password(g.actor, id)
        return self.render("new_password.html", account=query.get("account", g.actor, id), password=new)

    @expose("/account/<int:id>/end-sessions", methods=("POST",))
    def end_sessions(self, id):
        ended = accounts.end_sessions(g.actor, id)
        flash({"text": _("已结束 %(n)s 个登录。", n=ended), "undo": None, "again": None}, "success")
        return redirect(url_for("register.details", register="account", id=id), 303)


class FilesView(BaseView):
    """Attachments: pictures may be shown, everything else is a download."""

    def __init__(self):
        super().__init__(name="files", endpoint="files", url="/admin/files")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self):
        raise NotFound()

    @expose("/<int:id>")
    def file(self, id):
        found = attachments.fetch(g.actor, id, thumb=bool(request.args.get("thumb")))
        shown = "inline" if found.type in SHOWN_KINDS else "attachment"
        headers = {"Content-Disposition": attached(found.name).replace("attachment", shown, 1)}
        return Response(found.data, content_type=found.type, headers=headers)


def _pairs(payload):
    """[[name, value], …] of a draft as the page's script sends it."""
    wrong = Invalid([Fault("payload", "payload", say("草稿的内容不对。"))])
    try:
        found = json.loads(payload)
    except ValueError:
        raise wrong from None
    if not isinstance(found, list) or not all(
        isinstance(p, list) and len(p) == 2 and all(isinstance(x, str) for x in p) for p in found
    ):
        raise wrong
    return found


def _whole(value):
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None


def _back():
    """The page an undo was asked from, when it is one of ours."""
    came = request.form.get("next", "")
    return came if came.startswith("/admin/") and "\\" not in came and "//" not in came.partition("?")[0] else "/admin/"
