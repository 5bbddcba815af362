"""What went wrong lately, as a person should read it; and how often the log may say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_S = 600.0
"""A trouble is shown so long after it was last seen."""
_TELL_EVERY_S = 1.0

_TEXTS = {
    "full": (
        "SIPREC sessions were refused because there are too many",
        "raise [siprec] max_sessions, or let the SBC share them among several agents",
    ),
    "no_rtp_port": (
        "SIPREC sessions were refused because no UDP port was free",
        "widen [siprec] first_rtp_port to last_rtp_port",
    ),
    "srtp_not_supported": (
        "the SBC offers encrypted audio (SRTP), which cannot be heard",
        "set the recording leg of the SBC to plain RTP",
    ),
    "no_known_codec": (
        "the SBC offers no codec that is understood",
        "let the recording leg use G.711 or G.722",
    ),
    "no_audio": (
        "a SIPREC session is there, but no audio arrives",
        "open the UDP ports of [siprec] in the firewall; check [siprec] advertise and allow",
    ),
}


class Troubles:
    """Remembers the last time of each trouble. `clock` gives seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def note(self, reason: str) -> None:
        """It happened now; a reason that has no text for people is only for the log."""
        if reason in _TEXTS:
            self._seen[reason] = self._clock()

    def may_tell(self, reason: str) -> bool:
        """Whether a log line about it is due: a flood of requests must not become a flood of lines."""
        now = self._clock()
        if now - self._told.get(reason, -_TELL_EVERY_S) < _TELL_EVERY_S:
            return False
        self._told[reason] = now
        return True

    def problems(self) -> tuple[Problem, ...]:
        now = self._clock()
        return tuple(
            Problem(code=f"siprec_{reason}", detail=_TEXTS[reason][0], remedy=_TEXTS[reason][1])
            for reason, at in self._seen.items()
            if now - at < SHOWN_S
        )
