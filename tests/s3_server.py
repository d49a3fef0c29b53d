"""A real S3 server on this machine, in a process of its own that ends with the test run, even one that is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

_SERVER = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # ends when the test run does
os._exit(0)
"""


#: The server asks nobody who he is, but reads here which of the cloud's services is meant.
_HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=, Signature=",
    "Content-Type": "application/octet-stream",
}


@dataclass
class S3Server:
    """The server, and ways to its objects that do not go through the program."""

    process: subprocess.Popen[str]
    url: str

    def make_bucket(self, name: str) -> None:
        """With versions, so that whoever writes the same again is found out."""
        self._ask("PUT", name)
        status = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        self._ask("PUT", f"{name}?versioning", status)

    def put(self, key: str, data: bytes) -> None:
        self._ask("PUT", key, data)

    def get(self, key: str) -> bytes:
        return self._ask("GET", key)

    def delete(self, key: str) -> None:
        self._ask("DELETE", key)

    def written_at(self, key: str) -> str:
        """The version: another one whenever it is written again."""
        with self._open("HEAD", key) as answer:
            return str(answer.headers["x-amz-version-id"])

    def keys(self, bucket: str) -> list[str]:
        return re.findall("<Key>([^<]+)</Key>", self._ask("GET", f"{bucket}?list-type=2").decode())

    def freeze(self) -> None:
        """It still takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=20)

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        with self._open(method, path, data) as answer:
            return bytes(answer.read())

    def _open(self, method: str, path: str, data: bytes | None = None) -> HTTPResponse:
        address = f"{self.url}/{quote(path, safe='/?=')}"
        request = Request(address, method=method, data=data, headers=_HEADERS)  # noqa: S310
        answer: HTTPResponse = urlopen(request, timeout=20)  # noqa: S310
        return answer


@contextmanager
def running_s3() -> Iterator[S3Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    with process:
        try:
            assert process.stdout is not None
            yield S3Server(process, f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()


def use_s3(monkeypatch: pytest.MonkeyPatch, url: str, nowhere: Path) -> None:
    """What a fleet's hosts have in their environment; nothing of the developer's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    settings = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "northline",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret-anywhere",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(nowhere / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(nowhere / "aws-credentials"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
