"""A visit on a phone: the visit, the hazards it found with their photos, and at a re-inspection the verdict on each earlier hazard.

One form, one transaction: what is wrong with any part brings the whole form back with everything typed.
"""

import secrets
from dataclasses import replace

from flask import g, redirect, request
from flask_babel import gettext as _

from admin_views import forms
from admin_views.cells import cell
from admin_views.register_view import draft_data
from admin_views.words import text
from models import registry
from models.errors import Conflict, Fault, Invalid, NeedsConfirmation, NotAllowed, NotFound, Unavailable, say
from models.values import today
from services import desk, policy, query, records, transitions
from services.records import Operation, Ref

MOST_HAZARDS = 20
HAZARD_FIELDS = ("kind", "level", "description", "responsible", "due_on", "measure", "photo")
VERDICTS = ("close", "send_back")


def create(view):
    """The form of a new visit, or what became of it."""
    policy.require(g.actor, "edit", view.register)
    if request.method == "POST":
        return _save(view, None)
    raws = {"visited_on": today().isoformat()} | _own_team() | view.defaults() | view.prefilled() | _parent()
    typed, groups = _drafted(view)
    return _page(view, None, raws | typed[0], {}, groups, key=secrets.token_hex(16))


def edit(view, id):
    """The form of a visit that is still open; hazards found later are added here too."""
    record = view.get_one(id)
    if request.method == "POST":
        return _save(view, record)
    records.require_editable(record, g.actor)
    raws = view.shown(record)
    (typed, was, version), groups = _drafted(view)
    return _page(view, record, raws | typed, raws | was, groups, key=secrets.token_hex(16), version=version)


def _drafted(view):
    """A kept draft's own fields, and the hazards typed in it."""
    kept = desk.draft(g.actor, request.path) if request.args.get("_draft") else None
    return view.drafted(), _typed_hazards(draft_data(kept)) if kept else []


def _own_team():
    """The inspector's team, where there is one."""
    teams = {membership.team_id for membership in g.actor.memberships if membership.team_id}
    return {"team": str(teams.pop())} if len(teams) == 1 else {}


def _parent():
    """A re-inspection started from an earlier visit brings its school along."""
    text_id = request.args.get("parent", "")
    if forms.whole(text_id) is None:
        return {}
    try:
        parent = query.get("visit", g.actor, int(text_id))
    except NotFound:
        return {}
    return {"parent": text_id, "kind": "recheck", "school": str(parent.values["school"])}


# the hazards of the form ------------------------------------------------------------------------------------------------


def hazard_register():
    """The hazard as this actor sees it, with the fields a team fills in on site; None where he may enter none."""
    if not policy.may(g.actor, "edit", registry.get("hazard")):
        return None
    seen = policy.view(registry.get("hazard"), g.actor)
    seen = seen.narrow(lambda field: field.name in HAZARD_FIELDS)
    return replace(seen, sections=())


def _typed_hazards(data):
    """[{name: raw}] of the hazards typed, in order; wholly empty groups are left out."""
    register, found = hazard_register(), []
    if register is None:
        return found
    for at in range(MOST_HAZARDS):
        raws = forms.collect(register, data, prefix=f"h-{at}-")[0]
        if any(raws.values()):
            found.append(raws)
    return found


def _rechecks(parent_raw):
    """The open hazards of the visit that is re-inspected, with the verdicts the actor may give."""
    if forms.whole(parent_raw) is None:
        return []
    try:
        asked = query.parse("hazard", g.actor, [("visit", str(parent_raw)), ("state__ne", "closed"), ("limit", str(MOST_HAZARDS))])
    except NotAllowed:
        return []
    found = []
    for record in query.page(replace(asked, columns=asked.register.fields)).records:
        offered = {
            move.name: (move, decision) for move, decision in transitions.available(g.actor, record) if move.name in VERDICTS
        }
        found.append(
            {
                "record": record,
                "moves": offered,
                "level": cell(record.register.field("level"), record),
                "chosen": request.form.get(f"r-{record.id}", ""),
            }
        )
    return found


# saving -----------------------------------------------------------------------------------------------------------------


