"""The front desk: what happens to every request of a supplier before and after its page is made."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from submitter.practice.fieldgate.portal import go_to
from submitter.practice.ledgerline.portal import SESSION_COOKIE, Portal, Visit
from submitter.practice.serving import PAGE_HEADERS, NoAnswer, is_sent_again_by_browser
from submitter.practice.sessions import Stage
from submitter.practice.trouble import meet_trouble, trouble_page

Handler = Callable[[Visit], Awaitable[Response]]
WITHOUT_SIGN_IN = {"logon", "code"}
ALWAYS_OPEN = {"terms", "password-expired", "logoff"}  # to people with something left to do before they may work
FRAMED = PAGE_HEADERS["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")


class Desk:
    """Makes routes out of page handlers, each with its name, its faults and its sign-in check."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def route(self, path: str, page: str, handler: Handler, method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            if is_sent_again_by_browser(request) and not self.portal.settings.browser_may_resend:
                return NoAnswer()  # the connection is as dead as it was: a dropped answer stays dropped
            self.portal.requests += 1
            self.portal.release_due()
            cookie = request.cookies.get(SESSION_COOKIE, "")
            session = self.portal.sessions.find(cookie, self.portal.settings.idle_seconds)
            visit = Visit(request, self.portal, page, session)
            name = request.path_params.get("confirmation", page)
            response = trouble_page(visit, await self._answer(visit, handler), name)
            if path.startswith("/area/"):
                response.headers["Content-Security-Policy"] = FRAMED
            if visit.session is not None and visit.session.id != cookie:
                response.set_cookie(SESSION_COOKIE, visit.session.id, httponly=True, samesite="lax", path="/")
            return response

        return Route(path, endpoint, methods=[method], name=f"{method} {path}")

    async def _answer(self, visit: Visit, handler: Handler) -> Response:
        trouble = await meet_trouble(visit)
        if trouble is not None:
            return trouble
        if visit.page not in WITHOUT_SIGN_IN:
            turned_away = self._turn_away(visit)
            if turned_away is not None:
                return turned_away
        if visit.request.method != "POST":
            return await handler(visit)
        async with visit.request.form(max_files=200) as form:
            visit.form = form
            return await handler(visit)

    def _turn_away(self, visit: Visit) -> Response | None:
        """Where people are sent who are not signed in, or who have something to do first."""
        session = visit.session
        in_frame = visit.request.url.path.startswith("/area/")
        if session is None or session.stage in (Stage.ANONYMOUS, Stage.CODE_WANTED):
            ended = SESSION_COOKIE in visit.request.cookies and session is None
            if in_frame and not _alone(visit):
                # The sign-in page cannot be shown in a frame: the working area says what happened and leads there.
                return visit.render("session_ended.html", 401)
            return go_to("/logon?ended=1" if ended else "/logon")
        visit.login = self.portal.logins.find(session.user)
        if visit.page in ALWAYS_OPEN:
            return None
        if session.stage is Stage.EXPIRED:
            return go_to("/password-expired")
        if visit.fault("new_terms"):
            session.terms_due = True
        if session.terms_due or visit.known_login.accepted_terms != self.portal.settings.terms_version:
            return go_to("/area/terms" if in_frame else "/terms")
        if in_frame and visit.request.method == "GET" and _alone(visit):
            return go_to(f"/desk?work={quote(_wanted(visit), safe='')}")
        return None


def _alone(visit: Visit) -> bool:
    """Whether a browser asks for a page of the working area by itself, not in the shell's frame."""
    return visit.request.headers.get("sec-fetch-dest") == "document"


def _wanted(visit: Visit) -> str:
    query = visit.request.url.query
    return str(visit.request.scope["raw_path"].decode("ascii")) + (f"?{query}" if query else "")
