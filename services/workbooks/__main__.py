"""The limited process: asked in JSON lines on its standard input, it answers in JSON lines.

{"do": "open", "size": n, …} and n bytes of a workbook; then "sheets", "head" and "rows" of a sheet of it. A file that breaks the parser
ends this process, and the one who asked knows what that means.
"""

import io
import json
import sys

from services.workbooks import books
from services.workbooks.limits import allow_seconds, close_doors, limit_memory

BATCH = 500


class Asked:
    """The workbook that is open, and what can be asked about it."""

    def open(self, out, *, kind, limits, data):
        self.book = books.open_book(kind, data, limits)
        self.shown = {}
        _line(out, {"sheets": [[name, visible] for name, visible in self.book.names]})

    def sheets(self, out):
        _line(out, {"sheets": [[name, visible, *self.book.size(name)] for name, visible in self.book.names]})

    def head(self, out, *, sheet, rows):
        found = self._sheet(sheet)
        _line(out, {**found.layout(), "head": _packed(found.rows(0, rows))})

    def rows(self, out, *, sheet, after):
        batch = []
        for row in self._sheet(sheet).rows(after, None):
            batch.append(row)
            if len(batch) == BATCH:
                _line(out, {"rows": _packed(batch)})
                batch = []
        if batch:
            _line(out, {"rows": _packed(batch)})
        _line(out, {"end": True})

    def _sheet(self, name):
        if name not in self.shown:
            self.shown = {name: self.book.sheet(name)}
        return self.shown[name]


def _packed(rows):
    """[[number, cells], …] and, apart, the few cells that are damaged: {number: {at: [kind, text]}}."""
    rows = list(rows)
    return [[[number, cells] for number, cells, _ in rows], {number: damage for number, _, damage in rows if damage}]


def _line(out, value):
    out.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    asked, source = Asked(), sys.stdin.buffer
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogatepass", newline="\n", write_through=False)
    limit_memory()
    close_doors()
    for line in iter(source.readline, b""):
        allow_seconds()
        request = json.loads(line)
        if "size" in request:
            request["data"] = source.read(request.pop("size"))
        try:
            getattr(asked, request.pop("do"))(out, **request)
        except books.Refused as refused:
            _line(out, {"refused": refused.code, **refused.params})
        out.flush()


if __name__ == "__main__":
    main()
