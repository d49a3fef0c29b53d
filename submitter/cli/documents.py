"""`submitter documents`: what is stored, for how long, and making files fit for a portal."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import click

from submitter.cli.screen import count, opened, print_json, say, show_table
from submitter.documents.opening.opening import DocumentReader
from submitter.documents.opening.reading import Verdict
from submitter.documents.sending import bundling
from submitter.documents.sending.bundling import Part
from submitter.documents.vault import retention
from submitter.documents.vault.vault import DocumentDamaged, DocumentsAway, Vault, make_key
from submitter.errors import DocumentRefused
from submitter.queue.office import person
from submitter.store import documents as store


@click.group()
def documents() -> None:
    """The stored documents and screenshots, and files that are too large for a portal.

    Example: submitter documents verify
    """


@documents.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def verify(home: Path, form: str) -> int:
    """Read every stored document again and say which are missing or damaged, as after restoring a backup.

    Example: submitter documents verify
    """
    with opened(home) as office:
        with office.database.reading() as c:
            known = store.listing(c)
        found = [(one, _problem(office.vault, one.sha256)) for one in known]
        where = office.vault.address
    bad = [(one, problem) for one, problem in found if problem]
    if form == "json":
        keys = ("sha256", "name", "kind", "problem")
        print_json([dict(zip(keys, (one.sha256, one.name, one.kind, why), strict=True)) for one, why in bad])
    elif bad:
        rows = [(one.name, one.kind, one.sha256[:12], problem) for one, problem in bad]
        show_table("Not as they were stored", ("Document", "Kind", "SHA-256", "Problem"), rows)
        say(f"{len(bad)} of {count(len(known), 'document')} in {where}: restore them from a backup.", err=True)
    else:
        say(f"The documents are whole: {len(known)} in {where}.")
    return 1 if bad else 0


def _problem(vault: Vault, sha256: str) -> str:
    try:
        vault.check(sha256)
    except DocumentDamaged as error:
        return error.message
    except DocumentsAway:
        raise
    except OSError as error:
        return f"It cannot be read ({error.strerror})."
    return ""


@documents.command()
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), required=True, help="What was stored before this day.")
@click.option("--yes", is_flag=True, help="Do it; without this it is only said what would go.")
@click.pass_obj
def purge(home: Path, before: datetime, yes: bool) -> None:
    """Take away old documents that nothing rests on: no open invoice, and no resubmission that may be charged.

    What is known of them (names, hashes, who sent them when) stays in the books.

    Example: submitter documents purge --before 2015-01-01
    """
    with opened(home) as office:
        years, when = office.settings.documents_keep_years, before.replace(tzinfo=UTC)
        found = retention.look_for(office.database, when, years)
        for reason, many in found.kept:
            say(f"Kept: {count(many, 'document')}, because {reason}.")
        if not yes:
            say(
                f"{count(len(found.sha256), 'document')} of {found.size / 1_000_000:,.1f} MB would be purged; "
                "to do it, add --yes."
            )
            return
        gone = retention.purge(office.database, office.vault, when, years, person())
    say(f"{count(gone, 'document')} purged.")


@documents.command()
@click.option("--key-copy", type=click.Path(path_type=Path), help="Write a new key to this file too, to keep it safe.")
@click.pass_obj
def encrypt(home: Path, key_copy: Path | None) -> None:
    """Make a key in the keyring and encrypt every stored document with it. Without the key they cannot be read.

    New documents are encrypted when config/submitter.toml says documents_encrypted = true.

    Example: submitter documents encrypt --key-copy /media/safe/submitter-documents.key
    """
    if key_copy is not None and key_copy.exists():
        raise DocumentRefused(f"{key_copy} is there already; a key is not written over anything.")
    with opened(home) as office:
        key = make_key()
        if key is not None and key_copy is not None:
            key_copy.touch(mode=0o600)
            key_copy.write_text(f"{key}\n", encoding="ascii")
            say(
                f"The key is in the keyring (documents/key) and in {key_copy}: keep that file apart from the documents."
            )
        elif key is not None:
            say("The key is in the keyring (documents/key). Back the keyring up: without it no document can be read.")
        with office.database.reading() as c:
            known = store.listing(c)
        sealed = sum(office.vault.encrypt(one.sha256) for one in known)
        switched_on = office.settings.documents_encrypted
    say(f"{count(sealed, 'document')} encrypted, {len(known) - sealed} were so already.")
    if not switched_on:
        say("New documents are not encrypted yet: put documents_encrypted = true into config/submitter.toml.")


_SIZE = click.IntRange(min=10_000)


@documents.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--under", type=_SIZE, default=9_000_000, show_default=True, help="The most bytes it may have.")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="The new file.")
def shrink(file: Path, under: int, target: Path) -> None:
    """Write FILE again with smaller pictures, for a portal that takes no larger files. FILE itself stays.

    Never done to a signed file or to PDF/A. The pages and their text are compared before and after.

    Example: submitter documents shrink scan.pdf --under 9000000 --to scan-small.pdf
    """
    part = _checked(file)
    if target.exists():
        raise DocumentRefused(f"{target} is there already; nothing was written over it.")
    size = bundling.shrink(part, target, under)
    say(f"{target}: {size / 1_000_000:,.1f} MB, before {file.stat().st_size / 1_000_000:,.1f} MB. Look at it once.")


@documents.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--under", type=_SIZE, default=9_000_000, show_default=True, help="The most bytes each may have.")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="The folder for the parts.")
def split(file: Path, under: int, folder: Path) -> None:
    """Write the pages of FILE as several smaller files. FILE itself stays.

    Never done to a signed file, to PDF/A, or to one that carries other files.

    Example: submitter documents split scans.pdf --under 9000000 --to parts
    """
    part = _checked(file)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DocumentRefused(f"{folder} is not empty; nothing was written into it.")
    try:
        made = bundling.split(part, folder, under)
    except DocumentRefused:
        if is_new:
            shutil.rmtree(folder)
        raise
    say(f"{count(len(made), 'file')} in {folder}: {', '.join(path.name for path in made)}")


def _checked(file: Path) -> Part:
    with DocumentReader() as reader:
        reading = reader.read(file)
    if reading.verdict is not Verdict.OK:
        raise DocumentRefused(reading.sentence)
    return Part(file, file.name, reading.media_type)
