"""An import as it stands between its steps: loaded, saved, owned by one person, its files and what its unit answered before."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import peewee

from models import registry
from models.base import atomic
from models.errors import Conflict, NotAllowed, NotFound, Sentence, say
from models.imports import Chunk, File, Memory, Plan
from models.jobs import JobWork
from models.journal import IdempotencyKey
from models.sentences import packed, unpacked
from models.values import now
from services import actor as actors, policy
from services.actor import SYSTEM

READING, ASKING, PLANNED, APPLYING, APPLIED, UNDOING, UNDONE, FAILED = (
    "reading", "asking", "planned", "applying", "applied", "undoing", "undone", "failed",
)  # fmt: skip
_JSON = ("asked", "found")


@dataclass(frozen=True)
class Import:
    """An import: how it was asked for (`asked`), what was found (`found`), where it is. `owner` is an account's id, None for the app."""

    id: int
    register: str
    owner: int | None
    state: str
    mode: str
    policy: str
    empty: str
    asked: dict
    found: dict
    message: Sentence | None
    job: int | None
    position: int
    changes: int
    change_set: int | None
    undo_set: int | None
    at: object

    @property
    def counts(self):
        """{outcome: how many rows}; a row with a warning counts there too."""
        return self.found.get("counts", {})

    @property
    def refused(self):
        return self.counts.get("error", 0) + self.counts.get("out_of_scope", 0)

    @property
    def questions(self):
        return self.found.get("questions", [])

    @property
    def ok(self):
        """Whether every row that was meant could be taken."""
        return self.state != FAILED and not self.refused


def create(actor, register_name, files, asked, *, mode, policy, empty):
    """A new import of these files [(name, bytes)], in the state reading; gives its id."""
    moment = now()
    row = Plan.create(
        register=register_name, account_id=actor.id, state=READING, mode=mode, policy=policy, empty=empty,
        asked=json.dumps(asked, ensure_ascii=False), at=moment, changed_at=moment,
    )  # fmt: skip
    for at, (name, data) in enumerate(files):
        File.create(plan=row.id, at=at, name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data)
    return row.id


def word_of(once, register_name, files, chosen):
    """What an upload is known by: a page gone back to may send other files under the same word, and they are another import."""
    told = [register_name, sorted(chosen.items()), [(name, hashlib.sha256(data).hexdigest()) for name, data in files]]
    return f"{once[:32]}:{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:40]}"


def begun(actor, word):
    """The id of the import an upload already began; None for one that comes the first time, or says no word: it is taken then."""
    if not word:
        return None
    found = IdempotencyKey.get_or_none(_said(actor, word))
    if found is None:
        try:
            with atomic():
                IdempotencyKey.create(account_id=actor.id, key=word, fingerprint="import", at=now())
            return None
        except peewee.IntegrityError:
            # The same form was sent twice at once: the other was first, and its import is there by now.
            found = IdempotencyKey.get(_said(actor, word))
    id = json.loads(found.answer)
    return id if Plan.select().where(Plan.id == id).exists() else None


def note_begun(actor, word, id):
    """Notes which import an upload began."""
    if word:
        IdempotencyKey.update(answer=json.dumps(id)).where(_said(actor, word)).execute()


def _said(actor, word):
    return (IdempotencyKey.account_id == actor.id) & (IdempotencyKey.key == word)


def load(id):
    """The import of this number. NotFound where there is none."""
    row = Plan.get_or_none(Plan.id == id) if isinstance(id, int) and 0 < id < 2**63 else None
    if row is None or row.register not in registry.names():
        raise NotFound(say("没有找到这次导入。"))
    return Import(
        row.id, row.register, row.account_id, row.state, row.mode, row.policy, row.empty, json.loads(row.asked),
        json.loads(row.found), unpacked(json.loads(row.said)) if row.said else None, row.job, row.position, row.changes,
        row.change_set, row.undo_set, row.at,
    )  # fmt: skip


def owned(actor, id, *, writing=False):
    """The actor's own import; NotFound for anybody else's. `writing`: NotAllowed for who only looks, or may no longer import here."""
    item, person = load(id), actor.real or actor
    if item.owner != person.id and not actor.system:
        raise NotFound(say("没有找到这次导入。"))
    if writing:
        policy.require(actor, "edit", registry.get(item.register))
    return item


