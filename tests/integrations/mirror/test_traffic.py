"""The doctor looks at real packets on loopback. Needs CAP_NET_RAW, as root has it in a container of CI."""

from __future__ import annotations

import asyncio

from tests.integrations.mirror.office import SIDES, Talk, sdp
from tests.integrations.mirror.test_live import ONE, OTHER, TABLE, Sockets, needs_permission

from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.integrations.mirror.traffic import look_at_traffic
from kikimori.media.rtp.packet import Packet, build
from kikimori_core.messages import in_language


async def a_call_in_g729() -> None:
    """Until cancelled: it is answered again and again, as the doctor may come late."""
    sockets = Sockets()
    at = 0
    try:
        while True:
            talk = Talk(sockets, "0901234567", "204", (ONE, OTHER), f"doctor{at}")
            talk.invite(sdp(ONE, 16010, codecs="18 0 101"))
            talk.respond(200, sdp(OTHER, 17010, codecs="18 0 101"))
            for _ in range(50):
                at += 1
                packet = build(Packet(18, False, at & 0xFFFF, at * 160, 7, bytes(20)))
                sockets.send((ONE, 16010), (OTHER, 17010), packet)
                await asyncio.sleep(0.02)
    finally:
        sockets.close()


@needs_permission
async def test_what_only_traffic_shows_is_named_in_both_languages() -> None:
    calling = asyncio.create_task(a_call_in_g729())
    try:
        found = await look_at_traffic("mirror calls", TABLE, SIDES, seconds=6.0)
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
    [codec] = [each for each in found if "G729" in each.detail]
    assert codec.state == "warning"
    assert "読めないコーデック" in in_language(codec.detail, "ja")


@needs_permission
async def test_an_interface_that_cannot_be_opened_is_a_fault() -> None:
    table = MirrorTable(enabled=True, interface="nosuch0")
    [found] = await look_at_traffic("mirror calls", table, SIDES, seconds=0.1)
    assert found.state == "fault"
