"""Zips, checked before anything in them is opened: how much they hold, under which names."""

import io
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from services.readers import faults
from services.readers.kinds import kind_of_zip

_END = b"PK\x05\x06"
_DIRECTORY = 4 << 20
_USUAL = 20 << 20
_RATIO = 100
_PARTS = 20_000
_JUNK = ("__MACOSX/",)
_JUNK_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")


def inspect(name, data, limits):
    """(kind, members) of a zip: xlsx, xlsb, ods, or zip for a packet of files. Invalid for what is not opened at all."""
    archive = _archive(name, data)
    members = archive.infolist()
    seen = set()
    for member in members:
        if member.filename in seen:
            raise faults.same_name(name, member.filename)
        seen.add(member.filename)
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked or (unpacked > _USUAL and unpacked > _RATIO * len(data)):
        raise faults.too_big_unpacked(name, limits.unpacked >> 20)
    kind = kind_of_zip(name, seen)
    if kind != "zip" and any(member.flag_bits & 1 for member in members):
        raise faults.password(name)
    return kind, archive


def unpack(name, archive, limits):
    """(name, bytes) of each file in a packet, one after the other. Invalid for unsafe names, a zip in it, a password, damage."""
    members = [member for member in archive.infolist() if not _is_junk(member)]
    if len(members) > limits.files:
        raise faults.too_many_files(name, limits.files)
    for member in members:
        _check_name(name, member.filename)
        if member.flag_bits & 1:
            raise faults.password(name)
        yield shown_name(member), _content(name, archive, member, limits)


def shown_name(member):
    """Its name; one packed by an old Chinese Windows says GB18030 in bytes that read as cp437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _archive(name, data):
    """The zip's directory, its size looked at first: a directory of a million entries is a bomb of its own."""
    end = data.rfind(_END, max(0, len(data) - 65_557))
    if end < 0 or len(data) < end + 22:
        raise faults.unreadable(name)
    entries, size = struct.unpack_from("<HI", data, end + 10)
    if entries > _PARTS or size > _DIRECTORY:
        raise faults.too_many_files(name, _PARTS)
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise faults.unreadable(name) from error


def _content(name, archive, member, limits):
    if member.file_size > limits.file:
        raise faults.too_big(shown_name(member), limits.file >> 20)
    try:
        with archive.open(member) as file:
            return file.read(limits.file + 1)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, OSError) as error:
        raise faults.unreadable(name) from error


def _check_name(name, inner):
    path = PurePosixPath(inner.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in inner or (len(inner) > 1 and inner[1] == ":"):
        raise faults.unsafe_name(name, inner)


def _is_junk(member):
    last = member.filename.rpartition("/")[2]
    return member.is_dir() or member.filename.startswith(_JUNK) or last in _JUNK_NAMES or last.startswith(("~$", "._"))
