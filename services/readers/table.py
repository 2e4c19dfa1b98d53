"""A file read: where its header is, what stood above it, and its records one by one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from models.errors import say
from services.readers import aside
from services.readers.faults import address
from services.workbooks.about import COLUMN

_NAMED, _BELOW = 10, 5


class Row(NamedTuple):
    """A record: its number as Excel counts it, its cells (texts, some Damaged; a text file's row may have fewer than the header),
    whether the sheet hides it, and the section it stands in.
    """

    number: int
    cells: list
    hidden: bool = False
    section: str = ""


@dataclass
class Table:
    """What a source holds. `rows` gives its records once; `skipped`, `sections` and `totals` fill while they are read.

    header (first, last row); titles [(row, text)] above it; columns [Column] from A on; skipped [(row, why, text)]
    of all rows that are not records, titles included, `why` a word of `aside`; sections [(row, text)]; totals [row]; merged
    [(top row, left, bottom row, right)] of ranges below the header that hold several records, columns from 0; fill_down [at] of columns that seem to be filled in the
    first row of a group only; doubles [(text, (at, …))] of heads said twice; notes: sentences a person should see;
    first_rows [(row, cells)] of the sheet as it stands, from its top to some rows below the header.
    """

    source: str
    header: tuple
    columns: list
    rows: Iterator
    sheet: str = ""
    other_sheets: tuple = ()
    encoding: str = ""
    titles: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    sections: list = field(default_factory=list)
    totals: list = field(default_factory=list)
    merged: list = field(default_factory=list)
    hidden_rows: list = field(default_factory=list)
    hidden_columns: list = field(default_factory=list)
    fill_down: list = field(default_factory=list)
    doubles: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    first_rows: list = field(default_factory=list)
    closing: object = field(default=None, repr=False)

    @property
    def heads(self):
        """[head] of all columns, as the file says them."""
        return [column.head for column in self.columns]

    def close(self):
        """Ends the reading, where not all rows are wanted."""
        self.rows.close()
        if self.closing is not None:
            self.closing.close()


def table_of(grid, band, fill_down=(), closing=None):
    """The Table of a grid below this header band."""
    first, last = grid.head[band.first][0], grid.head[band.last][0]
    columns = _without_explanations(band.columns)
    titles = [(number, _text(cells)) for number, cells in grid.head[: band.first]]
    table = Table(
        grid.source, (first, last), columns, iter(()), sheet=grid.sheet, other_sheets=grid.other_sheets,
        encoding=grid.encoding, titles=titles, skipped=[(number, aside.TITLE, text) for number, text in titles],
        merged=[(top + 1, left, bottom + 1, right) for top, left, bottom, right in grid.merged if top >= last and bottom > top],
        hidden_rows=sorted(row for row in grid.hidden_rows if row > last),
        hidden_columns=[at for at in grid.hidden_columns if at < len(columns)],
        first_rows=[(number, [str(cell) for cell in cells]) for number, cells in grid.head[: band.last + 1 + _BELOW]],
        closing=closing,
    )  # fmt: skip
    table.doubles = _doubles(table.columns)
    table.fill_down = _fill_down(table, grid.head[band.last + 1 :])
    table.notes = _notes(table)
    if len(columns) < len(band.columns):
        table.notes.append(say("「{column}」一列是检查时加上的，没有当作内容。", column=COLUMN))
    table.rows = _records(table, grid, band, fill_down)
    return table


def _records(table, grid, band, fill_down):
    judge, section, held, before = aside.Aside(band, grid), "", {}, table.header[1]
    width, ours = len(table.columns), len(table.columns) < len(band.columns)
    for number, cells in grid.rows:
        if number <= table.header[1]:
            continue
        if number > before + 1:
            table.skipped += [(row, aside.BLANK, "") for row in range(before + 1, number)]
        before, cells = number, cells[:width] if ours else cells
        if ours and not any(map(str.strip, cells)):
            continue
        why = judge.why(number, cells)
        if why:
            section = _set_aside(table, number, cells, why) or section
            continue
        yield Row(number, _filled(cells, fill_down, held) if fill_down else cells, number in grid.hidden_rows, section)


def _without_explanations(columns):
    """The columns before the one that an error workbook has added: sent again, it is not part of the table."""
    at = next((column.at for column in columns if column.text == COLUMN), len(columns))
    return list(columns[:at])


def _set_aside(table, number, cells, why):
    """Notes the row; the text of a section is what holds from here on."""
    text = _text(cells)
    table.skipped.append((number, why, text))
    if why == aside.TOTAL:
        table.totals.append(number)
    if why != aside.SECTION:
        return ""
    table.sections.append((number, text))
    return text


def _text(cells):
    return "，".join(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))


def _filled(cells, columns, held):
    """The cells with what the last row above says in these columns, where this one says nothing."""
    cells = cells + [""] * (max(columns) + 1 - len(cells))
    for at in columns:
        if cells[at].strip():
            held[at] = cells[at]
        else:
            cells[at] = held.get(at, "")
    return cells


def _doubles(columns):
    places = {}
    for column in columns:
        if column.text:
            places.setdefault(column.head, []).append(column.at)
    return [(text, tuple(at)) for text, at in places.items() if len(at) > 1]


def _fill_down(table, rows):
    """Columns on the left that are filled in the first row of a group only, judged by the first rows; and merged ones."""
    width = len(table.columns)
    down = {left for top, left, bottom, right in table.merged if bottom > top and left == right}
    rows = [cells for _, cells in rows if sum(bool(cell.strip()) for cell in cells) > max(1, width / 3)]
    found = []
    for column in table.columns:
        says = [column.at < len(cells) and bool(cells[column.at].strip()) for cells in rows]
        empty = says.count(False)
        if column.at in down or (
            len(found) == column.at and column.at < width - 1 and says[:1] == [True] and empty >= max(2, len(says) / 10)
        ):
            found.append(column.at)
        elif not down:
            break
    return found


def _notes(table):
    notes = []
    if table.hidden_rows:
        notes.append(
            say("有 {count} 行是隐藏的，也读了：第 {rows} 行。", count=len(table.hidden_rows), rows=_some(table.hidden_rows))
        )
    if table.hidden_columns:
        letters = [table.columns[at].letter for at in table.hidden_columns]
        notes.append(say("有 {count} 列是隐藏的，也读了：{columns}。", count=len(letters), columns=_some(letters)))
    if table.merged:
        places = [f"{address(top, left)}:{address(bottom, right)}" for top, left, bottom, right in table.merged]
        notes.append(say("数据里有 {count} 处合并单元格，只有左上一格有值：{places}。", count=len(places), places=_some(places)))
    if table.fill_down:
        letters = tuple(table.columns[at].letter for at in table.fill_down)
        notes.append(say("{columns} 列像是只在每组第一行填写，需要时可以向下填充。", columns=letters))
    for text, places in table.doubles:
        letters = tuple(table.columns[at].letter for at in places)
        notes.append(say("{columns} 列的列名都是「{text}」。", columns=letters, text=text))
    return notes


def _some(found):
    return tuple(found[:_NAMED]) + (("…",) if len(found) > _NAMED else ())
