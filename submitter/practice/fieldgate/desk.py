"""The front desk: what happens to every request of a supplier before and after its page is made."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from submitter.practice.fieldgate.portal import SESSION_COOKIE, Portal, Visit, go_to
from submitter.practice.serving import NoAnswer, is_sent_again_by_browser
from submitter.practice.sessions import Session, Stage
from submitter.practice.trouble import meet_trouble, trouble_page

Handler = Callable[[Visit], Awaitable[Response]]
WITHOUT_SIGN_IN = {"sign-in", "code"}
ALWAYS_OPEN = {"terms", "password-expired", "sign-out"}  # to people with something left to do before they may work


class Desk:
    """Makes routes out of page handlers, each with its name, its faults and its sign-in check."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def route(self, path: str, page: str, handler: Handler, method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            if is_sent_again_by_browser(request) and not self.portal.settings.browser_may_resend:
                return NoAnswer()  # the connection is as dead as it was: a dropped answer stays dropped
            self.portal.requests += 1
            cookie = request.cookies.get(SESSION_COOKIE, "")
            session = self.portal.sessions.find(cookie, self.portal.settings.idle_seconds)
            visit = Visit(request, self.portal, page, session)
            response = await self._answer(visit, handler)
            response = trouble_page(visit, response, request.path_params.get("confirmation", page))
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
            if visit.session is None or not visit.session.allows(visit.text("csrf")):
                return self._form_too_old(visit)
            return await handler(visit)

    def _turn_away(self, visit: Visit) -> Response | None:
        """Where people are sent who are not signed in, or who have something to do first."""
        session = visit.session
        if session is None or session.stage in (Stage.ANONYMOUS, Stage.CODE_WANTED):
            return go_to(_sign_in_path(visit, session))
        visit.login = self.portal.logins.find(session.user)
        if visit.page in ALWAYS_OPEN:
            return None
        if session.stage is Stage.EXPIRED:
            return go_to("/password-expired")
        if visit.fault("new_terms"):
            session.terms_due = True
        if session.terms_due or visit.known_login.accepted_terms != self.portal.settings.terms_version:
            return go_to("/terms")
        return None

    def _form_too_old(self, visit: Visit) -> HTMLResponse:
        """The form does not come from a page of this session, or the page is from before a restart."""
        text = "This form does not belong to your session. Nothing was changed. Go back, reload the page and try again."
        return visit.render("message.html", 403, title="This form has expired", text=text)


def _sign_in_path(visit: Visit, session: Session | None) -> str:
    """Where to sign in, remembering where the person wanted to go, and whether they had been in before."""
    url = visit.request.url
    wanted = "/home"
    if visit.request.method == "GET":
        wanted = visit.request.scope["raw_path"].decode("ascii") + (f"?{url.query}" if url.query else "")
    ended = session is None and SESSION_COOKIE in visit.request.cookies
    return f"/sign-in?next={quote(wanted, safe='')}" + ("&ended=1" if ended else "")
