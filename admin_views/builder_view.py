"""The builder: a register from nothing, from another one or from a file; changed, checked, previewed, published."""

from flask import flash, g, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_babel import gettext as _

from admin_views import builder_form, builder_rules, forms
from admin_views.words import text
from models.errors import Conflict, Invalid, Label
from services import actor as actors, attachments, definitions, imports, infer, usage
from services.definitions import Refused

RIGHTS = {
    "city_clerk": (("view", "edit", "export"), "all"),
    "district_clerk": (("view", "edit", "export"), "district"),
    "school_reporter": (("view", "edit"), "school"),
    "leader": (("view", "export"), "unit"),
}


class BuilderView(BaseView):
    """Routes under /admin/build: only city administrators, and who is granted, get past `definitions.require`."""

    def __init__(self):
        super().__init__(name="build", endpoint="build", url="/admin/build")

    def _handle_view(self, view, /, **parts):
        return None

    def _run_view(self, fn, *args, **kwargs):
        return fn(self, *args, **kwargs)

    @expose("/")
    def index(self):
        return self._list()

    def _list(self, errors=None, status=200):
        listed = definitions.listing(g.actor)
        page = self.render("builder/list.html", listed=listed, title_of=_title, errors=errors or [], typed=request.form)
        return page, status

    @expose("/new", methods=("POST",))
    def new(self):
        """A draft from nothing, from another register (`like`) or from a file."""
        definitions.require(g.actor)
        file, like, label = request.files.get("file"), request.form.get("like", ""), request.form.get("label", "").strip()
        try:
            if file and file.filename:
                wish, kept = self._from_file(file, label)
            elif like:
                wish, kept = _copied(like, label), None
            else:
                fields = [
                    {"type": "relation", "to": "school", "name": "school", "label": _("学校"), "required": True, "indexed": True}
                ]
                wish, kept = {"label": label, "fields": fields, "scope": "school"}, None
            made = definitions.save(g.actor, {"grants": _rights(wish)} | wish)
        except Invalid as error:
            return self._list([text(fault.sentence) for fault in error.faults], 422)
        return redirect(url_for("build.edit", name=made.name, file=kept), 303)

    def _from_file(self, file, label):
        data = file.read()
        proposal = infer.from_file(g.actor, file.filename, data, label)
        wish = proposal.wish | {"notes": _notes(proposal)} | ({"label": label} if label else {})
        return wish, attachments.store(g.actor, file.filename, data)

    @expose("/<name>/", methods=("GET", "POST"))
    def edit(self, name):
        found = definitions.read(g.actor, name)
        if request.method == "POST":
            return self._posted(found)
        wish = found.wish if "grants" in found.wish or found.built_in else found.wish | {"grants": _held(found.name)}
        return self._page(found, wish, definitions.check(g.actor, wish, found.name) if found.drafted else None)

    def _posted(self, found):
        wish = builder_form.posted(request.form, found)
        action = request.form.get("_do", "check")
        if action in ("discard", "retire", "restore"):
            return self._whole(found, action)
        if action == "add":
            wish["fields"].append({"type": "text", "label": ""})
            return self._page(found, wish, None, added=True)
        checked = definitions.check(g.actor, wish, found.name)
        if action != "publish":
            saved = definitions.save(g.actor, wish, found.name, _whole(request.form.get("_draft_version")))
            return self._page(saved, wish, checked)
        try:
            done = definitions.publish(g.actor, found.name, wish, _whole(request.form.get("_version")), found.draft_version)
        except Refused:
            return self._page(found, wish, checked), 422
        except Conflict as error:
            return self._page(found, wish, checked, top=[text(error.sentence)]), 409
        words = _(
            "已发布「%(label)s」第 %(version)s 版，所有人下次打开页面就能看到。",
            label=text(done.register.titled),
            version=done.version,
        )
        flash({"text": words, "undo": None, "again": None}, "success")
        return redirect(self._after(done), 303)

    def _after(self, done):
        """Where publishing leads: the rows of the file she began from come in as an import, else the new list."""
        file = _whole(request.form.get("_file"))
        if not file:
            return url_for("register.index", register=done.register.name)
        # What she may do with the new register was decided in this very request.
        g.actor = actors.load(g.actor.id, address=g.actor.address, request_id=g.actor.request_id)
        kept = attachments.fetch(g.actor, file)
        begun = imports.start(g.actor, done.register.name, [(kept.name, kept.data)], mode="add", policy="good", asks=False)
        return url_for("imports.page", id=begun.id)

    def _whole(self, found, action):
        if action == "discard":
            definitions.discard(g.actor, found.name, _whole(request.form.get("_draft_version")))
            return redirect(url_for("build.index"), 303)
        act = definitions.retire if action == "retire" else definitions.restore
        act(g.actor, found.name, _whole(request.form.get("_version")))
        return redirect(url_for("build.edit", name=found.name), 303)

    @expose("/<name>/preview", methods=("POST",))
    def preview(self, name):
        """The form and the list as they will be, and what is wrong, as a fragment."""
        found = definitions.read(g.actor, name)
        checked = definitions.check(g.actor, builder_form.posted(request.form, found), found.name, deep=False)
        return self.render("builder/_preview.html", **_drawn(checked))

    def _page(self, found, wish, checked, *, added=False, top=()):
        problems = checked.problems if checked else ()
        rows, loose = builder_form.rows(wish, problems, checked.casualties if checked else ())
        states, moves = builder_rules.drawn_flow(wish)
        fields = [(row.field["name"], row.field["label"]) for row in rows if row.field.get("name") and not row.field.get("retired")]
        return self.render(
            "builder/edit.html",
            found=found,
            wish=wish,
            rows=rows,
            top=[*top, *loose],
            checked=checked,
            changes=[text(part) for part in checked.changes] if checked and found.published else [],
            grants={right["role"]: right for right in wish.get("grants", ())},
            notes=(wish.get("notes") or {}).get("", ""),
            fields=fields,
            scopes=_scopes(wish),
            state_fields=[(field["name"], field["label"]) for field in wish.get("fields", ()) if _can_be_state(field)],
            states=states,
            moves=moves,
            others=lambda move: [(other["name"], other["label"]) for other in moves if other and other is not move],
            no_condition=builder_rules.Condition(),
            file=request.values.get("file") or request.form.get("_file", ""),
            added=added,
            advice=usage.advice(found.name),
            title=_title(found),
            **builder_form.choices(),
            **_drawn(checked),
        )


