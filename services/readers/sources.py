"""What was uploaded: each file its own source, zips unpacked, the kind told by the content."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from models.errors import Invalid, say
from services.readers import faults, unpack
from services.readers.kinds import WORKBOOKS, kind_of
from services.readers.limits import limits


@dataclass(frozen=True)
class SheetInfo:
    """A sheet: its name, how many rows and columns it says it has, whether it is hidden."""

    name: str
    rows: int
    columns: int
    hidden: bool


@dataclass
class Source:
    """One file. `kind` is xlsx, xls, ods, xlsb or text by its content; "" where `fault` (an Invalid) says why it is not read."""

    name: str
    data: bytes = field(repr=False)
    kind: str = ""
    fault: Invalid | None = None
    packet: str = ""

    @cached_property
    def sha256(self):
        """Of its bytes: the same file again has the same."""
        return hashlib.sha256(self.data).hexdigest()

    def sheets(self, parser):
        """[SheetInfo] of a workbook, () of a text file. Invalid where it cannot be read. Not while the parser's rows are under way."""
        self.check()
        if self.kind not in WORKBOOKS:
            return ()
        parser.open(self, limits())
        found = parser.ask(self.name, limits(), {"do": "sheets"})["sheets"]
        return tuple(SheetInfo(name, rows, columns, not visible) for name, visible, rows, columns in found)

    def check(self):
        """Raises what is wrong with it."""
        if self.fault is not None:
            raise self.fault


def open_files(uploads):
    """[Source] of [(name, bytes or path)]: the files of a zip one by one, in the zip's order.

    A file that cannot be read is a source with a `fault`, so that one of hundreds spoils nothing. Invalid for a zip that is not
    opened at all, and for more files than the limit.
    """
    bounds, found = limits(), []
    for name, content in uploads:
        found += _sources(Path(name).name or name, content, bounds)
        if len(found) > bounds.files:
            raise faults.too_many_files(name, bounds.files)
    return found


def open_path(path):
    """The one Source at a path. Invalid where there is no file, or a zip holds several."""
    path = Path(path)
    if not path.is_file():
        raise faults.refuse("no_file", say("没有找到文件「{name}」。", name=path.name))
    found = open_files([(path.name, path)])
    if len(found) != 1:
        raise faults.refuse(
            "several_files", say("压缩包「{name}」里有 {count} 个文件，请一次导入一个。", name=path.name, count=len(found))
        )
    return found[0]


def _sources(name, content, bounds):
    try:
        data = _bytes(name, content, bounds)
        kind = kind_of(name, data)
        archive = None
        if not kind:
            kind, archive = unpack.inspect(name, data, bounds)
    except Invalid as fault:
        return [Source(name, b"", fault=fault)]
    if kind != "zip":
        return [Source(name, data, kind)]
    return [_member(name, *member) for member in unpack.unpack(name, archive, bounds)]


def _member(packet, name, data):
    try:
        kind = kind_of(name, data) or unpack.inspect(name, data, limits())[0]
    except Invalid as fault:
        return Source(name, data, fault=fault, packet=packet)
    if kind == "zip":
        return Source(name, data, fault=faults.nested_zip(packet, name), packet=packet)
    return Source(name, data, kind, packet=packet)


def _bytes(name, content, bounds):
    if isinstance(content, (bytes, bytearray)):
        data = bytes(content)
    else:
        with open(content, "rb") as file:
            data = file.read(bounds.file + 1)
    if len(data) > bounds.file:
        raise faults.too_big(name, bounds.file >> 20)
    return data
