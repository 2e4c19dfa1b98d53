"""The rows of a file on their way in: which of them are records, what their cells mean, which say the same thing twice."""

from dataclasses import dataclass, field as attribute

from models.errors import FieldError, say
from models.fields import Attachment, Derived, Relation, Relations
from models.values import NA
from services import matching, readers
from services.matching import Unresolved, fold

_NAMED_ROWS = 10
_SKIPPED = {
    "section_rows": lambda count, rows, texts: say(
        "{count} 行只有一格有内容，没有当作记录：第 {rows} 行（{texts}）。", count=count, rows=rows, texts=texts
    ),
    "total_rows": lambda count, rows, texts: say("{count} 行是合计，没有当作记录：第 {rows} 行。", count=count, rows=rows),
    "note_rows": lambda count, rows, texts: say(
        "{count} 行是注释、来源或签字，没有当作记录：第 {rows} 行（{texts}）。", count=count, rows=rows, texts=texts
    ),
    "form_rows": lambda count, rows, texts: say(
        "{count} 行是编号、示例或重复的表头，没有当作记录：第 {rows} 行（{texts}）。", count=count, rows=rows, texts=texts
    ),
    "blank_rows": lambda count, rows, texts: say("{count} 行是空行：第 {rows} 行。", count=count, rows=rows),
    "left_out": lambda count, rows, texts: say("{count} 行不符合所给的条件，没有导入。", count=count),
}
_CODES = {
    "section": "section_rows", "total": "total_rows", "note": "note_rows", "signed": "note_rows", "numbering": "form_rows",
    "example": "form_rows", "header": "form_rows", "blank": "blank_rows",
}  # fmt: skip


@dataclass
class Row:
    """One row of the file on its way: its texts by field name, what they mean, what is wrong, which record it is."""

    number: int
    texts: dict
    values: dict = attribute(default_factory=dict)
    faults: dict = attribute(default_factory=dict)
    told: list = attribute(default_factory=list)
    identity: tuple = ()
    record: object = None
    changes: dict = attribute(default_factory=dict)
    outcome: str = ""

    @property
    def mark(self):
        """Which record the row means: the telling fields and what they hold."""
        return self.identity, tuple(None if self.values.get(name) is NA else self.values.get(name) for name in self.identity)

    def refuse(self, name, code, sentence, outcome="error"):
        self._tell(name, code, sentence, "error")
        self.outcome = "error" if "error" in (self.outcome, outcome) else outcome

    def warn(self, name, code, sentence):
        self._tell(name, code, sentence, "warning")

    def _tell(self, *said):
        if said not in self.told:
            self.told.append(said)

    def refuse_faults(self):
        """The faults kept back until it was known that the cell does not say what is stored anyway."""
        for name, (code, sentence) in self.faults.items():
            self.refuse(name, code, sentence, "out_of_scope" if code == "out_of_scope" else "error")


@dataclass(frozen=True)
class Plan:
    """What is asked for: the register as the actor sees it, which column is which field, and how rows are taken."""

    register: object
    actor: object
    columns: dict
    heads: dict
    constants: dict
    translate: dict
    where: dict
    mode: str
    empty: str
    policy: str
    codes: dict = attribute(default_factory=dict)


def tell_layout(table, unmatched, outcome):
    if table.other_sheets:
        outcome.tell(
            "other_sheets", say("只读了工作表「{sheet}」，没有读：{others}。", sheet=table.sheet, others=tuple(table.other_sheets))
        )
    if table.titles:
        numbers = tuple(number for number, _ in table.titles)
        outcome.tell(
            "title_rows", say("表头是第 {row} 行；第 {rows} 行在表头上面，没有当作记录。", row=table.header[0], rows=numbers)
        )
    for note in table.notes:
        outcome.tell("layout", note)
    if unmatched:
        outcome.tell("unmatched_columns", say("这些列没有对应的字段，没有导入：{columns}。", columns=tuple(unmatched)))


def read_rows(plan, table, outcome):
    """The rows that are records; the others are counted by why they are not, and named."""
    rows, aside = [], {code: [] for code in _SKIPPED}
    nameless, heads = set(), table.heads
    for number, cells, *_ in table.rows:
        why = _not_a_record(plan, heads, cells)
        if why:
            aside[why].append((number, next(cell for cell in cells if cell.strip()).strip()))
            continue
        rows.append(_row(plan, table, number, cells))
        nameless |= {at + 1 for at, cell in enumerate(cells[: len(heads)]) if cell.strip() and not heads[at]}
    if nameless:
        outcome.tell(
            "nameless_columns",
            say("第 {columns} 列没有列名，里面的内容没有导入。", columns=tuple(sorted(nameless))),
            level="warning",
        )
    for number, why, text in table.skipped:
        if why in _CODES:
            aside[_CODES[why]].append((number, text))
    _tell_aside(aside, outcome)
    return rows


