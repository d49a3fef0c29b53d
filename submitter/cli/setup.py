"""`submitter doctor` and `submitter init`."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.async_api import async_playwright

from submitter.adapters import browser
from submitter.cli.parts import optional_parts
from submitter.cli.screen import print_json, say, show_table
from submitter.documents.vault.vault import open_vault
from submitter.errors import SubmitterError
from submitter.secrets import backend_problem, use_backend
from submitter.settings import Files, Settings, read_customers, read_settings
from submitter.store.database import open_database


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at. ``stops``: the main job cannot run without it."""

    what: str
    found: str
    remedy: str = ""
    stops: bool = False


def examine(home: Path) -> list[Finding]:
    """Look at everything the main job needs, and change nothing but the data folder that is to be."""
    checks: tuple[Callable[[Path], Finding], ...] = (
        _python,
        _browser,
        _keyring,
        _configuration,
        _data_folder,
        _database,
        _documents,
    )
    return [*(check(home) for check in checks), *_parts(home)]


def _python(_home: Path) -> Finding:
    version = platform.python_version()
    too_old = sys.version_info < (3, 11)
    return Finding("Python", version, "install Python 3.11 or newer" if too_old else "", too_old)


def _browser(_home: Path) -> Finding:
    try:
        found, version = asyncio.run(_start_browser())
    except SubmitterError as error:
        return Finding("Browser", "none that works", f"{error.message}", stops=True)
    return Finding("Browser", f"{version}, {found.path or 'in its own folder'} ({found.how})")


async def _start_browser() -> tuple[browser.FoundBrowser, str]:
    async with async_playwright() as playwright:
        found = browser.find(playwright)
    async with browser.FencedBrowser([]) as started:
        return found, (await started.launch()).version


def _keyring(_home: Path) -> Finding:
    backend = use_backend()
    name = f"{type(backend).__module__}.{type(backend).__name__}".removeprefix("keyring.backends.")
    problem = backend_problem()
    return Finding("Keyring", name, f"{problem[0].upper()}{problem[1:]}" if problem else "")


def _configuration(home: Path) -> Finding:
    try:
        settings = read_settings(home)
        customers = read_customers(settings)
    except SubmitterError as error:
        return Finding("Settings", str(home / "config"), error.message, stops=True)
    if not customers:
        return Finding("Settings", f"{home / 'config'}, no customers yet", "make the first with: submitter init")
    return Finding("Settings", f"{home / 'config'}, customers: {', '.join(c.id for c in customers)}")


def _data_folder(home: Path) -> Finding:
    data = home / "data"
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / f".doctor-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding(
            "Data folder", str(data), f"it cannot be written ({error.strerror}); choose another --home", True
        )
    return Finding("Data folder", str(data))


def _database(home: Path) -> Finding:
    try:
        settings = read_settings(home)
        database = open_database(settings.database())
        database.close()
    except SubmitterError as error:
        return Finding("Database", "cannot be opened", error.message, stops=True)
    return Finding("Database", f"{database.dialect}, up to date")


def _documents(home: Path) -> Finding:
    try:
        settings = read_settings(home)
        vault = open_vault(settings.documents(), encrypted=settings.documents_encrypted)
    except SubmitterError as error:
        return Finding("Documents", "have no place", error.message, stops=True)
    try:
        vault.probe()
    except OSError as error:
        why = error.message if isinstance(error, SubmitterError) else f"they cannot be stored there ({error.strerror})"
        return Finding("Documents", vault.address, why, stops=True)
    finally:
        vault.close()
    alone = settings.database().startswith("postgresql") and vault.address.startswith("file://")
    remedy = 'more than one host needs documents_url = "s3://...", or this folder shared by all' if alone else ""
    return Finding("Documents", vault.address, remedy)


def _parts(home: Path) -> list[Finding]:
    try:
        files = read_settings(home).files
    except SubmitterError:  # said above
        files = Files()
    return [Finding(part.what, part.found, part.remedy, part.stops) for part in optional_parts(files)]


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def doctor(home: Path, form: str) -> int:
    """Look whether everything the main job needs is there, with a remedy for what is not.

    Example: submitter doctor
    """
    findings = examine(home)
    if form == "json":
        print_json([finding.__dict__ for finding in findings])
    else:
        rows = [(f.what, "STOPS" if f.stops else "note" if f.remedy else "ok", f.found, f.remedy) for f in findings]
        show_table("submitter doctor", ("", "", "Found", "Remedy"), rows)
    return 1 if any(finding.stops for finding in findings) else 0


SETTINGS_EXAMPLE = """\
# submitter's settings. Every line is optional; what stands here are the defaults.

# [labour]                     # what an hour of a back-office person costs, for the reports
# per_hour = { amount = "45.00", currency = "USD" }

# [browsing]
# step_seconds = 20            # how long one step at a portal may take
# commit_seconds = 30          # how long the receipt may take after the sending click

# [working]
# visits = 0                   # accounts visited at the same time; 0: as many as this machine carries
# unknown_hours = 24           # an unknown outcome older than this goes to a person
"""

CUSTOMER_EXAMPLE = """\
# One customer. Rename this file: its name is the customer's id. Take away the ".example" to switch it on.

name = "Tejas Resources"
aliases = ["Tejas Resources LLC"]

[account]
portal = "fieldgate"                     # which adapter
address = "https://portal.example.com"
user = "billing@northline.example"
time_zone = "America/Chicago"
reading_time = "02:00"                   # when the nightly reading becomes due, local time
# The password is kept in the keyring: submitter account add tejas-resources

# [account.words]                        # status words only this customer uses
# "Held by field office" = "on_hold"

[rules]
currencies = ["USD"]
coding_required = true
max_file_bytes = 9_000_000
max_total_bytes = 80_000_000

[agreement]                              # without it, resubmissions are reported, not billed
valid_from = 2026-01-01
fee = { amount = "75.00", currency = "USD" }
free_passes = 1
"""


@click.command()
@click.pass_obj
def init(home: Path) -> None:
    """Make the home folder with example settings. What is there already stays as it is.

    Example: submitter --home ~/submitter init
    """
    settings = Settings(home=home)
    examples = {
        home / "config" / "submitter.toml": SETTINGS_EXAMPLE,
        settings.customers_folder / "tejas-resources.toml.example": CUSTOMER_EXAMPLE,
    }
    for path, content in examples.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
            say(f"Made {path}")
        except FileExistsError:
            say(f"{path} is there already; left as it is.")
        except OSError as error:
            raise click.ClickException(f"{path} cannot be made: {error.strerror}.") from error
