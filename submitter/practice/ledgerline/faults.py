"""The pages of Ledgerline on which things can be made to go wrong, and what can."""

from submitter.practice.fieldgate.faults import KINDS as FIELDGATES
from submitter.practice.fieldgate.faults import Kinds

PAGES = (
    *("logon", "code", "desk"),
    *("home", "profile", "orders", "order", "details", "files", "certify", "submit", "receipt"),
    *("invoices", "search", "invoice", "void"),
)
ANY = frozenset(PAGES)
INSIDE = ANY - {"logon", "code"}
_SUBMIT = frozenset({"submit"})
_CERTIFY = frozenset({"certify"})
_LISTS = frozenset({"invoices", "search"})
_LOGON = frozenset({"logon"})
_FILES = frozenset({"files"})

_OWN: Kinds = {
    "session_lost": (INSIDE, INSIDE),
    "new_terms": (INSIDE, INSIDE),
    "timeout_before_booking": (ANY, _SUBMIT),
    "truncate_upload": (_FILES, _FILES),
    "rename_field": (_CERTIFY | {"details"}, frozenset({"details"})),
    "move_column": (_LISTS, _LISTS),
    "unknown_status": (_LISTS | {"invoice"}, _LISTS),
    "silent_empty": (_LISTS, _LISTS),
    "second_factor": (_LOGON, _LOGON),
    "password_expired": (_LOGON, _LOGON),
    "lock_out": (_LOGON, _LOGON),
    "pop_up": (_CERTIFY, _CERTIFY),
    "new_tab": (_CERTIFY, _CERTIFY),
    "download_instead": (ANY, frozenset({"receipt"})),
}
# What Fieldgate allows on any page is allowed on any page here; what it allows on `submit` is the same page here.
_SAME: Kinds = {
    kind: (ANY, ANY) if pages != _SUBMIT else (_SUBMIT, _SUBMIT)
    for kind, (pages, _) in FIELDGATES.items()
    if kind not in _OWN
}
KINDS: Kinds = {**_SAME, **_OWN}
