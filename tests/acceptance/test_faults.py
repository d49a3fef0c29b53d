"""What a portal does to us, and what must come of it: never two, never none, never a guess."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from submitter.documents.intake import IntakeItem
from submitter.queue.office import open_office
from submitter.secrets import store_secret
from submitter.store import journal, submissions
from tests.acceptance.conftest import ACCOUNT, World

pytestmark = pytest.mark.browser


def phases(world: World, number: str) -> list[str]:
    with world.office.database.reading() as c:
        return [step.phase for step in journal.timeline(c, submissions.find_one(c, number).id)]


def test_a_dropped_answer_after_booking_ends_with_one_invoice_and_a_receipt(
    world: World, good: list[IntakeItem]
) -> None:
    world.buyer.settings(accept_duplicates=True)  # a portal that would not save us from sending twice
    number = world.queue(good[0])[0]
    world.buyer.arm("drop_answer_after_booking")
    world.work()
    [entry] = world.accepted()
    row = world.rows()[number]
    assert (row.state, row.reference) == ("confirmed", entry["confirmation"])
    assert phases(world, number) == ["opened", "prepared", "committing", "unknown", "confirmed"]


def test_the_browser_itself_may_not_send_the_click_a_second_time(world: World, good: list[IntakeItem]) -> None:
    """Chromium repeats a POST by itself when the connection closes unanswered; a portal that books both has two."""
    world.buyer.settings(accept_duplicates=True, browser_may_resend=True)
    number = world.queue(good[0])[0]
    world.buyer.arm("drop_answer_after_booking")
    world.work()
    assert len(world.accepted()) == 1
    assert world.rows()[number].state == "confirmed"


def test_a_dropped_answer_before_booking_is_looked_up_and_sent_again(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    world.buyer.arm("drop_answer", page="submit")
    world.work()
    assert len(world.accepted()) == 1
    steps = phases(world, number)
    assert steps[:5] == ["opened", "prepared", "committing", "unknown", "returned"] and steps[-1] == "confirmed"


@pytest.mark.parametrize("kind", ["error_500_after_booking", "download_instead", "new_tab", "double_response"])
def test_whatever_the_answer_looks_like_there_is_one_invoice_and_a_receipt(
    world: World, good: list[IntakeItem], kind: str
) -> None:
    world.buyer.settings(accept_duplicates=True)
    number = world.queue(good[0])[0]
    world.buyer.arm(kind, **({"page": "receipt"} if kind in ("download_instead", "double_response") else {}))
    world.work()
    [entry] = world.accepted()
    assert (world.rows()[number].state, world.rows()[number].reference) == ("confirmed", entry["confirmation"])


def test_the_right_password_signs_in_once(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.work()
    assert [s["result"] for s in world.buyer.ledger()["sign_ins"]] == ["signed_in"]


def test_a_wrong_password_is_tried_exactly_once_and_pauses_the_account(world: World, good: list[IntakeItem]) -> None:
    store_secret(ACCOUNT, "password", "wrong-Horse-7-battery")
    number = world.queue(good[0])[0]
    for _ in range(3):  # every further run finds the account paused and leaves the portal alone
        world.work()
    assert [s["result"] for s in world.buyer.ledger()["sign_ins"]] == ["wrong_password"]
    assert world.account().pause_code == "credentials-rejected"
    assert "not correct" in world.account().pause_reason
    assert (world.rows()[number].state, world.rows()[number].tries) == ("queued", 0), "its work stays due, unburnt"


@pytest.mark.parametrize("page", ["header", "lines", "attachments", "review"])
def test_a_session_lost_between_steps_signs_in_again_and_sends_once(
    world: World, good: list[IntakeItem], page: str
) -> None:
    number = world.queue(good[0])[0]
    world.buyer.arm("session_lost", page=page)
    world.work()
    assert len(world.accepted()) == 1
    assert world.rows()[number].state == "confirmed"
    assert [s["result"] for s in world.buyer.ledger()["sign_ins"]] == ["signed_in", "signed_in"]
    assert phases(world, number).count("committing") == 1


def test_a_renamed_field_stops_before_anything_is_sent(world: World, good: list[IntakeItem]) -> None:
    numbers = world.queue(good[0], good[1])
    world.buyer.arm("rename_field", times=0)
    world.work()
    assert world.accepted() == []
    assert world.account().pause_code == "field-missing"
    assert "Invoice number" in world.account().pause_reason
    assert all("committing" not in phases(world, number) for number in numbers)
    assert {row.state for row in world.rows().values()} == {"queued"}


def test_a_renamed_field_on_the_review_page_stops_too(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    world.buyer.arm("rename_field", times=0, page="review")
    world.work()
    assert world.accepted() == [] and "committing" not in phases(world, number)


def test_columns_may_move_but_not_vanish(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    world.work()
    world.buyer.arm("move_column", times=0)
    world.poll()
    assert world.rows()[number].stage == "received", "read by its header, wherever it stands"
    world.buyer.ask("DELETE", "/faults")
    world.buyer.arm("move_column", times=0, rename=True)
    world.poll()
    assert world.account().pause_code == "column-missing"


def test_a_truncated_upload_is_seen_at_review_and_not_sent(world: World, good: list[IntakeItem]) -> None:
    number = world.queue(good[0])[0]
    world.buyer.arm("truncate_upload")
    world.work()
    assert world.accepted() == []
    assert world.account().pause_code == "read-back-differs"
    assert phases(world, number) == ["opened", "failed"]


def test_an_empty_list_without_its_own_words_proves_nothing(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.buyer.arm("silent_empty", times=0)
    world.work()
    assert world.accepted() == []
    assert world.account().pause_code == "page-unknown"


@pytest.mark.parametrize(
    ("kind", "code"),
    [("new_terms", "terms-changed"), ("second_factor", "second-factor"), ("password_expired", "password-expired")],
)
def test_what_needs_a_person_waits_for_one(world: World, good: list[IntakeItem], kind: str, code: str) -> None:
    world.queue(good[0])
    world.buyer.arm(kind)
    world.work()
    assert world.accepted() == []
    assert world.account().pause_code == code


@pytest.mark.parametrize("kind", ["maintenance", "rate_limit", "error_500"])
def test_an_outage_is_not_a_wrong_password(world: World, good: list[IntakeItem], kind: str) -> None:
    number = world.queue(good[0])[0]
    world.buyer.arm(kind, times=0)
    report = world.work()
    assert world.account().paused_at is None
    assert report.visits[0].error is not None and report.visits[0].error.code == "portal-unavailable"
    assert world.rows()[number].state == "queued"
    world.buyer.ask("DELETE", "/faults")


def test_a_browser_that_does_not_start_pauses_nobody(
    world: World, good: list[IntakeItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.queue(good[0])[0]
    monkeypatch.setenv("SUBMITTER_BROWSER", "/bin/false")
    report = world.work()
    assert report.visits[0].error is not None and "did not start" in report.visits[0].error.message
    assert world.account().paused_at is None and world.rows()[number].state == "queued"
    monkeypatch.delenv("SUBMITTER_BROWSER")
    assert world.work().receipts == 1


def test_three_outages_in_a_row_close_the_account_for_a_while(world: World, good: list[IntakeItem]) -> None:
    world.queue(good[0])
    world.buyer.arm("maintenance", times=0)
    for _ in range(4):
        world.work()
    assert world.account().unavailable_in_a_row == 3, "the fourth run left the portal alone"
    assert world.account().closed_until is not None


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