def _not_a_record(plan, header, cells):
    filled = [at for at, cell in enumerate(cells) if cell.strip()]
    if len(filled) == 1 and len(header) > 1 and _needs_more(plan, filled[0]):
        return "section_rows"
    if any(fold(cells[at] if at < len(cells) else "") != fold(text) for at, text in plan.where.items()):
        return "left_out"
    return ""


def _needs_more(plan, at):
    """Whether a lone cell in this column cannot be a record: it has no field, or another column must be filled too."""
    lone = plan.columns.get(at)
    wanted = {part.name for part in plan.columns.values() if part.required}
    return lone is None or bool(wanted - {lone.name} - set(plan.constants))


def _tell_aside(aside, outcome):
    for code, found in aside.items():
        if found:
            rows, texts = _some(sorted(found))
            outcome.tell(code, _SKIPPED[code](len(found), rows, texts))


def _some(found):
    """The first few rows' numbers and texts, and … where there are more."""
    more = ("…",) if len(found) > _NAMED_ROWS else ()
    return tuple(number for number, _ in found[:_NAMED_ROWS]) + more, tuple(text[:20] for _, text in found[:_NAMED_ROWS]) + more


def _row(plan, table, number, cells):
    row = Row(number, dict(plan.constants))
    beyond = [cell for cell in cells[len(table.columns) :] if cell.strip()]
    if beyond:
        row.refuse("", "too_many_cells", say("这一行比表头多 {count} 格，内容可能错了位。", count=len(beyond)))
    if table.encoding and len(cells) < max(at for at, head in enumerate(table.heads) if head) + 1:
        row.warn("", "too_few_cells", say("这一行只有 {count} 格，缺的当作空白。", count=len(cells)))
    for at, part in plan.columns.items():
        cell = cells[at] if at < len(cells) else ""
        text = plan.translate.get(part.name, {}).get(cell.strip(), cell)
        row.texts[part.name] = text
        if isinstance(cell, readers.Damaged) and text is cell:
            row.refuse(part.name, "damaged", cell.why)
    return row


def understand(plan, rows):
    """Cleans every cell, once; relations are looked up column by column. Faults wait: a cell that says what is stored is right."""
    for name in (*plan.heads, *plan.constants):
        part = plan.register.field(name)
        if isinstance(part, (Relation, Relations)):
            texts = {row.texts[name] for row in rows if row.texts.get(name, "").strip()}
            known = matching.resolve(part, texts, plan.actor) if texts else {}
            for row in rows:
                _take_relation(row, name, known.get(row.texts[name]))
        elif not isinstance(part, (Derived, Attachment)):
            for row in rows:
                _take(row, part)
    for row in rows:
        row.identity = matching.identity(plan.register, row.values, row.faults)
        if not row.identity:
            _refuse_unidentified(plan, row)


def _take_relation(row, name, known):
    if isinstance(known, Unresolved):
        row.faults[name] = ("out_of_scope" if known.foreign else "relation", known.sentence)
    else:
        row.values[name] = known


def _take(row, part):
    try:
        row.values[part.name] = part.clean(str(row.texts[part.name]))
    except FieldError as error:
        row.faults[part.name] = (error.code, error.sentence)


def _refuse_unidentified(plan, row):
    """A row that does not say which record it is: its faults say why, else what is missing."""
    key = [plan.register.field(name) for name in plan.register.key]
    for part in key:
        if row.values.get(part.name) is None and part.name not in row.faults and not getattr(part, "make", ""):
            row.refuse(part.name, "required", say("请填写「{label}」。", label=part.title))
    row.refuse_faults()


def without_repeats(rows, outcome):
    """The rows without those that say again what an earlier one said; a row that says otherwise of the same record is wrong."""
    first, kept = {}, []
    for row in rows:
        earlier = first.setdefault(row.mark, row) if row.identity else row
        if earlier is row:
            kept.append(row)
        elif {name: fold(text) for name, text in earlier.texts.items()} == {name: fold(text) for name, text in row.texts.items()}:
            outcome.warning += 1
            sentence = say("第 {row} 行与第 {first} 行重复，只导入一次。", row=row.number, first=earlier.number)
            outcome.tell("repeated", sentence, row=row.number, level="warning")
        else:
            row.refuse("", "repeated", say("与第 {first} 行是同一条记录，内容却不同，请只留一行。", first=earlier.number))
            kept.append(row)
    return kept
