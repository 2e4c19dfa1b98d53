"""What a file is, by its content: the name is only what somebody called it."""

import re

from models.errors import Label
from services.readers import faults

WORKBOOKS = ("xlsx", "xls", "ods", "xlsb")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE_XLS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
_OTHERS = (
    (b"%PDF", Label("PDF 文档", "PDF document")), (b"\xff\xd8\xff", Label("JPEG 图片", "JPEG picture")), (b"\x89PNG", Label("PNG 图片", "PNG picture")), (b"GIF8", Label("GIF 图片", "GIF picture")), (b"BM", Label("BMP 图片", "BMP picture")),
    (b"Rar!", Label("RAR 压缩包", "RAR archive")), (b"7z\xbc\xaf", Label("7z 压缩包", "7z archive")), (b"\x1f\x8b", Label("gzip 压缩包", "gzip archive")), (b"{\\rtf", Label("RTF 文档", "RTF document")), (b"MZ", Label("程序", "program")),
    (b"\x7fELF", Label("程序", "program")), (b"SQLite format 3", Label("数据库", "database")),
)  # fmt: skip
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PAGE = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml|head|meta|style)", re.IGNORECASE)
_START = 4096


def kind_of_zip(name, members):
    """xlsx, xlsb, ods or zip by what a zip holds. Invalid for documents and for a workbook with macros."""
    if any(member.lower().endswith("vbaproject.bin") for member in members):
        raise faults.macros(name)
    if "xl/workbook.bin" in members:
        return "xlsb"
    if any(member.startswith("xl/") for member in members):
        return "xlsx"
    if "word/document.xml" in members or "ppt/presentation.xml" in members:
        raise faults.wrong_kind(name, Label("Word/PPT 文档", "Word or PowerPoint document"))
    if "content.xml" in members and "mimetype" in members:
        return "ods"
    return "zip"


def kind_of(name, data):
    """xls, text or "" for a zip to be looked into. Invalid, with what it is, for anything else."""
    if not data:
        raise faults.empty(name)
    if data.startswith(b"PK"):
        return ""
    if data.startswith(_OLE):
        return _kind_of_ole(name, data)
    if data.startswith(_BARE_XLS):
        return "xls"
    for mark, kind in _OTHERS:
        if data.startswith(mark) and (len(mark) > 2 or b"\0" in data[:_START] or mark == b"\x1f\x8b"):
            raise faults.wrong_kind(name, kind)
    if _PAGE.match(data[:_START]):
        raise faults.web_page(name)
    if b"\0" in data and not data.startswith(_UTF16):
        raise faults.nul_bytes(name)
    return "text"


def _kind_of_ole(name, data):
    """The names in the directory of an OLE file say what it holds."""
    holds = lambda entry: entry.encode("utf-16-le") in data
    if holds("EncryptedPackage"):
        raise faults.password(name)
    if holds("WordDocument"):
        raise faults.wrong_kind(name, Label("Word 文档", "Word document"))
    if not holds("Workbook") and not holds("Book"):
        raise faults.unreadable(name)
    if holds("_VBA_PROJECT"):
        raise faults.macros(name)
    return "xls"
