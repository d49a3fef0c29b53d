"""Bad input gets one clear sentence, a non-zero exit and nothing lost; never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from submitter.cli.main import COMMANDS, call, cli
from submitter.practice.shop import ShopExport, make_export
from submitter.queue.office import open_office
from submitter.store import leases, submissions

CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
[rules]
coding_required = true
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    customers = tmp_path / "home" / "config" / "customers"
    customers.mkdir(parents=True)
    (customers / "tejas-resources.toml").write_text(CUSTOMER)
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = call(["--home", str(home), *map(str, arguments)])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert not (home / "data" / "errors.log").exists(), said.err
        return code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> ShopExport:
    return make_export(tmp_path_factory.mktemp("erp"), 31, today=datetime.now(UTC).date())


def one_sentence(words: str) -> str:
    lines = [line for line in words.splitlines() if line]
    assert len(lines) == 1, words
    return lines[0]


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", one) for sub, one in command.commands.items()]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_help_with_an_example_that_parses(name: str, command: click.Command, run: Run) -> None:
    code, out, _ = run(*name.split(), "--help")
    assert code == 0 and "Example: submitter " in out
    assert command.help is not None


def test_a_command_that_does_not_exist(run: Run) -> None:
    code, _, err = run("intaek")
    assert code == 2 and "did you mean 'intake'?" in err


def test_an_option_that_does_not_exist(run: Run) -> None:
    code, _, err = run("work", "--until-idel")
    assert code == 2 and "--until-idle" in err


def test_a_folder_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run("intake", tmp_path / "nowhere")
    assert code == 1 and "There is no folder" in one_sentence(err)


def test_a_file_where_a_folder_should_be(run: Run, tmp_path: Path) -> None:
    (tmp_path / "invoice.pdf").write_bytes(b"%PDF-1.7")
    code, _, err = run("intake", tmp_path / "invoice.pdf")
    assert code == 1 and "is a file, not a folder" in one_sentence(err)


def test_a_folder_without_invoices(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, err = run("intake", tmp_path / "empty")
    assert code == 1 and "holds no invoices" in one_sentence(err)


def test_a_manifest_with_a_wrong_column(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "invoices.csv").write_text("file,invoice_nubmer,customer,po_number\n")
    code, _, err = run("intake", tmp_path / "in")
    assert code == 1
    assert "invoice_nubmer" in one_sentence(err) and "did you mean" in err and "invoice_number" in err


def test_a_broken_pdf_and_an_unknown_customer_block_themselves_and_nothing_else(
    run: Run, home: Path, export: ShopExport, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for path in export.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    good, stranger, *_ = [invoice for invoice in export.invoices if invoice.trait.name == "GOOD"]
    broken = export.invoices[-1]
    (folder / broken.file).write_bytes(b"%PDF-1.7 and then nothing")
    manifest = (folder / "invoices.csv").read_text(encoding="utf-8").splitlines()
    rows = [
        line.replace("Tejas Resources", "Tejas Resorces") if line.startswith(stranger.file) else line
        for line in manifest
    ]
    (folder / "invoices.csv").write_text("\n".join(rows), encoding="utf-8")
    code, out, _ = run("intake", folder, "--format", "json")
    items = {item["file"]: item for item in json.loads(out)}
    assert code == 0
    assert items[good.file]["verdict"] == "good"
    assert items[stranger.file]["verdict"] == "blocked"
    assert "did you mean" in items[stranger.file]["findings"][0]["sentence"]
    assert items[broken.file]["verdict"] == "blocked"
    with open_office(home).database.reading() as c:
        assert good.number in {row.invoice_number for row in submissions.listing(c)}


def test_taking_the_same_folder_in_twice_queues_nothing_twice(run: Run, export: ShopExport) -> None:
    _, first, _ = run("intake", export.folder, "--format", "json")
    _, again, _ = run("intake", export.folder, "--format", "json")
    queued = {item["invoice"] for item in json.loads(first) if item["verdict"] == "good"}
    second = {item["invoice"]: item for item in json.loads(again) if item["verdict"] == "duplicate"}
    assert len(queued) == 7 and queued <= set(second)
    assert "the submission of" in second[sorted(queued)[0]]["duplicate_of"]


def test_a_customer_unknown_to_the_configuration(run: Run) -> None:
    code, _, err = run("poll", "--customer", "Tejas Resorces")
    assert code == 1 and "did you mean 'Tejas Resources'?" in one_sentence(err)


def test_no_customers_at_all(run: Run, home: Path, tmp_path: Path) -> None:
    (home / "config" / "customers" / "tejas-resources.toml").unlink()
    code, _, err = run("work")
    assert code == 1 and "no customers yet" in one_sentence(err)


def test_a_customer_file_with_an_unknown_key(run: Run, home: Path) -> None:
    path = home / "config" / "customers" / "tejas-resources.toml"
    path.write_text(CUSTOMER.replace("coding_required", "coding_requierd"))
    code, _, err = run("queue")
    assert code == 1
    assert "coding_requierd" in one_sentence(err) and "did you mean 'coding_required'?" in err and str(path) in err


def test_an_invoice_nobody_submitted(run: Run) -> None:
    for words in (("show",), ("withdraw", "--reason", "x"), ("retry",), ("resolve", "--not-sent", "--reason", "x")):
        code, _, err = run(words[0], "NMW-0", *words[1:])
        assert code == 1 and "No invoice 'NMW-0' was submitted" in one_sentence(err)


def test_a_second_resubmission_while_the_first_is_on_its_way(run: Run, export: ShopExport) -> None:
    run("intake", export.folder)
    number = export.invoices[0].number
    code, _, err = run("resubmit", number, "--cause", "other")
    assert code == 1 and "has not ended yet" in one_sentence(err)


def test_a_proof_of_delivery_that_is_not_there(run: Run, export: ShopExport, tmp_path: Path) -> None:
    run("intake", export.folder)
    number = export.invoices[0].number
    run("withdraw", number, "--reason", "to free it")
    code, _, err = run("resubmit", number, "--cause", "pod-missing", "--pod", tmp_path / "none.pdf")
    assert code == 1 and "none.pdf" in one_sentence(err)


def test_a_second_worker_on_the_same_account_says_so_and_does_nothing(run: Run, home: Path, export: ShopExport) -> None:
    run("intake", export.folder)
    office = open_office(home)
    with office.database.transaction() as c:
        now = office.database.now(c)
        leases.take(c, "tejas-resources", "another-host/4711", now, timedelta(minutes=5))
    code, _, err = run("work", "--until-idle")
    assert code == 1
    assert "another-host/4711 is visiting this account; nothing was done here" in one_sentence(err)
    with office.database.reading() as c:
        assert {row.state for row in submissions.listing(c)} == {"queued"}
    office.close()


def test_account_add_without_a_keyring_explains_and_writes_nothing(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.set_keyring(NoKeyring())
    code, _, err = run("account", "add", "tejas-resources")
    assert code == 1
    assert "never is in plain text" in err and "SUBMITTER_SECRETS_FOLDER" in err
    assert not any("password" in path.name for path in home.rglob("*"))


def test_a_missing_password_names_the_remedy_and_loses_nothing(run: Run, home: Path, export: ShopExport) -> None:
    run("intake", export.folder)
    code, out, err = run("account", "list")
    assert code == 0 and "missing" in out and not err


def test_a_database_that_is_no_database(run: Run, home: Path) -> None:
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / "submitter.sqlite").write_bytes(b"this is not a database, it is a letter to the customer" * 99)
    code, _, err = run("queue")
    assert code == 1 and "The database cannot be opened" in one_sentence(err)


def test_an_unforeseen_failure_is_one_sentence_and_a_log(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("submitter.cli.work.submissions.listing", lambda *_: 1 / 0)
    assert call(["--home", str(home), "queue"]) == 1
    assert "ZeroDivisionError" in one_sentence(capsys.readouterr().err)
    assert "Traceback" in (home / "data" / "errors.log").read_text()
