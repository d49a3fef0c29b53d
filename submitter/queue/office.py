"""What every part of a running program needs: settings, customers, the database and the vault, opened once."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from submitter.documents.vault.vault import Vault, open_vault
from submitter.errors import ConfigurationError
from submitter.model.account import Account, Customer
from submitter.settings import Settings, read_customers, read_settings
from submitter.store import accounts
from submitter.store.database import Database, open_database


@dataclass(frozen=True)
class Office:
    settings: Settings
    customers: tuple[Customer, ...]
    database: Database
    vault: Vault

    def account(self, identity: str) -> Account:
        for customer in self.customers:
            if customer.account.id == identity:
                return customer.account
        raise ConfigurationError(f"The account {identity!r} is in the database, but no customer file describes it.")

    def customer(self, identity: str) -> Customer | None:
        return next((customer for customer in self.customers if customer.id == identity), None)

    def close(self) -> None:
        self.database.close()
        self.vault.close()


def open_office(home: Path) -> Office:
    """Read the settings, open and migrate the database, and make every configured account known to it."""
    settings = read_settings(home)
    customers = read_customers(settings)
    vault = open_vault(settings.documents(), encrypted=settings.documents_encrypted)
    database = open_database(settings.database())
    with database.transaction() as c:
        accounts.register(c, (customer.account for customer in customers))
    return Office(settings, customers, database, vault)


def person() -> str:
    """Who is at the keyboard, for the audit log."""
    return os.environ.get("SUBMITTER_PERSON") or getpass.getuser()


def holder() -> str:
    """This process, for people who look at a lease."""
    return f"{socket.gethostname()}/{os.getpid()}"
