"""The calls of Meridian on which things can be made to go wrong, and what can."""

from submitter.practice.fieldgate.faults import KINDS as FIELDGATES
from submitter.practice.fieldgate.faults import Kinds

PAGES = (
    *("shell", "sign-in", "verify", "workbench", "orders", "order", "draft", "files", "review", "submit"),
    *("invoices", "invoice", "receipt"),
)
ANY = frozenset(PAGES)
INSIDE = ANY - {"shell", "sign-in", "verify"}
CALLS = ANY - {"shell"}
DRAWN = INSIDE - {"submit", "files"}  # what the script draws a view from
_SUBMIT = frozenset({"submit"})
_REVIEW = frozenset({"review"})
_LIST = frozenset({"invoices"})
_SIGN_IN = frozenset({"sign-in"})
_FILES = frozenset({"files"})

_OWN: Kinds = {
    "session_lost": (INSIDE, INSIDE),
    "new_terms": (INSIDE, INSIDE),
    "timeout_before_booking": (ANY, _SUBMIT),
    "truncate_upload": (_FILES, _FILES),
    "rename_field": (_REVIEW | {"draft"}, frozenset({"draft"})),
    "move_column": (_LIST, _LIST),
    "unknown_status": (_LIST | {"invoice"}, _LIST),
    "silent_empty": (_LIST, _LIST),
    "second_factor": (_SIGN_IN, _SIGN_IN),
    "password_expired": (_SIGN_IN, _SIGN_IN),
    "lock_out": (_SIGN_IN, _SIGN_IN),
    "pop_up": (_REVIEW, _REVIEW),
    "new_tab": (_REVIEW, _REVIEW),
    "double_response": (DRAWN, DRAWN),
    "alert_dialog": (DRAWN, DRAWN),
    "confirm_dialog": (DRAWN, DRAWN),
    "leave_dialog": (DRAWN, DRAWN),
    "advert_tab": (DRAWN, DRAWN),
    "download_instead": (DRAWN, frozenset({"receipt"})),
}
# What Fieldgate allows on any page is allowed on any call here; what it allows on `submit` is the same call here.
_SAME: Kinds = {
    kind: (ANY, CALLS) if pages != _SUBMIT else (_SUBMIT, _SUBMIT)
    for kind, (pages, _) in FIELDGATES.items()
    if kind not in _OWN
}
KINDS: Kinds = {**_SAME, **_OWN}
# What the script in the browser is told to do to the view that it draws from an answer.
DONE_BY_THE_SCRIPT = (
    *("double_response", "alert_dialog", "confirm_dialog", "leave_dialog", "advert_tab", "download_instead"),
    *("rename_field", "move_column", "silent_empty", "pop_up", "new_tab"),
)
