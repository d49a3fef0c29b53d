"""The adapter against a real Tryton. What its server holds is asked by proteus, beside the web client."""

from __future__ import annotations

import pytest

from submitter.documents.intake import IntakeItem
from submitter.secrets import store_secret
from tests.acceptance.conftest import ACCOUNT, World
from tests.acceptance.tryton.conftest import carry, place_order, require_booked_once
from tests.acceptance.tryton.server import Tryton

#: The first of them installs Tryton where it is not there yet.
pytestmark = [pytest.mark.browser, pytest.mark.tryton, pytest.mark.timeout(600)]


def test_an_invoice_arrives_once_with_the_very_files_and_is_read_until_it_is_paid(
    tryton: Tryton, supplier: World, good: list[IntakeItem]
) -> None:
    item = good[2]  # with tax
    place_order(tryton, item)
    [number] = supplier.queue(item)
    carry(supplier, number)
    phases = supplier.phases(number)
    assert phases[-4:] == ["opened", "prepared", "committing", "confirmed"], supplier.account().pause_reason
    assert phases.count("committing") == 1
    reference = require_booked_once(tryton, supplier, item)["number"]
    for action, stage in (("post", "approved"), ("pay", "paid")):
        tryton.do("set_state", number=reference, action=action)
        supplier.poll()
        assert supplier.rows()[number].stage == stage


def test_another_suppliers_invoice_of_our_number_is_not_taken_for_ours(
    tryton: Tryton, supplier: World, good: list[IntakeItem]
) -> None:
    item = good[0]
    place_order(tryton, item)
    assert item.invoice is not None
    tryton.do("add_draft", reference=item.invoice.number, supplier="Northline Machine Works of Ohio")
    [number] = supplier.queue(item)
    carry(supplier, number)
    [ours] = tryton.ledger(reference=number, party="Northline Machine Works")
    assert (supplier.rows()[number].state, supplier.rows()[number].reference) == ("confirmed", ours["number"])
    assert ours["state"] == "validated" and len(ours["files"]) == 2


def test_a_draft_of_somebody_elses_with_other_figures_is_left_alone(
    tryton: Tryton, supplier: World, good: list[IntakeItem]
) -> None:
    item = good[3]
    place_order(tryton, item)
    assert item.invoice is not None
    tryton.do("add_draft", reference=item.invoice.number)
    [number] = supplier.queue(item)
    carry(supplier, number)
    row = supplier.rows()[number]
    assert row.state == "refused" and "committing" not in supplier.phases(number)
    [draft] = tryton.ledger(reference=number)
    assert (draft["state"], draft["total"], draft["files"]) == ("draft", "100.00", {})


def test_a_wrong_password_is_tried_once_and_pauses_the_account(
    tryton: Tryton, supplier: World, good: list[IntakeItem]
) -> None:
    item = good[4]
    store_secret(ACCOUNT, "password", "not-the-Password-1")
    [number] = supplier.queue(item)
    before = tryton.refused_passwords()
    supplier.work()
    assert supplier.account().pause_code == "credentials-rejected"
    supplier.work()
    assert supplier.rows()[number].state == "queued"
    assert tryton.refused_passwords() == before + 1
