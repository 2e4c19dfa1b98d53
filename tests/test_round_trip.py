"""What goes out comes back in unchanged: every register that may be imported, as CSV in three encodings and as a workbook."""

import pytest

from models import registry
from services import exports, query
from services.actor import SYSTEM
from tests.bringing import bring

IMPORTABLE = [register for register in registry.all() if register.importable and not register.system]
KINDS = ("utf-8-sig", "utf-8", "gb18030", "xlsx")
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@SQLITE
@pytest.mark.parametrize("register", IMPORTABLE, ids=lambda register: register.name)
def test_an_export_of_every_field_is_unchanged(city, tmp_path, register):
    fields = ",".join(field.name for field in register.live)
    asked = query.parse(register.name, SYSTEM, [("fields", fields)])
    count = query.count(asked, exact=True).value
    for kind in KINDS:
        path = tmp_path / f"{register.name}-{kind}.{'xlsx' if kind == 'xlsx' else 'csv'}"
        chunks = exports.xlsx_stream(asked, SYSTEM) if kind == "xlsx" else exports.csv_stream(asked, SYSTEM, encoding=kind)
        path.write_bytes(b"".join(chunks))
        found = bring(register.name, path, SYSTEM)
        assert found.line == f"new 0 changed 0 unchanged {count} error 0 warning 0 out_of_scope 0", (
            kind, [str(message.placed) for message in found.messages][:5],
        )  # fmt: skip
    assert count
