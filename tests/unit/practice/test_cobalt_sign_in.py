"""Coming in and going out at Cobalt: two pages, codes by e-mail or from an app, remembered devices."""

import mailbox
from pathlib import Path

from submitter.practice.one_time_codes import code_for_step, current_step
from tests.unit.practice.cobalt_counter import PALISADE, TEJAS, Clerk, CobaltBuyer
from tests.unit.practice.conftest import Running, running
from tests.unit.practice.counter import PASSWORD

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CODE_REFUSED = "That code did not work. Check it, or ask for a new one."


def results(buyer: CobaltBuyer, user: str) -> list[str]:
    return [each["result"] for each in buyer.ledger()["sign_ins"] if each["user"] == user]


def require_code(buyer: CobaltBuyer, customer: str) -> None:
    buyer.call("PUT", "/settings", {"customer": customer, "requires_second_factor": True})


def test_user_and_password_are_asked_for_on_two_pages(cobalt_buyer: CobaltBuyer) -> None:
    clerk = cobalt_buyer.add_clerk()
    assert clerk.get("/login/password").heading == "Log in to Cobalt"
    stranger = Clerk(clerk.host, "nobody@shop.example", "")
    refused = [person.sign_in("wrong") for person in (clerk, stranger)]
    assert {page.spoken("alert").strip() for page in refused} == {
        "We could not sign you in with that e-mail address and password."
    }
    assert clerk.sign_in().heading == "Your customers"
    assert results(cobalt_buyer, clerk.user) == ["wrong_password", "signed_in"]


def test_three_wrong_passwords_lock_the_login(cobalt_buyer: CobaltBuyer) -> None:
    clerk = cobalt_buyer.add_clerk()
    pages = [clerk.sign_in("wrong") for _ in range(3)]
    assert "has been locked" in pages[2].spoken("alert") and "has been locked" not in pages[1].spoken("alert")
    assert "has been locked" in clerk.sign_in().spoken("alert")
    cobalt_buyer.call("POST", f"/logins/{clerk.user}/unlock")
    assert clerk.sign_in().heading == "Your customers"


def test_a_customer_may_want_a_code_that_comes_by_mail(
    clerk: Clerk, cobalt_buyer: CobaltBuyer, cobalt: Running
) -> None:
    clerk.send("M-1")
    require_code(cobalt_buyer, TEJAS)
    assert clerk.get("/home").says("wants a verification code before it shows anything")
    assert clerk.get("/at/palisade-energy/invoices").heading == "Invoices"
    wanted = clerk.get("/at/tejas-resources/invoices?q=M-1")
    assert wanted.heading == "Verify it is you" and not wanted.says("M-1")
    assert clerk.post("/login/code", {"code": "12345x"}).spoken("alert").strip() == CODE_REFUSED
    first = cobalt_buyer.last_code(clerk.user)
    assert clerk.post("/login/code/mail").says(f"We sent a verification code to {clerk.user}.")
    assert clerk.post("/login/code", {"code": first}).spoken("alert").strip() == CODE_REFUSED
    assert clerk.post("/login/code", {"code": cobalt_buyer.last_code(clerk.user)}).says("M-1")
    assert results(cobalt_buyer, clerk.user)[-3:] == ["wrong_code", "wrong_code", "proven"]
    letters = mailbox.Maildir(cobalt.folder / "mail", create=False)
    mine = [letter for letter in letters if letter["To"] == clerk.user]
    assert len(mine) == 2 and any(first in letter.get_payload() for letter in mine)
    assert {letter["Subject"] for letter in mine} == {"Your verification code"}


