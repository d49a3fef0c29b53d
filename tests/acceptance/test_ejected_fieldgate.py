"""A flow that was ejected does in Python what it did as a file; the portal's own ledger is the judge."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from submitter.adapters.catalogue import adapter_class, installed_adapter
from submitter.adapters.flow.adapter import FlowAdapter
from submitter.adapters.flow.eject import eject
from submitter.documents.intake import IntakeItem
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer
from submitter.practice.shop import ShopExport, make_ticket
from submitter.queue.intake import resubmit
from tests.acceptance.conftest import CUSTOMER, World

pytestmark = pytest.mark.browser
GATEHOUSE = Path(__file__).parent / "gatehouse"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The ejected adapter as it is once it was installed: a wheel, found by its entry point."""
    eject(GATEHOUSE, tmp_path / "project")
    manifest = tmp_path / "project" / "submitter_gatehouse" / "manifest.toml"
    graded = manifest.read_text(encoding="utf-8").replace('grade = "draft"', 'grade = "live"')
    manifest.write_text(graded, encoding="utf-8")  # as a person does who has seen it run
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(build, cwd=tmp_path / "project", check=True, capture_output=True)
    [wheel] = (tmp_path / "project" / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    installed_adapter.cache_clear()
    yield
    installed_adapter.cache_clear()
    for name in [one for one in sys.modules if one.partition(".")[0] == "submitter_gatehouse"]:
        del sys.modules[name]


@pytest.fixture
def world(installed: None, portal: Buyer, make_world: Callable[..., World]) -> World:
    return make_world(portal, CUSTOMER.replace('portal = "fieldgate"', 'portal = "gatehouse"'))


def test_two_invoices_arrive_once_with_their_files_and_are_read_into_stages(
    world: World, good: list[IntakeItem]
) -> None:
    adapter = adapter_class("gatehouse")
    assert adapter.__module__ == "submitter_gatehouse.adapter" and not issubclass(adapter, FlowAdapter)
    world.buyer.settings(page_size=1)  # the list goes on over several pages
    items = good[:2]
    numbers = world.queue(*items)
    world.work()
    world.holds_exactly(*items)
    assert world.buyer.ledger()["duplicates"] == 0
    for number, word in zip(numbers, ("Paid", "Disputed"), strict=True):
        reason = "proof of delivery illegible" if word == "Disputed" else ""
        world.buyer.set_status(world.rows()[number].reference, word, reason=reason)
    world.poll()
    assert [world.rows()[number].stage for number in numbers] == ["paid", "on_hold"]
    assert world.sign_ins() == ["signed_in"], "the stored session was used"


def test_what_the_portal_has_already_is_found_and_not_sent_again(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.work()
    world.forget()
    world.work()
    world.holds_exactly(good[0])
    assert world.buyer.ledger()["duplicates"] == 0


def test_a_disputed_invoice_goes_again_as_a_correction(
    world: World, good: list[IntakeItem], export: ShopExport
) -> None:
    [number] = world.queue(good[0])
    world.work()
    first = world.rows()[number].reference
    world.buyer.set_status(first, "Disputed", reason="proof of delivery illegible")
    world.poll()
    shop = next(invoice for invoice in export.invoices if invoice.number == number)
    rescan = make_ticket(
        world.home / f"ticket-{shop.ticket}-rescan.pdf", shop.ticket, shop.po, delivered=shop.delivered, rows=shop.rows
    )
    resubmit(world.office, number, None, [rescan], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test")
    world.work()
    second = world.rows()[number].reference
    entries = [(entry["revision"], entry["confirmation"], entry["replaces"]) for entry in world.accepted()]
    assert entries == [(1, first, ""), (2, second, first)]


@pytest.mark.parametrize("page", ["header", "review"])
def test_a_renamed_field_is_named_before_anything_is_sent(careless: World, good: list[IntakeItem], page: str) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm("rename_field", page=page, times=0)
    careless.work()
    assert careless.account().pause_code == "field-missing" and "Invoice number" in careless.account().pause_reason
    assert careless.accepted() == [] and "committing" not in careless.phases(number)
    careless.limit(step_seconds=8)
    careless.mend()
    careless.holds_exactly(good[0])


def test_while_the_flow_is_still_there_nothing_is_sent(world: World, good: list[IntakeItem]) -> None:
    shutil.copytree(GATEHOUSE, world.home / "config" / "adapters" / "gatehouse")
    world.queue(good[0])
    world.work()
    assert world.accepted() == [] and "has the name of an adapter that is installed" in world.account().pause_reason
