"""One office in one process: a call is in the history after its end, with every sample, and no port is open for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from tests.support.deadline import WITHIN_S
from tests.support.telephone import on_the_line
from tests.system.conftest import until

from kikimori.office import open_office
from kikimori_dashboard import DashboardSettings
from kikimori_lab.cli.demo import demo_config
from kikimori_lab.demo.pbx import SimulatedPbx
from kikimori_records.calls.queries import newest_calls
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.calls.queries import RecordedCall


async def test_a_call_is_in_the_history_after_its_end(tmp_path: Path) -> None:
    noise = np.random.default_rng(5)
    sound = noise.normal(0, 2000, 8000 * 2).astype(np.int16)
    kept = tmp_path / "kept"
    store = await Store.open(StoreSettings(dir=kept))
    try:
        config = demo_config(tmp_path / "state", speech=False)
        pages = DashboardSettings(site="demo", port=0, store=store.settings)
        async with open_office(config, pages, broker_port=0, pbx=SimulatedPbx(), store=store) as office:
            async with on_the_line(office.addresses, call="c1", role="customer") as telephone:
                await telephone.speak(sound.tobytes())
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
