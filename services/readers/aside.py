"""Which rows below the header are not records, and why: notes, sources, sections, totals, numbering, examples, the header again."""

import re
from itertools import pairwise

from services.readers import header
from services.readers.cells import Damaged

NOTE, SECTION, TOTAL, NUMBERING, EXAMPLE, HEADER, SIGNED, BLANK, TITLE = (
    "note", "section", "total", "numbering", "example", "header", "signed", "blank", "title",
)  # fmt: skip
_NOTE = re.compile(
    r"\s*(?:(?:备?注|说明|附注|注释|填表说明|填报说明|填写说明|数据来源|资料来源|来源|审核说明|Note|Notes|Source)\s*\d{0,2}\s*[:：]|[※#＊])"
)
_NOTE_GOES_ON = re.compile(r"\s*(?:[(（]?\d{1,2}[)）.、．]|[(（][一二三四五六七八九十][)）]|[一二三四五六七八九十]、|[①-⑳])")
_TOTAL = re.compile(r".{0,12}(?:合计|小计|总计|共计)(?:[(（][^)）]*[)）])?(?:[:：].{0,20})?")
_SECTION = re.compile(
    r".*[(（]\s*(?:共\s*)?\d+\s*(?:所|个|人|条|项|栋|户|家|名|处|班|校|件)\s*[)）]|.*[:：]|"
    r"[(（]?[一二三四五六七八九十]+[)）、.].*|[\[【].*[\]】]"
)
_SIGNED = re.compile(
    r"\s*(?:填表人|填报人|制表人?|审核人?|审批人?|负责人|单位负责人|主要负责人|分管领导|联系人|经办人|填报单位|填表单位|报送单位|"
    r"填报日期|填表日期|报送日期|制表日期|联系电话|单位\s*[(（]?盖章[)）]?)(?:\s*[(（][^)）]*[)）])?\s*(?:签字|签名|签章|盖章)?\s*[:：]"
)
_EXAMPLE = re.compile(r"\s*[(（【]?(?:示例|样例|举例|例[:：如]|填写示例)")


class Aside:
    """Says of one row after the other why it is not a record. It remembers: notes go on, sections hold for the rows below."""

    def __init__(self, band, grid):
        self._band = band
        self._named = [one.at for one in band.columns if one.text]
        self._wide = _wide_ranges(grid.merged, len(self._named))
        self._coded = _coded_columns(grid.head[band.last + 1 :])
        self._head = next((one.levels[-1] for one in band.columns if one.levels), "")
        self._in_note, self._begun = False, 0

    def why(self, number, cells):
        """The reason; empty for a record."""
        self._begun += 1
        filled = filled_first(cells)
        said = [cells[at] for at in filled]
        if not filled or Damaged in map(type, said):
            # Whoever wrote a formula meant a record.
            return ""
        if self._begun <= 2 and (early := self._early(cells, filled)):
            return early
        first = said[0]
        if len(filled) == 1 or number in self._wide:
            return self._lone(number, filled[0], first.strip(), cells)
        self._in_note = False
        if "计" in "".join(said) and any(_TOTAL.fullmatch(_folded(cell)) for cell in said):
            return TOTAL
        if ("：" in first or ":" in first) and _SIGNED.match(first):
            return SIGNED
        return HEADER if first[:1] == self._head[:1] and header.same_as(self._band, cells) else ""

    def _lone(self, number, at, text, cells):
        if _NOTE.match(text) or (self._in_note and _NOTE_GOES_ON.match(text)):
            self._in_note = True
            return NOTE
        self._in_note = False
        if _TOTAL.fullmatch(_folded(text)) or text.casefold() in ("total", "grand total"):
            return TOTAL
        if _SIGNED.match(text):
            return SIGNED
        if len(self._named) < 2 or header.is_typed(text):
            return ""
        if number in self._wide or (at <= self._named[0] + 1 and (_SECTION.fullmatch(text) or at in self._coded)):
            return SECTION
        return ""

    def _early(self, cells, filled):
        if _EXAMPLE.match(cells[filled[0]]):
            return EXAMPLE
        said = [cell.strip() for cell in cells if cell.strip()]
        return NUMBERING if len(said) > 2 and len(said) >= len(self._named) / 2 and _counts_up(said) else ""


def filled_first(cells):
    """Where the first two cells stand that hold anything."""
    if len(cells) > 1 and cells[0].strip() and cells[1].strip():
        return [0, 1]
    found = []
    for at, cell in enumerate(cells):
        if cell and not cell.isspace():
            found.append(at)
            if len(found) == 2:
                break
    return found


def _folded(text):
    return re.sub(r"\s+", "", text)


def _counts_up(said):
    """甲 乙 1 2 3, or 1 2 3 4 5: the numbers forms give their columns. Three numbers in a row may as well be a record."""
    numbers = [text for text in said if text not in "甲乙丙丁戊"]
    if not numbers or not all(text.isdecimal() for text in numbers) or numbers[0] not in ("0", "1"):
        return False
    return (len(numbers) < len(said) or len(numbers) > 4) and _one_by_one(numbers)


def _one_by_one(numbers):
    return all(int(after) - int(before) == 1 for before, after in pairwise(numbers))


def _wide_ranges(merged, columns):
    """The rows whose first cell is merged over half of the table or more, and more than two columns."""
    return {top + 1 for top, left, bottom, right in merged if top == bottom and right - left + 1 >= max(3, columns / 2)}


def _coded_columns(rows):
    """The columns below the header that hold numbers and codes: a name standing alone there is a section."""
    coded = set()
    for at in range(2):
        cells = [cells[at].strip() for _, cells in rows if len(cells) > at and cells[at].strip() and len(filled_first(cells)) > 1]
        if cells and sum(header.is_typed(cell) for cell in cells) >= 0.9 * len(cells):
            coded.add(at)
    return coded
