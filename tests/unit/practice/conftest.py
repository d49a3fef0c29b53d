"""Real portals in processes of their own, one for each test file."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.practice.cobalt_counter import PALISADE, Clerk, CobaltBuyer
from tests.unit.practice.counter import Buyer, Supplier
from tests.unit.practice.ledgerline_counter import LedgerlineBuyer, LedgerlineClerk
from tests.unit.practice.meridian_counter import MeridianBuyer, MeridianClerk


@dataclass
class Running:
    """A practice portal that is accepting connections."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    announcement: dict[str, Any]

    @property
    def buyer(self) -> Buyer:
        return Buyer(self.url, self.announcement["buyer_token"])


@contextmanager
def running(portal: str, folder: Path, *options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "submitter.practice", portal, "--folder", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            announcement = json.loads(process.stdout.readline())
            yield Running(announcement["url"], folder, process, announcement)
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def running_fieldgate(folder: Path, *options: str) -> Iterator[Running]:
    with running("fieldgate", folder, *options) as portal:
        yield portal


@pytest.fixture(scope="module")
def fieldgate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_fieldgate(tmp_path_factory.mktemp("fieldgate"), "--with-parent") as portal:
        yield portal


@pytest.fixture(scope="module")
def cobalt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("cobalt", tmp_path_factory.mktemp("cobalt"), "--with-parent") as portal:
        yield portal


@pytest.fixture
def cobalt_buyer(cobalt: Running) -> Iterator[CobaltBuyer]:
    """The buyers' side of Cobalt with two customers, Tejas Resources and Palisade Energy."""
    buyer = CobaltBuyer(cobalt.url, cobalt.announcement["buyer_token"])
    buyer.call("POST", "/customers", {"name": PALISADE})
    yield buyer
    buyer.call("DELETE", "/faults")
    rules = {"accept_duplicates": False, "listing_delay_seconds": 0, "page_size": 10, "requires_proof": True}
    others = {"one_pdf": False, "plain_numbers": False, "requires_second_factor": False}
    portal = {"idle_seconds": 1800, "terms_version": "", "totp_required": False}
    buyer.call("PUT", "/settings", {**rules, **others, **portal})


@pytest.fixture
def clerk(cobalt_buyer: CobaltBuyer) -> Clerk:
    """A supplier's clerk who has just signed in to Cobalt."""
    new = cobalt_buyer.add_clerk()
    assert new.sign_in().heading == "Your customers"
    return new


@pytest.fixture(scope="module")
def ledgerline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("ledgerline", tmp_path_factory.mktemp("ledgerline"), "--with-parent") as portal:
        yield portal


@pytest.fixture
def ledgerline_buyer(ledgerline: Running) -> Iterator[LedgerlineBuyer]:
    buyer = LedgerlineBuyer(ledgerline.url, ledgerline.announcement["buyer_token"])
    yield buyer
    buyer.call("DELETE", "/faults")
    rules = {"accept_duplicates": False, "listing_delay_seconds": 0, "page_size": 10, "attachment_required": True}
    others = {"idle_seconds": 1800, "terms_version": "", "totp_required": False, "submission_delay_seconds": 600}
    buyer.call("PUT", "/settings", {**rules, **others, "refuses_unlisted": False})


@pytest.fixture
def ledgerline_clerk(ledgerline_buyer: LedgerlineBuyer) -> LedgerlineClerk:
    """A supplier's clerk who has just signed in to Ledgerline, in English."""
    new = ledgerline_buyer.add_clerk()
    assert new.sign_in().says('name="work"')
    return new


@pytest.fixture(scope="module")
def meridian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running("meridian", tmp_path_factory.mktemp("meridian"), "--with-parent") as portal:
        yield portal


@pytest.fixture
def meridian_buyer(meridian: Running) -> Iterator[MeridianBuyer]:
    buyer = MeridianBuyer(meridian.url, meridian.announcement["buyer_token"])
    yield buyer
    buyer.call("DELETE", "/faults")
    rules = {"accept_duplicates": False, "listing_delay_seconds": 0, "page_size": 10, "refuses_unlisted": False}
    others = {"idle_seconds": 1800, "terms_version": "", "code_tries": 3, "queue_seconds": 0}
    buyer.call("PUT", "/settings", {**rules, **others})


@pytest.fixture
def meridian_clerk(meridian_buyer: MeridianBuyer) -> MeridianClerk:
    """A supplier's clerk who has just signed in to Meridian."""
    new = meridian_buyer.add_clerk()
    assert new.sign_in().go == "workbench"
    return new


@pytest.fixture
def buyer(fieldgate: Running) -> Iterator[Buyer]:
    yield fieldgate.buyer
    fieldgate.buyer.call("DELETE", "/faults")
    defaults = {"idle_seconds": 1800, "accept_duplicates": False, "listing_delay_seconds": 0, "page_size": 10}
    others = {"terms_version": "", "totp_required": False, "refuses_unlisted": False}
    fieldgate.buyer.call("PUT", "/settings", {**defaults, **others})


@pytest.fixture
def supplier(buyer: Buyer) -> Supplier:
    """A supplier who has just signed in."""
    new = buyer.add_supplier()
    assert new.sign_in().heading == "Home"
    return new
