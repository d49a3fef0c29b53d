"""The one scrubber: no secret in any form in anything that is written."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from submitter.redaction import MARK, Redactor

SECRET = 'pa\'ss & "w\u00f6rd"\\/2'


def knowing(*secrets: str) -> Redactor:
    redactor = Redactor()
    for secret in secrets:
        redactor.register(secret)
    return redactor


def test_a_secret_is_taken_out_wherever_it_stands() -> None:
    assert knowing("hunter2").scrub("hunter2: typed hunter2hunter2.") == f"{MARK}: typed {MARK}{MARK}."


@pytest.mark.parametrize("order", [("open", "open-sesame"), ("open-sesame", "open")])
def test_the_longest_goes_first_so_that_no_tail_is_left(order: tuple[str, str]) -> None:
    assert knowing(*order).scrub("open-sesame, open") == f"{MARK}, {MARK}"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        urlencode({"password": SECRET}).removeprefix("password="),
        html.escape(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        str(KeyError(SECRET))[1:-1],
    ],
)
def test_a_secret_is_known_in_the_forms_it_is_written_in(form: str) -> None:
    assert knowing(SECRET).scrub(f"a {form} b") == f"a {MARK} b"


@pytest.mark.parametrize("short", ["", "a", "abc"])
def test_what_is_too_short_to_be_a_secret_does_not_blank_out_ordinary_text(short: str) -> None:
    assert knowing(short).scrub("an abc for a clerk") == "an abc for a clerk"


def test_other_text_is_left_alone() -> None:
    assert knowing("hunter2").scrub("Hunter2 was not typed") == "Hunter2 was not typed"


class Opaque:
    def __str__(self) -> str:
        return "opaque hunter2"


@pytest.mark.parametrize(
    ("value", "scrubbed"),
    [
        ({"a": {"b": ["x hunter2", 1]}}, {"a": {"b": [f"x {MARK}", 1]}}),
        ({"hunter2": 1}, {MARK: 1}),
        (("hunter2", None, True, 2.5), [MARK, None, True, 2.5]),
        (ValueError("hunter2"), MARK),
        (Opaque(), f"opaque {MARK}"),
        (b"hunter2", f"b'{MARK}'"),
        ({"hunter2"}, f"{{'{MARK}'}}"),
        (datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02 00:00:00+00:00"),
    ],
)
def test_nested_values_are_scrubbed(value: Any, scrubbed: Any) -> None:
    assert knowing("hunter2").scrub_value(value) == scrubbed


LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["x hunter2 y", "plain", "hunter2"])
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v) | st.dictionaries(st.sampled_from(["hunter2", "key"]), v) | st.tuples(v, v)
)


@given(VALUES)
def test_nothing_that_was_scrubbed_holds_the_secret(value: Any) -> None:
    assert "hunter2" not in repr(knowing("hunter2").scrub_value(value))


def test_a_log_line_is_scrubbed_before_it_is_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.wrap_logger(
        structlog.PrintLogger(),
        processors=[knowing("hunter2").log_processor, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(0),  # whatever a command has set for the whole process
    )
    log.info("typed hunter2", page={"field": "hunter2"}, error=ValueError("hunter2"), tries=2)
    written = capsys.readouterr().out
    assert json.loads(written) == {"event": f"typed {MARK}", "page": {"field": MARK}, "error": MARK, "tries": 2}
