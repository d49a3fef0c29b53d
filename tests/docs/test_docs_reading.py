"""What docs/documents.md says of reading files: each limit is the code's, each verdict is told, the example is read."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re

import pytest

from submitter import documents
from submitter.documents.einvoices.einvoice import read_terms
from submitter.documents.einvoices.json_invoice import read_json
from submitter.documents.opening.reading import Verdict
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
READ = TEXT[TEXT.index("## What is read") : TEXT.index("## Lists from an ERP")]
MODULES = [one.name for one in pkgutil.walk_packages(documents.__path__, "submitter.documents.") if not one.ispkg]
UNITS = {"": 1, "s": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "MiB": 1 << 20, "GiB": 1 << 30}
LIMITS = [
    (constant, number)
    for number, constants in re.findall(r"^\| [^|]+ \| ([\d,]+ ?\w*) \| (`.+`) \|$", READ, re.MULTILINE)
    for constant in re.findall(r"`([\w.]+)`", constants)
]


@pytest.mark.parametrize(("constant", "number"), LIMITS)
def test_each_limit_is_the_codes(constant: str, number: str) -> None:
    module, name = constant.split(".")
    amount, _, unit = number.partition(" ")
    [found] = [one for one in MODULES if one.endswith(f".{module}")]
    value = getattr(importlib.import_module(found), name)
    assert value == int(amount.replace(",", "")) * UNITS[unit]


def test_there_are_limits() -> None:
    assert len(LIMITS) > 20


def test_every_verdict_is_told() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \|", READ, re.MULTILINE)
    assert told == [verdict.value for verdict in Verdict]


def test_the_example_is_an_invoice() -> None:
    [example] = re.findall(r"```json\n(.*?)```", READ, re.DOTALL)
    found = read_terms(read_json(example.encode())["terms"]).invoice
    assert found is not None
    assert (found.number, str(found.total), len(found.lines)) == ("INV-1001", "216.50 USD", 1)
    known = json.loads((ROOT / "config" / "schema" / "invoice.json").read_text(encoding="utf-8"))
    assert json.loads(example).keys() <= known["properties"].keys()
    assert set(known["required"]) <= json.loads(example).keys()
