"""Pages that are not as known, and pages that wait for a person: each is named, and nothing is sent over it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from submitter.documents.intake import IntakeItem
from submitter.queue.office import open_office
from submitter.secrets import store_secret
from submitter.store import readings
from tests.acceptance.conftest import ACCOUNT, PASSWORD, USER, World
from tests.unit.practice.counter import Supplier

pytestmark = pytest.mark.browser

ALERT = "Fieldgate moves to a new address on 1 May."


def stopped(world: World, number: str, code: str) -> str:
    """Why the account was paused by one run of the program, with nothing sent and nothing burnt, and its evidence."""
    world.work()
    account, row = world.account(), world.rows()[number]
    assert account.pause_code == code, account.pause_reason
    assert world.accepted() == [] and "committing" not in world.phases(number)
    assert (row.state, row.tries) == ("queued", 0), "its work stays due, unburnt"
    before = world.buyer.ledger()["requests"]
    world.work()
    assert world.buyer.ledger()["requests"] == before, "a paused account is left alone"
    assert world.shown_at_pause(), "the page is kept"
    return str(account.pause_reason)


# -- changed pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "code", "named"),
    [
        ("rename_field", {}, "field-missing", "Invoice number"),
        ("rename_field", {"page": "review"}, "field-missing", "Invoice number"),
        ("silent_empty", {}, "page-unknown", "does not say so"),
        ("truncate_upload", {}, "read-back-differs", "other bytes than we sent"),
        ("double_response", {"page": "header"}, "field-ambiguous", "Invoice header"),
        ("double_response", {"page": "review"}, "field-ambiguous", "Review your invoice"),
        ("download_instead", {"page": "lines"}, "page-unknown", "handed out the file lines.html"),
        ("download_instead", {"page": "invoices"}, "page-unknown", "Expected the page Invoices"),
    ],
    ids=lambda value: str(value.get("page", "")) if isinstance(value, dict) else str(value),
)
def test_a_changed_page_is_named_before_anything_is_sent(
    careless: World, good: list[IntakeItem], kind: str, more: dict[str, Any], code: str, named: str
) -> None:
    [number] = careless.queue(good[0])
    careless.limit(step_seconds=4)
    careless.arm(kind, times=0, **more)
    assert named in stopped(careless, number, code)
    careless.limit(step_seconds=8)
    careless.mend()
    careless.holds_exactly(good[0])


def test_a_column_may_move_but_not_vanish_and_a_new_word_is_not_guessed(world: World, good: list[IntakeItem]) -> None:
    numbers = world.queue(good[0], good[1])
    world.work()
    world.arm("move_column", times=0)
    world.poll()
    assert {row.stage for row in world.rows().values()} == {"received"}, "read by its header, wherever it stands"
    world.arm("unknown_status", times=0)
    world.poll()
    with world.office.database.reading() as c:
        held = {(hold.invoice_number, hold.stage, hold.status) for hold in readings.holds(c)}
    assert held == {(number, "unknown_word", "Zurückgestellt") for number in numbers}, "shown as it is, not guessed"
    assert world.account().paused_at is None
    world.buyer.ask("DELETE", "/faults")
    world.arm("move_column", times=0, rename=True)
    world.poll()
    assert world.account().pause_code == "column-missing" and "'Status'" in world.account().pause_reason
    assert world.shown_at_pause(), "the page is kept"
    world.mend()
    world.poll()
    assert {row.stage for row in world.rows().values()} == {"received"}
    world.holds_exactly(good[0], good[1])


# -- dialogs, tabs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["sign-in", "home", "invoices", "header", "review"])
def test_a_dialog_before_the_click_stops_with_its_words(careless: World, good: list[IntakeItem], page: str) -> None:
    [number] = careless.queue(good[0])
    careless.arm("alert_dialog", page=page, times=0)
    assert ALERT in stopped(careless, number, "page-unknown")
    assert careless.sign_ins() == ([] if page == "sign-in" else ["signed_in"])
    careless.mend()
    careless.holds_exactly(good[0])


def test_a_question_at_a_step_is_not_answered_with_yes(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.arm("confirm_dialog", page="lines", times=0)
    assert "Are you sure?" in stopped(careless, number, "page-unknown")
    careless.mend()
    careless.holds_exactly(good[0])


@pytest.mark.parametrize(
    ("kind", "question"),
    [("pop_up", "Submit this invoice now?"), ("leave_dialog", "the question whether to leave the page")],
)
def test_a_question_at_the_click_is_dismissed_looked_up_and_put_before_a_person(
    careless: World, good: list[IntakeItem], kind: str, question: str
) -> None:
    """Dismissed, it sends nothing. Without its words reaching a person, it would be dismissed for ever."""
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm(kind, page="review", times=0)
    careless.work()
    assert careless.phases(number) == ["opened", "prepared", "committing", "unknown", "returned"]
    assert careless.account().pause_code == "page-unknown" and question in careless.account().pause_reason
    assert careless.struck() == {kind: 1} and careless.accepted() == []
    careless.kept(number, "unknown")
    careless.mend()
    careless.holds_exactly(good[0])


def test_advertisements_do_no_harm(careless: World, good: list[IntakeItem]) -> None:
    items = good[:2]
    careless.queue(*items)
    careless.arm("advert_tab", times=0)
    assert careless.work().receipts == 2
    assert careless.account().paused_at is None
    careless.holds_exactly(*items)


# -- pages that wait for a person --------------------------------------------------------------------------------------


def accept_terms(world: World) -> str:
    """Somebody signs in with a browser of their own and accepts; what they saw first."""
    person = Supplier(world.buyer.url.removeprefix("http://"), USER, "")
    seen = person.sign_in(PASSWORD).heading
    assert person.post("/terms").heading == "Home"
    return seen


def test_new_terms_wait_for_a_person_who_accepts_them(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.buyer.settings(terms_version="2026-11")
    stopped(careless, number, "terms-changed")
    assert accept_terms(careless) == "New terms of use"
    careless.mend()
    careless.holds_exactly(good[0])


def test_new_terms_instead_of_a_receipt_wait_for_a_person_too(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.limit(commit_seconds=3)
    careless.arm("new_terms", page="submit")
    careless.work()
    assert careless.phases(number) == ["opened", "prepared", "committing", "unknown"]
    assert careless.account().pause_code == "terms-changed" and careless.accepted() == []
    accept_terms(careless)
    careless.mend()
    assert careless.phases(number)[3:5] == ["unknown", "returned"]
    careless.holds_exactly(good[0])


@pytest.mark.parametrize("kind", ["second_factor", "password_expired"])
def test_what_needs_a_person_waits_for_one(careless: World, good: list[IntakeItem], kind: str) -> None:
    [number] = careless.queue(good[0])
    careless.arm(kind, times=0)
    stopped(careless, number, kind.replace("_", "-"))
    assert len(careless.sign_ins()) == 1
    careless.mend()
    careless.holds_exactly(good[0])


def test_a_locked_login_is_tried_once_and_its_words_are_kept(careless: World, good: list[IntakeItem]) -> None:
    [number] = careless.queue(good[0])
    careless.arm("lock_out", times=0)
    reason = stopped(careless, number, "credentials-rejected")
    assert "This login is locked after three wrong passwords." in reason
    assert careless.sign_ins() == ["locked"]
    careless.mend()
    careless.holds_exactly(good[0])


# -- passwords ---------------------------------------------------------------------------------------------------------


def test_the_right_password_signs_in_once(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.work()
    assert world.sign_ins() == ["signed_in"]


def test_a_wrong_password_is_tried_exactly_once_and_pauses_the_account(careless: World, good: list[IntakeItem]) -> None:
    store_secret(ACCOUNT, "password", "wrong-Horse-7-battery")
    [number] = careless.queue(good[0])
    assert "not correct" in stopped(careless, number, "credentials-rejected")
    assert careless.sign_ins() == ["wrong_password"], "and no further run tried it again"
    store_secret(ACCOUNT, "password", PASSWORD)
    careless.mend()
    assert careless.sign_ins() == ["wrong_password", "signed_in"]
    careless.holds_exactly(good[0])


def test_the_browser_reaches_no_other_host_not_even_by_a_redirect(world: World, good: list[IntakeItem]) -> None:
    """A portal, or somebody in between, that answers the sign-in form with a redirect elsewhere gets no password."""
    heard: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)

        do_GET = do_POST  # noqa: N815 (the names the base class calls)

    elsewhere = HTTPServer(("127.0.0.2", 0), Elsewhere)

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = (
                b"<h1>Sign in to Fieldgate</h1><form method=post action=/sign-in><label>User name<input name=u></label>"
                b"<label>Password<input type=password name=p></label><button>Sign in</button></form>"
            )
            if self.path == "/home":
                self.send_response(303)
                self.send_header("Location", "/sign-in")
            else:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.2:{elsewhere.server_port}/collect")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    portal = HTTPServer(("127.0.0.1", 0), Portal)
    for server in (elsewhere, portal):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    path = world.home / "config" / "customers" / f"{ACCOUNT}.toml"
    path.write_text(path.read_text().replace(world.buyer.url, f"http://127.0.0.1:{portal.server_port}"))
    office = open_office(world.home)
    try:
        world.queue(good[0])
        World(world.home, world.buyer, office).work()
    finally:
        office.close()
        for server in (elsewhere, portal):
            server.shutdown()
            server.server_close()
    assert heard == []
