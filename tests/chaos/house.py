"""The supplier's side: a home folder, four accounts on one portal, and ready-made invoices straight into the queue."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import func, select

from submitter.model.attempt import Phase
from submitter.model.document import Document, DocumentKind, SubmittedFile
from submitter.model.invoice import Coding, CostObject, Invoice, InvoiceLine
from submitter.model.money import Money
from submitter.model.portal import Receipt, ReceiptSource
from submitter.model.submission import Cause, Fault
from submitter.queue.office import Office, open_office
from submitter.queue.sessions import SessionStore
from submitter.store import accounts, audit, documents, journal, submissions
from submitter.store.tables import attempt, look, receipt, round_, submission
from submitter.store.tables import journal as journal_table
from tests.chaos.comparison import OurRound
from tests.chaos.portal import PortalProcess

PERSON = "chaos"
LEASE_SECONDS = 4.0
STEP_SECONDS = 4
COMMIT_SECONDS = 2.0
PORTAL_LISTS_WITHIN_SECONDS = 2.0  # the portal's own delay stays below it
LISTING_DELAY_SECONDS = 4.0  # what our accounts believe: a busy machine adds to what the portal takes
SETTINGS = f"""
[browsing]
step_seconds = {STEP_SECONDS}
commit_seconds = {COMMIT_SECONDS}
[working]
visits = 4
lease_seconds = {LEASE_SECONDS}
heartbeat_seconds = 1
look_seconds = 0.3
retry_seconds = 0.5
circuit_seconds = 1
unknown_hours = 1000
"""
CUSTOMER = """
name = "{name}"
[account]
portal = "fieldgate"
address = "{address}"
user = "{user}"
listing_delay_seconds = {listing_delay}
"""
CUSTOMERS = {
    "tejas-resources": "Tejas Resources",
    "cedar-midstream": "Cedar Midstream",
    "blue-mesa": "Blue Mesa Operating",
    "prairie-gas": "Prairie Gas Gathering",
}
KEEPS_SESSIONS = ("tejas-resources", "blue-mesa")  # the others sign in anew for every visit
PRICE = Decimal("40.00")


def _order(account: str) -> dict[str, Any]:
    line = {"line": "1", "description": "Pump rental", "unit": "DAY", "quantity": "10000000", "unit_price": str(PRICE)}
    return {
        **{"number": f"PO-{account}", "supplier_login": _user(account), "description": "Call-off", "currency": "USD"},
        **{"cost_object": "AFE", "cost_object_number": "AFE-1001", "major": "8300", "minor": "410"},
        **{"approver": "Dana Whitfield", "lines": [line]},
    }


def _user(account: str) -> str:
    return f"billing@{account}.example"


def supplier(account: str) -> str:
    return f"Northline Machine Works ({account})"


def invoice(account: str, number: str, quantity: int) -> Invoice:
    amount = Money.of(PRICE * quantity, "USD")
    line = InvoiceLine(
        number="1", description="Pump rental", quantity=Decimal(quantity), unit="DAY", unit_price=PRICE, net=amount
    )
    return Invoice(
        number=number,
        issue_date=datetime.now(UTC).date(),
        currency="USD",
        po_number=f"PO-{account}",
        net=amount,
        tax=Money.of("0.00", "USD"),
        total=amount,
        lines=(line,),
        coding=Coding(
            cost_object=CostObject.AFE,
            cost_object_number="AFE-1001",
            major="8300",
            minor="410",
            approver="Dana Whitfield",
        ),
    )


class House:
    """One supplier. The database is opened by this process too: it queues, and it plays the person."""

    def __init__(self, home: Path, portal: PortalProcess, database_url: str = "") -> None:
        self.home = home
        self.portal = portal
        self.accounts = tuple(CUSTOMERS)
        self.suppliers = {account: supplier(account) for account in self.accounts}
        self.secrets = home / "secrets"
        self._write_files(database_url)
        self._open_at_portal()
        self.office: Office = open_office(home)

    def _write_files(self, database_url: str) -> None:
        customers = self.home / "config" / "customers"
        customers.mkdir(parents=True)
        self.secrets.mkdir(mode=0o700)
        address = f'database_url = "{database_url}"\n' if database_url else ""
        (self.home / "config" / "submitter.toml").write_text(address + SETTINGS)
        for account, name in CUSTOMERS.items():
            text = CUSTOMER.format(
                name=name, address=self.portal.buyer.url, user=_user(account), listing_delay=LISTING_DELAY_SECONDS
            )
            (customers / f"{account}.toml").write_text(text)
            (self.secrets / f"{account}.password").write_text(f"Horse-7-{account}")
            if account in KEEPS_SESSIONS:
                (self.secrets / f"{account}.session-key").write_bytes(Fernet.generate_key())

    def _open_at_portal(self) -> None:
        buyer = self.portal.buyer
        buyer.settings(accept_duplicates=True, browser_may_resend=True, page_size=200)
        for account in self.accounts:
            buyer.add_login(_user(account), f"Horse-7-{account}", supplier(account))
            buyer.add_order(_order(account))

    @property
    def database_file(self) -> Path:
        return self.home / "data" / "submitter.sqlite"

    @property
    def is_sqlite(self) -> bool:
        return self.office.database.dialect == "sqlite"

    # -- queuing -------------------------------------------------------------------------------------------------

    def queue(self, account: str, number: str, quantity: int) -> None:
        files = self._files(number, "first")
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            submissions.add(c, account, account, invoice(account, number, quantity), files, now, PERSON)

    def queue_again(self, account: str, number: str) -> None:
        """The next round, with another signed ticket than the last one had."""
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            row = submissions.find_one(c, number, account)
            last = submissions.last_round(c, row.id)
            kept = [f for f in documents.of_round(c, last.id) if f.document.kind is DocumentKind.INVOICE]
            ticket = self._keep(f"{number}-ticket-{last.number + 1}.pdf", DocumentKind.FIELD_TICKET, "scanned again")
            files = (*kept, ticket)
            submissions.add_resubmission(
                c, row.id, files, Cause.POD_ILLEGIBLE, Fault.CUSTOMER, "not readable", now, PERSON
            )

    def _files(self, number: str, words: str) -> tuple[SubmittedFile, ...]:
        copy = self._keep(f"{number}.pdf", DocumentKind.INVOICE, words)
        return copy, self._keep(f"{number}-ticket.pdf", DocumentKind.FIELD_TICKET, words)

    def _keep(self, name: str, kind: DocumentKind, words: str) -> SubmittedFile:
        content = f"%PDF-1.4\n% {name} {words}\n".encode() + b"%" + name.encode() * 40 + b"\n%%EOF\n"
        digest = self.office.vault.keep(content)
        one = Document(sha256=digest, name=name, kind=kind, media_type="application/pdf", size=len(content), pages=1)
        return SubmittedFile(document=one, upload_name=name)

    # -- what the person does, as the commands do it ---------------------------------------------------------------

    def paused(self) -> list[tuple[str, str]]:
        with self.office.database.reading() as c:
            return [(row.id, row.pause_code) for row in accounts.read_all(c) if row.paused_at is not None]

    def resume(self, account: str) -> None:
        """As `submitter account add` does after a new password or new terms: the old session is forgotten."""
        SessionStore(self.office.settings.data / "sessions").forget(account)
        with self.office.database.transaction() as c:
            accounts.resume(c, account, self.office.database.now(c), PERSON, "put right")

    def retry(self, account: str, number: str) -> None:
        with self.office.database.transaction() as c:
            row = submissions.find_one(c, number, account)
            submissions.requeue(c, row.id, self.office.database.now(c), PERSON, "put right")

    def resolve(self, account: str, number: str, reference: str | None) -> None:
        """As `submitter resolve` does: the reference at the portal, or None when it is not there."""
        with self.office.database.transaction() as c:
            now = self.office.database.now(c)
            last = submissions.last_round(c, submissions.find_one(c, number, account).id)
            tried = journal.last_attempt(c, last.id)
            if tried is None:
                raise AssertionError("a round that waits for an answer has an attempt")
            if reference is None:
                journal.record_decision(c, tried.id, Phase.RETURNED, now, PERSON, "not in the ledger")
                return
            proof = Receipt(reference=reference, words="seen", at=now, source=ReceiptSource.PERSON)
            journal.record_decision(c, tried.id, Phase.CONFIRMED, now, PERSON, "seen in the ledger")
            journal.keep_receipt(c, tried.id, proof)

    def ask_for_readings(self, names: Iterable[str]) -> None:
        with self.office.database.transaction() as c:
            for name in names:
                accounts.mark_reading_due(c, name, self.office.database.now(c))

    def readings_due(self) -> list[str]:
        with self.office.database.reading() as c:
            return [row.id for row in accounts.read_all(c) if row.reading_due_at is not None]

    # -- looking -------------------------------------------------------------------------------------------------

    def unsettled(self) -> list[Any]:
        """Rounds that are not confirmed: account, invoice_number, number, state, error."""
        query = (
            select(submission.c.account, submission.c.invoice_number, round_.c.number, round_.c.state, round_.c.error)
            .join(submission, submission.c.id == round_.c.submission)
            .where(round_.c.state != "confirmed")
            .order_by(round_.c.id)
        )
        with self.office.database.reading() as c:
            return list(c.execute(query))

    def newest_step(self) -> tuple[int, str]:
        """The newest journal row's id and phase."""
        query = select(journal_table.c.id, journal_table.c.phase).order_by(journal_table.c.id.desc()).limit(1)
        with self.office.database.reading() as c:
            row = c.execute(query).one_or_none()
        return (0, "") if row is None else (row.id, row.phase)

    def rounds(self, stages_due: frozenset[tuple[str, str]] = frozenset()) -> list[OurRound]:
        """Every round there is. ``stages_due``: the invoices whose stage was read just now."""
        with self.office.database.reading() as c:
            phases: dict[int, list[str]] = defaultdict(list)
            steps = select(attempt.c.round, journal_table.c.phase).join(attempt)
            for row in c.execute(steps.order_by(journal_table.c.id)):
                phases[row.round].append(row.phase)
            query = (
                select(round_, submission.c.invoice_number, submission.c.stage, receipt.c.reference)
                .join(submission, submission.c.id == round_.c.submission)
                .join(receipt, receipt.c.round == round_.c.id, isouter=True)
                .order_by(round_.c.id)
            )
            return [
                OurRound(
                    account=row.account,
                    invoice=row.invoice_number,
                    number=row.number,
                    state=row.state,
                    reference=row.reference,
                    files=tuple((f.upload_name, f.document.sha256) for f in documents.of_round(c, row.id)),
                    phases=tuple(phases[row.id]),
                    stage=row.stage,
                    stage_due=(row.account, row.invoice_number) in stages_due,
                )
                for row in c.execute(query).all()
            ]

    def audit_problem(self) -> str | None:
        with self.office.database.reading() as c:
            rows, broken = audit.verify(c)
        return None if broken is None else f"the audit chain is broken at row {broken} of {rows}"

    def receipts(self) -> int:
        with self.office.database.reading() as c:
            return int(c.execute(select(func.count()).select_from(receipt)).scalar_one())

    def story(self, account: str, number: str) -> list[str]:
        """Every journal step and every look of one invoice, with times."""
        with self.office.database.reading() as c:
            row = submissions.find_one(c, number, account)
            lines = [
                f"{s.at:%H:%M:%S.%f} round {s.round_number} attempt {s.attempt} {s.phase} (fence {s.fence}, {s.who}) "
                f"{ {k: v for k, v in s.detail.items() if k != 'evidence'} or '' }"
                for s in journal.timeline(c, row.id)
            ]
            looks = (
                select(look, round_.c.number)
                .join(attempt, attempt.c.id == look.c.attempt)
                .join(round_, round_.c.id == attempt.c.round)
                .where(round_.c.submission == row.id)
            )
            lines += [f"{x.at:%H:%M:%S.%f} look at attempt {x.attempt}: {x.saw} {x.detail}" for x in c.execute(looks)]
            states = c.execute(select(round_).where(round_.c.submission == row.id).order_by(round_.c.number))
            ends = [f"now: round {x.number} is {x.state}, due {x.due_at:%H:%M:%S.%f}, {x.error or ''}" for x in states]
        return sorted(lines) + ends

    # -- a power cut ---------------------------------------------------------------------------------------------

    def copy_database(self, folder: Path) -> None:
        """The file as it lies there, with the journal that belongs to it."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.database_file.parent.glob(f"{self.database_file.name}*"):
            shutil.copyfile(path, folder / path.name)

    def put_back_database(self, folder: Path) -> None:
        self.office.close()
        for path in self.database_file.parent.glob(f"{self.database_file.name}*"):
            path.unlink()
        for path in folder.iterdir():
            shutil.copyfile(path, self.database_file.parent / path.name)
        shutil.rmtree(folder)

    def close(self) -> None:
        self.office.close()
