"""scenario.toml: what an adapter does at the portal in a recording, step by step, and what it must see there."""

from __future__ import annotations

import hashlib
import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from submitter.errors import ConfigurationError
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.invoice import Invoice
from submitter.model.portal import Stage
from submitter.model.record import Record
from submitter.model.submission import Round

SCENARIO, INVOICE = "scenario.toml", "invoice.json"


class Step(Record):
    """``find``: look for the invoice, which is there or not. ``submit``: carry it through; when it was sent already, as
    the next round. ``read``: the portal's list shows it with this status, which means this stage."""

    do: Literal["sign_in", "find", "submit", "read", "probe"]
    there: bool = False  # find: whether it is
    status: str = ""
    comment: str = ""
    stage: Stage | None = None


class ScenarioFile(Record):
    """A document to upload. Its bytes are made up anew for each replay; the recording holds placeholders for them."""

    kind: DocumentKind
    name: str


class Scenario(Record):
    adapter: str
    summary: str
    recorded_from: str  # the portal, honestly: a practice portal, a buyer's test system
    landmarks: tuple[str, ...]  # words of the portal's; without any one of them the adapter must stop before it sends
    nothing: str = ""  # the portal's own words for "no results"; without them the invoice is not known to be absent
    needs: tuple[Literal["script", "style"], ...] = ()  # kept, because the pages do not work without them
    #: Paths asked for at any time, or never, and with any words: a clock, a beacon, suggestions for each letter typed.
    optional: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()  # what is posted and would be taken for private, but is not
    files: tuple[ScenarioFile, ...]
    steps: tuple[Step, ...]
    invoice: Invoice  # with values unlike anything else; from invoice.json

    def content_of(self, number: int, seed: str = "") -> bytes:
        """The bytes of one of its documents: the least that a portal takes for a PDF, and never twice the same."""
        said = f"% {self.adapter} {self.files[number].name} {seed}\n"
        return b"%PDF-1.4\n" + said.encode() + b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n%%EOF\n"

    def round(self, account: str, seed: str = "") -> Round:
        """Its invoice with its documents, as a visit carries them."""
        files = []
        for number, file in enumerate(self.files):
            content = self.content_of(number, seed)
            document = Document(
                sha256=hashlib.sha256(content).hexdigest(),
                name=file.name,
                kind=file.kind,
                media_type="application/pdf",
                size=len(content),
            )
            files.append(SubmittedFile(document=document, upload_name=file.name))
        now = datetime.now(UTC)
        return Round(
            id=1, account=account, submission=1, number=1, invoice=self.invoice, files=tuple(files), due_at=now
        )


def read_scenario(folder: Path) -> Scenario:
    try:
        stated = tomllib.loads((folder / SCENARIO).read_text(encoding="utf-8"))
        invoice = json.loads((folder / INVOICE).read_text(encoding="utf-8"))
        return Scenario.model_validate({**stated, "invoice": invoice})
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigurationError(f"The scenario in {folder} cannot be used: {error}.") from error
