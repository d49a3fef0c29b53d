"""Invoices go into the portal once each, through a real browser; the portal's own ledger is the judge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from submitter.documents.intake import IntakeItem
from submitter.documents.opening.opening import DocumentReader
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer
from submitter.practice.shop import ShopExport, make_ticket
from submitter.queue.intake import resubmit
from submitter.store import audit, journal, readings, submissions
from tests.acceptance.conftest import ACCOUNT, CUSTOMER, World

pytestmark = pytest.mark.browser


def test_every_invoice_arrives_once_with_the_very_files_that_were_read(world: World, good: list[IntakeItem]) -> None:
    numbers = world.queue(*good)
    report = world.work()
    assert report.receipts == len(numbers) == 7
    accepted = {entry["number"]: entry for entry in world.accepted()}
    assert sorted(accepted) == sorted(numbers)
    assert world.buyer.ledger()["duplicates"] == 0
    for item in good:
        assert item.invoice is not None
        entry = accepted[item.invoice.number]
        assert entry["total"] == str(item.invoice.total.amount)
        sent = {hashlib.sha256(found.path.read_bytes()).hexdigest() for found in item.files}
        assert {file["sha256"] for file in entry["files"]} == sent
        row = world.rows()[item.invoice.number]
        assert (row.state, row.reference) == ("confirmed", entry["confirmation"])
    assert len([s for s in world.buyer.ledger()["sign_ins"] if s["result"] == "signed_in"]) == 1, (
        "one visit, one sign-in"
    )


def test_the_receipt_keeps_its_proof(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    world.work()
    with world.office.database.reading() as c:
        steps = journal.timeline(c, submissions.find_one(c, number).id)
        assert [step.phase for step in steps] == ["opened", "prepared", "committing", "confirmed"]
        kept = steps[-1].detail["evidence"]
        rows, broken = audit.verify(c)
    assert broken is None and rows >= 3
    texts = [world.office.vault.read(digest) for digest in kept]
    assert any(data.startswith(b"\x89PNG") for data in texts)
    assert any(b"Invoice submitted" in data and number.encode() in data for data in texts)


def test_a_second_visit_uses_the_stored_session_and_sends_nothing_again(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.work()
    world.queue(good[1])
    world.work()
    ledger = world.buyer.ledger()
    assert ledger["accepted_count"] == 2
    assert [s["result"] for s in ledger["sign_ins"]] == ["signed_in"], "the session was resumed"


def test_an_invoice_that_is_there_already_is_found_and_not_sent(world: World, good: list[IntakeItem]) -> None:
    """The same number entered before, by hand or by another program."""
    number = world.queue(good[0])[0]
    world.work()
    with world.office.database.transaction() as c:  # our books are lost; the portal has it all the same
        for table in ("receipt", "journal"):
            c.exec_driver_sql(f"DROP TRIGGER {table}_no_delete")
            c.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
        c.exec_driver_sql("DELETE FROM attempt")
        c.exec_driver_sql("UPDATE round SET state = 'queued'")
    world.work()
    assert world.buyer.ledger()["accepted_count"] == 1
    assert world.rows()[number].state == "confirmed"


def test_a_disputed_invoice_goes_again_as_a_correction(
    world: World, good: list[IntakeItem], export: ShopExport
) -> None:
    number = world.queue(good[0], good[1])[0]
    world.work()
    first = world.rows()[number].reference
    world.buyer.set_status(first, "Disputed", reason="proof of delivery illegible")
    world.poll()
    with world.office.database.reading() as c:
        assert [hold.invoice_number for hold in readings.holds(c)] == [number]
    shop = next(invoice for invoice in export.invoices if invoice.number == number)
    rescan = make_ticket(
        world.home / f"ticket-{shop.ticket}-rescan.pdf", shop.ticket, shop.po, delivered=shop.delivered, rows=shop.rows
    )
    resubmit(world.office, number, None, [rescan], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test")
    world.work()
    second = world.rows()[number].reference
    entries = [entry for entry in world.accepted() if entry["number"] == number]
    assert [(e["revision"], e["confirmation"], e["replaces"]) for e in entries] == [(1, first, ""), (2, second, first)]
    sent = {file["name"]: file["sha256"] for file in entries[1]["files"]}
    assert sent[rescan.name] == hashlib.sha256(rescan.read_bytes()).hexdigest()
    world.buyer.set_status(second, "Paid")
    world.poll()
    with world.office.database.reading() as c:
        assert readings.holds(c) == []
        assert submissions.find_one(c, number).stage == "paid"


def test_readings_come_from_all_pages_and_follow_the_portal(world: World, good: list[IntakeItem]) -> None:
    world.buyer.settings(page_size=2)
    numbers = world.queue(*good)
    world.work()
    world.buyer.set_status(world.rows()[numbers[0]].reference, "Approved")
    report = world.poll()
    assert sum(visit.read for visit in report.visits) == 7
    stages = {number: row.stage for number, row in world.rows().items()}
    assert stages[numbers[0]] == "approved" and set(stages.values()) == {"approved", "received"}


def test_an_unknown_status_word_is_flagged_and_not_guessed(world: World, good: list[IntakeItem]) -> None:
    numbers = world.queue(good[0], good[1])
    world.work()
    world.buyer.set_status(world.rows()[numbers[0]].reference, "Parked for audit", force=True)
    world.poll()
    with world.office.database.reading() as c:
        [hold] = readings.holds(c)
        assert (hold.invoice_number, hold.stage, hold.status) == (numbers[0], "unknown_word", "Parked for audit")
    assert world.rows()[numbers[1]].stage == "received", "the other invoice is read as ever"
    assert world.account().paused_at is None
    assert world.account().id == ACCOUNT


def test_an_order_the_portal_does_not_know_refuses_one_invoice_and_no_other(
    world: World, good: list[IntakeItem]
) -> None:
    assert good[0].invoice is not None
    stray = good[0].model_copy(update={"invoice": good[0].invoice.model_copy(update={"po_number": "4599999999"})})
    numbers = world.queue(stray, good[1])
    world.work()
    rows = world.rows()
    assert (rows[numbers[0]].state, rows[numbers[0]].error_code) == ("refused", "unknown-order")
    assert rows[numbers[1]].state == "confirmed" and world.account().paused_at is None


def test_what_is_not_held_is_not_sent_again(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    world.work()
    for _ in range(2):  # before the first reading, and after one that says all is well
        with pytest.raises(submissions.StillOnItsWay, match="is not held"):
            resubmit(world.office, number, None, [], Cause.OTHER, Fault.UNDECIDED, "", "test")
        world.poll()
    assert world.rows()[number].round_number == 1


ONE_PDF = CUSTOMER.replace("coding_required = true", 'coding_required = true\nbundle = "combined"')


def test_a_portal_that_takes_one_pdf_gets_one_and_our_books_keep_what_it_was_made_of(
    portal: Buyer, make_world: Callable[..., World], good: list[IntakeItem], export: ShopExport
) -> None:
    portal.settings(one_pdf=True)
    world = make_world(portal, ONE_PDF)
    customer = world.office.customers[0]
    item = next(item for item in good if len(item.files) > 1).model_copy(update={"customer": customer})
    number = world.queue(item)[0]
    world.work()
    [entry] = world.accepted()
    with world.office.database.reading() as c:
        row = submissions.find_one(c, number)
        [sent] = submissions.read_round(c, submissions.last_round(c, row.id).id).files
    assert [file["sha256"] for file in entry["files"]] == [sent.document.sha256]
    assert [(one.name, one.sha256) for one in sent.parts] == [(f.path.name, f.reading.sha256) for f in item.files]
    assert sent.document.pages == sum(one.pages or 0 for one in sent.parts)
    with DocumentReader() as reader:
        (world.home / "sent.pdf").write_bytes(world.office.vault.read(sent.document.sha256))
        carried = reader.read(world.home / "sent.pdf").invoice
    assert carried is not None and carried.number == number, "it is still the electronic invoice that it was"

    world.buyer.set_status(world.rows()[number].reference, "Disputed", reason="proof of delivery illegible")
    world.poll()
    shop = next(invoice for invoice in export.invoices if invoice.number == number)
    rescan = make_ticket(
        world.home / f"ticket-{shop.ticket}-rescan.pdf", shop.ticket, shop.po, delivered=shop.delivered, rows=shop.rows
    )
    resubmit(world.office, number, None, [rescan], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test")
    world.work()
    with world.office.database.reading() as c:
        [again] = submissions.read_round(c, submissions.last_round(c, row.id).id).files
    assert [one.name for one in again.parts] == [item.files[0].path.name, rescan.name]
    assert [file["sha256"] for file in world.accepted()[1]["files"]] == [again.document.sha256]
