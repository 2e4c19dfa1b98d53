"""Forms that are Word documents: what they ask for, and filled by plain replacement. Styles stay; nothing in them is run."""

import copy
import io
import re
import zipfile

from lxml import etree

from services.templates import marks
from services.templates.packages import Refused

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_TEXTS = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes)\.xml")
# Fields that fetch, link or start something when the document is opened.
_ACTIVE = re.compile(r"\b(?:DDE\w*|INCLUDE\w*|LINK|IMPORT\w*|MACROBUTTON|DATABASE|EMBED|AUTOTEXT\w*)\b", re.IGNORECASE)


def inspect(data, listed):
    """[(name, where)] of a document's placeholders; in a list, fields stand in rows of tables. Refused for what a form must not hold."""
    found = []
    for _, root in _parts(data):
        for field in root.iter(f"{W}instrText", f"{W}fldSimple"):
            if _ACTIVE.search(field.text or field.get(f"{W}instr") or ""):
                raise Refused("field_code", (field.text or field.get(f"{W}instr"))[:60].strip())
        for paragraph in root.iter(f"{W}p"):
            text = "".join(part.text or "" for part in _text_parts(paragraph))
            if marks.CODE.search(text):
                raise Refused("code", marks.CODE.search(text)[0])
            names = marks.found(text)
            outside = set(names) - set(marks.HEADS) if next(paragraph.iterancestors(f"{W}tr"), None) is None else ()
            if listed and outside:
                raise Refused("not_in_row", min(outside))
            found += [(name, text[:40]) for name in names]
    return found


def fill(data, heads, rows):
    """The document filled; `heads` and `rows` as for services.templates.books.fill."""
    parts = _parts(data)
    for _, root in parts:
        if rows is not None:
            for row in [row for row in root.iter(f"{W}tr") if _asks(row, heads)]:
                _repeat(row, heads, rows)
        for paragraph in root.iter(f"{W}p"):
            _fill_paragraph(paragraph, heads)
    return _saved(data, parts)


def _parts(data):
    """[(name, root)] of the parts that carry text."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return [(name, etree.fromstring(package.read(name), parser)) for name in package.namelist() if _TEXTS.fullmatch(name)]


def _saved(data, parts):
    changed = {name: etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True) for name, root in parts}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in package.infolist():
            made.writestr(entry.filename, changed.get(entry.filename) or package.read(entry))
    return out.getvalue()


def _text_parts(paragraph):
    """The text elements of a paragraph, without those of paragraphs inside it (text boxes)."""
    return [part for part in paragraph.iter(f"{W}t") if next(part.iterancestors(f"{W}p")) is paragraph]


def _asks(row, heads):
    """Whether a row, apart from tables inside it, has a placeholder of something else than the heading."""
    for paragraph in row.iter(f"{W}p"):
        if next(paragraph.iterancestors(f"{W}tr")) is row:
            text = "".join(part.text or "" for part in _text_parts(paragraph))
            if set(marks.found(text)) - set(heads):
                return True
    return False


def _repeat(row, heads, rows):
    for record in rows:
        made = copy.deepcopy(row)
        for paragraph in made.iter(f"{W}p"):
            _fill_paragraph(paragraph, heads | record)
        row.addprevious(made)
    row.getparent().remove(row)


def _fill_paragraph(paragraph, words):
    """Word cuts a placeholder into several runs as it likes: the first keeps its looks for the whole word."""
    parts = _text_parts(paragraph)
    text = "".join(part.text or "" for part in parts)
    for mark in reversed(list(marks.MARK.finditer(text))):
        _replace(parts, mark.start(), mark.end(), words.get(mark[1], ("text", ""))[1])
    for part in parts:
        _break_lines(part)


def _replace(parts, start, end, word):
    at = 0
    for part in parts:
        own = part.text or ""
        first, last = max(start - at, 0), min(end - at, len(own))
        if first < last:
            part.text = own[:first] + (word if at <= start < at + len(own) else "") + own[last:]
            part.set(SPACE, "preserve")
        at += len(own)


def _break_lines(part):
    first, *lines = (part.text or "").split("\n")
    if not lines:
        return
    part.text, after = first, part
    for line in lines:
        for name, text in (("br", None), ("t", line)):
            made = part.makeelement(f"{W}{name}")
            made.text = text
            after.addnext(made)
            after = made
        after.set(SPACE, "preserve")
