"""IP fragments put together, within limits (RFC 791, RFC 8200). A large INVITE over UDP comes in two or three.

Fragments that overlap are an attack or a fault, and cost their packet (RFC 5722).
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_PACKETS = 256
MOST_PARTS = 64
MOST_BYTES = 65535
PATIENCE_S = 10.0

Key = tuple[bytes, bytes, int, int]
"""Source, destination, protocol, identification."""


@dataclass(slots=True)
class _Packet:
    until: float
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None
    bytes_: int = 0


class Fragments:
    """Incomplete packets. One that is not complete in time is dropped and counted."""

    def __init__(self) -> None:
        self._packets: dict[Key, _Packet] = {}
        self.lost = 0

    def __len__(self) -> int:
        return len(self._packets)

    def add(self, key: Key, offset: int, payload: bytes, now: float, *, more: bool) -> bytes | None:
        """Take one fragment; return the whole payload when this was the last one missing.

        `offset` in bytes; `more`: further ones follow after it.
        """
        self._forget_old(now)
        packet = self._packets.get(key)
        if packet is None:
            packet = self._packets[key] = _Packet(now + PATIENCE_S)
        end = offset + len(payload)
        known = packet.parts.get(offset)
        if known == payload:
            return None  # the mirror shows the same fragment twice
        if (
            known is not None
            or not payload
            or end > MOST_BYTES
            or len(packet.parts) >= MOST_PARTS
            or (not more and packet.size is not None)
            or self._overlaps(packet, offset, end)
        ):
            self._drop(key)
            return None
        packet.parts[offset] = payload
        packet.bytes_ += len(payload)
        if not more:
            packet.size = end
        if packet.size is None or packet.bytes_ < packet.size:
            return None
        del self._packets[key]
        whole = b"".join(packet.parts[at] for at in sorted(packet.parts))
        return whole if len(whole) == packet.size else None

    @staticmethod
    def _overlaps(packet: _Packet, offset: int, end: int) -> bool:
        if packet.size is not None and end > packet.size:
            return True
        return any(offset < at + len(part) and at < end for at, part in packet.parts.items())

    def _forget_old(self, now: float) -> None:
        # Insertion order is the order of age, as the patience is the same for all.
        for key, packet in list(self._packets.items()):
            if packet.until > now and len(self._packets) < MOST_PACKETS:
                break
            self._drop(key)

    def _drop(self, key: Key) -> None:
        del self._packets[key]
        self.lost += 1
