"""A machine shop to practise with: its orders, its exported invoices and its signed tickets, new for every seed.

`make_export` fills a folder as an ERP does; `make_ticket` and `make_ticket_for` write one proof of delivery. Firms,
people, wells and addresses are invented. Fonts come with the installed packages, so any machine draws the same pages.
"""

from submitter.practice.shop.export import OrderEntry, OrderLineEntry, ShopExport, ShopInvoice, make_export
from submitter.practice.shop.ledger import Quirk, Trait
from submitter.practice.shop.ticket import make_ticket, make_ticket_for

__all__ = [
    "OrderEntry",
    "OrderLineEntry",
    "Quirk",
    "ShopExport",
    "ShopInvoice",
    "Trait",
    "make_export",
    "make_ticket",
    "make_ticket_for",
]
