"""From a file to a proposed register: for each column what it holds, why, and what does not fit. The clerk has the last word.

proposal = infer.propose(actor, columns, rows, label="夜间排查")
infer.from_file(actor, source)      the same of an uploaded file, from a sample of its rows
"""

import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePath

from models.errors import Fault, Invalid, say
from models.fields import Code, Relation
from models.refused import refused
from services import readers
from services.definitions import require, slug
from services.definitions.wishes import settle
from services.infer.columns import Column, Guess, guess, is_row_number

__all__ = ["Proposal", "from_file", "propose", "to_json"]

MOST_ROWS, MOST_SECONDS, MOST_COLUMNS, ENOUGH = 60_000, 3.0, 200, 20
SERIES = "TZ"
_PERSON = re.compile(r"姓名|学生|教师|人员|name of (?:student|teacher)", re.I)


@dataclass(frozen=True)
class Proposal:
    """`wish` is the proposed definition (services.definitions takes it); `guesses` {field name: Guess}; `facts` [Sentence] on the
    register as a whole; `left_out` [(head, Sentence)]; `rows` looked at, `all_rows` whether these are all.
    """

    wish: dict
    guesses: dict
    facts: tuple
    left_out: tuple
    rows: int
    all_rows: bool


def propose(actor, columns, rows, label=""):
    """The Proposal for columns [(head without unit, unit, head)] and an iterable of rows of texts."""
    require(actor)
    named = [(at, *column) for at, column in enumerate(columns) if column[0].strip()]
    if not named:
        raise Invalid([Fault("", "no_header", say("没有找到表头。"))])
    if len(named) > MOST_COLUMNS:
        raise Invalid(
            [Fault("", "too_many_columns", say("这张表有 {now} 列，最多 {most} 列。", now=len(named), most=MOST_COLUMNS))]
        )
    counts, looked, whole = _counted([at for at, *_ in named], rows)
    found, left_out = [], []
    for head in _apart(
        [Column(text.strip(), unit, whole_head.strip(), counts[at], looked) for at, text, unit, whole_head in named]
    ):
        why = _unwanted(head)
        if why:
            left_out.append((head.head, why))
        else:
            found.append((head, guess(head, actor)))
    return _proposal(found, left_out, label, looked, whole)


def from_file(actor, name, data, label=""):
    """The Proposal for an uploaded file: its header found, its first rows looked at. Invalid for a file nobody can read."""
    require(actor)
    (source, *_) = readers.open_files([(name, data)])
    table = readers.read(source)
    try:
        columns = [(column.text or column.head, column.unit, column.head) for column in table.columns]
        title = next((text for _, text in table.titles if 0 < len(text) <= 40), "") or PurePath(name).stem
        return propose(actor, columns, (row.cells for row in table.rows), label or title[:60])
    finally:
        table.close()


def _counted(places, rows):
    """({column: Counter of its texts}, rows looked at, whether that was all): as many as a few seconds allow."""
    counts = {at: Counter() for at in places}
    looked, until = 0, time.monotonic() + MOST_SECONDS
    for cells in rows:
        looked += 1
        for at, counter in counts.items():
            text = cells[at].strip() if at < len(cells) else ""
            if text:
                counter[str(text)] += 1
        if looked >= MOST_ROWS or (looked % 500 == 0 and time.monotonic() > until):
            return counts, looked, False
    return counts, looked, True


def _apart(columns):
    """The columns with labels that can be told apart."""
    seen = Counter()
    for column in columns:
        seen[column.label] += 1
        again = seen[column.label]
        yield column if again == 1 else replace(column, label=f"{column.label[:50]}（{again}）")


def _unwanted(column):
    why = refused(column.head)
    if why:
        return why
    return say("只是行号，不用保存。") if is_row_number(column) else None


def _proposal(found, left_out, label, looked, whole):
    person = any(_PERSON.search(column.label) for column, _ in found)
    guesses, taken = {}, set()
    unit = _unit(found)
    for column, guessed in found:
        name = _name(guessed, column, taken, unit)
        taken.add(name)
        guesses[name] = replace(guessed, field=replace(guessed.field, name=name, id="", required=_required(column)))
    key, facts = _key(found, list(guesses)), []
    if key:
        facts.append(say("「{label}」每行都有且不重复，作为业务主键。", label=guesses[key].field.title))
        field = guesses[key].field
        guesses[key] = replace(guesses[key], field=replace(field, unique=True, indexed=True))
    else:
        # Without a key an import takes rows that agree in their title for the same record.
        key = "code" if "code" not in guesses else slug("code", guesses)
        head = _free("编号", [guessed.field.label for guessed in guesses.values()])
        made = Code(name=key, label=head, label_en="Code", make=SERIES, unique=True, indexed=True)
        guesses = {key: Guess(made, say("没有一列能认出每一行，自动编一个号。"))} | guesses
    scope = next((name for name, guessed in guesses.items() if guessed is not None and _leads(guessed, unit)), "")
    if scope:
        facts.append(say("按「{label}」划分数据范围：各单位只看到自己的。", label=guesses[scope].field.title))
    wish = {"label": label[:60] or "新台账", "fields": [_plain(guessed.field) for guessed in guesses.values()]}
    wish |= {"key": [key], "title": [key]}
    wish |= {"scope": scope} if scope else {}
    wish |= {"grain": "person"} if person else {}
    register = settle(wish).register
    return Proposal(register.to_dict(), guesses, tuple(facts), tuple(left_out), looked, whole)


def _free(label, taken):
    return label if label not in taken else f"{label}（自动）"


def _plain(field):
    made = field.to_dict()
    made.pop("id", None)
    return made


def _unit(found):
    """The register the rows belong to: school where a column leads there, else district."""
    targets = [guessed.field.to for _, guessed in found if isinstance(guessed.field, Relation)]
    return next((name for name in ("school", "district") if name in targets), "")


def _leads(guessed, unit):
    return isinstance(guessed.field, Relation) and guessed.field.to == unit


def _name(guessed, column, taken, unit):
    if isinstance(guessed.field, Relation) and guessed.field.to not in taken:
        return guessed.field.to
    return slug(column.label, taken)


def _required(column):
    return column.full and column.rows >= ENOUGH


def _key(found, names):
    """The first column that tells every row apart, codes before others; "" where none does."""
    if not found or found[0][0].rows < ENOUGH:
        return ""
    apart = [
        (guessed.field, name)
        for (column, guessed), name in zip(found, names, strict=True)
        if column.distinct and guessed.field.sortable
    ]
    apart.sort(key=lambda part: not isinstance(part[0], Code))
    return next((name for field, name in apart if field.type in ("code", "text", "integer")), "")


def to_json(proposal, text):
    """{"register", "reasons", "misfits", …} as programs get it; `text` turns a sentence into words."""
    reasons = [{"field": name, "why": text(guessed.why)} for name, guessed in proposal.guesses.items()]
    reasons += [{"field": "", "why": text(fact)} for fact in proposal.facts]
    misfits = [
        {"field": name, "count": guessed.misfits, "examples": list(guessed.examples)}
        for name, guessed in proposal.guesses.items()
        if guessed.misfits
    ]
    left_out = [{"column": head, "why": text(why)} for head, why in proposal.left_out]
    return {
        "register": proposal.wish,
        "reasons": reasons,
        "misfits": misfits,
        "left_out": left_out,
        "rows": proposal.rows,
        "all_rows": proposal.all_rows,
    }
