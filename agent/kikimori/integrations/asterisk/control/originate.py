"""Originates: telephones that are rung, and channels that play, watched by Asterisk's events."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.asterisk.control.dialplan import ALARM, CONTEXT, LABEL
from kikimori_core.wire.messages import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings

PATIENCE_S = 3.0
REASON_WITHIN_S = 1.0
"""Seconds in which the reason for an unreached telephone may come after that event: Asterisk sends from
several threads."""

RING_FAILURES = {"3": "no_answer", "5": "busy"}
"""Reason of OriginateResponse: 0 says nothing, 3 rang, 5 was busy (control frames of Asterisk)."""
DIAL_FAILURES = {
    "BUSY": "busy",
    "NOANSWER": "declined",
    "CHANUNAVAIL": "unreachable",
    "CONGESTION": "unreachable",
}
NOBODY = "NOBODY"
"""Status that the dialplan reports where something answered that was no person: a mailbox, an empty queue."""


class OriginateAttempt:
    """One Originate, identified by its ActionID, which is also its channel's id (header ChannelId)."""

    def __init__(self, action_id: str, dialled: str, *, joins: bool = False) -> None:
        self.action_id = action_id
        self.dialled = dialled
        self.joins = joins
        """True = it may join the call's bridge; the halves of a supervisor's telephone meet in one of their
        own."""
        self.response: Block | None = None
        self.there = False
        """True once it spies, is in the call's bridge, or a person has answered."""
        self.dial_status = ""
        self.played: str | None = None
        self.ended = False
        self.lost = False
        self.news = asyncio.Event()

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        match event.event:
            case "OriginateResponse" if event.action_id == self.action_id:
                self.response = event
            # The halves of a Local channel have ids of their own, but are linked.
            case "ChanSpyStart" if event.get("SpyerLinkedid") == self.action_id:
                self.there = True
            # And in the customer's bridge they are linked with that call.
            case "BridgeEnter" if self.joins and event.get("Uniqueid") == f"{self.action_id};2":
                self.there = True
            case "DialEnd" if event.get("DestUniqueid") == self.action_id:
                self.dial_status = event.get("DialStatus")
            case "UserEvent" if event.get("Step") == "played" and event.get("Request") == self.action_id:
                self.played = event.get("Status")
            case "UserEvent" if event.get("Step") == ALARM and event.get("Request") == self.action_id:
                self.there = event.get("Status") != NOBODY
                if event.get("Status") != "THERE":
                    self.played = event.get("Status")
            case "Hangup" if event.get("Uniqueid") == self.action_id:
                self.ended = True
            case _:
                return
        self.news.set()

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                while not condition() and not self.lost:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return not self.lost


class Originates:
    """Originates under way on one Asterisk."""

    def __init__(self, ami: Ami, settings: AsteriskControlSettings) -> None:
        self._ami = ami
        self._settings = settings
        self._attempts: list[OriginateAttempt] = []

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        for attempt in self._attempts:
            attempt.note(event)

    def lost(self) -> None:
        for attempt in self._attempts:
            attempt.lost = True
            attempt.news.set()

    @contextmanager
    def watched(self, attempt: OriginateAttempt) -> Iterator[None]:
        """Have an attempt take events inside the `with`."""
        self._attempts.append(attempt)
        try:
            yield
        finally:
            self._attempts.remove(attempt)

    async def ring(
        self,
        attempt: OriginateAttempt,
        telephone: str,
        exten: str,
        caller: str,
        *variables: tuple[str, str],
        answered: Callable[[OriginateAttempt], Awaitable[PbxAnswer]],
    ) -> PbxAnswer:
        """Ring a telephone, and return what `answered` returns once it was answered; raises AmiError.

        `exten`: extension of our dialplan at which the telephone continues.
        """
        if not attempt.dialled:
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", telephone)
        if any(each.dialled == attempt.dialled for each in self._attempts):
            return PbxAnswer(Outcome.REFUSED, "under_way", telephone)
        with self.watched(attempt):
            response = await self._ami.act(
                "Originate",
                *variables,
                ActionID=attempt.action_id,
                ChannelId=attempt.action_id,
                Channel=attempt.dialled,
                Context=CONTEXT,
                Exten=exten,
                Priority=LABEL,
                CallerID=caller,
                Timeout=str(self._settings.ringing_s * 1000),
                Async="true",
            )
            if not response.ok:
                return refused(response)
            in_time = self._settings.ringing_s + PATIENCE_S
            await attempt.until(lambda: attempt.response is not None, in_time)
            failed = await _why_unanswered(attempt)
            return await answered(attempt) if failed is None else failed


async def _why_unanswered(attempt: OriginateAttempt) -> PbxAnswer | None:
    """Return why the telephone that was rung was not answered; None when it was."""
    if attempt.lost:
        return PbxAnswer(Outcome.FAILED, "pbx_away")
    if attempt.response is None:
        return PbxAnswer(Outcome.FAILED, "no_answer", "no OriginateResponse from Asterisk")
    if attempt.response.get("Response") != "Success":
        code = attempt.response.get("Reason")
        if code not in RING_FAILURES:
            await attempt.until(lambda: bool(attempt.dial_status), REASON_WITHIN_S)
        reason = RING_FAILURES.get(code) or DIAL_FAILURES.get(attempt.dial_status, "unreachable")
        return PbxAnswer(Outcome.FAILED, reason, f"OriginateResponse reason {code}, {attempt.dial_status}")
    return None


def refused(response: Block) -> PbxAnswer:
    """Return the answer for an Originate that Asterisk refused."""
    words = response.message
    reason = "not_permitted" if "ermission" in words or "Forbidden" in words else "pbx_error"
    return PbxAnswer(Outcome.FAILED, reason, words)
