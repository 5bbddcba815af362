"""Networks and addresses of the peers of a port."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from kikimori_core.wire.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable


class AllowedPeers:
    """Networks of peers that may do more than others; raises ValueError for a text that is no network."""

    def __init__(self, networks: Iterable[str] = LOOPBACK) -> None:
        self._networks = tuple(ip_network(network) for network in networks)

    def allow(self, address: str | None) -> bool:
        if address is None:
            return False
        try:
            peer = ip_address(address.split("%", 1)[0])
        except ValueError:
            return False
        mapped = getattr(peer, "ipv4_mapped", None)
        peer = mapped or peer
        return any(peer in network for network in self._networks if network.version == peer.version)
