"""Upload names: always legal, always unique, always the same, and as like the original as can be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submitter.documents.sending.naming import upload_names
from submitter.errors import ConfigurationError
from submitter.model.rules import Rules

CHARACTERS = st.sampled_from(["A-Za-z0-9_.-", "A-Z0-9", "a-z", "A-Za-z0-9 ", "01._", "A-Za-z0-9().,_-"])
NAMES = st.lists(
    st.text(max_size=60) | st.sampled_from(["a.pdf", "A.pdf", "a_2.pdf", "ä.pdf", ".pdf", "..", "a/b.pdf"])
)


@given(names=NAMES, characters=CHARACTERS, longest=st.integers(min_value=20, max_value=60))
def test_names_are_legal_unique_and_always_the_same(names: list[str], characters: str, longest: int) -> None:
    rules = Rules(name_characters=characters, name_max_length=longest)
    given_names = upload_names(names, rules)
    assert len(given_names) == len(names)
    assert len({name.casefold() for name in given_names}) == len(names)
    assert all(re.fullmatch(f"[{characters}]{{1,{longest}}}", name) for name in given_names)
    assert upload_names(names, rules) == given_names
    assert all(name.strip(".") for name in given_names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INV-1001.pdf", "INV-1001.pdf"),
        ("Rechnung Nr. 47 für März.pdf", "Rechnung_Nr._47_fur_Marz.pdf"),
        ("copy of INV-1 (1).pdf", "copy_of_INV-1_1_.pdf"),
        ("..\\..\\evil.pdf", "evil.pdf"),
        ("x" * 200 + ".pdf", "x" * 128 + ".pdf"),
        ("発票.pdf", "document.pdf"),
    ],
)
def test_the_original_stays_recognisable(name: str, expected: str) -> None:
    assert upload_names([name], Rules()) == (expected,)


def test_equal_names_are_counted_and_keep_their_extension() -> None:
    assert upload_names(["a.pdf", "A.pdf", "a.pdf", "a_2.pdf"], Rules()) == ("a.pdf", "A_2.pdf", "a_3.pdf", "a_2_2.pdf")


def test_impossible_rules_are_the_administrators_to_mend() -> None:
    with pytest.raises(ConfigurationError):
        upload_names(["a"], Rules(name_characters="_-"))
    with pytest.raises(ConfigurationError):
        upload_names(["a"] * 99, Rules(name_max_length=2))
