"""Coming in and going out: the user name, the password on a page of its own, a code, expired password, new terms."""

import secrets

from starlette.responses import Response

from submitter.practice.cobalt.portal import DEVICE_COOKIE, Visit
from submitter.practice.fieldgate.logins import Login
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.fieldgate.sign_in_pages import local_path
from submitter.practice.sessions import Session, Stage

NOT_RIGHT = "We could not sign you in with that e-mail address and password."
CODE_NOT_RIGHT = "That code did not work. Check it, or ask for a new one."
LOCKED = {
    "passwords": "Your account has been locked because of too many wrong passwords. Contact Cobalt support.",
    "codes": "Your account has been locked because of too many wrong codes. Contact Cobalt support.",
}


async def show_login(visit: Visit) -> Response:
    session = visit.open_session
    if session.stage is Stage.SIGNED_IN:
        return go_to("/home")
    session.next_path = local_path(visit.query("return"))
    return visit.render("login.html", alert="", ended=bool(visit.query("ended")))


async def take_user(visit: Visit) -> Response:
    """Whoever it is, the password is asked for: nobody learns here which logins exist."""
    user = visit.text("user")
    if not user:
        return visit.render("login.html", 422, alert="Enter your e-mail address.", ended=False)
    if visit.open_session.stage is not Stage.ANONYMOUS:
        visit.session = visit.portal.sessions.renew(
            visit.open_session, "", Stage.ANONYMOUS
        )  # begins anew, or somebody else
    visit.open_session.named = user
    return go_to("/login/password")


async def show_password(visit: Visit) -> Response:
    session = visit.open_session
    if session.stage is not Stage.ANONYMOUS or not session.named:
        return go_to("/login")
    return visit.render("password.html", alert="")


async def take_password(visit: Visit) -> Response:
    logins, session = visit.portal.logins, visit.open_session
    user = session.named
    if not user or session.stage is not Stage.ANONYMOUS:
        return go_to("/login")
    login = logins.find(user)
    if visit.fault("lock_out") or (login is not None and login.locked):
        return _refuse(visit, "locked", LOCKED[login.locked if login and login.locked else "passwords"])
    if login is None or not logins.check_password(user, str(visit.form.get("password", ""))):
        now_locked = login is not None and bool(getattr(logins.find(user), "locked", ""))
        return _refuse(visit, "wrong_password", LOCKED["passwords"] if now_locked else NOT_RIGHT)
    session.expire_password = visit.fault("password_expired") is not None
    remembered = visit.portal.devices.knows(visit.request.cookies.get(DEVICE_COOKIE, ""), user)
    surprised = visit.fault("second_factor") is not None
    if surprised or (_wants_code(visit, login) and not remembered):
        visit.session = visit.portal.sessions.renew(session, user, Stage.CODE_WANTED)
        if not login.totp_secret:
            _mail_code(visit, visit.session)
        logins.record(user, "code_wanted")
        return go_to("/login/code")
    return _let_in(visit, login, proven=remembered)


async def show_code(visit: Visit) -> Response:
    """Asked for at the door, or later, on the way to a customer that wants it."""
    session = visit.session
    login = _login_to_prove(visit)
    if session is None or login is None:
        return go_to("/login" if session is None or session.stage is not Stage.SIGNED_IN else "/home")
    if not login.totp_secret and not session.pending_code:
        _mail_code(visit, session)
    return _code_page(visit, login, "")


async def check_code(visit: Visit) -> Response:
    session, logins, login = visit.open_session, visit.portal.logins, _login_to_prove(visit)
    if login is None:
        return go_to("/login")
    if login.locked:
        logins.record(login.user, "locked")
        return _code_page(visit, login, LOCKED[login.locked])
    if session.pending_code and visit.portal.books.moment() > session.code_until:
        session.pending_code = secrets.token_urlsafe(8)  # nothing that anybody could type
    if not logins.check_code(login.user, visit.text("code").replace(" ", ""), session.pending_code):
        logins.record(login.user, "wrong_code")
        now = logins.find(login.user)
        return _code_page(visit, login, LOCKED[now.locked] if now and now.locked else CODE_NOT_RIGHT)
    if visit.text("remember"):
        visit.remember = visit.portal.devices.remember(login.user, visit.portal.settings["device_days"])
    return _let_in(visit, login, proven=True)


async def send_code(visit: Visit) -> Response:
    """A new code by e-mail; the one before is worth nothing from now on, and neither is the authenticator's."""
    session = visit.session
    if session is None or _login_to_prove(visit) is None:
        return go_to("/login")
    _mail_code(visit, session)
    return go_to("/login/code")


async def sign_out(visit: Visit) -> Response:
    visit.end_session()
    return go_to("/login?ended=1")


async def show_password_expired(visit: Visit) -> Response:
    return visit.render("password_expired.html")


async def show_terms(visit: Visit) -> Response:
    return visit.render("terms.html", version=visit.portal.settings.terms_version)


async def accept_terms(visit: Visit) -> Response:
    for session in visit.portal.sessions.of_user(visit.known_login.user):
        session.terms_due = False
    visit.portal.logins.accept_terms(visit.known_login.user, visit.portal.settings.terms_version)
    return go_to("/home")


def _wants_code(visit: Visit, login: Login) -> bool:
    return bool(login.totp_secret) or visit.portal.settings.totp_required


def _login_to_prove(visit: Visit) -> Login | None:
    """Who is to give a code: a login after its password, or one inside that has not given one yet."""
    session = visit.session
    if session is None or session.proven or session.stage not in (Stage.CODE_WANTED, Stage.SIGNED_IN):
        return None
    return visit.portal.logins.find(session.user)


def _mail_code(visit: Visit, session: Session) -> None:
    session.pending_code = f"{secrets.randbelow(1_000_000):06d}"
    session.code_until = visit.portal.books.moment() + float(visit.portal.settings["code_seconds"])
    if visit.fault("mail_lost"):
        return
    minutes = max(1, round(visit.portal.settings["code_seconds"] / 60))
    text = (
        f"Your Cobalt verification code is {session.pending_code}\n\n"
        f"It is good for {minutes} minutes and for one use. If you did not ask for it, somebody knows your password.\n"
    )
    visit.portal.mailbox.deliver(session.user, "Your verification code", text, visit.portal.books.now())


def _code_page(visit: Visit, login: Login, alert: str) -> Response:
    session = visit.open_session
    return visit.render(
        "code.html", 422 if alert else 200, alert=alert, to=login.user, mailed=bool(session.pending_code)
    )


def _let_in(visit: Visit, login: Login, proven: bool) -> Response:
    session = visit.open_session
    stage = Stage.EXPIRED if session.expire_password else Stage.SIGNED_IN
    visit.session = visit.portal.sessions.renew(session, login.user, stage)
    visit.session.proven = proven
    visit.portal.logins.record(login.user, "signed_in" if session.stage is not Stage.SIGNED_IN else "proven")
    return go_to("/password-expired" if stage is Stage.EXPIRED else visit.session.next_path)


def _refuse(visit: Visit, result: str, words: str) -> Response:
    visit.portal.logins.record(visit.open_session.named, result)
    return visit.render("password.html", 422, alert=words)
