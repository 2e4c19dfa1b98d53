"""Access tokens on a person's own desk: made, shown once, revoked."""

import re

from flask import flash, g, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from admin_views.words import text
from models.errors import Invalid
from services import policy, tokens

_SEPARATED = re.compile(r"[\s,，;；]+")


class TokensView(BaseView):
    """The page 访问令牌 of the account menu."""

    def __init__(self):
        super().__init__(name="tokens", endpoint="tokens", url="/admin/tokens")

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self):
        return self._page()

    @expose("/new", methods=("POST",))
    def create(self):
        form = request.form
        try:
            made, secret = tokens.create(
                g.actor,
                form.get("name", ""),
                registers=form.getlist("registers"),
                actions=form.getlist("actions"),
                addresses=tuple(part for part in _SEPARATED.split(form.get("addresses", "")) if part),
                days=_whole(form.get("days", "")),
            )
        except Invalid as error:
            return self._page(errors=error.by_field, typed=form), 422
        return self._page(made=made, secret=secret)

    @expose("/<int:id>/revoke", methods=("POST",))
    def revoke(self, id):
        tokens.revoke(g.actor, id)
        flash({"text": _("访问令牌已作废。"), "undo": None, "again": None}, "success")
        return redirect(url_for("tokens.index"), 303)

    def _page(self, *, errors=None, typed=None, made=None, secret=""):
        typed = typed or {}
        chosen = {name: set(typed.getlist(name)) if typed else set() for name in ("registers", "actions")}
        return self.render(
            "tokens.html",
            tokens=[] if g.actor.read_only else tokens.own(g.actor),
            registers=[(one.name, text(one.titled), one.name in chosen["registers"]) for one in policy.registers(g.actor)],
            actions=[(key, text(label), key in chosen["actions"]) for key, label in policy.ACTIONS.items()],
            labels={one.name: text(one.titled) for one in policy.registers(g.actor)}
            | {k: text(v) for k, v in policy.ACTIONS.items()},
            errors=errors or {},
            typed=typed,
            longest=tokens.LONGEST_DAYS,
            made=made,
            secret=secret,
        )


def _whole(value):
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
