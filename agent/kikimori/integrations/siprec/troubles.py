"""Recent problems as text for people, and a rate limit for their log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.media.rtp.srtp import SUITES
from kikimori_core.messages import both
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_S = 600.0
"""Seconds that a problem is shown after it was last seen."""
_TELL_EVERY_S = 1.0

SHOWN = frozenset(
    {
        "full",
        "no_rtp_port",
        "dtls_srtp_not_supported",
        "srtp_without_key",
        "srtp_suite_not_supported",
        "srtp_parameter_not_supported",
        "srtp_key_unreadable",
        "srtp_key_in_clear",
        "srtp_key_exposed",
        "srtp_wrong_key",
        "no_known_codec",
        "tls_no_client_certificate",
        "tls_client_certificate_refused",
        "tls_own_certificate_refused",
        "tls_nothing_in_common",
        "tls_not_tls",
        "tls_handshake_too_slow",
        "tls_handshake_failed",
        "audio_encrypted",
        "audio_codec",
        "no_audio",
    }
)
"""Reasons that have a text for people, `siprec_…` in the catalogues."""

_OFFERS = {
    "no_offer": "a session description is needed",
    "no_audio_offered": "no audio is offered",
    "not_audio": "only audio is taken",
    "not_rtp": "only RTP/AVP, RTP/AVPF, RTP/SAVP and RTP/SAVPF are taken",
}
"""Texts for faults that only the people at the SBC can mend."""


def explained(reason: str) -> str:
    """Return a reason as a sentence for a Warning, without quotation marks."""
    step = _words(reason)[1] if reason in SHOWN else _OFFERS.get(reason, "not acceptable")
    return f"{reason}: {step}"


class Troubles:
    """Time of the last occurrence of each problem. `clock` gives seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._named: dict[str, str] = {}

    def note(self, reason: str, name: str = "") -> None:
        """Note an occurrence now; a reason without a text for people is only logged. `name`: its subject."""
        if reason in SHOWN:
            self._seen[reason] = self._clock()
            self._named[reason] = name

    def may_tell(self, reason: str) -> bool:
        """Return whether a log line about it is due: rate limit for floods of requests."""
        now = self._clock()
        if now - self._told.get(reason, -_TELL_EVERY_S) < _TELL_EVERY_S:
            return False
        self._told[reason] = now
        return True

    def problems(self) -> tuple[Problem, ...]:
        now = self._clock()
        found = []
        for reason, at in self._seen.items():
            if now - at < SHOWN_S:
                detail, step = _words(reason, self._named.get(reason, ""))
                found.append(Problem(code=f"siprec_{reason}", detail=detail, remedy=step))
        return tuple(found)


def _words(reason: str, name: str = "") -> tuple[str, str]:
    return both(f"siprec_{reason}", named=f" ({name})" if name else "", suites=", ".join(SUITES))
