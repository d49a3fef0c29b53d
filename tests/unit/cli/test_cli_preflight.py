"""`submitter preflight` shows everything at once and stores nothing; a resubmission goes under the number wanted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from submitter.cli.main import call
from submitter.model.portal import Receipt, ReceiptSource, Stage
from submitter.model.submission import RoundState
from submitter.practice.shop import ShopExport, Trait, make_export
from submitter.queue.office import open_office
from submitter.store import journal, submissions
from submitter.store.tables import attempt, round_, submission

CUSTOMER = """
name = "Tejas Resources"
[account]
portal = "fieldgate"
address = "http://127.0.0.1:9"
user = "billing@northline.example"
"""
SABINE = CUSTOMER.replace("Tejas Resources", "Sabine Energy")

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


@pytest.fixture
def good(export: ShopExport, tmp_path: Path) -> tuple[Path, Path, str]:
    """The folder with one invoice in order and no list, its ticket, and its number."""
    one = next(invoice for invoice in export.invoices if invoice.trait is Trait.GOOD)
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(export.folder / f"{one.number}.pdf", folder)
    ticket = next(path for path in export.folder.glob("ticket-*.pdf") if one.ticket in path.name)
    shutil.copy(ticket, folder / ticket.name)
    return folder / f"{one.number}.pdf", folder / ticket.name, one.number


def rules(home: Path, text: str, name: str = "tejas-resources", beneath: str = CUSTOMER) -> None:
    (home / "config" / "customers" / f"{name}.toml").write_text(f"{beneath}\n[rules]\n{text}\n")


def answer(run: Run, *arguments: object) -> tuple[int, dict[str, Any]]:
    code, out, _ = run("preflight", *arguments, "--format", "json")
    return code, json.loads(out)


def test_a_good_invoice_passes_and_nothing_is_stored(run: Run, home: Path, good: tuple[Path, Path, str]) -> None:
    file, pod, number = good
    before = sorted(home.rglob("*"))
    code, out, _ = run("preflight", file, "--customer", "tejas-resources", "--pod", pod)
    assert code == 0, out
    assert "1 invoice: 1 would be queued, 0 blocked, 0 duplicates. Nothing was stored." in out
    assert number in out
    assert sorted(home.rglob("*")) == before, "no database, no data folder"


def test_everything_is_shown_at_once_with_rule_reason_and_whose_rule_it_is(
    run: Run, home: Path, good: tuple[Path, Path, str]
) -> None:
    rules(home, 'coding_required = true\nnumber_pattern = "[0-9]+"\nlines_required = true')
    (home / "config" / "portals").mkdir()
    (home / "config" / "portals" / "fieldgate.toml").write_text("[rules]\nnumber_max_length = 3\n")
    code, found = answer(run, good[0], "--customer", "Tejas Resources")
    [invoice] = found["invoices"]
    told = {one["rule"]: (one["severity"], one["reason"], one["source"]) for one in invoice["findings"]}
    assert code == 1
    assert told["invoice.number-pattern"] == ("blocks", "REF", "customer")
    assert told["invoice.number-length"] == ("blocks", "REF", "config/portals/fieldgate.toml")
    assert told["invoice.coding"] == ("blocks", "REF", "customer")
    assert told["documents.pod-missing"] == ("blocks", "DEL", "")
    assert (invoice["verdict"], found["blocks"], found["compared_with_earlier"]) == ("blocked", 4, False)
    code, out, _ = run("preflight", good[0], "--customer", "Tejas Resources")
    assert code == 1
    for words in ("BLOCKS", "invoice.number-pattern", "REF", "config/portals/fieldgate", "NMW-"):
        assert words in out


def test_warnings_alone_end_with_nought(run: Run, home: Path, good: tuple[Path, Path, str], tmp_path: Path) -> None:
    rules(home, '[rules.severity]\n"invoice.coding" = "warns"')
    strange = tmp_path / "scan.pdf"
    shutil.copy(good[1], strange)
    code, found = answer(run, good[0], "--pod", strange)
    [invoice] = found["invoices"]
    assert (code, invoice["verdict"], invoice["customer"]) == (0, "passes", "tejas-resources")
    assert invoice["proofs_of_delivery"] == ["scan.pdf"]


def test_a_proof_that_names_nothing_of_the_invoice_is_said(
    run: Run, export: ShopExport, good: tuple[Path, Path, str]
) -> None:
    other = next(path for path in sorted(export.folder.glob("NMW-*.pdf")) if path.name != good[0].name)
    _, found = answer(run, good[0], "--pod", other)
    [invoice] = found["invoices"]
    assert "pod.not-named" in [one["rule"] for one in invoice["findings"]]


def test_a_folder_is_looked_at_as_intake_would(run: Run, export: ShopExport) -> None:
    code, found = answer(run, export.folder)
    assert code == 1
    verdicts = [one["verdict"] for one in found["invoices"]]
    assert sorted(verdicts) == ["blocked"] * 3 + ["duplicate"] + ["passes"] * 7
    code, out, _ = run("intake", export.folder, "--format", "json")
    same = {"good": "passes"}
    assert [same.get(one["verdict"], one["verdict"]) for one in json.loads(out)] == verdicts


def test_an_invoice_beside_its_list_has_its_row(run: Run, home: Path, export: ShopExport) -> None:
    rules(home, "coding_required = true")
    one = next(invoice for invoice in export.invoices if invoice.trait is Trait.GOOD)
    _, found = answer(run, export.folder / f"{one.number}.pdf")
    [invoice] = found["invoices"]
    assert invoice["invoice"] == one.number
    assert "invoice.coding" not in [finding["rule"] for finding in invoice["findings"]]


def test_what_was_submitted_before_is_known_once_there_is_a_database(run: Run, export: ShopExport) -> None:
    one = next(invoice for invoice in export.invoices if invoice.trait is Trait.GOOD)
    run("intake", export.folder)
    code, found = answer(run, export.folder / f"{one.number}.pdf")
    assert found["compared_with_earlier"] is True
    assert found["invoices"][0]["verdict"] == "duplicate"
    assert code == 0


def test_orders_may_be_given_by_hand(
    run: Run, export: ShopExport, good: tuple[Path, Path, str], tmp_path: Path
) -> None:
    orders = tmp_path / "open orders.csv"
    text = (export.folder / "orders.csv").read_text(encoding="utf-8")
    orders.write_text(text.replace("USD", "EUR"), encoding="utf-8")
    _, found = answer(run, good[0], "--pod", good[1], "--orders", orders)
    assert "order.currency" in [one["rule"] for one in found["invoices"][0]["findings"]]
    code, _, err = run("preflight", good[0], "--orders", tmp_path / "none.csv")
    assert code == 1
    assert "none.csv" in err


def test_another_customer_may_be_meant(run: Run, home: Path, good: tuple[Path, Path, str]) -> None:
    (home / "config" / "customers" / "sabine.toml").write_text(SABINE)
    _, found = answer(run, good[0], "--pod", good[1], "--customer", "sabine")
    [invoice] = found["invoices"]
    assert invoice["customer"] == "sabine"
    [said] = [one for one in invoice["findings"] if one["rule"] == "customer.differs"]
    assert said["sentence"].endswith("you look at it as one for Sabine Energy.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.pdf",), "There is no file "),
        (("plain.pdf",), "plain.pdf carries no electronic invoice, and no list beside it names it"),
        (("torn.pdf",), "torn.pdf"),
        (("plain.pdf", "--customer", "Tejsa Resources"), "did you mean 'Tejas Resources'?"),
    ],
)
def test_a_wrong_call_gets_one_sentence(run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415  only here

    canvas = Canvas(str(tmp_path / "plain.pdf"))
    canvas.drawString(72, 720, "Dear customer")
    canvas.save()
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7\nnothing behind")
    code, out, err = run("preflight", tmp_path / arguments[0], *arguments[1:])
    assert code == 1
    assert words in err
    assert len([line for line in err.splitlines() if line]) == 1, err
    assert out == ""


def test_a_home_without_customers_says_so(run: Run, home: Path, good: tuple[Path, Path, str]) -> None:
    (home / "config" / "customers" / "tejas-resources.toml").unlink()
    code, _, err = run("preflight", good[0])
    assert code == 1
    assert "There are no customers yet" in err


def test_proofs_for_a_whole_folder_are_a_wrong_call(run: Run, export: ShopExport) -> None:
    assert run("preflight", export.folder, "--pod", "x.pdf")[0] == 2


# -- again, under another number -----------------------------------------------------------------------------------


@pytest.fixture
def rejected(run: Run, home: Path, good: tuple[Path, Path, str]) -> str:
    """An invoice that the portal took and rejected."""
    run("intake", good[0].parent)
    office = open_office(home)
    with office.database.transaction() as c:
        row = submissions.find_one(c, good[2])
        last = submissions.last_round(c, row.id)
        now = office.database.now(c)
        values = {"round": last.id, "fence": 1, "holder": "w", "opened_at": now}
        identity = c.execute(attempt.insert().values(values).returning(attempt.c.id)).scalar_one()
        receipt = Receipt(reference="R-1", words="Taken", at=now, source=ReceiptSource.COMMIT)
        journal.keep_receipt(c, identity, receipt)
        c.execute(update(round_).values(state=RoundState.CONFIRMED))
        c.execute(update(submission).values(stage=Stage.REJECTED))
    office.close()
    return good[2]


def test_a_customer_who_wants_another_number_gets_it(run: Run, home: Path, rejected: str) -> None:
    rules(home, 'resubmission_suffix = "required"\nsuffix_pattern = "-R[0-9]"')
    code, _, err = run("resubmit", rejected, "--cause", "other")
    assert code == 1
    assert f"say which: --number {rejected}-R2." in err
    code, out, err = run("resubmit", rejected, "--cause", "other", "--number", f"{rejected}-R2")
    assert code == 0, err
    assert f"It goes to the portal as {rejected}-R2" in out
    assert last_round(home, rejected) == (2, f"{rejected}-R2")
    code, _, err = run("withdraw", rejected, "--reason", "the PDF still said the old number")
    assert code == 0, err
    code, _, err = run("resubmit", rejected, "--cause", "other")
    assert code == 0, err
    assert last_round(home, rejected) == (3, f"{rejected}-R2"), "nobody has seen that number, so it is not used up"


def last_round(home: Path, number: str) -> tuple[int, str]:
    """The last round's own number, and the invoice number that it carries to the portal."""
    office = open_office(home)
    with office.database.reading() as c:
        row = submissions.find_one(c, number)
        work = submissions.read_round(c, submissions.last_round(c, row.id).id)
    office.close()
    return work.number, work.invoice.number


