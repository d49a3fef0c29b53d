"""One-time codes against the vectors of RFC 6238, appendix B, and keys as portals write them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submitter.adapters.one_time_codes import code_of, read_key, step_at
from submitter.practice import one_time_codes as practice

RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_of(read_key(RFC), step_at(seconds), digits=8) == code
    assert code_of(read_key(RFC), step_at(seconds)) == code[2:]


@given(st.binary(min_size=10, max_size=40), st.integers(0, 2**40))
def test_any_key_from_80_bits_on_gives_the_portals_code(key: bytes, step: int) -> None:
    written = base64.b32encode(key).decode()
    assert read_key(written) == key
    assert code_of(key, step) == practice.code_for_step(written, step)


def test_a_key_is_read_as_people_copy_it() -> None:
    assert read_key(" gezd gnbv gy3t qojq\n") == b"1234567890"


@pytest.mark.parametrize(
    "written", ["", "GEZD", "GEZDGNBVGY3TQOJ1", "https://portal.example.com", "otpauth://x", "é" * 20]
)
def test_what_is_no_key_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError, match="the key is") as caught:
        read_key(written)
    assert not written or written not in str(caught.value)
