"""A real Fieldgate in a process of its own, one for each test file."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.practice.counter import Buyer, Supplier


@dataclass
class Running:
    """A Fieldgate that is accepting connections."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    announcement: dict[str, Any]

    @property
    def buyer(self) -> Buyer:
        return Buyer(self.url, self.announcement["buyer_token"])


@contextmanager
def running_fieldgate(folder: Path, *options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "submitter.practice", "fieldgate", "--folder", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            announcement = json.loads(process.stdout.readline())
            yield Running(announcement["url"], folder, process, announcement)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def fieldgate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_fieldgate(tmp_path_factory.mktemp("fieldgate"), "--with-parent") as running:
        yield running


@pytest.fixture
def buyer(fieldgate: Running) -> Iterator[Buyer]:
    yield fieldgate.buyer
    fieldgate.buyer.call("DELETE", "/faults")
    defaults = {"idle_seconds": 1800, "accept_duplicates": False, "listing_delay_seconds": 0, "page_size": 10}
    fieldgate.buyer.call("PUT", "/settings", {**defaults, "terms_version": "", "totp_required": False})


@pytest.fixture
def supplier(buyer: Buyer) -> Supplier:
    """A supplier who has just signed in."""
    new = buyer.add_supplier()
    assert new.sign_in().heading == "Home"
    return new