def move(item, expected, state, **changes):
    """Takes an import from one of the expected states to another; Conflict where it is no longer there: nothing is done twice."""
    done = _update(item.id, Plan.state.in_(expected), state=state, **changes)
    if not done:
        raise Conflict(say("这次导入现在不能这样办理，请刷新后看它的状态。"), code="state")


def save(id, **changes):
    """Writes some of an import's attributes."""
    _update(id, Plan.id == id, **changes)


def _update(id, condition, **changes):
    values = {name: json.dumps(value, ensure_ascii=False) if name in _JSON else value for name, value in changes.items()}
    if "said" in values:
        values["said"] = json.dumps(packed(values["said"]), ensure_ascii=False) if values["said"] else None
    return Plan.update(changed_at=now(), **values).where((Plan.id == id) & condition).execute()


def person(item):
    """Who an import's work is done as, with today's rights. NotAllowed where the account is closed."""
    if item.owner is None:
        return SYSTEM
    actor = actors.load(item.owner, request_id=item.asked.get("request", ""))
    if actor is None:
        raise NotAllowed(say("账号已停用，导入没有继续。"), "inactive")
    return actor


def files(id):
    """[(name, bytes)] of an import's files."""
    return [(row.name, bytes(row.data)) for row in File.select().where(File.plan == id).order_by(File.at)]


def names(id):
    """[(name, size, sha256)] of an import's files."""
    return list(File.select(File.name, File.size, File.sha256).where(File.plan == id).order_by(File.at).tuples())


def drop_files(id):
    """Takes the files away: what must not be kept, or is no longer needed."""
    File.delete().where(File.plan == id).execute()


def forget(id):
    """Takes an import away altogether: one that was only tried."""
    with atomic():
        for model in (File, Chunk):
            model.delete().where(model.plan == id).execute()
        Plan.delete().where(Plan.id == id).execute()


def clear_plans(before):
    """Takes the plans away that nobody applied or touched since a moment; one that is partly written stays. Gives how many."""
    open_states = Plan.state.in_((READING, ASKING, PLANNED, FAILED)) & (Plan.position == 0)
    found = [id for (id,) in Plan.select(Plan.id).where(open_states & (Plan.changed_at < before)).tuples()]
    for id in found:
        forget(id)
    return len(found)


def clear_files(before):
    """Takes the files away of imports nobody touched since a moment; what they did stays. Gives how many."""
    old = Plan.select(Plan.id).where(Plan.changed_at < before)
    return File.delete().where(File.plan.in_(old)).execute()


def let_go_of_jobs():
    """An import's last job may have been cleared: it is asked about no more."""
    Plan.update(job=None).where(Plan.job.is_null(False) & Plan.job.not_in(JobWork.select(JobWork.id))).execute()


def content(name, given):
    """(plain file name, bytes) of an uploaded file given as bytes or as a path."""
    return Path(str(name)).name[:200], given if isinstance(given, (bytes, bytearray)) else Path(given).read_bytes()


# What a unit answered before ------------------------------------------------------------------------------------------


def unit_of(actor):
    """The unit whose answers are remembered together: the actor's school, else district, else the city."""
    held = next((one for one in actor.memberships if one.school_id or one.district_id), None)
    if held is None:
        return "city"
    return f"school:{held.school_id}" if held.school_id else f"district:{held.district_id}"


def remembered(register_name, actor, field=""):
    """{word: value} of the unit's answers about columns (`field` "") or about a field's texts."""
    mine = (Memory.register == register_name) & (Memory.unit == unit_of(actor)) & (Memory.field == field)
    return {word: json.loads(value) for word, value in Memory.select(Memory.word, Memory.value).where(mine).tuples()}


def remember(register_name, actor, field, answers):
    """Keeps {word: value} for the unit's next import."""
    unit = unit_of(actor)
    for word, value in answers.items():
        at = (Memory.register == register_name) & (Memory.unit == unit) & (Memory.field == field) & (Memory.word == word)
        if not Memory.update(value=json.dumps(value)).where(at).execute():
            Memory.create(register=register_name, unit=unit, field=field, word=word, value=json.dumps(value))
