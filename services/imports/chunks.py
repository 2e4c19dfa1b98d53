"""The verdicts on an import's rows, kept about a thousand to a stored chunk: a million rows are a thousand table rows."""

import json
import zlib
from collections import Counter
from dataclasses import dataclass, field as attribute

from models.imports import Chunk
from models.sentences import packed, unpacked

ROWS = 1_000
# How many chunks are read at once by who writes them: then nobody plans the import anew.
AT_ONCE = 8
# Places in a chunk are counted so far apart that a place in an import is one number.
PLACES = 10_000
KEPT = ("new", "changed", "unchanged", "error", "warning", "out_of_scope")
REFUSED = ("error", "out_of_scope")


@dataclass(slots=True)
class Verdict:
    """What becomes of one row: its number in its file, its outcome, the record it means (id and version, None for a new one), the fields
    to write and their raw values, the JSON of what they replace, what is said of it: (field name, code, sentence, level), and the texts
    of the cells it is said of.
    """

    number: int
    outcome: str
    id: int | None = None
    version: int | None = None
    names: tuple = ()
    raws: tuple = ()
    old: dict = attribute(default_factory=dict)
    told: list = attribute(default_factory=list)
    file: int = 0
    texts: dict = attribute(default_factory=dict)

    @property
    def changes(self):
        """{field name: raw value} to write. A new row says nothing of what it has no value for."""
        return {name: raw for name, raw in zip(self.names, self.raws, strict=True) if raw is not None or self.id is not None}

    @property
    def warned(self):
        return any(level == "warning" for *_, level in self.told)

    def refuse(self, name, code, sentence):
        self.outcome = "out_of_scope" if code == "out_of_scope" and self.outcome != "error" else "error"
        self.told.append((name, code, sentence, "error"))


def verdict_of(row, file, names, raws):
    """A planned row, as it is kept; `names` are the fields a new one is given and `raws` what of it."""
    if row.record is None:
        if row.outcome != "new":
            names = raws = ()
        return Verdict(row.number, row.outcome, None, None, names, raws, {}, row.told, file)
    old, written = {}, ((), ())
    if row.outcome == "changed":
        values, by_name = row.record.values, row.record.register.by_name
        old = {name: by_name[name].to_json(values.get(name)) for name in row.changes}
        written = tuple(row.changes), list(row.changes.values())
    return Verdict(row.number, row.outcome, row.record.id, row.record.version, *written, old, row.told, file)


def outcomes_of(verdicts):
    """{outcome: how many}; a row with a warning counts there too."""
    found = Counter(verdict.outcome for verdict in verdicts)
    found["warning"] = sum(verdict.warned or verdict.outcome == "warning" for verdict in verdicts)
    return dict(found)


def put(plan, at, verdicts):
    """Keeps a chunk, in the place of what stood there."""
    data = zlib.compress(json.dumps(_packed(verdicts), ensure_ascii=False, separators=(",", ":")).encode(), 1)
    outcomes = json.dumps(outcomes_of(verdicts))
    changed = Chunk.update(outcomes=outcomes, data=data).where((Chunk.plan == plan) & (Chunk.at == at)).execute()
    if not changed:
        Chunk.create(plan=plan, at=at, outcomes=outcomes, data=data)


def _packed(verdicts):
    """Column by column what every row has, then the few rows of which there is more to say. The names of the fields rows change stand
    once for all that change the same ones; all rows of a chunk are of one file.
    """
    shapes, shaped, more = {}, [], {}
    for at, one in enumerate(verdicts):
        shaped.append(shapes.setdefault(one.names, len(shapes)))
        if one.told or one.id is not None:
            told = [(name, code, packed(sentence), level) for name, code, sentence, level in one.told]
            more[at] = one.id, one.version, one.old, told, one.texts
    numbers, outcomes, raws = zip(*[(one.number, one.outcome, one.raws) for one in verdicts], strict=True)
    return verdicts[0].file, numbers, outcomes, shaped, raws, list(shapes), more


def clear(plan, first=0):
    """Takes the chunks of a plan away, from one on."""
    Chunk.delete().where((Chunk.plan == plan) & (Chunk.at >= first)).execute()


def count(plan):
    return Chunk.select().where(Chunk.plan == plan).count()


def get(plan, at):
    """The verdicts of one chunk; None past the last."""
    found = Chunk.get_or_none((Chunk.plan == plan) & (Chunk.at == at))
    return None if found is None else _unpacked(found.data)


def _unpacked(data):
    file, numbers, outcomes, shaped, raws, shapes, more = json.loads(zlib.decompress(bytes(data)))
    names = list(map(tuple, shapes))
    verdicts = [
        Verdict(number, outcome, None, None, names[shape], given, {}, [], file)
        for number, outcome, shape, given in zip(numbers, outcomes, shaped, raws, strict=True)
    ]
    for at, (id, version, old, told, texts) in more.items():
        one = verdicts[int(at)]
        one.id, one.version, one.old, one.texts = id, version, old, texts
        one.told = [(name, code, unpacked(sentence), level) for name, code, sentence, level in told]
    return verdicts


def each(plan, start=0, outcomes=(), at_once=1):
    """(chunk number, verdicts) one after the other from a chunk on; with `outcomes`, those chunks that have any of them.

    Ends where the import is planned again meanwhile: its chunks go, and who looks at it sees the new plan at the next look.
    """
    rows = Chunk.select(Chunk.at, Chunk.outcomes).where((Chunk.plan == plan) & (Chunk.at >= start)).order_by(Chunk.at)
    wanted = [at for at, found in rows.tuples() if not outcomes or any(json.loads(found).get(name) for name in outcomes)]
    for first in range(0, len(wanted), at_once):
        some = wanted[first : first + at_once]
        held = dict(Chunk.select(Chunk.at, Chunk.data).where((Chunk.plan == plan) & Chunk.at.in_(some)).tuples())
        for at in some:
            if at not in held:
                return
            yield at, _unpacked(held[at])


def counts(plan):
    """{outcome: how many} over the whole import."""
    found = Counter(dict.fromkeys(KEPT, 0))
    for (outcomes,) in Chunk.select(Chunk.outcomes).where(Chunk.plan == plan).tuples():
        found.update(json.loads(outcomes))
    return {name: found[name] for name in KEPT}
