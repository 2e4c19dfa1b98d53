"""An import as people and programs are shown it: its state, its questions, a sample of its rows, pages of all, what is wrong."""

from dataclasses import dataclass

from models import registry
from models.errors import FieldError, say
from models.fields import Relation, Relations, masked
from models.sentences import unpacked
from services import policy, query
from services.imports import chunks, layout, store
from services.imports.messages import Message

SAMPLE = 100
_FIRST = ("error", "out_of_scope", "warning", "changed", "new", "unchanged")
_MOST_PAGE = 200


@dataclass(frozen=True)
class Page:
    """Rows of an import, as JSON values, and the `after` of the next page; None on the last."""

    rows: list
    next: int | None


def plain(part):
    """The Chinese words of a sentence, a label or a text."""
    return part.text() if hasattr(part, "text") else str(part)


def to_json(item, actor, text=plain):
    """An import as the API answers it (DESIGN §6). `text` gives the words of a sentence or label in the reader's language."""
    found = item.found
    view = policy.view(registry.get(item.register), actor)
    return {
        "id": item.id,
        "register": item.register,
        "state": item.state,
        "mode": item.mode,
        "policy": item.policy,
        "empty": item.empty,
        "files": [{"name": name, "size": size, "sha256": sha256} for name, size, sha256 in store.names(item.id)],
        "sheet": found.get("sheet", ""),
        "sheets": found.get("sheets", []),
        "encoding": found.get("encoding", ""),
        "header_rows": found.get("header_rows", []),
        "first_rows": found.get("first_rows", []),
        "columns": found.get("columns", []),
        "skipped": [{"row": row, "why": text(layout.WHY[group]), "text": said} for row, group, said, _ in found.get("skipped", [])],
        "questions": [_question(one, text) for one in item.questions],
        "counts": item.counts,
        "messages": [
            {"code": code, "level": level, "message": text(unpacked(said)), "file": file}
            for code, said, level, file in found.get("messages", [])
        ],
        "rows": _rows_json(item, view, actor, sample(item), text),
        "change_set": item.change_set,
        "message": text(item.message) if item.message else None,
        "earlier": item.asked.get("earlier"),
        "undone": _undone(found.get("undone"), text),
        "job": item.job,
    }


def _question(one, text):
    choices = [{"value": choice["value"], "label": text(unpacked(choice["label"]))} for choice in one["choices"]]
    return one | {"choices": choices, "label": text(unpacked(one["label"])) if one["label"] else ""}


def _undone(found, text):
    if not found:
        return None
    kept = [
        {"register": text(unpacked(register)), "title": title, "message": text(unpacked(said))}
        for register, title, said in found["kept"]
    ]
    return {"count": found["count"], "kept": kept, "kept_count": found["kept_count"]}


def sample(item):
    """Verdicts to be shown first: all of a short file, else some of each outcome, what is wrong before what is right."""
    if not item.counts:
        return []
    each, found = SAMPLE // len(_FIRST), {}
    for outcome in _FIRST:
        room = each if sum(item.counts.values()) > SAMPLE else SAMPLE
        for one in _of_outcome(item.id, outcome):
            if room <= 0 or len(found) >= SAMPLE:
                break
            room -= (one.file, one.number) not in found
            found[one.file, one.number] = one
    return sorted(found.values(), key=lambda one: (one.file, one.number))


def _of_outcome(id, outcome):
    for _, verdicts in chunks.each(id, outcomes=(outcome,)):
        for one in verdicts:
            if one.outcome == outcome or (outcome == "warning" and one.warned):
                yield one


def page(item, actor, *, outcome="", after=0, limit=SAMPLE, text=plain):
    """Rows in the order of the file from `after` on (0 at first), of one outcome if given; a warned row is among the warnings too."""
    limit, found, last = max(1, min(limit, _MOST_PAGE)), [], None
    start, skip = divmod(max(0, after), chunks.PLACES)
    for at, verdicts in chunks.each(item.id, start=start, outcomes=(outcome,) if outcome else ()):
        for place, one in enumerate(verdicts):
            if (at == start and place < skip) or (
                outcome and not (one.outcome == outcome or (outcome == "warning" and one.warned))
            ):
                continue
            if len(found) == limit:
                return Page(_rows_json(item, _view(item, actor), actor, found, text), last)
            found.append(one)
            last = at * chunks.PLACES + place + 1
    return Page(_rows_json(item, _view(item, actor), actor, found, text), None)


