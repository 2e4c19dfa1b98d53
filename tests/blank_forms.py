"""Small workbooks and Word documents to fill in, made as simply as the formats allow."""

import io
import re
import zipfile

import openpyxl

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)


def workbook(rows):
    """A workbook of one sheet with these rows."""
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    return book


def document(body):
    """The bytes of a Word document with this body."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELS)
        package.writestr(
            "word/document.xml", f'<?xml version="1.0"?><w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
        )
    return out.getvalue()


def paragraph(*runs):
    """A paragraph of runs, as Word cuts them."""
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def row(*cells):
    """A table's row; a cell is a text, or a tuple of runs."""
    runs = [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
    return "<w:tr>" + "".join(f"<w:tc>{paragraph(*some)}</w:tc>" for some in runs) + "</w:tr>"


def table(*rows):
    return "<w:tbl>" + "".join(rows) + "</w:tbl>"


def text_of(data):
    """All words of a workbook or document, lines kept."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if "word/document.xml" in package.namelist():
            text = package.read("word/document.xml").decode()
            return re.sub(r"<[^>]+>", "", re.sub(r"<w:br/>", "\n", text))
    book = openpyxl.load_workbook(io.BytesIO(data))
    return "\n".join(str(cell.value) for sheet in book for cells in sheet.iter_rows() for cell in cells if cell.value is not None)
