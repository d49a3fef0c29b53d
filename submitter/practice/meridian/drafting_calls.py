"""Writing an invoice: everything in one view, its attachments, a view of review, and the one call that books it."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from submitter.practice.fieldgate.drafts import Draft, as_new_invoice
from submitter.practice.fieldgate.figures import read_date
from submitter.practice.fieldgate.ledger import AttachedFile, Invoice
from submitter.practice.fieldgate.rules import MAX_FILE_BYTES, refuse_file
from submitter.practice.meridian import drafting
from submitter.practice.meridian.portal import Visit
from submitter.practice.serving import NoAnswer
from submitter.practice.trouble import something_went_wrong


async def create(visit: Visit) -> Response:
    order = visit.find_order(visit.typed("order"))
    if order is None:
        return visit.not_found("Order")
    return visit.send_to(f"drafts/{drafting.start_draft(visit.portal, visit.supplier, order)}")


async def edit_and_resubmit(visit: Visit) -> Response:
    """A draft with what the former invoice had, except its attachments."""
    invoice = visit.find_invoice(visit.request.path_params["reference"])
    if invoice is None:
        return visit.not_found("Invoice")
    if not visit.portal.standing(invoice).correctable:
        return visit.refuse(f"Invoice {invoice.number} ({invoice.confirmation}) cannot be edited any more.")
    return visit.send_to(f"drafts/{visit.portal.drafts.start_correction(invoice)}")


async def show_draft(visit: Visit) -> Response:
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("Draft")
    if draft.confirmation:
        return visit.send_to(f"invoices/{draft.confirmation}/submitted")
    return visit.answer(**_shown(visit, draft))


async def keep_draft(visit: Visit) -> Response:
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("Draft")
    errors = drafting.keep(visit.portal, draft, visit.sent)
    return visit.refuse(*errors) if errors else visit.send_to(f"drafts/{draft.id}/review")


async def attach(visit: Visit) -> Response:
    """Keeps the files that may be attached, and says of each other one why not."""
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("Draft")
    refusals, attached = [], list(draft.files)
    for file in visit.form.getlist("file"):
        if not isinstance(file, UploadFile) or not file.filename:
            continue
        content = await file.read(MAX_FILE_BYTES + 1)
        refusal = refuse_file(file.filename, file.size or len(content), content.startswith(b"%PDF"), attached)
        if refusal:
            refusals.append(refusal)
            continue
        if visit.fault("truncate_upload"):
            content = content[: len(content) // 2]
        attached.append(visit.portal.drafts.attach(draft, file.filename, drafting.ATTACHMENT, content))
    if refusals or not attached:
        return visit.refuse(*refusals or ["Choose a file first."])
    return visit.answer(files=[_file(file) for file in attached])


async def detach(visit: Visit) -> Response:
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("Draft")
    visit.portal.drafts.detach(draft, visit.typed("name"))
    return visit.answer(files=[_file(file) for file in draft.files if file.name != visit.typed("name")])


async def show_review(visit: Visit) -> Response:
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("Draft")
    if draft.confirmation:
        return visit.send_to(f"invoices/{draft.confirmation}/submitted")
    if not (draft.header_done and draft.lines_done):
        return visit.send_to(f"drafts/{draft.id}")
    checked = drafting.checked_lines(visit.portal, draft)
    lines = [
        {
            **{name: getattr(line, name) for name in ("line", "description", "unit")},
            **{name: format(getattr(line, name), "f") for name in ("quantity", "unit_price", "amount")},
        }
        for line in checked.lines
    ]
    return visit.answer(
        **_shown(visit, draft) | {"lines": lines},
        **{name: format(getattr(checked, name), "f") for name in ("net", "tax", "total")},
    )


async def submit(visit: Visit) -> Response:
    """Books the invoice, once for each draft unless the portal is told to be careless."""
    draft = _draft(visit)
    if draft is None:
        return visit.not_found("Draft")
    if draft.confirmation and not visit.portal.settings.accept_duplicates:
        return visit.send_to(f"invoices/{draft.confirmation}/submitted")
    refusals = _refusals(visit, draft)
    if refusals:
        return visit.refuse(*refusals)
    checked = drafting.checked_lines(visit.portal, draft)
    new = as_new_invoice(draft, checked, visit.open_session.fingerprint)
    booked = visit.portal.ledger.book(new, visit.portal.settings.listing_delay_seconds)
    return _after_booking(visit, booked)


def _after_booking(visit: Visit, booked: Invoice) -> Response:
    """The invoice is in the ledger now; what the browser learns of it may be something else."""
    if visit.fault("error_500_after_booking"):
        return something_went_wrong(visit)
    hold = visit.fault("timeout_after_booking")
    if hold:
        return NoAnswer(hold.seconds)
    if visit.fault("drop_answer_after_booking"):
        return NoAnswer()
    if visit.fault("duplicate_refused_after_booking"):
        return visit.refuse(f"INVOICE_DUPLICATE: invoice {booked.number} has been received before.")
    return visit.send_to(f"invoices/{booked.confirmation}/submitted")


def _refusals(visit: Visit, draft: Draft) -> list[str]:
    """What has changed since the review was shown."""
    if not (draft.header_done and draft.lines_done):
        return ["Complete the invoice before you submit it."]
    checked = drafting.checked_lines(visit.portal, draft)
    refusals = list(checked.errors.values())
    taken = drafting.refusal_of_number(visit.portal, draft, draft.header, checked)
    if taken:
        refusals.append(taken)
    former = visit.portal.ledger.find(draft.replaces) if draft.replaces else None
    careless = visit.portal.settings.accept_duplicates
    if former and not visit.portal.standing(former).correctable and not careless:
        refusals.append(f"{former.confirmation} cannot be edited any more.")
    if visit.portal.settings["attachment_required"] and not draft.files:
        refusals.append("Attach at least one file.")
    return refusals


def _draft(visit: Visit) -> Draft | None:
    draft = visit.portal.drafts.find(visit.request.path_params["draft"], visit.supplier)
    return draft if draft is not None and visit.shows(draft.order.id) else None


def _shown(visit: Visit, draft: Draft) -> dict[str, Any]:
    """The draft for the script, which writes dates and figures itself."""
    most = drafting.limits(visit.portal, draft)
    order, day = draft.order, read_date(draft.header["invoice_date"])
    return {
        "draft": draft.id,
        "order": order.number,
        "customer": visit.portal.customers.of_order(order.id).name,
        "currency": order.currency,
        "number": draft.header["number"],
        "invoice_date": day.isoformat() if day else "",
        "tax_category": draft.header.get("tax_category", ""),
        "tax_categories": drafting.TAX_CATEGORIES,
        "replaces": draft.replaces,
        "typed": draft.typed,
        "lines": [
            {
                **{name: getattr(line, name) for name in ("line", "description", "unit")},
                **{"open": format(most[line.line], "f"), "unit_price": format(line.unit_price, "f")},
            }
            for line in order.lines
        ],
        "files": [_file(file) for file in draft.files],
    }


def _file(file: AttachedFile) -> dict[str, Any]:
    return {"name": file.name, "size": file.size, "sha256": file.sha256}
