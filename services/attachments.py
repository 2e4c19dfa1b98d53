"""Files kept with records: real type checked, pictures made safe, seen only by who sees the record."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

import config
from models import registry
from models.base import atomic
from models.errors import Fault, Invalid, NotAllowed, NotFound, say
from models.fields import Attachment as AttachmentField
from models.journal import Attachment
from models.values import now
from services import policy

MAX_PIXELS = 50_000_000
LONGEST_SIDE = 4096
THUMB_SIDE = 320
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_LOOSE = 100
# A draft that names a file lives 30 days; the file outlives it.
_LOOSE_FOR = timedelta(days=31)

# What a picture is kept as, by the format it came in.
_PICTURES = {"JPEG": "jpg", "PNG": "png", "WEBP": "png", "GIF": "png", "BMP": "png"}
_OFFICE = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}
_OLD_OFFICE = ("doc", "xls", "ppt", "wps", "et")
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "wps": "application/msword",
    "xls": "application/vnd.ms-excel",
    "et": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "txt": "text/plain",
    "csv": "text/plain",
}


@dataclass(frozen=True)
class File:
    """A file: `kind` is image or document; the name's ending is that of its real type."""

    name: str
    kind: str
    data: bytes

    @property
    def type(self):
        """Its media type."""
        return _TYPES[self.name.rpartition(".")[2].lower()]


def store(actor, name, data):
    """Keeps an uploaded file, yet without a record, and gives its id. Invalid says why a file cannot be taken."""
    if actor.read_only or actor.id is None:
        raise NotAllowed(say("正在以他人身份查看，只能看，不能改。"), rule="read_only")
    limit = config.active().max_file_mb
    if not data:
        raise refused("empty_file", say("文件「{name}」是空的。", name=_shown(name)))
    if len(data) > limit * 1024 * 1024:
        raise refused("too_large", say("文件「{name}」超过 {max} MB。", name=_shown(name), max=limit))
    file, thumb = _checked(_shown(name), data)
    with atomic():
        loose = Attachment.select().where(Attachment.uploaded_by == actor.id, Attachment.record_id.is_null())
        Attachment.delete().where(Attachment.record_id.is_null(), Attachment.at < now() - _LOOSE_FOR).execute()
        if loose.count() >= MAX_LOOSE:
            raise refused("too_many_files", say("您有 {max} 个文件还没有随表单保存，请先保存表单。", max=MAX_LOOSE))
        return Attachment.insert(
            sha256=hashlib.sha256(file.data).hexdigest(), name=file.name, kind=file.kind, size=len(file.data),
            data=file.data, thumb=thumb, uploaded_by=actor.id, at=now(),
        ).execute()  # fmt: skip


def fetch(actor, id, thumb=False):
    """The file, or its small picture; NotFound unless its record, or the yet unsaved upload, is the actor's to see."""
    row = Attachment.select(Attachment.register, Attachment.record_id, Attachment.uploaded_by).where(Attachment.id == id).first()
    if row is None or not _visible(actor, row):
        raise NotFound(say("没有找到这个文件，或不在您的数据范围内。"))
    column = Attachment.thumb if thumb else Attachment.data
    full = Attachment.select(Attachment.name, Attachment.kind, column).where(Attachment.id == id).get()
    if thumb and full.thumb is None:
        raise NotFound(say("这个文件没有缩略图。"))
    if thumb:
        return File(_named(full.name, "jpg"), "image", bytes(full.thumb))
    return File(full.name, full.kind, bytes(full.data))


def details(ids):
    """{id: (name, kind, size)} of files a page that shows their record lists."""
    wanted = Attachment.select(Attachment.id, Attachment.name, Attachment.kind, Attachment.size).where(Attachment.id.in_(list(ids)))
    return {row.id: (row.name, row.kind, row.size) for row in wanted} if ids else {}


def checked(name, data):
    """The file that an upload really is, by its content. Invalid where it is of no kind that is taken."""
    return _checked(_shown(name), data)[0]


def refused(code, sentence, field="file"):
    """The error for a file that cannot be taken."""
    return Invalid([Fault(field, code, sentence)])


def _visible(actor, row):
    if row.record_id is None:
        return row.uploaded_by == actor.id and not actor.read_only
    if row.register not in registry.names():
        return False
    register = registry.get(row.register)
    shown = any(policy.covers(register, actor, "view", row.record_id, trash=trash) for trash in (False, True))
    return shown and any(isinstance(field, AttachmentField) for field in policy.view(register, actor).fields)


def _shown(name):
    """The name as text: no folders, no control characters, not too long. It is never a path on our disk."""
    plain = PurePosixPath(str(name).replace("\\", "/")).name
    plain = "".join(character for character in plain if character.isprintable()).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[:100]}{dot}{ending[:10]}" if dot and stem else (plain[:100] or "file")


def _checked(name, data):
    """(File, thumb) when the content is one of the kinds taken; its real type counts, not its name."""
    ending = name.rpartition(".")[2].lower()
    if data.startswith(b"%PDF-"):
        return File(_named(name, "pdf"), "document", data), None
    if data.startswith(b"PK\x03\x04"):
        return _office(name, data), None
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") and ending in _OLD_OFFICE:
        return File(name, "document", data), None
    if ending in ("txt", "csv") and _is_text(data):
        return File(name, "document", data), None
    return _picture(name, data)


def _office(name, data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unknown(name) from error
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(data), 100_000) or len(entries) > 10_000:
        raise refused("unpacked_size", say("文件「{name}」解压后太大，不能接收。", name=name))
    names = {entry.filename for entry in entries}
    for ending, folder in _OFFICE.items():
        macros = f"{folder}vbaProject.bin" in names
        if "[Content_Types].xml" in names and any(part.startswith(folder) for part in names) and not macros:
            return File(_named(name, ending), "document", data)
    raise _unknown(name)


def _picture(name, data):
    """A picture drawn anew: nothing hides in it, and the place where it was taken is not told."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # loaded with the first picture

    try:
        with Image.open(io.BytesIO(data), formats=tuple(_PICTURES)) as opened:
            ending = _PICTURES[opened.format]
            if opened.width * opened.height > MAX_PIXELS:
                raise refused("too_many_pixels", say("图片「{name}」太大，请缩小到 5000 万像素以内。", name=name))
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            drawn, small = _encoded(picture, ending), _thumb(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unknown(name) from error
    return File(_named(name, ending), "image", drawn), small


def _encoded(picture, ending):
    out = io.BytesIO()
    if ending == "jpg":
        picture.convert("RGB").save(out, "JPEG", quality=88, optimize=True)
    else:
        picture.convert("RGBA" if picture.mode in ("RGBA", "LA", "P", "PA") else "RGB").save(out, "PNG")
    return out.getvalue()


def _thumb(picture):
    small = picture.convert("RGB")
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return _encoded(small, "jpg")


def _is_text(data):
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(ord(character) < 32 and character not in "\t\r\n" for character in text)
    return False


def _named(name, ending):
    """The name with the ending its content calls for."""
    stem, dot, old = name.rpartition(".")
    same = old.lower() == ending or (ending == "jpg" and old.lower() == "jpeg")
    return name if dot and same else f"{stem if dot and stem else name}.{ending}"


def _unknown(name):
    return refused(
        "file_type",
        say("文件「{name}」不能接收。可以上传照片（JPG、PNG）、PDF、Word、Excel、PPT 和文本文件，不收带宏的文件。", name=name),
    )