def _view(item, actor):
    return policy.view(registry.get(item.register), actor)


def _rows_json(item, view, actor, verdicts, text):
    labels = _labels(view, actor, verdicts)
    records = query.labels(view.name, {one.id for one in verdicts if one.id}, actor)
    several = len(item.found.get("files", ())) > 1
    made = []
    for one in verdicts:
        changes = {
            name: [_old(view.by_name[name], one.old.get(name), labels), _new(view.by_name[name], raw, labels)]
            for name, raw in one.changes.items()
            if name in view.by_name
        }
        told = [_told(item, one, *said, text) for said in one.told]
        record = {"id": one.id, "label": records[one.id]} if one.id in records else None
        row = {"row": one.number, "outcome": one.outcome, "record": record, "changes": changes, "messages": told}
        made.append(row | {"file": item.found["files"][one.file]} if several else row)
    return made


def _told(item, one, name, code, sentence, level, text):
    return {
        "cell": _cell(item, one, name),
        "field": name,
        "code": code,
        "level": level,
        "message": text(sentence),
        "value": one.texts.get(name, ""),
    }


def _cell(item, one, name):
    """The address of a row's cell of a field, B17; "" where no column says it."""
    letter = item.found["letters"][one.file].get(name, "")
    return f"{letter}{one.number}" if letter else ""


def _labels(view, actor, verdicts):
    """{register: {id: label}} of what the rows' relations point at, before and after."""
    wanted = {}
    for one in verdicts:
        for name, raw in one.changes.items():
            part = view.by_name.get(name)
            if isinstance(part, (Relation, Relations)):
                wanted.setdefault(part.to, set()).update(_ids(raw) | _ids(one.old.get(name)))
    return {register: query.labels(register, ids, actor) for register, ids in wanted.items()}


def _ids(value):
    return {id for id in (value if isinstance(value, list) else [value]) if isinstance(id, int)}


def _old(part, value, labels):
    if part.sensitivity == "masked" and value is not None:
        return masked(part.render(part.clean(value)))
    return _shown(part, value, labels)


def _new(part, raw, labels):
    if isinstance(part, (Relation, Relations)):
        return _shown(part, raw, labels)
    try:
        return part.to_json(part.clean(raw))
    except FieldError:
        # The declaration has changed since the plan: the text as it came.
        return raw


def _shown(part, value, labels):
    """A relation's value with its label; any other as it is."""
    if not isinstance(part, (Relation, Relations)) or value is None:
        return value
    known = labels.get(part.to, {})
    found = [{"id": id, "label": known.get(id, "")} for id in _ids(value)]
    return found if isinstance(value, list) else found[0] if found else None


def messages(item, *, levels=("error", "warning", "info")):
    """Every Message of an import: first those about its files, then row by row."""
    for code, said, level, file in item.found.get("messages", []):
        if level in levels:
            yield Message(None, "", "", code, unpacked(said), level, file=file)
    files, heads = item.found.get("files", []), item.found.get("heads", [])
    told = tuple(name for name in ("error", "out_of_scope", "warning") if name != "warning" or "warning" in levels)
    for _, verdicts in chunks.each(item.id, outcomes=told):
        for one in verdicts:
            for name, code, sentence, level in one.told:
                if level in levels:
                    head = heads[one.file].get(name, "")
                    yield Message(one.number, head, name, code, sentence, level, cell=_cell(item, one, name), file=files[one.file])


def marks(item, file, text=plain):
    """[(row, column from 0 or None, words)] of what is wrong or warned of in one file, for the workbook that goes back."""
    letters = item.found["letters"][file]
    found = []
    for _, verdicts in chunks.each(item.id, outcomes=("error", "out_of_scope", "warning")):
        for one in verdicts:
            if one.file == file:
                found += [
                    (one.number, column_of(letters[name]) if name in letters else None, text(said)) for name, _, said, _ in one.told
                ]
    return found


def column_of(letter):
    """0 of "A", 27 of "AB"."""
    at = 0
    for character in letter:
        at = at * 26 + ord(character) - 64
    return at - 1


def closing(item):
    """What is said at the end where rows are wrong and all must go: that nothing was written."""
    if item.refused and item.policy == "all" and item.state == store.PLANNED:
        return say("有 {count} 行不能导入，没有写入任何行；改好后重新导入，或只导入正确的行。", count=item.refused)
    return None
