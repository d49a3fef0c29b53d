"""Coming in and going out: password, six-digit code, expired password, new terms of use."""

import secrets

from starlette.responses import Response

from submitter.practice.fieldgate.logins import Login
from submitter.practice.fieldgate.portal import Visit, go_to
from submitter.practice.sessions import Session, Stage

NOT_CORRECT = "The user name or password is not correct."
CODE_NOT_CORRECT = "That code is not correct."
LOCKED = {
    "passwords": "This login is locked after three wrong passwords. Ask your Fieldgate administrator to unlock it.",
    "codes": "This login is locked after five wrong codes. Ask your Fieldgate administrator to unlock it.",
}


def local_path(path: str) -> str:
    """Where to go after signing in: a path of this portal, or the home page for anything else."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_local else "/home"


async def show_sign_in(visit: Visit) -> Response:
    session = visit.open_session
    if session.stage is Stage.SIGNED_IN:
        return go_to("/home")
    session.next_path = local_path(visit.query("next"))
    return visit.render("sign_in.html", alert="", user="", ended=bool(visit.query("ended")))


async def sign_in(visit: Visit) -> Response:
    logins, session = visit.portal.logins, visit.open_session
    user = visit.text("user")
    password = visit.form.get("password", "")
    login = logins.find(user)
    if visit.fault("lock_out") or (login is not None and login.locked):
        return _refuse(visit, user, "locked", LOCKED[login.locked if login and login.locked else "passwords"])
    if login is None or not logins.check_password(user, str(password)):
        now_locked = login is not None and bool(getattr(logins.find(user), "locked", ""))
        return _refuse(visit, user, "wrong_password", LOCKED["passwords"] if now_locked else NOT_CORRECT)
    session.expire_password = visit.fault("password_expired") is not None
    if visit.fault("second_factor") or login.totp_secret or visit.portal.settings.totp_required:
        visit.session = visit.portal.sessions.renew(session, user, Stage.CODE_WANTED)
        if not login.totp_secret:
            visit.session.pending_code = f"{secrets.randbelow(1_000_000):06d}"
        logins.record(user, "code_wanted")
        return go_to("/sign-in/code")
    return _let_in(visit, session, login)


async def show_code(visit: Visit) -> Response:
    session = visit.session
    if session is None or session.stage is not Stage.CODE_WANTED:
        return go_to("/sign-in")
    return visit.render("code.html", alert="")


async def check_code(visit: Visit) -> Response:
    session, logins = visit.open_session, visit.portal.logins
    login = logins.find(session.user)
    if session.stage is not Stage.CODE_WANTED or login is None:
        return go_to("/sign-in")
    if login.locked:
        logins.record(login.user, "locked")
        return visit.render("code.html", alert=LOCKED[login.locked])
    if not logins.check_code(login.user, visit.text("code").replace(" ", ""), session.pending_code):
        logins.record(login.user, "wrong_code")
        now = logins.find(login.user)
        return visit.render("code.html", alert=LOCKED[now.locked] if now and now.locked else CODE_NOT_CORRECT)
    return _let_in(visit, session, login)


async def sign_out(visit: Visit) -> Response:
    visit.end_session()
    return go_to("/sign-in?ended=1")


async def show_password_expired(visit: Visit) -> Response:
    return visit.render("password_expired.html")


async def show_terms(visit: Visit) -> Response:
    return visit.render("terms.html", version=visit.portal.settings.terms_version)


async def accept_terms(visit: Visit) -> Response:
    for session in visit.portal.sessions.of_user(visit.known_login.user):
        session.terms_due = False
    visit.portal.logins.accept_terms(visit.known_login.user, visit.portal.settings.terms_version)
    return go_to("/home")


def _let_in(visit: Visit, session: Session, login: Login) -> Response:
    stage = Stage.EXPIRED if session.expire_password else Stage.SIGNED_IN
    visit.session = visit.portal.sessions.renew(session, login.user, stage)
    visit.portal.logins.record(login.user, "signed_in")
    return go_to("/password-expired" if stage is Stage.EXPIRED else visit.session.next_path)


def _refuse(visit: Visit, user: str, result: str, words: str) -> Response:
    visit.portal.logins.record(user, result)
    return visit.render("sign_in.html", alert=words, user=user, ended=False)
