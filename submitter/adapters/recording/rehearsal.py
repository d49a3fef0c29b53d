"""An adapter goes through a scenario, at a portal that is recorded or at a recording that stands in for it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from submitter.adapters.browser import FencedBrowser
from submitter.adapters.contract import PortalAdapter
from submitter.adapters.manifest import Manifest
from submitter.adapters.recording.scenario import Scenario, Step
from submitter.adapters.surroundings import Surroundings
from submitter.adapters.visit import Visit
from submitter.errors import AdapterBug, SecondFactor, SubmitterError
from submitter.model.account import Account
from submitter.model.document import SubmittedFile
from submitter.model.submission import Round
from submitter.redaction import redactor


@dataclass
class Rehearsal:
    """One go through a scenario, and what came of it."""

    adapter: PortalAdapter
    scenario: Scenario
    work: Round
    before: Callable[[int, str], Awaitable[None]]  # (number of the step, last reference): what the buyer does meanwhile
    on_committing: Callable[[], None]
    said: list[str] = field(default_factory=list)  # what the portal showed otherwise than the scenario says
    error: SubmitterError | None = None  # what stopped it
    references: list[str] = field(default_factory=list)

    async def go(self, visit: Visit) -> None:
        for number, step in enumerate(self.scenario.steps):
            await self.before(number, self.references[-1] if self.references else "")
            try:
                await self._take(visit, number, step)
            except SubmitterError as error:
                self.error = error
            except Exception as error:  # noqa: BLE001  the adapter's own: anything can come out of it
                said = str(error).partition("\n")[0]
                self.error = AdapterBug(redactor.scrub(f"{type(error).__name__} in step {number + 1}: {said}"))
            if self.error is not None:
                return

    async def _take(self, visit: Visit, number: int, step: Step) -> None:
        match step.do:
            case "sign_in":
                await self.adapter.sign_in(visit)
            case "probe":
                await self.adapter.probe(visit)
            case "find":
                record = await self.adapter.find(visit, self.work.invoice.number)
                if (record is not None) != step.there:
                    self._say(number, f"the invoice was {'there' if record else 'not there'}")
            case "submit":
                await self._submit(visit)
            case "read":
                await self._read(visit, number, step)

    async def _submit(self, visit: Visit) -> None:
        earlier = tuple(self.references)
        work = self.work.model_copy(update={"number": len(earlier) + 1, "earlier_references": earlier})
        receipt = await self.adapter.carry(visit, work, self)
        self.references.append(receipt.reference)

    async def prepared(self, evidence: tuple[str, ...]) -> None:
        """The journal's part: a rehearsal keeps none."""

    async def committing(self) -> None:
        self.on_committing()

    async def _read(self, visit: Visit, number: int, step: Step) -> None:
        wanted = frozenset(self.references[-1:])
        records = [one async for one in self.adapter.readings(visit, wanted) if one.reference in wanted]
        if len(records) != 1:
            self._say(number, f"the portal's list had {len(records)} records of it")
            return
        [record] = records
        stage = visit.manifest.stage(record.status, visit.account)
        for what, shown, expected in (
            ("its number", record.number.strip(), self.work.invoice.number),
            ("its status", record.status, step.status or record.status),
            ("its stage", stage, step.stage or stage),
            ("its comment", record.comment, step.comment or record.comment),
            ("its total", record.total or self.work.invoice.total, self.work.invoice.total),
        ):
            if shown != expected:
                self._say(number, f"{what} was {shown!s}, and {expected!s} was expected")

    def _say(self, number: int, words: str) -> None:
        self.said.append(redactor.scrub(f"Step {number + 1} ({self.scenario.steps[number].do}): {words}."))


@dataclass(frozen=True)
class Login:
    """Who goes through a scenario: passwords by name, and what makes one-time codes (seconds ahead -> code)."""

    user: str
    secrets: dict[str, str]
    private: tuple[str, ...] = ()  # what else must not be recorded: the supplier's name, say
    make_code: Callable[[float], str] | None = None
    codes: list[str] = field(default_factory=list)  # those that were made


@asynccontextmanager
async def visiting(
    browser: FencedBrowser,
    adapter: type[PortalAdapter],
    manifest: Manifest,
    account: Account,
    login: Login,
    scenario: Scenario,
    seed: str,
    seconds: float,
) -> AsyncIterator[Visit]:
    """A visit with the scenario's documents, whose evidence nobody keeps."""

    async def next_code(ahead: float) -> str:
        if login.make_code is None:
            raise SecondFactor
        login.codes.append(login.make_code(ahead))
        return login.codes[-1]

    async def keep(_content: bytes, name: str) -> str:
        return name

    context = await browser.context(manifest.allowed_origins(account))
    try:
        with tempfile.TemporaryDirectory() as folder:

            def copy_file(file: SubmittedFile) -> Path:
                [number] = [n for n, one in enumerate(scenario.files) if one.name == file.document.name]
                path = Path(folder) / file.upload_name
                path.write_bytes(scenario.content_of(number, seed))
                return path

            around = Surroundings(
                read_secret=lambda name: login.secrets[name],
                keep_evidence=keep,
                copy_file=copy_file,
                guard=lambda: None,
                next_code=next_code,
                step_seconds=seconds,
                commit_seconds=seconds,
            )
            yield Visit(await context.new_page(), account, manifest, around, adapter.interruptions)
    finally:
        await browser.leave(context)
