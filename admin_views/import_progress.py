"""How far a job is, in words: rows done, time left; and a person's own tasks."""

from flask import url_for
from flask_babel import gettext as _

from admin_views.cells import TONE_CLASS
from admin_views.words import text
from models import registry
from models.errors import Label
from models.values import now
from services import jobs

_WAITING = Label("在排队，马上开始", "Waiting its turn")


def shown(job):
    """{words, percent (None where nobody knows how much there is), left} of a job, for the page and its script."""
    if job is None:
        return {"words": text(_WAITING), "percent": None, "left": ""}
    words = text(job.message) if job.message else text(_WAITING) if job.state == jobs.WAITING else ""
    percent = min(100, 100 * (job.done or 0) // job.total) if job.total else None
    return {"words": words, "percent": percent, "left": _left(job)}


def _left(job):
    """How long it will still take, going on as until now; "" while that cannot be told."""
    if job.state != jobs.RUNNING or not job.total or not job.done or not job.started_at:
        return ""
    seconds = (now() - job.started_at).total_seconds() * (job.total - job.done) / job.done
    if seconds < 5:
        return _("马上就好")
    if seconds < 90:
        return _("约还要 %(n)s 秒", n=5 * round(seconds / 5))
    return _("约还要 %(n)s 分钟", n=round(seconds / 60))


def _reached(job):
    """What a task says of itself: how many rows it did once it is done, else its own last words."""
    if job.state != jobs.DONE:
        return text(job.message) if job.message else ""
    count = job.total or job.done
    return _("%(n)s 行", n=f"{count:,}") if count else ""


def task(job):
    """A job as a line of 我的任务."""
    register = registry.get("job")
    state = register.field("state").get(job.state)
    item = job.payload.get("import") if isinstance(job.payload, dict) else None
    return {
        "id": job.id,
        "at": job.at,
        "kind": text(register.field("kind").get(job.kind).title),
        "about": job.about,
        "state": text(state.title),
        "tone": TONE_CLASS.get(state.tone, ""),
        "ended": job.ended,
        "done": job.done,
        "total": job.total,
        "url": url_for("imports.page", id=item) if item else None,
        "ended_at": job.ended_at,
        "message": _reached(job),
    } | {name: value for name, value in shown(job).items() if not job.ended and name != "words"}
