"""SIP dialogs followed from the side (RFC 3261, 3264, 3311, 3515, 3891). Pure: messages in, changes out.

Call-ID names a dialog. Who wrote a description is told by the tag in From; a response is written by the other side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from kikimori.taps.mirror.descriptions import audio_of, digit_of
from kikimori.taps.sides import Endpoint
from kikimori.taps.sip.message import Request, SipError
from kikimori.taps.sip.sdp import Direction
from kikimori.taps.sip.values import parse_address, parse_cseq, parse_parameters, parse_uri

if TYPE_CHECKING:
    from kikimori.taps.mirror.descriptions import Audio
    from kikimori.taps.sip.message import Headers, Message, Response

RING_S = 300.0
"""An INVITE that is not answered for so long is forgotten."""

LINGER_S = 32.0
"""An ended dialog is remembered for so long, so that a late packet does not begin it again (RFC 3261, timer B)."""

_MOST_CALL_ID = 256
_NO_CALLER = frozenset({"", "anonymous", "unknown", "restricted", "unavailable"})


@dataclass(eq=False, slots=True)
class Dialog:
    """One call as two SIP user agents see it. Index 0 is who called, 1 who was called."""

    call_id: str
    parties: tuple[Endpoint, Endpoint]
    tag: str
    """Of who called."""
    hosts: tuple[bytes, bytes]
    """Addresses between which the first INVITE was seen."""
    began: float
    asked_for: str = ""
    """User of the request URI."""
    referred: bool = False
    replaces: str | None = None
    """Call-ID that this dialog takes the place of."""
    audio: list[Audio | None] = field(default_factory=lambda: [None, None])
    """What each has described last."""
    answer: Audio | None = None
    """The last description that answered another: what is really used."""
    offer_by: int | None = None
    """Who made the last offer."""
    before_offer: Audio | None = None
    """What that side had described before, should it be refused."""
    heard_at: float = 0.0
    answered: bool = False
    early: bool = False
    ended: bool = False
    told: set[tuple[int, str]] = field(default_factory=set)
    """Requests that were acted on and may come again: sequence number and tag."""


class Changes(Protocol):
    """Who is told. Each is called after the dialog was changed."""

    def began(self, dialog: Dialog) -> None:
        """A call rings."""

    def agreed(self, dialog: Dialog) -> None:
        """It was answered, or the two have described their audio anew."""

    def held(self, dialog: Dialog, by: int, *, on_hold: bool) -> None: ...

    def key(self, dialog: Dialog, by: int, digit: str) -> None: ...

    def referred(self, dialog: Dialog, user: str, replaces: str | None) -> None:
        """One side was asked to call `user` instead, perhaps in place of the dialog `replaces`."""

    def ended(self, dialog: Dialog) -> None: ...


class Dialogs:
    """All dialogs that are known."""

    def __init__(self, changes: Changes, *, most: int) -> None:
        self._changes = changes
        self._most = most
        self._dialogs: dict[str, Dialog] = {}
        self.unreadable = 0
        self.shed = 0
        """Calls that were forgotten, ringing, because too many rang."""

    def __len__(self) -> int:
        return len(self._dialogs)

    def message(self, message: Message, source: bytes, target: bytes, now: float) -> None:
        """Take one message as it passed from `source` to `target`. Raises nothing."""
        try:
            self._message(message, (source, target), now)
        except SipError:
            self.unreadable += 1

    def expire(self, now: float, idle_s: float) -> list[Dialog]:
        """Forget what is over; return what is idle: answered, and without a sign of life for `idle_s`."""
        idle = []
        for dialog in list(self._dialogs.values()):
            quiet = now - dialog.heard_at
            if dialog.ended:
                if quiet > LINGER_S:
                    del self._dialogs[dialog.call_id]
            elif dialog.answered:
                held = any(each is not None and each.holds for each in dialog.audio)
                if quiet > (12 * idle_s if held else idle_s):
                    idle.append(dialog)
            elif now - dialog.began > RING_S:
                self._end(dialog)
        return idle

    def end(self, dialog: Dialog) -> None:
        """Take a dialog for ended, whose end was not seen."""
        self._end(dialog)

    # --- inside

    def _message(self, message: Message, hosts: tuple[bytes, bytes], now: float) -> None:
        headers = message.headers
        call_id = (headers.first("call-id") or "").strip()
        if not call_id or len(call_id) > _MOST_CALL_ID:
            raise SipError("no_call_id")
        number, method = parse_cseq(headers.first("cseq") or "")
        dialog = self._dialogs.get(call_id)
        if dialog is None:
            if not isinstance(message, Request) or method != "INVITE":
                return
            dialog = self._begin(message, call_id, hosts, now)
            if dialog is None:
                return
        if dialog.ended:
            return
        dialog.heard_at = now
        asked_by = 0 if _tag(headers, "from") == dialog.tag else 1
        if isinstance(message, Request):
            self._request(dialog, message, asked_by, number)
        else:
            self._response(dialog, message, method, 1 - asked_by)

    def _begin(self, message: Request, call_id: str, hosts: tuple[bytes, bytes], now: float) -> Dialog | None:
        headers = message.headers
        replaces = headers.first("replaces")
        dialog = Dialog(
            call_id=call_id,
            parties=(_caller(headers), _party(headers.first("to") or "")),
            tag=_tag(headers, "from"),
            hosts=hosts,
            began=now,
            asked_for=_user(message.uri),
            referred=headers.first("referred-by") is not None,
            replaces=None if replaces is None else parse_parameters(replaces)[0].strip(),
            heard_at=now,
        )
        if len(self._dialogs) >= self._most:
            ringing = next((each for each in self._dialogs.values() if not each.answered), None)
            if ringing is None:
                self.shed += 1
                return None
            self.shed += not ringing.ended
            self._end(ringing)
            del self._dialogs[ringing.call_id]
        self._dialogs[call_id] = dialog
        self._changes.began(dialog)
        return dialog

    def _request(self, dialog: Dialog, message: Request, by: int, number: int) -> None:
        match message.method:
            case "INVITE" | "UPDATE" | "ACK" | "PRACK":
                self._describe(dialog, message, by)
            case "BYE":
                self._end(dialog)
            case "CANCEL" if not dialog.answered:
                self._end(dialog)
            case "INFO":
                digit = digit_of(message)
                if digit is not None and self._is_new(dialog, message, number):
                    self._changes.key(dialog, by, digit)
            case "REFER":
                target = message.headers.first("refer-to")
                if target is not None and self._is_new(dialog, message, number):
                    self._changes.referred(dialog, *_refer_target(target))

    def _response(self, dialog: Dialog, message: Response, method: str, by: int) -> None:
        if method not in ("INVITE", "UPDATE", "PRACK"):
            return
        if message.status >= 300:
            # A request for a password is followed by the same INVITE with one; a refused re-INVITE changes nothing.
            if method == "INVITE" and not dialog.answered and message.status not in (401, 407, 422):
                self._end(dialog)
            self._refused(dialog, 1 - by)
            return
        if message.status == 100:
            return
        accepted = method == "INVITE" and message.status >= 200
        first = accepted and not dialog.answered
        dialog.answered |= accepted
        described = self._describe(dialog, message, by)
        if first and not described:
            # Described in 183 already, or to be described in ACK.
            self._changes.agreed(dialog)

    def _describe(self, dialog: Dialog, message: Message, by: int) -> bool:
        """Note what `by` says of its audio; True when it answers the other's offer, so that both agree."""
        request = message.method if isinstance(message, Request) else None
        audio = audio_of(message)
        if request in ("INVITE", "UPDATE"):
            # Without a description the other side offers in its response.
            dialog.offer_by = None
        if audio is None:
            return False
        before = dialog.audio[by]
        answers = dialog.offer_by == 1 - by
        if request == "ACK" and not answers:
            return False
        dialog.audio[by] = audio
        if answers:
            dialog.answer = audio
        else:
            dialog.offer_by = by
            dialog.before_offer = before
        self._hold(dialog, by, audio, before, answers=answers)
        if not answers:
            return False
        dialog.early = True
        self._changes.agreed(dialog)
        return True

    def _hold(self, dialog: Dialog, by: int, audio: Audio, before: Audio | None, *, answers: bool) -> None:
        if not dialog.answered:
            return
        if answers:
            offer = dialog.audio[1 - by]
            # Who answers a hold answers in kind, and holds nobody.
            if offer is None or offer.direction is not Direction.SENDRECV:
                return
        if audio.holds != (before is not None and before.holds):
            self._changes.held(dialog, by, on_hold=audio.holds)

    def _refused(self, dialog: Dialog, by: int) -> None:
        """An offer of `by` was refused: what was agreed before still holds."""
        if dialog.offer_by == by and dialog.before_offer is not None:
            dialog.audio[by] = dialog.before_offer
            dialog.before_offer = None

    def _is_new(self, dialog: Dialog, message: Request, number: int) -> bool:
        key = (number, _tag(message.headers, "from"))
        if key in dialog.told:
            return False
        if len(dialog.told) > 1000:
            dialog.told.clear()
        dialog.told.add(key)
        return True

    def _end(self, dialog: Dialog) -> None:
        if not dialog.ended:
            dialog.ended = True
            self._changes.ended(dialog)


