"""The replayer keeps the order of a recording, and names what is asked for otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from submitter.adapters.recording.exchange import Exchange, Kind, PostedField
from submitter.adapters.recording.loopback import Answer, Asked, Loopback
from submitter.adapters.recording.posted import read_posted
from submitter.adapters.recording.recorder import Recorder
from submitter.adapters.recording.recording import Recording
from submitter.adapters.recording.replayer import Replayer
from submitter.adapters.recording.scenario import read_scenario

MAIN = Path(__file__).parents[3] / "recordings" / "fieldgate" / "main"
FORM = "application/x-www-form-urlencoded"


def ask(
    address: str, method: str, target: str, body: str = "", wanted_for: str = "document", kind: str = FORM
) -> tuple[int, str, dict[str, str]]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        headers = {"Sec-Fetch-Dest": wanted_for, **({"Content-Type": kind} if body else {})}
        connection.request(method, target, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def page(turn: int, path: str, **more: object) -> Exchange:
    stated = {"step": 0, "turn": turn, "kind": Kind.PAGE, "method": "GET", "path": path, **more}
    return Exchange.model_validate(stated)


@pytest.fixture
def replayer() -> Iterator[Replayer]:
    exchanges = (
        page(1, "/list", body="1"),
        page(2, "/a", kind=Kind.DATA),
        page(2, "/b", kind=Kind.DATA),
        page(3, "/send", method="POST", status=303, headers={"location": "/list"}, posted=_fields(), sends=True),
        page(4, "/list", body="2", cookies={"sid": "[[token.7]]", "old": ""}),
        page(0, "/clock", required=False),
        page(0, "/app.js", kind=Kind.STATIC, required=False, body="3"),
    )
    answers = {"1": "SUBMITTED", "2": "ON HOLD [[number]] [[token.7]]", "3": "run()"}
    recording = Recording(
        scenario=read_scenario(MAIN), exchanges=exchanges, answers=answers, left_out=("/logo.png", "/left.css")
    )
    with Replayer(recording, {"number": "N-1"}) as replayer:
        yield replayer


def _fields() -> tuple[PostedField, ...]:
    return PostedField(name="number", value="[[number]]"), PostedField(name="csrf", value="[[token.1]]")


def test_the_same_question_is_answered_as_it_was_at_that_time(replayer: Replayer) -> None:
    where = replayer.address
    assert ask(where, "GET", "/list")[:2] == (200, "SUBMITTED")
    assert [ask(where, "GET", path, wanted_for="empty")[0] for path in ("/b", "/clock", "/a", "/clock")] == [200] * 4
    assert ask(where, "POST", "/send", "number=N-1&csrf=token-1")[0] == 303
    _, text, headers = ask(where, "GET", "/list")
    assert text == "ON HOLD N-1 token-7"
    assert headers["cache-control"] == "no-store" and "old=" in headers["set-cookie"]
    assert (replayer.differences, replayer.unused(), replayer.sent) == ([], [], 1)


def test_what_is_not_next_is_refused_and_named(replayer: Replayer) -> None:
    assert ask(replayer.address, "GET", "/a", wanted_for="empty")[0] == 501
    assert replayer.differences == ["GET /a was asked for, but the recording has GET /list here."]
    ask(replayer.address, "GET", "/list")
    assert replayer.unused()[0] == "GET /a was never asked for (step 1)."
    assert len(replayer.unused()) == 4


def test_a_form_that_differs_is_refused_and_named_field_by_field(replayer: Replayer) -> None:
    where = replayer.address
    for path in ("/list", "/a", "/b"):
        ask(where, "GET", path)
    assert ask(where, "POST", "/send", "number=N-2&extra=1")[0] == 501
    assert replayer.differences == [
        "POST /send: the field number was 'N-2', but 'N-1' was expected.",
        "POST /send: the field csrf is missing; 'token-1' was expected.",
        "POST /send: the field extra was posted besides, with '1'.",
    ]
    assert replayer.sent == 0


def test_a_query_that_differs_is_named(replayer: Replayer) -> None:
    ask(replayer.address, "GET", "/list?q=5")
    assert replayer.differences == ["GET /list: the field ?q was posted besides, with '5'."]


def test_scripts_come_at_any_time_and_pictures_come_empty_but_unknown_ones_are_named(replayer: Replayer) -> None:
    where = replayer.address
    assert [ask(where, "GET", "/app.js", wanted_for="script")[1] for _ in range(2)] == ["run()"] * 2
    assert ask(where, "GET", "/logo.png", wanted_for="image")[0] == 204
    assert ask(where, "GET", "/left.css", wanted_for="style")[2]["content-type"] == "text/css"
    assert replayer.differences == []
    ask(where, "GET", "/other.js", wanted_for="script")
    assert "GET /other.js was asked for" in replayer.differences[0]


# -- what was posted ---------------------------------------------------------------------------------------------------


def test_json_is_read_field_by_field_and_files_in_it_by_their_fingerprint() -> None:
    fields = read_posted(
        "application/json; charset=utf-8", b'{"lines": [{"price": 5}], "b": null, "f": "%s"}' % (b"QUJD" * 300)
    )
    assert [(one.name, one.value, one.sha256[:8]) for one in fields] == [
        ("lines.0.price", "5", ""),
        ("b", "null", ""),
        ("f", "", "b2be4eac"),
    ]


# -- recording ---------------------------------------------------------------------------------------------------------


def test_a_recorder_passes_on_both_ways_and_keeps_the_portal_from_knowing() -> None:
    seen: list[Asked] = []

    def portal(asked: Asked) -> Answer:
        seen.append(asked)
        own = f"http://{asked.headers['host']}"
        cookie = "sid=Abc123XyZ; Secure; Domain=portal.example; Path=/"
        return Answer(200, (("Content-Type", "text/html"), ("Set-Cookie", cookie), ("Location", own)), own.encode())

    with Loopback(portal) as there, Recorder(f"{there.addresses[0]}/base", read_scenario(MAIN)) as recorder:
        assert recorder.address.endswith("/base")
        status, text, headers = ask(recorder.address, "POST", "/base/x?y=1", "a=b")
        own = recorder.addresses[0]
        assert (status, text, headers["location"]) == (200, own, own)
        assert headers["set-cookie"] == "sid=Abc123XyZ; Path=/"
        assert (seen[0].target, seen[0].body) == ("/base/x?y=1", b"a=b")
        assert f"http://{seen[0].headers['host']}" == there.addresses[0]


def test_a_portal_that_does_not_answer_is_not_made_up_for() -> None:
    def portal(_: Asked) -> Answer:
        return Answer(200, is_lost=True)

    with (
        Loopback(portal) as there,
        Recorder(there.addresses[0], read_scenario(MAIN)) as recorder,
        pytest.raises(OSError),
    ):
        ask(recorder.address, "GET", "/")
