"""Uploaded files: what they really are, that pictures tell nothing but what they show, and who sees them. Drafts and views."""

import io
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from models.errors import Invalid, NotAllowed, NotFound
from models.journal import Attachment, Draft
from models.values import now
from services import actor as actors, attachments, desk, records
from services.actor import SYSTEM
from tests.app.conftest import account_id

PLACE = b"Exif\x00\x00"


def picture(form="JPEG", size=(1200, 900), **more):
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, form, **more)
    return out.getvalue()


def package(*names, size=10):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, b"x" * size)
    return out.getvalue()


WORD = package("[Content_Types].xml", "word/document.xml")
PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture
def teacher(app):
    return actors.load(account_id("school_a"))


def named(value):
    """A case's name holds no content: packages carry the moment they were made, and each worker makes its own."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


@pytest.mark.parametrize(
    ("name", "data", "kept_as", "kind"),
    [
        ("三楼裂缝.jpg", picture(), "三楼裂缝.jpg", "image"), ("三楼裂缝.JPEG", picture(), "三楼裂缝.JPEG", "image"),
        ("照片.jpg", picture("PNG"), "照片.png", "image"), ("照片.webp", picture("WEBP"), "照片.png", "image"),
        ("照片", picture("BMP"), "照片.png", "image"), ("鉴定报告.pdf", PDF, "鉴定报告.pdf", "document"),
        ("鉴定报告.jpg", PDF, "鉴定报告.pdf", "document"), ("说明.docx", WORD, "说明.docx", "document"),
        ("表.xlsx", package("[Content_Types].xml", "xl/workbook.xml"), "表.xlsx", "document"),
        ("旧表.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "旧表.xls", "document"),
        ("名单.csv", "学校,人数\n一中,3\n".encode("gb18030"), "名单.csv", "document"), ("../../etc/passwd.txt", b"hello", "passwd.txt", "document"),
        ("C:\\x\\CON.txt", b"hello", "CON.txt", "document"), ("a" * 300 + ".pdf", PDF, "a" * 100 + ".pdf", "document"),
        ("\u202efdp.exe.pdf", PDF, "fdp.exe.pdf", "document"), ('x";a.html.pdf', PDF, 'x";a.html.pdf', "document"),
    ],
    ids=named,
)  # fmt: skip
def test_files_are_kept_under_their_name_and_real_type(teacher, name, data, kept_as, kind):
    file = attachments.fetch(teacher, attachments.store(teacher, name, data))
    assert (file.name, file.kind) == (kept_as, kind)
    assert "/" in file.type
    assert kind == "image" or file.data == data


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("空.jpg", b"", "empty_file"), ("页.html", b"<script>alert(1)</script>", "file_type"), ("图.svg", b"<svg onload='x'/>", "file_type"),
        ("图.jpg", b"<svg onload='x'/>", "file_type"), ("宏.docx", package("[Content_Types].xml", "word/d.xml", "word/vbaProject.bin"), "file_type"),
        ("包.zip", package("a.txt"), "file_type"), ("坏.docx", WORD[:40], "file_type"), ("程序.exe", b"MZ" + b"x" * 100, "file_type"),
        ("坏.jpg", picture()[:300], "file_type"), ("大.pdf", PDF + b"x" * 11_000_000, "too_large"),
        ("炸弹.docx", package("[Content_Types].xml", "word/d.xml", size=60_000_000), "unpacked_size"),
        ("二进制.txt", b"a\x00b", "file_type"), ("旧.exe", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99, "file_type"),
    ],
    ids=named,
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_its_reason(teacher, name, data, code):
    with pytest.raises(Invalid) as caught:
        attachments.store(teacher, name, data)
    assert caught.value.faults[0].code == code
    assert not Attachment.select().exists()


def test_a_picture_with_too_many_pixels_is_refused_unseen(teacher):
    header = bytearray(picture("PNG", (10, 10)))
    header[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(Invalid):
        attachments.store(teacher, "大图.png", bytes(header))


def test_a_photo_does_not_tell_where_and_when_it_was_taken(teacher):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (34.0, 45.0, 0.0)}
    exif[0x010F] = "PhoneMaker"
    data = picture(exif=exif)
    assert b"PhoneMaker" in data
    stored = attachments.fetch(teacher, attachments.store(teacher, "现场.jpg", data + b"<script>hidden</script>")).data
    assert PLACE not in stored
    assert b"PhoneMaker" not in stored
    assert b"script" not in stored


def test_big_photos_are_made_smaller_and_have_a_small_picture(teacher):
    id = attachments.store(teacher, "全景.jpg", picture(size=(6000, 3000)))
    assert Image.open(io.BytesIO(attachments.fetch(teacher, id).data)).size == (4096, 2048)
    assert max(Image.open(io.BytesIO(attachments.fetch(teacher, id, thumb=True).data)).size) == 320
    with pytest.raises(NotFound):
        attachments.fetch(teacher, attachments.store(teacher, "a.pdf", PDF), thumb=True)


def test_an_upload_not_yet_saved_is_its_uploaders_alone(teacher):
    id = attachments.store(teacher, "a.pdf", PDF)
    for username in ("city_admin", "school_b", "district_a"):
        with pytest.raises(NotFound):
            attachments.fetch(actors.load(account_id(username)), id)
    with pytest.raises(NotFound):
        attachments.fetch(teacher, id + 1)


def test_a_saved_file_is_seen_by_who_sees_its_record(teacher):
    school = teacher.memberships[0].school_id
    building = records.create(
        "damaged_building", SYSTEM, {"school": school, "name": "教学楼", "kind": "teaching", "found_on": "2021-07-21"}
    )
    id = attachments.store(teacher, "裂缝.jpg", picture())
    Attachment.update(register="damaged_building", record_id=building.record.id).where(Attachment.id == id).execute()
    for username in ("school_a", "district_a", "city_admin"):
        assert attachments.fetch(actors.load(account_id(username)), id).name == "裂缝.jpg"
    for username in ("school_b", "auditor"):
        with pytest.raises(NotFound):
            attachments.fetch(actors.load(account_id(username)), id)


def test_whoever_looks_through_other_eyes_uploads_nothing(teacher):
    with pytest.raises(NotAllowed):
        attachments.store(replace(teacher, real=actors.load(account_id("city_admin"))), "a.pdf", PDF)


def test_a_draft_comes_back_and_is_the_own(teacher):
    desk.save_draft(teacher, "/form", [["a", "1"]], 3)
    desk.save_draft(teacher, "/form", [["a", "2"]], 4)
    kept = desk.draft(teacher, "/form")
    assert (kept.payload, kept.version) == ([["a", "2"]], 4)
    assert desk.draft(actors.load(account_id("city_admin")), "/form") is None
    desk.drop_draft(teacher, "/form")
    assert desk.draft(teacher, "/form") is None


def test_drafts_are_kept_thirty_days_and_the_newest_fifty(teacher):
    for at in range(53):
        desk.save_draft(teacher, f"/form/{at}", [])
    assert Draft.select().count() == 50
    assert desk.draft(teacher, "/form/2") is None
    Draft.update(at=now() - desk.KEPT_FOR * 2).execute()
    assert desk.draft(teacher, "/form/52") is None


def test_too_long_a_draft_is_refused(teacher):
    with pytest.raises(Invalid):
        desk.save_draft(teacher, "/form", [["a", "x" * 600_000]])


def test_saved_views_are_the_own_and_what_others_share(teacher):
    boss = actors.load(account_id("city_admin"))
    own = desk.save_view(teacher, "school", " 我的 学校 ", "level=primary")
    desk.save_view(boss, "school", "全市小学", "level=primary", shared=True)
    desk.save_view(boss, "school", "私人", "q=x")
    assert [(view.name, view.mine) for view in desk.views(teacher, "school")] == [("我的 学校", True), ("全市小学", False)]
    assert desk.save_view(teacher, "school", "我的 学校", "level=junior") == own
    for view in desk.views(teacher, "school")[1:]:
        with pytest.raises(NotFound):
            desk.drop_view(teacher, view.id)
    desk.drop_view(teacher, own)
    assert len(desk.views(teacher, "school")) == 1


@pytest.mark.parametrize(("name", "query"), [("", "q=1"), (" ", "q=1"), ("x" * 41, "q=1"), ("好", "q" * 5000)])
def test_a_view_needs_a_short_name_and_a_sane_query(teacher, name, query):
    with pytest.raises(Invalid):
        desk.save_view(teacher, "school", name, query)
