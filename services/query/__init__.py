"""Reading: lists, records, labels, related counts. All rows come from policy.rows; this package is the only way to read them."""

from services.query.asking import CAP, ID, LARGEST_PAGE, MOST_KEYS, PAGE, UNIT_FIELDS, field_of, filter_fields, pairs, parse
from services.query.narrowing import Count, column, count, counts, counts_of, expression, not_applicable, rows
from services.query.pages import LAST, jump, jump_field, page, stream
from services.query.picking import facets, lookup, related
from services.query.shown import NO_ACCESS, Record, codes_of, describe, get, labels, mark_na
from services.query.texts import lines

__all__ = [
    "CAP",
    "ID",
    "LARGEST_PAGE",
    "LAST",
    "MOST_KEYS",
    "NO_ACCESS",
    "PAGE",
    "UNIT_FIELDS",
    "Count",
    "Record",
    "codes_of",
    "column",
    "count",
    "counts",
    "counts_of",
    "describe",
    "expression",
    "facets",
    "field_of",
    "filter_fields",
    "get",
    "jump",
    "jump_field",
    "labels",
    "lines",
    "lookup",
    "mark_na",
    "not_applicable",
    "page",
    "pairs",
    "parse",
    "related",
    "rows",
    "stream",
]
