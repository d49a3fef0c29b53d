"""Coming in and going out: password, an authenticator's code, expired password, new terms of use."""

import secrets
from typing import Any

from starlette.responses import Response

from submitter.practice.fieldgate.logins import Login
from submitter.practice.meridian.portal import Visit
from submitter.practice.sessions import Session, Stage

NOT_CORRECT = "The username and password combination that you entered is not correct."
LOCKED = "This account is locked after three wrong passwords. Ask your Meridian administrator to unlock it."
CODE_NOT_CORRECT = "The verification code is not correct."
VIEWS = {Stage.CODE_WANTED: "verify", Stage.SIGNED_IN: "workbench", Stage.EXPIRED: "password-expired"}


async def show_session(visit: Visit) -> Response:
    """Who is signed in, for a script that has just been loaded."""
    session = visit.open_session
    login = visit.portal.logins.find(session.user) if session.user else None
    signed_in = session.stage is Stage.SIGNED_IN and login is not None
    return visit.answer(
        token=session.csrf,
        view=VIEWS.get(session.stage, "sign-in"),
        user=login.user if login and signed_in else "",
        supplier=login.supplier if login and signed_in else "",
        by_app=bool(login and login.totp_secret),
        customers=[_named(each) for each in visit.portal.customers.all()] if signed_in else [],
    )


async def sign_in(visit: Visit) -> Response:
    logins, session, user = visit.portal.logins, visit.open_session, visit.typed("user")
    visit.portal.code_locks.open_due(user)
    login = logins.find(user)
    if visit.fault("lock_out") or (login is not None and login.locked == "passwords"):
        return _refuse(visit, user, "locked", LOCKED)
    if login is not None and login.locked:
        return _refuse(visit, user, "locked", _wait(visit, user))
    if login is None or not logins.check_password(user, str(visit.sent.get("password") or "")):
        now = logins.find(user)
        return _refuse(visit, user, "wrong_password", LOCKED if now and now.locked else NOT_CORRECT)
    session.expire_password = visit.fault("password_expired") is not None
    if visit.fault("second_factor") or login.totp_secret or visit.portal.settings.totp_required:
        visit.session = visit.portal.sessions.renew(session, user, Stage.CODE_WANTED)
        if not login.totp_secret:
            visit.session.pending_code = f"{secrets.randbelow(1_000_000):06d}"
        logins.record(user, "code_wanted")
        return visit.send_to("verify", token=visit.session.csrf)
    return _let_in(visit, session, login)


async def verify(visit: Visit) -> Response:
    """The authenticator's code; after too many wrong ones no more are taken for a while."""
    session, portal = visit.open_session, visit.portal
    login = portal.logins.find(session.user)
    if session.stage is not Stage.CODE_WANTED or login is None:
        return visit.send_to("sign-in")
    portal.code_locks.open_due(login.user)
    login = portal.logins.find(session.user) or login
    if login.locked:
        portal.logins.record(login.user, "locked")
        return visit.refuse(_wait(visit, login.user))
    tries = int(portal.settings["code_tries"])
    if portal.logins.check_code(login.user, visit.typed("code").replace(" ", ""), session.pending_code, tries):
        return _let_in(visit, session, login)
    portal.logins.record(login.user, "wrong_code")
    now = portal.logins.find(login.user)
    if now is None or not now.locked:
        return visit.refuse(CODE_NOT_CORRECT)
    portal.code_locks.lock(login.user, float(portal.settings["code_retry_seconds"]))
    return visit.refuse(_wait(visit, login.user))


async def sign_out(visit: Visit) -> Response:
    visit.end_session()
    return visit.send_to("sign-in", token=visit.open_session.csrf)


async def show_terms(visit: Visit) -> Response:
    return visit.answer(version=visit.portal.settings.terms_version)


async def accept_terms(visit: Visit) -> Response:
    for session in visit.portal.sessions.of_user(visit.known_login.user):
        session.terms_due = False
    visit.portal.logins.accept_terms(visit.known_login.user, visit.portal.settings.terms_version)
    return visit.send_to("workbench")


def _named(customer: Any) -> dict[str, str]:
    return {"id": customer.id, "name": customer.name}


def _let_in(visit: Visit, session: Session, login: Login) -> Response:
    stage = Stage.EXPIRED if session.expire_password else Stage.SIGNED_IN
    visit.session = visit.portal.sessions.renew(session, login.user, stage)
    visit.portal.logins.record(login.user, "signed_in")
    return visit.send_to(VIEWS[stage], token=visit.session.csrf)


def _wait(visit: Visit, user: str) -> str:
    minutes = max(1, round(visit.portal.code_locks.seconds_left(user) / 60))
    return f"Too many wrong verification codes. This account is locked; try again in {minutes} minutes."


def _refuse(visit: Visit, user: str, result: str, words: str) -> Response:
    visit.portal.logins.record(user, result)
    return visit.refuse(words)
