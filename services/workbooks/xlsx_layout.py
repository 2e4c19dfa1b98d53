"""What calamine does not tell of an .xlsx: hidden rows and columns, percent and 0000 formats, error values, formulas without result.

The parts are searched as bytes, a megabyte at a time: the few cells meant are found at a fraction of the cost of parsing them all, and
`<` cannot stand in the text of a part, so a tag found is a tag.
"""

import io
import re
import zipfile
from xml.etree import ElementTree

from services.workbooks.values import look_of

_PIECE = 1 << 20
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*hidden=[\"'](?:1|true)[\"'][^>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\s[^>]*>")
_ERROR = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=[\"']e[\"'][^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_UNWORKED = re.compile(
    rb"<(?:\w+:)?c\s([^>]*[^>/])>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
_SIZE = re.compile(rb"<(?:\w+:)?dimension\s[^>]*ref=[\"'](?:[A-Z]+\d+:)?([A-Z]+)(\d+)[\"']")
# The formats every Excel knows by number alone.
_BUILT_IN = {9: "0%", 10: "0.00%"}


class Parts:
    """The parts of a workbook, by sheet."""

    def __init__(self, data):
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._parts = dict(self._sheet_parts())
        self._looks = self._styles()

    def size(self, name):
        """(rows, columns) as the sheet itself says at its beginning; None where it does not."""
        if name not in self._parts:
            return None
        with self._archive.open(self._parts[name]) as file:
            found = _SIZE.search(file.read(4096))
        return (int(found[2]), column_of(found[1].decode()) + 1) if found else None

    def of(self, name, layout):
        """The layout, with what the sheet's part says."""
        if name not in self._parts:
            return layout
        wanted = self._wanted()
        with self._archive.open(self._parts[name]) as file:
            for first, piece in _pieces(file):
                if first:
                    layout.hidden_columns = _hidden_columns(piece)
                self._take(piece, wanted, layout)
        return layout

    def _take(self, piece, wanted, layout):
        if b"hidden=" in piece:
            layout.hidden_rows += [int(row) for tag in _ROW.findall(piece) if (row := _attributes(tag).get(b"r"))]
        if wanted:
            for found in wanted.finditer(piece):
                _place(layout.looks, found[1], lambda given: self._looks[int(given[b"s"])])
        if b't="e"' in piece or b"t='e'" in piece:
            for found in _ERROR.finditer(piece):
                value = _VALUE.search(found[2])
                _place(layout.damage, found[1], lambda given, value=value: ["error", value[1].decode() if value else ""])
        if b"<f" in piece or b":f" in piece:
            for found in _UNWORKED.finditer(piece):
                if b't="str"' not in found[1]:
                    _place(layout.damage, found[1], lambda given: ["no_result", ""])

    def _wanted(self):
        """Finds the cells that carry a style whose format says more than the number."""
        if not self._looks:
            return None
        styles = "|".join(map(str, self._looks)).encode()
        return re.compile(rb"<(?:\w+:)?c\s([^>]*\bs=[\"'](?:" + styles + rb")[\"'][^>]*)>")

    def _sheet_parts(self):
        names = set(self._archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return
        links = ElementTree.fromstring(self._archive.read("xl/_rels/workbook.xml.rels"))
        targets = {link.get("Id"): link.get("Target") for link in links}
        for sheet in ElementTree.fromstring(self._archive.read("xl/workbook.xml")).findall(".//{*}sheet"):
            id = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
            target = targets.get(id) or ""
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part in names:
                yield sheet.get("name"), part

    def _styles(self):
        """{style number: look} of the styles that matter."""
        if "xl/styles.xml" not in self._archive.namelist():
            return {}
        styles = ElementTree.fromstring(self._archive.read("xl/styles.xml"))
        codes = _BUILT_IN | {
            int(one.get("numFmtId", 0)): one.get("formatCode", "") for one in styles.iterfind("{*}numFmts/{*}numFmt")
        }
        used = [int(one.get("numFmtId") or 0) for one in styles.iterfind("{*}cellXfs/{*}xf")]
        return {at: look for at, id in enumerate(used) if (look := look_of(codes.get(id, "")))}


def _pieces(file):
    """(whether it is the first, bytes), cut behind a row, so that no cell is cut in two."""
    waiting, first = b"", True
    while piece := file.read(_PIECE):
        waiting += piece
        cut = waiting.rfind(b"</row>") + 6
        cut = cut if cut > 5 else waiting.rfind(b":row>") + 5
        if cut > 4:
            yield first, waiting[:cut]
            waiting, first = waiting[cut:], False
    yield first, waiting


def _place(found, tag, value):
    given = _attributes(tag)
    address = given.get(b"r", b"").decode()
    if address:
        found.setdefault(int(address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), {})[column_of(address)] = value(given)


def _hidden_columns(piece):
    found = []
    for tag in _COLUMN.findall(piece):
        given = _attributes(tag)
        if given.get(b"hidden") in (b"1", b"true"):
            found += range(int(given[b"min"]) - 1, min(int(given[b"max"]), 16_384))
    return found


def _attributes(tag):
    return dict(_ATTRIBUTE.findall(tag))


def column_of(address):
    """0 of "A7", 27 of "AB7"."""
    at = 0
    for letter in address.rstrip("0123456789"):
        at = at * 26 + ord(letter) - 64
    return at - 1
