"""What calamine does not tell of an .ods: merged ranges, hidden rows and columns, percentages, error values."""

import io
import re
import zipfile
from xml.etree import ElementTree

_MATTERS = re.compile(rb'visibility="|percentage"|-spanned=|value-type="error"|<text:p>(?:0[0-9]|TRUE<|FALSE<)')
_SHOWN = re.compile(r"0[0-9]+|TRUE|FALSE")


class Content:
    """The content of an .ods, by sheet. It is read through only where it says something beyond values."""

    def __init__(self, data):
        self._archive = zipfile.ZipFile(io.BytesIO(data))

    def size(self, name):
        return None

    def of(self, name, layout):
        content = self._archive.read("content.xml")
        if _MATTERS.search(content):
            _Reader(name, layout).read(io.BytesIO(content))
        return layout


class _Reader:
    """Walks the rows of one table, counting what is repeated."""

    def __init__(self, name, layout):
        self._name, self._layout = name, layout
        self._inside, self._row, self._column = False, 0, 0

    def read(self, file):
        for event, element in ElementTree.iterparse(file, events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if event == "start" and tag == "table":
                self._inside = _of(element, "name") == self._name
            elif event == "end" and self._inside and tag in _STEPS:
                _STEPS[tag](self, element)
                if tag == "table-row":
                    element.clear()

    def column(self, element):
        repeated = int(_of(element, "number-columns-repeated") or 1)
        if _of(element, "visibility") in ("collapse", "filter"):
            self._layout.hidden_columns += range(self._column, min(self._column + repeated, 1024))
        self._column += repeated

    def row(self, element):
        repeated = int(_of(element, "number-rows-repeated") or 1)
        at = 0
        for cell in element:
            repeated_cell = int(_of(cell, "number-columns-repeated") or 1)
            self._cell(cell, at, repeated_cell)
            at += repeated_cell
        if _of(element, "visibility") in ("collapse", "filter"):
            self._layout.hidden_rows += range(self._row + 1, min(self._row + repeated, 1 << 20) + 1)
        self._row += repeated

    def _cell(self, cell, at, repeated):
        right, down = int(_of(cell, "number-columns-spanned") or 1), int(_of(cell, "number-rows-spanned") or 1)
        if right > 1 or down > 1:
            self._layout.merged.append([self._row, at, self._row + down - 1, at + right - 1])
        kinds = {value for key, value in cell.attrib.items() if key.endswith("}value-type")}
        if not kinds:
            return
        text = "".join(cell.itertext())
        for each in range(at, at + min(repeated, 1024)):
            if "error" in kinds:
                self._layout.damage.setdefault(self._row + 1, {})[each] = ["error", text]
            elif "percentage" in kinds:
                self._layout.looks.setdefault(self._row + 1, {})[each] = ("percent", 0)
            elif "float" in kinds and _SHOWN.fullmatch(text):
                self._layout.looks.setdefault(self._row + 1, {})[each] = ("text", text)


def _of(element, name):
    return next((value for key, value in element.attrib.items() if key.endswith(f"}}{name}")), None)


_STEPS = {"table-column": _Reader.column, "table-row": _Reader.row}