def test_a_mailed_code_grows_old(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    require_code(cobalt_buyer, TEJAS)
    clerk.get("/at/tejas-resources/orders")
    code = cobalt_buyer.last_code(clerk.user)
    cobalt_buyer.call("POST", "/clock", {"seconds": 601})
    assert clerk.post("/login/code", {"code": code}).spoken("alert").strip() == CODE_REFUSED
    clerk.post("/login/code/mail")
    assert clerk.post("/login/code", {"code": cobalt_buyer.last_code(clerk.user)}).heading == "Orders"


def test_a_mail_may_get_lost(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    require_code(cobalt_buyer, TEJAS)
    cobalt_buyer.arm("mail_lost")
    assert clerk.get("/at/tejas-resources/orders").heading == "Verify it is you"
    assert cobalt_buyer.mails(clerk.user) == []
    clerk.post("/login/code/mail")
    assert len(cobalt_buyer.mails(clerk.user)) == 1


def test_an_authenticator_code_is_good_once_and_mail_is_the_way_out(cobalt_buyer: CobaltBuyer) -> None:
    clerk = cobalt_buyer.add_clerk(totp_secret=SECRET)
    assert clerk.sign_in().says("your authenticator app shows")
    assert clerk.get("/at/tejas-resources/orders").heading == "Log in to Cobalt"
    clerk.sign_in()
    code = code_for_step(SECRET, current_step())
    assert clerk.post("/login/code", {"code": code}).heading == "Your customers"
    clerk.post("/logout")
    clerk.sign_in()
    assert clerk.post("/login/code", {"code": code}).spoken("alert").strip() == CODE_REFUSED
    clerk.post("/login/code/mail")
    assert clerk.post("/login/code", {"code": cobalt_buyer.last_code(clerk.user)}).heading == "Your customers"


def test_five_wrong_codes_lock_the_login(cobalt_buyer: CobaltBuyer) -> None:
    clerk = cobalt_buyer.add_clerk(totp_secret=SECRET)
    clerk.sign_in()
    pages = [clerk.post("/login/code", {"code": "12345x"}) for _ in range(5)]
    assert pages[3].spoken("alert").strip() == CODE_REFUSED
    assert "too many wrong codes" in pages[4].spoken("alert")
    assert "too many wrong codes" in clerk.sign_in().spoken("alert")


def test_a_remembered_device_needs_no_code_for_thirty_days(cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.call("PUT", "/settings", {"totp_required": True})
    require_code(cobalt_buyer, PALISADE)
    clerk = cobalt_buyer.add_clerk()
    clerk.sign_in()
    code = cobalt_buyer.last_code(clerk.user)
    assert clerk.post("/login/code", {"code": code, "remember": "1"}).heading == "Your customers"
    clerk.post("/logout")
    assert clerk.sign_in().heading == "Your customers"
    assert clerk.get("/at/palisade-energy/orders").heading == "Orders"
    other = Clerk(clerk.host, clerk.user, clerk.po)
    assert other.sign_in().heading == "Verify it is you"
    clerk.post("/logout")
    cobalt_buyer.call("POST", "/clock", {"seconds": 31 * 86_400})
    assert clerk.sign_in().heading == "Verify it is you"


def test_a_session_ends_and_leads_back(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.call("PUT", "/settings", {"idle_seconds": 0})
    away = clerk.get("/at/tejas-resources/invoices?q=A%2F1", follow=False)
    assert away.location == "/login?return=%2Fat%2Ftejas-resources%2Finvoices%3Fq%3DA%252F1&ended=1"
    cobalt_buyer.call("PUT", "/settings", {"idle_seconds": 1800})
    assert clerk.get(away.location).spoken("status") == "You have been logged out."
    clerk.post("/login", {"user": clerk.user})
    back = clerk.post("/login/password", {"password": PASSWORD}, follow=False)
    assert back.location == "/at/tejas-resources/invoices?q=A%2F1"


def test_terms_and_expired_passwords_come_first(clerk: Clerk, cobalt_buyer: CobaltBuyer) -> None:
    cobalt_buyer.call("PUT", "/settings", {"terms_version": "2026-2"})
    assert clerk.get("/at/tejas-resources/orders").heading == "We have updated our terms"
    assert clerk.post("/terms").heading == "Your customers"
    clerk.post("/logout")
    cobalt_buyer.arm("password_expired")
    assert clerk.sign_in().heading == "Time for a new password"
    assert clerk.get("/at/tejas-resources/orders").heading == "Time for a new password"


def test_forms_need_their_token_and_the_buyers_side_its_own(
    clerk: Clerk, cobalt_buyer: CobaltBuyer, cobalt: Running
) -> None:
    document = clerk.send("B-1")
    clerk.csrf = "guessed"
    assert clerk.post("/logout").heading == "That page is out of date"
    CobaltBuyer(cobalt.url, "guessed").call("GET", "/ledger", expect=401)
    person = cobalt_buyer.add_clerk()
    assert person.get("/buyer?token=guessed").status == 401
    assert person.get(f"/buyer?token={cobalt_buyer.token}").says("B-1")
    decision = {"confirmation": document, "status": "Disputed", "comment": "No stamp on the ticket"}
    assert person.post("/buyer/decisions", decision).says("B-1: kept")
    assert clerk.get(f"{clerk.at}/invoices/{document}").says("Dispute reason: No stamp on the ticket")


def test_unknown_settings_faults_and_customers_are_refused_with_a_hint(cobalt_buyer: CobaltBuyer) -> None:
    assert "'plain_numbers'" in cobalt_buyer.call("PUT", "/settings", {"plain_number": True}, expect=400)["error"]
    assert "'mail_lost'" in cobalt_buyer.call("POST", "/faults", {"kind": "mail_los"}, expect=400)["error"]
    assert "Palisad" in cobalt_buyer.call("PUT", "/settings", {"customer": "Palisad"}, expect=404)["error"]
    assert (
        "status"
        in cobalt_buyer.call("POST", "/invoices/CB01-2026-000001/status", {"status": "Paid"}, expect=400)["error"]
    )


def test_the_books_outlive_the_process(tmp_path: Path) -> None:
    with running("cobalt", tmp_path, "--buyer-token", "chosen", "--fixed-clock") as portal:
        buyer = CobaltBuyer(portal.url, "chosen")
        buyer.call("POST", "/customers", {"name": PALISADE})
        clerk = buyer.add_clerk()
        clerk.sign_in()
        clerk.at = "/at/palisade-energy"
        assert clerk.send("Z-1") == "CB02-2026-000001"
    with running("cobalt", tmp_path) as again:
        ledger = CobaltBuyer(again.url, again.announcement["buyer_token"]).ledger()
        assert [(each["customer"], each["at"]) for each in ledger["accepted"]] == [
            (PALISADE, "2026-03-02T14:30:00+00:00")
        ]
