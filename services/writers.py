"""Rows into files: CSV as chunks of bytes, workbooks on disk, and the guard that keeps formulas in data inert."""

import csv
import re
import tempfile
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from xml.sax.saxutils import escape

from models.errors import Fault, Invalid, say
from models.fields.said import BETWEEN

ENCODINGS = ("utf-8-sig", "utf-8", "gb18030")
# What a spreadsheet may take for a formula: the operators, in half and full width, behind any characters it skips.
_FORMULA = re.compile(r"[\uFEFF\x00-\x1F\x7F\s]*[=+\-@|%＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?")
_QUOTE = "'"
# How a cell begins that may need a guard; one that begins with a new line is looked at anyway.
_TO_GUARD = re.compile(f"{BETWEEN}(?![{BETWEEN}\n])['\ufeff\x00-\x1f\x7f\\s=+\\-@|%＝＋－＠]")
SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767  # halves of UTF-16
EXACT_DIGITS = 15
_DAY_NOUGHT, _FEBRUARY_1900 = 693_594, 60
# What XML cannot carry as it is, what only looks like an escape, and what may not be as it seems at a text's ends.
_ODD = re.compile(r"^['\s]|\s$|_x[0-9A-Fa-f]{4}_|[&<>\x00-\x08\x0B-\x1F\uFFFE\uFFFF]")
_CONTROL = re.compile(r"[\x00-\x08\x0B-\x1F\uFFFE\uFFFF]")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def guard(text):
    """The text as a CSV cell: what could run as a formula gets a leading ', which `unguard` takes away again."""
    return _QUOTE + text if _could_run(text.lstrip(_QUOTE)) else text


def unguard(text):
    """The text that `guard` was given. A text that already began with ' and a formula got a second one, so nothing is lost."""
    return text[1:] if text.startswith(_QUOTE) and _could_run(text.lstrip(_QUOTE)) else text


def _could_run(text):
    return bool(_FORMULA.match(text)) and not _PLAIN_NUMBER.fullmatch(text)


def csv_chunks(heads, chunks, encoding="utf-8-sig"):
    """The file as chunks of bytes; `chunks` are lists of lines with BETWEEN before every cell, as services.query.lines gives them."""
    yield csv_head(heads, encoding)
    for lines in chunks:
        yield csv_lines(lines, encoding)


def csv_head(heads, encoding):
    """The first line. It goes out before the first row is fetched: the person sees at once that the download began."""
    return _csv_row(heads).encode(encoding)


def csv_lines(lines, encoding):
    """Lines with BETWEEN before every cell, as bytes. Most need neither quotes nor guard: they are CSV once BETWEEN is a comma. The
    others are written cell by cell.
    """
    text, alone = "\n".join(lines), lines[0].count(BETWEEN) == 1  # a row of one empty cell is written with quotes
    if alone or text.count("\n") >= len(lines) or _is_odd(text):
        lines = [_csv_line(line) if alone or "\n" in line or _is_odd(line) else line for line in lines]
        text = "\n".join(lines)
    text = text.replace("\n" + BETWEEN, "\r\n")
    text = text.replace(BETWEEN, ",")
    return text.encode("utf-8" if encoding == "utf-8-sig" else encoding)[1:] + b"\r\n"


def _is_odd(text):
    return "," in text or '"' in text or "\r" in text or _TO_GUARD.search(text) is not None


def _csv_line(line):
    return BETWEEN + _csv_row(line[1:].split(BETWEEN))[:-2]


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text):
        return text


_writer = csv.writer(_Echo(), lineterminator="\r\n")


def _csv_row(cells):
    return _writer.writerow([guard(cell) for cell in cells])


@dataclass(frozen=True)
class Column:
    """A workbook's column: its head, how wide, what its texts are ("text", "number", "date", "moment"), and how those look."""

    head: str
    width: int = 14
    kind: str = "text"
    number_format: str = ""


@dataclass(frozen=True)
class Notes:
    """The 说明 sheet: (word, text) lines about the file, then one (head, text) line for each column under `heads`, which name the sheet too."""

    facts: tuple
    columns: tuple
    heads: tuple = ("列", "说明")


def write_workbook(path, columns, chunks, notes):
    """Writes the data sheet as rows come, then the 说明 sheet; `notes(count)` is asked once the rows are counted.

    `chunks` are lists of lines with BETWEEN before every cell. A cell's text stays text whatever it looks like, unless its column
    is of another kind: then it is a number or a date as far as Excel can hold it whole.
    """
    import xlsxwriter

    with tempfile.TemporaryDirectory(prefix="taizhang-") as folder:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options | {"strings_to_numbers": False}) as book:
            count = _data_sheet(book, columns, chunks)
            _notes_sheet(book, notes(count))


