"""Everything that can be made to go wrong at Fieldgate does what its name says, and as often as it was told."""

import hashlib
import http.client
import time

import pytest

from tests.unit.practice.counter import TICKET, Buyer, Supplier, confirmation


def booked(buyer: Buyer, supplier: Supplier) -> int:
    return sum(1 for each in buyer.ledger()["accepted"] if supplier.user in each["supplier"])


def is_dropped(supplier: Supplier, draft: str) -> bool:
    """Whether the final click is answered with nothing at all."""
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        supplier.submit(draft)
    return True


def test_an_answer_dropped_after_booking_is_booked_exactly_once(supplier: Supplier, buyer: Buyer) -> None:
    draft = supplier.prepare("1")
    buyer.arm("drop_answer_after_booking")
    assert is_dropped(supplier, draft)
    assert booked(buyer, supplier) == 1
    assert confirmation(supplier.submit(draft)) in supplier.get("/invoices?q=FG-").body
    assert booked(buyer, supplier) == 1
    assert buyer.fired() == {"drop_answer_after_booking": 1}


@pytest.mark.parametrize(
    ("kind", "times_booked"), [("timeout_before_booking", 0), ("timeout_after_booking", 1), ("drop_answer", 0)]
)
def test_answers_that_never_come(supplier: Supplier, buyer: Buyer, kind: str, times_booked: int) -> None:
    draft = supplier.prepare("1")
    buyer.arm(kind, seconds=0.05, page="submit")
    assert is_dropped(supplier, draft)
    assert booked(buyer, supplier) == times_booked


@pytest.mark.parametrize(
    ("kind", "status", "heading", "times_booked"),
    [
        ("error_500", 500, "Something went wrong", 0),
        ("error_500_after_booking", 500, "Something went wrong", 1),
        ("maintenance", 503, "Fieldgate is being maintained", 0),
        ("rate_limit", 429, "Too many requests", 0),
        ("session_lost", 200, "Sign in to Fieldgate", 0),
        ("new_terms", 200, "New terms of use", 0),
        ("duplicate_refused_after_booking", 422, "Review your invoice", 1),
    ],
)
def test_answers_to_the_final_click(
    supplier: Supplier, buyer: Buyer, kind: str, status: int, heading: str, times_booked: int
) -> None:
    draft = supplier.prepare("1")
    buyer.arm(kind, page="submit")
    page = supplier.submit(draft)
    assert (page.status, page.heading) == (status, heading)
    assert booked(buyer, supplier) == times_booked
    assert ("retry-after" in page.headers) == (status in (429, 503))
    if kind == "duplicate_refused_after_booking":
        assert page.spoken("alert").strip() == "Invoice number 1 has already been submitted"
        assert page.says("<dd>543.42 USD</dd>")


