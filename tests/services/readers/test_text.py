"""Text files in any encoding and dialect a clerk has."""

import csv
import io

import pytest
from hypothesis import given, strategies as st

from models.errors import Invalid
from services import readers
from tests.services.readers.conftest import table

TEXT = "学校,人数\r\n甲校,10\r\n"


def _source(data, name="a.csv"):
    return readers.open_files([(name, data)])[0]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gbk", "gb18030"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_the_encoding_is_told_by_the_bytes(encoding, said):
    found = table(TEXT.encode(encoding), "a.csv")
    assert found.encoding == said and [row.cells for row in found.rows] == [["甲校", "10"]]


def test_what_cannot_be_told_is_asked_with_a_preview():
    source = _source("學校,人數\r\n臺北國小,10\r\n".encode("big5"))
    with pytest.raises(Invalid) as refused:
        readers.read(source)
    assert refused.value.faults[0].code == "encoding" and "编码" in str(refused.value)
    offered = dict(readers.encodings(source))
    assert "big5" in offered and all(len(lines) <= 10 for lines in offered.values())
    assert offered["big5"] == ["學校,人數", "臺北國小,10"]
    assert len(list(readers.read(source, encoding="big5").rows)) == 1


def test_western_bytes_are_not_taken_for_chinese():
    source = _source("id,name\n1,é\n2,Zoë\n3,Äpfel\n".encode("cp1252"))
    with pytest.raises(Invalid):
        readers.read(source)
    assert [row.cells[1] for row in readers.read(source, encoding="cp1252").rows] == ["é", "Zoë", "Äpfel"]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_separators_and_line_ends(separator, end):
    text = end.join(
        separator.join(cells) for cells in [["学校", "人数", "备注"], ["甲校", "10", "一，二;三" if separator != ";" else "一"]]
    )
    (row,) = table(text.encode(), "a.txt").rows
    assert row.cells[:2] == ["甲校", "10"]


def test_semicolons_with_decimal_commas():
    found = table("a;b;c\n甲;1,5;2,5\n乙;3,5;4,5\n".encode(), "a.csv")
    assert [row.cells for row in found.rows] == [["甲", "1,5", "2,5"], ["乙", "3,5", "4,5"]]


def test_rows_are_counted_as_excel_counts_them():
    found = table('编号,备注\r\na,"一\r\n二"\r\n\r\nb,x\r\n'.encode(), "a.csv")
    assert [(row.number, row.cells[1]) for row in found.rows] == [(2, "一\r\n二"), (4, "x")]


cells = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=12)


@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=8),
    separator=st.sampled_from(",\t;"),
    quoting=st.sampled_from([0, 1]),
)
def test_any_text_csv_writes_is_read_the_same(rows, separator, quoting):
    rows = [[f"行{number}", *(cell.lstrip("'") for cell in row)] for number, row in enumerate(rows)]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, quoting=quoting).writerows([["编号", "名称", "备注"], *rows])
    found = table(buffer.getvalue().encode(), "a.csv", score=lambda heads: len({"编号", "名称", "备注"} & set(heads)))
    assert [[str(cell) for cell in row.cells] for row in found.rows] == rows