def test_the_portals_profile_forbids_another_number(run: Run, rejected: str) -> None:
    code, _, err = run("resubmit", rejected, "--cause", "other", "--number", f"{rejected}A")
    assert code == 1
    assert f"wants a resubmission under the same number, {rejected} (Fieldgate profile)" in err


def test_the_number_of_another_invoice_is_not_taken(run: Run, home: Path, rejected: str) -> None:
    rules(home, 'resubmission_suffix = "allowed"')
    office = open_office(home)
    with office.database.transaction() as c:
        row = submissions.find_one(c, rejected)
        work = submissions.read_round(c, submissions.last_round(c, row.id).id)
        other = work.invoice.model_copy(update={"number": f"{rejected}A"})
        submissions.add(c, row.account, row.customer, other, work.files, office.database.now(c), "test")
    office.close()
    code, _, err = run("resubmit", rejected, "--cause", "other", "--number", f"{rejected}A")
    assert code == 1
    assert "was submitted for another invoice of Tejas Resources" in err


def test_a_number_in_another_case_is_said_at_intake(
    run: Run, home: Path, rejected: str, good: tuple[Path, Path, str], tmp_path: Path
) -> None:
    office = open_office(home)
    with office.database.transaction() as c:
        c.execute(update(submission).values(invoice_number=rejected.lower()))
    office.close()
    _, out, _ = run("intake", good[0].parent, "--format", "json")
    [item] = json.loads(out)
    assert [(one["rule"], one["severity"]) for one in item["findings"]] == [("invoice.number-similar", "warns")]
    assert f"was already submitted as {rejected.lower()} on" in item["findings"][0]["sentence"]
