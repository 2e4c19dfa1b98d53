"""How large a file may be: settings of the install."""

from dataclasses import dataclass

import config


@dataclass(frozen=True)
class Limits:
    """Bytes of a file and of what it unpacks to; files at once; rows, columns, characters of a cell."""

    file: int
    unpacked: int
    files: int
    rows: int
    columns: int
    characters: int


def limits():
    """The limits in force."""
    active = config.active()
    return Limits(
        active.import_file_mb << 20, active.import_unpacked_mb << 20, active.import_files, active.import_rows,
        active.import_columns, active.import_cell_characters,
    )  # fmt: skip
