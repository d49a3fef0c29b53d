"""Records a visit: it stands between the browser and the portal, passes on what each says, and remembers it.

All of it stays in memory until it is scrubbed. The browser talks to an address of this machine, whose origin takes the
place of the portal's in addresses, answers and cookies; the portal sees its own.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from submitter.adapters.recording.exchange import Exchange, Kind, PostedField
from submitter.adapters.recording.loopback import Answer, Asked, Loopback
from submitter.adapters.recording.markers import Markers
from submitter.adapters.recording.posted import read_posted
from submitter.adapters.recording.recording import Recording
from submitter.adapters.recording.scenario import Scenario
from submitter.adapters.recording.scrubbing import Scrubber

PAGES = frozenset({"document", "iframe", "frame"})
_LEFT_OUT = frozenset({"image", "font", "audio", "video", "track", "manifest", "script", "style"})
_TEXTS = re.compile(r"(?:text/|application/(?:[\w.-]+\+)?(?:json|xml)|application/(?:x-)?javascript)")
_HOP_BY_HOP = frozenset(
    {"host", "connection", "keep-alive", "transfer-encoding", "te", "upgrade", "accept-encoding", "content-length"}
)
_NOT_PASSED_BACK = _HOP_BY_HOP | {"content-encoding", "strict-transport-security", "date", "server"}
_PORTAL_SECONDS = 60


@dataclass
class _Heard:
    """One exchange as it was, in memory only."""

    asked: Asked
    step: int
    turn: int
    kind: Kind
    posted: tuple[PostedField, ...]
    sends: bool
    answer: Answer | None = None


@dataclass
class Recorder:
    """Stands in for the portal at ``address`` while it is entered."""

    portal: str  # the account's address
    scenario: Scenario
    other_origins: Sequence[str] = ()
    step: int = 0
    next_sends: bool = False  # the next request that is no look is that of the irreversible click
    _heard: list[_Heard] = field(default_factory=list)
    _under_way: int = 0
    _turn: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._origins = [_origin(self.portal), *map(_origin, self.other_origins)]
        self._loopback = Loopback(self._pass_on, len(self._origins)).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._loopback.__exit__()

    @property
    def address(self) -> str:
        """The account's address for the visit that is recorded."""
        return self._loopback.addresses[0] + urlsplit(self.portal).path

    @property
    def addresses(self) -> list[str]:
        return self._loopback.addresses

    # -- passing on ----------------------------------------------------------------------------------------------

    def _pass_on(self, asked: Asked) -> Answer:
        heard = self._begin(asked)
        try:
            answer = self._ask_portal(asked)
        except (OSError, http.client.HTTPException):
            answer = Answer(502, is_lost=True)
        with self._lock:
            heard.answer = answer
            if self._counts(heard):
                self._under_way -= 1
        return self._as_ours(answer)

    def _begin(self, asked: Asked) -> _Heard:
        posted = read_posted(asked.headers.get("content-type", ""), asked.body)
        with self._lock:
            sends = self.next_sends and asked.method not in ("GET", "HEAD", "OPTIONS")
            self.next_sends &= not sends
            heard = _Heard(asked, self.step, self._turn, kind_of(asked), posted, sends)
            if self._counts(heard):
                if not self._under_way:
                    self._turn += 1
                    heard.turn = self._turn
                self._under_way += 1
            self._heard.append(heard)
        return heard

    def _counts(self, heard: _Heard) -> bool:
        return heard.kind is not Kind.STATIC and heard.asked.path not in self.scenario.optional

    def _ask_portal(self, asked: Asked) -> Answer:
        origin = self._origins[asked.origin]
        parts = urlsplit(origin)
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = connect(parts.netloc, timeout=_PORTAL_SECONDS)
        try:
            headers = {name: value for name, value in asked.headers.items() if name not in _HOP_BY_HOP}
            for name in ("origin", "referer"):
                if name in headers:
                    headers[name] = self._swapped(headers[name], to_portal=True)
            connection.request(asked.method, asked.target, asked.body or None, headers)
            response = connection.getresponse()
            return Answer(response.status, tuple(response.getheaders()), response.read())
        finally:
            connection.close()

    def _as_ours(self, answer: Answer) -> Answer:
        """For the browser: our origins instead of the portal's, and cookies that it takes from this machine."""
        headers = []
        for name, value in answer.headers:
            if name.lower() in _NOT_PASSED_BACK:
                continue
            if name.lower() == "set-cookie":
                value = re.sub(r";\s*(?:secure|domain=[^;]*|samesite=none)", "", value, flags=re.IGNORECASE)  # noqa: PLW2901
            headers.append((name, self._swapped(value)))
        body = answer.body
        if _TEXTS.match(_media_type(answer)):
            body = self._swapped(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        return Answer(answer.status, tuple(headers), body, answer.is_lost)

    def _swapped(self, text: str, *, to_portal: bool = False) -> str:
        for ours, theirs in zip(self.addresses, self._origins, strict=True):
            text = text.replace(*((ours, theirs) if to_portal else (theirs, ours)))
        return text

    # -- what comes of it ----------------------------------------------------------------------------------------

    def recording(self, markers: Markers, secrets: Mapping[str, str], private: Iterable[str]) -> Recording:
        """What was heard, with everything private taken out; nothing has been written until now."""
        origins = {address: _numbered("origin", number) for number, address in enumerate(self._origins)}
        origins |= {address: _numbered("origin", number) for number, address in enumerate(self.addresses)}
        scenario = self.scenario
        scrubber = Scrubber(markers, secrets, origins, tuple(private), frozenset(scenario.keeps))
        kept, left_out, at_any_time = [], set(), set()
        for heard in self._heard:
            if heard.answer is None or (heard.asked.is_for in _LEFT_OUT and heard.asked.is_for not in scenario.needs):
                left_out.add(heard.asked.path)
                continue
            scrubber.learn(heard.asked, heard.posted, heard.answer, text_of(heard.answer))
            if self._counts(heard) or (heard.asked.method, heard.asked.target) not in at_any_time:
                kept.append(heard)
            if not self._counts(heard):
                at_any_time.add((heard.asked.method, heard.asked.target))
        answers: dict[str, str] = {}
        exchanges = tuple(self._scrubbed(heard, scrubber, answers) for heard in kept)
        return Recording(
            scenario=scenario,
            base=urlsplit(self.portal).path,
            left_out=tuple(sorted(scrubber.scrub(path) for path in left_out)),
            exchanges=exchanges,
            answers=answers,
        )

    def _scrubbed(self, heard: _Heard, scrubber: Scrubber, answers: dict[str, str]) -> Exchange:
        asked, answer = heard.asked, heard.answer or Answer(502)
        text = scrubber.scrub(text_of(answer))
        name = _keep(text, f"{len(answers) + 1:03}{_ending(answer)}", answers)
        return Exchange(
            step=heard.step,
            turn=heard.turn,
            kind=heard.kind,
            method=asked.method,
            path=scrubber.scrub(asked.path),
            query=tuple((key, scrubber.scrub(value)) for key, value in asked.query),
            posted=scrubber.scrub_fields(heard.posted),
            origin=asked.origin,
            sends=heard.sends,
            required=self._counts(heard),
            status=answer.status,
            headers=scrubber.kept_headers(answer),
            cookies=scrubber.kept_cookies(answer),
            body=name,
            omitted=f"{_media_type(answer)}" if answer.body and not text else "",
        )


def kind_of(asked: Asked) -> Kind:
    if asked.is_for in PAGES or asked.method not in ("GET", "HEAD"):
        return Kind.PAGE
    return Kind.STATIC if asked.is_for else Kind.DATA


def text_of(answer: Answer) -> str:
    """The text of an answer that is one; of a picture, a PDF or anything else that is not known to be harmless none."""
    return answer.body.decode("utf-8", "replace") if _TEXTS.match(_media_type(answer)) else ""


def _media_type(answer: Answer) -> str:
    stated = {name.lower(): value for name, value in answer.headers}
    return stated.get("content-type", "").partition(";")[0].strip().lower()


def _ending(answer: Answer) -> str:
    kind = _media_type(answer)
    endings = {"text/html": ".html", "application/json": ".json", "text/csv": ".csv", "text/css": ".css"}
    return ".js" if "javascript" in kind else endings.get(kind, ".txt")


def _keep(text: str, name: str, answers: dict[str, str]) -> str:
    """The file of this text; the same text is kept once."""
    if not text:
        return ""
    for other, known in answers.items():
        if known == text:
            return other
    answers[name] = text
    return name


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _numbered(name: str, number: int) -> str:
    return f"{name}.{number}" if number else name
