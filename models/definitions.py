"""Registers published in the browser, and how every process comes to know them: a stamp that each request looks at."""

import json
import logging
import secrets
from dataclasses import replace
from threading import Lock

import peewee

from models import prepared, registry
from models.base import Base, database
from models.fields.choice import FlagField
from models.fields.dates import MomentField
from models.register import Register
from models.registers import DECLARED
from models.reports import Section

log = logging.getLogger("taizhang.definitions")
BUILT_IN = {register.name: register for register in DECLARED}
# What an extension may add to a declared register: each is a tuple that grows at its end.
GROWS = ("fields", "list_columns", "phone", "filters", "search", "sections", "rules", "summaries", "exports")
_loading = Lock()
_kept = {}


class Definition(Base):
    """A register as the browser made it: the draft being worked on, and what is in force. Both are JSON of a declaration.

    Of a built-in register only what was added is kept. `version` counts publications, `draft_version` savings of the draft;
    `unsearched`: its search index is still to be made anew.
    """

    register = peewee.TextField(unique=True)
    draft = peewee.TextField(null=True)
    draft_version = peewee.IntegerField(default=0)
    draft_at = MomentField(null=True)
    draft_by = peewee.BigIntegerField(null=True)
    published = peewee.TextField(null=True)
    version = peewee.IntegerField(default=0)
    published_at = MomentField(null=True)
    published_by = peewee.BigIntegerField(null=True)
    retired = FlagField(default=False)
    unsearched = FlagField(default=False)

    class Meta:
        table_name = "definition"


class DefinitionVersion(Base):
    """One publication of a register: what it said, what changed in words, who and when. Added to, never changed."""

    register = peewee.TextField()
    version = peewee.IntegerField()
    content = peewee.TextField()
    changes = peewee.TextField()
    at = MomentField()
    by = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "definition_version"
        indexes = ((("register", "version"), True),)


class RegistryStamp(Base):
    """One row: a random word, another at each publication."""

    stamp = peewee.TextField()

    class Meta:
        table_name = "registry_stamp"


TABLES = (Definition, DefinitionVersion, RegistryStamp)


# following the database -------------------------------------------------------------------------------------------------


def follow():
    """The catalogue as published now, for the request or piece of work that begins here."""
    refresh()
    registry.pin()


def refresh():
    """Brings this process to what is published: one small select, the rest only when something changed."""
    stamp = stamp_now()
    if registry.latest().stamp != stamp:
        with _loading:
            if registry.latest().stamp != stamp:
                if stamp:
                    load()
                else:
                    registry.use(DECLARED)


def stamp_now():
    """The present stamp, "" where nothing has been published (or the database is older than publishing)."""
    try:
        return next((stamp for (stamp,) in prepared.rows(_stamp, RegistryStamp)), "")
    except (peewee.OperationalError, peewee.ProgrammingError):
        if database.table_exists(RegistryStamp._meta.table_name):
            raise
        return ""


def _stamp(mark):
    return mark.select(mark.stamp).limit(1)


def load():
    """Reads what is published into the registry: stamp and definitions in one statement, so that they belong together."""
    mark = RegistryStamp.select(RegistryStamp.stamp).limit(1)
    rows = Definition.select(Definition.register, Definition.published, mark.alias("stamp")).where(
        Definition.published.is_null(False) & (Definition.retired == False)
    )
    found = list(rows.order_by(Definition.id).tuples())
    made = {name: register_of(name, text) for name, text, _ in found}
    own = [register for name, register in made.items() if register is not None and name not in BUILT_IN]
    grown = [made.get(register.name) or register for register in DECLARED]
    registry.use([*grown, *own], found[0][2] if found else stamp_now())


def register_of(name, text):
    """The register a stored definition says; the same object for the same text. None, and a line in the log, for what this
    version of the app cannot read: one broken definition must not keep all others away.
    """
    kept = _kept.get(name)
    if kept is None or kept[0] != text:
        try:
            kept = (text, register_of_text(name, text))
        except (ValueError, TypeError, KeyError, AttributeError):
            log.exception("the definition of %s cannot be read", name)
            return None
        _kept[name] = kept
    return kept[1]


def register_of_text(name, text):
    """The register of one stored text; ValueError and its kin for what cannot be read."""
    content = json.loads(text)
    return extended(BUILT_IN[name], content) if name in BUILT_IN else Register.from_dict(content)


def renew_stamp():
    """Tells every process that something was published; in the transaction that publishes."""
    RegistryStamp.delete().execute()
    RegistryStamp.insert(stamp=secrets.token_hex(8)).execute()


# built-in registers with more fields ------------------------------------------------------------------------------------


def extended(declared, content):
    """A declared register with what a city added: JSON of the parts named in GROWS.

    A field whose name the declaration has come to use meanwhile goes by its id, which is its own.
    """
    more = Register.from_dict({"name": declared.name, "label": declared.label} | content)
    taken = set(declared.by_name)
    fields = tuple(replace(field, name=field.id, aliases=()) if field.name in taken else field for field in more.fields)
    names = {was.name: now.name for was, now in zip(more.fields, fields, strict=True)}
    parts = {name: getattr(declared, name) + getattr(more, name) for name in GROWS if name not in ("fields", "sections")}
    for name in ("list_columns", "phone", "filters", "search"):
        parts[name] = getattr(declared, name) + tuple(names.get(part, part) for part in getattr(more, name))
    return replace(declared, fields=declared.fields + fields, sections=_joined(declared.sections, more.sections, names), **parts)


def _joined(sections, more, names):
    """The sections, those of one heading made one."""
    found = {section.label: section for section in sections}
    for section in more:
        fields = tuple(names.get(part, part) for part in section.fields)
        known = found.get(section.label)
        found[section.label] = (
            replace(known, fields=known.fields + fields) if known else Section(section.label, fields, section.label_en)
        )
    return tuple(found.values())


def added(declared, register):
    """What `register` has beyond the declared one, as JSON; ValueError names the first declared part that was changed."""
    whole, base = register.to_dict(), declared.to_dict()
    for name in sorted(set(whole) | set(base)):
        if name not in GROWS and whole.get(name) != base.get(name):
            raise ValueError(name)
    found = {}
    for name in GROWS:
        have, own = whole.get(name, []), base.get(name, [])
        more = _more_sections(own, have) if name == "sections" else [part for part in have if part not in own]
        missing = name != "sections" and any(part not in have for part in own)
        if more is None or missing:
            raise ValueError(name)
        if more:
            found[name] = more
    return found


def _more_sections(own, have):
    """The fields added under each heading; None where a declared heading lost something."""
    kept, more = {section["label"]: section for section in have}, []
    for section in have:
        before = next((part["fields"] for part in own if part["label"] == section["label"]), [])
        fields = [name for name in section["fields"] if name not in before]
        if fields:
            more.append(section | {"fields": fields})
    lost = any(set(part["fields"]) - set(kept.get(part["label"], {"fields": []})["fields"]) for part in own)
    return None if lost else more
