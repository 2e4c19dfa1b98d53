"""Kept ways to export: sets of columns for a register, and forms with {{placeholders}} that a superior prescribes.

A form is filled from the same lines as every export: rows through policy, no names of people, masks, the access log. Names alone
stand in placeholders; nothing in a form is run. Every version of a form is kept, and each output names the one it was made with.
"""

from services.templates.keeping import Kept, kept, managed, may_share, offered, rename, retire, save_columns, save_form
from services.templates.marks import HEADS, NUMBER
from services.templates.output import MOST_RECORDS, MOST_ROWS, Output, columns_of, fill

__all__ = [
    "HEADS", "MOST_RECORDS", "MOST_ROWS", "NUMBER", "Kept", "Output", "columns_of", "fill", "kept", "managed", "may_share", "offered", "rename", "retire",
    "save_columns", "save_form",
]  # fmt: skip