def _data_sheet(book, columns, chunks):
    sheet = book.add_worksheet("数据")
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, _sheet_text(column.head), head)
    sheet.freeze_panes(1, 0)
    # XlsxWriter keeps a row until the next begins and then writes it cell by cell. Nothing here needs that: the rows go straight
    # into the file it keeps them in, which is four times as fast.
    sheet._write_single_row(1)
    count, writers = 0, _cell_writers(book, columns)
    for lines in chunks:
        if count + len(lines) >= SHEET_ROWS:
            raise Invalid(
                [Fault("", "too_many_rows", say("一张工作表最多 {max} 行，请改导出 CSV，或先筛选。", max=SHEET_ROWS - 1))]
            )
        sheet.row_data_fh.write(_rows_xml(lines, count + 2, writers))
        count += len(lines)
    if columns:
        sheet.dim_rowmax = count
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count


def _rows_xml(lines, first, writers):
    """Rows of the sheet, numbered from `first`; empty cells are left out."""
    parts = []
    for row, line in enumerate(lines, first):
        parts.append(f'<row r="{row}">')
        parts += [write(row, text) for write, text in zip(writers, line[1:].split(BETWEEN), strict=True) if text]
        parts.append("</row>")
    return "".join(parts)


def _cell_writers(book, columns):
    """For each column the function that makes a cell of (row, text)."""
    from xlsxwriter.utility import xl_col_to_name

    made = []
    for at, column in enumerate(columns):
        letters = xl_col_to_name(at)
        shape = book.add_format({"num_format": column.number_format})._get_xf_index() if column.number_format else 0
        words = partial(_text_cell, letters, column.head)
        value = _VALUES.get(column.kind)
        made.append(partial(_value_cell, value, words, letters, f'" s="{shape}"' if shape else '"') if value else words)
    return made


def _text_cell(letters, head, row, text):
    if len(text) > CELL_CHARACTERS // 2 and len(text.encode("utf-16-le")) // 2 > CELL_CHARACTERS:
        raise Invalid(
            [
                Fault(
                    "",
                    "cell_too_long",
                    say("第 {row} 行「{head}」有 {now} 个字，Excel 一格放不下，请改导出 CSV。", row=row, head=head, now=len(text)),
                )
            ]
        )
    if not _ODD.search(text):
        return f'<c r="{letters}{row}" t="inlineStr"><is><t>{text}</t></is></c>'
    text = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", _ESCAPED.sub("_x005F_", _sheet_text(text)))
    return f'<c r="{letters}{row}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _value_cell(value, words, letters, shape, row, text):
    """A number or date; 不适用 and what Excel cannot hold whole stay text."""
    number = value(text)
    return words(row, text) if number is None else f'<c r="{letters}{row}{shape}><v>{number}</v></c>'


def _number(text):
    if not text[-1].isdigit():
        return None
    # Excel keeps 15 digits.
    return text if len(text) <= EXACT_DIGITS or len(text.replace(".", "").strip("-0")) <= EXACT_DIGITS else None


@lru_cache(maxsize=4096)
def _day(text):
    """2021-07-21 as Excel counts days."""
    if not text[0].isdigit():
        return None
    number = date.fromisoformat(text[:10]).toordinal() - _DAY_NOUGHT
    # Before March 1900 Excel's calendar has a day too many.
    return number if number > _FEBRUARY_1900 else None


def _moment(text):
    """2021-07-21 17:30:00 likewise, the time as a part of the day."""
    day = _day(text[:10])
    if day is None:
        return None
    hours, minutes, seconds = text[11:].split(":")
    return day + (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86_400


_VALUES = {"number": _number, "date": _day, "moment": _moment}


def _sheet_text(text):
    """A workbook's text cell cannot run, so only a text that looks guarded is guarded: the import takes one ' away."""
    return guard(text) if text.startswith(_QUOTE) else text


def _notes_sheet(book, notes):
    sheet = book.add_worksheet(notes.heads[1])
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 80)
    lines = [*notes.facts, ("", ""), notes.heads, *notes.columns]
    for at, (word, text) in enumerate(lines):
        sheet.write_string(at, 0, word, bold)
        sheet.write_string(at, 1, text[:CELL_CHARACTERS], wrap)
