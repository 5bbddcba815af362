"""One Originate: a telephone that is rung, or a channel that plays, watched by Asterisk's events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer
from kikimori_core.wire.messages import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.asterisk.ami_codec import Block

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


class OriginateAttempt:
    """One Originate, identified by its ActionID, which is also its channel's id (header ChannelId)."""

    def __init__(self, dialled: str, *, joins: bool = False) -> None:
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

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                while not condition() and not self.lost:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return not self.lost


async def why_unanswered(attempt: OriginateAttempt) -> PbxAnswer | None:
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
