"""Make sure there is a browser: one that is installed, else Playwright's own, else Debian's. Called by `make setup`.

Says nothing when all is well, so that a second `make demo` starts at once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from submitter.adapters.browser import REMEDY, find_installed
from submitter.errors import ConfigurationError

MARK = Path(sys.prefix) / ".browser"  # holds the path of the browser found last time


def there_is_one() -> bool:
    found = find_installed()
    if found is not None:
        return True
    if MARK.is_file() and Path(MARK.read_text(encoding="utf-8")).is_file():
        return True  # Playwright's own, found before: asking its driver again would cost a second
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).is_file():
        MARK.write_text(own, encoding="utf-8")
        return True
    return False


def install_debian_chromium() -> None:
    """Through apt, as root or with a sudo that asks nothing."""
    apt = shutil.which("apt-get")
    root = os.geteuid() == 0 if hasattr(os, "geteuid") else False
    if apt is None or not (root or shutil.which("sudo")):
        return
    prefix = [] if root else ["sudo", "--non-interactive"]
    print("Installing Debian's Chromium ...", flush=True)
    quiet = {"stdout": subprocess.DEVNULL}
    packages = ["chromium", "chromium-headless-shell"]  # the shell halves the work where nobody watches
    for words in (["update"], *(["install", "-y", "--no-install-recommends", package] for package in packages)):
        command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq", *words]
        subprocess.run(command, check=False, **quiet)  # type: ignore[call-overload]


def main() -> int:
    try:
        if there_is_one():
            return 0
    except ConfigurationError as error:
        print(error.message, file=sys.stderr)
        return 1
    print("No browser is installed; trying Playwright's own ...", flush=True)
    download = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(download, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    if not there_is_one():
        install_debian_chromium()
    if not there_is_one():
        print(f"No browser was found, and none could be installed: {REMEDY}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
