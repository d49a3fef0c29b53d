"""Taking in archives and mails with the program itself: what they hold is in the vault, and nothing else is left."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from submitter.queue.office import open_office
from submitter.store import documents
from tests.unit.documents.packed import archive, mail
from tests.unit.documents.papers import hybrid, page
from tests.unit.queue.inbox import CUSTOMER, PROGRAM


def test_members_are_stored_and_the_unpacked_files_are_gone(tmp_path: Path) -> None:
    home, folder, temporary = tmp_path / "home", tmp_path / "in", tmp_path / "tmp"
    for one in (home / "config" / "customers", folder, temporary):
        one.mkdir(parents=True)
    (home / "config" / "customers" / "tejas-resources.toml").write_text(CUSTOMER)
    files = {"INV-1001.pdf": hybrid(), "scan.pdf": page("INV-1001", "Purchase order TR-45017")}
    (folder / "march.zip").write_bytes(archive(files))
    (folder / "sent.eml").write_bytes(bytes(mail(a_pdf=hybrid("INV-1002"), b_pdf=page("INV-1002 TR-45017"))))
    (folder / "bomb.zip").write_bytes(archive({"zeros.pdf": bytes(60_000_000)}))

    def intake() -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, "--home", str(home), "intake", str(folder)]
        world = os.environ | {"TMPDIR": str(temporary), "COLUMNS": "200"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=world, timeout=170)

    done = intake()
    assert "2 queued, 0 blocked" in done.stdout, done.stdout + done.stderr
    assert "march.zip/INV-1001.pdf" in done.stdout
    assert "bomb.zip" in done.stdout + done.stderr
    assert list(temporary.iterdir()) == []
    office = open_office(home)
    with office.database.reading() as c:
        kept = documents.listing(c)
    office.database.close()
    assert sorted(one.name for one in kept) == ["INV-1001.pdf", "a.pdf", "b.pdf", "scan.pdf"]
    for one in kept:
        office.vault.check(one.sha256)
    assert "0 queued, 0 blocked, 2 duplicates" in intake().stdout
