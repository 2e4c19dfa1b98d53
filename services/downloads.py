"""Large exports as jobs: made beside the requests, kept a day for whoever asked, and for nobody else.

A job may end at any moment and begin again: its pieces are dropped first, and the file is there only when all of it is.
"""

import zlib
from dataclasses import dataclass, replace
from datetime import timedelta

import config
from models import routing
from models.base import atomic
from models.errors import NotAllowed, NotFound, say
from models.export_files import ExportFile, ExportPiece
from models.values import now
from services import actor as actors, exports, jobs, query

KEPT_FOR = timedelta(hours=24)
PIECE = 1 << 20
SHOWN = 20
_JOB = "export"


@dataclass(frozen=True)
class Download:
    """A file to send: `pieces` gives its bytes in turn."""

    name: str
    type: str
    size: int
    pieces: object


@dataclass(frozen=True)
class Asked:
    """An export that was asked for: its job's record, and until when its file is there (None where it is not, or no more)."""

    job: object
    until: object
    size: int


def is_large(asked):
    """Whether a list has more rows than are exported while one waits."""
    return query.count(asked, exact=True).value > config.active().export_job_rows


def ask(asked, actor, *, form, encoding="utf-8-sig", purpose="", address=""):
    """Puts the export of a list down as a job and gives the job's id. Refused at once for what an export is refused for."""
    exports.allowed(asked, actor, purpose)
    payload = {
        "register": asked.register.name, "pairs": query.pairs(replace(asked, own_columns=True), limit=None), "ids": asked.ids,
        "form": form, "encoding": encoding, "purpose": purpose, "address": address,
    }  # fmt: skip
    about = f"{asked.register.label} {form.upper()}：{exports.filter_sentence(asked)}"
    return jobs.enqueue(actor, _JOB, payload, about=about, total=query.count(asked, exact=True).value)


def _dropped(job, sentence):
    _drop(job.id)


@jobs.kind(_JOB, failed=_dropped)
def run(job, progress):
    """Makes the file with the rights its owner has now."""
    actor, wanted = actors.load(job.owner), job.payload
    if actor is None:
        raise NotAllowed(say("账号已停用，没有导出。"), "disabled")
    pairs = [tuple(pair) for pair in wanted["pairs"]]
    asked = query.parse(wanted["register"], actor, pairs, action="export", ids=wanted["ids"])
    with atomic():
        progress.hold()
        _drop(job.id)
        clear_old()
    routing.allow(routing.write_mark())
    body, media = exports.stream(
        asked,
        actor,
        wanted["form"],
        encoding=wanted["encoding"],
        purpose=wanted["purpose"],
        address=wanted["address"],
        told=progress,
    )
    size = _keep(job, progress, body)
    name = exports.file_name(asked.register, wanted["form"], wanted["encoding"] if wanted["form"] == "csv" else "")
    with atomic():
        progress.hold()
        ExportFile.create(id=job.id, account_id=job.owner, name=name, type=media, size=size, at=now())
    return {"file": name, "size": size}


def _keep(job, progress, body):
    """Writes the bytes away in pieces and gives their number."""
    waiting, number, size = bytearray(), 0, 0
    for chunk in body:
        waiting += chunk
        if len(waiting) >= PIECE:
            _keep_piece(job, progress, number, waiting)
            number, size, waiting = number + 1, size + len(waiting), bytearray()
    _keep_piece(job, progress, number, waiting)
    return size + len(waiting)


def _keep_piece(job, progress, number, data):
    with atomic():
        progress.hold()
        ExportPiece.create(job_id=job.id, number=number, data=zlib.compress(bytes(data), 1))


def fetch(actor, id):
    """The file of one of the actor's own exports. NotFound for anybody else's, and when its day is over."""
    row = ExportFile.get_or_none(ExportFile.id == id, ExportFile.account_id == actor.id, ExportFile.at > now() - KEPT_FOR)
    if row is None or actor.read_only:
        raise NotFound(say("没有找到这个文件，或已过 24 小时。请重新导出。"))
    return Download(row.name, row.type, row.size, _pieces(id))


def _pieces(id):
    number = 0
    while piece := ExportPiece.get_or_none(ExportPiece.job_id == id, ExportPiece.number == number):
        yield zlib.decompress(bytes(piece.data))
        number += 1


def mine(actor):
    """The actor's own exports made as jobs, newest first."""
    shown = ("fields", "about,state,done,total,message,at")
    found = query.page(
        query.parse("job", actor, [("kind", _JOB), ("account", str(actor.id)), shown, ("limit", str(SHOWN))])
    ).records
    files = {row.id: row for row in ExportFile.select().where(ExportFile.id.in_([job.id for job in found]))} if found else {}
    kept = {id: row for id, row in files.items() if row.at > now() - KEPT_FOR and row.account_id == actor.id}
    return [
        Asked(job, kept[job.id].at + KEPT_FOR if job.id in kept else None, kept[job.id].size if job.id in kept else 0)
        for job in found
    ]


def _drop(id):
    ExportPiece.delete().where(ExportPiece.job_id == id).execute()
    ExportFile.delete().where(ExportFile.id == id).execute()


def clear_old():
    """Removes the files whose day is over."""
    for row in list(ExportFile.select(ExportFile.id).where(ExportFile.at <= now() - KEPT_FOR)):
        _drop(row.id)
