"""Fills a fresh Tryton database: company, chart, tax, supplier, the supplier's login. Run with Tryton's own Python.

Nothing in it is anybody's: the buyer and the supplier are the ones of the practice portal.
"""

import datetime as dt
import sys
from decimal import Decimal

from proteus import Model, config

CONFIGURATION, DATABASE = sys.argv[1:]
config.set_trytond(database=DATABASE, config_file=CONFIGURATION)

from trytond.modules.account.tests.tools import (  # noqa: E402  (they need the database)
    create_chart,
    create_fiscalyear,
    create_tax,
    get_accounts,
)
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences  # noqa: E402
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402
from trytond.modules.currency.tests.tools import get_currency  # noqa: E402

#: What a supplier's login may do: see orders, enter supplier invoices, validate them. Not: post or pay them.
GROUPS = ("Accounting", "Account", "Party Administration", "Purchase")


def make_party(name: str) -> Model:
    party = Model.get("party.party")(name=name)
    party.save()
    return party


def make_company() -> Model:
    party = make_party("Tejas Resources")
    create_company(party=party, currency=get_currency("USD"))
    company = get_company()
    config.get_config()._context = Model.get("res.user").get_preferences(True, {})
    create_chart(company)
    today = dt.date.today()  # noqa: DTZ011  (as the server counts its days)
    for year in (today.year - 1, today.year):  # an invoice of the last weeks may be of last year
        period = (dt.date(year, 1, 1), dt.date(year, 12, 31))
        fiscal_year = set_fiscalyear_invoice_sequences(create_fiscalyear(company, period))
        fiscal_year.click("create_period")
    return company


def make_categories() -> None:
    """What is bought, with the sales tax that the sample invoices have, and without."""
    accounts = get_accounts(company)
    tax = create_tax(Decimal(".0825"))
    tax.save()
    for name, taxes in (("Taxed", [tax]), ("Untaxed", [])):
        category = Model.get("product.category")(name=name, accounting=True)
        category.account_expense, category.account_revenue = accounts["expense"], accounts["revenue"]
        category.supplier_taxes.extend(taxes)
        category.save()
    journal, *_ = Model.get("account.journal").find([("type", "=", "cash")])
    cash = accounts["cash"]
    method = Model.get("account.invoice.payment.method")
    method(name="Bank", journal=journal, credit_account=cash, debit_account=cash).save()


def make_unit() -> None:
    """A unit that can be halved: the sample invoices bill half hours and half feet."""
    unit = Model.get("product.uom")
    each, *_ = unit.find([("name", "=", "Unit")])
    unit(name="Each", symbol="ea", category=each.category, factor=1.0, rate=1.0, rounding=0.01, digits=2).save()


def make_login(login: str, password: str, groups: tuple[str, ...]) -> None:
    user = Model.get("res.user")(name="Northline Machine Works", login=login, password=password)
    user.groups.extend(Model.get("res.group").find([("name", "in", groups)]))
    user.companies.append(Model.get("company.company")(company.id))
    user.company = Model.get("company.company")(company.id)
    user.save()


company = make_company()
make_categories()
make_unit()
make_party("Northline Machine Works")
make_party("Northline Machine Works of Ohio")  # a name that begins as ours does
make_login("billing@northline.example", "correct-Horse-7-battery", GROUPS)
admin, *_ = Model.get("res.user").find([("login", "=", "admin")])
admin.password = "admin-Secret-2024!"
admin.companies.append(Model.get("company.company")(company.id))
admin.company = Model.get("company.company")(company.id)
admin.save()
