"""What the armed faults do to a request at a practice portal: before its page is made, and to the page itself."""

import asyncio
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from submitter.practice.fieldgate.faults import INTERRUPTIONS, Fault
from submitter.practice.serving import NoAnswer
from submitter.practice.sessions import Session


class Visited(Protocol):
    """One request of a supplier's browser, whatever portal it came to; `portal_name` is what pages call that portal."""

    request: Request
    page: str
    session: Session | None

    @property
    def portal_name(self) -> str: ...

    def fault(self, kind: str, page: str = "") -> Fault | None: ...

    def end_session(self) -> None: ...

    def render(self, template: str, http_status: int = 200, /, **context: Any) -> HTMLResponse: ...


async def meet_trouble(visit: Visited) -> Response | None:
    """The faults that strike before anything has an effect."""
    slow = visit.fault("slow")
    if slow:
        await visit.request.body()  # it has arrived: that the browser goes away meanwhile does not call it back
        await asyncio.sleep(slow.seconds)
    if visit.session is not None and visit.session.user and visit.fault("session_lost"):
        visit.end_session()
    name = visit.portal_name
    maintenance = visit.fault("maintenance")
    if maintenance:
        text = f"{name} is being worked on and will be back shortly. Nothing you sent just now was kept."
        page = visit.render("message.html", 503, title=f"{name} is being maintained", text=text)
        page.headers["Retry-After"] = f"{maintenance.seconds:.0f}"
        return page
    rate_limit = visit.fault("rate_limit")
    if rate_limit:
        text = f"You are asking for pages faster than {name} allows. Try again in {rate_limit.seconds:.0f} seconds."
        page = visit.render("message.html", 429, title="Too many requests", text=text)
        page.headers["Retry-After"] = f"{rate_limit.seconds:.0f}"
        return page
    if visit.fault("error_500"):
        return something_went_wrong(visit)
    hold = visit.fault("timeout_before_booking")
    if hold:
        return NoAnswer(hold.seconds)
    if visit.fault("drop_answer"):
        return NoAnswer()
    return None


def something_went_wrong(visit: Visited) -> HTMLResponse:
    text = f"{visit.portal_name} could not answer this request. Try again later."
    return visit.render("message.html", 500, title="Something went wrong", text=text)


def trouble_page(visit: Visited, response: Response, name: str) -> Response:
    """The answer as armed faults change it: twice over, with a dialog or another tab, or as a file called `name`."""
    return _as_file(visit, _interrupted(visit, _double(visit, response)), name)


def _double(visit: Visited, response: Response) -> Response:
    if isinstance(response, HTMLResponse) and visit.fault("double_response"):
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        return HTMLResponse(bytes(response.body) * 2, status_code=response.status_code, headers=headers)
    return response


def _interrupted(visit: Visited, response: Response) -> Response:
    """The page with a script in it that puts up a dialog or another tab."""
    for kind, spoken in INTERRUPTIONS.items():
        if isinstance(response, HTMLResponse) and visit.fault(kind):
            words = spoken.format(portal=visit.portal_name)
            script = f'<script src="/static/interrupt.js" data-with="{kind}" data-words="{words}" defer></script>'
            response.body = bytes(response.body).replace(b"</head>", f"{script}</head>".encode())
            response.headers["content-length"] = str(len(response.body))
    return response


def _as_file(visit: Visited, response: Response, name: str) -> Response:
    """The page as a file to be saved."""
    if isinstance(response, HTMLResponse) and visit.fault("download_instead"):
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.html"'
    return response
