"""Documents encrypted where they lie, with a key from the keyring: who copies the folder or the bucket reads nothing.

A sealed file is ``submitter1`` + 12 bytes of nonce + AES-256-GCM of the document, with the document's SHA-256 as the
associated data, so that two sealed files cannot change places. Files from before encryption was switched on stay
readable as they are, and sealed ones stay readable after it was switched off, as long as the key is there.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
import secrets
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from submitter.documents.vault.storage import Storage
from submitter.errors import ConfigurationError

MARK = b"submitter1"
_NONCE, _TAG = 12, 16
OVERHEAD = len(MARK) + _NONCE + _TAG


def new_key() -> str:
    """A key as text, for the keyring."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


class SealedStorage:
    """A storage whose new files are sealed when ``seals``, and that reads sealed and plain ones alike.

    ``read_key`` is asked once, when the first sealed file is read or written; it raises when there is no key.
    """

    def __init__(self, inner: Storage, read_key: Callable[[], str], *, seals: bool) -> None:
        self._inner = inner
        self._read_key = read_key
        self._seals = seals
        self._cipher: AESGCM | None = None
        self.address = inner.address

    def keep(self, data: bytes | Path) -> str:
        """Sealed anew also when it is there: whoever put it there may not have brought it to the disk yet."""
        if not self._seals:
            return self._inner.keep(data)  # in the place of a sealed one too: it is not what the hash says
        content = data if isinstance(data, bytes) else data.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        self.write(sha256, content)
        return sha256

    def write(self, sha256: str, content: bytes) -> None:
        nonce = secrets.token_bytes(_NONCE)
        self._inner.write(sha256, MARK + nonce + self._aes().encrypt(nonce, content, sha256.encode("ascii")))

    @contextlib.contextmanager
    def open(self, sha256: str) -> Iterator[BufferedReader]:
        with self._inner.open(sha256) as source:
            if source.peek(len(MARK))[: len(MARK)] != MARK:
                yield source
                return
            content = source.read()
        # typed as what a file gives: a BytesIO is all that is asked of it
        yield cast(BufferedReader, io.BytesIO(self._unsealed(sha256, content)))

    def fetch(self, sha256: str, target: Path) -> None:
        if not self.is_sealed(sha256):
            self._inner.fetch(sha256, target)
            return
        with self.open(sha256) as source:
            target.touch(mode=0o600)
            target.write_bytes(source.read())

    def size(self, sha256: str) -> int:
        return self._inner.size(sha256) - (OVERHEAD if self.is_sealed(sha256) else 0)

    def is_sealed(self, sha256: str) -> bool:
        with self._inner.open(sha256) as source:
            if source.peek(len(MARK))[: len(MARK)] != MARK:
                return False
            return hashlib.file_digest(source, "sha256").hexdigest() != sha256

    def remove(self, sha256: str) -> None:
        self._inner.remove(sha256)

    def probe(self) -> None:
        self._inner.probe()
        if self._seals:
            self._aes()

    def close(self) -> None:
        self._inner.close()

    def _unsealed(self, sha256: str, content: bytes) -> bytes:
        """Empty when it was changed or sealed with another key: the vault then sees that the hash is wrong."""
        if hashlib.sha256(content).hexdigest() == sha256:
            return content  # a document that begins like a sealed one, and is not
        nonce, sealed = content[len(MARK) : len(MARK) + _NONCE], content[len(MARK) + _NONCE :]
        try:
            return self._aes().decrypt(nonce, sealed, sha256.encode("ascii"))
        except (InvalidTag, ValueError):
            return b""

    def _aes(self) -> AESGCM:
        if self._cipher is None:
            try:
                self._cipher = AESGCM(base64.b64decode(self._read_key(), altchars=b"-_", validate=True))
            except (binascii.Error, ValueError):
                raise ConfigurationError(
                    "The key of the documents in the keyring is not one that submitter made."
                ) from None
        return self._cipher
