"""The limited process that opens forms: one question as a JSON line and the file's bytes, one answer likewise.

{"do": "inspect", "kind": "docx", "size": n}; {"do": "fill", …, "heads": {…}, "rows": […] or null};
{"do": "each", …, "records": [[file name, heads], …]} gives a zip. A file that breaks it ends this process alone.
"""

import io
import json
import resource
import sys
import zipfile

from services.templates import books, packages, papers

MEMORY, SECONDS, BIGGEST = 1024**3, 120, 256 * 1024**2


def inspect(kind, data, listed):
    packages.check(data)
    return {"found": kind.inspect(data, listed)}, b""


def fill(kind, data, heads, rows):
    return {}, kind.fill(data, heads, rows)


def each(kind, data, records):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package:
        for name, heads in records:
            package.writestr(name, kind.fill(data, heads, None))
    return {}, out.getvalue()


DO = {"inspect": inspect, "fill": fill, "each": each}
KINDS = {"xlsx": books, "docx": papers}


def limit():
    """So much memory and time, and no large file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (BIGGEST, BIGGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main():
    limit()
    source, out = sys.stdin.buffer, sys.stdout.buffer
    asked = json.loads(source.readline())
    data = source.read(asked.pop("size"))
    try:
        answer, made = DO[asked.pop("do")](KINDS[asked.pop("kind")], data, **asked)
    except packages.Refused as refused:
        answer, made = {"refused": refused.code, "what": refused.what}, b""
    out.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n" + made)


if __name__ == "__main__":
    main()
