"""The text of one cell as the import takes it, and the cells whose value the file no longer holds."""

import re
from operator import itemgetter

from models.errors import Sentence, say
from services.writers import unguard

EXCEL_ERRORS = (
    "#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#GETTING_DATA",
)  # fmt: skip
# How Excel writes a long number into a CSV: six digits are left of it.
_CUT = re.compile(r"\d\.\d{5}E\+(?:1[1-9]|[2-9]\d)")
_MARKED, _FIRST = frozenset("'# \t"), itemgetter(slice(1))


class Damaged(str):
    """A cell whose value the file no longer holds: `why` says what happened to it."""

    why: Sentence

    def __new__(cls, text, why):
        made = super().__new__(cls, text)
        made.why = why
        return made


def take(cells, damage=None):
    """The cells of a row: the guard against formulas taken off, error values and cut numbers marked as damaged."""
    taken = cells if _MARKED.isdisjoint(map(_FIRST, cells)) else [_marked(cell) if cell[:1] in _MARKED else cell for cell in cells]
    for at, (kind, text) in (damage or {}).items():
        taken[int(at)] = Damaged(text, _WHY[kind](text))
    return taken


def take_text(cells):
    """The same for the cells of a text file, where a number may have been cut before it was written."""
    taken = take(cells)
    if "E+" in "".join(cells):
        taken = [Damaged(cell, why_cut(cell)) if _CUT.fullmatch(cell) else one for cell, one in zip(cells, taken, strict=True)]
    return taken


def _marked(cell):
    return Damaged(cell, why_error(cell)) if cell.strip() in EXCEL_ERRORS else unguard(cell)


def why_error(text):
    return say("这一格是表格公式的错误值「{raw}」，请改成实际的值。", raw=text.strip())


def why_cut(text):
    return say("这一格的长数字「{raw}」已被 Excel 改动，末尾几位已丢失，请把该列设为文本后重填。", raw=text)


def why_no_result(text):
    return say("这一格的公式没有结果，请用 Excel 打开后另存，或改成实际的值。")


_WHY = {"error": why_error, "no_result": why_no_result, "cut_number": why_cut}
