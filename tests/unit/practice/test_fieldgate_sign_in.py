"""Coming in and going out at Fieldgate, and the process itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from submitter.practice.one_time_codes import code_for_step, current_step
from tests.unit.practice.conftest import Running, running_fieldgate
from tests.unit.practice.counter import PASSWORD, Buyer, Supplier

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def results(buyer: Buyer, user: str) -> list[str]:
    return [each["result"] for each in buyer.ledger()["sign_ins"] if each["user"] == user]


def test_the_codes_are_those_of_the_standard() -> None:
    for second, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        assert code_for_step(SECRET, second // 30) == code


def test_three_wrong_passwords_lock_the_login(buyer: Buyer) -> None:
    supplier = buyer.add_supplier()
    for _ in range(2):
        page = supplier.sign_in("wrong")
        assert page.spoken("alert") == "The user name or password is not correct."
    locked = "This login is locked after three wrong passwords. Ask your Fieldgate administrator to unlock it."
    assert supplier.sign_in("wrong").spoken("alert") == locked
    assert supplier.sign_in().spoken("alert") == locked
    buyer.call("POST", f"/logins/{supplier.user}/unlock")
    assert supplier.sign_in().heading == "Home"
    assert results(buyer, supplier.user) == ["wrong_password"] * 3 + ["locked", "signed_in"]


def test_wrong_passwords_count_only_in_a_row(buyer: Buyer) -> None:
    supplier = buyer.add_supplier()
    for password in ("no", "no", PASSWORD):
        page = supplier.sign_in(password)
    assert page.heading == "Home"
    supplier.post("/sign-out")
    assert supplier.sign_in("no").spoken("alert") == "The user name or password is not correct."


def test_a_code_is_asked_for_and_accepted_once(buyer: Buyer) -> None:
    supplier = buyer.add_supplier(totp_secret=SECRET)
    assert supplier.sign_in().heading == "Enter your code"
    assert supplier.get("/orders").heading == "Sign in to Fieldgate"
    supplier.sign_in()
    code = code_for_step(SECRET, current_step())
    assert supplier.post("/sign-in/code", {"code": code}).heading == "Home"
    supplier.post("/sign-out")
    supplier.sign_in()
    assert supplier.post("/sign-in/code", {"code": code}).spoken("alert") == "That code is not correct."
    following = code_for_step(SECRET, current_step() + 1)
    assert supplier.post("/sign-in/code", {"code": following}).heading == "Home"


def test_five_wrong_codes_lock_the_login(buyer: Buyer) -> None:
    supplier = buyer.add_supplier(totp_secret=SECRET)
    supplier.sign_in()
    pages = [supplier.post("/sign-in/code", {"code": "12345x"}) for _ in range(5)]
    assert pages[3].spoken("alert") == "That code is not correct."
    assert pages[4].spoken("alert").startswith("This login is locked after five wrong codes.")
    assert supplier.sign_in().spoken("alert").startswith("This login is locked after five wrong codes.")


def test_an_idle_session_ends_and_leads_back(supplier: Supplier, buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"idle_seconds": 0})
    away = supplier.get("/invoices?q=A%2F1", follow=False)
    assert (away.status, away.location) == (303, "/sign-in?next=%2Finvoices%3Fq%3DA%252F1&ended=1")
    buyer.call("PUT", "/settings", {"idle_seconds": 1800})
    page = supplier.get(away.location)
    assert page.spoken("status") == "Your session has ended. Sign in again."
    back = supplier.post("/sign-in", {"user": supplier.user, "password": PASSWORD}, follow=False)
    assert back.location == "/invoices?q=A%2F1"


def test_signing_in_leads_only_to_local_paths(buyer: Buyer) -> None:
    for elsewhere in ("https://example.com/", "//example.com", "/%5Cexample.com", "javascript:1"):
        supplier = buyer.add_supplier()
        supplier.get(f"/sign-in?next={elsewhere}")
        page = supplier.post("/sign-in", {"user": supplier.user, "password": PASSWORD}, follow=False)
        assert page.location == "/home"


def test_forms_need_their_token_and_cookies_are_guarded(supplier: Supplier, buyer: Buyer) -> None:
    supplier.csrf = "guessed"
    assert supplier.post("/sign-out").heading == "This form has expired"
    assert supplier.get("/home").heading == "Home"
    stranger = buyer.add_supplier()
    page = stranger.get("/sign-in")
    assert "HttpOnly" in page.headers["set-cookie"] and "SameSite=lax" in page.headers["set-cookie"]
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    before = dict(stranger.cookies)
    stranger.post("/sign-in", {"user": stranger.user, "password": PASSWORD})
    assert stranger.cookies != before


def test_new_terms_of_a_new_version_wait_for_consent(supplier: Supplier, buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"terms_version": "2026-2"})
    assert supplier.get("/orders").heading == "New terms of use"
    assert supplier.post("/terms").heading == "Home"
    assert supplier.get("/orders").heading == "Purchase orders"


def test_a_code_may_be_required_of_everybody(buyer: Buyer) -> None:
    buyer.call("PUT", "/settings", {"totp_required": True})
    supplier = buyer.add_supplier()
    assert supplier.sign_in().heading == "Enter your code"
    (mine,) = [each for each in buyer.call("GET", "/logins")["logins"] if each["user"] == supplier.user]
    assert supplier.post("/sign-in/code", {"code": mine["pending_code"]}).heading == "Home"


def test_the_buyers_side_needs_its_token(fieldgate: Running, buyer: Buyer) -> None:
    Buyer(fieldgate.url, "guessed").call("GET", "/ledger", expect=401)
    person = buyer.add_supplier()
    assert person.get("/buyer?token=guessed").status == 401
    assert person.get(f"/buyer?token={buyer.token}").heading == "Buyer's side"


def test_unknown_settings_and_faults_are_refused_with_a_hint(buyer: Buyer) -> None:
    assert "'idle_seconds'" in buyer.call("PUT", "/settings", {"idle_second": 1}, expect=400)["error"]
    assert "'drop_answer'" in buyer.call("POST", "/faults", {"kind": "drop_anser"}, expect=400)["error"]
    assert "cannot happen" in buyer.call("POST", "/faults", {"kind": "pop_up", "page": "home"}, expect=400)["error"]
    assert "did you mean 'times'" in buyer.call("POST", "/faults", {"kind": "slow", "time": 1}, expect=400)["error"]


def test_the_buyers_page_decides_for_people(supplier: Supplier, buyer: Buyer) -> None:
    booked = supplier.send("B-1")
    person = buyer.add_supplier()
    page = person.get(f"/buyer?token={buyer.token}")
    assert page.says("B-1")
    decision = {"confirmation": booked, "decision": "dispute", "comment": "No stamp on the ticket"}
    assert person.post("/buyer/decisions", decision).says("B-1: Disputed")
    assert supplier.get(f"/invoices/{booked}").says("<dd>No stamp on the ticket</dd>")


def test_it_serves_this_machine_only_and_stops_in_good_order(tmp_path: Path) -> None:
    with running_fieldgate(tmp_path, "--buyer-token", "chosen", "--fixed-clock") as running:
        assert running.announcement["buyer_token"] == "chosen"
        assert running.announcement["pid"] == running.process.pid
        supplier = running.buyer.add_supplier()
        supplier.sign_in()
        assert supplier.send("Z-1") == "FG-2026-000001"
        assert running.buyer.ledger()["accepted"][0]["at"] == "2026-03-02T14:30:00+00:00"
        with socket.create_connection(("127.0.0.1", int(running.url.rsplit(":", 1)[1]))) as raw:
            raw.sendall(b"GET /sign-in HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 400")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    with running_fieldgate(tmp_path) as again:
        assert again.buyer.ledger()["accepted_count"] == 1


def test_another_host_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "submitter.practice", "fieldgate", "--folder", str(tmp_path), "--host", "0.0.0.0"]  # noqa: S104
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert refused.returncode == 2
    assert "127.0.0.1 only" in refused.stderr


def test_it_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys;"
        f"p = subprocess.Popen([sys.executable, '-m', 'submitter.practice', 'fieldgate', '--folder', {str(tmp_path)!r},"
        " '--with-parent'], stdout=subprocess.PIPE, text=True);"
        "p.stdout.readline(); print(p.pid, flush=True); import os; os._exit(0)"
    )
    started = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True, timeout=20)
    pid, deadline = int(started.stdout), time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline


def _runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform == "linux":
        return stat.exists() and stat.read_text().rsplit(") ", 1)[1][0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
