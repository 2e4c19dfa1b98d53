"""推送: subscriptions to changes, made and paused by city administrators; what was delivered, and again."""

from flask import flash, g, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from admin_views.words import text
from models.errors import Invalid
from services import hooks, outgoing, policy, query

SHOWN = 30


class HooksView(BaseView):
    """Routes under /admin/hooks; who is no city administrator is refused by the services."""

    def __init__(self):
        super().__init__(name="hooks", endpoint="hooks", url="/admin/hooks")

    def _handle_view(self, view, /, **parts):
        return None

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self):
        return self._page()

    @expose("/new", methods=("POST",))
    def create(self):
        form = request.form
        try:
            made, secret = hooks.make(
                g.actor, form.get("name", ""), form.get("kind", ""), form.get("address", ""), form.getlist("registers")
            )
        except Invalid as error:
            return self._page(errors=error.by_field, typed=form), 422
        return self._page(made=made, secret=secret)

    @expose("/<int:id>", methods=("POST",))
    def change(self, id):
        """`do` is pause, resume, delete or try."""
        action = request.form.get("do", "")
        if action == "delete":
            hooks.drop(g.actor, id)
            told = _("推送已删除。")
        elif action == "try":
            hooks.try_out(g.actor, id)
            told = _("测试已发出，稍后在下面看结果。")
        else:
            hooks.switch(g.actor, id, action == "resume")
            told = _("推送已启用。") if action == "resume" else _("推送已停用。")
        return _back(told)

    @expose("/deliveries/<int:id>/again", methods=("POST",))
    def replay(self, id):
        hooks.replay(g.actor, id)
        return _back(_("已安排重发。"))

    def _page(self, *, errors=None, typed=None, made=None, secret=""):
        listed = hooks.listing(g.actor)
        chosen = set(typed.getlist("registers")) if typed else set()
        seen = policy.registers(g.actor)
        sent = query.page(query.parse("delivery", g.actor, [("limit", str(SHOWN))])).records
        return self.render(
            "hooks.html",
            hooks=listed,
            labels={one.name: text(one.titled) for one in seen},
            registers=[(one.name, text(one.titled), one.name in chosen) for one in seen if not one.system],
            sent=[(record, record.register.field("state").get(record.values["state"])) for record in sent],
            schemes=outgoing.SCHEMES,
            errors=errors or {},
            typed=typed or {},
            made=made,
            secret=secret,
        )


def _back(told):
    flash({"text": told, "undo": None, "again": None}, "success")
    return redirect(url_for("hooks.index"), 303)
