"""What every page carries: the menu of the registers the actor may see, the unit she works in, and who is looking."""

from functools import lru_cache

from flask import current_app, g, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from admin_views.words import english, text
from models import registry
from models.registers import GROUPS
from services import definitions, home, hooks, policy

MENUS = 200  # kept at a time: as many as there are different sets of registers people see


def shell():
    """Context of base.html."""
    actor = g.get("actor")
    if actor is None:
        return {"menu": "", "me": None, "unit": "", "viewing_as": None}
    return {"menu": _menu(actor), "me": actor, "unit": home.unit_of(actor), "viewing_as": actor.name if actor.real else None}


def _menu(actor):
    """The menu's HTML, the present page marked."""
    drawn = _drawn(registry.current(), policy.menu(actor), english(), bool(definitions.allowed(actor)), hooks.allowed(actor))
    here = url_for(f"{request.blueprint}.index") if request.blueprint in ("build", "hooks") else _address()
    return Markup(str(drawn).replace(f'<a href="{here}"', f'<a href="{here}" aria-current="page"', 1)) if here else drawn


def _address():
    name = g.get("here") or (request.view_args or {}).get("register")
    return url_for("register.index", register=name) if name in registry.current() else ""


@lru_cache(MENUS)
def _drawn(known, names, in_english, builds, subscribes):
    """The same for everybody who sees these registers of this catalogue in this language."""
    groups = {}
    for register in map(known.get, names):
        groups.setdefault(register.group, []).append(
            (url_for("register.index", register=register.name), text(register.titled), register.icon)
        )
    own = ((builds, "build.index", _("台账定义"), "ti-tools"), (subscribes, "hooks.index", _("推送"), "ti-plug-connected"))
    for may, page, label, icon in own:
        if may:
            groups.setdefault(tuple(GROUPS)[-1], []).append((url_for(page), label, icon))
    titled = [(GROUPS.get(name, name) if in_english else name, items) for name, items in groups.items()]
    return Markup(current_app.jinja_env.get_template("_menu.html").render(groups=titled))
