"""Address of a browser behind reverse proxies: what a trusted one tells, and nobody else."""

from __future__ import annotations

from typing import cast

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from kikimori_core.wire.peers import AllowedPeers
from kikimori_dashboard.access.browser_address import browser_address

PROXIES = AllowedPeers(("127.0.0.1", "192.0.2.0/28", "2001:db8::5"))


class _Transport:
    def __init__(self, peer: str) -> None:
        self._peer = peer

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self._peer, 1) if name == "peername" else default


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("127.0.0.1", ["192.168.1.9"], "192.168.1.9"),
        ("127.0.0.1", ["1.1.1.1, 192.168.1.9"], "192.168.1.9"),
        # HAProxy adds a line of its own behind the one that a browser sent.
        ("127.0.0.1", ["1.1.1.1", "192.168.1.9"], "192.168.1.9"),
        ("127.0.0.1", ["1.1.1.1, 192.168.1.9", "192.0.2.3"], "192.168.1.9"),
        ("127.0.0.1", ["2001:db8::5, [2001:db8::9]:4711"], "2001:db8::9"),
        ("127.0.0.1", ["192.168.1.9:4711"], "192.168.1.9"),
        ("::ffff:127.0.0.1", ["192.168.1.9"], "192.168.1.9"),
        ("2001:db8::5", ["192.168.1.9"], "192.168.1.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["1.1.1.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["192.168.1.9" * 1000], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.2, 192.0.2.3"], "192.0.2.2"),
        ("192.168.1.9", ["1.1.1.1"], "192.168.1.9"),
        ("192.0.2.16", ["127.0.0.1, 1.1.1.1"], "192.0.2.16"),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, told: list[str], address: str) -> None:
    headers = CIMultiDict([("X-Forwarded-For", each) for each in told])
    request = make_mocked_request("GET", "/", headers, transport=cast("object", _Transport(peer)))
    assert browser_address(request, PROXIES) == address
