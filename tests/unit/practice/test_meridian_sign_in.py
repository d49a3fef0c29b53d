"""Coming in and going out at Meridian: password, an authenticator's code, locks that open by themselves, a session."""

import http.client

from submitter.practice.one_time_codes import code_for_step, current_step
from tests.unit.practice.counter import PASSWORD
from tests.unit.practice.meridian_counter import MeridianBuyer, MeridianClerk

SECRET = "GEZDGNBVGY3TQOJQ"  # 80 bits


def results(buyer: MeridianBuyer, user: str) -> list[str]:
    return [each["result"] for each in buyer.ledger()["sign_ins"] if each["user"] == user]


def code(offset: int = 0) -> str:
    return code_for_step(SECRET, current_step() + offset)


def test_three_wrong_passwords_lock_the_account_for_good(meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk()
    said = [clerk.sign_in("wrong").errors for _ in range(3)]
    assert "not correct" in said[0] and "locked" not in said[1] and "locked after three" in said[2]
    meridian_buyer.call("POST", "/clock", {"seconds": 100_000})
    assert "locked" in clerk.sign_in().errors
    meridian_buyer.call("POST", f"/logins/{clerk.user}/unlock")
    assert clerk.sign_in().go == "workbench"
    assert results(meridian_buyer, clerk.user) == [*["wrong_password"] * 3, "locked", "signed_in"]


def test_a_code_is_accepted_once(meridian_buyer: MeridianBuyer) -> None:
    clerk = meridian_buyer.add_clerk(SECRET)
    assert clerk.sign_in().go == "verify"
    assert clerk.call("GET", "session").data["by_app"] is True
    assert clerk.call("GET", "workbench").status == 401, "not before the code"
    used = code()
    assert clerk.call("POST", "session/code", {"code": used}).go == "workbench"
    assert clerk.call("GET", "workbench").status == 200
    assert clerk.sign_in().go == "verify"
    assert clerk.call("POST", "session/code", {"code": used}).errors == "The verification code is not correct."
    assert clerk.call("POST", "session/code", {"code": code(1)}).go == "workbench"


def test_too_many_wrong_codes_lock_for_a_while(meridian_buyer: MeridianBuyer) -> None:
    meridian_buyer.call("PUT", "/settings", {"code_tries": 2, "code_retry_seconds": 600})
    clerk = meridian_buyer.add_clerk(SECRET)
    clerk.sign_in()
    said = [clerk.call("POST", "session/code", {"code": "abcdef"}).errors for _ in range(2)]
    assert "not correct" in said[0] and "try again in 10 minutes" in said[1]
    assert "try again" in clerk.call("POST", "session/code", {"code": code()}).errors, "not even the right one"
    assert "try again" in clerk.sign_in().errors
    meridian_buyer.call("POST", "/clock", {"seconds": 601})
    assert clerk.sign_in().go == "verify"
    assert clerk.call("POST", "session/code", {"code": code()}).go == "workbench"


def test_a_session_ends_when_nothing_is_done(meridian_buyer: MeridianBuyer, meridian_clerk: MeridianClerk) -> None:
    assert meridian_buyer.call("GET", "/settings")["idle_seconds"] == 1800
    meridian_buyer.call("PUT", "/settings", {"idle_seconds": 0})
    answer = meridian_clerk.call("GET", "workbench")
    assert (answer.status, answer.go, answer.data["ended"]) == (401, "sign-in", True)
    meridian_buyer.call("PUT", "/settings", {"idle_seconds": 1800})
    meridian_clerk.sign_in()
    assert meridian_clerk.call("DELETE", "session").go == "sign-in"
    assert meridian_clerk.call("GET", "workbench").status == 401


def test_nothing_is_done_without_the_token_of_the_session(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    meridian_clerk.token = "made-up"
    assert meridian_clerk.call("POST", "drafts", {"order": meridian_clerk.po}).status == 403
    stranger = meridian_buyer.add_clerk()
    stranger.token = "made-up"
    assert stranger.call("POST", "session", {"user": stranger.user, "password": PASSWORD}).status == 403
    assert results(meridian_buyer, stranger.user) == []


def test_new_terms_and_an_expired_password_stand_before_all_else(
    meridian_clerk: MeridianClerk, meridian_buyer: MeridianBuyer
) -> None:
    meridian_buyer.call("PUT", "/settings", {"terms_version": "2026-2"})
    assert meridian_clerk.call("GET", "orders").go == "terms"
    assert meridian_clerk.call("GET", "terms").data == {"version": "2026-2"}
    assert meridian_clerk.call("POST", "terms").go == "workbench"
    assert meridian_clerk.call("GET", "orders").status == 200
    meridian_buyer.arm("password_expired")
    assert meridian_clerk.sign_in().go == "password-expired"
    assert meridian_clerk.call("GET", "orders").go == "password-expired"


def test_the_page_of_the_script_is_strict_and_the_same_for_everybody(meridian_buyer: MeridianBuyer) -> None:
    connection = http.client.HTTPConnection(meridian_buyer.host, timeout=60)
    connection.request("GET", "/with/tejas-resources/")
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert 'data-customer="tejas-resources"' in body and "<form" not in body
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    connection.request("GET", "/with/nobody")
    assert connection.getresponse().status == 404
    connection.close()
