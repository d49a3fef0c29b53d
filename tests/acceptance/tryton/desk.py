"""The buyer's desk: what the customer's people do in Tryton, through proteus. Run with Tryton's own Python.

Reads one command in JSON from each line and answers with one line: ``{"result": ...}`` or ``{"error": "..."}``.
"""

import hashlib
import json
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

SUPPLIER = "Northline Machine Works"
BUTTONS = {"validate": "validate_invoice", "post": "post", "cancel": "cancel", "draft": "draft"}


def one(model: str, *domain: tuple) -> Model:
    found, *_ = Model.get(model).find(list(domain), limit=1)
    return found


def create(model: str, **values: object) -> int:
    """One call instead of one for each field, as proteus asks the server after every field that is set."""
    made, *_ = Model.get(model)._proxy.create([values], config.get_config().context)
    return made


def add_product(code: str, name: str, category: int, unit: int) -> int:
    values = {"name": name, "type": "service", "list_price": Decimal("1"), "purchasable": True}
    units = {"default_uom": unit, "purchase_uom": unit}
    product = [("create", [{"suffix_code": code}])]
    template = create("product.template", **values, **units, account_category=category, products=product)
    return one("product.product", ("template", "=", template)).id


def set_next_number(number: str) -> None:
    """The buyer's next order gets this number: orders are numbered when they are quoted, and by nobody's hand."""
    sequence = one("ir.sequence", ("sequence_type.name", "=", "Purchase"))
    sequence.prefix, sequence.padding, sequence.number_next = number[:-4], 4, int(number[-4:])
    sequence.save()


def add_order(number: str, lines: list[dict], taxed: bool = False, supplier: str = SUPPLIER) -> str:
    """A confirmed purchase whose invoices the supplier sends; its state."""
    unit, category = one("product.uom", ("name", "=", "Each")).id, "Taxed" if taxed else "Untaxed"
    books = one("product.category", ("name", "=", category))
    taxes = [("add", [tax.id for tax in books.supplier_taxes])]
    party, company = one("party.party", ("name", "=", supplier)), one("company.company")
    bought = [
        {
            "type": "line",
            "product": add_product(f"{number}-{at}", given["description"], books.id, unit),
            "unit": unit,
            "quantity": float(given["quantity"]),
            "unit_price": Decimal(given["unit_price"]),
            "taxes": taxes,
        }
        for at, given in enumerate(lines, 1)
    ]
    heads = {"party": party.id, "invoice_address": party.addresses[0].id, "invoice_method": "manual"}
    books_of = {"company": company.id, "currency": company.currency.id}
    made = create("purchase.purchase", **heads, **books_of, lines=[("create", bought)])
    set_next_number(number)
    purchase = Model.get("purchase.purchase")(made)
    purchase.click("quote")
    purchase.click("confirm")
    purchase.reload()
    assert purchase.number == number, purchase.number
    return purchase.state


def add_draft(reference: str, supplier: str = SUPPLIER, total: str = "100.00") -> None:
    """An invoice that somebody at the buyer has typed in."""
    invoice = Model.get("account.invoice")(type="in", party=one("party.party", ("name", "=", supplier)))
    invoice.reference = reference
    line = invoice.lines.new()
    line.description, line.quantity, line.unit_price = "Sundries", 1, Decimal(total)
    line.account = one("account.account", ("type.expense", "=", True), ("closed", "!=", True))
    invoice.save()


def set_state(number: str, action: str) -> str:
    """Press a button on the invoice of this number of the buyer's; its state."""
    invoice = one("account.invoice", ("number", "=", number), ("type", "=", "in"))
    if action == "pay":
        wizard = Wizard("account.invoice.pay", [invoice])
        wizard.form.payment_method = one("account.invoice.payment.method")
        wizard.execute("choice")
    else:
        invoice.click(BUTTONS[action])
    invoice.reload()
    return invoice.state


def ledger() -> list[dict]:
    """Every supplier invoice, with the SHA-256 of each of its files as the server holds them."""
    files = Model.get("ir.attachment")
    return [
        {
            "number": invoice.number or "",
            "reference": invoice.reference or "",
            "party": invoice.party.name,
            "order": invoice.description or "",
            "date": invoice.invoice_date and invoice.invoice_date.isoformat(),
            "total": str(invoice.total_amount),
            "state": invoice.state,
            "lines": [
                [line.product and line.product.code, str(line.quantity), str(line.unit_price)] for line in invoice.lines
            ],
            "files": {
                file.name: hashlib.sha256(file.data).hexdigest()
                for file in files.find([("resource", "=", f"account.invoice,{invoice.id}")])
            },
        }
        for invoice in Model.get("account.invoice").find([("type", "=", "in")], order=[("id", "ASC")])
    ]


COMMANDS = {each.__name__: each for each in (add_order, add_draft, set_state, ledger)}


def main(configuration: str, database: str) -> None:
    """On the server's database rather than by calls to it, for each of which it would hash the password anew."""
    config.set_trytond(database=database, config_file=configuration)
    config.get_config()._context = Model.get("res.user").get_preferences(True, {})
    for text in sys.stdin:
        asked = json.loads(text)
        try:
            answer = {"result": COMMANDS[asked.pop("do")](**asked)}
        except Exception as error:  # noqa: BLE001  (whatever it is, the test is to see it)
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main(*sys.argv[1:])
