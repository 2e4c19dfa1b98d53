"""What every page carries: the menu of the registers the actor may see, the unit she works in, and who is looking."""

from flask import g, request, url_for
from flask_babel import gettext as _

from admin_views.words import english, text
from models.registers import GROUPS
from services import definitions, home, policy


def shell():
    """Context of base.html."""
    actor = g.get("actor")
    if actor is None:
        return {"menu": [], "me": None, "unit": "", "viewing_as": None}
    return {"menu": _menu(actor), "me": actor, "unit": home.unit_of(actor), "viewing_as": actor.name if actor.real else None}


def _menu(actor):
    groups = {}
    here = g.get("here") or (request.view_args or {}).get("register")
    for register in policy.registers(actor):
        groups.setdefault(register.group, []).append(
            {
                "label": text(register.titled),
                "url": url_for("register.index", register=register.name),
                "icon": register.icon,
                "active": register.name == here,
            }
        )
    if definitions.allowed(actor):
        here = request.blueprint == "build"
        groups.setdefault(tuple(GROUPS)[-1], []).append(
            {"label": _("台账定义"), "url": url_for("build.index"), "icon": "ti-tools", "active": here}
        )
    return [{"label": GROUPS.get(name, name) if english() else name, "items": items} for name, items in groups.items()]
