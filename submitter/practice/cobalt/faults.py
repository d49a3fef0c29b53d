"""The pages of Cobalt on which things can be made to go wrong, and what can."""

from submitter.practice.fieldgate.faults import KINDS as FIELDGATES
from submitter.practice.fieldgate.faults import Kinds

PAGES = (
    *("login", "password", "code"),
    *("home", "orders", "order", "suggestions", "create", "draft", "calculate", "submit", "receipt"),
    *("invoices", "export", "invoice"),
)
ANY = frozenset(PAGES)
INSIDE = ANY - {"login", "password", "code"}
_SUBMIT = frozenset({"submit"})
_DRAFT = frozenset({"draft"})
_LIST = frozenset({"invoices"})
_PASSWORD = frozenset({"password"})
_CALCULATE = frozenset({"calculate"})

_OWN: Kinds = {
    "session_lost": (INSIDE, INSIDE),
    "new_terms": (INSIDE, INSIDE),
    "timeout_before_booking": (ANY, _SUBMIT),
    "truncate_upload": (_CALCULATE, _CALCULATE),
    "rename_field": (_DRAFT, _DRAFT),
    "move_column": (_LIST, _LIST),
    "unknown_status": (_LIST | {"invoice"}, _LIST),
    "silent_empty": (_LIST, _LIST),
    "second_factor": (_PASSWORD, _PASSWORD),
    "password_expired": (_PASSWORD, _PASSWORD),
    "lock_out": (_PASSWORD, _PASSWORD),
    "pop_up": (_DRAFT, _DRAFT),
    "new_tab": (_DRAFT, _DRAFT),
    "download_instead": (ANY, frozenset({"receipt"})),
    "announcement": (ANY, frozenset({"home"})),  # a modal dialog that somebody has to close first
    "mail_lost": (frozenset({"password", "code"}), frozenset({"password", "code"})),  # the code is never delivered
}
# What Fieldgate allows on any page is allowed on any page here; what it allows on `submit` is the same page here.
_SAME: Kinds = {
    kind: (ANY, ANY) if pages != _SUBMIT else (_SUBMIT, _SUBMIT)
    for kind, (pages, _) in FIELDGATES.items()
    if kind not in _OWN
}
KINDS: Kinds = {**_SAME, **_OWN}
