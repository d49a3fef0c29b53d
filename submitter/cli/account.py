"""`submitter account`: logins at portals. Passwords go into the keyring and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from submitter.cli.screen import local, opened, say, show_table
from submitter.queue.office import person
from submitter.queue.sessions import SessionStore
from submitter.secrets import backend_problem, has_secret, store_secret
from submitter.settings import customer_called
from submitter.store import accounts, submissions

_WAITS_FOR_A_PASSWORD = ("credentials-rejected", "password-expired", "configuration")


@click.group()
def account() -> None:
    """Logins at portals: add a password, list, pause, resume.

    Example: submitter account list
    """


@account.command()
@click.argument("customer")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@click.pass_obj
def add(home: Path, customer: str, password_stdin: bool) -> None:
    """Store the portal password of CUSTOMER's account in the keyring.

    On a machine without a keyring nothing is written; the choices are explained instead.

    Example: submitter account add tejas-resources
    """
    with opened(home) as office:
        one = customer_called(customer, office.customers).account
        problem = backend_problem()
        if problem:
            raise click.ClickException(
                f"The password of {one.id} was not stored, and never is in plain text: {problem}."
            )
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = click.prompt(f"Password of {one.user} at {one.address}", hide_input=True, err=True)
        if not password:
            raise click.ClickException("The password is empty; nothing was stored.")
        store_secret(one.id, "password", password)
        SessionStore(office.settings.data / "sessions").forget(one.id)
        with office.database.transaction() as c:
            row = accounts.read(c, one.id)
            resumed = row is not None and row.pause_code in _WAITS_FOR_A_PASSWORD
            if resumed:  # what it waited for is here
                accounts.resume(c, one.id, office.database.now(c), person(), "a new password was stored")
    say(f"The password of {one.user} at {one.address} is in the keyring.")
    if resumed:
        say(f"{one.id} is no longer paused.")


@account.command(name="list")
@click.pass_obj
def list_(home: Path) -> None:
    """List the accounts: portal, whether a password is stored, due work, and whether they are paused.

    Example: submitter account list
    """
    with opened(home) as office:
        with office.database.reading() as c:
            rows = {row.id: row for row in accounts.read_all(c)}
            due = {row: submissions.count_due(c, office.database.now(c), row) for row in rows}
        cells = []
        for one in (customer.account for customer in office.customers):
            row = rows[one.id]
            paused = f"since {local(row.paused_at)} by {row.paused_by}: {row.pause_reason}" if row.paused_at else ""
            password = "stored" if has_secret(one.id, "password") else "missing"
            cells.append((one.id, one.portal, one.user, password, due[one.id], local(row.last_visit_at), paused))
    if not cells:
        say(f"There are no customers yet: {office.settings.customers_folder} has no *.toml file.")
        return
    show_table("Accounts", ("Account", "Portal", "User", "Password", "Due", "Last visit", "Paused"), cells, ("Due",))


@account.command()
@click.argument("customer")
@click.option("--reason", required=True, help="Why, for whoever finds it paused.")
@click.pass_obj
def pause(home: Path, customer: str, reason: str) -> None:
    """Stop all visits to CUSTOMER's account, for every worker. Its work stays due.

    Example: submitter account pause tejas-resources --reason "portal migration this weekend"
    """
    with opened(home) as office:
        one = customer_called(customer, office.customers).account
        with office.database.transaction() as c:
            accounts.pause(c, one.id, office.database.now(c), person(), "person", reason)
    say(f"{one.id} is paused.")


@account.command()
@click.argument("customer")
@click.option("--reason", default="", help="What was put right.")
@click.pass_obj
def resume(home: Path, customer: str, reason: str) -> None:
    """Let visits to CUSTOMER's account begin again.

    Example: submitter account resume tejas-resources --reason "new password stored"
    """
    with opened(home) as office:
        one = customer_called(customer, office.customers).account
        with office.database.transaction() as c:
            row = accounts.read(c, one.id)
            if row is None or (row.paused_at is None and row.closed_until is None):
                say(f"{one.id} is not paused.")
                return
            accounts.resume(c, one.id, office.database.now(c), person(), reason)
    say(f"{one.id} is no longer paused.")
