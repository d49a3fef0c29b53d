"""The front desk: what happens to every request of a supplier before and after its page is made."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from submitter.practice.cobalt.portal import DEVICE_COOKIE, SESSION_COOKIE, Portal, Visit
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.serving import NoAnswer, is_sent_again_by_browser
from submitter.practice.sessions import Stage
from submitter.practice.trouble import meet_trouble, trouble_page

Handler = Callable[[Visit], Awaitable[Response]]
WITHOUT_SIGN_IN = {"login", "password", "code"}
ALWAYS_OPEN = {"terms", "password-expired", "logout"}  # to people with something left to do before they may work


class Desk:
    """Makes routes out of page handlers, each with its name, its faults, its sign-in check and its customer."""

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
            response = trouble_page(visit, await self._answer(visit, handler), page)
            self._set_cookies(visit, response, cookie)
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
            ended = session is None and SESSION_COOKIE in visit.request.cookies
            return go_to(f"/login?return={quote(_wanted(visit), safe='')}" + ("&ended=1" if ended else ""))
        visit.login = self.portal.logins.find(session.user)
        if visit.page in ALWAYS_OPEN:
            return None
        if session.stage is Stage.EXPIRED:
            return go_to("/password-expired")
        if visit.fault("new_terms"):
            session.terms_due = True
        if session.terms_due or visit.known_login.accepted_terms != self.portal.settings.terms_version:
            return go_to("/terms")
        return self._enter(visit) if "customer" in visit.request.path_params else None

    def _enter(self, visit: Visit) -> Response | None:
        """Into the pages of one customer: only if it knows this login, and only with a code if it wants one."""
        session = visit.open_session
        customer = self.portal.customers.find(visit.request.path_params["customer"])
        if customer is None or not customer.knows(session.user):
            return visit.not_found()
        if customer.settings["requires_second_factor"] and not session.proven:
            session.next_path = _wanted(visit)
            return go_to("/login/code")
        visit.at = customer
        return None

    def _form_too_old(self, visit: Visit) -> HTMLResponse:
        """The form does not come from a page of this session, or the page is from before a restart."""
        text = "The page you sent is out of date and was not used. Go back, reload it and try again."
        return visit.render("message.html", 403, title="That page is out of date", text=text)

    def _set_cookies(self, visit: Visit, response: Response, cookie: str) -> None:
        if visit.session is not None and visit.session.id != cookie:
            response.set_cookie(SESSION_COOKIE, visit.session.id, httponly=True, samesite="lax", path="/")
        if visit.remember:
            age = int(self.portal.settings["device_days"] * 86_400)
            response.set_cookie(
                DEVICE_COOKIE, visit.remember, max_age=age, httponly=True, samesite="lax", path="/login"
            )


def _wanted(visit: Visit) -> str:
    """Where the person wanted to go, so that the way back from signing in leads there."""
    if visit.request.method != "GET":
        return "/home"
    query = visit.request.url.query
    return str(visit.request.scope["raw_path"].decode("ascii")) + (f"?{query}" if query else "")
