"""An adapter that carries out a flow file. The order in which money moves is the contract's, as for every adapter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

from submitter.adapters.contract import PortalAdapter
from submitter.adapters.flow.flow import Flow
from submitter.adapters.flow.flow_file import NAME, read_flow
from submitter.adapters.flow.performer import Performer
from submitter.adapters.flow.shown import newest_of, receipt_of, record_of, review_of
from submitter.adapters.flow.vocabulary import facts_of_round
from submitter.adapters.manifest import Capability, read_manifest
from submitter.adapters.visit import Visit
from submitter.errors import AdapterBug, ConfigurationError
from submitter.model.portal import PortalRecord, Receipt, Review
from submitter.model.submission import Round


class FlowAdapter(PortalAdapter):
    """The portal of one flow; ``flow_adapter`` makes the class for a folder."""

    lies_in: ClassVar[Path]

    @classmethod
    def folder(cls) -> Path:
        return cls.lies_in

    def __init__(self) -> None:
        self._hand: Performer | None = None
        self._work: Round | None = None

    @property
    @abstractmethod
    def flow(self) -> Flow:
        """What the file says."""

    def _on(self, visit: Visit) -> Performer:
        if self._hand is None or self._hand.visit is not visit:
            self._hand = Performer(self.flow, visit)
        return self._hand

    async def sign_in(self, visit: Visit) -> None:
        await self._on(visit).perform(self.flow.sign_in)

    async def find(self, visit: Visit, number: str) -> PortalRecord | None:
        hand = self._on(visit)
        [*way, table] = self.flow.find
        hand.facts["invoice.number"] = number
        await hand.perform(way)
        spec = self.flow.lists[table.what]
        newest = newest_of(
            [row async for row in hand.rows(table.what) if row[spec.columns.number] == number], spec, visit
        )
        return None if newest is None else record_of(newest, spec, visit)

    async def prepare(self, visit: Visit, work: Round) -> None:
        hand = self._on(visit)
        hand.facts |= facts_of_round(work)
        hand.read, hand.tables, self._work = {}, {}, work
        corrects = self.flow.correct and work.earlier_references
        await hand.perform(self.flow.correct if corrects else self.flow.prepare, work)

    async def read_back(self, visit: Visit) -> Review:
        if self._work is None:
            raise AdapterBug("Nothing was prepared that could be read back.")
        hand = self._on(visit)
        await hand.perform(self.flow.read_back)
        return review_of(hand, self._work.invoice.coding)

    async def commit(self, visit: Visit) -> Receipt:
        hand = self._on(visit)
        await hand.perform(self.flow.commit)
        return receipt_of(hand)

    async def readings(self, visit: Visit, references: frozenset[str]) -> AsyncIterator[PortalRecord]:
        hand = self._on(visit)
        [*way, table] = self.flow.readings
        await hand.perform(way)
        spec, missing = self.flow.lists[table.what], set(references)
        async for row in hand.rows(table.what):
            if row[spec.columns.reference] in missing:
                missing.discard(row[spec.columns.reference])
                yield record_of(row, spec, visit)
            if not missing:
                return

    async def probe(self, visit: Visit) -> None:
        await self._on(visit).perform(self.flow.probe)


def flow_adapter(folder: Path) -> type[FlowAdapter]:
    """The adapter that the flow in this folder is. ConfigurationError for a flow or a manifest that cannot be used."""
    flow, manifest = read_flow(folder), read_manifest(folder)
    corrects = Capability.CORRECT_AND_RESUBMIT in manifest.capabilities
    if corrects != bool(flow.correct):
        there = "there is no section correct" if corrects else "the manifest does not name it"
        raise ConfigurationError(f"{folder / NAME}: correct_and_resubmit: {there}; the two must agree.")
    says = {"manifest": manifest, "flow": flow, "interruptions": flow.interruption_specs()}
    members = {**says, "lies_in": folder, "__module__": __name__}
    return type(f"Flow_{manifest.id}", (FlowAdapter,), members)
