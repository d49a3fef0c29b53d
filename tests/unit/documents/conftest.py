"""One reader for all tests of a file: its child takes a moment to start, as it does at work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from submitter.documents.opening.opening import DocumentReader

SAMPLES = Path(os.environ.get("SUBMITTER_SAMPLES") or Path(__file__).parents[3].parent / "shared" / "samples")


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader() as opened:
        yield opened


@pytest.fixture(scope="session")
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the sample documents are not there; set SUBMITTER_SAMPLES to their folder")
    return SAMPLES
