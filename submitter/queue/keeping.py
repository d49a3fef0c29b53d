"""From the files of an invoice to what a round sends: into the vault as they are, and joined where the portal wants."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from submitter.documents.opening.reading import FoundFile
from submitter.documents.sending.bundling import Part, combine
from submitter.documents.sending.naming import upload_names
from submitter.documents.vault.storage import DocumentsAway
from submitter.documents.vault.vault import DocumentDamaged
from submitter.errors import DocumentRefused
from submitter.model.account import Customer
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.rules import Bundle
from submitter.queue.office import Office


def keep(office: Office, files: Sequence[FoundFile]) -> tuple[Document, ...]:
    """Put the files into the vault. What is sent later is what was read and checked: another hash is refused."""
    kept = []
    for path, kind, reading in files:
        try:
            digest = office.vault.keep(path)
        except DocumentsAway:  # not this file's fault: the whole intake stops, and may simply be done again
            raise
        except OSError as error:
            raise DocumentRefused(f"{path.name} could not be stored: {error.strerror}.") from error
        if digest != reading.sha256:
            raise DocumentRefused(f"{path.name} changed while it was being taken in; take the folder in again.")
        kept.append(
            Document(
                sha256=digest,
                name=path.name,
                kind=kind,
                media_type=reading.media_type,
                size=reading.size,
                pages=reading.pages,
            )
        )
    return tuple(kept)


def as_sent(office: Office, documents: Sequence[Document], customer: Customer) -> tuple[SubmittedFile, ...]:
    """The files that a round uploads: these documents, or one PDF of them all. DocumentRefused when that cannot be."""
    if customer.rules.bundle is Bundle.COMBINED and len(documents) > 1:
        documents, parts = (_joined(office, documents, customer),), tuple(documents)
    else:
        parts = ()
    names = upload_names([one.name for one in documents], customer.rules)
    return tuple(
        SubmittedFile(document=one, upload_name=name, parts=parts) for one, name in zip(documents, names, strict=True)
    )


def originals(files: Sequence[SubmittedFile]) -> tuple[Document, ...]:
    """The documents as they were taken in, whatever was made of them to be sent."""
    return tuple(one for file in files for one in (file.parts or (file.document,)))


def require_kept(office: Office, documents: Sequence[Document]) -> None:
    """DocumentRefused when the bytes of a document are not in the vault any more."""
    for one in documents:
        try:
            office.vault.size(one.sha256)
        except DocumentDamaged:
            raise DocumentRefused(
                f"{one.name} is not stored any more (it was purged, or the vault is damaged), so it cannot be sent "
                "again; take the invoice in anew, under a new number."
            ) from None


def keep_again(office: Office, files: Sequence[FoundFile]) -> None:
    """Store what a purge took away between `keep` and the transaction that queued it."""
    for path, _, reading in files:
        try:
            office.vault.size(reading.sha256)
        except DocumentDamaged:
            office.vault.keep(path)


def _joined(office: Office, documents: Sequence[Document], customer: Customer) -> Document:
    first, *others = sorted(documents, key=lambda one: one.kind is not DocumentKind.INVOICE)
    with tempfile.TemporaryDirectory(prefix="submitter-joining-") as folder:
        parts = [Part(Path(folder) / f"{n}", one.name, one.media_type) for n, one in enumerate((first, *others))]
        for part, one in zip(parts, (first, *others), strict=True):
            office.vault.copy_to(one.sha256, part.path)
        made = combine(parts[0], parts[1:], Path(folder) / "joined.pdf")
        size, most = made.path.stat().st_size, customer.rules.max_file_bytes
        if size > most:
            raise DocumentRefused(
                f"{first.name} and its {len(others)} proofs of delivery make one PDF of {size / 1_000_000:,.1f} MB, "
                f"{(size - most) / 1_000_000:,.1f} MB more than {customer.name}'s portal takes; make the proofs "
                "smaller: submitter documents shrink."
            )
        name = first.name if first.name.lower().endswith(".pdf") else f"{first.name}.pdf"
        digest = office.vault.keep(made.path)
        return Document(
            sha256=digest,
            name=name,
            kind=DocumentKind.INVOICE,
            media_type="application/pdf",
            size=size,
            pages=made.pages,
        )
