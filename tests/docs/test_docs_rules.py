"""The documents' table of rules and their description of the answer are those of the program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from submitter.cli.preflight import as_json
from submitter.documents.intake import IntakeItem, IntakeVerdict
from submitter.model.document import Finding, Severity
from submitter.model.rules import Rules
from tests.docs.pages import ROOT, script

PAGE = ROOT / "docs" / "documents.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## The customer's rules")[1].split("\n## ")[0]


def test_the_table_of_rules_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == script("write_rules").page(), (
        "run: .venv/bin/python scripts/write_rules.py"
    )
    assert SECTION.count("| `invoice.number-pattern` | ") == 1


def test_a_changed_table_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = script("write_rules")
    page = PAGE.read_text(encoding="utf-8")
    monkeypatch.setattr(writer, "PLACE", tmp_path / "documents.md")
    (tmp_path / "documents.md").write_text(page.replace("| `order.price` |", "| `order.prize` |"), encoding="utf-8")
    assert writer.page() == page


def test_every_key_that_the_text_names_is_one() -> None:
    prose = re.sub(r"^\|.*$", "", SECTION, flags=re.MULTILINE)
    named = set(re.findall(r"`([a-z]+_[a-z_]+)(?: = [^`]+)?`", prose))
    assert named - {"time_zone"} <= Rules.model_fields.keys()
    assert {"same_number", "resubmission_suffix", "cutoff_day"} <= named


def test_the_answer_is_described_key_by_key() -> None:
    finding = Finding(rule="order.missing", severity=Severity.BLOCKS, sentence="It names none.")
    item = IntakeItem(file="a.pdf", findings=(finding,), verdict=IntakeVerdict.BLOCKED)
    answer: dict[str, Any] = as_json([item], compared=False)
    [invoice] = answer["invoices"]
    for keys in (answer, invoice, invoice["findings"][0]):
        for key in keys:
            assert f"`{key}`" in SECTION, key
