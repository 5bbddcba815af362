"""One office in one process: a call is in the history after its end, with every sample, and no port is open for it."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING
from uuid import UUID

import aiohttp
import numpy as np
import soundfile
from tests.system.conftest import WITHIN_S, until

from kikimori.office import open_office
from kikimori_dashboard import DashboardSettings
from kikimori_lab.cli.demo import demo_config
from kikimori_lab.demo.pbx import SimulatedPbx
from kikimori_records.calls.queries import newest_calls
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.addresses import Addresses
    from kikimori_records.calls.queries import RecordedCall

FRAME = 320


async def call(addresses: Addresses, sound: bytes) -> None:
    """Make a call with a customer alone, who says this and hangs up."""
    assert addresses.announce is not None
    assert addresses.audiosocket is not None
    host, port = addresses.announce
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://{host}:{port}/v1/legs", data={"call": "c1", "role": "customer", "operator": "204"}
        ) as answer,
    ):
        answer.raise_for_status()
        leg = UUID(await answer.text())
    _, writer = await asyncio.open_connection(*addresses.audiosocket)
    writer.write(struct.pack(">BH", 0x01, 16) + leg.bytes)
    for at in range(0, len(sound), FRAME):
        writer.write(struct.pack(">BH", 0x10, FRAME) + sound[at : at + FRAME])
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write(struct.pack(">BH", 0x00, 0))
    await writer.drain()
    writer.close()


async def test_a_call_is_in_the_history_after_its_end(tmp_path: Path) -> None:
    noise = np.random.default_rng(5)
    sound = noise.normal(0, 2000, 8000 * 2).astype(np.int16)
    kept = tmp_path / "kept"
    store = await Store.open(StoreSettings(dir=kept))
    try:
        config = demo_config(tmp_path / "state", speech=False)
        pages = DashboardSettings(site="demo", port=0, store=store.settings)
        async with open_office(config, pages, broker_port=0, pbx=SimulatedPbx(), store=store) as office:
            await call(office.addresses, sound.tobytes())
            found: list[RecordedCall] = []
            async with asyncio.timeout(WITHIN_S):
                while not found:
                    await asyncio.sleep(0.05)
                    found = await newest_calls(store, 10)
            assert [(each.call_id, each.sound) for each in found] == [("c1", "kept")]
            assert found[0].sound_path is not None
            heard, rate = soundfile.read(kept / "records" / found[0].sound_path / "sound.flac", dtype="int16")
            assert rate == 8000
            customer = heard if heard.ndim == 1 else heard[:, 0]
            begin = next(
                at
                for at in range(len(customer) - 200)
                if np.array_equal(customer[at : at + 200], sound[:200])
            )
            assert np.array_equal(customer[begin : begin + len(sound)], sound)
            await until(lambda: office.agent._health().counters["journal_bytes_delivered"] > 0)
    finally:
        await store.close()
