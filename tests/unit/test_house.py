"""The house rules, held against the repository itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
UNREADABLE = {".png", ".pdf", ".zip", ".woff2", ".ico", ".gz", ".sqlite"}


def committed() -> list[Path]:
    """What is, or is about to be, in the repository; in an unpacked release, what lies in it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not any(part.startswith(".") for part in path.parts)]
    return [path for path in found if path.is_file() and path.suffix not in UNREADABLE]


FILES = committed()
SOURCE = [path for path in FILES if path.is_relative_to(ROOT / "submitter")]
PYTHON = [path for path in FILES if path.suffix == ".py"]


def findings(files: list[Path], pattern: str) -> list[str]:
    """Every line of these files in which the pattern occurs, with its place."""
    found = []
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCE) > 80
    assert len(PYTHON) > 100


def test_imports_run_one_way() -> None:
    run = subprocess.run(
        [BIN / "lint-imports", "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 broken" in run.stdout


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_nothing_is_left_to_be_done_in_a_comment() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME"))
    assert findings(PYTHON + SOURCE, rf"\b({words})\b") == []


EXAMPLES = r"(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|invalid|test|localhost)"
LOOPBACK = r"127\.0\.0\.1|localhost"
NAMESPACES = r"www\.w3\.org|saxon\.sf\.net"  # names that look like addresses; nothing is fetched from there
ALLOWED = re.compile(rf"(?:{EXAMPLES}|{LOOPBACK}|{NAMESPACES})", re.IGNORECASE)


def test_source_and_templates_name_no_host_of_anybodys() -> None:
    strange = []
    for path in SOURCE:
        for host in re.findall(r"https?://([A-Za-z0-9][A-Za-z0-9.-]*)", path.read_text(encoding="utf-8")):
            if not ALLOWED.fullmatch(host):
                strange.append(f"{path.relative_to(ROOT)}: {host}")
    assert strange == []


def test_templates_load_nothing_from_elsewhere() -> None:
    pages = [path for path in SOURCE if path.suffix in {".html", ".css", ".js", ".svg"}]
    assert pages
    assert (
        findings(pages, r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""") == []
    )


def test_no_file_holds_a_path_of_the_machine_it_was_written_on() -> None:
    folders = "|".join(("ho" + "me", "wo" + "rk", "Us" + "ers", "ro" + "ot"))
    assert findings(FILES, rf"(?<![\w.$}}{{)>~*-])/(?:{folders})/[\w.-]") == []


LOCKS = [path for path in FILES if re.fullmatch(r"requirements.*\.txt", path.name)]


def test_no_file_holds_the_address_of_a_package_index() -> None:
    index = "|".join(
        ("-in" + "dex-url[ =]+\\S*[/:]", "find-" + "links[ =]+\\S*/", "/sim" + "ple/", "pythonh" + "osted")
    )
    assert findings(FILES, index) == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_its_hashes(lock: Path) -> None:
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) > 20
    for line in lines:
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+ ", line), f"not one version of one package: {line}"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}(\s|$)", line), f"no hash: {line[:60]}"
        assert "://" not in line


def test_there_is_a_lock_for_running_one_for_a_fleet_and_one_for_developing() -> None:
    assert {path.name for path in LOCKS} == {"requirements.txt", "requirements-dev.txt", "requirements-fleet.txt"}


# -- adapters ------------------------------------------------------------------------------------------------------

ADAPTERS = ROOT / "submitter" / "adapters"
KIT = {"flow", "recording"}  # rooms of the adapter kit itself
FOLDERS = sorted({path.relative_to(ADAPTERS).parts[0] for path in SOURCE if path.parent.parent == ADAPTERS} - KIT)


def test_there_is_at_least_one_adapter() -> None:
    assert "fieldgate" in FOLDERS


@pytest.mark.parametrize("name", FOLDERS)
def test_every_adapter_folder_has_the_same_files(name: str) -> None:
    files = {path.name for path in (ADAPTERS / name).iterdir()}
    assert {"manifest.toml", "README.md"} <= files
    assert files & {"adapter.py", "flow.toml"}


def test_the_model_adapter_stays_short_enough_to_be_read_at_one_sitting() -> None:
    lines = (ADAPTERS / "fieldgate" / "adapter.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
