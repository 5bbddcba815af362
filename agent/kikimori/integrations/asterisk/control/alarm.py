"""Alarm: a superior is rung because nobody answered a call for help, and hears where. No call is touched."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.asterisk.control.dialplan import ALARM
from kikimori.integrations.asterisk.control.originate import OriginateAttempt, Originates
from kikimori_core.wire.messages import Outcome

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings

ALARM_WITHIN_S = 15.0
"""Longest time in s of the announcement, played once."""


class AsteriskAlarm:
    """Superiors' telephones that are rung for a call for help."""

    def __init__(self, ami: Ami, settings: AsteriskControlSettings) -> None:
        self.sounds_missing = False
        """True after the pieces of the announcement could not be played."""
        self._settings = settings
        self._originates = Originates(ami, settings)

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        self._originates.note(event)

    def lost(self) -> None:
        self._originates.lost()

    async def ring(self, telephone: str, extension: str | None) -> PbxAnswer:
        """Ring a superior and tell them, in an announcement, at which extension help is needed; raises AmiError.

        DONE when a person has heard it, or has hung up meanwhile: the telephone's display tells the extension too.
        """
        digits = "".join(each for each in extension or "" if each in "0123456789")
        action_id = f"kikimori-alarm-{secrets.token_hex(6)}"
        return await self._originates.ring(
            OriginateAttempt(action_id, self._settings.dial_string(telephone)),
            telephone,
            ALARM,
            f'"Kikimori {digits}" <{digits}>',
            ("Variable", f"__KIKIMORI_FILE={pieces(self._settings.sounds, digits)}"),
            ("Variable", f"__KIKIMORI_DIGITS={digits}"),
            ("Variable", f"__KIKIMORI_LANGUAGE={self._settings.language}"),
            ("Variable", f"__KIKIMORI_RING_S={self._settings.ringing_s}"),
            ("Variable", f"__KIKIMORI_REQUEST={action_id}"),
            answered=self._told,
        )

    async def _told(self, attempt: OriginateAttempt) -> PbxAnswer:
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
