"""Registers made and changed while the app runs: a draft, its check, the difference in words, and putting it in force.

A wish is a declaration's JSON (models.register.Register.to_dict), with `grants` for who may do what; see `wishes`.
"""

from models.definition_checks import ROLES, ROWS
from services.definitions.conversion import Casualties
from services.definitions.differences import TYPE_LABELS, difference
from services.definitions.drafts import (
    Checked,
    Defined,
    Refused,
    Stale,
    allowed,
    check,
    discard,
    listing,
    read,
    require,
    rights_of,
    save,
)
from services.definitions.files import exported, imported, looked_into
from services.definitions.naming import option_code, slug
from services.definitions.publishing import Published, finish_indexes, index_again, publish, restore, retire

__all__ = [
    "ROLES", "ROWS", "TYPE_LABELS", "Casualties", "Checked", "Defined", "Published", "Refused", "Stale", "allowed", "check", "difference", "discard",
    "exported", "finish_indexes", "imported", "index_again", "listing", "looked_into", "option_code", "publish", "read", "require",
    "restore", "retire", "rights_of", "save", "slug",
]  # fmt: skip
