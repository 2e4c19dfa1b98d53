"""Files a clerk really has, into tables: any workbook or text file, its header found, every cell with its address.

sources = readers.open_files([("名单.zip", "/path/to/it")])
table = readers.read(sources[0])
for row in table.rows: …
"""

from services.readers import faults, grid as grids, header as headers
from services.readers.cells import Damaged
from services.readers.faults import address, letter, refuse
from services.readers.grid import Grid
from services.readers.heads import Column
from services.readers.limits import Limits, limits
from services.readers.process import Parser, run_limited
from services.readers.sources import SheetInfo, Source, open_files, open_path
from services.readers.table import Row, Table, table_of
from services.readers.text import encoding_of, encodings

__all__ = (
    "Column",
    "Damaged",
    "Grid",
    "Limits",
    "Parser",
    "Row",
    "SheetInfo",
    "Source",
    "Table",
    "address",
    "encoding_of",
    "encodings",
    "grid_of",
    "letter",
    "limits",
    "open_files",
    "open_path",
    "read",
    "refuse",
    "run_limited",
)  # fmt: skip


def read(source, *, sheet=None, header=None, encoding=None, score=None, fill_down=(), parser=None):
    """The Table in a source. Invalid, in one sentence, for a source nobody can read.

    sheet: its name; without one the first visible sheet in which two heads are known, else one, else the first with a header.
    header: (first, last) row, or one row; without it the header is found. encoding: of a text file. score(texts): how many of these
    heads a register knows; it helps and is not needed. fill_down: columns (from 0) in which an empty cell means the one above.
    parser: a Parser to use for many sources; without one the table has its own.
    """
    own = parser is None
    parser = Parser() if own else parser
    best = None
    for grid in grids.grids(source, limits(), sheet, encoding, score, parser):
        band = _band(source, grid, header, score)
        known = min(2, headers.known(band, score)) if score and band else 0
        if band and (best is None or known > best[0]):
            best = (known, grid.sheet, band, grid)
        if band and (known == 2 or score is None):
            break
    if best is None:
        raise faults.no_header(source.name, headers.WITHIN)
    _, _, band, grid = best
    return table_of(grid, band, fill_down, parser if own else None)


def grid_of(source, *, sheet=None, encoding=None, parser):
    """The Grid of one sheet, or of a text file: all its rows as they stand, before anybody looks for a header."""
    grid = next(grids.grids(source, limits(), sheet, encoding, None, parser), None)
    if grid is None:
        raise faults.no_header(source.name, headers.WITHIN)
    return grid


def _band(source, grid, header, score):
    if header is None:
        return headers.find(grid.head, grid.merged, score)
    first, last = header if isinstance(header, tuple) else (header, header)
    band = headers.forced(grid.head, grid.merged, first, last)
    if band is None:
        raise faults.no_such_header(source.name, first, last)
    return band