def _tag(headers: Headers, name: str) -> str:
    return parse_address(headers.first(name) or "").tag


def _caller(headers: Headers) -> Endpoint:
    """Who calls: as the network asserts it (RFC 3325) where the telephone does not say."""
    said = _party(headers.first("from") or "")
    asserted = headers.first("p-asserted-identity")
    if asserted is None or said.number.lower() not in _NO_CALLER:
        return said
    known = _party(asserted)
    return Endpoint(name=said.name, number=known.number, display=known.display or said.display)


def _party(text: str) -> Endpoint:
    address = parse_address(text)
    uri = parse_uri(address.uri)
    name = f"{uri.user}@{uri.host}" if uri.host else uri.user
    return Endpoint(name=name, number=uri.user, display=address.display)


def _user(uri: str) -> str:
    try:
        return parse_uri(uri).user
    except SipError:
        return ""


def _refer_target(text: str) -> tuple[str, str | None]:
    """`<sip:205@pbx?Replaces=call-id%3Bto-tag%3D…>` → `205`, the Call-ID."""
    uri = parse_address(text).uri
    _, _, headers = uri.partition("?")
    for each in headers.split("&"):
        name, _, value = each.partition("=")
        if name.lower() == "replaces":
            return _user(uri), unquote(value).partition(";")[0].strip()
    return _user(uri), None
