"""The table of portals is what the manifests and profiles say."""

from __future__ import annotations

from pathlib import Path

import pytest

from submitter.adapters.manifest import Grade, read_manifest
from tests.docs.pages import ROOT, script

PAGE = (ROOT / "docs" / "portals.md").read_text(encoding="utf-8")
ADAPTERS = sorted(path.parent for path in (ROOT / "submitter" / "adapters").glob("*/manifest.toml"))


def test_the_tables_are_current() -> None:
    assert script("write_portals").page() == PAGE, "run: .venv/bin/python scripts/write_portals.py"


@pytest.mark.parametrize("folder", ADAPTERS, ids=lambda folder: folder.name)
def test_every_adapter_says_what_it_was_run_against(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.id == folder.name and f"| [{manifest.vendor}]" in PAGE
    assert (folder / "README.md").is_file()
    assert manifest.ran_against and manifest.owner
    assert manifest.grade is Grade.DRAFT or manifest.ran_on or "practice portal" in manifest.ran_against


def test_every_grade_is_explained() -> None:
    assert all(f"| `{grade}` |" in PAGE for grade in Grade)
