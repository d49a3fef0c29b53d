"""Purging: what nothing rests on goes, and nothing else, however the moments fall."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made import ACCOUNT, account, file, invoice, know_accounts
from sqlalchemy import select, update

from submitter.documents.vault import retention
from submitter.documents.vault.vault import DocumentDamaged, Vault
from submitter.errors import ConfigurationError
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.portal import Stage
from submitter.model.submission import Cause, Fault
from submitter.store import audit, documents, purging, submissions
from submitter.store.database import Database
from submitter.store.submissions import Added
from submitter.store.tables import document, receipt, round_
from submitter.store.tables import submission as submission_table

OLD = datetime(2010, 5, 1, tzinfo=UTC)
BEFORE = datetime(2015, 1, 1, tzinfo=UTC)


def sent(database: Database, vault: Vault, number: str, *, stage: Stage | None, at: datetime = OLD) -> list[str]:
    """An invoice of that age with an invoice document and a ticket of its own, in the vault; their hashes."""
    names = [("invoice.pdf", DocumentKind.INVOICE), ("ticket.pdf", DocumentKind.POD)]
    files = tuple(file(name, kind, f"{number} {name}".encode()) for name, kind in names)
    for one in files:
        vault.keep(f"{number} {one.document.name}".encode())
    with database.transaction() as c:
        know_accounts(c, account())
        added = submissions.add(c, ACCOUNT, ACCOUNT, invoice(number), files, at, "clerk")
        assert isinstance(added, Added)
        c.execute(update(round_).where(round_.c.submission == added.submission).values(state="confirmed"))
        stages = {"stage": stage, "stage_at": at if stage else None}
        c.execute(update(submission_table).where(submission_table.c.id == added.submission).values(**stages))
    return [one.document.sha256 for one in files]


def there(vault: Vault, digest: str) -> bool:
    try:
        vault.check(digest)
    except DocumentDamaged:
        return False
    return True


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def test_the_documents_of_a_paid_invoice_go_and_the_books_keep_their_names(database: Database, vault: Vault) -> None:
    old = sent(database, vault, "INV-1", stage=Stage.PAID)
    young = sent(database, vault, "INV-2", stage=Stage.PAID, at=BEFORE + timedelta(days=1))
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 2
    assert [there(vault, one) for one in old] == [False, False] and all(there(vault, one) for one in young)
    with database.reading() as c:
        assert sorted(row.sha256 for row in documents.listing(c)) == sorted(young), "verify does not miss them"
        names = c.execute(select(document.c.name).where(document.c.purged_at.is_not(None))).scalars()
        assert sorted(names) == ["invoice.pdf", "ticket.pdf"]
        assert audit.verify(c)[1] is None
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 0


@pytest.mark.parametrize("stage", [None, *(stage for stage in Stage if stage not in purging.ENDED)])
def test_nothing_of_an_invoice_that_is_not_ended_goes(database: Database, vault: Vault, stage: Stage | None) -> None:
    digests = sent(database, vault, "INV-1", stage=stage)
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 0
    assert all(there(vault, one) for one in digests)
    with database.reading() as c:
        [(reason, many)] = purging.find(c, BEFORE).kept
    assert many == 2 and "not paid yet" in reason


def test_nothing_that_a_surcharge_rests_on_goes(database: Database, vault: Vault) -> None:
    digests = sent(database, vault, "INV-1", stage=Stage.ON_HOLD)
    with database.transaction() as c:
        row = submissions.find_one(c, "INV-1")
        again = (file("ticket.pdf", DocumentKind.POD, b"INV-1 ticket.pdf"),)
        cause, fault = next(iter(Cause)), Fault.CUSTOMER
        submissions.add_resubmission(c, row.id, again, cause, fault, "asked again", OLD, "clerk")
        c.execute(update(round_).values(state="confirmed"))
        c.execute(update(submission_table).values(stage=Stage.PAID, stage_at=OLD))
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 0
    assert all(there(vault, one) for one in digests)
    with database.reading() as c:
        assert purging.find(c, BEFORE).kept == (("it is evidence for what a resubmission cost", 2),)


def test_what_two_invoices_share_stays_while_one_needs_it(database: Database, vault: Vault) -> None:
    shared = file("ticket.pdf", DocumentKind.POD, b"shared")
    vault.keep(b"shared")
    for number, stage in (("INV-1", Stage.PAID), ("INV-2", Stage.IN_PROCESS)):
        with database.transaction() as c:
            know_accounts(c, account())
            submissions.add(c, ACCOUNT, ACCOUNT, invoice(number), (shared,), OLD, "clerk")
            of_it = submission_table.c.invoice_number == number
            c.execute(update(submission_table).where(of_it).values(stage=stage, stage_at=OLD))
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 0
    assert there(vault, shared.document.sha256)


def test_evidence_and_the_parts_of_a_bundle_go_and_stay_with_their_invoice(database: Database, vault: Vault) -> None:
    digests = {}
    for number, stage in (("INV-1", Stage.PAID), ("INV-2", Stage.APPROVED)):
        parts = tuple(file(f"{number}-{n}.pdf", DocumentKind.POD, f"{number}-{n}".encode()).document for n in range(2))
        whole = file(f"{number}.pdf", DocumentKind.INVOICE, number.encode()).document
        screenshot = vault.keep(f"receipt of {number}".encode())
        kept = [vault.keep(text.encode()) for text in (number, f"{number}-0", f"{number}-1")]
        shown = Document(sha256=screenshot, name="r.png", kind=DocumentKind.EVIDENCE, media_type="image/png", size=9)
        digests[number] = [*kept, screenshot]
        with database.transaction() as c:
            know_accounts(c, account())
            joined = SubmittedFile(document=whole, upload_name="a.pdf", parts=parts)
            added = submissions.add(c, ACCOUNT, ACCOUNT, invoice(number), (joined,), OLD, "clerk")
            assert isinstance(added, Added)
            documents.remember(c, shown, OLD)
            _receipt(c, added.round, screenshot)
            of_it = submission_table.c.invoice_number == number
            c.execute(update(submission_table).where(of_it).values(stage=stage, stage_at=OLD))
    with database.reading() as c:
        [both] = [documents.of_round(c, one) for one in c.execute(select(round_.c.id)).scalars()][:1]
        assert [part.name for part in both[0].parts] == ["INV-1-0.pdf", "INV-1-1.pdf"]
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 4
    assert [there(vault, one) for one in digests["INV-1"]] == [False] * 4
    assert [there(vault, one) for one in digests["INV-2"]] == [True] * 4


def _receipt(c: object, round_id: int, screenshot: str) -> None:
    from submitter.store.tables import attempt  # noqa: PLC0415

    identity = c.execute(  # type: ignore[attr-defined]
        attempt.insert().values(round=round_id, fence=1, holder="w", opened_at=OLD).returning(attempt.c.id)
    ).scalar_one()
    values = {"reference": "R", "words": "", "at": OLD, "source": "portal", "files": [], "evidence": [screenshot]}
    c.execute(receipt.insert().values(round=round_id, attempt=identity, **values))  # type: ignore[attr-defined]


def test_the_retention_is_a_floor_nobody_can_ask_below(database: Database, vault: Vault) -> None:
    with pytest.raises(ConfigurationError, match=r"kept 10 years \(documents_keep_years\)"):
        retention.purge(database, vault, datetime.now(UTC) - timedelta(days=365), 10, "manager")
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    assert retention.latest_allowed(leap, 1) == datetime(2023, 2, 28, tzinfo=UTC)


def test_a_purge_that_was_cut_off_goes_on(database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = [one for n in range(3) for one in sent(database, vault, f"INV-{n}", stage=Stage.PAID)]
    calls = iter(range(100))
    remove = vault.remove

    def dies(sha256: str) -> None:
        remove(sha256)
        if next(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(vault, "remove", dies)
    with pytest.raises(KeyboardInterrupt):
        retention.purge(database, vault, BEFORE, 10, "manager")
    monkeypatch.setattr(vault, "remove", remove)
    assert retention.purge(database, vault, BEFORE, 10, "manager") == 4
    assert not any(there(vault, one) for one in digests)


def test_a_document_that_comes_back_is_stored_again(database: Database, vault: Vault) -> None:
    """Between `keep` and the transaction that queues it, a purge may have taken it: the store says so."""
    digest = sent(database, vault, "INV-1", stage=Stage.PAID)[1]
    vault.keep(b"INV-1 ticket.pdf")
    retention.purge(database, vault, BEFORE, 10, "manager")
    again = file("ticket.pdf", DocumentKind.POD, b"INV-1 ticket.pdf")
    with database.transaction() as c:
        assert documents.remember(c, again.document, datetime.now(UTC)) is True
        assert documents.remember(c, again.document, datetime.now(UTC)) is False
    with database.reading() as c:
        assert digest in {row.sha256 for row in documents.listing(c)}


def test_queuing_and_purging_the_same_document_at_once_loses_nothing(database: Database, vault: Vault) -> None:
    """Whoever comes second waits for the other; then either the purge leaves it, or the queuing stores it again."""
    for n in range(6):
        digest = sent(database, vault, f"INV-{n}", stage=Stage.PAID)[1]
        ticket = file("ticket.pdf", DocumentKind.POD, f"INV-{n} ticket.pdf".encode())
        start = threading.Barrier(2)

        def queue(n: int = n, ticket: SubmittedFile = ticket, start: threading.Barrier = start) -> None:
            start.wait()
            data = f"INV-{n} ticket.pdf".encode()
            vault.keep(data)
            with database.transaction() as c:
                submissions.add(c, ACCOUNT, ACCOUNT, invoice(f"NEW-{n}"), (ticket,), database.now(c), "clerk")
            if not there(vault, ticket.document.sha256):  # as `queue/keeping.py` does
                vault.keep(data)

        other = threading.Thread(target=queue)
        other.start()
        start.wait()
        retention.purge(database, vault, BEFORE, 10, "manager")
        other.join()
        assert there(vault, digest)
        with database.reading() as c:
            assert digest in {row.sha256 for row in documents.listing(c)}
