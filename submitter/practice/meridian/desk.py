"""The front desk: what happens to every call of a supplier's browser before and after it is answered."""

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from submitter.practice.fieldgate.faults import INTERRUPTIONS
from submitter.practice.meridian.faults import DONE_BY_THE_SCRIPT
from submitter.practice.meridian.portal import SESSION_COOKIE, Portal, Visit
from submitter.practice.serving import NoAnswer, is_sent_again_by_browser
from submitter.practice.sessions import Stage
from submitter.practice.trouble import meet_trouble

Handler = Callable[[Visit], Awaitable[Response]]
WITHOUT_SIGN_IN = {"shell", "session", "sign-in", "verify"}
ALWAYS_OPEN = {"terms", "sign-out"}  # to people with something left to do before they may work


class Desk:
    """Makes routes out of handlers, each with its name, its faults and its sign-in check."""

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
            if method == "GET" and response.status_code == 200:
                _tell_script(visit, response)
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
        if visit.request.method == "GET":
            return await self._find(visit, handler)
        token = visit.request.headers.get("X-Meridian-Token", "")
        if visit.session is None or not visit.session.allows(token):
            return visit.message(403, "This page is out of date", "Nothing was changed. Reload the page and try again.")
        if visit.request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with visit.request.form(max_files=200) as form:
                visit.form = form
                return await self._find(visit, handler)
        try:
            sent = json.loads(await visit.request.body() or b"{}")
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            return visit.message(400, "Meridian did not understand this", "The body must be a JSON object.")
        visit.sent = sent
        return await self._find(visit, handler)

    @staticmethod
    async def _find(visit: Visit, handler: Handler) -> Response:
        try:
            return await handler(visit)
        except LookupError as missing:
            return visit.message(404, "Not found", str(missing.args[0]))

    def _turn_away(self, visit: Visit) -> Response | None:
        """Where people are sent who are not signed in, or who have something to do first."""
        session = visit.session
        if session is None or session.stage in (Stage.ANONYMOUS, Stage.CODE_WANTED):
            return visit.send_to("sign-in", 401, ended=session is None and SESSION_COOKIE in visit.request.cookies)
        visit.login = self.portal.logins.find(session.user)
        if visit.page in ALWAYS_OPEN:
            return None
        if session.stage is Stage.EXPIRED:
            return visit.send_to("password-expired", 403)
        if visit.fault("new_terms"):
            session.terms_due = True
        if session.terms_due or visit.known_login.accepted_terms != self.portal.settings.terms_version:
            return visit.send_to("terms", 403)
        return None


def _tell_script(visit: Visit, response: Response) -> None:
    """What armed faults make the script do to the view that it draws from this answer."""
    odd: dict[str, str] = {}
    for kind in DONE_BY_THE_SCRIPT:
        fault = visit.fault(kind)
        if fault:
            words = INTERRUPTIONS.get(kind, "rename" if fault.rename else "")
            odd[kind] = words.format(portal=visit.portal_name)
    if odd:
        response.headers["X-Meridian-Odd"] = json.dumps(odd)