def test_times_skip_and_method_are_counted(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("error_500", page="orders", times=2, skip=1)
    assert [supplier.get("/orders").status for _ in range(4)] == [200, 500, 500, 200]
    buyer.arm("maintenance", times=0)
    assert [supplier.get(path).status for path in ("/home", "/invoices", "/home")] == [503] * 3
    buyer.call("DELETE", "/faults?kind=maintenance")
    assert supplier.get("/home").status == 200
    assert buyer.fired() == {"error_500": 2}
    buyer.arm("error_500", page="sign-in", method="POST")
    supplier.post("/sign-out")
    assert supplier.get("/sign-in").status == 200
    assert supplier.sign_in().status == 500


def test_slow_answers_take_their_time(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("slow", page="home", seconds=0.2)
    started = time.monotonic()
    assert supplier.get("/home").heading == "Home"
    assert time.monotonic() - started >= 0.2


def test_double_response_sends_the_page_twice(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("double_response", page="invoices")
    assert supplier.get("/invoices").body.count("<h1>Invoices</h1>") == 2
    assert supplier.get("/invoices").body.count("<h1>Invoices</h1>") == 1


def test_session_lost_says_so(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("session_lost", page="orders")
    assert supplier.get("/orders").spoken("status") == "Your session has ended. Sign in again."
    assert supplier.get("/home").heading == "Sign in to Fieldgate"


def test_truncate_upload_keeps_half_and_shows_its_fingerprint(supplier: Supplier, buyer: Buyer) -> None:
    draft = supplier.start_draft()
    supplier.post(f"{draft}/header", supplier.header("1"))
    supplier.post(f"{draft}/lines", {"quantity-1": "1", "price-1": "125.50"})
    buyer.arm("truncate_upload")
    page = supplier.upload(draft, [("signed_tickets", "a.pdf", TICKET), ("signed_tickets", "b.pdf", TICKET)])
    assert page.says(hashlib.sha256(TICKET[: len(TICKET) // 2]).hexdigest())
    assert page.says(hashlib.sha256(TICKET).hexdigest())


def test_rename_field_changes_one_page(supplier: Supplier, buyer: Buyer) -> None:
    draft = supplier.start_draft()
    buyer.arm("rename_field")
    page = supplier.get(f"{draft}/header")
    assert page.says('<label for="document_no">Document no.</label>') and not page.says(">Invoice number<")
    fields = supplier.header("1")
    fields["document_no"] = fields.pop("number")
    assert supplier.post(f"{draft}/header", fields).heading == "Invoice lines"
    supplier.prepare("2", draft=draft)
    buyer.arm("rename_field", page="review")
    assert supplier.get(f"{draft}/review").says("<dt>Document no.</dt><dd>2</dd>")
    assert supplier.get(f"{draft}/review").says("<dt>Invoice number</dt><dd>2</dd>")


def test_the_list_of_invoices_can_change(supplier: Supplier, buyer: Buyer) -> None:
    number = supplier.send("1")
    buyer.call("POST", f"/invoices/{number}/status", {"status": "Disputed", "reason": "Price"})
    buyer.arm("move_column", rename=True)
    moved = supplier.get("/invoices")
    assert moved.body.index(">Reason</th>") < moved.body.index(">State</th>")
    assert moved.body.index("<td>Price</td>") < moved.body.index(">Disputed</span>")
    buyer.arm("unknown_status")
    assert supplier.get("/invoices").says(">Zurückgestellt</span>")
    buyer.arm("silent_empty")
    silent = supplier.get("/invoices?q=1")
    assert silent.says(">Invoices</caption>") and not silent.says('role="status"') and not silent.says(number)
    assert supplier.get("/invoices").says(">Disputed</span>")


def test_new_terms_stand_before_every_page(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("new_terms")
    for path in ("/orders", "/invoices"):
        assert supplier.get(path).heading == "New terms of use"
    other = Supplier(supplier.host, supplier.user, supplier.po)
    assert other.sign_in().heading == "Home"
    assert other.post("/terms").heading == "Home"
    assert supplier.get("/orders").heading == "Purchase orders", (
        "one acceptance counts for the login, wherever it is signed in"
    )


def test_what_can_happen_at_sign_in(buyer: Buyer) -> None:
    supplier = buyer.add_supplier()
    buyer.arm("lock_out")
    assert supplier.sign_in().spoken("alert").startswith("This login is locked after three wrong passwords.")
    buyer.arm("second_factor")
    assert supplier.sign_in().heading == "Enter your code"
    assert supplier.post("/sign-in/code", {"code": "abcdef"}).spoken("alert") == "That code is not correct."
    buyer.arm("password_expired")
    assert supplier.sign_in().heading == "Your password has expired"
    assert supplier.get("/orders").heading == "Your password has expired"
    supplier.post("/sign-out")
    assert supplier.sign_in().heading == "Home"


@pytest.mark.parametrize("kind", ["alert_dialog", "confirm_dialog", "leave_dialog", "advert_tab"])
def test_a_page_may_be_interrupted_by_a_script(supplier: Supplier, buyer: Buyer, kind: str) -> None:
    """What the script does is seen in a browser only: test_fieldgate_browser.py."""
    buyer.arm(kind, page="orders")
    page = supplier.get("/orders")
    assert page.says(f'<script src="/static/interrupt.js" data-with="{kind}"') and page.heading == "Purchase orders"
    assert len(page.body.encode()) == int(page.headers["content-length"])
    assert not supplier.get("/orders").says("interrupt.js") and buyer.fired() == {kind: 1}


def test_download_instead_hands_out_any_page_as_a_file(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("download_instead", page="orders")
    assert supplier.get("/orders").headers["content-disposition"] == 'attachment; filename="orders.html"'
    assert "content-disposition" not in supplier.get("/orders").headers


def test_download_instead_hands_out_the_receipt_as_a_file(supplier: Supplier, buyer: Buyer) -> None:
    buyer.arm("download_instead")
    page = supplier.submit(supplier.prepare("1"))
    assert page.headers["content-disposition"] == f'attachment; filename="{confirmation(page)}.html"'
