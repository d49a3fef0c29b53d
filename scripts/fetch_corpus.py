"""Real documents for the tests: those that two of our dependencies carry in their source distributions.

Downloads the sources of pypdf and factur-x in the locked versions into `.cache/corpus` and unpacks their PDF and XML
files there. They are not part of this repository. `make corpus` runs this.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / ".cache" / "corpus"
PACKAGES = ("pypdf", "factur-x")
KINDS = (".pdf", ".xml")
MOST_BYTES = 20_000_000  # of one file


def locked(package: str) -> str:
    """The package as the lock has it, so that the same files come every time: ``pypdf==7.1.0``."""
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(package)}(?:\[[a-z,]+\])?==(\S+)", lock, re.MULTILINE)
    return f"{package}=={found[1]}" if found else package


def download(into: Path) -> list[Path]:
    wanted = [locked(package) for package in PACKAGES]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", str(into), *wanted], check=True)
    return sorted(into.glob("*.tar.gz"))


def unpack(archive: Path, into: Path) -> int:
    """The documents in the archive; only ordinary files, under names that stay inside the folder."""
    count = 0
    with tarfile.open(archive) as source:
        for member in source:
            parts = PurePosixPath(member.name).parts[1:]  # the first is the package with its version
            if not member.isfile() or not parts or ".." in parts or member.name.startswith("/"):
                continue
            if not member.name.lower().endswith(KINDS) or member.size > MOST_BYTES:
                continue
            content = source.extractfile(member)
            if content is not None:
                target = into.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
                count += 1
    return count


def main() -> int:
    downloads = CORPUS / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    for archive in download(downloads):
        package = re.split(r"-\d", archive.name)[0]
        folder = CORPUS / package
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{unpack(archive, folder)} documents of {package} in {folder.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
