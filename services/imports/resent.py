"""An error workbook sent again belongs to the import it came from: what was answered there holds, what was right there is not judged anew."""

from dataclasses import dataclass, replace

from models.errors import NotFound
from services import readers
from services.error_workbook import fingerprint, origin_of
from services.imports import chunks, store

# What was said of the earlier import and holds for its error workbook, unless this one says otherwise.
_HOLDS = ("mapping", "constants", "translate", "where", "key", "values", "remember", "section", "fill_down")
# Where these are not as they were, a row that was right may mean something else now.
_MEANING = ("constants", "translate", "where", "key")


@dataclass(frozen=True)
class Earlier:
    """An earlier import of the same person into the same register, and the place of the file that comes again."""

    item: store.Import
    file: int


def earlier(item, source, parser):
    """The Earlier of a file of an import; None for any other file, also another person's or register's error workbook."""
    origin = origin_of(source, parser)
    if origin is None:
        return None
    try:
        before = store.load(origin.plan)
    except NotFound:
        return None
    layouts = before.found.get("layouts", [])
    was_read = origin.file < len(layouts) and layouts[origin.file] is not None
    same = (before.owner, before.register) == (item.owner, item.register)
    return Earlier(before, origin.file) if same and was_read else None


def continued(item):
    """The import, with what was answered in the one its only file came from; noted once, so that later answers stand."""
    if "earlier" in item.asked:
        return item
    sources = readers.open_files(store.files(item.id))
    with readers.Parser() as parser:
        before = earlier(item, sources[0], parser) if len(sources) == 1 else None
    held = {name: before.item.asked[name] for name in _HOLDS if name in before.item.asked} if before else {}
    said = {name: value for name, value in item.asked.items() if name not in held or value}
    asked = held | said | {"earlier": before.item.id if before else None}
    store.save(item.id, asked=asked)
    return replace(item, asked=asked)


def settled(before, item, matches):
    """The fingerprints of the earlier file's rows that were written or found unchanged, with nothing to say of them.

    None of them where the columns, or what was set for every row, are not as they were. Rows that read alike are settled all or none.
    """
    heads = {match.field.name: match.head for match in matches if match.field}
    sources = readers.open_files(store.files(before.item.id))
    if heads != before.item.found["heads"][before.file] or not _means_the_same(before.item, item) or not sources:
        return frozenset()
    sheet, header, _, encoding, _ = before.item.found["layouts"][before.file]
    right, found, open_ = _right(before), set(), set()
    table = readers.read(sources[before.file], sheet=sheet or None, header=tuple(header), encoding=encoding or None)
    for row in table.rows:
        (found if row.number in right else open_).add(fingerprint(row.cells))
    return frozenset(found - open_)


def _means_the_same(before, item):
    return before.empty == item.empty and all(before.asked.get(name) == item.asked.get(name) for name in _MEANING)


def _right(before):
    """The numbers of the rows of the earlier file that need no new check."""
    item, found = before.item, set()
    for at, verdicts in chunks.each(item.id):
        written = item.state == store.APPLIED or (item.state in (store.PLANNED, store.APPLYING) and at < item.position)
        good = ("unchanged", "new", "changed") if written else ("unchanged",)
        found |= {one.number for one in verdicts if one.file == before.file and one.outcome in good and not one.told}
    return found
