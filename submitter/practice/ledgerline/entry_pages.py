"""Writing an invoice in three steps, each on a page whose token is good once, and the one click that books it."""

from starlette.datastructures import UploadFile
from starlette.responses import Response

from submitter.practice.fieldgate.drafts import Draft
from submitter.practice.fieldgate.ledger import Invoice
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.ledgerline import entry
from submitter.practice.ledgerline.portal import Visit
from submitter.practice.ledgerline.rules import INVOICE_COPY, SUPPORTING, CheckedEntry, FileRules
from submitter.practice.ledgerline.statuses import CORRECTABLE, DENIED
from submitter.practice.serving import NoAnswer
from submitter.practice.trouble import something_went_wrong

NUMBER_LABEL = "Invoice number"
RENAMED_NUMBER_LABEL = "Document reference"
STEPS = ("", "details", "files", "certify")
UPLOAD_FIELDS = {"invoice_copy": INVOICE_COPY, "supporting": SUPPORTING}


async def show_details(visit: Visit) -> Response:
    draft = _draft_at(visit, "details")
    return draft if isinstance(draft, Response) else _details_page(visit, draft, draft.header, draft.typed, [])


async def keep_details(visit: Visit) -> Response:
    draft = _draft_at(visit, "details")
    if isinstance(draft, Response):
        return draft
    header = {name: visit.text(name) for name in ("invoice_date", "service_date")}
    header["number"] = draft.header["number"] if draft.replaces else visit.text("number") or visit.text("doc_ref")
    typed = {"tax": visit.text("tax")}
    for line in draft.order.lines:
        for name in (f"quantity-{line.line}", f"price-{line.line}"):
            typed[name] = visit.text(name)
    if visit.form.get("save"):
        entry.save_for_later(visit.portal, draft, header, typed)
        return go_to("/area/drafts")
    errors = entry.check_draft(visit.portal, draft, header, typed, visit.language).errors
    taken = _taken(visit, draft, header["number"])
    if errors or taken:
        return _details_page(visit, draft, header, typed, [*([taken] if taken else []), *errors])
    visit.portal.drafts.keep_header(draft, header)
    visit.portal.drafts.keep_lines(draft, typed)
    return go_to(f"/area/entry/{draft.id}/files")


async def show_files(visit: Visit) -> Response:
    draft = _draft_at(visit, "files")
    return draft if isinstance(draft, Response) else _files_page(visit, draft, [])


async def keep_files(visit: Visit) -> Response:
    """Attaches, takes away one file, or goes on, by which button was pressed."""
    draft = _draft_at(visit, "files")
    if isinstance(draft, Response):
        return draft
    chosen = [
        (kind, file)
        for field, kind in UPLOAD_FIELDS.items()
        for file in visit.form.getlist(field)
        if isinstance(file, UploadFile) and file.filename
    ]
    if visit.text("remove"):
        visit.portal.drafts.detach(draft, visit.text("remove"))
        return go_to(f"/area/entry/{draft.id}/files")
    if visit.form.get("attach"):
        refusals = [await _attach(visit, draft, kind, file) for kind, file in chosen]
        if not chosen:
            refusals = [visit.say("Choose a file first.")]
        if any(refusals):
            return _files_page(visit, draft, [words for words in refusals if words])
        return go_to(f"/area/entry/{draft.id}/files")
    if chosen:
        return _files_page(visit, draft, [visit.say("Files were chosen but not attached. Attach them first.")])
    missing = _missing_files(visit, draft)
    return _files_page(visit, draft, [missing]) if missing else go_to(f"/area/entry/{draft.id}/certify")


