"""The limited process: asked in JSON lines on its standard input, it answers in JSON lines.

{"do": "open", "size": n, …} and n bytes of a workbook; then "sheets", "head" and "rows" of a sheet of it. A file that breaks the parser
ends this process, and the one who asked knows what that means.
"""

import codecs
import io
import json
import resource
import sys

from services.workbooks import books

MEMORY, SECONDS = 2 * 1024**3, 120
BATCH = 500
# Old .xls name their own code page; a codec is a file, and later no file can be opened.
_CODECS = (
    "cp437",
    "gbk",
    "gb18030",
    "big5",
    "cp932",
    "cp949",
    "cp1250",
    "cp1251",
    "cp1252",
    "mac_roman",
    "latin_1",
    "utf_16_le",
    "ascii",
)


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


def limit():
    """No more memory than this, no other process, and no file or connection beyond the three that are open."""
    for name in _CODECS:
        codecs.lookup(name)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_seconds():
    """The time one answer may take, from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def main():
    asked, source = Asked(), sys.stdin.buffer
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogatepass", newline="\n", write_through=False)
    limit()
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
