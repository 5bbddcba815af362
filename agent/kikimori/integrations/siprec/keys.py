"""Choice among the offered SRTP keys, and the answer to it (RFC 4568, 7.1). Pure: no sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.media.rtp.srtp import SUITES, SrtpKeys
from kikimori.media.sip.crypto import Crypto, CryptoError, parse_crypto

if TYPE_CHECKING:
    from kikimori.media.sip.sdp import MediaDescription

MAX_LINES = 32
"""Most lines of one m-line that are looked at."""

HARMLESS = frozenset({"UNENCRYPTED_SRTCP"})
"""Session parameters that are accepted by repeating them: RTCP is not read here."""
_IGNORED = ("WSH=",)
"""Hint for the size of the replay window; libsrtp's own is larger than usual values."""

_TELLING = ("srtp_parameter_not_supported", "srtp_key_unreadable", "srtp_suite_not_supported")
"""Reasons of refused lines; where several were offered, the first of these is reported."""


class KeysRefusedError(Exception):
    """No key of an m-line is taken. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SelectedCrypto:
    """Line `a=crypto` that is accepted."""

    tag: int
    suite: str
    parameters: tuple[str, ...]
    """Session parameters that the answer repeats."""
    keys: SrtpKeys


def choose_keys(media: MediaDescription) -> SelectedCrypto:
    """Return the first line that can be accepted: the SRC offers them in its order of preference.

    Raises:
        KeysRefusedError: `dtls_srtp_not_supported`, `srtp_without_key`, `srtp_suite_not_supported`,
            `srtp_parameter_not_supported` or `srtp_key_unreadable`.
    """
    if media.protocol.startswith("UDP/TLS/"):
        raise KeysRefusedError("dtls_srtp_not_supported")
    if not media.crypto:
        by_dtls = media.attribute("fingerprint") is not None
        raise KeysRefusedError("dtls_srtp_not_supported" if by_dtls else "srtp_without_key")
    refusals = set()
    for each in media.crypto[:MAX_LINES]:
        try:
            return _secured(parse_crypto(each))
        except CryptoError:
            refusals.add("srtp_key_unreadable")
        except KeysRefusedError as error:
            refusals.add(error.reason)
    raise KeysRefusedError(min(refusals, key=_TELLING.index))


def _secured(crypto: Crypto) -> SelectedCrypto:
    suite = SUITES.get(crypto.suite)
    if suite is None:
        raise KeysRefusedError("srtp_suite_not_supported")
    if any(len(key.material) != suite.key_bytes for key in crypto.keys):
        raise KeysRefusedError("srtp_key_unreadable")
    for parameter in crypto.parameters:
        # What stands behind a hyphen is not insisted on (RFC 4568, 6.3.7).
        if not (parameter in HARMLESS or parameter.startswith((*_IGNORED, "-"))):
            raise KeysRefusedError("srtp_parameter_not_supported")
    return SelectedCrypto(
        crypto.tag,
        crypto.suite,
        tuple(each for each in crypto.parameters if each in HARMLESS),
        SrtpKeys(suite, tuple((key.mki, key.material) for key in crypto.keys)),
    )
