"""Coming in and going out: password, six-digit code, expired password, new terms of use, and the shell page."""

import secrets

from starlette.responses import Response

from submitter.practice.fieldgate.logins import Login
from submitter.practice.fieldgate.portal import go_to
from submitter.practice.ledgerline.languages import LANGUAGES
from submitter.practice.ledgerline.portal import Visit
from submitter.practice.sessions import Session, Stage

# Before somebody has signed in, nobody knows their language: the page speaks all three.
NOT_CORRECT = "The user ID or the password is not correct."
LOCKED = "This account is locked. Ask the help desk to unlock it."
CODE_NOT_CORRECT = "The code is not correct."


async def show_front(visit: Visit) -> Response:
    return go_to("/desk")


async def show_logon(visit: Visit) -> Response:
    if visit.open_session.stage is Stage.SIGNED_IN:
        return go_to("/desk")
    return _logon_page(visit, "The session has ended." if visit.query("ended") else "", "")


async def log_on(visit: Visit) -> Response:
    logins, session, user = visit.portal.logins, visit.open_session, visit.text("user")
    if not visit.redeem("logon"):
        return _logon_page(visit, "This page has expired", user)
    login = logins.find(user)
    if visit.fault("lock_out") or (login is not None and login.locked):
        return _refuse(visit, user, "locked", LOCKED)
    if login is None or not logins.check_password(user, str(visit.form.get("password", ""))):
        now = logins.find(user)
        return _refuse(visit, user, "wrong_password", LOCKED if now and now.locked else NOT_CORRECT)
    session.expire_password = visit.fault("password_expired") is not None
    if visit.fault("second_factor") or login.totp_secret or visit.portal.settings.totp_required:
        visit.session = visit.portal.sessions.renew(session, user, Stage.CODE_WANTED)
        if not login.totp_secret:
            visit.session.pending_code = f"{secrets.randbelow(1_000_000):06d}"
        logins.record(user, "code_wanted")
        return go_to("/logon/code")
    return _let_in(visit, session, login)


async def show_code(visit: Visit) -> Response:
    if visit.open_session.stage is not Stage.CODE_WANTED:
        return go_to("/logon")
    return visit.render("code.html", token=visit.issue("code"), alert="")


async def check_code(visit: Visit) -> Response:
    session, logins = visit.open_session, visit.portal.logins
    login = logins.find(session.user)
    if session.stage is not Stage.CODE_WANTED or login is None:
        return go_to("/logon")
    if not visit.redeem("code"):
        return visit.stale()
    if not login.locked and logins.check_code(login.user, visit.text("code").replace(" ", ""), session.pending_code):
        return _let_in(visit, session, login)
    now = logins.find(login.user)
    logins.record(login.user, "locked" if login.locked else "wrong_code")
    words = LOCKED if now and now.locked else CODE_NOT_CORRECT
    return visit.render("code.html", token=visit.issue("code"), alert=visit.say(words))


async def log_off(visit: Visit) -> Response:
    if not visit.redeem("logoff"):
        return visit.stale()
    visit.end_session()
    return go_to("/logon?ended=1")


async def show_password_expired(visit: Visit) -> Response:
    return visit.render("password_expired.html")


async def show_terms(visit: Visit) -> Response:
    return visit.render("terms.html", token=visit.issue("terms"), version=visit.portal.settings.terms_version)


async def accept_terms(visit: Visit) -> Response:
    if not visit.redeem("terms"):
        return visit.stale()
    for session in visit.portal.sessions.of_user(visit.known_login.user):
        session.terms_due = False
    visit.portal.logins.accept_terms(visit.known_login.user, visit.portal.settings.terms_version)
    return go_to("/area/home" if visit.request.url.path.startswith("/area/") else "/desk")


async def show_desk(visit: Visit) -> Response:
    """The shell: its menu stays, the frame beside it holds whatever is worked on."""
    wanted = visit.query("work")
    work = wanted if wanted.startswith("/area/") and wanted.isprintable() and "\\" not in wanted else "/area/home"
    return visit.render("desk.html", token=visit.issue("logoff"), work=work)


async def show_profile(visit: Visit) -> Response:
    return visit.render("profile.html", token=visit.issue("profile"), languages=LANGUAGES.values())


async def keep_profile(visit: Visit) -> Response:
    if not visit.redeem("profile") or visit.text("language") not in LANGUAGES:
        return visit.stale()
    visit.portal.set_language(visit.known_login.user, visit.text("language"))
    return go_to("/area/profile")


def _let_in(visit: Visit, session: Session, login: Login) -> Response:
    stage = Stage.EXPIRED if session.expire_password else Stage.SIGNED_IN
    visit.session = visit.portal.sessions.renew(session, login.user, stage)
    visit.portal.logins.record(login.user, "signed_in")
    return go_to("/password-expired" if stage is Stage.EXPIRED else "/desk")


def _refuse(visit: Visit, user: str, result: str, words: str) -> Response:
    visit.portal.logins.record(user, result)
    return _logon_page(visit, words, user)


def _logon_page(visit: Visit, words: str, user: str) -> Response:
    said = [language.say(words) for language in LANGUAGES.values()] if words else []
    return visit.render("logon.html", token=visit.issue("logon"), said=said, user=user, everyone=LANGUAGES)
