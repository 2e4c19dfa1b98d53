"""The documentation says what the code does."""

import re
from pathlib import Path

import pytest

import config
from app.cli.shared import commands
from docs import generate
from services import behaviours, records

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_a_reference_page_is_what_the_code_says(name):
    assert (generate.HERE / name).read_text(encoding="utf-8") == generate.pages()[name], "run `make docs`"


def test_every_check_id_has_a_line():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "models").glob("*checks.py"))
    ids = set(re.findall(r'"(R\d{3})"', code))
    page = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    assert ids == set(re.findall(r"^\| (R\d{3}) ", page, re.M))


def test_every_make_target_named_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named and named <= targets


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_behaviour_is_explained():
    assert records  # importing the gate registers the behaviours
    for kind in (behaviours.FILLS, behaviours.CHECKS, behaviours.EFFECTS):
        for name, function in kind.items():
            assert function.__doc__, name


def test_every_setting_and_command_that_the_pages_name_exists():
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    assert set(re.findall(r"TAIZHANG_[A-Z]+(?:_[A-Z]+)*\b(?!_)", text)) <= {setting.name for setting in config.SETTINGS}
    assert set(re.findall(r"python -m app ([a-z]+)", text)) <= set(commands.commands)
