"""What a clerk is asked, once for each column and each distinct text, with the likely answers first."""

import hashlib

from models import registry
from models.errors import Fault, Invalid, Label, say
from models.fields import Choice, Relation, Relations, YesNo
from models.fields.choice import ANSWERS
from models.sentences import packed
from services import policy, query, readers
from services.imports import columns, matching
from services.imports.rows import EMPTY_ANSWER, section_text

COLUMN, VALUE, SECTION, FILL_DOWN, ENCODING, HEADER = "column", "value", "section", "fill_down", "encoding", "header"
LEAVE_OUT = ""
MOST_VALUES, _MOST_CANDIDATES, _MOST_NAMES, _MOST_ROWS, _MOST_HEADS = 200, 8, 5_000, 5, 20


def question(kind, value, choices, *, field="", label=None, count=0, rows=()):
    """One question as it is kept; its id is the same whenever the same is asked."""
    id = hashlib.sha256(f"{kind}|{field}|{value}".encode()).hexdigest()[:12]
    made = {"id": f"{kind}-{id}", "kind": kind, "value": value, "choices": [_choice(*choice) for choice in choices]}
    return made | {"field": field, "label": packed(label), "count": count, "rows": list(rows)}


def _choice(value, label):
    return {"value": value, "label": packed(label)}


def of_columns(names, matches, constants):
    """A question for each column that is none of the fields for sure."""
    taken, found = {match.field.name for match in matches if match.field} | set(constants), {}
    for match in matches:
        if match.how == columns.OPEN and match.head not in found:
            fields = names.candidates(match.head, taken)
            likely = [(field.name, field.title) for field in fields]
            ignore = (LEAVE_OUT, Label("不导入这一列", "Leave this column out"))
            first = fields and columns.sounds_like(match.head, fields[0])
            choices = [*likely, ignore] if first else [ignore, *likely]
            found[match.head] = question(COLUMN, match.head, choices)
    return list(found.values())


def of_values(register, actor, unknown):
    """A question for each text that a field does not know: {(field name, text): (count, first rows)}, the most frequent first."""
    found, names = [], {}
    for (name, text), (count, rows) in sorted(unknown.items(), key=lambda item: -item[1][0])[:MOST_VALUES]:
        part = register.field(name)
        if isinstance(part, (Relation, Relations)):
            if part.to not in names:
                names[part.to] = _names(part.to, actor)
            likely = _likely(text, names[part.to])
        else:
            likely = [(option.code, option.title) for option in _options(part)]
        choices = [
            *likely,
            (EMPTY_ANSWER, Label("当作空白", "Take it as empty")),
            (LEAVE_OUT, Label("不导入这些行", "Do not import these rows")),
        ]
        found.append(question(VALUE, text, choices, field=name, label=part.title, count=count, rows=rows[:_MOST_ROWS]))
    return found


def _options(part):
    return part.options if isinstance(part, Choice) else ANSWERS if isinstance(part, YesNo) else ()


def _names(register_name, actor):
    """[(id, label, its pairs of characters)] of the records the actor may choose from, as far as they can be looked through."""
    full = registry.get(register_name)
    if not actor.system and not policy.may(actor, "view", full):
        return []
    source = policy.rows(full, actor)
    ids = [id for (id,) in source.select(source.model.id).order_by(source.model.id).limit(_MOST_NAMES).tuples()]
    return [(id, label, _pairs(label)) for id, label in query.labels(register_name, ids, actor).items()]


def _pairs(text):
    text = matching.fold(text).casefold()
    return {text[at : at + 2] for at in range(len(text) - 1)} or {text}


def _likely(text, names):
    """The records whose names share most with a text."""
    mine = _pairs(text)
    shared = [(len(mine & pairs) / len(mine | pairs), id, label) for id, label, pairs in names if mine & pairs]
    found = [(id, label) for _, id, label in sorted(shared, reverse=True)[:_MOST_CANDIDATES]]
    # A short list is offered whole: nobody has to search among a dozen districts.
    rest = [(id, label) for id, label, _ in names if (id, label) not in found] if len(names) <= 30 else []
    return found + rest


