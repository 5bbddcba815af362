"""AudioSocket's way in as tests open it: on free ports of loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.audiosocket.tap import AudioSocketTap
from kikimori.ports.limiter import ConnectionLimits
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori_core.model.feed import CallDesk


def audio_socket_tap(
    desk: CallDesk, directory: LegDirectory, networks: tuple[str, ...] = ("127.0.0.0/8",)
) -> AudioSocketTap:
    """Return a tap with the usual limits; `networks`: peers that it admits."""
    peers = AllowedPeers(networks)
    return AudioSocketTap(
        desk, directory, peers, ConnectionLimits(), host="127.0.0.1", port=0, announce_port=0
    )
