"""Writing an invoice: header, lines, attachments, review, and the one click that books it."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from submitter.practice.fieldgate.drafts import Draft, as_new_invoice, billable
from submitter.practice.fieldgate.ledger import CORRECTABLE, BilledLine, Invoice
from submitter.practice.fieldgate.portal import Visit, go_to
from submitter.practice.fieldgate.rules import (
    HEADER_FIELDS,
    INVOICE_COPY,
    MAX_FILE_BYTES,
    SIGNED_TICKETS,
    CheckedLines,
    Errors,
    check_files,
    check_header,
    check_lines,
    refuse_file,
)
from submitter.practice.serving import NoAnswer
from submitter.practice.trouble import something_went_wrong

NUMBER_LABEL = "Invoice number"
RENAMED_NUMBER_LABEL = "Document no."
UPLOAD_FIELDS = {"invoice_copy": INVOICE_COPY, "signed_tickets": SIGNED_TICKETS}


async def show_header(visit: Visit) -> Response:
    draft = _open_draft(visit)
    return draft if isinstance(draft, Response) else _header_page(visit, draft, draft.header, {})


async def keep_header(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    header = {name: visit.text(name) for name in HEADER_FIELDS}
    header["number"] = draft.header["number"] if draft.replaces else visit.text("number") or visit.text("document_no")
    errors = check_header(draft.order, header)
    taken = _taken(visit, draft, header["number"])
    if taken:
        errors = {"number": taken} | errors
    if errors:
        return _header_page(visit, draft, header, errors)
    visit.portal.drafts.keep_header(draft, header)
    return go_to(f"/drafts/{draft.id}/lines")


async def show_lines(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    if not draft.header_done:
        return go_to(f"/drafts/{draft.id}/header")
    return _lines_page(visit, draft, draft.typed, {})


async def keep_lines(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    typed = {"tax": visit.text("tax")}
    for line in draft.order.lines:
        for name in (f"quantity-{line.line}", f"price-{line.line}"):
            typed[name] = visit.text(name)
    checked = _checked(visit, draft, typed)
    if checked.errors:
        return _lines_page(visit, draft, typed, checked.errors)
    visit.portal.drafts.keep_lines(draft, typed)
    return go_to(f"/drafts/{draft.id}/attachments")


async def show_attachments(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    if not draft.lines_done:
        return go_to(f"/drafts/{draft.id}/lines")
    return _attachments_page(visit, draft, [])


async def upload(visit: Visit) -> Response:
    """Keeps the files that may be attached, and says of each other one why not."""
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    refusals, attached, chosen = [], list(draft.files), 0
    for field, kind in UPLOAD_FIELDS.items():
        for file in visit.form.getlist(field):
            if not isinstance(file, UploadFile) or not file.filename:
                continue
            chosen += 1
            content = await file.read(MAX_FILE_BYTES + 1)
            refusal = refuse_file(file.filename, file.size or len(content), content.startswith(b"%PDF"), attached)
            if refusal:
                refusals.append(refusal)
                continue
            if visit.fault("truncate_upload"):
                content = content[: len(content) // 2]
            attached.append(visit.portal.drafts.attach(draft, file.filename, kind, content))
    if not chosen:
        refusals.append("Choose at least one file to upload.")
    if refusals:
        return _attachments_page(visit, draft, refusals)
    return go_to(f"/drafts/{draft.id}/attachments")


async def remove_file(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    visit.portal.drafts.detach(draft, visit.text("name"))
    return go_to(f"/drafts/{draft.id}/attachments")


def _check_files(visit: Visit, draft: Draft) -> str | None:
    return check_files(draft.files, one_pdf=visit.portal.settings.one_pdf)


async def finish_attachments(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    missing = _check_files(visit, draft)
    return _attachments_page(visit, draft, [missing]) if missing else go_to(f"/drafts/{draft.id}/review")


async def show_review(visit: Visit) -> Response:
    draft = _open_draft(visit)
    if isinstance(draft, Response):
        return draft
    if not (draft.header_done and draft.lines_done) or _check_files(visit, draft):
        return go_to(f"/drafts/{draft.id}/attachments")
    return _review_page(visit, draft, [], _checked(visit, draft, draft.typed))


async def submit(visit: Visit) -> Response:
    """Books the invoice, once for each draft unless the portal is told to be careless."""
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("such draft")
    if draft.confirmation and not visit.portal.settings.accept_duplicates:
        return go_to(f"/invoices/{draft.confirmation}/receipt")
    checked = _checked(visit, draft, draft.typed)
    refusals = _refusals(visit, draft, checked)
    if refusals:
        return _review_page(visit, draft, refusals, checked)
    new = as_new_invoice(draft, checked, visit.open_session.fingerprint)
    booked = visit.portal.ledger.book(new, visit.portal.settings.listing_delay_seconds)
    return _after_booking(visit, draft, booked, checked)


def _after_booking(visit: Visit, draft: Draft, booked: Invoice, checked: CheckedLines) -> Response:
    """The invoice is in the ledger now; what the browser learns of it may be something else."""
    if visit.fault("error_500_after_booking"):
        return something_went_wrong(visit)
    hold = visit.fault("timeout_after_booking")
    if hold:
        return NoAnswer(hold.seconds)
    if visit.fault("drop_answer_after_booking"):
        return NoAnswer()
    if visit.fault("duplicate_refused_after_booking"):
        return _review_page(visit, draft, [f"Invoice number {booked.number} has already been submitted"], checked)
    return go_to(f"/invoices/{booked.confirmation}/receipt")


def _refusals(visit: Visit, draft: Draft, checked: CheckedLines) -> list[str]:
    """What has changed since the steps were checked one by one."""
    if not (draft.header_done and draft.lines_done):
        return ["Complete the steps before submitting."]
    refusals = list(checked.errors.values())
    for problem in (_taken(visit, draft, draft.header["number"]), _check_files(visit, draft)):
        if problem:
            refusals.append(problem)
    former = visit.portal.ledger.find(draft.replaces) if draft.replaces else None
    if former and former.status not in CORRECTABLE and not visit.portal.settings.accept_duplicates:
        refusals.append(f"{former.confirmation} is {former.status} and cannot be corrected any more.")
    return refusals


def _draft(visit: Visit) -> Draft | None:
    return visit.portal.drafts.find(visit.request.path_params["draft"], visit.known_login.supplier)


def _open_draft(visit: Visit) -> Draft | Response:
    """The draft, or where to go instead: one that was submitted shows its receipt."""
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("such draft")
    if draft.confirmation and not visit.portal.settings.accept_duplicates:
        return go_to(f"/invoices/{draft.confirmation}/receipt")
    return draft


def _taken(visit: Visit, draft: Draft, number: str) -> str:
    """Says that the number was used before, unless this draft corrects that very invoice."""
    if draft.replaces or visit.portal.settings.accept_duplicates or not number:
        return ""
    other = visit.portal.ledger.find_number(draft.supplier, number, visit.portal.settings.refuses_unlisted)
    return f"Invoice number {number} has already been submitted (confirmation {other.confirmation})." if other else ""


def _checked(visit: Visit, draft: Draft, typed: Mapping[str, str]) -> CheckedLines:
    return check_lines(draft.order, typed, _limits(visit, draft))


def _limits(visit: Visit, draft: Draft) -> dict[str, Any]:
    former = visit.portal.ledger.find(draft.replaces) if draft.replaces else None
    return billable(draft, former, visit.portal.settings.accept_duplicates)


def _header_page(visit: Visit, draft: Draft, header: dict[str, str], errors: Errors) -> Response:
    renamed = visit.fault("rename_field") is not None
    return visit.render(
        "header.html",
        422 if errors else 200,
        draft=draft,
        header=header,
        errors=errors,
        number_field="document_no" if renamed else "number",
        number_label=RENAMED_NUMBER_LABEL if renamed else NUMBER_LABEL,
    )


def _lines_page(visit: Visit, draft: Draft, typed: Mapping[str, str], errors: Errors) -> Response:
    limits = _limits(visit, draft)
    billed: dict[str, BilledLine] = {line.line: line for line in check_lines(draft.order, typed, limits).lines}
    return visit.render(
        "lines.html", 422 if errors else 200, draft=draft, typed=typed, errors=errors, limits=limits, billed=billed
    )


def _attachments_page(visit: Visit, draft: Draft, refusals: list[str]) -> Response:
    current = visit.portal.drafts.find(draft.id, draft.supplier) or draft
    return visit.render(
        "attachments.html",
        422 if refusals else 200,
        draft=current,
        refusals=refusals,
        fields=UPLOAD_FIELDS,
        together=sum(file.size for file in current.files),
    )


def _review_page(visit: Visit, draft: Draft, refusals: list[str], checked: CheckedLines) -> Response:
    # A refused submission shows this page too: what can be wrong with the page can be wrong then.
    renamed = visit.fault("rename_field", page="review") is not None
    return visit.render(
        "review.html",
        422 if refusals else 200,
        draft=draft,
        checked=checked,
        refusals=refusals,
        number_label=RENAMED_NUMBER_LABEL if renamed else NUMBER_LABEL,
        pop_up=visit.fault("pop_up", page="review") is not None,
        new_tab=visit.fault("new_tab", page="review") is not None,
    )
