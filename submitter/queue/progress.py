"""What a visit tells whoever is watching. The command line shows it; a nightly run logs it."""

from __future__ import annotations

import structlog

from submitter.model.portal import Reading, Receipt
from submitter.model.submission import Round

log = structlog.get_logger()


class Progress:
    """Logs what happens; a screen overrides what it wants to show."""

    def visit_begun(self, account: str, due: int) -> None:
        log.info("visit begun", account=account, due=due)

    def signed_in(self, account: str) -> None:
        log.debug("signed in", account=account)

    def receipt(self, work: Round, receipt: Receipt) -> None:
        log.info(
            "receipt", account=work.account, invoice=work.invoice.number, round=work.number, reference=receipt.reference
        )

    def not_sent(self, work: Round, why: str) -> None:
        log.warning("not sent", account=work.account, invoice=work.invoice.number, round=work.number, why=why)

    def read(self, account: str, number: str, reading: Reading) -> None:
        log.info("read", account=account, invoice=number, status=reading.status, stage=reading.stage)

    def paused(self, account: str, why: str) -> None:
        log.error("account paused", account=account, why=why)

    def circuit(self, account: str, *, opened: bool, why: str = "") -> None:
        """Once when the portal goes away, once when it is back."""
        log.warning("portal away", account=account, why=why) if opened else log.info("portal back", account=account)

    def trouble(self, account: str, why: str) -> None:
        log.warning("visit ended early", account=account, why=why)
