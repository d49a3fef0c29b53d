"""Coming in and going out at Ledgerline: one page in three languages, the shell, and a session that ends."""

from submitter.practice.one_time_codes import code_for_step, current_step
from tests.unit.practice.ledgerline_counter import LedgerlineBuyer, LedgerlineClerk, errors, screen

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def results(buyer: LedgerlineBuyer, user: str) -> list[str]:
    return [each["result"] for each in buyer.ledger()["sign_ins"] if each["user"] == user]


def test_a_wrong_password_is_told_in_three_languages(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk()
    page = clerk.sign_in("wrong")
    assert screen(page) == "LOG-001"
    for words in ("is not correct", "n'est pas correct", "ist nicht richtig"):
        assert words in errors(page)
    assert clerk.sign_in().says('<iframe name="work" title="Working area" src="/area/home">')
    assert results(ledgerline_buyer, clerk.user) == ["wrong_password", "signed_in"]


def test_three_wrong_passwords_lock_the_account(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk()
    pages = [clerk.sign_in("wrong") for _ in range(3)]
    assert "locked" not in errors(pages[1]) and "locked" in errors(pages[2])
    assert "gesperrt" in errors(clerk.sign_in())
    ledgerline_buyer.call("POST", f"/logins/{clerk.user}/unlock")
    assert clerk.sign_in().says('name="work"')


def test_a_code_from_an_app_may_be_wanted(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk("fr", SECRET)
    page = clerk.sign_in()
    assert screen(page) == "LOG-002" and page.says("Saisissez votre code")
    page = clerk.post("/logon/code", {"code": "abcdef"})
    assert errors(page).strip() == "Le code n'est pas correct."
    assert clerk.post("/logon/code", {"code": code_for_step(SECRET, current_step())}).says('name="work"')


def test_a_sign_in_page_is_good_once(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk()
    clerk.get("/logon")
    clerk.token = "made-up"
    assert "expired" in errors(clerk.post("/logon", {"user": clerk.user, "password": "wrong"}))
    assert results(ledgerline_buyer, clerk.user) == []


def test_the_shell_brings_back_a_page_that_was_asked_for_without_it(ledgerline_clerk: LedgerlineClerk) -> None:
    page = ledgerline_clerk.get("/desk?work=%2Farea%2Fsearch%3Fnumber%3DX")
    assert page.says('src="/area/search?number=X"')
    for elsewhere in ("https%3A%2F%2Fportal.example", "%2Fbuyer", "%2F%2Fportal.example"):
        assert ledgerline_clerk.get(f"/desk?work={elsewhere}").says('src="/area/home"')


def test_only_pages_of_the_working_area_may_be_framed(ledgerline_clerk: LedgerlineClerk) -> None:
    policies = [ledgerline_clerk.get(path).headers["content-security-policy"] for path in ("/desk", "/area/home")]
    assert "frame-ancestors 'none'" in policies[0] and "frame-ancestors 'self'" in policies[1]


def test_a_session_ends(ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_clerk
    ledgerline_buyer.call("PUT", "/settings", {"idle_seconds": 0})
    page = clerk.get("/area/invoices")
    assert (page.status, screen(page)) == (401, "MSG-901") and page.says('target="_top"')
    assert clerk.get("/desk").says("The session has ended.")
    ledgerline_buyer.call("PUT", "/settings", {"idle_seconds": 1800})
    clerk.sign_in()
    assert clerk.post("/logoff").says("The session has ended.")
    assert screen(clerk.get("/area/home")) == "MSG-901"


def test_new_terms_stand_before_every_page(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    ledgerline_buyer.call("PUT", "/settings", {"terms_version": "2026-2"})
    assert screen(ledgerline_clerk.get("/desk")) == "LOG-004"
    page = ledgerline_clerk.get("/area/orders")
    assert screen(page) == "LOG-004" and page.says("2026-2")
    assert screen(ledgerline_clerk.post("/area/terms")) == "HOM-010"
    assert screen(ledgerline_clerk.get("/area/orders")) == "ORD-010"


def test_the_payment_office_decides_on_a_page(
    ledgerline_clerk: LedgerlineClerk, ledgerline_buyer: LedgerlineBuyer
) -> None:
    booked = ledgerline_clerk.send("O-1")
    assert ledgerline_clerk.get("/buyer").status == 401
    page = ledgerline_clerk.get(f"/buyer?token={ledgerline_buyer.token}")
    assert page.says(booked)
    decision = {"confirmation": booked, "status": "Rejected", "comment": ""}
    assert ledgerline_clerk.post("/buyer/decisions", decision).status == 422
    ledgerline_clerk.get("/buyer")
    assert ledgerline_clerk.post("/buyer/decisions", {**decision, "comment": "Illegible"}).says("O-1: kept")
    assert ledgerline_clerk.rows()[0][7:] == ["Rejected", "Illegible"]
    ledgerline_clerk.token = "made-up"
    assert ledgerline_clerk.post("/buyer/decisions", decision).status == 403
