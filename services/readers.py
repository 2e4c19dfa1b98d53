"""Files into rows of text: CSV in any encoding a clerk has, and workbooks read by a limited child process."""

import codecs
import csv
import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook, SheetTypeEnum

from models.errors import Fault, Invalid, Sentence, say
from services.writers import unguard

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
TEXTS = (".csv", ".txt", ".tsv")
DELIMITERS = (",", "\t", ";")
HEADER_WITHIN = 50
EXCEL_ERRORS = ("#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BIGGEST_EXACT = 10**15
_MEMORY, _SECONDS, _UNPACKED = 2 * 1024**3, 120, 1024**3
_FORMULA_MARKS = (b"<f", b":f>", b":f ", b't="e"', b"t='e'")


class Damaged(str):
    """A cell whose value the file no longer holds: `why` says what happened to it."""

    why: Sentence

    def __new__(cls, text, why):
        made = super().__new__(cls, text)
        made.why = why
        return made


@dataclass
class Table:
    """A file's rows below its header. `rows` gives (row number in the file, cells) once; titles are the rows above."""

    header_row: int
    header: list
    rows: Iterator
    sheet: str = ""
    encoding: str = ""
    titles: list = field(default_factory=list)
    other_sheets: list = field(default_factory=list)


def read(path, score):
    """The table in a file: below the first row where `score(cells)` finds at least two heads, else one. Invalid for a file
    nobody can read or that has no such row.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if not path.is_file():
        raise refuse("no_file", say("没有找到文件「{name}」。", name=path.name))
    if path.stat().st_size == 0:
        raise refuse("empty_file", say("文件「{name}」是空的。", name=path.name))
    read_kind = _from_workbook if kind in WORKBOOKS else _from_text if kind in TEXTS else None
    if read_kind is None:
        raise refuse(
            "file_kind", say("不能读「{kind}」文件，请用 {accepted}。", kind=kind or path.name, accepted=(*TEXTS, *WORKBOOKS))
        )
    for least in (2, 1):
        table = read_kind(path, lambda cells, least=least: score(cells) >= least)
        if table:
            return table
    raise refuse("no_header", say("在文件「{name}」的前 {rows} 行里没有找到表头。", name=path.name, rows=HEADER_WITHIN))


def refuse(code, sentence):
    """An Invalid about the file as a whole."""
    return Invalid([Fault("", code, sentence)])


def _below_header(rows, is_header):
    """(header row number, header, titles, rest), or None where no row among the first fifty is a header."""
    titles = []
    for number, cells in rows:
        if is_header(cells):
            return number, cells, titles, rows
        titles.append((number, cells))
        if len(titles) >= HEADER_WITHIN:
            break
    return None


# Text files ---------------------------------------------------------------------------------------------------------


def _from_text(path, is_header):
    encoding = encoding_of(path)
    for delimiter in DELIMITERS:
        found = _below_header(_text_rows(path, encoding, delimiter), is_header)
        if found:
            number, header, titles, rest = found
            return Table(number, header, rest, encoding=encoding, titles=titles)
    return None


def encoding_of(path):
    """By its mark, else strict UTF-8, else GB18030. Never GB18030 first: it reads most UTF-8 as nonsense without complaint."""
    with open(path, "rb") as file:
        start = file.read(4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        if _decodes(path, encoding):
            return encoding
    raise refuse(
        "encoding", say("文件「{name}」不是 UTF-8，也不是 GB18030（GBK）编码，请用 Excel 另存为 CSV UTF-8。", name=path.name)
    )


def _decodes(path, encoding):
    try:
        with open(path, encoding=encoding, errors="strict", newline="") as file:
            while file.read(1 << 20):
                continue
    except UnicodeError:
        return False
    return True


def _text_rows(path, encoding, delimiter):
    """(number, cells) of the rows that hold anything. The number counts rows as Excel does, not lines."""
    with open(path, encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise refuse("csv", say("第 {row} 行读不出来（{why}）。", row=number, why=str(error))) from error
            if any(cell.strip() for cell in cells):
                yield number, [_text_cell(cell) for cell in cells]


def _text_cell(text):
    text = unguard(text)
    return Damaged(text, _why_error(text)) if text.strip() in EXCEL_ERRORS else text


# Workbooks ----------------------------------------------------------------------------------------------------------


def _from_workbook(path, is_header):
    _check_unpacked(path)
    lines = _child_lines(path)
    sheets = json.loads(next(lines, '{"sheets": []}'))["sheets"]
    for name, rows in _by_sheet(lines):
        found = _below_header(rows, is_header)
        if found:
            number, header, titles, rest = found
            others = [sheet for sheet in sheets if sheet != name]
            return Table(number, header, rest, sheet=name, titles=titles, other_sheets=others)
    return None


def _check_unpacked(path):
    if path.suffix.lower() == ".xls" or not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > _UNPACKED:
            raise refuse("too_big", say("文件「{name}」解压后太大，没有读。请拆成几个文件。", name=path.name))


def _child_lines(path):
    """The JSON lines of a child process: a small crafted workbook can take all memory, or end the process, while it is parsed."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "services.readers", str(Path(path).resolve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, encoding="utf-8") as child:
        try:
            yield from child.stdout
            finished = child.wait() == 0
        finally:
            child.kill()
    if not finished:
        raise refuse(
            "unreadable", say("文件「{name}」读不出来：文件损坏，或表格范围过大。请另存为新的 .xlsx 再试。", name=Path(path).name)
        )


def _by_sheet(lines):
    """(sheet name, its rows) for each sheet; leftover rows of one are passed over when the next is asked for."""
    waiting = []

    def rows():
        for line in lines:
            found = json.loads(line)
            if isinstance(found, dict):
                waiting.append(found["sheet"])
                return
            number, cells = found
            yield number, [_workbook_cell(cell) for cell in cells]

    first = next(lines, None)
    if first is not None:
        waiting.append(json.loads(first)["sheet"])
    while waiting:
        current = rows()
        yield waiting.pop(), current
        for _ in current:
            continue


def _workbook_cell(cell):
    if isinstance(cell, str):
        return Damaged(cell, _why_error(cell)) if cell.strip() in EXCEL_ERRORS else unguard(cell)
    kind, text = cell
    return Damaged(text, _WHY[kind](text))


def _why_error(text):
    return say("这一格是表格公式的错误值「{raw}」，请改成实际的值。", raw=text.strip())


_WHY = {
    "error": _why_error,
    "no_result": lambda text: say("这一格的公式没有结果，请用 Excel 打开后另存，或改成实际的值。"),
    "cut_number": lambda text: say("这一格的长数字「{raw}」已被 Excel 改动，末尾几位已丢失，请把该列设为文本后重填。", raw=text),
}


# The child process --------------------------------------------------------------------------------------------------


def dump_workbook(path, out):
    """Writes a workbook as JSON lines: the sheets' names, then for each its name and its rows [number, cells]."""
    book = CalamineWorkbook.from_path(path)
    names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    _line(out, {"sheets": names})
    faults = _formula_faults(path)
    for name in names:
        sheet = book.get_sheet_by_name(name)
        _line(out, {"sheet": name})
        left = [""] * (sheet.start or (0, 0))[1]
        for number, row in enumerate(sheet.iter_rows(), 1):
            found = faults.get((name, number), ())
            if found or any(value != "" for value in row):
                _line(out, [number, _with_faults(left + [cell_text(value) for value in row], found)])


def _with_faults(cells, faults):
    for at, fault in faults:
        cells += [""] * (at + 1 - len(cells))
        cells[at] = fault
    return cells


def _line(out, value):
    out.write(json.dumps(value, ensure_ascii=False) + "\n")


def cell_text(value):
    """A workbook's cell as the text a clerk sees: 4141010459, not 4141010459.0; days and moments as ISO.

    A long number Excel has cut comes back as ["cut_number", text].
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, datetime):
        rounded = value + timedelta(microseconds=500)
        return str(rounded.replace(microsecond=rounded.microsecond // 1000 * 1000))
    return str(value)


def _number_text(value):
    if abs(value) >= _BIGGEST_EXACT:
        return ["cut_number", f"{value:.0f}"]
    # Fifteen digits are what Excel keeps and shows: the sixteenth is an artefact of binary fractions.
    return format(Decimal(f"{value:.15g}"), "f")


def _formula_faults(path):
    """{(sheet, row): [(column, [kind, text])]} of cells with an error value, or a formula nobody has worked out yet.

    The parser gives such cells as empty. Only .xlsx says so in a form that can be read here.
    """
    found = {}
    if not zipfile.is_zipfile(path):
        return found
    with zipfile.ZipFile(path) as archive:
        for name, part in _sheet_parts(archive):
            with archive.open(part) as file:
                if not any(mark in piece for piece in _overlapping(file) for mark in _FORMULA_MARKS):
                    continue
            with archive.open(part) as file:
                for row, at, fault in _faulty_cells(file):
                    found.setdefault((name, row), []).append((at, fault))
    return found


def _overlapping(file):
    last = b""
    while piece := file.read(1 << 20):
        yield last + piece
        last = piece[-8:]


def _sheet_parts(archive):
    if "xl/workbook.xml" not in archive.namelist():
        return
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target") for link in links}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).findall(".//{*}sheet"):
        id = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        target = targets.get(id, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in archive.namelist():
            yield sheet.get("name"), part


def _faulty_cells(file):
    rows = row = None
    for event, element in ElementTree.iterparse(file, events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "sheetData":
            rows = element
        elif event == "start" and tag == "row":
            row = int(element.get("r") or (row or 0) + 1)
        elif event == "end" and tag == "c":
            fault = _fault_of(element)
            if fault:
                yield row, _column_of(element.get("r", "A")), fault
        elif event == "end" and tag == "row":
            rows.clear()


def _fault_of(cell):
    value = cell.find("{*}v")
    text = (value.text or "") if value is not None else ""
    if cell.get("t") == "e":
        return ["error", text]
    if cell.find("{*}f") is not None and not text and cell.get("t") != "str":
        return ["no_result", ""]
    return None


def _column_of(address):
    """0 of "A7", 27 of "AB7"."""
    at = 0
    for letter in address.rstrip("0123456789"):
        at = at * 26 + ord(letter) - 64
    return at - 1


def main():
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    with io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="\n") as out:
        dump_workbook(sys.argv[1], out)


if __name__ == "__main__":
    main()
