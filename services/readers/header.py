"""Where the header is: a band of one to four levels, found by its shape or by the heads a register knows."""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from services.readers.heads import clean, column

WITHIN = 50
_DEEPEST = 8
_TYPED = re.compile(
    r"[-+]?[\d,.]*\d\s*%?|[-+]?\d(?:\.\d+)?[eE][-+]?\d+|\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?|"
    r"\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}:\d{2}(?::\d{2})?|TRUE|FALSE"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_ABOVE = re.compile(
    r"\s*(?:单位|填报单位|填表单位|填报日期|填表日期|填报时间|制表|表号|编制单位|统计时间|日期|年度|附件|填报人|报送单位)\s*[^:：]{0,6}[:：]"
)


@dataclass(frozen=True)
class Band:
    """The header: its first and last place in the grid's head, and its columns from A on, some perhaps without a name."""

    first: int
    last: int
    columns: tuple


def is_typed(text):
    """Whether a cell reads as a number, day, clock or truth: what stands below a header, not in it."""
    return bool(_TYPED.fullmatch(text.strip()))


def find(head, merged, score=None):
    """The Band among the first fifty rows, by shape and by `score(texts)`, how many of them a register knows; None without one."""
    rows = Spread(head, merged)
    shaped = _by_shape(rows)
    if score is None:
        return shaped
    counts = [score(list(cells)) for cells in rows.cells[:WITHIN]]
    for least in (2, 1):
        if known(shaped, score) >= least:
            return shaped
        at = next((at for at, count in enumerate(counts) if count >= least), None)
        if at is not None:
            return _band(rows, _first(rows, at), _last(rows, at))
    return shaped


def forced(head, merged, first, last):
    """The Band in rows `first` to `last`, counted as Excel does; None where they hold nothing."""
    rows = Spread(head, merged)
    at = [index for index, (number, _) in enumerate(head) if first <= number <= last]
    return _band(rows, at[0], at[-1]) if at else None


def known(band, score):
    """How many of a band's heads a register knows."""
    return max(score([one.head for one in band.columns]), score([one.text for one in band.columns])) if band else 0


class Spread:
    """The first rows, with the text of a merged range in all its cells."""

    def __init__(self, head, merged):
        self.numbers = [number for number, _ in head[: WITHIN + _DEEPEST]]
        self.cells = [list(cells) for _, cells in head[: WITHIN + _DEEPEST]]
        self.filled = [sum(bool(cell.strip()) for cell in cells) for cells in self.cells]
        index = {number - 1: at for at, number in enumerate(self.numbers)}
        last = max(index, default=-1)
        self.ranges = [one for one in merged if one[0] <= last]
        for top, left, bottom, right in self.ranges:
            text = self._at(index.get(top), left)
            for row in range(top, min(bottom, last) + 1):
                if text and row in index:
                    self._fill(index[row], left, min(right, 1_000), text)
        widths = Counter(count for count in self.filled if count > 1)
        self.width = max(widths.items(), key=lambda found: (found[1], found[0]))[0] if widths else 1

    def _at(self, row, column):
        return self.cells[row][column] if row is not None and column < len(self.cells[row]) else ""

    def _fill(self, row, left, right, text):
        cells = self.cells[row]
        cells += [""] * (right + 1 - len(cells))
        for at in range(left, right + 1):
            cells[at] = cells[at] or text

    def texts(self, row):
        """{column: text} of a row, the spread included."""
        return {at: cell.strip() for at, cell in enumerate(self.cells[row]) if cell.strip()}

    def crosses(self, row):
        """The merged ranges that reach from this row into the next one that holds anything: rows merged away hold nothing."""
        if row + 1 >= len(self.numbers):
            return []
        number, following = self.numbers[row] - 1, self.numbers[row + 1] - 1
        return [one for one in self.ranges if one[0] <= number and following <= one[2]]

    def groups(self, row):
        """The columns that stand under a head of several columns in this row."""
        number = self.numbers[row] - 1
        return {
            at for top, left, bottom, right in self.ranges if bottom == number and right > left for at in range(left, right + 1)
        }


def _by_shape(rows):
    for at in range(min(len(rows.cells), WITHIN)):
        if _could_head(rows, at):
            return _band(rows, at, _last(rows, at))
    return None


def _could_head(rows, at):
    texts = rows.texts(at)
    distinct = set(texts.values())
    if rows.filled[at] < min(2, rows.width) or len(texts) < rows.width / 2 or any(_ABOVE.match(text) for text in distinct):
        return False
    typed = [text for text in distinct if is_typed(text)]
    if typed and (len(typed) == len(distinct) or not all(_YEAR.fullmatch(text) for text in typed)):
        return False
    return rows.width > 1 or len(rows.cells) > at + 1


def _first(rows, at):
    """Up from a row while merged heads bind it to the one above."""
    while at and (rows.crosses(at - 1) or _is_group_row(rows, at - 1)):
        at -= 1
    return at


def _is_group_row(rows, at):
    """A row with a head over several columns, but not over all: that is a title."""
    return bool(rows.groups(at)) and len(set(rows.texts(at).values())) > 1


def _last(rows, at):
    """Down from a row while heads go on."""
    first = at
    while at + 1 < len(rows.cells) and at - first + 1 < _DEEPEST and _goes_on(rows, first, at):
        at += 1
    return at


def _goes_on(rows, first, at):
    if any(top >= rows.numbers[first] - 1 for top, *_ in rows.crosses(at)):
        return True
    above, below = rows.texts(at), rows.texts(at + 1)
    if not below or any(is_typed(text) and not _YEAR.fullmatch(text) for text in below.values()):
        return False
    groups = rows.groups(at)
    if groups:
        return set(below) <= groups and len(set(below.values())) > 1
    return not rows.ranges and _fills_gaps(above, below)


def _fills_gaps(above, below):
    """A second line without merged cells: it names what the first leaves open, and is empty under some of what that names."""
    last = max((*above, *below))
    open_ = {at for at in range(min(above), last + 1) if at not in above}
    return bool(open_) and open_ <= set(below) and bool(set(above) - set(below))


def _band(rows, first, last):
    width = max(len(rows.cells[row]) for row in range(first, last + 1))
    levels = [[rows.texts(row).get(at, "") for at in range(width)] for row in range(first, last + 1)]
    if last > first and not rows.ranges:
        for upper, lower in pairwise(levels):
            _inherit(upper, lower)
    return Band(first, last, tuple(column(at, [level[at] for level in levels]) for at in range(width)))


def _inherit(upper, lower):
    """Without merged cells an open head belongs to the group begun on its left."""
    for at in range(1, len(upper)):
        if not upper[at] and lower[at]:
            upper[at] = upper[at - 1]


def same_as(band, cells):
    """Whether a row says the header again, as on each printed page."""
    said = [clean(cell) for cell in cells]
    heads = [one.levels[-1] if one.levels else "" for one in band.columns]
    return said[: len(heads)] == heads
