"""`kikimori records` as a service of its own: HTTPS by the office's authority, killed in the middle, every call once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.program import kikimori
from tests.support.records_program import records_process
from tests.support.records_service import AGENT, KEY
from tests.support.told_calls import ToldRun, told_call
from tests.support.written_run import frames_in

from kikimori.recording.https_sink import HttpsSink
from kikimori.recording.shipping import Shipper
from kikimori_core.journal.framing import SegmentHead
from kikimori_core.journal.signing import utc_now
from kikimori_core.journal.writing import SegmentWriter
from kikimori_core.wire.key_store import TrustStore, trusted_path
from kikimori_records.calls.queries import newest_calls
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path


async def test_calls_come_into_the_history_once_though_agent_and_service_are_killed(tmp_path: Path) -> None:
    certificates, state, kept = tmp_path / "certificates", tmp_path / "agent", tmp_path / "kept"
    made = await kikimori(
        "certificate", "create", "--folder", certificates, "--name", "records.office.example", "--address",
        "127.0.0.1",
    )  # fmt: skip
    assert made.code == 0, made.err
    TrustStore(trusted_path(kept, "dashboard")).trust(AGENT, KEY.public)
    port = free_port()
    config = tmp_path / "kikimori.toml"
    config.write_text(
        f'[store]\ndir = "{kept}"\n[dashboard]\nstate_dir = "{kept}"\n'
        "[recording]\nenabled = true\ndays = 30\nmax_gb = 1\n"
        f'[records]\nport = {port}\ncertificate = "{certificates / "kikimori.crt"}"\n'
        f'certificate_key = "{certificates / "kikimori.key"}"\n',
        encoding="utf-8",
    )
    run = ToldRun([told_call(1), told_call(2, 5.0, begins_s=1.0)], agent_id=AGENT, run="r1")
    folder = state / "r1"
    writer = SegmentWriter(folder, SegmentHead(AGENT, "r1", 0, utc_now()), max_bytes=50_000)
    durable = [0]

    def write(end: int) -> None:
        writer.append(run.frames(durable[0], end), durable[0], end - durable[0])
        writer.sync()
        durable[0] = end

    def shipper() -> tuple[Shipper, HttpsSink]:
        sink = HttpsSink(f"https://127.0.0.1:{port}", KEY, certificates / "authority.crt")
        return Shipper(
            state, AGENT, sink, "r1", lambda: durable[0], look_every_s=0.02, first_retry_s=0.05
        ), sink

    first, first_sink = shipper()
    shipping = asyncio.create_task(first.run())
    total = len(run.records)
    try:
        async with records_process(config) as process:
            write(total // 3)
            async with asyncio.timeout(WITHIN_S):
                while not first.state.bytes_delivered:  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)
            write(total // 2)
            process.kill()
            write(total * 2 // 3)
        # The agent is killed too, and reads its journal anew.
        shipping.cancel()
        await asyncio.wait([shipping])
        await first_sink.close()
        second, sink = shipper()
        async with records_process(config) as process:
            shipping = asyncio.create_task(second.run())
            write(total)
            store = await Store.open(StoreSettings(dir=kept), beside=True)
            try:
                async with asyncio.timeout(WITHIN_S):
                    while len(calls := await newest_calls(store, 10)) < 2:  # noqa: ASYNC110 - of another process
                        await asyncio.sleep(0.05)
            finally:
                await store.close()
            assert await sink.position(AGENT, "r1") == total
            process.terminate()
            assert await process.wait() == 0
        await sink.close()
    finally:
        shipping.cancel()
        await asyncio.wait([shipping])
    assert sorted(each.uid for each in calls) == [run.uid(0), run.uid(1)]
    assert frames_in(folder) == run.frames()[-len(frames_in(folder)) :]
    for each, told in zip(sorted(calls, key=lambda call: call.uid), run.calls, strict=True):
        assert each.ended_at - each.started_at == timedelta(seconds=told.length_s)
        assert each.sound_path is not None
        sound, rate = soundfile.read(kept / "records" / each.sound_path / "sound.flac", dtype="int16")
        assert rate == 8000
        for channel, leg in enumerate(told.legs):
            begin = round(leg.offset_s * rate)
            assert np.array_equal(sound[begin : begin + len(leg.sound), channel], leg.sound)
