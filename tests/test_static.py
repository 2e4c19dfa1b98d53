"""What the browser gets comes from here alone, is listed, and holds nothing inline."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEMPLATES = sorted((ROOT / "app/templates").glob("**/*.html"))
OWN = [*TEMPLATES, *(ROOT / "app/static/css").glob("*.css"), *(ROOT / "app/static/js").glob("*.js")]


def test_every_vendored_file_is_listed_with_its_licence():
    page = (ROOT / "docs/vendored.md").read_text(encoding="utf-8")
    folder = ROOT / "app/static/vendor"
    for file in (file for file in folder.glob("**/*") if file.is_file()):
        if file.name == "LICENSE":
            continue
        assert f"`{file.relative_to(ROOT)}`" in page, file
        package = folder / file.relative_to(folder).parts[0]
        assert (package / "LICENSE").exists()


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_no_page_asks_another_address(file):
    text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""(?:https?:)?//[a-z0-9-]+\.[a-z]""", text)


def test_no_vendored_style_asks_another_address():
    for file in (ROOT / "app/static/vendor").glob("**/*.css"):
        assert not re.search(r"""(?:@import|url\()\s*["']?(?:https?:)?//""", file.read_text(encoding="utf-8")), file


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_templates_hold_no_inline_code_or_style(file):
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "an inline handler"
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "an inline style"
    assert "|safe" not in text and "Markup" not in text
    for opened in re.findall(r"<script\b[^>]*>", text):
        assert "nonce=" in opened or 'type="application/json"' in opened
    for opened in re.findall(r"<form\b[^>]*method=\"post\"[^>]*>.*?</form>", text, re.S):
        assert "csrf()" in opened, opened[:120]
