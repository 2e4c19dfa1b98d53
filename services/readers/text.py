"""Text files: which encoding, which separator, and their rows, counted as Excel counts them."""

import codecs
import csv
import io
import itertools
from collections import Counter

from models.errors import Invalid
from services.readers import faults, header
from services.readers.cells import take_text

DELIMITERS = (",", "\t", ";", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What is offered where none of the usual fits: other Chinese, Western, Japanese.
_OFFERED = ("gb18030", "utf-8", "big5", "cp1252", "shift_jis", "utf-16-le")
_PREVIEW, _PREVIEW_BYTES = 10, 20_000
_SAMPLE = 100
# A quote that is never closed swallows the rest of the file: let it, then say how long that cell is.
csv.field_size_limit(1 << 28)
_ODD_SHARE, _LOOKED_AT = 0.1, 5_000


def encoding_of(source):
    """By its mark, else strict UTF-8, else GB18030. Never GB18030 first: it reads most UTF-8 as nonsense without complaint.

    Invalid where none fits, or what GB18030 gives is not Chinese as people write it: then `encodings` shows what there is to choose.
    """
    data = source.data
    marked = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if marked and _decodes(data, marked):
        return marked
    if not marked and _decodes(data, "utf-8"):
        return "utf-8"
    if not marked and _decodes(data, "gb18030") and _is_usual(data.decode("gb18030")):
        return "gb18030"
    raise faults.encoding(source.name)


def encodings(source):
    """[(encoding, the first 10 lines read with it)] for a person to choose from, the likeliest first."""
    start = source.data[:_PREVIEW_BYTES]
    try:
        first = encoding_of(source)
    except Invalid:
        first = None
    offered = dict.fromkeys([first, *_OFFERED] if first else _OFFERED)
    return [(name, _first_lines(start, name)) for name in offered if name == first or _decodes(source.data, name)] or [
        (name, _first_lines(start, name)) for name in ("gb18030", "utf-8")
    ]


def _first_lines(start, encoding):
    return start.decode(encoding, errors="replace").splitlines()[:_PREVIEW]


def _decodes(data, encoding):
    try:
        decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        for at in range(0, len(data), 1 << 20):
            decoder.decode(data[at : at + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _is_usual(text):
    """Whether the characters beyond ASCII are those Chinese is written with: bytes of another encoding give rare ones."""
    beyond = [letter for letter in text if letter > "\x7f"][:_LOOKED_AT]
    return sum(map(_is_odd, beyond)) <= _ODD_SHARE * len(beyond)


def _is_odd(letter):
    """Not among the 6,763 characters and the punctuation of GB 2312: its kana, Greek, Cyrillic and boxes count as odd too."""
    try:
        return 0xA4 <= letter.encode("gb2312")[0] <= 0xAF
    except UnicodeError:
        return True


def text_rows(source, encoding, limits, score=None):
    """(number, cells) of the rows that hold anything. The number counts rows as Excel does, not lines."""
    delimiter = delimiter_of(source, encoding, score)
    for number, cells in _numbered(source, encoding, delimiter, limits):
        if any(map(str.strip, cells)):
            yield number, take_text(cells)


def delimiter_of(source, encoding, score=None):
    """The separator that gives the header with most known heads, else the widest, the highest, then the most rows alike."""
    return max(DELIMITERS, key=lambda delimiter: _agreement(source, encoding, delimiter, score))


def _agreement(source, encoding, delimiter, score):
    """(known heads, named columns of the header, how high it stands, rows of the commonest width)"""
    with _opened(source, encoding) as file:
        try:
            rows = list(itertools.islice(csv.reader(file, delimiter=delimiter), _SAMPLE))
        except csv.Error:
            return (0, 0, 0, 0)
    head = [(number, cells) for number, cells in enumerate(rows, 1) if any(cell.strip() for cell in cells)]
    widths = Counter(len(cells) for _, cells in head)
    alike = max(widths.values(), default=0)
    band = header.find(head, [], score)
    if band is None:
        return (0, 0, 0, alike)
    return (header.known(band, score) if score else 0, sum(bool(one.text) for one in band.columns), -band.first, alike)


def _numbered(source, encoding, delimiter, limits):
    with _opened(source, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise faults.bad_text(number, str(error)) from error
            _check(source, number, cells, limits)
            yield number, cells


def _check(source, number, cells, limits):
    if number > limits.rows + 1_000:
        raise faults.too_many_rows(source.name, limits.rows)
    if len(cells) > limits.columns and any(cell.strip() for cell in cells[limits.columns :]):
        raise faults.too_many_columns(source.name, len(cells), limits.columns)
    if sum(map(len, cells)) > limits.characters and len(longest := max(cells, key=len)) > limits.characters:
        raise faults.cell_too_long(number, cells.index(longest), len(longest), limits.characters)


def _opened(source, encoding):
    return io.TextIOWrapper(io.BytesIO(source.data), encoding=encoding, newline="")
