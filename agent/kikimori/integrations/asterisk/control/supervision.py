"""Supervision of a call: a supervisor's telephone that listens, an announcement that is played into it."""

from __future__ import annotations

import asyncio
import secrets
from itertools import count
from typing import TYPE_CHECKING

from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.asterisk.control.dialplan import ANNOUNCER, CONTEXT, LABEL
from kikimori.integrations.asterisk.control.originate import (
    PATIENCE_S,
    OriginateAttempt,
    refused,
    why_unanswered,
)
from kikimori_core.wire.messages import Action, Outcome

if TYPE_CHECKING:
    from kikimori.control.pbx_settings import AnnouncementFile
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings

SPY = {Action.LISTEN: "qES", Action.WHISPER: "qwES", Action.BARGE: "qBES"}
"""Options of ChanSpy(): quiet, ends with the channel it hears (E, S); w = its voice to that channel, B = to both."""
ANNOUNCE = "qwES"
"""Options for a customer on hold; in a call everybody hears it, as an operator who does not would talk over
it."""
FAILS_WITHIN_S = 2.0
"""Seconds for the report of a missing file; it comes within the 0.3 s that the dialplan waits first."""
LONGEST_SOUND_S = 600.0


class AsteriskSupervision:
    """Monitoring, whispering, barging and announcements on one Asterisk."""

    def __init__(self, ami: Ami, settings: AsteriskControlSettings) -> None:
        self._ami = ami
        self._settings = settings
        self._run = secrets.token_hex(4)
        self._ids = count(1)
        self._attempts: dict[str, OriginateAttempt] = {}
        self._playing: dict[str, tuple[str, float]] = {}
        """Announcements by request: the customer, and the loop's time after which it is over for certain."""

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        for action_id, attempt in self._attempts.items():
            match event.event:
                case "OriginateResponse" if event.action_id == action_id:
                    attempt.response = event
                # The halves of a Local channel have ids of their own, but are linked.
                case "ChanSpyStart" if event.get("SpyerLinkedid") == action_id:
                    attempt.there = True
                # And in the customer's bridge they are linked with that call.
                case "BridgeEnter" if attempt.joins and event.get("Uniqueid") == f"{action_id};2":
                    attempt.there = True
                case "DialEnd" if event.get("DestUniqueid") == action_id:
                    attempt.dial_status = event.get("DialStatus")
                case "UserEvent" if event.get("Step") == "played" and event.get("Request") == action_id:
                    attempt.played = event.get("Status")
                case _:
                    continue
            attempt.news.set()
        if event.event == "Hangup":
            # Also of one that is cut short: the customer was put on hold, and left the bridge in which it was heard.
            self._playing.pop(event.get("Uniqueid"), None)

    def lost(self) -> None:
        for attempt in self._attempts.values():
            attempt.lost = True
            attempt.news.set()

    async def supervise(self, action: Action, telephone: str, spied: str) -> PbxAnswer:
        """Ring a supervisor's telephone and let it hear a channel and its peer; raises AmiError."""
        dialled = self._settings.dial_string(telephone)
        if not dialled:
            return PbxAnswer(Outcome.REFUSED, "no_such_extension", telephone)
        if any(each.dialled == dialled for each in self._attempts.values()):
            return PbxAnswer(Outcome.REFUSED, "under_way", telephone)
        attempt = OriginateAttempt(dialled)
        action_id = self._remember(attempt)
        try:
            response = await self._ami.act(
                "Originate",
                ("Variable", f"__KIKIMORI_SPY={spied}"),
                ("Variable", f"__KIKIMORI_SPY_OPTIONS={SPY[action]}"),
                ActionID=action_id,
                ChannelId=action_id,
                Channel=dialled,
                Context=CONTEXT,
                Exten="listen",
                Priority=LABEL,
                CallerID='"Kikimori" <>',
                Timeout=str(self._settings.ringing_s * 1000),
                Async="true",
            )
            if not response.ok:
                return refused(response)
            in_time = self._settings.ringing_s + PATIENCE_S
            await attempt.until(lambda: attempt.response is not None, in_time)
            return await self._listening(attempt)
        finally:
            del self._attempts[action_id]

    async def announce(self, sound: AnnouncementFile, customer: str) -> PbxAnswer:
        """Play a sound to the customer and everybody in the call; DONE when it plays. Raises AmiError.

        It joins their bridge as one more party. Whispering by ChanSpy reaches one of three, and on Debian's Asterisk not
        the customer (control.md); on hold there is no bridge, and it is the way.
        """
        now = asyncio.get_running_loop().time()
        self._playing = {key: each for key, each in self._playing.items() if each[1] > now}
        if any(channel == customer for channel, _ in self._playing.values()):
            return PbxAnswer(Outcome.REFUSED, "announcement_playing")
        attempt = OriginateAttempt(f"{ANNOUNCER}/n", joins=True)
        action_id = self._remember(attempt)
        self._playing[action_id] = customer, now + LONGEST_SOUND_S
        started = False
        try:
            response = await self._ami.act(
                "Originate",
                ("Variable", f"__KIKIMORI_SPY={customer}"),
                ("Variable", f"__KIKIMORI_SPY_OPTIONS={ANNOUNCE}"),
                ("Variable", f"__KIKIMORI_FILE={sound.file}"),
                ("Variable", f"__KIKIMORI_REQUEST={action_id}"),
                ActionID=action_id,
                ChannelId=action_id,
                Channel=attempt.dialled,
                Context=CONTEXT,
                Exten="play",
                Priority=LABEL,
                Async="true",
            )
            if not response.ok:
                return refused(response)
            await attempt.until(lambda: attempt.played is not None, FAILS_WITHIN_S)
            if attempt.lost:
                return PbxAnswer(Outcome.FAILED, "pbx_away")
            if attempt.played not in (None, "SUCCESS"):
                return PbxAnswer(
                    Outcome.FAILED, "no_such_file", f"{sound.file}: PLAYBACKSTATUS {attempt.played}"
                )
            if not attempt.there:
                return PbxAnswer(
                    Outcome.FAILED, "no_such_channel", "no BridgeEnter or ChanSpyStart from Asterisk"
                )
            started = True
            return PbxAnswer(Outcome.DONE)
        finally:
            del self._attempts[action_id]
            if not started:
                self._playing.pop(action_id, None)

    def _remember(self, attempt: OriginateAttempt) -> str:
        # Asterisk may still play for an earlier run of this program.
        action_id = f"kikimori-{self._run}-{next(self._ids)}"
        self._attempts[action_id] = attempt
        return action_id

    async def _listening(self, attempt: OriginateAttempt) -> PbxAnswer:
        failed = await why_unanswered(attempt)
        if failed is not None:
            return failed
        if await attempt.until(lambda: attempt.there, PATIENCE_S):
            return PbxAnswer(Outcome.DONE)
        return PbxAnswer(Outcome.FAILED, "no_such_channel", "no ChanSpyStart from Asterisk")
