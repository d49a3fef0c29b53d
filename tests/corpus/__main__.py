"""Reads every document of the collections: `python -m tests.corpus`, with `--write` into the table.

What is new or has changed is written with ``reviewed = false``, and the test fails until a person has looked at it and
taken that away. The last line is JSON: how many files, which verdicts, seconds a file, and the peak memory of a child.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from pathlib import Path

from submitter.documents.opening.opening import DocumentReader
from submitter.settings import Files
from tests.corpus.collection import COLLECTIONS, TABLE, Entry, differences, documents, expected, name_of, seen

HEAD = """\
# What reading each document of the corpus gives. A person has looked at every line that has no "reviewed = false";
# whatever is not simply read says why. Written by: .venv/bin/python -m tests.corpus --write
"""


def read_all() -> tuple[dict[str, dict[str, Entry]], dict[str, object]]:
    found: dict[str, dict[str, Entry]] = {}
    verdicts: Counter[str] = Counter()
    seconds: list[float] = []
    with DocumentReader(how=Files(processes=1, second_opinion=False)) as reader:
        reader.read(Path(__file__).with_name("collection.py"))
        for collection in COLLECTIONS:
            found[collection] = {}
            for path in documents(collection):
                began = time.perf_counter()
                reading = reader.read(path)
                seconds.append(time.perf_counter() - began)
                verdicts[reading.verdict] += 1
                found[collection][name_of(collection, path)] = seen(path, reading)
    figures = {
        "files": len(seconds),
        "verdicts": dict(verdicts),
        "seconds_a_file": round(sum(seconds) / max(1, len(seconds)), 3),
        "slowest_seconds": round(max(seconds, default=0), 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }
    return found, figures


def merged(collection: str, found: dict[str, Entry]) -> dict[str, Entry]:
    """The table with what was found now. What is not there at the moment stays as it was."""
    table = dict(expected(collection)) if TABLE.exists() else {}
    for name, entry in found.items():
        before = table.get(name)
        if before is None or any(differences(before, entry)):
            why = {"why": before["why"]} if before and "why" in before else {}
            table[name] = entry | why | {"reviewed": False}
    return dict(sorted(table.items()))


def as_toml(tables: dict[str, dict[str, Entry]]) -> str:
    lines = [HEAD]
    for collection, entries in tables.items():
        lines.append(f"[{collection}]")
        for name, entry in entries.items():
            fields = ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items())
            lines.append(f"{json.dumps(name, ensure_ascii=False)} = {{ {fields} }}")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what is new or has changed into the table")
    found, figures = read_all()
    if parser.parse_args().write:
        TABLE.write_text(as_toml({name: merged(name, found[name]) for name in COLLECTIONS}), encoding="utf-8")
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
