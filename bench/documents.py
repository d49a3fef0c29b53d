"""What opening files in processes of their own costs: against plain pypdf in one process, on the same files.

`python -m bench.documents --files 1000` (after `make setup`, from the repository) makes mixed documents -- hybrid
invoices, tickets, scans, data -- and adds the real ones of the corpus where they are there. Plain is one process that
does the same work with the libraries themselves: text in both ways, attachments, the electronic invoice; no limits, no
hashes, no verdicts. The rounds alternate, and each side's best counts, because the machine has other things to do.
The last line is JSON; ``ratio`` is our wall time over theirs, ``processor_ratio`` the same of the work done, with the
start of all processes; memory is asked for four times along the way.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from datetime import date
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import facturx
from PIL import Image
from pypdf import PdfReader

from submitter.documents.opening.opening import DocumentReader
from submitter.practice.shop import make_export
from submitter.settings import Files
from tests.corpus.collection import COLLECTIONS, documents

PAGES = 20  # of a document, whose text is taken; the same as ours


def mixed(folder: Path, count: int) -> list[Path]:
    """So many documents in the folder, each under a name of its own: half of them made, half real if there are any."""
    folder.mkdir()
    made = cycle([*_exports(folder.parent, max(1, count // 200)), _scan(folder.parent)])
    real = [path for name in COLLECTIONS if COLLECTIONS[name].is_dir() for path in documents(name)]
    sources = chain.from_iterable(zip(made, cycle(real), strict=False)) if real else made
    found = []
    for place, source in enumerate(islice(sources, count)):
        found.append(folder / f"{place:05}{source.suffix}")
        shutil.copyfile(source, found[-1])
    return found


def _exports(place: Path, how_many: int) -> Iterator[Path]:
    for seed in range(how_many):
        export = make_export(place / f"export-{seed}", seed=seed, today=date(2026, 3, 31))
        yield from sorted(path for path in export.folder.iterdir() if path.suffix in {".pdf", ".xml"})


def _scan(place: Path) -> Path:
    path = place / "scan.png"
    Image.effect_noise((1240, 1754), 40).save(path)
    return path


# -- plain ---------------------------------------------------------------------------------------------------------


def plain(paths: list[Path]) -> dict[str, Any]:
    """One process, one file after the other, whatever happens."""
    failed = 0
    began = time.perf_counter()
    for path in paths:
        try:
            _plain_read(path)
        except Exception:  # noqa: BLE001  libraries raise anything at all for damaged files
            failed += 1
    seconds = time.perf_counter() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": seconds, "processor": time.process_time(), "failed": failed, "megabytes": megabytes}


def _plain_read(path: Path) -> None:
    if path.suffix == ".xml":
        _plain_data(path.read_bytes())
    elif path.suffix == ".png":
        with Image.open(path) as picture:
            picture.load()
    else:
        with path.open("rb") as source:
            reader = PdfReader(source)
            if reader.is_encrypted:
                reader.decrypt("")
            for mode in ("plain", "layout"):
                for page in reader.pages[:PAGES]:
                    page.extract_text(extraction_mode=mode)
            for name, contents in reader.attachments.items():
                if name.lower().endswith(".xml"):
                    _plain_data(contents[0])


def _plain_data(data: bytes) -> None:
    facturx.parse_ubl_cii_xml(io.BytesIO(data).read(), check_xsd=False)


# -- ours ----------------------------------------------------------------------------------------------------------


def ours(paths: list[Path], processes: int) -> dict[str, Any]:
    along: list[dict[str, int]] = []
    verdicts: dict[str, int] = {}
    began, worked = time.perf_counter(), _processor()
    with DocumentReader(how=Files(processes=processes, second_opinion=False)) as reader:
        for place, reading in enumerate(reader.read_many(paths), start=1):
            verdicts[reading.verdict] = verdicts.get(reading.verdict, 0) + 1
            if place % max(1, len(paths) // 4) == 0:
                children = [_resident(child.pid) for child in reader._children.running]
                along.append({"files": place, "us": _resident(os.getpid()), "largest_child": max(children, default=0)})
    return {
        "seconds": time.perf_counter() - began,
        "processor": _processor() - worked,
        "verdicts": verdicts,
        "megabytes_along": along,
    }


def _resident(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return int(next((line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")), "0")) // 1024


def _processor() -> float:
    """Seconds that we and the children that have ended have worked."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(count: int, processes: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-documents-") as place:
        paths = mixed(Path(place) / "in", count)
        theirs: list[dict[str, Any]] = []
        own: list[dict[str, Any]] = []
        for turn in range(rounds):
            theirs.append(_plain_in_a_process(paths[0].parent))
            own.append(ours(paths, processes))
            print(f"round {turn + 1}: plain {theirs[-1]['seconds']:.1f} s, ours {own[-1]['seconds']:.1f} s", flush=True)
    best, theirs_best = min(one["seconds"] for one in own), min(one["seconds"] for one in theirs)
    return {
        "files": count,
        "processes": processes,
        "rounds": rounds,
        "ratio": round(best / theirs_best, 2),
        "processor_ratio": round(min(one["processor"] for one in own) / min(one["processor"] for one in theirs), 2),
        "files_a_second": {"ours": round(count / best, 1), "plain": round(count / theirs_best, 1)},
        "plain_failed": theirs[-1]["failed"],
        "verdicts": own[-1]["verdicts"],
        "megabytes": {"plain_peak": theirs[-1]["megabytes"], "child_peak": _child_peak(own)},
        "megabytes_along": own[-1]["megabytes_along"],
    }


def _child_peak(own: list[dict[str, Any]]) -> int:
    return max((step["largest_child"] for one in own for step in one["megabytes_along"]), default=0)


def _plain_in_a_process(folder: Path) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603  this program itself
        [sys.executable, "-m", "bench.documents", "--plain", str(folder)], stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.documents", description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if asked.plain:
        print(json.dumps(plain(sorted(asked.plain.iterdir()))))
    else:
        print(json.dumps(measure(asked.files, asked.processes, asked.rounds)))


if __name__ == "__main__":
    main()
