"""One scrubber for all artefacts: logs, exceptions, evidence, screenshots' file names.

Secrets register themselves here the moment they are handed out (see secrets.py), so nothing that is written later can
hold them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import MutableMapping
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

MARK = "[redacted]"


class Redactor:
    """Knows the secrets handed out in this process and takes them out of any text."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._lock = threading.Lock()

    def register(self, secret: str) -> None:
        """Remember a secret. Shorter than four characters would blank out ordinary text, so those are left alone."""
        if len(secret) >= 4:
            with self._lock:
                self._secrets.update(_forms(secret))

    def scrub(self, text: str) -> str:
        with self._lock:
            secrets = sorted(self._secrets, key=len, reverse=True)  # longest first, so no tail is left over
        for secret in secrets:
            text = text.replace(secret, MARK)
        return text

    def scrub_value(self, value: Any) -> Any:
        """The same for whatever a log line or a journal detail holds."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, dict):
            return {self.scrub_value(k): self.scrub_value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrub_value(v) for v in value]
        return value if isinstance(value, int | float | bool | None) else self.scrub(str(value))

    def log_processor(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A structlog processor; must stand last before the renderer."""
        for key in list(event):
            event[key] = self.scrub_value(event[key])
        return event


def _forms(secret: str) -> set[str]:
    """The secret as it stands in an address, a form, a page's source, JSON and a Python traceback."""
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret), escape(secret), escape(secret, quote=False)}
    return {secret, *quoted, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}


redactor = Redactor()