def of_sections(register, actor, sections, said, meanings):
    """Whether the lines that stand alone above their rows are a field's value: asked where most of them are one."""
    texts = {section_text(text) for _, text in sections} - {""}
    fields = []
    for part in register.live:
        if part.name not in said and not part.readonly and isinstance(part, (Relation, Choice)) and texts:
            known = meanings.learn(part.name, texts)
            if sum(known[text].fault is None for text in texts) * 2 >= len(texts):
                fields.append((part.name, part.title))
    if not fields:
        return []
    named = "、".join(sorted(texts)[:_MOST_ROWS])
    rows = [row for row, _ in sections[:_MOST_ROWS]]
    return [question(SECTION, named, [*fields, (LEAVE_OUT, Label("不用", "No"))], count=len(sections), rows=rows)]


def of_fill_down(table, matches):
    """Whether an empty cell means the one above, in columns filled in the first row of each group only."""
    fields = {match.at: match for match in matches if match.field}
    yes_no = [
        ("yes", Label("空白的格用上一行的值", "An empty cell means the value above")),
        (LEAVE_OUT, Label("空白就是空白", "Empty is empty")),
    ]
    return [
        question(FILL_DOWN, str(at), yes_no, field=fields[at].field.name, label=fields[at].field.title)
        for at in table.fill_down
        if at in fields
    ]


def of_file(error, source):
    """The question in which a file that could not be read as it is can be answered; None where it cannot."""
    code = error.faults[0].code
    if code == "encoding":
        choices = [(name, "\n".join(line[:80] for line in lines[:5])) for name, lines in readers.encodings(source)]
        return question(ENCODING, source.name, choices, label=error.sentence)
    if code == "no_header":
        return question(HEADER, source.name, _first_rows(source), label=error.sentence)
    return None


def _first_rows(source):
    """Each of the first rows as a choice, with what it says."""
    try:
        with readers.Parser() as parser:
            head = readers.grid_of(source, parser=parser).head[:_MOST_HEADS]
    except Invalid:
        return []
    return [(str(row), "，".join(filter(None, (cell.strip() for cell in cells)))[:80]) for row, cells in head]


# Answers --------------------------------------------------------------------------------------------------------------


def take(register, actor, asked, open_questions, answers):
    """What is asked for once these {question id: value} are answered. Invalid, at the question's id, for what is no answer to it.

    A value may be {"value": …, "remember": true}: the unit's next import then knows it. Columns are remembered by themselves.
    """
    asked, faults = {**asked}, []
    known = {one["id"]: one for one in open_questions}
    for id, given in answers.items():
        value, keep = (given.get("value"), bool(given.get("remember"))) if isinstance(given, dict) else (given, False)
        one = known.get(id)
        if one is None or not _answers(register, actor, one, value):
            faults.append(Fault(str(id)[:80], "answer", say("这个回答不在可选的范围内，请从列出的选项里选。")))
        else:
            _TAKES[one["kind"]](asked, one, value, keep)
    if faults:
        raise Invalid(faults)
    return asked


def _answers(register, actor, one, value):
    if isinstance(value, (list, dict)) or value is None:
        return False
    if str(value) in {str(choice["value"]) for choice in one["choices"]}:
        return True
    part = register.by_name.get(one["field"])
    if one["kind"] == HEADER:
        return str(value).isdigit()
    wanted = str(value)
    return (
        isinstance(part, (Relation, Relations))
        and wanted.isascii()
        and wanted.isdigit()
        and len(wanted) < 19
        and policy.covers(registry.get(part.to), actor, "view", int(wanted))
    )


def _take_value(asked, one, value, keep):
    texts = asked.setdefault("values", {}).setdefault(one["field"], {})
    texts[one["value"]] = str(value)
    if keep:
        asked.setdefault("remember", {}).setdefault(one["field"], []).append(one["value"])


_TAKES = {
    COLUMN: lambda asked, one, value, keep: asked.setdefault("mapping", {}).update({one["value"]: value}),
    VALUE: _take_value,
    SECTION: lambda asked, one, value, keep: asked.update(section=value),
    FILL_DOWN: lambda asked, one, value, keep: asked.setdefault("fill_down", {}).update({one["value"]: value == "yes"}),
    ENCODING: lambda asked, one, value, keep: asked.update(encoding=value),
    HEADER: lambda asked, one, value, keep: asked.update(header=[int(value), int(value)]),
}
