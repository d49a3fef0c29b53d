"""`submitter account`: logins at portals. Passwords go into the keyring and nowhere else."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from submitter.adapters.one_time_codes import code_of, read_key, step_at
from submitter.cli.screen import age, local, opened, say, show_table
from submitter.cli.work import look_at
from submitter.errors import SecondFactor
from submitter.model.account import Account
from submitter.queue.office import Office, person
from submitter.queue.passwords import reminders
from submitter.queue.second_factor import KEY
from submitter.queue.sessions import SessionStore
from submitter.secrets import backend_problem, has_secret, store_secret
from submitter.settings import customer_called
from submitter.store import accounts, submissions

_WAITS_FOR_A_PASSWORD = ("credentials-rejected", "password-expired", "configuration")


@click.group()
def account() -> None:
    """Logins at portals: add a password, test or rotate it, list, pause, resume.

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
        _store_password(office, one, _new_password(one, from_stdin=password_stdin))


@account.command()
@click.argument("customer")
@click.option("--password-stdin", is_flag=True, help="Read the new password from standard input instead of asking.")
@click.option("--no-test", is_flag=True, help="Store it without signing in.")
@click.pass_obj
def rotate(home: Path, customer: str, password_stdin: bool, no_test: bool) -> int:
    """Store the new password of CUSTOMER's account, after it was changed at the portal, and sign in once to see.

    Example: submitter account rotate tejas-resources
    """
    with opened(home) as office:
        one = customer_called(customer, office.customers).account
        _store_password(office, one, _new_password(one, from_stdin=password_stdin))
        return 0 if no_test else _try_sign_in(office, one)


@account.command(name="second-factor")
@click.argument("customer")
@click.option("--key-stdin", is_flag=True, help="Read the key from standard input instead of asking.")
@click.pass_obj
def second_factor(home: Path, customer: str, key_stdin: bool) -> None:
    """Store the key of the authenticator that CUSTOMER's portal asks for, and show its code of this moment.

    Portals show the key as letters and digits beside the square code. Type the code that is shown here at the portal
    to finish setting it up; from then on the program enters codes by itself.

    Example: submitter account second-factor tejas-resources
    """
    with opened(home) as office:
        one = customer_called(customer, office.customers).account
        written = sys.stdin.readline() if key_stdin else click.prompt(f"Key of {one.user}", hide_input=True, err=True)
        try:
            key = read_key(str(written))
        except ValueError as error:
            raise click.ClickException(f"Nothing was stored: {error}.") from None
        store_secret(one.id, KEY, str(written).strip())
        with office.database.transaction() as c:
            row = accounts.read(c, one.id)
            resumed = row is not None and row.pause_code == SecondFactor.code
            if resumed:
                accounts.resume(c, one.id, office.database.now(c), person(), "the key of its authenticator was stored")
    say(f"The key is in the keyring. The code of this moment is {code_of(key, step_at(time.time()))}.")
    if resumed:
        say(f"{one.id} is no longer paused.")


@account.command()
@click.argument("customer")
@click.pass_obj
def test(home: Path, customer: str) -> int:
    """Sign in for CUSTOMER once with the stored password. A refused one pauses the account, as in any visit.

    Example: submitter account test tejas-resources
    """
    with opened(home) as office:
        return _try_sign_in(office, customer_called(customer, office.customers).account)


def _try_sign_in(office: Office, one: Account) -> int:
    report = look_at(office, one, headed=False, only_sign_in=True)
    if report is not None:
        say(f"{one.address} takes the password of {one.user}.")
    return 0 if report is not None else 1


def _new_password(one: Account, *, from_stdin: bool) -> str:
    problem = backend_problem()
    if problem:
        raise click.ClickException(f"The password of {one.id} was not stored, and never is in plain text: {problem}.")
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt(f"Password of {one.user} at {one.address}", hide_input=True, err=True)
    if not password:
        raise click.ClickException("The password is empty; nothing was stored.")
    return str(password)


def _store_password(office: Office, one: Account, password: str) -> None:
    store_secret(one.id, "password", password)
    SessionStore(office.settings.data / "sessions").forget(one.id)
    with office.database.transaction() as c:
        now = office.database.now(c)
        accounts.note_password(c, one.id, now, person())
        row = accounts.read(c, one.id)
        resumed = row is not None and row.pause_code in _WAITS_FOR_A_PASSWORD
        if resumed:  # what it waited for is here
            accounts.resume(c, one.id, now, person(), "a new password was stored")
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
            now, stored = office.database.now(c), accounts.passwords_stored_at(c)
            due = {row: submissions.count_due(c, now, row) for row in rows}
        cells = []
        for one in (customer.account for customer in office.customers):
            row = rows[one.id]
            paused = f"since {local(row.paused_at)} by {row.paused_by}: {row.pause_reason}" if row.paused_at else ""
            old = f" {age(stored[one.id], now)} ago" if one.id in stored else ""
            password = f"stored{old}" if has_secret(one.id, "password") else "missing"
            cells.append((one.id, one.portal, one.user, password, due[one.id], local(row.last_visit_at), paused))
        told = reminders(office, rows)
    if not cells:
        say(f"There are no customers yet: {office.settings.customers_folder} has no *.toml file.")
        return
    show_table("Accounts", ("Account", "Portal", "User", "Password", "Due", "Last visit", "Paused"), cells, ("Due",))
    for words in told:
        say(words)


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
