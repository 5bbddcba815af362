"""SIP dialogs followed from the side (RFC 3261, 3264, 3311, 3515, 3891). Pure: messages in, changes out.

Call-ID and the caller's tag name a call, the tag of who was called one fork of it. Who wrote a description is told by
the tag in From; a response is written by the other side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.mirror.callers import called_party, caller_of
from kikimori.integrations.mirror.descriptions import audio_of, digit_of
from kikimori.integrations.mirror.dialog import Dialog
from kikimori.integrations.mirror.dialog_table import DialogTable
from kikimori.integrations.mirror.forks import MOST_ATTEMPTS, MOST_FORKS, Attempt, Fork
from kikimori.integrations.mirror.identifiers import identifiers
from kikimori.integrations.mirror.references import branch, find, refer_target, tag_of, user_of
from kikimori.media.sip.message import Request, SipError
from kikimori.media.sip.sdp import Direction
from kikimori.media.sip.values import parse_cseq, parse_parameters

if TYPE_CHECKING:
    from kikimori.integrations.mirror.descriptions import Audio
    from kikimori.integrations.mirror.dialog import DialogObserver
    from kikimori.integrations.mirror.forks import Key
    from kikimori.media.sip.message import Message, Response

RING_S = 300.0
"""Seconds after which an INVITE without an answer is forgotten."""

LINGER_S = 32.0
"""Seconds that an ended dialog is kept, so that a late packet does not begin it again (RFC 3261, timer B)."""

RINGS = (180, 183)
"""Responses of a telephone that rings."""

LATE_COPY_S = 1.0
"""Seconds after the end from which the same INVITE is a new call, not a late copy."""

_MOST_CALL_ID = 256


class Dialogs:
    """All dialogs that are known."""

    def __init__(self, changes: DialogObserver, *, most: int) -> None:
        self._changes = changes
        self._most = most
        self.table = DialogTable()
        self.unreadable = 0
        self.shed = 0
        """Number of ringing calls dropped from the table because it was full."""

    def __len__(self) -> int:
        return len(self.table)

    def message(self, message: Message, source: bytes, target: bytes, now: float) -> None:
        """Take one message as it passed from `source` to `target`. Raises nothing."""
        try:
            self._message(message, (source, target), now)
        except SipError:
            self.unreadable += 1

    def expire(self, now: float, idle_s: float) -> list[Dialog]:
        """Forget what is over; return idle dialogs: answered, and without a packet for `idle_s`."""
        idle = []
        for dialog in self.table:
            quiet = now - dialog.heard_at
            if dialog.ended:
                if quiet > LINGER_S:
                    self.table.forget(dialog)
            elif dialog.answered:
                held = any(each is not None and each.holds for each in dialog.audio)
                if quiet > (12 * idle_s if held else idle_s):
                    idle.append(dialog)
            elif now - dialog.asked_at > RING_S:
                self._end(dialog, now)
        return idle

    def end(self, dialog: Dialog) -> None:
        """End a dialog whose end was not seen."""
        self._end(dialog, dialog.heard_at)

    # --- inside

    def _message(self, message: Message, hosts: tuple[bytes, bytes], now: float) -> None:
        headers = message.headers
        call_id = (headers.first("call-id") or "").strip()
        if not call_id or len(call_id) > _MOST_CALL_ID:
            raise SipError("no_call_id")
        number, method = parse_cseq(headers.first("cseq") or "")
        key = branch(headers), number
        tags = tag_of(headers, "from"), tag_of(headers, "to")
        known = self.table.of(call_id)
        if isinstance(message, Request) and method == "INVITE" and not tags[1]:
            self._invite(message, call_id, key, hosts, now)
            return
        asked = method == "INVITE" and not isinstance(message, Request)
        dialog, asked_by = find(known, tags, key if asked else None)
        if dialog is None:
            return
        tag = tags[1 - asked_by]
        if dialog.ended:
            if method in ("INVITE", "ACK"):
                self._after_end(dialog, message, key, tag, now)
            return
        dialog.heard_at = now
        if isinstance(message, Request):
            self._request(dialog, message, asked_by, key, tag, now)
        elif asked and asked_by == 0 and (attempt := dialog.attempt_of(key, message.status)) is not None:
            self._reaction(dialog, message, attempt, tag, now)
        else:
            self._response(dialog, message, method, 1 - asked_by, tag)

    def _invite(
        self, message: Request, call_id: str, key: Key, hosts: tuple[bytes, bytes], now: float
    ) -> None:
        """Take an INVITE outside of a dialog: a new call, another attempt of one, or a copy."""
        tag = tag_of(message.headers, "from")
        known = self.table.of(call_id)
        dialog = next((each for each in reversed(known) if each.tag == tag), None)
        if dialog is not None and not dialog.ended and dialog.answered and key[1] > dialog.sequence:
            # The end of that call was not seen.
            self._end(dialog, now)
        if dialog is not None and dialog.ended:
            attempt = dialog.attempts.get(key)
            if (
                attempt is not None
                and not (attempt.failed and attempt.acknowledged)
                and now - dialog.ended_at < LATE_COPY_S
            ):
                return
            self.table.forget(dialog)
            dialog = None
        if dialog is None:
            dialog = self._begin(message, call_id, hosts, now)
            if dialog is None:
                return
        dialog.heard_at = now
        attempt = dialog.attempts.get(key)
        if attempt is not None and not (attempt.failed and attempt.acknowledged):
            return
        dialog.asked_at = now
        for other, each in dialog.attempts.items():
            # Who asks anew, under the next number, waits for no answer to the last time.
            each.failed |= other[1] < key[1]
        if len(dialog.attempts) < MOST_ATTEMPTS:
            attempt = dialog.attempts[key] = Attempt(audio_of(message))
            if not dialog.forks:
                dialog.active.begin(attempt)

    def _begin(self, message: Request, call_id: str, hosts: tuple[bytes, bytes], now: float) -> Dialog | None:
        headers = message.headers
        replaces = headers.first("replaces")
        dialog = Dialog(
            call_id=call_id,
            parties=(caller_of(headers), called_party(headers.first("to") or "")),
            tag=tag_of(headers, "from"),
            hosts=hosts,
            began=now,
            asked_for=user_of(message.uri),
            referred=headers.first("referred-by") is not None,
            replaces=None if replaces is None else parse_parameters(replaces)[0].strip(),
            identifiers=identifiers(headers),
            asked_at=now,
            heard_at=now,
        )
        if len(self.table) >= self._most:
            ringing = self.table.ringing()
            if ringing is None:
                self.shed += 1
                return None
            self.shed += not ringing.ended
            self._end(ringing, now)
            self.table.forget(ringing)
        self._add(dialog)
        return dialog

    def _add(self, dialog: Dialog) -> None:
        self.table.add(dialog)
        self._changes.began(dialog)

    def _after_end(self, dialog: Dialog, message: Message, key: Key, tag: str, now: float) -> None:
        """Begin a call again that was accepted after its refusal, or while it was being cancelled."""
        if isinstance(message, Request):
            late = dialog.late.get(tag)
            if message.method == "ACK" and late is not None and key not in dialog.attempts:
                self._accept_late(dialog, late, message, tag, now)
            elif message.method == "ACK" and key in dialog.attempts:
                dialog.attempts[key].acknowledged = True
        elif key in dialog.attempts and 200 <= message.status < 300 and not dialog.active.answered:
            dialog.late[tag] = message

    def _accept_late(
        self, dialog: Dialog, late: Response, acknowledged: Request, tag: str, now: float
    ) -> None:
        self.table.forget(dialog)
        attempt = next(iter(dialog.attempts.values()), None)
        again = Dialog(
            **{
                name: getattr(dialog, name)
                for name in (
                    "call_id", "parties", "tag", "hosts", "began", "asked_for", "referred", "replaces", "identifiers",
                    "attempts",
                )
            },
            asked_at=now,
            heard_at=now,
        )  # fmt: skip
        self._add(again)
        if attempt is not None:
            attempt.failed = False
            self._reaction(again, late, attempt, tag, now)
        self._request(again, acknowledged, 0, ("", 0), tag, now)

    def _request(self, dialog: Dialog, message: Request, by: int, key: Key, tag: str, now: float) -> None:
        fork = dialog.forks.get(tag, dialog.active)
        match message.method:
            case "INVITE" | "UPDATE" | "PRACK" | "ACK":
                attempt = dialog.attempts.get(key) if message.method == "ACK" else None
                if attempt is not None and attempt.failed:
                    attempt.acknowledged = True
                    return
                late = dialog.late.pop(tag, None) if message.method == "ACK" else None
                if late is not None:
                    self._answer(dialog, self._fork(dialog, tag, None), late, now)
                    fork = dialog.forks.get(tag, dialog.active)
                self._describe(dialog, fork, message, by)
            case "BYE":
                self._bye(dialog, tag, now)
            case "CANCEL" if not dialog.answered:
                attempt = dialog.attempts.get(key)
                if attempt is not None:
                    attempt.failed = True
                if dialog.failed:
                    self._end(dialog, now)
            case "INFO":
                digit = digit_of(message)
                if digit is not None and dialog.is_new(key[1], tag_of(message.headers, "from")):
                    self._changes.key(dialog, by, digit)
            case "REFER":
                target = message.headers.first("refer-to")
                if target is not None and dialog.is_new(key[1], tag_of(message.headers, "from")):
                    self._changes.referred(dialog, *refer_target(target))

    def _bye(self, dialog: Dialog, tag: str, now: float) -> None:
        """End a fork; the call goes on with another that answered and has not ended."""
        fork = dialog.forks.get(tag)
        if fork is None and len(dialog.forks) > 1:
            return
        fork = fork or dialog.active
        fork.ended = True
        if fork is not dialog.active:
            return
        others = [each for each in dialog.forks.values() if not each.ended and each.answered >= fork.answered]
        if not others:
            self._end(dialog, now)
            return
        dialog.active = others[0]
        if dialog.answered:
            self._changes.agreed(dialog)

    def _reaction(self, dialog: Dialog, message: Response, attempt: Attempt, tag: str, now: float) -> None:
        """Take a response to an INVITE that may begin a dialog."""
        status = message.status
        if status >= 300:
            attempt.failed = True
            if not dialog.answered and dialog.failed:
                self._end(dialog, now)
        elif status >= 200 and attempt.failed and not dialog.answered:
            dialog.late[tag] = message
        elif status > 100:
            fork = self._fork(dialog, tag, attempt)
            if status >= 200:
                self._answer(dialog, fork, message, now)
            else:
                self._describe(dialog, fork, message, 1)
                if status in RINGS and not dialog.rings:
                    dialog.rings = True
                    self._changes.rings(dialog)

    def _answer(self, dialog: Dialog, fork: Fork, message: Response, now: float) -> None:
        first = not fork.answered
        fork.answered = True
        if not dialog.active.answered or dialog.active.ended:
            dialog.active = fork
        described = self._describe(dialog, fork, message, 1)
        if first and not described and fork is dialog.active:
            # Described in 183 already, or to be described in ACK.
            self._changes.agreed(dialog)
        dialog.heard_at = now

    def _fork(self, dialog: Dialog, tag: str, attempt: Attempt | None) -> Fork:
        fork = dialog.forks.get(tag)
        if fork is not None:
            return fork
        if len(dialog.forks) >= MOST_FORKS:
            return dialog.active
        if not dialog.forks:
            fork = dialog.active
            fork.tag = tag
        else:
            fork = Fork(tag)
        if fork.attempt is not attempt or fork is not dialog.active:
            fork.begin(attempt or next(iter(dialog.attempts.values()), None))
        dialog.forks[tag] = fork
        return fork

    def _response(self, dialog: Dialog, message: Response, method: str, by: int, tag: str) -> None:
        """Take a response to a request within a dialog."""
        if method not in ("INVITE", "UPDATE", "PRACK"):
            return
        fork = dialog.forks.get(tag, dialog.active)
        if message.status >= 300:
            fork.refuse(1 - by)
        elif message.status > 100:
            self._describe(dialog, fork, message, by)

    def _describe(self, dialog: Dialog, fork: Fork, message: Message, by: int) -> bool:
        """Take the description by side `by`; True when it answers the other's offer, so that both agree."""
        request = message.method if isinstance(message, Request) else None
        audio = audio_of(message)
        before = fork.audio[by]
        answers = fork.describe(by, audio, request)
        if answers is None or audio is None:
            return False
        if not dialog.answered and answers:
            dialog.active = fork
        if fork is dialog.active:
            self._hold(dialog, by, audio, before, answers=answers)
            if answers:
                self._changes.agreed(dialog)
        return answers

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

    def _end(self, dialog: Dialog, now: float) -> None:
        if not dialog.ended:
            dialog.ended = True
            dialog.ended_at = now
            self._changes.ended(dialog)
