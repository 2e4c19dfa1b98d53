"""What the form pages show, ready for the templates: who gets a form; of what came back each file, each missing unit, each wrong cell."""

from flask import g, url_for
from flask_babel import gettext as _

import config
from admin_views.words import text
from models import registry
from models.errors import Label, say
from services import form_merges, form_returns, form_templates, imports, policy, readers

MOST_CELLS, MOST_FILES, MOST_OFFERED = 200, 500, 300
# What became of a file: its words, its colour.
STATES = {
    form_returns.OK: (Label("可以合并", "Can be merged"), "g"),
    form_returns.OLD: (Label("旧表，可以合并", "Old form, can be merged"), "a"),
    form_returns.SAME: (Label("重复", "Same file again"), ""),
    form_returns.REPLACED: (Label("有更新的一份", "Replaced by a later one"), ""),
    form_returns.WRONG: (Label("不是这张表", "Not this form"), "d"),
    form_returns.ALTERED: (Label("表被改动过", "Form was altered"), "d"),
    form_returns.FOREIGN: (Label("别的单位", "Another unit's"), "d"),
    form_returns.UNREADABLE: (Label("读不出来", "Cannot be read"), "d"),
}
_BUSY = (imports.READING, imports.APPLYING, imports.UNDOING)


def index(register):
    """The context of forms/index.html."""
    g.here = register.name
    units = form_templates.units(register.name, g.actor)
    return {
        "register": register,
        "title": text(register.titled),
        "count": len(units),
        "own": units[0].name if len(units) == 1 else "",
        "offered": [f"{one.code} {one.name}" for one in units[:MOST_OFFERED]],
        "rows": form_templates.ROWS,
        "limits": readers.limits(),
        "request_mb": config.active().max_request_mb,
        "can_export": bool(policy.may(g.actor, "export", register)),
    }


def taken(item):
    """The context of forms/taken.html."""
    register = policy.view(registry.get(item.register), g.actor)
    g.here = register.name
    intake = form_merges.intake(item)
    context = {
        "item": item,
        "register": register,
        "title": text(register.titled),
        "progress": progress(item),
        "busy": item.state == imports.READING,
        "failed": text(item.message) if item.state == imports.FAILED and item.message else "",
        "plan": plan_url(item.id),
        "intake": intake,
    }
    return context | (_told(item, register, intake) if intake and item.state not in _BUSY else {})


def _told(item, register, intake):
    wrong, more = _cells(item)
    files = sorted((_file(one) for one in intake.files), key=lambda one: one["taken"])
    return {
        "told": [one for one in files if one["why"]][:MOST_FILES],
        "sound": [one for one in files if not one["why"]],
        "refused": len(intake.files) - len(intake.taken),
        "missing": [one.name for one in intake.missing],
        "reminder": _reminder(register, intake.missing),
        "cells": wrong,
        "more_cells": more,
        "wrong_rows": item.refused,
        "good_rows": sum(item.counts.get(name, 0) for name in ("new", "changed", "unchanged")),
        "open": len(item.questions),
    }


def plan_url(id):
    """The page of the import that goes on from here."""
    return url_for("imports.page", id=id)


def _file(one):
    words, tone = STATES[one.state]
    return {
        "unit": one.unit.name if one.unit else "",
        "name": f"{one.packet}/{one.name}" if one.packet else one.name,
        "state": text(words),
        "tone": tone,
        "why": text(one.sentence) if one.sentence else "",
        "taken": one.taken,
    }


def _reminder(register, missing):
    """What to send to those who are missing, in one sentence."""
    if not missing:
        return ""
    units = tuple(one.name for one in missing)
    return text(
        say(
            "「{register}」填报表还有 {count} 个单位没有交，请尽快交来：{units}。",
            register=register.titled,
            count=len(units),
            units=units,
        )
    )


def _cells(item):
    """([{file, cell, value, why}] of what is wrong, how many more rows are)."""
    found, rows = [], 0
    for outcome in ("error", "out_of_scope"):
        page = imports.rows(g.actor, item.id, outcome=outcome, limit=MOST_CELLS - rows, text=text) if rows < MOST_CELLS else None
        for row in page.rows if page else ():
            rows += 1
            found += [
                {
                    "file": row.get("file") or item.found["files"][0],
                    "cell": told["cell"] or _("第 %(n)s 行", n=row["row"]),
                    "value": told["value"],
                    "why": told["message"],
                }
                for told in row["messages"]
                if told["level"] == "error"
            ]
    return found, item.refused - rows


def progress(item):
    """{state, words, percent (None where nobody knows how much there is)} of a collection, for its page and script."""
    job = imports.progress(g.actor, item.id)
    words = text(job.message) if job and job.message else _("在排队，马上开始")
    percent = min(100, 100 * (job.done or 0) // job.total) if job and job.total else None
    return {"state": item.state, "words": words, "percent": percent}
