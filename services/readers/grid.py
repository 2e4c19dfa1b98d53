"""A sheet or text file as rows of cells, before anybody knows which row is the header."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.readers import faults, text
from services.readers.cells import take
from services.readers.kinds import WORKBOOKS
from services.readers.process import Parser
from services.workbooks.about import OWN

HEAD = 200


@dataclass
class Grid:
    """Rows (number, cells) that hold anything: the first ones in `head`, the others once from `rest`.

    `merged` holds [top, left, bottom, right], counted from 0; hidden rows are numbers as Excel counts them, columns from 0.
    """

    source: str
    head: list
    rest: Iterator
    sheet: str = ""
    other_sheets: tuple = ()
    encoding: str = ""
    merged: list = field(default_factory=list)
    hidden_rows: frozenset = frozenset()
    hidden_columns: tuple = ()
    parser: Parser | None = None

    @property
    def rows(self):
        return itertools.chain(self.head, self.rest)


def grids(source, limits, sheet, encoding, score, parser):
    """The sheets of a source one after the other, visible ones first; or only the one that is asked for."""
    source.check()
    if source.kind not in WORKBOOKS:
        yield _text_grid(source, limits, encoding or text.encoding_of(source), score)
        return
    sheets = parser.open(source, limits)
    names = [name for name, _ in sheets]
    if sheet is not None and sheet not in names:
        raise faults.no_sheet(source.name, sheet, names)
    # sorted keeps the order of the workbook among those that are alike.
    theirs = [name for name, _ in sorted(sheets, key=lambda one: not one[1]) if name not in OWN]
    for name in [sheet] if sheet is not None else theirs:
        yield _sheet_grid(source, limits, name, tuple(other for other in names if other != name and other not in OWN), parser)


def _text_grid(source, limits, encoding, score):
    rows = text.text_rows(source, encoding, limits, score)
    head = list(itertools.islice(rows, HEAD))
    return Grid(source.name, head, rows, encoding=encoding)


def _sheet_grid(source, limits, name, others, parser):
    answer = parser.ask(source.name, limits, {"do": "head", "sheet": name, "rows": HEAD})
    return Grid(
        source.name, list(_unpacked(answer["head"])), _rest(source, limits, name, parser), sheet=name, other_sheets=others,
        merged=answer["merged"], hidden_rows=frozenset(answer["hidden_rows"]), hidden_columns=tuple(answer["hidden_columns"]),
        parser=parser,
    )  # fmt: skip


def _rest(source, limits, name, parser):
    for answer in parser.answers(source.name, limits, {"do": "rows", "sheet": name, "after": HEAD}):
        yield from _unpacked(answer["rows"])


def _unpacked(packed):
    rows, damaged = packed
    for number, cells in rows:
        yield number, take(cells, damaged.get(str(number)) if damaged else None)
