"""Real documents by strangers: none crashes or hangs anything, and each gets the verdict that a person reviewed."""

from __future__ import annotations

import pytest

from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import Verdict
from submitter.settings import Files
from tests.corpus.__main__ import as_toml, merged
from tests.corpus.collection import (
    COLLECTIONS,
    HOW_TO_GET,
    TABLE,
    differences,
    documents,
    expected,
    name_of,
    seen,
)


@pytest.mark.samples
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_document_has_the_verdict_of_the_reviewed_table(collection: str) -> None:
    if not COLLECTIONS[collection].is_dir():
        pytest.skip(HOW_TO_GET[collection])
    paths = documents(collection)
    table = expected(collection)
    wrong = []
    with DocumentReader(how=Files(second_opinion=False)) as reader:
        for path, reading in zip(paths, reader.read_many(paths), strict=True):
            name = name_of(collection, path)
            if name not in table:
                wrong.append(f"{name}: not in the table; run: python -m tests.corpus --write, and review it")
            else:
                wrong += [f"{name}: {words}" for words in differences(table[name], seen(path, reading))]
    assert wrong == []
    gone = sorted(table.keys() - {name_of(collection, path) for path in paths})
    assert gone == [], "the table names documents that are not there"


def test_every_line_of_the_table_was_reviewed() -> None:
    for collection in COLLECTIONS:
        table = expected(collection)
        assert len(table) > 25
        assert [name for name, entry in table.items() if not entry.get("reviewed", True)] == []


def test_what_is_not_simply_read_says_why() -> None:
    for collection in COLLECTIONS:
        for name, entry in expected(collection).items():
            assert entry["verdict"] in set(Verdict)
            if entry["verdict"] != Verdict.OK or "problem" in entry:
                assert entry.get("why"), name


def test_what_is_new_or_has_changed_waits_for_a_review() -> None:
    """Writing the table never makes a test pass by itself."""
    [(name, entry), *_] = expected("samples").items()
    assert merged("samples", {name: entry})[name] == entry
    changed = merged("samples", {name: entry | {"verdict": "hostile"}, "new.pdf": {"verdict": "ok"}})
    assert changed[name]["reviewed"] is False
    assert changed["new.pdf"]["reviewed"] is False
    assert len(changed) == len(expected("samples")) + 1


def test_the_table_is_written_as_it_is_read() -> None:
    text = as_toml({collection: merged(collection, {}) for collection in COLLECTIONS})
    assert text.strip() == TABLE.read_text(encoding="utf-8").strip()
