"""What can be made to go wrong at a practice portal, on purpose and a counted number of times."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from submitter.practice.fieldgate.settings import Refused, suggest

PAGES = (
    "sign-in",
    "code",
    "home",
    "orders",
    "order",
    "header",
    "lines",
    "attachments",
    "review",
    "submit",
    "invoices",
    "invoice",
    "receipt",
)
ANY = frozenset(PAGES)
INSIDE = ANY - {"sign-in", "code"}
SUBMIT = frozenset({"submit"})

Kinds = Mapping[str, tuple[frozenset[str], frozenset[str]]]
# Each kind with the pages on which it may be armed, and those it waits on when no page is named.
KINDS: Kinds = {
    "slow": (ANY, ANY),
    "error_500": (ANY, ANY),
    "error_500_after_booking": (SUBMIT, SUBMIT),
    "timeout_before_booking": (ANY, SUBMIT),
    "timeout_after_booking": (SUBMIT, SUBMIT),
    "drop_answer": (ANY, ANY),
    "drop_answer_after_booking": (SUBMIT, SUBMIT),
    "double_response": (ANY, ANY),
    "session_lost": (INSIDE, INSIDE),
    "maintenance": (ANY, ANY),
    "rate_limit": (ANY, ANY),
    "truncate_upload": (frozenset({"attachments"}), frozenset({"attachments"})),
    "rename_field": (frozenset({"header", "review"}), frozenset({"header"})),
    "move_column": (frozenset({"invoices"}), frozenset({"invoices"})),
    "new_terms": (INSIDE, INSIDE),
    "second_factor": (frozenset({"sign-in"}), frozenset({"sign-in"})),
    "password_expired": (frozenset({"sign-in"}), frozenset({"sign-in"})),
    "lock_out": (frozenset({"sign-in"}), frozenset({"sign-in"})),
    "unknown_status": (frozenset({"invoices", "invoice"}), frozenset({"invoices"})),
    "silent_empty": (frozenset({"invoices"}), frozenset({"invoices"})),
    "pop_up": (frozenset({"review"}), frozenset({"review"})),
    "new_tab": (frozenset({"review"}), frozenset({"review"})),
    "alert_dialog": (ANY, ANY),
    "confirm_dialog": (ANY, ANY),
    "leave_dialog": (ANY, ANY),
    "advert_tab": (ANY, ANY),
    "download_instead": (ANY, frozenset({"receipt"})),
    "duplicate_refused_after_booking": (SUBMIT, SUBMIT),
}
# What a script puts between a person and the page, with the words it does it in.
INTERRUPTIONS = {
    "alert_dialog": "{portal} moves to a new address on 1 May.",
    "confirm_dialog": "Are you sure?",
    "leave_dialog": "",
    "advert_tab": "",
}
DEFAULT_SECONDS = {
    "slow": 2.0,
    "timeout_before_booking": 2.0,
    "timeout_after_booking": 2.0,
    "rate_limit": 30.0,
    "maintenance": 600.0,
}


@dataclass
class Fault:
    """One armed fault. `times` 0 means until it is cleared; `skip` requests pass before the first one fails."""

    id: int
    kind: str
    times: int = 1
    page: str = ""
    method: str = ""
    seconds: float = 0.0
    skip: int = 0
    rename: bool = False
    fired: int = 0
    skipped: int = 0

    @property
    def armed(self) -> bool:
        return self.times == 0 or self.fired < self.times

    def waits_on(self, page: str, method: str, unless_named: frozenset[str]) -> bool:
        pages = frozenset({self.page}) if self.page else unless_named
        return page in pages and self.method in ("", method)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "armed": self.armed}


class FaultBoard:
    """The faults that are armed, in the order in which they were; `kinds` and `pages` are the portal's own."""

    def __init__(self, kinds: Kinds = KINDS, pages: Sequence[str] = PAGES) -> None:
        self._kinds = kinds
        self._pages = pages
        self._faults: list[Fault] = []
        self._next_id = 1

    def arm(self, wanted: dict[str, Any]) -> Fault:
        fault = Fault(id=self._next_id, kind="")
        for name, value in wanted.items():
            self._set(fault, name, value)
        if not fault.kind:
            raise Refused(f"A fault needs a kind; known are {', '.join(sorted(self._kinds))}")
        allowed = self._kinds[fault.kind][0]
        if fault.page and fault.page not in allowed:
            raise Refused(f"{fault.kind} cannot happen on the page {fault.page!r}{suggest(fault.page, list(allowed))}")
        if "seconds" not in wanted:
            fault.seconds = DEFAULT_SECONDS.get(fault.kind, 0.0)
        self._next_id += 1
        self._faults.append(fault)
        return fault

    def take(self, kind: str, page: str, method: str) -> Fault | None:
        """The fault of this kind that strikes this request, if one does; it is counted as fired."""
        for fault in self._faults:
            if fault.kind != kind or not fault.armed or not fault.waits_on(page, method, self._kinds[kind][1]):
                continue
            if fault.skipped < fault.skip:
                fault.skipped += 1
                continue
            fault.fired += 1
            return fault
        return None

    def clear(self, kind: str = "") -> None:
        self._faults = [fault for fault in self._faults if kind and fault.kind != kind]

    def as_list(self) -> list[dict[str, Any]]:
        return [fault.as_dict() for fault in self._faults]

    def _set(self, fault: Fault, name: str, value: Any) -> None:
        if name == "kind":
            if value not in self._kinds:
                raise Refused(f"There is no fault {value!r}{suggest(str(value), list(self._kinds))}")
        elif name in ("times", "skip"):
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise Refused(f"{name} is a whole number, 0 or more, not {value!r}.")
        elif name == "seconds":
            if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
                raise Refused(f"seconds is a number, 0 or more, not {value!r}.")
        elif name == "page":
            value = value or ""
            if value and value not in self._pages:
                raise Refused(f"There is no page {value!r}{suggest(str(value), list(self._pages))}")
        elif name == "method":
            value = str(value or "").upper()
        elif name != "rename":
            known = ["kind", "times", "skip", "seconds", "page", "method", "rename"]
            raise Refused(f"A fault has no {name!r}{suggest(name, known)}")
        setattr(fault, name, value)
