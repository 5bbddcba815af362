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
    Originates,
    refused,
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
        self._originates = Originates(ami, settings)
        self._playing: dict[str, tuple[str, float]] = {}
        """Announcements by request: the customer, and the loop's time after which it is over for certain."""

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        self._originates.note(event)
        if event.event == "Hangup":
            # Also of one that is cut short: the customer was put on hold, and left the bridge in which it was heard.
            self._playing.pop(event.get("Uniqueid"), None)

    def lost(self) -> None:
        self._originates.lost()

    async def supervise(self, action: Action, telephone: str, spied: str) -> PbxAnswer:
        """Ring a supervisor's telephone and let it hear a channel and its peer; raises AmiError."""
        return await self._originates.ring(
            OriginateAttempt(self._new_id(), self._settings.dial_string(telephone)),
            telephone,
            "listen",
            '"Kikimori" <>',
            ("Variable", f"__KIKIMORI_SPY={spied}"),
            ("Variable", f"__KIKIMORI_SPY_OPTIONS={SPY[action]}"),
            answered=_listening,
        )

    async def announce(self, sound: AnnouncementFile, customer: str) -> PbxAnswer:
        """Play a sound to the customer and everybody in the call; DONE when it plays. Raises AmiError.

        It joins their bridge as one more party. Whispering by ChanSpy reaches one of three, and on Debian's Asterisk not
        the customer (control.md); on hold there is no bridge, and it is the way.
        """
        now = asyncio.get_running_loop().time()
        self._playing = {key: each for key, each in self._playing.items() if each[1] > now}
        if any(channel == customer for channel, _ in self._playing.values()):
            return PbxAnswer(Outcome.REFUSED, "announcement_playing")
        attempt = OriginateAttempt(self._new_id(), f"{ANNOUNCER}/n", joins=True)
        action_id = attempt.action_id
        self._playing[action_id] = customer, now + LONGEST_SOUND_S
        started = False
        try:
            with self._originates.watched(attempt):
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
            if not started:
                self._playing.pop(action_id, None)

    def _new_id(self) -> str:
        # Asterisk may still play for an earlier run of this program.
        return f"kikimori-{self._run}-{next(self._ids)}"


async def _listening(attempt: OriginateAttempt) -> PbxAnswer:
    if await attempt.until(lambda: attempt.there, PATIENCE_S):
        return PbxAnswer(Outcome.DONE)
    return PbxAnswer(Outcome.FAILED, "no_such_channel", "no ChanSpyStart from Asterisk")
