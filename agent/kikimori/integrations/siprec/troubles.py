"""Recent problems as text for people, and a rate limit for their log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.media.rtp.srtp import SUITES
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN_S = 600.0
"""Seconds that a problem is shown after it was last seen."""
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
    "dtls_srtp_not_supported": (
        "the SBC offers encrypted audio whose keys are exchanged by DTLS, which cannot be heard",
        "let the recording leg of the SBC use SRTP with SDES keys over TLS, or plain RTP",
    ),
    "srtp_without_key": (
        "the SBC offers encrypted audio (SRTP) without saying its key",
        "let the recording leg of the SBC use SDES (a=crypto), or plain RTP",
    ),
    "srtp_suite_not_supported": (
        "the SBC offers encrypted audio (SRTP) in ways that are not known here",
        f"let the recording leg of the SBC offer one of {', '.join(SUITES)}",
    ),
    "srtp_parameter_not_supported": (
        "the SBC offers encrypted audio (SRTP) with session parameters that are not known here",
        "switch off UNENCRYPTED_SRTP, UNAUTHENTICATED_SRTP, KDR and FEC for the recording leg of the SBC",
    ),
    "srtp_key_unreadable": (
        "the SBC offers encrypted audio (SRTP) with a key that cannot be read",
        "compare the a=crypto lines of its INVITE with RFC 4568; set the recording leg to plain RTP meanwhile",
    ),
    "srtp_key_in_clear": (
        "calls are refused because the SBC sends the keys of encrypted audio by SIP without TLS",
        "let the SBC use TLS to [siprec] tls_port, or set [siprec] srtp_needs_tls = false",
    ),
    "srtp_key_exposed": (
        "the SBC sends the keys of encrypted audio by SIP without TLS: whoever reads the SIP can hear the calls",
        "let the SBC use TLS to [siprec] tls_port",
    ),
    "srtp_wrong_key": (
        "encrypted audio arrives that its key does not open: the call is silent",
        "look whether the SBC really sends SRTP, under the key of its last a=crypto; a restart of the recording may do",
    ),
    "no_known_codec": (
        "the SBC offers no codec that is understood",
        "let the recording leg use G.711 or G.722",
    ),
    "tls_no_client_certificate": (
        "the SBC shows no certificate, and [siprec] tls_client_ca asks for one",
        "give the SBC's TLS a certificate of that authority (mutual TLS), or take tls_client_ca away",
    ),
    "tls_client_certificate_refused": (
        "the SBC's certificate is not good for [siprec] tls_client_ca",
        "look at the detail of sip_malformed in the log; put the authority of the SBC's certificate into tls_client_ca",
    ),
    "tls_own_certificate_refused": (
        "the SBC does not accept the certificate of [siprec] tls_cert",
        "give the SBC its authority to trust; the certificate must name this machine as the SBC calls it: kikimori doctor",
    ),
    "tls_nothing_in_common": (
        "the SBC and this machine have no version or cipher of TLS in common",
        "let the SBC use TLS 1.2 or 1.3",
    ),
    "tls_not_tls": (
        "something speaks without TLS to [siprec] tls_port",
        "let the SBC use TLS for this port, or [siprec] port for TCP",
    ),
    "tls_handshake_too_slow": (
        "the SBC begins a TLS handshake and does not go on",
        "look for a firewall or address translator between; it may cut large packets",
    ),
    "tls_handshake_failed": (
        "a TLS handshake with the SBC failed",
        "look at the detail of sip_malformed in the log",
    ),
    "audio_encrypted": (
        "audio arrives under plain RTP that is encrypted or no sound: it is not heard",
        "let the recording leg of the SBC send plain RTP, or SRTP with a=crypto in its INVITE",
    ),
    "audio_codec": (
        "audio arrives in a codec that was not agreed on and cannot be read",
        "let the recording leg of the SBC send G.711 or G.722 only",
    ),
    "no_audio": (
        "a SIPREC session is there, but no audio arrives",
        "open the UDP ports of [siprec] in the firewall; check [siprec] advertise and allow",
    ),
}

_OFFERS = {
    "no_offer": "a session description is needed",
    "no_audio_offered": "no audio is offered",
    "not_audio": "only audio is taken",
    "not_rtp": "only RTP/AVP, RTP/AVPF, RTP/SAVP and RTP/SAVPF are taken",
}
"""Texts for faults that only the people at the SBC can mend."""


def explained(reason: str) -> str:
    """Return a reason as a sentence for a Warning, without quotation marks."""
    remedy = _TEXTS[reason][1] if reason in _TEXTS else _OFFERS.get(reason, "not acceptable")
    return f"{reason}: {remedy}"


class Troubles:
    """Time of the last occurrence of each problem. `clock` gives seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._named: dict[str, str] = {}

    def note(self, reason: str, name: str = "") -> None:
        """Note an occurrence now; a reason without a text for people is only logged. `name`: its subject."""
        if reason in _TEXTS:
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
        return tuple(
            Problem(
                code=f"siprec_{reason}",
                detail=_TEXTS[reason][0] + (f" ({name})" if (name := self._named.get(reason)) else ""),
                remedy=_TEXTS[reason][1],
            )
            for reason, at in self._seen.items()
            if now - at < SHOWN_S
        )
