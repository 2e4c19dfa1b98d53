"""How rows are written: cleaned, checked, scoped, saved, journalled, indexed. Only services.records and its kin call this.

A write runs inside one transaction (models.base.atomic) and one Work. It checks the row before and after saving: what an
actor may not have, he may not make.
"""

from services.behaviours import derive
from services.writer.faults import faults_of, refuse_whole, taken
from services.writer.indexing import INDEXER, reindex, reindex_mentions
from services.writer.one import LOCKED, create, refuse_locked, update
from services.writer.rows import fetch, fetch_many
from services.writer.saving import run_effects
from services.writer.scope import units_of
from services.writer.sets import SetDone, put_back, write_set
from services.writer.sheets import Sheet
from services.writer.trash import bring_back, trash
from services.writer.values import Written

__all__ = [
    "INDEXER",
    "LOCKED",
    "SetDone",
    "Sheet",
    "Written",
    "bring_back",
    "create",
    "derive",
    "faults_of",
    "fetch",
    "fetch_many",
    "put_back",
    "refuse_locked",
    "refuse_whole",
    "reindex",
    "reindex_mentions",
    "run_effects",
    "taken",
    "trash",
    "units_of",
    "update",
    "write_set",
]
