"""Workbooks written cell by cell, and text files, read as an upload is."""

import io

import openpyxl
import pytest

from services import readers


def table(data, name="表.xlsx", **options):
    """The table in these bytes."""
    (source,) = readers.open_files([(name, data)])
    return readers.read(source, **options)


def saved(book):
    """The bytes of an openpyxl workbook."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def sheet():
    """(sheet to fill, a function that reads the workbook it stands in)."""
    book = openpyxl.Workbook()
    book.active.title = "表"

    def read(**options):
        return table(saved(book), **options)

    return book.active, read
