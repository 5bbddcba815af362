"""SRTP (RFC 3711; AES-GCM: RFC 7714), taken off again by libsrtp. Without sockets and without signalling."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct

from pylibsrtp import Error, Policy, Session

from kikimori.media.rtp.packet import HEADER_BYTES, NotRtpError

NOT_AUTHENTIC = "srtp_not_authentic"
"""Reason: no key proves the packet (other keys, plain RTP, or another sender)."""
REPLAYED = "srtp_replayed"
"""Reason: the packet came before, or so late that this cannot be told."""

MOST_ROLL_OVERS = 8
"""Roll-overs of the sequence number that may precede the first packet: three hours of packets of 20 ms."""

_HAND_OVER = 50
"""Packets under new keys after which the old ones are thrown away."""
_TRAINING_STEP = 0x4000
_HEADER = Struct("!BBHI4s")
_REPLAYS = frozenset({"replay check failed (bad index)", "replay check failed (index too old)"})
"""Texts of pylibsrtp, its only report of the cause; a test checks these."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One way to protect RTP."""

    profile: int
    """libsrtp's number."""
    key_bytes: int
    """Master key and master salt."""
    tag_bytes: int
    """Length of the authentication tag behind the key's identifier; 0: it is part of the ciphertext before
    it."""


SUITES = {
    "AES_CM_128_HMAC_SHA1_80": Suite(Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30, 10),
    "AES_CM_128_HMAC_SHA1_32": Suite(Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30, 4),
    "AEAD_AES_128_GCM": Suite(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28, 0),
    "AEAD_AES_256_GCM": Suite(Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44, 0),
}
"""Suites by the names of RFC 4568 and RFC 7714. AES_256_CM (RFC 6188) is not reached through pylibsrtp."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Keys with which one side protects its packets."""

    suite: Suite
    masters: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """Identifier and key with salt; a single key may have the empty identifier, several have ones of the same length."""


class Unprotector:
    """Checks and decrypts the packets of one stream.

    One is kept for the whole stream, also while nobody hears it: it counts the roll-overs of the sequence number and knows which
    packets were there already.
    """

    __slots__ = ("_before", "_current")

    def __init__(self, keys: SrtpKeys) -> None:
        self._current = _Context(keys)
        self._before: _Context | None = None

    def rekey(self, keys: SrtpKeys) -> None:
        """Change to `keys`, agreed by signalling. Old ones count until packets under the new ones come."""
        if keys != self._current.keys:
            self._before, self._current = self._current, _Context(keys)

    def unprotect(self, data: bytes) -> bytes:
        """Return the RTP packet; what is no RTP at all comes back as it is, for `parse` to refuse.

        Raises:
            NotRtpError: `srtp_not_authentic` or `srtp_replayed`.
        """
        if len(data) < HEADER_BYTES or data[0] & 0xC0 != 0x80 or 192 <= data[1] <= 223:
            return data
        current, before = self._current, self._before
        try:
            packet = current.unprotect(data)
        except NotRtpError as error:
            if error.reason != NOT_AUTHENTIC:
                raise
            if before is not None:
                try:
                    return before.unprotect(data)
                except NotRtpError as old:
                    if old.reason != NOT_AUTHENTIC:
                        raise
            packet = current.unprotect_later(data)
        if before is not None and current.proven >= _HAND_OVER:
            self._before = None
        return packet


class _Context:
    """One set of keys in use."""

    __slots__ = ("_failed", "_mki_bytes", "_sessions", "keys", "proven")

    def __init__(self, keys: SrtpKeys) -> None:
        self.keys = keys
        self.proven = 0
        """Number of proven packets, up to `_HAND_OVER`."""
        self._failed = 0
        self._mki_bytes = len(keys.masters[0][0])
        self._sessions = {
            mki: Session(_policy(keys.suite, master, Policy.SSRC_ANY_INBOUND)) for mki, master in keys.masters
        }

    def unprotect(self, data: bytes) -> bytes:
        """Return the RTP packet; raises NotRtpError."""
        mki, data = self._identifier_of(data)
        session = self._sessions.get(mki)
        if session is None:
            raise NotRtpError(NOT_AUTHENTIC)
        try:
            packet: bytes = session.unprotect(data)
        except Error as error:
            replayed = str(error) in _REPLAYS
            raise NotRtpError(REPLAYED if replayed else NOT_AUTHENTIC) from None
        except ValueError:
            raise NotRtpError("too_long") from None
        if self.proven < _HAND_OVER:
            self.proven += 1
        return packet

    def unprotect_later(self, data: bytes) -> bytes:
        """Try a packet that failed as one whose sequence number rolled over before; raises NotRtpError.

        Signalling tells nobody how often that happened, but a sender goes on counting when it changes its keys
        (RFC 3711, 3.3.1), and one whose stream is older than the recording has counted before. Only while no packet
        was proven, and the rarer the more failed: it costs as much as some hundred packets.
        """
        self._failed += 1
        if self.proven or self._failed & (self._failed - 1):
            raise NotRtpError(NOT_AUTHENTIC)
        mki, bare = self._identifier_of(data)
        for identifier, master in self.keys.masters:
            if identifier != mki:
                continue
            found = _rolled_over(self.keys.suite, master, bare)
            if found is not None:
                self._sessions[mki], packet = found
                self.proven += 1
                return packet
        raise NotRtpError(NOT_AUTHENTIC)

    def _identifier_of(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the key's identifier in a packet, and the packet without it."""
        if not self._mki_bytes:
            return b"", data
        end = len(data) - self.keys.suite.tag_bytes
        begin = end - self._mki_bytes
        if begin < HEADER_BYTES:
            raise NotRtpError(NOT_AUTHENTIC)
        return data[begin:end], data[:begin] + data[end:]


def _policy(suite: Suite, master: bytes, direction: int) -> Policy:
    return Policy(master, direction, srtp_profile=suite.profile)


def _rolled_over(suite: Suite, master: bytes, data: bytes) -> tuple[Session, bytes] | None:
    """Find how often the sequence number had rolled over before `data`; return a session that knows, and the packet.

    The binding cannot be told the count, so a session is led there with packets made under the same key.
    """
    leader = Session(_policy(suite, master, Policy.SSRC_ANY_OUTBOUND))
    session = Session(_policy(suite, master, Policy.SSRC_ANY_INBOUND))
    _, _, sequence, _, ssrc = _HEADER.unpack_from(data)
    for index in range(sequence % _TRAINING_STEP, (MOST_ROLL_OVERS << 16) + sequence, _TRAINING_STEP):
        header = _HEADER.pack(0x80, 0, index & 0xFFFF, 0, ssrc)
        session.unprotect(leader.protect(header + b"\0"))
        ahead = index + _TRAINING_STEP - sequence
        if ahead > 0 and ahead & 0xFFFF == 0:
            try:
                return session, session.unprotect(data)
            except Error:
                continue
    return None
