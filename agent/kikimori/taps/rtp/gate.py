"""What stands between a stream's packets and its sound: nothing that cannot be decoded is heard. Pure.

Packets are kept back until their bytes were looked at, which one packet of speech is enough for as a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kikimori.taps.rtp.formats import NO_VOICE, STATIC_NAMES
from kikimori.taps.rtp.readable import Readable, Reading, negotiates, zrtp_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kikimori.taps.rtp.packet import Packet
    from kikimori.taps.rtp.source import Source

UNKNOWN_IN_A_ROW = 8
"""Packets of a payload type that is not known here, and no other between, after which it is the codec in use."""

LEAST_VOICE_BYTES = 8
"""Smaller payloads are events and descriptions of silence."""

LOOK_EVERY = 4
"""Of packets that are sound, each so manieth is looked at."""

LONGEST_HELD_S = 0.6
"""Packets that are too few to tell what they hold are kept no longer."""

_MOST_ZRTP = 32


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a stream is not heard although its packets come."""

    reason: str
    """`encrypted` or `unreadable_codec`."""
    codec: str = ""
    """Its name, or its payload type where no name is known."""


ENCRYPTED = Unreadable("encrypted")


class Arrival(NamedTuple):
    """A packet with where it came from, and when."""

    packet: Packet
    source: Source
    now: float


class Gate:
    """Of one stream."""

    def __init__(self, names: Mapping[int, str] | None) -> None:
        """`names`: codecs by payload type, as signalling named them, also those that cannot be read."""
        self.zrtp: set[str] = set()
        """Types of the ZRTP messages that came."""
        self.free = 0
        """So many packets may pass without a look: what came before them was sound."""
        self.sounded = False
        """Something of it could be heard."""
        self._names = {**STATIC_NAMES, **(names or {})}
        self._readable = Readable()
        self._held: list[Arrival] = []
        self._codec: str | None = None
        self._unknown_in_a_row = 0

    @property
    def unreadable(self) -> Unreadable | None:
        """Why packets come and none is heard; None while that is not so."""
        if self._codec is not None:
            return Unreadable("unreadable_codec", self._codec)
        return ENCRYPTED if self._readable.reading is Reading.EVEN else None

    @property
    def holds(self) -> bool:
        """Whether packets are kept back."""
        return bool(self._held)

    @property
    def zrtp_agreed(self) -> bool:
        """Whether both ends have begun to agree on keys (RFC 6189)."""
        return any(map(negotiates, self.zrtp))

    def agreed(self, names: Mapping[int, str] | None) -> None:
        """Signalling agreed anew: what was in use before says nothing any more."""
        self._names.update(names or {})
        self._codec = None
        self._unknown_in_a_row = self.free = 0
        self._readable.doubt()

    def voice(self, arrival: Arrival) -> Sequence[Arrival]:
        """Take a packet of a format that can be read; return those that may be heard now."""
        self._codec = None
        self._unknown_in_a_row = 0
        reading = self._readable.look(arrival.packet.payload)
        if reading is Reading.SOUND:
            self.sounded = True
            self.free = 0 if self._readable.suspects else LOOK_EVERY - 1
            return [*self._take(), arrival] if self._held else (arrival,)
        if reading is Reading.EVEN:
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
        """Return what was held for long enough, and is sound by what little there is of it; None = all that is held."""
        if not self._held or (now is not None and now - self._held[0].now < LONGEST_HELD_S):
            return ()
        sound = self._readable.seems_sound()
        held = self._take()
        return held if sound else ()

    def _take(self) -> list[Arrival]:
        held, self._held = self._held, []
        return held
