"""Ledgerline in French and German: nothing is left in English, and figures and dates follow the language."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from submitter.practice import ledgerline
from submitter.practice.ledgerline.entry_pages import NUMBER_LABEL, RENAMED_NUMBER_LABEL, UPLOAD_FIELDS
from submitter.practice.ledgerline.languages import LANGUAGES
from submitter.practice.ledgerline.list_pages import COLUMNS
from submitter.practice.ledgerline.statuses import STATUSES
from tests.unit.practice.ledgerline_counter import LedgerlineBuyer, cells, errors, screen, tracking

HERE = Path(ledgerline.__file__).parent
TYPED = {
    "fr": {"invoice_date": "31/03/2026", "quantity-2": "40,5", "price-2": "1 095,00", "tax": "1\u202f234,56"},
    "de": {"invoice_date": "31.03.2026", "quantity-2": "40,5", "price-2": "1.095,00", "tax": "1.234,56"},
}
SHOWN = {
    "fr": ("45\u202f582,06 USD", "31/03/2026", "En attente d'envoi", "Aucun enregistrement trouvé."),
    "de": ("45.582,06 USD", "31.03.2026", "Einreichung ausstehend", "Keine Einträge gefunden."),
}


def said() -> set[str]:
    """Every English text that the pages turn into the language of the login."""
    found = {*STATUSES, *COLUMNS, *UPLOAD_FIELDS.values(), NUMBER_LABEL, RENAMED_NUMBER_LABEL}
    for page in (HERE / "templates").glob("*.html"):
        found.update(re.findall(r"\bt\(\"([^\"]+)\"", page.read_text(encoding="utf-8")))
    for module in HERE.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        found.update(re.findall(r"\bsay\(\s*\"([^\"]+)\"", text))
        for pair in re.findall(r"visit\.message\(\s*\d+,\s*\"([^\"]+)\",\s*\"([^\"]+)\"", text):
            found.update(pair)
    return found


@pytest.mark.parametrize("code", ["fr", "de"])
def test_every_text_is_translated_and_keeps_what_is_put_into_it(code: str) -> None:
    words = LANGUAGES[code].words
    assert len(said()) > 110
    assert sorted(said() - words.keys()) == []
    for english, other in words.items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", other)), english
    statuses = [words[status] for status in STATUSES]
    assert len(set(statuses)) == len(statuses)


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        ("en", "1,234.56", "1234.56"),
        ("fr", "1 234,56", "1234.56"),
        ("fr", "1\u00a0234,56", "1234.56"),
        ("de", "1.234,56", "1234.56"),
        ("de", "1234,5", "1234.5"),
        ("en", "1.234,56", None),
        ("fr", "1,234.56", None),
        ("fr", "1.234,56", None),
        ("de", "1 234,56", None),
        ("de", "1234.56", None),
    ],
)
def test_figures_are_read_in_one_language_only(code: str, text: str, value: str | None) -> None:
    assert LANGUAGES[code].read_number(text, 2) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("code", ["fr", "de"])
def test_the_whole_way_in_another_language(ledgerline_buyer: LedgerlineBuyer, code: str) -> None:
    total, day, status, nothing = SHOWN[code]
    clerk = ledgerline_buyer.add_clerk(code)
    assert clerk.sign_in().says(f'<html lang="{code}">')
    assert clerk.get("/area/search?number=nothing").says(nothing)
    draft = clerk.start_draft()
    assert LANGUAGES[code].date_hint in errors(clerk.fill(draft, "I-1", invoice_date="03/31/2026"))
    clerk.prepare("I-1", "", draft, **TYPED[code])
    page = clerk.submit(draft)
    assert screen(page) == "INV-040" and page.says(total) and page.says(status)
    (row,) = clerk.rows()
    assert row[3] == day and f"{row[5]} {row[6]}" == total and row[7] == status
    (booked,) = [each for each in ledgerline_buyer.ledger()["accepted"] if each["confirmation"] == tracking(page)]
    assert (booked["invoice_date"], booked["total"], booked["status"]) == (
        "2026-03-31",
        "45582.06",
        "Pending Submission",
    )


def test_the_language_is_a_setting_of_the_account(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk()
    clerk.sign_in()
    clerk.get("/area/profile")
    assert clerk.post("/area/profile", {"language": "de"}).says("Mein Profil")
    again = ledgerline_buyer.call("PUT", f"/logins/{clerk.user}", {"language": "fr"})
    assert again == {"user": clerk.user, "language": "fr"}
    assert cells(clerk.get("/area/home"))[0] == ["Statut", "Nombre de factures"]
    refused = ledgerline_buyer.call("PUT", f"/logins/{clerk.user}", {"language": "es"}, expect=400)
    assert "There is no language 'es'" in refused["error"]


def test_a_correction_is_prefilled_in_the_language(ledgerline_buyer: LedgerlineBuyer) -> None:
    clerk = ledgerline_buyer.add_clerk("de")
    clerk.sign_in()
    booked = tracking(clerk.submit(clerk.prepare("R-1", "", **TYPED["de"])))
    ledgerline_buyer.decide(booked, "Rejected", reason="Menge")
    assert clerk.rows()[0][7:] == ["Zurückgewiesen", "Menge"]
    clerk.get(f"/area/invoices/{booked}")
    page = clerk.post(f"/area/invoices/{booked}/correct")
    for value in ("31.03.2026", "40,5", "1.095,00", "1.234,56"):
        assert page.says(f'value="{value}"')
