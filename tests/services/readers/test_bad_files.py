"""What cannot be read gets one clear sentence, and the process that serves is unharmed."""

import dataclasses
import io
import os
import resource
import time
import zipfile

import openpyxl
import pytest
import xlsxwriter

import config
from models.errors import Invalid
from services import readers
from tests.services.readers.conftest import saved, table


def _xlsx(rows=(("编号", "值"), ("a", "1"))):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def _zip(members, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def _changed(data, changes):
    """The workbook with parts replaced, added (old content None) or texts in parts exchanged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return _zip(list({name: changes(name, content) for name, content in parts.items()}.items()))


def _refused(uploads, **options):
    """The code and sentence of what is raised on the way from upload to the last row."""
    if isinstance(uploads, bytes):
        uploads = [("文件.xlsx", uploads)]
    with pytest.raises(Invalid) as refused:
        for source in readers.open_files(uploads):
            list(readers.read(source, **options).rows)
    assert len(refused.value.faults) == 1 and str(refused.value).endswith("。")
    return refused.value.faults[0].code, str(refused.value)


@pytest.fixture
def limited():
    """Sets limits for the test."""
    before = config.active()

    def set_(**values):
        config.activate(dataclasses.replace(config.active(), **{f"import_{name}": value for name, value in values.items()}))

    yield set_
    config.activate(before)


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "empty_file", "是空的"), (b"%PDF-1.7 x", "file_kind", "PDF"), (b"\xff\xd8\xff\xe0 x", "file_kind", "JPEG"),
        (b"\x89PNG\r\n", "file_kind", "PNG"), (b"Rar!\x1a", "file_kind", "RAR"), (b"<html><table><tr><td>1", "web_page", "网页"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "web_page", "另存为 .xlsx"), (b"a,b\x00\n1,2", "nul_bytes", "空字节"),
        (b"PK\x03\x04 broken", "unreadable", "损坏"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "unreadable", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "file_kind", "Word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password", "密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook _VBA_PROJECT".encode("utf-16-le"), "macros", "宏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), "unreadable", "损坏"),
        (b"1,2\n3,4\n", "no_header", "没有找到表头"), (b"x", "no_header", "没有找到表头"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["文件.xls", "文件.csv"])
def test_one_sentence_for_each_cause_whatever_the_name(data, code, said, name):
    found, sentence = _refused([(name, data)])
    assert found == code and said in sentence and "文件" in sentence


@pytest.mark.parametrize("name", ["a.xls", "a.csv", "a.txt", "a"])
def test_the_content_decides_not_the_name(name):
    assert [row.cells for row in table(_xlsx(), name).rows] == [["a", "1"]]
    assert [row.cells for row in table(b"k,v\n1,2\n", name).rows] == [["1", "2"]]


def test_documents_and_macros_in_a_zip_of_parts():
    assert _refused(_zip([("word/document.xml", "<x/>")]))[0] == "file_kind"
    book = io.BytesIO(_xlsx())
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    code, sentence = _refused([("宏.xlsm", book.getvalue())])
    assert code == "macros" and "不带宏" in sentence


def test_a_wrong_sheet_names_those_there_are():
    code, sentence = _refused(_xlsx(), sheet="名单")
    assert code == "no_sheet" and "「名单」" in sentence and "Sheet" in sentence


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
def test_a_truncated_workbook(keep):
    data = _xlsx([("编号", "值"), *[(f"a{n}", str(n)) for n in range(500)]])
    assert _refused(data[: int(len(data) * keep)])[0] == "unreadable"


def test_broken_xml_and_missing_parts():
    cut = lambda name, content: content[: len(content) // 2] if name.endswith("sheet1.xml") else content
    assert _refused(_changed(_xlsx(), cut))[0] == "unreadable"
    gone = _zip([("[Content_Types].xml", "<x/>"), ("xl/nothing.xml", "<x/>")])
    assert _refused(gone)[0] == "unreadable"


def test_two_parts_of_one_name():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = _zip([("a.csv", b"k,v\n1,2"), ("a.csv", b"k,v\n3,4")])
    assert _refused([("包.zip", data)])[0] == "same_name"


@pytest.mark.parametrize("attack", ["entity", "external"])
def test_entities_bring_nothing_in(attack):
    secret = "file:///etc/hostname"
    bomb = "".join(f'<!ENTITY {chr(98 + n)} "{(f"&{chr(97 + n)};" * 10)}">' for n in range(8))
    head = f'<!DOCTYPE x [<!ENTITY a "{"x" * 100}">{bomb}<!ENTITY z SYSTEM "{secret}">]>'
    use = "&h;" if attack == "entity" else "&z;"

    def changes(name, content):
        if not name.endswith(("sharedStrings.xml", "sheet1.xml", "workbook.xml")):
            return content
        text = content.decode().replace("编号", f"编号{use}")
        return (text.replace("?>", f"?>{head}", 1) if "?>" in text else head + text).encode()

    started = time.monotonic()
    try:
        found = table(_changed(_xlsx(), changes))
    except Invalid as refused:
        assert str(refused).endswith("。")
    else:
        with open("/etc/hostname") as file:
            assert file.read().strip() not in " ".join(found.heads)
        assert len("".join(found.heads)) < 10_000
    assert time.monotonic() - started < 30


def _far(first):
    source = io.BytesIO()
    with xlsxwriter.Workbook(source) as made:
        made.add_worksheet().write_column(0, 0, ["x", "y"])
    moves = {b'r="A1"': f'r="{first}"'.encode(), b'r="A2"': b'r="XFD1048576"', b'<row r="2"': b'<row r="1048576"'}

    def changes(name, content):
        for old, new in moves.items():
            content = content.replace(old, new)
        return content

    return _changed(source.getvalue(), changes)


@pytest.mark.parametrize("first", ["A1", "XFD1048576"])
def test_a_cell_in_the_last_corner_harms_nobody(first):
    assert _refused(_far(first))[0] in ("unreadable", "too_many_rows")
    assert [row.cells for row in table(_xlsx()).rows] == [["a", "1"]]


def test_a_million_formatted_rows_without_content_are_read_in_bounded_time():
    rows = b"".join(b'<row r="%d"><c r="A%d" s="1"/><c r="B%d" s="1"/></row>' % (n, n, n) for n in range(3, 1_048_577))
    data = _changed(_xlsx(), lambda name, content: content.replace(b"</sheetData>", rows + b"</sheetData>"))
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        assert [row.cells for row in table(data).rows] == [["a", "1"]]
    except Invalid as refused:
        assert str(refused).endswith("。")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used < 30


def test_a_zip_bomb_is_not_opened():
    data = _zip([("a.csv", b"0" * (60 << 20))])
    code, sentence = _refused([("包.zip", data)])
    assert code == "too_big_unpacked" and "MB" in sentence
    rows = b"<row>" * (8 << 20)
    assert (
        _refused(_changed(_xlsx(), lambda name, content: content + rows if "sheet1" in name else content))[0] == "too_big_unpacked"
    )


def test_a_directory_of_a_million_entries_is_not_read():
    data = bytearray(_zip([("a.csv", b"k,v\n1,2")]))
    end = data.rfind(b"PK\x05\x06")
    data[end + 10 : end + 12] = (60_000).to_bytes(2, "little")
    assert _refused([("包.zip", bytes(data))])[0] == "too_many_files"


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "x/../../a.csv", "..\\a.csv", "C:\\a.csv"])
def test_names_that_lead_elsewhere(name, tmp_path):
    before = set(os.listdir(tmp_path))
    code, sentence = _refused([("包.zip", _zip([(name, b"k,v\n1,2\n")]))])
    assert code == "unsafe_name" and "不安全" in sentence
    assert set(os.listdir(tmp_path)) == before


def test_a_zip_in_a_zip_is_told_and_the_others_are_read():
    inner = _zip([("x.csv", b"k,v\n1,2\n")])
    sources = readers.open_files([("包.zip", _zip([("里.zip", inner), ("好.csv", b"k,v\n1,2\n"), ("图.jpg", b"\xff\xd8\xff")]))])
    assert [bool(source.fault) for source in sources] == [True, False, True]
    assert sources[0].fault.faults[0].code == "nested_zip" and len(list(readers.read(sources[1]).rows)) == 1


def test_several_files_and_zips_at_once_junk_left_out():
    packet = _zip([("一区/甲.xlsx", _xlsx()), ("__MACOSX/._甲.xlsx", b"x"), ("一区/~$甲.xlsx", b"x"), ("乙.csv", b"k,v\n1,2\n")])
    sources = readers.open_files([("包.zip", packet), ("丙.csv", b"k,v\n1,2\n")])
    assert [(source.name, source.kind, source.packet) for source in sources] == [
        ("一区/甲.xlsx", "xlsx", "包.zip"), ("乙.csv", "text", "包.zip"), ("丙.csv", "text", ""),
    ]  # fmt: skip
    assert sources[1].sha256 == sources[2].sha256


def test_chinese_names_packed_by_old_windows():
    named = zipfile.ZipInfo("x" * 8)
    data = _zip([(named, b"k,v\n1,2\n")]).replace(b"x" * 8, "甲乙丙丁".encode("gbk"))
    assert readers.open_files([("包.zip", data)])[0].name == "甲乙丙丁"


@pytest.mark.parametrize(
    ("limit", "uploads", "code", "number"),
    [
        ({"file_mb": 1}, [("a.csv", b"k,v\n" + b"1,2\n" * 300_000)], "too_big", "1 MB"),
        ({"rows": 100}, [("a.csv", b"k,v\n" + b"1,2\n" * 1_200)], "too_many_rows", "100 行"),
        ({"rows": 100}, [("a.xlsx", _xlsx([("k", "v"), *[(1, 2)] * 1_200]))], "too_many_rows", "100 行"),
        ({"columns": 10}, [("a.csv", b",".join(b"k%d" % n for n in range(12)) + b"\n")], "too_many_columns", "10 列"),
        ({"columns": 10}, [("a.xlsx", _xlsx([[f"k{n}" for n in range(12)]]))], "too_many_columns", "10 列"),
        ({"cell_characters": 100}, [("a.csv", b"k,v\n1," + b"x" * 200 + b"\n")], "cell_too_long", "B2 格有 200 个字，一格最多 100 个字"),
        ({"cell_characters": 100}, [("a.xlsx", _xlsx([("k", "v"), ("1", "x" * 200)]))], "cell_too_long", "B2 格有 200 个字"),
        ({"files": 2}, [("a.zip", _zip([(f"{n}.csv", b"k,v\n1,2\n") for n in range(3)]))], "too_many_files", "2 个文件"),
        ({"files": 2}, [(f"{n}.csv", b"k,v\n1,2\n") for n in range(3)], "too_many_files", "2 个文件"),
        ({"unpacked_mb": 1}, [("a.xlsx", _xlsx([("k", "v"), *[(str(n) * 40, "x") for n in range(20_000)]]))], "too_big_unpacked", "1 MB"),
    ],
)  # fmt: skip
def test_each_limit_is_a_setting_and_is_said(limited, limit, uploads, code, number):
    limited(**limit)
    found, sentence = _refused(uploads)
    assert found == code and number in sentence


def test_a_cell_of_100_000_characters():
    assert _refused([("a.csv", b'k,v\n1,"' + b"x" * 100_000 + b'"\n')])[0] == "cell_too_long"
    assert _refused([("a.csv", b'k,v\n1,"' + b"x\n" * 100_000)])[0] == "cell_too_long"


def test_the_parser_can_open_nothing_and_knows_no_secret(tmp_path):
    """The limited process runs under the limits it sets: no file, no connection, no other process."""
    from services.readers.process import Parser

    with Parser() as parser:
        (source,) = readers.open_files([("a.xlsx", _xlsx())])
        parser.open(source, readers.limits())
        status = f"/proc/{parser._child.pid}"
        with open(f"{status}/limits") as file:
            limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
        with open(f"{status}/environ", "rb") as file:
            assert b"TAIZHANG" not in file.read()
    assert limits["Max open files"] == ["3", "3"] and limits["Max address space"][1] != "unlimited"


def test_a_parser_that_dies_is_followed_by_a_fresh_one():
    good, bad = readers.open_files([("好.xlsx", _xlsx()), ("坏.xlsx", _far("A1"))])
    with readers.Parser() as parser:
        for source, rows in ((good, 1), (bad, None), (good, 1)):
            if rows is None:
                with pytest.raises(Invalid):
                    readers.read(source, parser=parser)
            else:
                assert len(list(readers.read(source, parser=parser).rows)) == rows


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for data in (_xlsx(), _far("A1"), _xlsx()[:500]):
        try:
            list(table(data).rows)
        except Invalid:
            continue
    assert not os.listdir(tmp_path)
