"""Writing an invoice on one page: the order first, then everything else, calculated, and sent from a dialog."""

from starlette.datastructures import UploadFile
from starlette.responses import Response

from submitter.practice.cobalt.drafting import IMAGE, SUPPORT, TAX_CODES, CheckedDraft, check_draft, with_coding
from submitter.practice.cobalt.portal import Visit
from submitter.practice.fieldgate.drafts import Draft, as_new_invoice
from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.rules import MAX_FILE_BYTES, refuse_file
from submitter.practice.serving import NoAnswer
from submitter.practice.trouble import something_went_wrong

UPLOAD_FIELDS = {"image": IMAGE, "support": SUPPORT}


async def show_create(visit: Visit) -> Response:
    return visit.render("create.html", alert="", typed="")


async def create(visit: Visit) -> Response:
    """Only an order that was chosen from the list counts, not one that was merely typed."""
    chosen = visit.text("order")
    order = visit.customer.orders.find(chosen, visit.supplier) if chosen else None
    if order is None:
        return visit.render("create.html", 422, alert="Choose an order from the list.", typed=visit.text("typed"))
    draft_id = visit.customer.drafts.start(visit.supplier, order)
    return go_to(f"{visit.customer.address}/drafts/{draft_id}")


async def show_draft(visit: Visit) -> Response:
    draft = _draft(visit)
    if draft is None:
        return visit.not_found()
    if draft.confirmation and not visit.customer.settings.accept_duplicates:
        return go_to(_receipt(visit, draft.confirmation))
    checked = check_draft(visit.customer, draft)
    return _draft_page(visit, draft, checked, [])


async def keep_draft(visit: Visit) -> Response:
    """Keeps what was typed and chosen, whether it is right or not, and calculates when asked to."""
    draft = _draft(visit)
    if draft is None:
        return visit.not_found()
    if draft.confirmation and not visit.customer.settings.accept_duplicates:
        return go_to(_receipt(visit, draft.confirmation))
    _keep_fields(visit, draft)
    refusals = await _keep_files(visit, draft)
    kept = _draft(visit) or draft
    if visit.text("do") == "draft":
        return go_to(f"{visit.customer.address}/invoices")
    checked = check_draft(visit.customer, kept)
    if refusals or not checked.complete:
        return _draft_page(visit, kept, checked, [*refusals, *checked.errors.values()])
    return go_to(f"{visit.customer.address}/drafts/{draft.id}#summary")


async def remove_file(visit: Visit) -> Response:
    draft = _draft(visit)
    if draft is None or draft.confirmation:
        return visit.not_found()
    visit.customer.drafts.detach(draft, visit.text("name"))
    return go_to(f"{visit.customer.address}/drafts/{draft.id}")


async def submit(visit: Visit) -> Response:
    """Books the invoice, once for each draft unless the portal is told to be careless."""
    draft = _draft(visit)
    if draft is None:
        return visit.not_found()
    if draft.confirmation and not visit.customer.settings.accept_duplicates:
        return go_to(_receipt(visit, draft.confirmation))
    checked = check_draft(visit.customer, draft)
    if not checked.complete:
        return _draft_page(visit, draft, checked, list(checked.errors.values()))
    new = as_new_invoice(draft, checked.lines, visit.open_session.fingerprint)
    booked = visit.customer.ledger.book(new, visit.customer.settings.listing_delay_seconds)
    return _after_booking(visit, draft, booked, checked)


def _after_booking(visit: Visit, draft: Draft, booked: Invoice, checked: CheckedDraft) -> Response:
    """The invoice is in the ledger now; what the browser learns of it may be something else."""
    if visit.fault("error_500_after_booking"):
        return something_went_wrong(visit)
    hold = visit.fault("timeout_after_booking")
    if hold:
        return NoAnswer(hold.seconds)
    if visit.fault("drop_answer_after_booking"):
        return NoAnswer()
    if visit.fault("duplicate_refused_after_booking"):
        return _draft_page(visit, draft, checked, [f"Invoice # {booked.number} has been used before."])
    return go_to(_receipt(visit, booked.confirmation))


def _receipt(visit: Visit, confirmation: str) -> str:
    return f"{visit.customer.address}/invoices/{confirmation}/sent"


def _draft(visit: Visit) -> Draft | None:
    """The supplier's draft at this customer, with the coding of its order."""
    draft = visit.customer.drafts.find(visit.request.path_params["draft"], visit.supplier)
    if draft is not None:
        draft.header.update(with_coding(draft))
    return draft


def _keep_fields(visit: Visit, draft: Draft) -> None:
    drafts = visit.customer.drafts
    header = {name: visit.text(name) for name in ("invoice_date", "tax_code")}
    drafts.keep_header(draft, header | {"number": visit.text("number") or visit.text("document_no")})
    typed = {"tax": visit.text("tax")}
    for line in draft.order.lines:
        for name in (f"quantity-{line.line}", f"price-{line.line}"):
            typed[name] = visit.text(name)
    drafts.keep_lines(draft, typed)


async def _keep_files(visit: Visit, draft: Draft) -> list[str]:
    """Attaches the files that may be attached; says of each other one why not."""
    refusals, attached = [], list(draft.files)
    for name, kind in UPLOAD_FIELDS.items():
        for file in visit.form.getlist(name):
            if not isinstance(file, UploadFile) or not file.filename:
                continue
            content = await file.read(MAX_FILE_BYTES + 1)
            refusal = refuse_file(file.filename, file.size or len(content), content.startswith(b"%PDF"), attached)
            if refusal:
                refusals.append(refusal)
                continue
            if visit.fault("truncate_upload"):
                content = content[: len(content) // 2]
            attached.append(visit.customer.drafts.attach(draft, file.filename, kind, content))
    return refusals


def _draft_page(visit: Visit, draft: Draft, checked: CheckedDraft, alerts: list[str]) -> Response:
    # A refused submission shows this page too: what can be wrong with the page can be wrong then.
    renamed = visit.fault("rename_field", page="draft") is not None
    return visit.render(
        "draft.html",
        422 if alerts else 200,
        draft=draft,
        checked=checked,
        alerts=alerts,
        errors=checked.errors if alerts else {},
        tax_codes=TAX_CODES,
        upload_fields=UPLOAD_FIELDS,
        number_field="document_no" if renamed else "number",
        number_label="Supplier reference" if renamed else "Invoice #",
        pop_up=visit.fault("pop_up", page="draft") is not None,
        new_tab=visit.fault("new_tab", page="draft") is not None,
    )
