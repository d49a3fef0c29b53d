"""Flow files: what is wrong with one is said in one sentence with its place, before any portal is visited."""

from __future__ import annotations

import shutil
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submitter.adapters import catalogue
from submitter.adapters.flow.adapter import FlowAdapter, flow_adapter
from submitter.adapters.flow.flow_file import read_flow
from submitter.adapters.flow.vocabulary import (
    DATE_FORMATS,
    PLACEHOLDERS,
    Placeholder,
    facts_of_invoice,
    parsed,
    read_date,
    read_money,
    taken_apart,
    written,
)
from submitter.adapters.visit import Visit
from submitter.errors import ConfigurationError, DocumentRefused, PageUnknown
from submitter.model.invoice import Invoice
from submitter.model.money import NUMBER_LOCALES, Money

GATEHOUSE = Path(__file__).parents[2] / "acceptance" / "gatehouse"
WHOLE = (GATEHOUSE / "flow.toml").read_text(encoding="utf-8")


def refused(folder: Path, text: str) -> str:
    """The sentence with which this flow is refused, without the file's path."""
    (folder / "flow.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_flow(folder)
    assert "\n" not in caught.value.message
    return caught.value.message.removeprefix(f"{folder / 'flow.toml'}: ")


def test_the_whole_flow_is_read() -> None:
    flow = read_flow(GATEHOUSE)
    assert [step.verb for step in flow.commit] == ["commit", "read", "read"]
    assert flow.lists["invoices"].wanted[-1] == "Revision"


BROKEN = [
    # verbs and keys
    ('fill = "Major"', 'fil = "Major"', "prepare, step 7: 'fil' is not a verb (did you mean 'fill'?)."),
    ('upload = "Invoice copy"', 'script = "x()"', "prepare, step 14: there is no verb among script, files (known: "),
    (
        'fill = "Major"',
        'fill = "Major"\nclick = "Major"',
        "prepare, step 7: a step has one verb, and this one has fill",
    ),
    ('value = "{coding.major}"', 'valeu = "x"', "prepare, step 7: the key 'valeu' is unknown (did you mean 'value'?)."),
    ("[pages]", "[paegs]\n[pages]", "the key 'paegs' is unknown (did you mean 'pages'?)."),
    (
        'table = "Invoices"',
        'tabel = "Invoices"',
        "lists, invoices: the key 'tabel' is unknown (did you mean 'table'?).",
    ),
    ('status = "Status"', 'stats = "Status"', "lists, invoices, columns: the key 'stats' is unknown (did you mean"),
    ('files = ["invoice"]', 'files = ["invioce"]', "prepare, step 14, files, number 1: Input should be 'invoice'"),
    (
        'fill = "Major"\nvalue = "{coding.major}"',
        'fill = "Major"',
        "prepare, step 7: fill needs either value or lines.",
    ),
    ('then = "order"', "", "prepare, step 1, then: this is missing."),
    # placeholders and formats
    ("{coding.major}", "{coding.mayor}", "there is no placeholder {coding.mayor} (did you mean 'coding.major'?)."),
    ("{invoice.tax}", "{invoice.tax:plian}", "{invoice.tax} has no format 'plian' (did you mean 'plain'?)."),
    ("{invoice.date}", "{invoice.date:plain}", "{invoice.date} has no format 'plain' (known: british, digits, german"),
    ("{coding.minor}", "{coding.minor", "has a brace that belongs to no {placeholder}."),
    ("{invoice.po_number}", "{secret.password}", "{secret.password} cannot be used here; what can is account.user"),
    ("{account.user}", "{invoice.number}", "sign_in, step 2 (fill 'User name'): {invoice.number} cannot be used here"),
    ("q={invoice.number}", "q={invoice.po_number}", "find, step 1 (open '/invoices?q={invoice.po_number}'): "),
    ('role = "radio", name = "AFE"', 'label = "{coding.cost_object}"', "a locator holds the portal's words alone"),
    # pages, lists, errors
    ('then = "order"', 'then = "ordre"', "there is no page 'ordre' (did you mean 'order'?)."),
    (
        'when = "code"',
        'when = "review"',
        "sign_in, step 5 (fill 'Six-digit code'): no step before this one arrives at 'r",
    ),
    ('read_table = "invoices"', 'read_table = "invoice"', "there is no list 'invoice' (did you mean 'invoices'?)."),
    ('page = "invoices"', 'page = "invoice_list"', "lists.invoices: there is no page 'invoice_list'"),
    ('page = "code"', 'page = "cod"', "interruptions 4: there is no page 'cod' (did you mean 'code'?)."),
    ('"session-lost"', '"sesion-lost"', "interruptions, number 3: a portal cannot mean 'sesion-lost' (did you mean"),
    ('"session-lost"', '"outcome-unknown"', "interruptions, number 3: a portal cannot mean 'outcome-unknown'"),
    ('path = "/drafts/[^/]+/review"', 'path = "/drafts/[^/+/review"', "pages, review, path: the path"),
    ('"Sign in to Fieldgate" }', '"Sign in", css = "h1" }', "exactly one of test_id, role, label, text, css, headers"),
    (
        'role = "button", name = "Create',
        'role = "buton", name = "Create',
        "pages, order, landmark, role: Input should be",
    ),
    ('{ role = "table", name = "Invoice journal" }', '{ role = "table" }', "role and name belong together."),
    ('empty = ["No invoices match your search.", "You have no invoices yet."]', "", "silence proves nothing."),
    ('next = "Next"', "", "next must say what leads to the next page"),
    # what must be there, and where
    ('into = "{invoice.total}"', 'into = "{invoice.net}"', "read_back: the review must be read for {invoice.total}"),
    ('into = "files"\ncolumns = { name = "Name", sha256 = "Fingerprint" }', "", 'into must be "lines" or "files".'),
    ('columns = { name = "Name"', 'columns = { nmae = "Name"', "the columns of files are name, sha256, size."),
    (
        'into = "{receipt.words}"',
        'into = "{receipt.reference}"',
        "commit: the receipt must be read for {receipt.words}",
    ),
    ('into = "{invoice.total}"', 'into = "{receipt.words}"', "{receipt.words} cannot be used here"),
    ('commit = "Submit invoice"', 'click = "Submit invoice"', "there must be exactly one commit step, and there are 0"),
    ("[[commit]]\ncommit", '[[commit]]\ncommit = "Submit"\nthen = "receipt"\n[[commit]]\ncommit', "and there are 2."),
    ("[[commit]]\ncommit", "[[prepare]]\ncommit", "prepare, step 18 (commit 'Submit invoice'): prepare cannot commit"),
    ("[[commit]]\ncommit", '[[commit]]\nclick = "Ok"\nthen = "receipt"\n[[commit]]\ncommit', "leads nowhere."),
    (
        "[[commit]]\nread = ",
        '[[commit]]\nclick = "Ok"\n[[commit]]\nread = ',
        "the receipt is read, and nothing is done",
    ),
    (
        '[[prepare]]\nopen = "/orders/{invoice.po_number}"\nthen = "order"',
        "",
        "prepare: the first step must open a page.",
    ),
    (
        '[[probe]]\nopen = "/invoices"\nthen = "invoices"\n\n[[probe]]\nread_table = "invoices"',
        "",
        "probe: this is missing.",
    ),
    ('[[readings]]\nread_table = "invoices"', "", "readings: the last step, and no other, must read_table"),
    (
        'click = "Upload"\nthen = "attachments"',
        'click = "Upload"\nredraws = true',
        "redraws and accepts_dialog need a then",
    ),
    (
        'value = "{secret.password}"',
        'value = "{secret.pasword}"',
        "there is no placeholder {secret.pasword} (did you mean",
    ),
    (
        'fill = "Password"',
        'choose = "Password"',
        "sign_in, step 3 (choose 'Password'): a secret is only ever filled in.",
    ),
    (
        "[[find]]\nopen",
        '[[find]]\nfill = "Lines"\nlines = { number = "Line", quantity = "Qty" }\n[[find]]\nopen',
        "find: the",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_flow_is_refused_with_one_sentence(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    assert right in WHOLE
    assert sentence in refused(tmp_path, WHOLE.replace(right, wrong, 1))


def test_what_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path, "[pages")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_flow(tmp_path / "nowhere")


def test_a_list_in_a_file_cannot_prove_that_an_invoice_is_not_there(tmp_path: Path) -> None:
    text = WHOLE.replace('table = "Invoices"\n', 'handed_out = { press = "Export" }\n')
    assert "cannot show that an invoice is not there" in refused(tmp_path, text)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flow_with_anything_in_the_place_of_anything_is_read_or_refused_with_a_sentence(
    tmp_path: Path, data: st.DataObject
) -> None:
    raw: Any = tomllib.loads(WHOLE)
    place = raw
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(
                st.sampled_from(["", "{", "{x.y}", "x", 7, True, [], {}, [{}], ["x"], {"x": 1}, -1.5])
            )
            break
        place = place[key]
    (tmp_path / "flow.toml").write_text(_as_toml(raw), encoding="utf-8")
    try:
        read_flow(tmp_path)
    except ConfigurationError as error:
        assert "\n" not in error.message and str(tmp_path) in error.message


def _as_toml(raw: dict[str, Any]) -> str:
    return "".join(f"{_quoted(key)} = {_value(value)}\n" for key, value in raw.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# -- what is written and read --------------------------------------------------------------------------------------


def locale_of(name: str, dates: str = "%m/%d/%Y") -> Any:
    """What a visit of a portal that writes so can do with values."""
    here = SimpleNamespace(manifest=SimpleNamespace(locale=name, date_format=dates))
    here.write_number = lambda value: Visit.write_number(here, value)
    here.write_money = lambda amount: Visit.write_money(here, amount)
    here.write_date = lambda day: Visit.write_date(here, day)
    here.read_date = lambda words: Visit.read_date(here, words)
    here.read_money = lambda words, currency=None: Visit.read_money(here, words, currency)
    return here


INVOICE = Invoice(
    number="N-1/ü",
    issue_date=date(2026, 2, 3),
    currency="EUR",
    po_number="450",
    net=Money.of("1234.50", "EUR"),
    tax=Money.of("0.00", "EUR"),
    total=Money.of("1234.50", "EUR"),
)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{invoice.number}", "N-1/ü"),
        ("{invoice.number:upper} of {invoice.date}", "N-1/Ü of 02/03/2026"),
        ("{invoice.number:digits}", "1"),
        ("{invoice.date:iso}", "2026-02-03"),
        ("{invoice.date:german}", "03.02.2026"),
        ("{invoice.date:digits}", "20260203"),
        ("{invoice.total}", "1234,50"),
        ("{invoice.total:plain} {invoice.currency}", "1234.50 EUR"),
        ("{invoice.total:digits}", "123450"),
    ],
)
def test_values_are_written_as_the_format_says(template: str, text: str) -> None:
    assert written(template, facts_of_invoice(INVOICE), locale_of("de-DE")) == text


@pytest.mark.parametrize("template", ["{coding.approver}", "{invoice.due_date}", "x {invoice.buyer_reference}"])
def test_what_the_invoice_does_not_have_is_never_left_blank(template: str) -> None:
    with pytest.raises(DocumentRefused, match="this invoice does not have it"):
        written(template, facts_of_invoice(INVOICE), locale_of("de-DE"))


@given(day=st.dates(min_value=date(1900, 1, 1)), form=st.sampled_from(["", *DATE_FORMATS]))
def test_a_date_that_was_written_is_read_as_the_same(day: date, form: str) -> None:
    template = f"{{invoice.date{':' + form if form else ''}}}"
    text = written(template, {"invoice.date": day}, locale_of("en-US"))
    assert read_date(form, text, locale_of("en-US")) == day


@given(
    minor=st.integers(-(10**12), 10**12),
    currency=st.sampled_from(["USD", "EUR", "JPY", "BHD"]),
    form=st.sampled_from(["", "plain", "digits"]),
    locale=st.sampled_from(sorted(NUMBER_LOCALES)),
    states=st.booleans(),
)
def test_an_amount_that_was_written_is_read_as_the_same(
    minor: int, currency: str, form: str, locale: str, states: bool
) -> None:
    amount = Money(minor=minor, currency=currency)
    text = written(f"{{invoice.total{':' + form if form else ''}}}", {"invoice.total": amount}, locale_of(locale))
    shown = f"{text} {currency}" if states else text
    assert read_money(form, shown, "" if states else currency, locale_of(locale)) == amount


@given(words=st.text(max_size=30))
def test_any_text_is_parsed_or_refused_as_a_template(words: str) -> None:
    try:
        parts = parsed(words)
    except ValueError as error:
        assert str(error)
    else:
        assert "".join(part for part in parts if isinstance(part, str)) == words


def test_what_stands_together_is_taken_apart() -> None:
    template = "{coding.cost_object} {coding.cost_object_number}"
    apart = {part.name: words for part, words in taken_apart(template, "Cost centre 47 11").items()}
    assert apart == {"coding.cost_object": "Cost centre", "coding.cost_object_number": "47 11"}
    with pytest.raises(PageUnknown, match="is not written as"):
        taken_apart(template, "Budget 4711")
    assert taken_apart("No. {invoice.number} of us", "No. (.*) of us") == {Placeholder("invoice.number"): "(.*)"}


@pytest.mark.parametrize(("form", "words"), [("plain", "1,234.5x"), ("digits", "12.34"), ("plain", "")])
def test_what_is_no_amount_is_a_changed_page(form: str, words: str) -> None:
    with pytest.raises(PageUnknown, match="is not an amount"):
        read_money(form, words, "EUR", locale_of("en-US"))


def test_every_placeholder_of_an_invoice_is_a_field_of_ours() -> None:
    facts = facts_of_invoice(INVOICE)
    assert {name for name in PLACEHOLDERS if name.startswith(("invoice.", "coding."))} == set(facts)
    assert facts["invoice.date"] == date(2026, 2, 3) and not isinstance(facts["invoice.total"], Decimal)


# -- where flows lie -----------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path) -> Path:
    shutil.copytree(GATEHOUSE, tmp_path / "gatehouse")
    return tmp_path


def test_a_flow_of_the_users_own_is_an_adapter(own: Path) -> None:
    adapter = catalogue.adapter_class("gatehouse", own)
    assert issubclass(adapter, FlowAdapter) and adapter.manifest.id == "gatehouse"
    assert {"gatehouse", "fieldgate"} <= set(catalogue.all_ids(own)) and "gatehouse" not in catalogue.all_ids()
    with pytest.raises(ConfigurationError, match="There is no adapter 'gatehouse'"):
        catalogue.adapter_class("gatehouse")


def test_a_flow_is_read_anew_after_it_was_changed(own: Path) -> None:
    assert catalogue.adapter_class("gatehouse", own)
    (own / "gatehouse" / "flow.toml").write_text("[pages]")
    with pytest.raises(ConfigurationError, match="this is missing"):
        catalogue.adapter_class("gatehouse", own)


def test_a_flow_cannot_take_the_name_of_an_adapter_or_lie_elsewhere(own: Path) -> None:
    (own / "gatehouse").rename(own / "fieldgate")
    with pytest.raises(ConfigurationError, match="has the name of an adapter that is installed"):
        catalogue.adapter_class("fieldgate", own)
    (own / "fieldgate").rename(own / "elsewhere")
    with pytest.raises(ConfigurationError, match="its id is 'gatehouse', but its folder is"):
        catalogue.adapter_class("elsewhere", own)
    with pytest.raises(ConfigurationError, match="There is no adapter"):
        catalogue.adapter_class("../elsewhere", own / "elsewhere")


def test_another_packages_flow_is_found_by_its_entry_point(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("gatehouse")
    package.__path__ = [str(own / "gatehouse")]
    point = SimpleNamespace(name="gatehouse", load=lambda: package)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: [point])
    monkeypatch.setattr(catalogue, "installed_adapter", catalogue.installed_adapter.__wrapped__)
    assert catalogue.adapter_class("gatehouse").manifest.vendor == "Fieldgate"


def test_the_manifest_and_the_flow_agree_whether_it_can_correct(own: Path) -> None:
    manifest = own / "gatehouse" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('"correct_and_resubmit", ', ""))
    with pytest.raises(ConfigurationError, match="correct_and_resubmit: the manifest does not name it"):
        flow_adapter(own / "gatehouse")
