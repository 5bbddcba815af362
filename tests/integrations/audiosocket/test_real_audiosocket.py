"""A real Asterisk with the dialplan `config/pbx/asterisk/kikimori.conf`: what it taps arrives at our AudioSocket server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
from tests.support.audio_socket import audio_socket_tap
from tests.support.ports import free_port
from tests.support.real_asterisk import Layout, needs_asterisk, running_asterisk
from tests.support.recorder import RecordedLeg, Recorder
from tests.support.sip_phone import Phone

from kikimori.config import DEFAULTS
from kikimori.integrations.audiosocket.tap import AudioSocketTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = needs_asterisk

DIALPLAN = DEFAULTS / "pbx" / "asterisk" / "kikimori.conf"
OFFICE = "[office]\nexten => 204,1,Dial(PJSIP/204,30,U(kikimori^${CHANNEL}))\n#include kikimori.conf\n"


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[AudioSocketTap, Recorder]]:
    desk = Recorder()
    directory = LegDirectory(asyncio.get_running_loop().time)
    tap = audio_socket_tap(desk, directory)
    await tap.listen()
    running = asyncio.create_task(tap.run())
    try:
        yield tap, desk
    finally:
        await tap.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def pitch(leg: RecordedLeg) -> int:
    """Return the loudest frequency of the last half second, to 10 Hz."""
    samples = np.frombuffer(bytes(leg.pcm), "<i2")[-leg.info.rate // 2 :]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(np.argmax(spectrum)) * leg.info.rate / len(samples) / 10) * 10


async def test_two_sip_telephones(tmp_path: Path) -> None:
    """Each voice on its own leg with number, name and channel; the telephones hear each other meanwhile."""
    ports = {"trunk": free_port(), "204": free_port()}
    async with listening() as (tap, desk):
        audio, announce = tap.addresses["audiosocket"], tap.addresses["announce"]
        lines = DIALPLAN.read_text(encoding="utf-8")
        lines = lines.replace(":8766/", f":{announce[1]}/").replace(":9092)", f":{audio[1]})")
        layout = Layout(ports, OFFICE, {"kikimori.conf": lines})
        async with (
            running_asterisk(tmp_path, layout) as asterisk,
            Phone("trunk", ports["trunk"], asterisk.sip_port, 1000) as customer,
            Phone("204", ports["204"], asterisk.sip_port, 440) as operator,
        ):
            customer.call("204")
            await desk.until(lambda: sum(len(leg.pcm) >= 2 * leg.info.rate for leg in desk.legs) == 2)
            legs = {leg.info.role: leg for leg in desk.legs}
            said = {Role.CUSTOMER: 1000, Role.OPERATOR: 440}
            await desk.until(lambda: {role: pitch(leg) for role, leg in legs.items()} == said)
            await desk.until(lambda: (customer.hears(), operator.hears()) == ({440}, {1000}))
            call = legs[Role.CUSTOMER].info.call
            assert call == legs[Role.OPERATOR].info.call
            assert (call.caller.number, call.operator.number) == ("trunk", "204")
            assert (call.channel or "").startswith("PJSIP/trunk-")
            customer.hang_up()
            await desk.until(lambda: all(leg.ended for leg in desk.legs))
    assert {leg.ended for leg in desk.legs} == {EndReason.HUNG_UP}