async def _attach(visit: Visit, draft: Draft, kind: str, file: UploadFile) -> str:
    """Keeps the file, or says why not."""
    settings, name = visit.portal.settings, file.filename or ""
    rules = FileRules(int(settings["file_name_length"]), int(settings["max_file_bytes"]))
    content = await file.read(rules.max_bytes + 1)
    current = visit.portal.drafts.find(draft.id, draft.supplier) or draft
    refusal = rules.refusal(name, content, current.files, visit.language)
    if not refusal:
        if visit.fault("truncate_upload"):
            content = content[: len(content) // 2]
        visit.portal.drafts.attach(draft, name, kind, content)
    return refusal


async def show_certify(visit: Visit) -> Response:
    draft = _draft_at(visit, "certify")
    if isinstance(draft, Response):
        return draft
    if not draft.lines_done or _missing_files(visit, draft):
        return go_to(f"/area/entry/{draft.id}/files")
    return _certify_page(visit, draft, [], _checked(visit, draft))


async def submit(visit: Visit) -> Response:
    """Books the invoice, once for each draft."""
    draft = _draft_at(visit, "certify")
    if isinstance(draft, Response):
        return draft
    checked = _checked(visit, draft)
    refusals = _refusals(visit, draft, checked)
    if refusals:
        return _certify_page(visit, draft, refusals, checked)
    new = entry.as_new_invoice(draft, checked, visit.language, visit.open_session.fingerprint)
    booked = visit.portal.ledger.book(new, visit.portal.settings.listing_delay_seconds)
    visit.portal.release_due()
    return _after_booking(visit, draft, booked, checked)


def _after_booking(visit: Visit, draft: Draft, booked: Invoice, checked: CheckedEntry) -> Response:
    """The invoice is in the ledger now; what the browser learns of it may be something else."""
    if visit.fault("error_500_after_booking"):
        return something_went_wrong(visit)
    hold = visit.fault("timeout_after_booking")
    if hold:
        return NoAnswer(hold.seconds)
    if visit.fault("drop_answer_after_booking"):
        return NoAnswer()
    if visit.fault("duplicate_refused_after_booking"):
        return _certify_page(visit, draft, [_already(visit, booked)], checked)
    return go_to(f"/area/invoices/{booked.confirmation}/receipt")


def _refusals(visit: Visit, draft: Draft, checked: CheckedEntry) -> list[str]:
    """What is missing, and what has changed since the earlier pages were checked."""
    found = list(checked.errors)
    if not visit.text("certified"):
        found.append(visit.say("Tick the box to certify the invoice."))
    for problem in (_taken(visit, draft, draft.header["number"]), _missing_files(visit, draft)):
        if problem:
            found.append(problem)
    former = visit.portal.ledger.find(draft.replaces) if draft.replaces else None
    if former and former.status not in CORRECTABLE:
        found.append(visit.say("{tracking} cannot be corrected any more.", tracking=former.confirmation))
    return found


def _draft_at(visit: Visit, step: str) -> Draft | Response:
    """The draft, if this is the page of it that is to come next; going back to an earlier page loses the draft."""
    draft = visit.portal.drafts.find(visit.request.path_params["draft"], visit.known_login.supplier)
    if draft is None:
        return visit.not_found("such draft")
    if draft.confirmation:
        return go_to(f"/area/invoices/{draft.confirmation}/receipt")
    form = f"entry-{draft.id}"
    if visit.request.method == "POST":
        in_order = visit.redeem(form, step)
    else:
        in_order = STEPS.index(step) >= STEPS.index(visit.step_shown(form))
    if in_order:
        return draft
    visit.open_session.forms.pop(form, None)
    entry.discard(visit.portal, draft)
    return visit.message(
        409, "This page has expired", "You went back, or sent a page twice. The draft was discarded; begin again."
    )


def _missing_files(visit: Visit, draft: Draft) -> str:
    current = visit.portal.drafts.find(draft.id, draft.supplier) or draft
    needed = visit.portal.settings["attachment_required"] and not current.files
    return visit.say("At least one file has to be attached.") if needed else ""


def _taken(visit: Visit, draft: Draft, number: str) -> str:
    """Says that the number was used before, unless this draft corrects that very invoice."""
    if draft.replaces or visit.portal.settings.accept_duplicates or not number:
        return ""
    other = visit.portal.ledger.find_number(draft.supplier, number, visit.portal.settings.refuses_unlisted)
    return _already(visit, other) if other else ""


def _already(visit: Visit, other: Invoice) -> str:
    words = "Invoice number {number} is already on file (tracking number {tracking})."
    if other.status == DENIED:
        words = "Invoice number {number} was denied (tracking number {tracking}) and can never be submitted again."
    return visit.say(words, number=other.number, tracking=other.confirmation)


def _checked(visit: Visit, draft: Draft) -> CheckedEntry:
    return entry.check_draft(visit.portal, draft, draft.header, draft.typed, visit.language)


def _details_page(
    visit: Visit, draft: Draft, header: dict[str, str], typed: dict[str, str], errors: list[str]
) -> Response:
    renamed = visit.fault("rename_field", page="details") is not None
    return visit.render(
        "details.html",
        draft=draft,
        header=header,
        typed=typed,
        errors=errors,
        token=visit.issue(f"entry-{draft.id}", "details"),
        number_field="doc_ref" if renamed else "number",
        number_label=RENAMED_NUMBER_LABEL if renamed else NUMBER_LABEL,
    )


def _files_page(visit: Visit, draft: Draft, errors: list[str]) -> Response:
    settings = visit.portal.settings
    return visit.render(
        "files.html",
        draft=visit.portal.drafts.find(draft.id, draft.supplier) or draft,
        errors=errors,
        token=visit.issue(f"entry-{draft.id}", "files"),
        fields=UPLOAD_FIELDS,
        name_length=settings["file_name_length"],
        megabytes=visit.language.quantity(entry.megabytes(settings["max_file_bytes"])),
    )


def _certify_page(visit: Visit, draft: Draft, errors: list[str], checked: CheckedEntry) -> Response:
    # A refused submission shows this page too: what can be wrong with the page can be wrong then.
    renamed = visit.fault("rename_field", page="certify") is not None
    return visit.render(
        "certify.html",
        draft=draft,
        errors=errors,
        checked=checked,
        token=visit.issue(f"entry-{draft.id}", "certify"),
        number_label=RENAMED_NUMBER_LABEL if renamed else NUMBER_LABEL,
        pop_up=visit.fault("pop_up", page="certify") is not None,
        new_tab=visit.fault("new_tab", page="certify") is not None,
    )
