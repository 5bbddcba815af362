"""Gate between a stream's packets and its sound: audio that cannot be decoded is not heard. Pure.

Packets are kept back until their bytes were looked at, which one packet of speech is enough for as a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kikimori.media.rtp.formats import NO_VOICE, STATIC_NAMES
from kikimori.media.rtp.readable import Readability, Readable, negotiates, zrtp_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kikimori.media.rtp.packet import Packet
    from kikimori.media.rtp.source import Source

UNKNOWN_IN_A_ROW = 8
"""Packets in a row of an unknown payload type after which it is the codec in use."""

LEAST_VOICE_BYTES = 8
"""Least bytes of a voice payload; smaller ones are events and descriptions of silence."""

LOOK_EVERY = 4
"""Of packets that are sound, each so manieth is looked at."""

LONGEST_HELD_S = 0.6
"""Longest time in s that packets are held which are too few to be classified."""

_MOST_ZRTP = 32


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Reason for which a stream is not heard although its packets come."""

    reason: str
    """`encrypted` or `unreadable_codec`."""
    codec: str = ""
    """Name of the codec, or its payload type where no name is known."""


ENCRYPTED = Unreadable("encrypted")


class Arrival(NamedTuple):
    """Packet with its source and time of arrival."""

    packet: Packet
    source: Source
    now: float


class Gate:
    """Gate of one stream."""

    def __init__(self, names: Mapping[int, str] | None) -> None:
        """`names`: codecs by payload type, as signalling named them, also those that cannot be read."""
        self.zrtp: set[str] = set()
        """Types of the ZRTP messages that came."""
        self.free = 0
        """So many packets may pass without a look: what came before them was sound."""
        self.sounded = False
        """True once part of it could be heard."""
        self._names = {**STATIC_NAMES, **(names or {})}
        self._readable = Readable()
        self._held: list[Arrival] = []
        self._codec: str | None = None
        self._unknown_in_a_row = 0

    @property
    def unreadable(self) -> Unreadable | None:
        """Return the reason for which packets come and none is heard; None otherwise."""
        if self._codec is not None:
            return Unreadable("unreadable_codec", self._codec)
        return ENCRYPTED if self._readable.reading is Readability.EVEN else None

    @property
    def holds(self) -> bool:
        """Return whether packets are held back."""
        return bool(self._held)

    @property
    def zrtp_agreed(self) -> bool:
        """Return whether both ends have begun to agree on keys (RFC 6189)."""
        return any(map(negotiates, self.zrtp))

    def agreed(self, names: Mapping[int, str] | None) -> None:
        """Forget the codec in use: signalling agreed anew."""
        self._names.update(names or {})
        self._codec = None
        self._unknown_in_a_row = self.free = 0
        self._readable.doubt()

    def voice(self, arrival: Arrival) -> Sequence[Arrival]:
        """Take a packet of a readable format; return the packets that may be heard now."""
        self._codec = None
        self._unknown_in_a_row = 0
        reading = self._readable.look(arrival.packet.payload)
        if reading is Readability.SOUND:
            self.sounded = True
            self.free = 0 if self._readable.suspects else LOOK_EVERY - 1
            return [*self._take(), arrival] if self._held else (arrival,)
        if reading is Readability.EVEN:
            self._held.clear()
        else:
            self._held.append(arrival)
        return ()

    def unknown(self, packet: Packet) -> None:
        """Take a packet of a payload type that cannot be read."""
        name = self._names.get(packet.payload_type, str(packet.payload_type))
        if len(packet.payload) < LEAST_VOICE_BYTES or name in NO_VOICE:
            return
        self.free = 0
        self._unknown_in_a_row += 1
        if self._unknown_in_a_row >= UNKNOWN_IN_A_ROW:
            self._codec = name

    def other(self, data: bytes) -> None:
        """Take a datagram that is no RTP."""
        message = zrtp_message(data)
        if message is not None and len(self.zrtp) < _MOST_ZRTP:
            self.free = 0
            self.zrtp.add(message)
            self._readable.doubt()

    def overdue(self, now: float | None = None) -> Sequence[Arrival]:
        """Return the packets held for long enough, if they seem to be sound; `now` None = all that are."""
        if not self._held or (now is not None and now - self._held[0].now < LONGEST_HELD_S):
            return ()
        sound = self._readable.seems_sound()
        held = self._take()
        return held if sound else ()

    def _take(self) -> list[Arrival]:
        held, self._held = self._held, []
        return held
