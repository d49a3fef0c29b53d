"""Finding the browser of this machine."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Playwright

from submitter.errors import ConfigurationError

_HEADLESS_NAMES = ("chromium-headless-shell",)  # halves the CPU of a visit where it is installed
_NAMES = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
)
_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"%ProgramFiles%\\Google\\Chrome\\Application\\chrome.exe",
        r"%ProgramFiles(x86)%\\Google\\Chrome\\Application\\chrome.exe",
        r"%ProgramFiles(x86)%\\Microsoft\\Edge\\Application\\msedge.exe",
    ),
}
REMEDY = (
    "install Chromium (Debian: apt-get install chromium), or run `playwright install chromium`, or name a browser in "
    "SUBMITTER_BROWSER"
)


@dataclass(frozen=True)
class FoundBrowser:
    path: str | None  # None: Playwright's own
    how: str


def find_installed(*, headed: bool = False) -> FoundBrowser | None:
    """``SUBMITTER_BROWSER``, else an installed Chrome, Chromium or Edge. None leaves Playwright's own to be tried."""
    named = os.environ.get("SUBMITTER_BROWSER")
    if named:
        path = shutil.which(named)
        if path is None:
            raise ConfigurationError(f"SUBMITTER_BROWSER names {named!r}, which is not a program on this machine.")
        return FoundBrowser(path, "named by SUBMITTER_BROWSER")
    names = _NAMES if headed else (*_HEADLESS_NAMES, *_NAMES)
    places = (os.path.expandvars(place) for place in _PLACES.get(sys.platform, ()))
    for candidate in (*names, *places):
        path = shutil.which(candidate)
        if path is not None:
            return FoundBrowser(path, "installed")
    return None


def find(playwright: Playwright, *, headed: bool = False) -> FoundBrowser:
    """The browser to use; ConfigurationError with the remedy when this machine has none."""
    found = find_installed(headed=headed)
    if found is not None:
        return found
    if Path(playwright.chromium.executable_path).exists():
        return FoundBrowser(None, "Playwright's own")
    raise ConfigurationError(f"No browser was found; {REMEDY}.")


def own_program(full: Path, *, headed: bool) -> Path:
    """The program that Playwright would take by itself: without a window the headless shell beside the full one.

    ``full`` is Playwright's own Chromium, ``.../chromium-1255/chrome-linux64/chrome``.
    """
    build = full.parents[1]
    shells = build.with_name(build.name.replace("chromium-", "chromium_headless_shell-", 1))
    for shell in () if headed else (*shells.glob("*/*headless-shell"), *shells.glob("*/*headless_shell")):
        if shell.is_file():
            return shell
    return full


def behind_wrapper(path: str) -> str:
    """The program that a script does nothing but start, as Debian's chromium-headless-shell does; else the path itself.

    Such a script does not become the browser but waits for it. Whatever is tied to the script would not be tied to the
    browser.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(4096).decode("utf-8", errors="replace")
    except OSError:
        return path
    if not text.startswith("#!"):
        return path
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = re.fullmatch(r'(/[^\s"$`;&|]+)\s+"\$@"', lines[0]) if len(lines) == 1 else None
    return found.group(1) if found and os.access(found.group(1), os.X_OK) else path
