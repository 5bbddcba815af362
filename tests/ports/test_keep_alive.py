"""A peer that was switched off keeps its place for minutes, not for hours."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S

from kikimori.media.sip.transport import SipTransport
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from kikimori.media.sip.message import Request, Response
    from kikimori.media.sip.transaction import Flow

MINUTES_S = 180


class Nobody:
    def request(self, request: Request, flow: Flow) -> None: ...

    def response(self, response: Response) -> None: ...


async def test_a_sip_connection_is_asked_for_by_the_kernel() -> None:
    transport = SipTransport(Nobody(), AllowedPeers())
    await transport.listen_tcp("127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*transport.addresses["tcp"])
    async with asyncio.timeout(WITHIN_S):
        while not transport.limiter.admitted:  # noqa: ASYNC110  (a connection announces itself to nobody)
            await asyncio.sleep(0.01)
    (connection,) = transport.limiter.admitted
    assert connection._socket is not None
    sock = connection._socket.get_extra_info("socket")
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle, again, times = (
        sock.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + again * times < MINUTES_S
    writer.close()
    await transport.close()
