"""How rows are written: cleaned, checked, scoped, saved, journalled, indexed. Only services.records and its kin call this.

A write runs inside one transaction (models.base.atomic) and one Work. It checks the row before and after saving: what an
actor may not have, he may not make.
"""

from services.writer.faults import derive, faults_of, refuse_whole, settle, taken
from services.writer.indexing import INDEXER, reindex
from services.writer.one import create, refuse_locked, restore_values, update
from services.writer.relations import check_relations, gone_targets
from services.writer.rows import fetch, next_ids
from services.writer.saving import insert, run_effects
from services.writer.scope import out_of_scope
from services.writer.values import Written, clean, fill, fill_defaults, make_codes

__all__ = [
    "INDEXER",
    "Written",
    "check_relations",
    "clean",
    "create",
    "derive",
    "faults_of",
    "fetch",
    "fill",
    "fill_defaults",
    "gone_targets",
    "insert",
    "make_codes",
    "next_ids",
    "out_of_scope",
    "refuse_locked",
    "refuse_whole",
    "reindex",
    "restore_values",
    "run_effects",
    "settle",
    "taken",
    "update",
]
