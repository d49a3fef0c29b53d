"""What must not be in a recording: secrets, sessions, hidden tokens, addresses, cards, accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from submitter.adapters.recording import recording as recordings
from submitter.adapters.recording.exchange import Exchange, Kind, PostedField
from submitter.adapters.recording.loopback import Answer, Asked
from submitter.adapters.recording.markers import fill, markers_of, values_of
from submitter.adapters.recording.patterns import is_random, private_in
from submitter.adapters.recording.recording import Recording, read_recording
from submitter.adapters.recording.scenario import Scenario, read_scenario
from submitter.adapters.recording.scrubbing import Scrubber, private_left
from submitter.adapters.recording.variant import another
from submitter.errors import ConfigurationError
from submitter.redaction import redactor

MAIN = Path(__file__).parents[3] / "recordings" / "fieldgate" / "main"
#: Made up, but right by their checks; put together so that no scanner takes this file for a leak.
CARD, IBAN, MAIL = "4111 1111 " + "1111 1111", "DE89 3704 0044 " + "0532 0130 00", "a.person@" + "somewhere.example"


@pytest.fixture
def scenario() -> Scenario:
    return read_scenario(MAIN)


@pytest.fixture
def scrubber(scenario: Scenario) -> Scrubber:
    markers = markers_of(scenario.round("x"), "en-US", "%m/%d/%Y")
    return Scrubber(
        markers, {"secret.password": 'geh"eim & mehr', "user": "me@us.example"}, {"http://127.0.0.1:9": "origin"}
    )


def asked(target: str = "/", **headers: str) -> Asked:
    return Asked(0, "GET", target, headers, b"")


# -- what is taken out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mail", f"write to {MAIL}."),
        ("mail", f"?to={MAIL.replace('@', '%40')}"),
        ("card", f"card {CARD}"),
        ("card", f"<td>{CARD.replace(' ', '')}</td>"),
        ("iban", f"to {IBAN} or elsewhere"),
        ("iban", f"<td>{IBAN.replace(' ', '')}</td>"),
        ("bank", "<dt>Account number</dt><dd>88 123 4567</dd>"),
        ("bank", "Routing no. 021000021"),
    ],
)
def test_what_is_private_by_its_form_is_seen(kind: str, text: str) -> None:
    assert kind in private_left(text)


@pytest.mark.parametrize(
    "text",
    [
        "Invoice 4111111111111112 of 11/27/2026 13:27 UTC",  # no card: its check digit is wrong
        "FG-2026-000001 AFE-MARKER-6647 0000000000000000",
        "@media (max-width: 40em) { a@b }",
        "Account: please sign in",
        "GB99 NOT AN ACCOUNT",
    ],
)
def test_what_is_not_private_stays(text: str) -> None:
    assert list(private_in(text)) == []


def test_a_secret_is_taken_out_in_every_form(scrubber: Scrubber) -> None:
    text = 'geh"eim & mehr geh&quot;eim &amp; mehr geh%22eim%20%26%20mehr geh%22eim+%26+mehr {"p": "geh\\"eim & mehr"}'
    left = scrubber.scrub(text)
    assert "eim" not in left and left.count("[[secret.password]]") == 5


def test_sessions_and_hidden_tokens_become_the_same_placeholder_everywhere(scrubber: Scrubber) -> None:
    page = '<input type="hidden" name="csrf" value="q7/Zt+one"><input type=hidden name=action value="save draft">'
    answer = Answer(200, (("Set-Cookie", "sid=Abc123XyZ; Path=/; HttpOnly"), ("Set-Cookie", "old=; Max-Age=0")))
    posted = (PostedField(name="csrf", value="q7/Zt+one"), PostedField(name="action", value="save draft"))
    scrubber.learn(asked(), posted, answer, page)
    scrubbed = scrubber.scrub_fields(posted)
    token = scrubbed[0].value
    assert token.startswith("[[token.") and f'value="{token}"' in scrubber.scrub(page)
    assert scrubbed[1].value == "save draft"
    cookies = scrubber.kept_cookies(answer)
    assert cookies["sid"].startswith("[[token.") and cookies["sid"] != token and cookies["old"] == ""


def test_of_headers_only_the_few_that_matter_are_kept(scrubber: Scrubber) -> None:
    answer = Answer(303, (("Location", "http://127.0.0.1:9/a"), ("X-User", "me"), ("Server", "s"), ("ETag", '"1"')))
    assert scrubber.kept_headers(answer) == {"location": "[[origin]]/a"}


def test_what_was_posted_is_kept_only_where_it_is_known_or_harmless(scrubber: Scrubber) -> None:
    values = {
        "number": "MARKER-7731-K9",
        "when": "07/23/2031",
        "kind": "Cost centre",
        "page": "12",
        "to": MAIL,
        "phone": "832 555 0147 22",
        "answer": "my first pet was called Wilhelmina the Second",
        "api_key": "tiny",
        "session_state": "",
    }
    posted = tuple(PostedField(name=name, value=value) for name, value in values.items())
    scrubber.learn(asked(), posted, Answer(200), "")
    left = {one.name: one.value for one in scrubber.scrub_fields(posted)}
    kept = {"number": "[[number]]", "when": "[[issue_date]]", "kind": "Cost centre", "page": "12", "session_state": ""}
    assert {name: left[name] for name in kept} == kept
    assert all(left[name].startswith("[[") for name in ("to", "phone", "answer"))


def test_what_looks_like_a_key_is_taken_out_of_pages_and_addresses(scrubber: Scrubber) -> None:
    page = "<a href=/file/Zx81Kp0QmW3nB7tY5v>x</a><script>window.apiToken = 'abc-def-ghi';</script>"
    scrubber.learn(asked("/next?s=f3b1c9d2e8a7064455667788990011aa"), (), Answer(200), page)
    left = scrubber.scrub(page)
    assert "Zx81" not in left and "abc-def" not in left and left.count("[[token.") == 2
    assert scrubber.scrub("/next?s=f3b1c9d2e8a7064455667788990011aa").startswith("/next?s=[[token.")
    assert not is_random("signed-in-user-of-2026") and not is_random("MARKER-7731-K9")


# -- markers -----------------------------------------------------------------------------------------------------------


def test_an_invoice_is_found_however_it_is_written_and_another_is_written_so(scenario: Scenario) -> None:
    work = scenario.round("x")
    text = "4,994.17 USD, 4994.17, 2031-07-23, July 23, 2031, 37.25 of 137.25 at 48.61, not 48.610.5"
    hidden = markers_of(work, "en-US", "%m/%d/%Y").hide(text)
    assert hidden == (
        "[[total:grouped2]] USD, [[total]], [[issue_date:iso]], [[issue_date:words_us]], [[line.1.quantity]] of 137.25 "
        "at [[line.1.unit_price]], not 48.610.5"
    )
    assert fill(hidden, values_of(work, "en-US", "%m/%d/%Y")) == text
    other = values_of(another(scenario).round("x"), "en-US", "%m/%d/%Y")
    assert fill("[[issue_date:words_us]] [[line.1.quantity]]", other) == "August 09, 2031 37.28"
    german = values_of(work, "de-DE", "%d.%m.%Y")
    assert fill("[[total:grouped2]] [[total]] [[total:dot]]", german) == "4.994,17 4994,17 4994.17"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"po_number": "MARKER-7731-K9"}, "unlike each other: po_number and number"), ({"number": "7"}, "longer values")],
)
def test_markers_that_cannot_be_told_apart_are_refused(scenario: Scenario, change: dict[str, str], words: str) -> None:
    invoice = scenario.invoice.model_copy(update=change)
    with pytest.raises(ConfigurationError, match=words):
        markers_of(scenario.model_copy(update={"invoice": invoice}).round("x"), "en-US", "%m/%d/%Y")


# -- writing -----------------------------------------------------------------------------------------------------------


def one_answer(scenario: Scenario, text: str) -> Recording:
    exchange = Exchange(step=0, turn=1, kind=Kind.PAGE, method="GET", path="/", body="001.html")
    return Recording(scenario=scenario, exchanges=(exchange,), answers={"001.html": text})


@pytest.mark.parametrize("private", [MAIL, CARD, IBAN, "geheim-4711"])
def test_a_recording_with_anything_private_left_is_not_written(
    scenario: Scenario, tmp_path: Path, private: str
) -> None:
    redactor.register("geheim-4711")
    with pytest.raises(ConfigurationError, match=r"answers/001\.html holds private data") as caught:
        one_answer(scenario, f"<p>{private}</p>").write(tmp_path / "made")
    assert private not in caught.value.message
    assert not (tmp_path / "made").exists()


def test_a_recording_that_is_too_large_is_not_written(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "MOST_KILOBYTES", 3)
    one_answer(scenario, "a" * 2500).write(tmp_path / "small")
    with pytest.raises(ConfigurationError, match=r"it has 4 KB, and the limit is 3 KB"):
        one_answer(scenario, "a" * 3600).write(tmp_path / "large")
    assert not (tmp_path / "large").exists()


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    recording = read_recording(MAIN)
    for name in ("scenario.toml", "invoice.json"):
        (tmp_path / name).write_bytes((MAIN / name).read_bytes())
    recording.write(tmp_path)
    assert read_recording(tmp_path) == recording
    assert (tmp_path / "exchanges.json").read_bytes() == (MAIN / "exchanges.json").read_bytes()


def test_a_scenario_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text("adapter = ")
    with pytest.raises(ConfigurationError, match="The scenario in"):
        read_recording(tmp_path)
