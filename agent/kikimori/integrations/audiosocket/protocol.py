"""The AudioSocket byte format, without sockets.

Every message is `kind u8 | length u16 big endian | payload`. Source: Asterisk's `res_audiosocket.h` and
https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/ .
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol
from uuid import UUID

HEADER_BYTES = 3
MAX_PAYLOAD_BYTES = 0xFFFF

UUID_BYTES = 16


class MessageKind(IntEnum):
    """Kind of a message without audio."""

    HANG_UP = 0x00
    IDENTIFIER = 0x01
    DTMF = 0x03
    ERROR = 0xFF


HANG_UP, IDENTIFIER, DTMF, ERROR = MessageKind

AUDIO_8K = 0x10

AUDIO_RATES = {
    AUDIO_8K: 8_000,
    0x11: 12_000,
    0x12: 16_000,
    0x13: 24_000,
    0x14: 32_000,
    0x15: 44_100,
    0x16: 48_000,
    0x17: 96_000,
    0x18: 192_000,
}
"""Samples per second of each audio kind; payloads are s16le mono."""

MOST_UNKNOWN_KINDS = 4
"""So many different kinds that nobody knows, and the framing is lost: the kinds are sound or noise."""

MOST_UNKNOWN_BYTES = 4096
"""Longest message of a kind that nobody knows; beyond it the framing is lost, and what follows would be waited for."""

DTMF_DIGITS = frozenset("0123456789*#ABCD")


_KNOWN = frozenset(MessageKind)


class AudioSocketError(Exception):
    """The peer does not speak AudioSocket. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Messages(Protocol):
    """Receiver of an `AudioSocketDecoder`'s messages, in order. May raise `AudioSocketError`."""

    def identified(self, uuid: UUID) -> None: ...

    def audio(self, rate: int, pcm: memoryview) -> None:
        """`pcm` is whole s16le samples and only valid during the call."""

    def dtmf(self, digit: str) -> None: ...

    def hung_up(self) -> None: ...

    def failed(self, code: int) -> None:
        """The PBX reports an error (bits: 1 hang-up of the channel, 2 frame forwarding, 4 memory; 0 = none given)."""


class AudioSocketDecoder:
    """Parser of a byte stream into messages, in pieces of any size.

    A whole message that is not understood is passed over; only lost framing ends the stream. Holds at most one incomplete
    message (65 538 bytes). After an `AudioSocketError` the decoder takes nothing more: the
    framing of the stream is lost.
    """

    __slots__ = ("_identified", "_messages", "_pending", "_spent", "_unknown", "passed_over")

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._pending = bytearray()
        self._identified = False
        self._unknown: set[int] = set()
        self.passed_over: list[str] = []
        """Reasons for which messages with intact framing were not understood; the owner takes them."""
        self._spent = False

    @property
    def mid_message(self) -> bool:
        """Return whether the stream stops now in the middle of a message."""
        return bool(self._pending)

    def feed(self, data: bytes) -> None:
        if self._spent:
            return
        try:
            if self._pending:
                self._pending += data
                whole = bytes(self._pending)
                used = self._take_messages(whole)
                del self._pending[:used]
            else:
                used = self._take_messages(data)
                if used < len(data):
                    self._pending += data[used:]
        except AudioSocketError:
            self._spent = True
            self._pending.clear()
            raise

    def _take_messages(self, data: bytes) -> int:
        """Handle all whole messages in `data`; return how many bytes they took."""
        at = 0
        size = len(data)
        view = memoryview(data)
        while size - at >= HEADER_BYTES:
            kind = data[at]
            # Garbage is told from the first byte on, not after up to 64 KiB of it were waited for.
            if not self._identified and kind != IDENTIFIER:
                raise AudioSocketError("no_identifier_first")
            length = data[at + 1] << 8 | data[at + 2]
            start = at + HEADER_BYTES
            end = start + length
            if not self._identified and length != UUID_BYTES:
                raise AudioSocketError("wrong_length")
            if length > MOST_UNKNOWN_BYTES and kind not in AUDIO_RATES and kind not in _KNOWN:
                raise AudioSocketError("lost_framing")
            if end > size:
                break
            rate = AUDIO_RATES.get(kind)
            if rate is None:
                self._control(kind, data[start:end])
            elif length % 2:
                self.passed_over.append("odd_audio_length")
            elif length:
                self._messages.audio(rate, view[start:end])
            at = end
        return at

    def _control(self, kind: int, payload: bytes) -> None:
        match kind:
            case MessageKind.HANG_UP:
                self._messages.hung_up()
            case MessageKind.IDENTIFIER if self._identified:
                self.passed_over.append("identified_twice")
            case MessageKind.IDENTIFIER:
                self._identified = True
                self._messages.identified(UUID(bytes=payload))
            case MessageKind.DTMF:
                digit = payload.decode("latin-1").upper()
                # Asterisk tells fax tones by letters of their own.
                if digit in DTMF_DIGITS:
                    self._messages.dtmf(digit)
                else:
                    self.passed_over.append("not_a_dtmf_digit")
            case MessageKind.ERROR:
                self._messages.failed(payload[0] if payload else 0)
            case _:
                self._unknown.add(kind)
                if len(self._unknown) > MOST_UNKNOWN_KINDS:
                    raise AudioSocketError("lost_framing")
                self.passed_over.append(f"unknown_kind_{kind:02x}")


def encode(kind: int, payload: bytes = b"") -> bytes:
    """One message; raises ValueError when the payload is over 65 535 bytes."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload of {len(payload)} bytes does not fit a message")
    return bytes((kind, len(payload) >> 8, len(payload) & 0xFF)) + payload
