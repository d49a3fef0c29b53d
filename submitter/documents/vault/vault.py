"""The document vault: every file that was ever taken in, under its SHA-256, never overwritten and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from submitter.documents.vault.local_storage import LocalStorage
from submitter.documents.vault.sealed_storage import SealedStorage, new_key
from submitter.documents.vault.storage import DocumentsAway, Storage
from submitter.errors import ConfigurationError, SubmitterError, Who
from submitter.secrets import has_secret, read_secret, store_secret

__all__ = ["DocumentDamaged", "DocumentsAway", "Vault", "open_vault"]


class DocumentDamaged(SubmitterError):
    """A stored document is missing or no longer what was stored."""

    code = "document-damaged"
    who = Who.ADMINISTRATOR


KEY = "documents", "key"  # where the keyring holds the key of an encrypted vault


class Vault:
    """What is taken out is what was put in, or DocumentDamaged."""

    def __init__(self, place: Path | Storage, *, encrypted: bool = False) -> None:
        inner: Storage = LocalStorage(place) if isinstance(place, Path) else place
        self._storage = SealedStorage(inner, _read_key, seals=encrypted)
        self.address = inner.address

    def keep(self, data: bytes | Path) -> str:
        """Store these bytes, or the bytes of this file, and return their SHA-256. Durable when it returns.

        What is there intact already is left alone; what is there damaged is replaced.
        """
        return self._storage.keep(data)

    def read(self, sha256: str) -> bytes:
        """The document's bytes. DocumentDamaged when they are gone or are not those that were stored."""
        try:
            with self._storage.open(sha256) as source:
                data = source.read()
        except FileNotFoundError:
            raise _missing(sha256) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise _changed(sha256)
        return data

    def check(self, sha256: str) -> None:
        """DocumentDamaged when the document cannot be read as it was stored."""
        try:
            with self._storage.open(sha256) as source:
                found = hashlib.file_digest(source, "sha256").hexdigest()
        except FileNotFoundError:
            raise _missing(sha256) from None
        if found != sha256:
            raise _changed(sha256)

    def copy_to(self, sha256: str, target: Path) -> None:
        """Make ``target`` a file with the document's bytes; it appears when they have been checked, and not before.

        Its folder is made. The file is for reading: where possible it is a link to the one in the vault.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.parent / f".new-{secrets.token_hex(8)}"
        try:
            try:
                self._storage.fetch(sha256, new)
            except FileNotFoundError:
                raise _missing(sha256) from None
            with new.open("rb") as copy:
                if hashlib.file_digest(copy, "sha256").hexdigest() != sha256:
                    raise _changed(sha256)
            new.replace(target)
        finally:
            new.unlink(missing_ok=True)  # to replace a link by another one to the same file leaves both

    def size(self, sha256: str) -> int:
        try:
            return self._storage.size(sha256)
        except FileNotFoundError:
            raise _missing(sha256) from None

    def encrypt(self, sha256: str) -> bool:
        """Seal one document that lies there in plain; False when it was sealed already."""
        try:
            if self._storage.is_sealed(sha256):
                return False
        except FileNotFoundError:
            raise _missing(sha256) from None
        self._storage.write(sha256, self.read(sha256))
        return True

    def remove(self, sha256: str) -> None:
        """Take a document away for good. Only `store/purging.py` knows which may go."""
        self._storage.remove(sha256)

    def probe(self) -> None:
        """Whether documents can be written and read; an OSError says why not."""
        self._storage.probe()

    def close(self) -> None:
        self._storage.close()


def make_key() -> str | None:
    """Put a key for the documents into the keyring and return it; None when there is one already."""
    if has_secret(*KEY):
        return None
    key = new_key()
    store_secret(*KEY, key)
    return key


def _read_key() -> str:
    if not has_secret(*KEY):
        raise ConfigurationError(
            "The documents are encrypted, and the keyring holds no key for them. On a new installation: submitter "
            "documents encrypt. Otherwise put the key that it made into the keyring again (documents/key)."
        )
    return read_secret(*KEY)


def open_vault(address: str, *, encrypted: bool = False) -> Vault:
    """The vault at a folder, ``file:///a/folder`` or ``s3://bucket/prefix``. Nothing is reached for yet.

    ``encrypted``: new documents are sealed with the key in the keyring. Sealed ones can be read either way.
    """
    protocol, mark, rest = address.partition("://")
    if not mark or protocol in ("file", "local"):
        return Vault(_folder(rest if mark else address), encrypted=encrypted)
    if "::" in address or not re.fullmatch(r"[a-z][a-z0-9+.-]*", protocol):
        raise ConfigurationError("documents_url is not an address; it takes file:///a/folder and s3://bucket/prefix.")
    if re.search("[@?#]", rest) or (protocol in ("s3", "s3a") and re.match("(?!arn:)[^/]*:", rest)):
        raise ConfigurationError(
            f"documents_url ({protocol}://...) holds more than a place: credentials and options do not belong into it. "
            "They come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL), ~/.aws "
            "or this machine's role."
        )
    if protocol == "memory":
        raise ConfigurationError("documents_url says memory://, where documents are forgotten when the program ends.")
    from submitter.documents.vault.remote_storage import RemoteStorage  # noqa: PLC0415 (not needed where a folder is used)

    return Vault(RemoteStorage(address), encrypted=encrypted)


def _folder(written: str) -> Path:
    drive = os.name == "nt" and re.match("/[A-Za-z]:", written)  # file:///C:/documents
    folder = Path(written[1:] if drive else written).expanduser()
    if not folder.is_absolute():
        raise ConfigurationError(f"documents_url says {written!r}; a folder is written whole: file:///srv/documents.")
    return folder


def _missing(sha256: str) -> DocumentDamaged:
    return DocumentDamaged(f"The stored document {sha256[:12]} is missing from the vault.")


def _changed(sha256: str) -> DocumentDamaged:
    return DocumentDamaged(f"The stored document {sha256[:12]} was changed after it was stored.")
