"""Proofs of delivery find their invoices by whole numbers, and what is doubtful goes to a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from papers import invoice, reading, usd

from submitter.documents.matching import PodMatch, match_pods
from submitter.documents.opening.reading import DocumentReading, Verdict
from submitter.documents.tokens import labelled_orders, mentions, states
from submitter.model.invoice import Invoice
from submitter.model.money import Money


def pod(name: str, text: str = "", **changed: object) -> tuple[Path, DocumentReading]:
    return Path(name), reading(name, text, **changed)


def names(match: PodMatch) -> list[str]:
    return [fit.path.name for fit in match.pods]


def rules(match: PodMatch) -> list[str]:
    return [finding.rule for finding in match.findings]


def second(**changed: object) -> Invoice:
    return invoice(number="INV-1002", ticket_numbers=("FT-5032",), **changed)


@pytest.mark.parametrize(
    "text", ["FT-5031", "ft 5031", "Ticket:FT5031.", "ticket-FT-5031_p2", "(FT_5031)", "FT\u20135031"]
)
def test_a_number_is_found_as_people_write_it(text: str) -> None:
    assert mentions(text, "FT-5031")


@pytest.mark.parametrize("text", ["FT-50311", "AFT-5031", "5031", "FT-503 1", "FT-5 031", "FT-5031A", ""])
def test_a_number_is_found_only_whole(text: str) -> None:
    assert not mentions(text, "FT-5031")


@pytest.mark.parametrize("text", ["PO: 1234567", "P.O. No. 1234567", "Purchase order\n1234567", "Order #1234567"])
def test_a_label_makes_a_number_an_order(text: str) -> None:
    assert labelled_orders(text) == ("1234567",)


@pytest.mark.parametrize("text", ["PO Box 1234567", "PO line 3", "as ordered 1234567", "Order 12.11.2026", "PO"])
def test_not_everything_near_a_label_is_an_order(text: str) -> None:
    assert labelled_orders(text) == ()


@pytest.mark.parametrize(
    "text", ["1,234.50", "USD 1.234,50", "1 234.50", "1\u2019234.50", "1234.50 ", "total:1234,50!"]
)
def test_an_amount_is_found_as_people_write_it(text: str) -> None:
    assert states(text, usd("1234.50"))


@pytest.mark.parametrize("text", ["11,234.50", "1,234.505", "1,234.5", "123,450", "5.1234.50"])
def test_an_amount_is_found_only_whole(text: str) -> None:
    assert not states(text, usd("1234.50"))


def test_amounts_of_other_currencies_and_small_ones() -> None:
    assert states("total 5", usd("5.00"))
    assert not states("total 15.00", usd("5.00"))
    assert states("¥12,345", Money.of(12345, "JPY"))
    assert states("KWD 0.075", Money.of("0.075", "KWD"))


def test_a_ticket_in_the_file_name_is_enough() -> None:
    [match] = match_pods([invoice()], [pod("ticket-FT-5031.pdf"), pod("ticket-FT-50311.pdf")])
    assert names(match) == ["ticket-FT-5031.pdf"]
    assert match.pods[0].reasons == ("its name holds ticket FT-5031",)


def test_an_invoice_may_have_several_proofs_the_surest_first() -> None:
    candidates = [pod("FT-5031.pdf"), pod("scan.pdf", "Ticket FT-5031 for PO TR-45017, invoice INV-1001")]
    [match] = match_pods([invoice()], candidates)
    assert names(match) == ["scan.pdf", "FT-5031.pdf"]


def test_one_proof_may_serve_several_invoices() -> None:
    both = pod("scan.pdf", "Tickets FT-5031 and FT-5032, PO TR-45017")
    first, other = match_pods([invoice(), second()], [both])
    assert names(first) == names(other) == ["scan.pdf"]
    assert rules(first) == rules(other) == []


def test_two_invoices_of_one_order_keep_their_own_tickets() -> None:
    candidates = [pod("a.pdf", "FT-5031 Purchase order TR-45017"), pod("b.pdf", "FT-5032 Purchase order TR-45017")]
    first, other = match_pods([invoice(), second()], candidates)
    assert (names(first), names(other)) == (["a.pdf"], ["b.pdf"])


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("FT-5031 Purchase order 99-1234", []),  # after a label
        ("FT-5031 ZX9/77", ["ZX9/77"]),  # known from elsewhere
        ("FT-5031 for TR-45071", []),  # made like the invoice's own
    ],
)
def test_a_proof_that_names_another_order_is_not_matched(text: str, orders: list[str]) -> None:
    [match] = match_pods([invoice()], [pod("ticket-FT-5031.pdf", text)], orders)
    assert names(match) == []
    assert rules(match) == ["pod.other-order"]
    sentence = match.findings[0].sentence
    assert "TR-45017" in sentence
    assert any(other in sentence for other in ("99-1234", "ZX9/77", "TR-45071"))
    assert match.findings[0].severity == "blocks"


def test_another_order_is_told_even_when_a_second_proof_fits() -> None:
    candidates = [pod("FT-5031.pdf", "PO TR-45017"), pod("FT-5031 (1).pdf", "PO TR-99999")]
    [match] = match_pods([invoice()], candidates)
    assert (names(match), rules(match)) == (["FT-5031.pdf"], ["pod.other-order"])


def test_a_proof_that_names_our_order_too_is_no_contradiction() -> None:
    [match] = match_pods([invoice()], [pod("FT-5031.pdf", "PO TR-45017 and PO TR-45018")])
    assert names(match) == ["FT-5031.pdf"]


def test_an_order_alone_proves_when_only_one_invoice_has_it() -> None:
    only = pod("scan.pdf", "Delivered for PO TR-45017")
    first, other = match_pods([invoice(), second(po_number="TR-45018")], [only])
    assert (names(first), names(other)) == (["scan.pdf"], [])


def test_an_order_shared_by_two_invoices_is_left_to_a_person() -> None:
    only = pod("scan.pdf", "Delivered for PO TR-45017")
    first, other = match_pods([invoice(), second()], [only])
    assert names(first) == names(other) == []
    assert rules(first) == rules(other) == ["pod.order-only"]
    assert "INV-1001 and INV-1002" in first.findings[0].sentence


def test_an_order_found_alone_does_not_trouble_who_has_a_proof() -> None:
    candidates = [pod("scan.pdf", "Delivered for PO TR-45017"), pod("FT-5031.pdf"), pod("FT-5032.pdf")]
    first, other = match_pods([invoice(), second()], candidates)
    assert rules(first) == rules(other) == []


def test_an_earlier_delivery_for_the_same_order_is_not_taken() -> None:
    """Its ticket is another one, made like ours: it proves an invoice that was sent before."""
    [match] = match_pods([invoice()], [pod("scan.pdf", "Ticket FT-4990, PO TR-45017")])
    assert names(match) == []


def test_a_name_against_its_text_is_left_to_a_person() -> None:
    crossed = pod("FT-5031.pdf", "Ticket FT-5032, PO TR-45017")
    first, other = match_pods([invoice(), second()], [crossed])
    assert names(first) == names(other) == []
    assert rules(first) == rules(other) == ["pod.name-against-text"]


def test_one_ticket_on_invoices_for_two_orders() -> None:
    twin = invoice(number="INV-1002", po_number="TR-45018")
    first, other = match_pods([invoice(), twin], [pod("FT-5031.pdf")])
    assert rules(first) == rules(other) == ["pod.ambiguous"]
    first, other = match_pods([invoice(), twin], [pod("FT-5031.pdf", "PO TR-45018")])
    assert (names(first), rules(first)) == ([], ["pod.other-order"])
    assert (names(other), rules(other)) == (["FT-5031.pdf"], [])


def test_the_same_scan_twice_counts_once() -> None:
    candidates = [pod("FT-5031.pdf", sha256="a" * 64), pod("FT-5031 (1).pdf", sha256="a" * 64)]
    [match] = match_pods([invoice()], candidates)
    assert len(match.pods) == 1


def test_an_unusable_file_counts_only_where_there_is_nothing_better() -> None:
    locked = pod("FT-5031.pdf", verdict=Verdict.NEEDS_PASSWORD, sentence="locked")
    assert names(match_pods([invoice()], [locked])[0]) == ["FT-5031.pdf"]
    assert names(match_pods([invoice()], [locked, pod("FT-5031 open.pdf")])[0]) == ["FT-5031 open.pdf"]


def test_hostile_text_does_not_stall_the_search() -> None:
    stalling = ("PO" + " " * 1000) * 400 + "P.O. no no no " * 10_000 + "F-" * 50_000 + "FT-5031"
    [match] = match_pods([invoice()], [pod("a.pdf", stalling)])
    assert names(match) == ["a.pdf"]


# -- scans ---------------------------------------------------------------------------------------------------------


def scan(name: str = "scan0001.png", *, codes: tuple[str, ...] = (), shows: str = "") -> tuple[Path, DocumentReading]:
    return pod(name, media_type="image/png", codes=codes, text_scan=shows)


@pytest.mark.parametrize("code", ["FT-5031", "https://tickets.example.com/?ticket=FT-5031&page=1", "(10)FT5031"])
def test_a_barcode_names_a_ticket(code: str) -> None:
    [match] = match_pods([invoice()], [scan(codes=("4006381333931", code))])
    assert match.pods[0].reasons == ("its barcode holds ticket FT-5031",)


def test_a_barcode_of_a_short_number_counts_when_it_says_nothing_else() -> None:
    short = invoice(ticket_numbers=("517",))
    assert names(match_pods([short], [scan(codes=("517",))])[0]) == ["scan0001.png"]
    assert names(match_pods([short], [scan(codes=("517 EUR",))])[0]) == []
    assert names(match_pods([short], [scan(codes=("",))])[0]) == []


def test_two_barcodes_are_not_read_as_one_number() -> None:
    assert names(match_pods([invoice()], [scan(codes=("FT", "5031"))])[0]) == []


def test_text_from_a_picture_counts_for_less_than_a_code_and_says_so() -> None:
    [match] = match_pods([invoice()], [scan("a.png", shows="Ticket FT-5031"), scan("b.png", codes=("FT-5031",))])
    assert names(match) == ["b.png", "a.png"]
    assert match.pods[1].reasons == ("its picture shows ticket FT-5031",)


def test_a_barcode_with_another_known_order_contradicts() -> None:
    other = invoice(number="INV-1002", po_number="TR-45018", ticket_numbers=("FT-5032",))
    mine, theirs = match_pods([invoice(), other], [scan(codes=("FT-5031", "TR-45018"))])
    assert rules(mine) == ["pod.other-order"]
    assert mine.pods == ()
    assert theirs.pods == () or "order" in " ".join(theirs.pods[0].reasons)


def test_a_misread_order_on_a_picture_does_not_contradict_but_a_known_one_does() -> None:
    [match] = match_pods([invoice()], [scan("FT-5031.png", shows="PO TR-45O17 TR-45811")])
    assert names(match) == ["FT-5031.png"]
    [match] = match_pods([invoice()], [scan("FT-5031.png", shows="PO TR-45018")], known_orders=["TR-45018"])
    assert rules(match) == ["pod.other-order"]


def test_a_name_and_a_barcode_that_disagree_go_to_a_person() -> None:
    mine, theirs = match_pods([invoice(), second()], [scan("FT-5031.png", codes=("FT-5032",))])
    assert (mine.pods, theirs.pods) == ((), ())
    assert rules(mine) == rules(theirs) == ["pod.name-against-text"]
    assert "its name and what is on it name different ones" in mine.findings[0].sentence
