"""Choice of one source and one stream at a time, so that packets of another sender are not heard in a call.

A first packet is believed until two in a row confirm it. Another stream (SSRC) of the same source is followed when two
of its packets come in a row with none of the old one between; another source only after several in a row while the old
one is silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.media.rtp.packet import Packet

Source = tuple[str, int] | tuple[bytes, int]
"""Address, as text or as bytes, and port."""

CONFIRM = 2
CHANGE_SOURCE = 5
SILENT_S = 0.5


class VoiceSource:
    """Source and stream of a leg's voice."""

    __slots__ = ("_confirmed", "_in_a_row", "_other", "_other_ssrc", "_pending", "heard_at", "source", "ssrc")

    def __init__(self) -> None:
        self.source: Source | None = None
        self.ssrc = -1
        self.heard_at = 0.0
        self._confirmed = False
        self._other: Source | None = None
        self._other_ssrc = -1
        self._in_a_row = 0
        self._pending: Packet | None = None

    def heard(self, now: float) -> None:
        """Note a packet of the believed source and stream."""
        self.heard_at = now
        self._confirmed = True
        self._pending = None

    def stranger(self, source: Source, packet: Packet, now: float) -> Sequence[Packet]:
        """Take a packet of another source or stream; return the packets to play, none without belief.

        When something is returned, `source` and `ssrc` have changed and a new stream begins.
        """
        if self.source is None:
            return self._believe(source, (packet,), now, confirmed=False)
        before = self._pending
        follows = (
            before is not None
            and source == self._other
            and packet.ssrc == self._other_ssrc
            and packet.sequence == (before.sequence + 1) & 0xFFFF
        )
        self._in_a_row = self._in_a_row + 1 if follows else 1
        self._pending, self._other, self._other_ssrc = packet, source, packet.ssrc
        if before is None or self._in_a_row < CONFIRM:
            return ()
        if source == self.source or not self._confirmed:
            return self._believe(source, (before, packet), now, confirmed=True)
        if self._in_a_row >= CHANGE_SOURCE and now - self.heard_at >= SILENT_S:
            return self._believe(source, (packet,), now, confirmed=True)
        return ()

    def reconsider(self) -> None:
        """Allow another source after two packets in a row: signalling moved the media."""
        self._confirmed = False

    def _believe(
        self, source: Source, packets: Sequence[Packet], now: float, *, confirmed: bool
    ) -> Sequence[Packet]:
        self.source, self.ssrc, self.heard_at = source, packets[-1].ssrc, now
        self._confirmed = confirmed
        self._pending = None
        return packets
