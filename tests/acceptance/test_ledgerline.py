"""A flow file takes invoices through Ledgerline once each, whatever it does to them; its own ledger is the judge."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from submitter.documents.intake import IntakeItem
from submitter.model.submission import Cause, Fault
from submitter.practice.buyer import Buyer, running_portal
from submitter.practice.shop import ShopExport, make_ticket
from submitter.queue.intake import resubmit
from submitter.secrets import store_secret
from submitter.store import readings
from tests.acceptance.conftest import ACCOUNT, PASSWORD, USER, World

pytestmark = pytest.mark.browser
CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "ledgerline"
address = "{address}"
user = "{user}"
time_zone = "America/Chicago"
[rules]
currencies = ["USD"]
"""
DAY = 86_400
SENT = ["opened", "prepared", "committing"]
LONG = "Reçu signé du chantier nord, lot 4, relevé par le chef d'équipe au matin du jour de livraison "
KEY = "GEZDGNBVGY3TQOJQ"  # 80 bits


@pytest.fixture
def ledgerline(tmp_path: Path, export: ShopExport) -> Iterator[Buyer]:
    with running_portal("ledgerline", tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        for order in export.orders:
            buyer.add_order(order)
        yield buyer


@pytest.fixture
def world(ledgerline: Buyer, make_world: Callable[..., World]) -> World:
    return make_world(ledgerline, customer=CUSTOMER)


@pytest.fixture
def careless(world: World) -> World:
    """A portal that books whatever it is sent: it would not save us from sending twice."""
    world.buyer.settings(accept_duplicates=True)
    return world


def named(item: IntakeItem, stem: str, folder: Path) -> IntakeItem:
    """The same invoice with its files under another name, each numbered."""
    files = []
    for number, found in enumerate(item.files, 1):
        path = folder / f"{stem}{number}{found.path.suffix}"
        shutil.copyfile(found.path, path)
        files.append(found._replace(path=path))
    return item.model_copy(update={"files": tuple(files)})


def stages(world: World) -> dict[str, str]:
    return {number: row.stage for number, row in world.rows().items()}


def decide(world: World, number: str, status: str, **more: object) -> None:
    world.buyer.set_status(world.rows()[number].reference, status, **more)


def test_every_invoice_arrives_once_with_its_files_and_is_read_into_stages(
    world: World, good: list[IntakeItem]
) -> None:
    world.buyer.settings(page_size=2)  # the list goes on over several pages
    items = good[:3]
    numbers = world.queue(*items)
    world.work()
    world.holds_exactly(*items)
    assert all(len(entry["files"]) >= 2 for entry in world.accepted())
    assert world.buyer.ledger()["duplicates"] == 0
    assert world.sign_ins() == ["signed_in"], "one visit, one sign-in"
    world.poll()
    assert stages(world) == dict.fromkeys(numbers, "sent")
    world.buyer.let_time_pass(660)  # no longer Pending Submission
    world.poll()
    assert stages(world) == dict.fromkeys(numbers, "in_process")


def test_what_the_payment_office_says_is_read_up_to_the_widest_window(world: World, good: list[IntakeItem]) -> None:
    one, two, three = world.queue(*good[:3])
    world.work()
    world.buyer.let_time_pass(100 * DAY)  # the list of the usual 30 days shows nothing any more
    decide(world, one, "In Exception", reason="Receipt not booked")
    decide(world, two, "Rejected", reason="Proof of delivery illegible")
    decide(world, three, "Denied", reason="Not ours")
    world.poll()
    assert stages(world) == {one: "on_hold", two: "rejected", three: "denied"}
    with world.office.database.reading() as c:
        holds = {hold.invoice_number: (hold.comment, str(hold.cause)) for hold in readings.holds(c)}
    assert holds[one] == ("Receipt not booked", "receipt-not-booked")
    assert holds[two] == ("Proof of delivery illegible", "pod-illegible")
    decide(world, one, "Paid", payment_reference="EFT-1")
    decide(world, two, "Zurückgestellt", force=True)
    world.poll()
    assert stages(world) == {one: "paid", two: "unknown_word", three: "denied"}, "a strange word is shown"
    decide(world, two, "Paid Returned", reason="Account closed")
    world.poll()
    assert stages(world)[two] == "payment_returned"
    world.buyer.let_time_pass(30 * DAY)  # out of every window
    [visit] = world.poll().visits
    assert visit.not_seen == 1
    assert world.sign_ins() == ["signed_in"], "the stored session was used"


def test_a_rejected_invoice_is_corrected_under_its_number_with_a_better_scan(
    world: World, good: list[IntakeItem], export: ShopExport
) -> None:
    [number] = world.queue(good[0])
    world.work()
    first = world.rows()[number].reference
    decide(world, number, "Rejected", reason="Proof of delivery illegible")
    world.poll()
    shop = next(invoice for invoice in export.invoices if invoice.number == number)
    rescan = make_ticket(
        world.home / f"ticket-{shop.ticket}-rescan.pdf", shop.ticket, shop.po, delivered=shop.delivered, rows=shop.rows
    )
    resubmit(world.office, number, None, [rescan], Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "", "test")
    world.work()
    [old, new] = world.accepted()
    assert (new["number"], new["replaces"], new["revision"]) == (number, first, 2)
    assert world.rows()[number].reference == new["confirmation"] and old["confirmation"] == first
    assert rescan.name in [file["name"] for file in new["files"]]
    assert world.buyer.ledger()["duplicates"] == 0
    world.poll()
    assert stages(world) == {number: "sent"}


def test_a_denied_invoice_is_never_sent_again(world: World, good: list[IntakeItem]) -> None:
    [number] = world.queue(good[0])
    world.work()
    decide(world, number, "Denied", reason="Not ours")
    world.poll()
    resubmit(world.office, number, None, [], Cause.PORTAL_ERROR, Fault.CUSTOMER, "", "test")
    world.work()
    row = world.rows()[number]
    assert row.state == "refused" and 'Only a rejected invoice can be corrected. The portal said: "Denied"' in row.error
    assert len(world.accepted()) == 1 and world.account().paused_at is None


@pytest.mark.parametrize(
    "kind", ["drop_answer_after_booking", "error_500_after_booking", "new_tab", "duplicate_refused_after_booking"]
)
def test_an_answer_lost_after_booking_is_looked_up_and_not_sent_twice(
    careless: World, good: list[IntakeItem], kind: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm(kind)
    careless.work()
    assert careless.struck() == {kind: 1}
    careless.mend()
    assert careless.phases(number)[:3] == SENT and careless.phases(number)[-1] == "confirmed"
    careless.holds_exactly(good[0])


def test_a_click_that_never_arrived_is_made_again(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm("drop_answer", page="submit")
    careless.work()
    assert careless.phases(number)[:5] == [*SENT, "unknown", "returned"]
    careless.holds_exactly(good[0])


def test_an_invoice_that_is_there_already_is_found_however_old_it_is(careless: World, good: list[IntakeItem]) -> None:
    careless.queue(good[0])
    careless.work()
    careless.forget()
    careless.buyer.let_time_pass(200 * DAY)
    careless.work()
    careless.holds_exactly(good[0])


def test_a_search_that_goes_on_proves_nothing(careless: World, good: list[IntakeItem]) -> None:
    """Its next page has forgotten the number. Here one number is there twice: we lost our books meanwhile."""
    careless.buyer.settings(listing_delay_seconds=3600, page_size=1)
    careless.queue(good[0])
    careless.work()
    careless.forget()
    careless.work()
    assert careless.buyer.ledger()["duplicates"] == 1
    careless.forget()
    careless.buyer.let_time_pass(3600)
    careless.work()
    assert "forgets what was looked for" in str(careless.account().pause_reason)
    assert len(careless.accepted()) == 2


def test_a_number_that_was_used_is_refused_before_the_list_shows_it(world: World, good: list[IntakeItem]) -> None:
    world.buyer.settings(listing_delay_seconds=3600, refuses_unlisted=True)
    [number] = world.queue(good[0])
    world.work()
    world.forget()
    world.work()
    assert len(world.accepted()) == 1 and "committing" not in world.phases(number)
    assert "is already on file" in str(world.rows()[number].error)


def test_an_order_that_the_portal_does_not_have_refuses_that_invoice_alone(
    tmp_path: Path, make_world: Callable[..., World], good: list[IntakeItem]
) -> None:
    with running_portal("ledgerline", tmp_path / "portal") as buyer:
        buyer.add_login(USER, PASSWORD, "Northline Machine Works")
        world = make_world(buyer, customer=CUSTOMER)
        [number] = world.queue(good[0])
        world.work()
        row = world.rows()[number]
        assert row.state == "refused" and "does not know this purchase order" in row.error
        assert world.account().paused_at is None


def test_a_wrong_password_is_tried_exactly_once_and_pauses_the_account(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    store_secret(ACCOUNT, "password", "wrong-Horse-7-battery")
    world.work()
    assert world.sign_ins() == ["wrong_password"]
    assert world.account().pause_code == "credentials-rejected"
    world.work()
    assert world.sign_ins() == ["wrong_password"], "and no further run tried it again"
    assert world.accepted() == []


@pytest.mark.parametrize(("key", "signed_in"), [(KEY, True), ("MFRGGZDFMZTWQ2LK", False)])
def test_an_authenticators_code_is_entered_once(
    world: World, good: list[IntakeItem], key: str, signed_in: bool
) -> None:
    login = {"user": USER, "password": PASSWORD, "supplier_name": "Northline Machine Works", "totp_secret": KEY}
    world.buyer.ask("POST", "/logins", login)
    store_secret(ACCOUNT, "second-factor", key)
    world.queue(good[0])
    world.work()
    if signed_in:
        assert world.sign_ins() == ["code_wanted", "signed_in"]
        world.holds_exactly(good[0])
        return
    world.pass_time()
    world.work()
    assert world.sign_ins() == ["code_wanted", "wrong_code"], "too many would lock the login"
    assert world.account().pause_code == "second-factor" and world.accepted() == []


def test_a_login_in_another_language_waits_for_a_person(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    for language in ("fr", "de"):
        world.buyer.ask("PUT", f"/logins/{USER}", {"language": language})
        world.mend()
        assert world.account().pause_code == "person-needed" and world.accepted() == []
        assert "choose English in its My profile" in world.account().pause_reason
    world.buyer.ask("PUT", f"/logins/{USER}", {"language": "en"})
    world.mend()
    world.holds_exactly(good[0])


@pytest.mark.parametrize("page", ["details", "submit"])
def test_a_session_that_is_lost_loses_no_invoice(careless: World, good: list[IntakeItem], page: str) -> None:
    careless.queue(good[0])
    careless.arm("session_lost", page=page)
    careless.work()
    assert careless.struck() == {"session_lost": 1} and careless.account().paused_at is None
    careless.mend()
    careless.holds_exactly(good[0])
    assert careless.sign_ins() == ["signed_in", "signed_in"]


@pytest.mark.parametrize(
    ("kind", "page", "code"),
    [
        ("new_terms", "order", "terms-changed"),
        ("new_terms", "desk", "terms-changed"),
        ("password_expired", "logon", "password-expired"),
        ("lock_out", "logon", "credentials-rejected"),
    ],
)
def test_what_a_person_must_see_to_stops_the_account(
    world: World, good: list[IntakeItem], kind: str, page: str, code: str
) -> None:
    world.queue(good[0])
    world.arm(kind, page=page)
    world.work()
    assert world.account().pause_code == code and world.accepted() == []


@pytest.mark.parametrize(
    ("kind", "page", "code", "named"),
    [
        ("rename_field", "details", "field-missing", "Invoice number"),
        ("rename_field", "certify", "field-missing", "Invoice number"),
        ("double_response", "certify", "field-ambiguous", "certify shows"),
        ("silent_empty", "search", "page-unknown", "say so"),
        ("truncate_upload", "files", "read-back-differs", "other bytes"),
    ],
)
def test_a_changed_page_is_named_before_anything_is_sent(
    careless: World, good: list[IntakeItem], kind: str, page: str, code: str, named: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm(kind, page=page, times=0)
    careless.work()
    assert careless.account().pause_code == code and named in careless.account().pause_reason
    assert careless.accepted() == [] and "committing" not in careless.phases(number)


def test_a_renamed_column_is_named_when_the_list_is_read(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.work()
    world.arm("move_column", page="invoices", times=0)
    world.poll()
    assert stages(world) == {good[0].invoice.number: "sent"}, "a column that only moved is found by its header"  # type: ignore[union-attr]
    world.buyer.ask("DELETE", "/faults")
    world.arm("move_column", page="invoices", times=0, rename=True)
    world.poll()
    assert world.account().pause_code == "column-missing" and "'Status'" in world.account().pause_reason


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('name_characters = "A-Za-z0-9_. -"', "the name may have only letters, digits"),
        ("name_max_length = 130", "the name is longer than 60 characters"),
    ],
)
def test_a_file_name_that_the_portal_refuses_is_the_refusal_of_that_invoice_alone(
    ledgerline: Buyer, make_world: Callable[..., World], good: list[IntakeItem], tmp_path: Path, rule: str, said: str
) -> None:
    """The customer's file says otherwise than the portal's profile, and is wrong."""
    world = make_world(ledgerline, customer=CUSTOMER + f"{rule}\n")
    unfit, fit = named(good[0], LONG, tmp_path), good[1]
    number, other = world.queue(unfit, fit)
    world.work()
    row = world.rows()[number]
    assert row.state == "refused" and said in row.error and "committing" not in world.phases(number)
    assert [entry["number"] for entry in world.accepted()] == [other] and world.account().paused_at is None


def test_file_names_are_made_fit_for_the_portal_and_stay_different(
    world: World, good: list[IntakeItem], tmp_path: Path
) -> None:
    unfit = named(good[0], LONG, tmp_path)
    world.queue(unfit)
    world.work()
    world.holds_exactly(unfit)
    [entry] = world.accepted()
    names = [file["name"] for file in entry["files"]]
    assert max(map(len, names)) == 60 and all(re.fullmatch(r"[A-Za-z0-9_.-]+", name) for name in names)
    assert len({name.casefold() for name in names}) == len(names)
