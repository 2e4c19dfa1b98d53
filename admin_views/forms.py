"""Forms of a register: WTForms draws and collects, `Field.clean` in services decides. Nothing typed is lost."""

import json
from dataclasses import dataclass, field as attribute
from functools import cached_property

from flask import g, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from wtforms import Form, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import Select, TextInput

from admin_views.words import help_of, text, unit_of
from models import registry
from models.fields import Attachment, Derived, Relation, Relations, YesNo, masked
from models.values import NA
from services import attachments, query

LIST_CONTROLS = ("multiselect", "relations", "file")
WAS = "_was-"
IDS = "_ids"


def raw_of(field, value):
    """What a form control holds for a value: text, or a list of texts for controls of several."""
    if field.control in LIST_CONTROLS:
        return [str(part) for part in value] if isinstance(value, tuple) else []
    if value is None:
        return ""
    if field.sensitivity == "masked" and value is not NA:
        # Shown cut short; typed over to change it, left alone it comes back the same and is not touched.
        return masked(field.render(value))
    if isinstance(field, YesNo) and isinstance(value, bool):
        return "1" if value else "0"
    if field.control in ("select", "relation"):
        return str(value)
    return field.render(value)


def whole(value):
    """A whole number as browsers post it, or None: not what merely looks like one (²), nor more than a database holds."""
    value = str(value or "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def joined(raw):
    """A raw value as one text, to compare what was shown with what came back."""
    return ",".join(raw) if isinstance(raw, list) else str(raw).replace("\r\n", "\n")


def editable(register):
    """The fields a person may type."""
    return tuple(field for field in register.live if not field.readonly and not isinstance(field, Derived))


# controls ---------------------------------------------------------------------------------------------------------------


def _attributes(**named):
    """The attributes of a tag. WTForms' own fills in a pattern for each, which takes a third of a form's time."""
    given = [(name, value) for name, value in named.items() if value is not False]
    return Markup(" ".join([name if value is True else f'{name}="{escape(str(value))}"' for name, value in given]))


class _Input(TextInput):
    html_params = staticmethod(_attributes)


class _Options(Select):
    def __call__(self, field, **named):
        options = [
            f'<option value="{escape(choice.value)}"{" selected" if choice.selected else ""}>{escape(choice.label)}</option>'
            for choice in field.iter_choices()
        ]
        tag = _attributes(name=field.name, multiple=self.multiple, **named)
        return Markup(f"<select {tag}>{''.join(options)}</select>")


_INPUT, _ONE, _SEVERAL = _Input(), _Options(), _Options(multiple=True)


def _line(field, options, **more):
    return StringField(name=field.name, widget=_INPUT, render_kw={"class": "form-control", "autocomplete": "off", **more})


def _lines(field, options):
    return TextAreaField(name=field.name, render_kw={"class": "form-control", "rows": 3})


def _select(field, options):
    return _one_of(field, options, {"class": "form-select"})


def _several(field, options):
    more = {"class": "form-select", "data-choices": "1", "size": min(6, max(2, len(options)))}
    return _some_of(field, options, more)


def _picker(field, options):
    more = {"class": "form-select", "data-lookup": lookup_url(field)}
    if getattr(field, "narrowed_by", ()):
        more["data-depends"], more["data-where"] = field.narrowed_by
    return _one_of(field, options, more)


def _pickers(field, options):
    return _some_of(field, options, {"class": "form-select", "data-lookup": lookup_url(field)})


def _one_of(field, options, more):
    choices = [SelectChoice("", ""), *(SelectChoice(*option) for option in options)]
    return SelectField(name=field.name, widget=_ONE, choices=choices, validate_choice=False, render_kw=more)


def _some_of(field, options, more):
    choices = [SelectChoice(*option) for option in options]
    return SelectMultipleField(name=field.name, widget=_SEVERAL, choices=choices, validate_choice=False, render_kw=more)


CONTROLS = {
    "text": _line,
    "number": lambda field, options: _line(field, options, inputmode="decimal"),
    "date": lambda field, options: _line(field, options, **{"data-date": "1", "placeholder": "2021-08-05"}),
    "datetime": lambda field, options: _line(field, options, **{"data-datetime": "1", "placeholder": "2021-08-05 17:30"}),
    "textarea": _lines,
    "select": _select,
    "yesno": _select,
    "multiselect": _several,
    "relation": _picker,
    "relations": _pickers,
    "file": _pickers,
}


def lookup_url(field):
    register = g.form_register
    return url_for("register.lookup", register=register, field=field.name)


def form_class(register, options):
    """A WTForms class with one control per field; attribute names are prefixed so that no field name can shadow WTForms' own."""
    controls = {f"f_{field.name}": CONTROLS[field.control](field, options.get(field.name, [])) for field in editable(register)}
    return type("RegisterForm", (Form,), controls)


# what the template draws ------------------------------------------------------------------------------------------------


@dataclass
class Item:
    """One field on the page: its control, its words, what is wrong with it, and what it held when the page was drawn."""

    field: object
    control: object
    was: str
    errors: list = attribute(default_factory=list)
    files: list = attribute(default_factory=list)
    prefix: str = ""

    @property
    def name(self):
        return f"{self.prefix}{self.field.name}"

    @property
    def was_name(self):
        return f"{self.prefix}{WAS}{self.field.name}"

    @cached_property
    def label(self):
        return text(self.field.title)

    @cached_property
    def unit(self):
        return unit_of(self.field)

    @cached_property
    def help(self):
        return help_of(self.field)

    @property
    def required(self):
        return self.field.required

    @property
    def wide(self):
        return self.field.control in ("textarea", "file", "relations", "multiselect")

    @property
    def shown_when(self):
        return json.dumps(dict(_plain(self.field.shown_when)), ensure_ascii=False) if self.field.shown_when else ""

    def draw(self):
        described = [f"help-{self.name}"] if self.help else []
        described += [f"error-{self.name}"] if self.errors else []
        more = {"id": f"field-{self.name}"}
        self.control.name = self.name
        if described:
            more["aria-describedby"] = " ".join(described)
        if self.errors:
            more["aria-invalid"] = "true"
            more["class"] = f"{self.control.render_kw['class']} is-invalid"
        if self.required:
            more["aria-required"] = "true"
        if self.field.example and "placeholder" not in self.control.render_kw:
            more["placeholder"] = _("如：%(example)s", example=self.field.example)
        return self.control(**more)


def _plain(condition):
    return [(key, list(value) if isinstance(value, tuple) else value) for key, value in condition]


@dataclass
class Sections:
    """A form's items under their headings, and the sentences that belong to no field."""

    sections: list
    items: dict
    top: list = attribute(default_factory=list)
    links: list = attribute(default_factory=list)
    ids: str = ""


def options_of(register, raws):
    """{field name: [(value, label)]}: declared choices in the reader's language, and the labels of records already chosen."""
    found = {}
    for field in editable(register):
        raw = raws.get(field.name)
        chosen = raw if isinstance(raw, list) else [raw] if raw else []
        if isinstance(field, (Relation, Relations)):
            ids = [id for id in map(whole, chosen) if id is not None]
            known = query.labels(field.to, ids, g.actor)
            found[field.name] = [(str(id), known.get(id, f"#{id}")) for id in ids]
        elif isinstance(field, Attachment):
            found[field.name] = [(str(part), str(part)) for part in chosen]
        elif isinstance(field, YesNo):
            found[field.name] = [("1", _("是")), ("0", _("否"))]
        elif hasattr(field, "options"):
            found[field.name] = [(o.code, text(o.title)) for o in field.options if not o.retired or o.code in chosen]
        if field.na and field.control == "select":
            found[field.name] = [*found.get(field.name, []), ("n/a", _("不适用"))]
    return found


def draw(register, raws, was=None, faults=(), prefix=""):
    """The form of a register holding these raw values. `was` are the raw values first shown (None: these), for the difference."""
    g.form_register = register.name
    was = raws if was is None else was
    form = form_class(register, options_of(register, raws))()
    items = {}
    for field in editable(register):
        control = form[f"f_{field.name}"]
        control.data = raws.get(field.name, [] if field.control in LIST_CONTROLS else "")
        item = Item(field, control, joined(was.get(field.name, [] if field.control in LIST_CONTROLS else "")), prefix=prefix)
        if isinstance(field, Attachment) and raws.get(field.name):
            ids = [id for id in map(whole, raws[field.name]) if id is not None]
            known = attachments.details(ids)
            item.files = [(id, known[id][0] if id in known else f"#{id}") for id in ids]
        items[field.name] = item
    page = Sections(_sections(register, items), items, ids=drawn(register))
    for fault in faults:
        place(page, fault)
    return page


def place(page, fault):
    """Puts a fault at its field, or on top where it has none here."""
    words = text(fault.sentence)
    item = page.items.get(fault.field)
    if item is None:
        page.top.append(words)
    else:
        item.errors.append(words)
        page.links.append((item.name, item.label))


def _sections(register, items):
    found, placed = [], set()
    for section in register.sections:
        names = [name for name in section.fields if name in items]
        if names:
            found.append((text(section.title), [items[name] for name in names]))
            placed.update(names)
    rest = [item for name, item in items.items() if name not in placed]
    if rest:
        found.append((_("其他") if found else text(register.titled), rest))
    return found


# what came back ---------------------------------------------------------------------------------------------------------


def collect(register, data, prefix=""):
    """({name: raw as typed}, {name: raw as first shown}, names that differ) of a posted form.

    A field that was not posted is not touched, except a control of several whose empty state browsers do not post.
    """
    raws, was, changed = {}, {}, []
    for field, posted in posted_names(register, data, prefix).items():
        name = prefix + posted
        shown = data.get(prefix + WAS + posted)
        if name not in data and shown is None:
            continue
        several = field.control in LIST_CONTROLS
        raw = [part for part in data.getlist(name) if part] if several else data.get(name, "")
        raws[field.name] = raw
        was[field.name] = (shown.split(",") if shown else []) if several else (shown or "")
        if shown is None or joined(raw) != joined(was[field.name]):
            changed.append(field.name)
    return raws, was, changed


def pointed_at(register, raws):
    """{register name: ids} of the records that a form's raw values point at."""
    found = {}
    for field in editable(register):
        raw = raws.get(field.name)
        if isinstance(field, (Relation, Relations)) and raw:
            ids = [whole(part) for part in (raw if isinstance(raw, list) else [raw])]
            found.setdefault(field.to, []).extend(id for id in ids if id is not None)
    return found


def posted_names(register, data, prefix=""):
    """{field: the name it was posted under}. The form may have been drawn before the register was changed: it says which field it
    meant by each name, else an old name serves.
    """
    ids = _meant(data)
    found = {}
    for field in editable(register):
        known = [ids[field.id]] if field.id in ids else [] if ids else [field.name, *field.aliases]
        names = [name for name in known if prefix + name in data or prefix + WAS + name in data]
        found[field] = names[0] if names else field.name
        if not names and field.name in ids.values() and not _changed_type(register, field, ids):
            del found[field]  # the name was another field's when the form was drawn
    return found


def _changed_type(register, field, ids):
    """Whether the field that had this name is this one before it got another type."""
    id = next(id for id, name in ids.items() if name == field.name)
    return any(was.id == id and was.retired and was.label == field.label for was in registry.get(register.name).fields)


def _meant(data):
    """{field id: name} as the form was drawn; empty where a program posts."""
    parts = (part.partition("=") for part in data.get(IDS, "").split(",") if "=" in part)
    return {id: name for name, _, id in parts}


def drawn(register):
    """What `posted_names` reads: which field each name of this form means."""
    return ",".join(f"{field.name}={field.id}" for field in editable(register))


def passed_over(full, register, data):
    """Labels of fields that were filled in and are not taken, because they went out of use after the form was drawn."""
    ids = _meant(data)
    found = []
    for field in full.fields:
        name = ids.get(field.id, field.name)
        typed = data.get(name, "").strip()
        hidden = field.sensitivity != "open" or field.name in register.by_name
        taken = any(other.label == field.label for other in register.live)
        if field.retired and not hidden and not taken and typed and typed != data.get(WAS + name, "").strip():
            found.append((field, typed))
    return found
