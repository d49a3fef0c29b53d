"""Under which number an invoice goes again: as the customer wants it, or a sentence with the number that would do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from papers import customer, found, invoice

from submitter.documents.opening.reading import Verdict
from submitter.documents.preflight.resubmission import is_suffixed, number_to_send, proposed, require_taken
from submitter.errors import DocumentRefused
from submitter.model.document import Document, DocumentKind
from submitter.model.rules import Rules

POD = DocumentKind.POD


def sent(wanted: str = "", current: str = "4711", taken: tuple[str, ...] = ("4711",), **rules: Any) -> str:
    return number_to_send(customer(**rules), current, taken, "4711", wanted)


@pytest.mark.parametrize(
    ("rules", "wanted", "number"),
    [
        ({}, "", "4711"),
        ({}, "4711", "4711"),
        ({}, "4711-R2", "4711-R2"),
        ({"resubmission_suffix": "forbidden"}, "", "4711"),
        ({"resubmission_suffix": "forbidden"}, "4711", "4711"),
        ({"resubmission_suffix": "required"}, "4711A", "4711A"),
        ({"resubmission_suffix": "required", "suffix_pattern": "-[0-9]{2}"}, "4711-02", "4711-02"),
    ],
)
def test_the_number_that_goes(rules: dict[str, Any], wanted: str, number: str) -> None:
    assert sent(wanted, **rules) == number


@pytest.mark.parametrize(
    ("rules", "wanted", "words"),
    [
        ({"resubmission_suffix": "forbidden"}, "4711A", "wants a resubmission under the same number, 4711; leave out"),
        ({"resubmission_suffix": "required"}, "", "wants another number on a resubmission: 4711 with a suffix like"),
        ({"resubmission_suffix": "required"}, "", "say which: --number 4711A."),
        ({"resubmission_suffix": "required", "suffix_pattern": "-[0-9]{2}"}, "", "say which: --number 4711-02."),
        ({"resubmission_suffix": "required", "suffix_pattern": "never"}, "", "say which: --number NUMBER."),
        ({"resubmission_suffix": "required"}, "4711", "Tejas Resources has had 4711 before"),
        ({}, "4712", "4712 is not 4711 with a suffix like"),
        ({}, "X4711", "X4711 is not 4711 with a suffix like"),
        ({"number_pattern": "[0-9]+"}, "4711A", "does not take the invoice number 4711A: it must look like [0-9]+"),
        ({"number_max_length": 4}, "4711A", "at most 4 characters"),
    ],
)
def test_a_number_that_will_not_do_says_what_would(rules: dict[str, Any], wanted: str, words: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        sent(wanted, **rules)
    assert words in caught.value.message


def test_what_the_portal_never_took_needs_no_other_number() -> None:
    assert sent(taken=(), resubmission_suffix="required") == "4711"
    assert sent("4711", taken=(), resubmission_suffix="required") == "4711"
    assert sent(current="4711A", resubmission_suffix="required") == "4711A", "refused, so nobody has seen it"


def test_each_further_round_needs_a_number_of_its_own() -> None:
    rules = {"resubmission_suffix": "required"}
    with pytest.raises(DocumentRefused, match="--number 4711-A"):
        sent(current="4711A", taken=("4711", "4711A"), **rules)
    with pytest.raises(DocumentRefused, match="has had 4711a before"):
        sent("4711a", current="4711A", taken=("4711", "4711A"), **rules)
    assert sent(current="4711A", taken=("4711", "4711A")) == "4711A", "where it is only allowed, the last one stays"


def test_the_sentence_says_that_the_rule_is_the_profiles() -> None:
    buyer = customer(resubmission_suffix="required").model_copy(
        update={"rules_from": {"resubmission_suffix": "Ariba profile"}}
    )
    with pytest.raises(DocumentRefused, match=r"\(Ariba profile\)"):
        number_to_send(buyer, "4711", ("4711",), "4711")


# -- files ---------------------------------------------------------------------------------------------------------

COPY = Document(
    sha256="0" * 64,
    name="INV 1001.pdf",
    kind=DocumentKind.INVOICE,
    media_type="application/octet-stream",
    size=30_000,
    pages=2,
)


def test_new_proofs_that_fit_are_taken() -> None:
    require_taken(customer(rename_files=False), invoice(), [found("FT-5031.pdf", POD)], [COPY])


@pytest.mark.parametrize(
    ("rules", "changed", "words"),
    [
        ({}, {"verdict": Verdict.DAMAGED, "sentence": "It is torn."}, "It is torn."),
        ({}, {"media_type": "image/png"}, "scan.pdf is PNG; the portal takes only PDF."),
        ({"max_file_bytes": 30_000}, {"size": 30_001}, "scan.pdf has 30,001 bytes"),
        ({"max_total_bytes": 49_000}, {}, "together; the portal takes 49,000 bytes, 1,000 bytes less."),
        ({"max_file_pages": 3}, {"pages": 4}, "scan.pdf has 4 pages; the portal takes 3 in a file."),
        ({"max_total_pages": 5}, {"pages": 4}, "The 2 files have 6 pages together; the portal takes 5."),
        ({"most_files": 1}, {}, "There are 2 files"),
        ({"bundle": "combined"}, {"signed": True}, "scan.pdf is signed"),
    ],
)
def test_new_proofs_are_held_to_the_rules_about_files(
    rules: dict[str, Any], changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(DocumentRefused) as caught:
        require_taken(customer(**rules), invoice(), [found("scan.pdf", POD, **changed)], [COPY])
    assert words in caught.value.message


def test_what_only_warns_does_not_stop_a_resubmission() -> None:
    buyer = customer(most_files=1, severity={"documents.count": "warns"})
    require_taken(buyer, invoice(), [found("scan.pdf", POD, encrypted=True)], [COPY])


@given(
    first=st.from_regex(r"[A-Z]{0,3}-?[0-9]{1,6}", fullmatch=True),
    pattern=st.sampled_from(["-?[A-Z0-9]{1,3}", "[A-Z]", "-[0-9]{2}", "/[0-9]"]),
)
def test_what_is_proposed_is_then_taken(first: str, pattern: str) -> None:
    rules = Rules(suffix_pattern=pattern)
    number = proposed(rules, first, [first])
    assert number
    assert is_suffixed(rules, first, number)
    buyer = customer(resubmission_suffix="required", suffix_pattern=pattern)
    assert number_to_send(buyer, first, [first], first, number) == number
