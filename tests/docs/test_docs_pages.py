"""What the documents point at is there: files, tests, pictures, the current version, the licence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from submitter import __version__
from tests.docs.pages import PAGES, ROOT, anchors, inline, links

PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
ROOMS = ("submitter/", "tests/", "scripts/", "docs/", "config/", "recordings/", ".ci/")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(text_of(page)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in anchors(text_of(target)), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_named_in_full_is_there(page: Path) -> None:
    for code in inline(text_of(page)):
        if code.startswith(ROOMS) and re.fullmatch(r"[\w./-]+\w", code) and not code.startswith(("config/", "docs/")):
            assert (ROOT / code).exists(), f"{page.name} names {code}"


def test_every_file_the_architecture_names_is_there() -> None:
    """There, files are named from the package on: `store/journal.py`; what stands behind in brackets is in the file."""
    text = text_of(ROOT / "ARCHITECTURE.md")
    for path, function in re.findall(r"`((?:[a-z]+/)?[a-z]+\.py)`(?: \(`(\w+)`\))?", text):
        file = ROOT / "submitter" / path.removeprefix("submitter/")
        assert file.is_file(), path
        assert not function or f"def {function}(" in text_of(file), f"{path} has no {function}"


def test_every_test_named_is_there() -> None:
    """Tests moved or renamed leave a promise without its proof."""
    known = "\n".join(text_of(path) for path in (ROOT / "tests").rglob("test_*.py"))
    named = {code for page in PAGES for code in inline(text_of(page)) if re.fullmatch(r"test_\w+", code)}
    assert len(named) >= 7
    for name in named:
        assert f"def {name}(" in known, name


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_pictures_are_used_and_small(picture: Path) -> None:
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 150_000
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(text_of(page))}
    assert picture in shown, "no document shows it"


def test_the_changelog_names_the_current_version() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    assert project["version"] == __version__
    assert re.search(rf"^## \[{re.escape(__version__)}\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert f"version {__version__}" in text_of(ROOT / "README.md")


def test_the_licence_is_the_one_the_project_names() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    licence = text_of(ROOT / "LICENSE")
    assert project["license"] == "Apache-2.0"
    for words in ("Version 2.0, January 2004", "9. Accepting Warranty", "END OF TERMS AND CONDITIONS", "APPENDIX"):
        assert words in licence