def _notes(proposal):
    """{field name: why it is proposed so and what does not fit}; under "" what concerns the whole table."""
    found = {}
    for name, guess in proposal.guesses.items():
        found[name] = text(guess.why)
        if guess.misfits:
            examples = "、".join(map(str, guess.examples[:3]))
            found[name] += _("有 %(count)s 个值不合适，例如 %(examples)s。", count=guess.misfits, examples=examples)
    whole = [text(fact) for fact in proposal.facts]
    whole += [_("没有带上「%(head)s」：%(why)s", head=head, why=text(why)) for head, why in proposal.left_out]
    rows = (
        _("看了全部 %(count)s 行。", count=proposal.rows) if proposal.all_rows else _("看了前 %(count)s 行。", count=proposal.rows)
    )
    return found | {"": "\n".join([rows, *whole])}


def _drawn(checked):
    """The preview: the form with its controls, and the heads of the list."""
    register = checked.register if checked else None
    problems = [text(problem.sentence) for problem in checked.problems] if checked else []
    if register is None or checked.problems:
        return {"form": None, "heads": [], "filters": [], "sheet": [], "problems": problems}
    seen = register.readable
    return {
        "form": forms.draw(seen, {}, was={}),
        "heads": [text(seen.field(name).title) for name in seen.list_columns],
        "filters": [text(seen.field(name.split("__")[0]).title) for name in seen.filters],
        "sheet": [(text(field.title), field.required, _accepted(field)) for field in forms.editable(seen)],
        "problems": problems,
    }


def _scopes(wish):
    """[(scope, label)] that the register's relations to schools and districts offer, and the one it has."""
    found = [
        (field["name"], field["label"])
        for field in wish.get("fields", ())
        if field.get("to") in ("school", "district") and not field.get("retired")
    ]
    scope = wish.get("scope", "")
    return found if scope in ("", *dict(found)) else [*found, (scope, scope)]


def _can_be_state(field):
    return field.get("type") == "choice" and field.get("name") and not field.get("retired")


def _accepted(field):
    """What a column of the register's template takes, in a few words."""
    options = [text(option.title) for option in getattr(field, "options", ()) if not option.retired]
    if options:
        return "、".join(options[:8]) + ("…" if len(options) > 8 else "")
    return text(definitions.TYPE_LABELS[field.type]) + (f"（{text(Label(field.unit, field.unit_en))}）" if field.unit else "")


def _title(found):
    if found.published is not None:
        return text(found.published.titled)
    return found.wish.get("label") or found.name


def _copied(name, label):
    """Another register's definition as the beginning of a new one: its fields, not its ids or its name."""
    source = definitions.read(g.actor, name)
    wish = {
        key: value
        for key, value in source.wish.items()
        if key not in ("name", "aliases", "behaviours", "system", "label_en", "related", "label_public")
    }
    wish["fields"] = [
        {key: value for key, value in field.items() if key not in ("id", "aliases")}
        for field in wish["fields"]
        if not field.get("retired")
    ]
    wish["rules"] = [rule for rule in wish.get("rules", ()) if not rule.get("check")]
    if wish.get("scope", "").startswith("id:"):
        wish.pop("scope")
    return wish | {"label": label or _("%(label)s（副本）", label=_title(source))}


def _rights(wish):
    """Who usually may do what with a register of this scope; the page shows it to be changed."""
    if not wish.get("scope"):
        return [{"role": "city_clerk", "actions": ["view", "edit", "export"], "rows": "all"}]
    return [{"role": role, "actions": list(actions), "rows": rows} for role, (actions, rows) in RIGHTS.items()]


def _held(name):
    return [right.to_dict() for right in definitions.rights_of(name)]


def _whole(value):
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else 0
