"""Documents in an object store, through fsspec: ``s3://bucket/prefix`` and whatever else fsspec knows.

A PUT makes the whole object visible at once, so an object is written under its final name and read back. Credentials,
region and the endpoint of an S3-compatible server come from where AWS's own tools look for them: ``AWS_ACCESS_KEY_ID``,
``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``, ``~/.aws``, or the role of the machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from fsspec.asyn import AsyncFileSystem, sync  # type: ignore[import-untyped]
from fsspec.core import url_to_fs  # type: ignore[import-untyped]

from submitter.documents.vault.storage import DocumentsAway, name_of
from submitter.errors import ConfigurationError
from submitter.redaction import redactor

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TRIES = 2  # a server that is dead costs this many times the seconds above, and the queue tries again later anyway
WHOLE_SECONDS = 120.0  # one transfer, however slowly it trickles

_S3 = ("s3", "s3a")
_PROBE = ".doctor"


class RemoteStorage:
    """One bucket and prefix. Safe to use from several threads."""

    def __init__(self, address: str) -> None:
        """Reaches for nothing yet. ConfigurationError when the address cannot be used on this machine."""
        self.address = address.rstrip("/")
        self._protocol = address.partition("://")[0]
        self._files, self._root = self._file_system(address)
        self._connected = False

    def _file_system(self, address: str) -> tuple[Any, str]:
        options: dict[str, Any] = {}
        if self._protocol in _S3:
            retries = {"mode": "standard", "total_max_attempts": TRIES}
            limits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS, "retries": retries}
            # Not cached: a listing would hide what another host has stored, an instance what the environment now says
            options = {"config_kwargs": limits, "use_listings_cache": False, "skip_instance_cache": True}
        try:
            files, root = url_to_fs(address, **options)
        except ImportError as error:
            remedy = 'pip install "submitter[fleet]"' if self._protocol in _S3 else str(error)
            raise ConfigurationError(
                f"Documents at {self._protocol}:// need a package that is missing: {remedy}."
            ) from error
        except ValueError as error:
            raise ConfigurationError(
                f"Nobody knows how to keep documents at {self._protocol}://; "
                "documents_url takes file:///a/folder and s3://bucket/prefix."
            ) from error
        if not root.strip("/"):
            raise ConfigurationError(f"documents_url says {address!r}, which names no bucket.")
        if self._protocol in _S3:
            files.retries = 1  # its own tries would multiply with those above
        return files, root.rstrip("/")

    def keep(self, data: bytes | Path) -> str:
        """Read back before it counts as stored. An intact object is left as it is."""
        content = data if isinstance(data, bytes) else data.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._holds(sha256):
            self._put(name_of(sha256), content)
            if not self._holds(sha256):
                raise DocumentsAway(f"{self.address} took the document {sha256[:12]} and gave other bytes back.")
        return sha256

    def write(self, sha256: str, content: bytes) -> None:
        self._put(name_of(sha256), content)
        with self.open(sha256) as source:
            if source.read() != content:
                raise DocumentsAway(f"{self.address} took the document {sha256[:12]} and gave other bytes back.")

    @contextlib.contextmanager
    def open(self, sha256: str) -> Iterator[BufferedReader]:
        with self._fetched(name_of(sha256)) as path, path.open("rb") as file:
            yield file

    def fetch(self, sha256: str, target: Path) -> None:
        self._do("get_file", f"{self._root}/{name_of(sha256)}", str(target))

    def size(self, sha256: str) -> int:
        return int(self._do("info", f"{self._root}/{name_of(sha256)}")["size"])

    def remove(self, sha256: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._do("rm_file", f"{self._root}/{name_of(sha256)}")

    def probe(self) -> None:
        """Leaves one small object of its own behind: to take things away is a right that only a purge needs."""
        self._put(_PROBE, b"submitter")
        try:
            with self._fetched(_PROBE) as path:
                intact = path.read_bytes() == b"submitter"
        except FileNotFoundError:
            intact = False
        if not intact:
            raise DocumentsAway(f"{self.address} does not give back what was just written to it.")

    def close(self) -> None:
        """Close the connections now; left to the interpreter's end it may be too late to do so in order."""
        if self._connected and self._protocol in _S3:
            self._connected = False
            with contextlib.suppress(Exception):  # it is over either way
                sync(self._files.loop, self._files.s3.close, timeout=CONNECT_SECONDS)

    def _put(self, name: str, content: bytes) -> None:
        try:
            self._do("pipe_file", f"{self._root}/{name}", content)
        except FileNotFoundError as error:
            raise self._away(error) from error

    def _holds(self, sha256: str) -> bool:
        try:
            with self.open(sha256) as source:
                return hashlib.file_digest(source, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _fetched(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="submitter-document-") as folder:
            path = Path(folder) / "document"
            self._do("get_file", f"{self._root}/{name}", str(path))
            yield path

    def _do(self, what: str, *arguments: Any) -> Any:
        """One operation, bounded in time. FileNotFoundError only when the object itself is what is missing."""
        self._connected = True
        try:
            if isinstance(self._files, AsyncFileSystem):
                return sync(self._files.loop, getattr(self._files, f"_{what}"), *arguments, timeout=WHOLE_SECONDS)
            return getattr(self._files, what)(*arguments)
        except FileNotFoundError as error:
            if _code(error) == "NoSuchBucket":
                raise self._away(error) from error
            raise
        except Exception as error:  # each storage's library has errors of its own
            raise self._away(error) from error

    def _away(self, error: Exception) -> DocumentsAway:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        words = redactor.scrub(re.sub(r"//\S*@", "//", first)).rstrip(".")  # an endpoint may hold a password
        if isinstance(error, FileNotFoundError):
            return DocumentsAway(f"There is no place for documents at {self.address} ({words}); make the bucket first.")
        if isinstance(error, PermissionError) or type(error).__name__ in _NO_CREDENTIALS:
            return DocumentsAway(
                f"{self.address} refuses us ({words}); who we are and what we may do is settled where AWS's own tools "
                "look: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws, or this machine's role."
            )
        if isinstance(error, TimeoutError):
            words = "it took too long"
        return DocumentsAway(f"The documents at {self.address} cannot be reached ({words}).")


_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound")


def _code(error: Exception) -> str:
    """The S3 error code behind what s3fs made of it."""
    response = getattr(error.__cause__, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
