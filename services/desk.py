"""What one person keeps on the own desk: drafts of forms, saved views of lists, how lists look, what was last picked."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import prepared
from models.base import atomic
from models.errors import Fault, Invalid, NotAllowed, NotFound, say
from models.journal import Draft, Pick, Preference, SavedView
from models.values import now

MAX_DRAFT = 500_000
MAX_DRAFTS = 50
KEPT_FOR = timedelta(days=30)
MAX_VIEWS = 50
MAX_PICKS = 20
DENSITIES = ("roomy", "dense")


@dataclass(frozen=True)
class KeptDraft:
    """A draft as it comes back: `payload` is [[name, value], …] as the form would post it."""

    path: str
    payload: list
    version: int | None
    at: datetime


@dataclass(frozen=True)
class View:
    """A saved view; `mine` tells whether the person may delete it."""

    id: int
    name: str
    query: str
    shared: bool
    mine: bool


def save_draft(actor, path, payload, version=None):
    """Keep what was typed on a page; `payload` is [[name, value], …]. A later draft of the same page replaces it."""
    _own(actor)
    # A script may post half of a character pair, which no database stores.
    text = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
    if len(text) > MAX_DRAFT or len(path) > 500:
        raise Invalid([Fault("", "too_long", say("草稿太长，没有保存。请先提交，或把长文字存到别处。"))])
    values = {"payload": text, "version": version, "at": now()}
    with atomic():
        Draft.insert(account_id=actor.id, path=path, **values).on_conflict(
            conflict_target=[Draft.account_id, Draft.path], update=values
        ).execute()
        _drop_old(actor)


def draft(actor, path):
    """The draft of a page, or None."""
    found = prepared.rows(_draft, Draft, actor.id, path) if actor.id else ()
    if not found or found[0][-1] < now() - KEPT_FOR:
        return None
    payload, version, at = found[0]
    return KeptDraft(path, json.loads(payload), version, at)


def _draft(draft, account_id, path):
    return draft.select(draft.payload, draft.version, draft.at).where(draft.account_id == account_id, draft.path == path)


def drop_draft(actor, path):
    """Forget the draft of a page: it was saved or is not wanted."""
    if not actor.read_only:
        Draft.delete().where(Draft.account_id == actor.id, Draft.path == path).execute()


def views(actor, register):
    """The person's own views of a register, then those others share."""
    rows = prepared.rows(_views, SavedView, register, -1 if actor.id is None else actor.id)
    found = [View(id, name, query, shared, owner == actor.id) for id, name, query, shared, owner in rows]
    return tuple(sorted(found, key=lambda view: not view.mine))


def _views(view, register, account_id):
    columns = (view.id, view.name, view.query, view.shared, view.account_id)
    seen = (view.register == register) & ((view.account_id == account_id) | (view.shared == True))
    return view.select(*columns).where(seen).order_by(view.name, view.id).limit(MAX_VIEWS * 2)


def save_view(actor, register, name, query, shared=False):
    """Keep a list's parameters under a name; the same name again replaces the person's earlier view. Gives its id."""
    _own(actor)
    name = " ".join(name.split())
    if not 0 < len(name) <= 40:
        raise Invalid([Fault("name", "too_long", say("「视图名称」请填 1 到 40 个字。"))])
    if len(query) > 4000:
        raise Invalid([Fault("query", "too_long", say("筛选条件太长，不能存为视图。请减少几个条件。"))])
    with atomic():
        own = SavedView.select().where(SavedView.account_id == actor.id, SavedView.register == register)
        same = own.where(SavedView.name == name).first()
        if same is None and own.count() >= MAX_VIEWS:
            raise Invalid([Fault("name", "too_many", say("每个台账最多存 {max} 个视图，请先删去不用的。", max=MAX_VIEWS))])
        view = same or SavedView(account_id=actor.id, register=register, name=name)
        view.query, view.shared = query, bool(shared)
        view.save()
    return view.id


def drop_view(actor, id):
    """Delete one of the person's own views."""
    _own(actor)
    if not SavedView.delete().where(SavedView.id == id, SavedView.account_id == actor.id).execute():
        raise NotFound(say("没有找到这个视图，或它是别人的视图。"))


def looks(actor, register):
    """(density, names of columns) as the person last chose them for lists and for this one; ("roomy", ()) before that."""
    if actor.id is None:
        return DENSITIES[0], ()
    kept = dict(prepared.rows(_looks, Preference, actor.id, f"columns:{register}"))
    columns = kept.get(f"columns:{register}", "")
    return kept.get("density", DENSITIES[0]), tuple(columns.split(",")) if columns else ()


def _looks(preference, account_id, columns):
    own = (preference.account_id == account_id) & ((preference.name == "density") | (preference.name == columns))
    return preference.select(preference.name, preference.value).where(own)


def choose_density(actor, density):
    """Remember how high the rows of the person's lists are."""
    if density not in DENSITIES:
        raise Invalid([Fault("density", "choice", say("「密度」可填：{accepted}。", accepted=DENSITIES))])
    _prefer(actor, "density", density)


def choose_columns(actor, register, names):
    """Remember the columns of a list, by field names; none: those the register declares."""
    _prefer(actor, f"columns:{register}", ",".join(names)[:4000])


def _prefer(actor, name, value):
    _own(actor)
    Preference.insert(account_id=actor.id, name=name, value=value).on_conflict(
        conflict_target=[Preference.account_id, Preference.name], update={"value": value}
    ).execute()


def picked(actor, register):
    """Ids of the records of a register the person last pointed others at, latest first; some may be out of sight by now."""
    if actor.id is None:
        return ()
    mine = (Pick.account_id == actor.id) & (Pick.register == register)
    return tuple(row.record_id for row in Pick.select(Pick.record_id).where(mine).order_by(Pick.at.desc()).limit(MAX_PICKS))


def note_picks(actor, register, ids):
    """Remember that the person pointed records at these ones of a register."""
    _own(actor)
    mine = (Pick.account_id == actor.id) & (Pick.register == register)
    with atomic():
        for id in ids:
            Pick.insert(account_id=actor.id, register=register, record_id=id, at=now()).on_conflict(
                conflict_target=[Pick.account_id, Pick.register, Pick.record_id], update={"at": now()}
            ).execute()
        newest = [row.id for row in Pick.select(Pick.id).where(mine).order_by(Pick.at.desc()).limit(MAX_PICKS)]
        Pick.delete().where(mine, Pick.id.not_in(newest)).execute()


def _own(actor):
    if actor.read_only or actor.id is None:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), rule="read_only")


def _drop_old(actor):
    newest = Draft.select(Draft.id).where(Draft.account_id == actor.id).order_by(Draft.at.desc()).limit(MAX_DRAFTS)
    keep = [row.id for row in newest]
    Draft.delete().where(Draft.account_id == actor.id, Draft.id.not_in(keep) | (Draft.at < now() - KEPT_FOR)).execute()