def _operations(view, record, data):
    """The visit, its hazards, the verdicts, and its submission, as one batch."""
    raws, was, changed = forms.collect(view.register, data)
    if record is None:
        values = {name: raw for name, raw in raws.items() if raw not in ("", [])}
        done = [Operation("visit", values)]
    else:
        version = forms.whole(data.get("_version")) or record.version
        done = [Operation("visit", {name: raws[name] for name in changed}, record.id, version, "update")]
    visit = Ref(0) if record is None else record.id
    groups = _typed_hazards(data)
    for hazard in groups:
        given = {name: raw for name, raw in hazard.items() if raw not in ("", [])}
        given |= {"visit": visit, "school": raws.get("school"), "source": "team", "found_on": raws.get("visited_on")}
        done.append(Operation("hazard", given))
    for found in _rechecks(raws.get("parent")):
        verdict = data.get(f"r-{found['record'].id}", "")
        if verdict in VERDICTS:
            why = data.get(f"why-{found['record'].id}", "").strip()
            done.append(Operation("hazard", {}, found["record"].id, found["record"].version, "move", verdict, why))
    if data.get("_submit"):
        done.append(Operation("visit", {}, visit, None, "move", "submit"))
    return done, raws, was, groups


def _save(view, record):
    data = request.form
    done, raws, was, groups = _operations(view, record, data)
    try:
        saved = records.batch(g.actor, done, confirmed=data.get("_confirmed", "").strip(), key=data.get("_key", "")[:80])
    except (Invalid, Conflict, Unavailable) as error:
        return _refused(view, record, done, raws, was, groups, error)
    view.saved(raws)
    hazards = len([operation for operation in done if operation.register == "hazard" and operation.action == "create"])
    words = _("走访已提交。") if data.get("_submit") else _("走访已保存。")
    if hazards:
        words += _("登记隐患 %(n)s 条。", n=hazards)
    view.told(words, saved[0], again=True)
    return redirect(view.address("details", id=saved[0].record.id), 303)


def _refused(view, record, done, raws, was, groups, error):
    faults = getattr(error, "faults", ())
    own = [fault for fault in faults if not fault.field.partition(".")[0].isdigit()]
    by_group = {}
    for fault in faults:
        at, mark, name = fault.field.partition(".")
        if mark and at.isdigit():
            by_group.setdefault(int(at) - 1, []).append(replace(fault, field=name))
    if request.form.get("_submit"):
        own += _unsubmittable(view.register, raws, {fault.field for fault in own})
    page = _page(
        view, record, raws, was, groups, faults=own, group_faults=by_group, key=request.form.get("_key", ""),
        confirm=isinstance(error, NeedsConfirmation), error=None if faults else error,
        version=getattr(error, "version", None) or request.form.get("_version"),
    )  # fmt: skip
    return page, error.status


def _unsubmittable(register, raws, told):
    """What submitting will ask for and is still empty: said at once, not in a second round."""
    wanted = [register.field(name) for name in register.workflow.get("submit").requires if name not in told]
    return [
        Fault(field.name, "required", say("请填写「{label}」。", label=field.title)) for field in wanted if not raws.get(field.name)
    ]


def _page(view, record, raws, was, groups, *, faults=(), group_faults=None, key="", confirm=False, error=None, version=None):
    register = record.register if record else view.register
    group_faults = group_faults or {}
    page = forms.draw(register, raws, was=was, faults=faults)
    hazards, hazard_view = [], hazard_register()
    if hazard_view is not None:
        for at, group in enumerate(groups):
            drawn = forms.draw(hazard_view, group, was={}, faults=group_faults.pop(at, ()), prefix=f"h-{at}-")
            page.links += drawn.links
            page.top += drawn.top
            hazards.append(drawn)
        blank = forms.draw(hazard_view, {}, was={}, prefix="h-__n__-")
    for left in group_faults.values():
        page.top += [text(fault.sentence) for fault in left]
    if error is not None:
        page.top.append(text(error.sentence))
    extra = {
        "hazards": hazards,
        "blank": blank if hazard_view is not None else None,
        "rechecks": _rechecks(raws.get("parent")),
        "may_submit": record is None or record.state == "draft",
    }
    return view.form_page(
        page, record=record, version=version or (record.version if record else None), key=key, confirm=confirm, extra=extra,
        confirmed=request.form.get("_confirmed", ""),
    )  # fmt: skip
