"""Alarm: a superior is rung because nobody answered a call for help, and hears where. No call is touched."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.asterisk.control.dialplan import ALARM, CONTEXT, LABEL
from kikimori.integrations.asterisk.control.originate import (
    PATIENCE_S,
    OriginateAttempt,
    refused,
    why_unanswered,
)
from kikimori_core.wire.messages import Outcome

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings

ALARM_WITHIN_S = 15.0
"""Longest time in s of the announcement, played once."""
NOBODY = "NOBODY"
"""Status that the dialplan reports where something answered that was no person: a mailbox, an empty queue."""


class AsteriskAlarm:
    """Superiors' telephones that are rung for a call for help."""

    def __init__(self, ami: Ami, settings: AsteriskControlSettings) -> None:
        self.sounds_missing = False
        """True after the pieces of the announcement could not be played."""
        self._ami = ami
        self._settings = settings
        self._attempts: dict[str, OriginateAttempt] = {}

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        for action_id, attempt in self._attempts.items():
            match event.event:
                case "OriginateResponse" if event.action_id == action_id:
                    attempt.response = event
                case "DialEnd" if event.get("DestUniqueid") == action_id:
                    attempt.dial_status = event.get("DialStatus")
                case "UserEvent" if event.get("Step") == ALARM and event.get("Request") == action_id:
                    attempt.there = event.get("Status") != NOBODY
                    if event.get("Status") != "THERE":
                        attempt.played = event.get("Status")
                case "Hangup" if event.get("Uniqueid") == action_id:
                    attempt.ended = True
                case _:
                    continue
            attempt.news.set()

    def lost(self) -> None:
        for attempt in self._attempts.values():
            attempt.lost = True
            attempt.news.set()

    async def ring(self, telephone: str, extension: str | None) -> PbxAnswer:
        """Ring a superior and tell them, in an announcement, at which extension help is needed; raises AmiError.

        DONE when a person has heard it, or has hung up meanwhile: the telephone's display tells the extension too.
        """
        dialled = self._settings.dial_string(telephone)
        if not dialled:
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", telephone)
        if any(each.dialled == dialled for each in self._attempts.values()):
            return PbxAnswer(Outcome.REFUSED, "under_way", telephone)
        digits = "".join(each for each in extension or "" if each in "0123456789")
        attempt = OriginateAttempt(dialled)
        action_id = f"kikimori-alarm-{secrets.token_hex(6)}"
        self._attempts[action_id] = attempt
        try:
            response = await self._ami.act(
                "Originate",
                ("Variable", f"__KIKIMORI_FILE={pieces(self._settings.sounds, digits)}"),
                ("Variable", f"__KIKIMORI_DIGITS={digits}"),
                ("Variable", f"__KIKIMORI_LANGUAGE={self._settings.language}"),
                ("Variable", f"__KIKIMORI_RING_S={self._settings.ringing_s}"),
                ("Variable", f"__KIKIMORI_REQUEST={action_id}"),
                ActionID=action_id,
                ChannelId=action_id,
                Channel=dialled,
                Context=CONTEXT,
                Exten=ALARM,
                Priority=LABEL,
                CallerID=f'"Kikimori {digits}" <{digits}>',
                Timeout=str(self._settings.ringing_s * 1000),
                Async="true",
            )
            if not response.ok:
                return refused(response)
            in_time = self._settings.ringing_s + PATIENCE_S
            await attempt.until(lambda: attempt.response is not None, in_time)
            return await self._told(attempt)
        finally:
            del self._attempts[action_id]

    async def _told(self, attempt: OriginateAttempt) -> PbxAnswer:
        failed = await why_unanswered(attempt)
        if failed is not None:
            return failed
        within_s = self._settings.ringing_s + ALARM_WITHIN_S
        await attempt.until(lambda: attempt.played is not None or attempt.ended, within_s)
        if attempt.lost:
            return PbxAnswer(Outcome.FAILED, "pbx_away")
        if not attempt.there:
            return PbxAnswer(Outcome.FAILED, "no_answer", "something answered, and no person")
        if attempt.played is not None:
            self.sounds_missing = attempt.played != "SUCCESS"
        return PbxAnswer(Outcome.DONE)


def pieces(folder: str, digits: str) -> str:
    """Return the files of the announcement, as Playback() takes them."""
    names = ["at-extension", *digits, "help-needed"] if digits else ["help"]
    return "&".join(f"{folder}/{each}" for each in names)
