"""Shipping of journals: nothing is missing or doubled, whatever happens on the way, and nothing is deleted too early."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.support.cutting_proxy import cutting
from tests.support.deadline import WITHIN_S
from tests.support.file_sink import FileSink
from tests.support.https import OfficeCertificate
from tests.support.ports import free_port
from tests.support.records_service import AGENT, KEY, open_ingest
from tests.support.written_run import WrittenRun, frames_in

from kikimori.recording.https_sink import HttpsSink
from kikimori.recording.shipping import Shipper
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import FrameReader, Kind
from kikimori_core.journal.signing import utc_now
from kikimori_core.journal.sink import RefusalCode, SinkAwayError
from kikimori_core.wire.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from kikimori_core.journal.sink import JournalSink


@asynccontextmanager
async def shipping(run: WrittenRun, sink: JournalSink) -> AsyncIterator[Shipper]:
    shipper = Shipper(
        run.folder.parent, AGENT, sink, run.name, lambda: run.durable, look_every_s=0.02, first_retry_s=0.02
    )
    task = asyncio.create_task(shipper.run())
    try:
        yield shipper
    finally:
        task.cancel()
        await asyncio.wait([task])
        if isinstance(sink, HttpsSink):
            await sink.close()


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not done():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.02)


def codes(shipper: Shipper) -> list[tuple[str, str | None]]:
    return [(each.code, each.cause) for each in shipper.state.problems()]


async def test_a_connection_that_breaks_all_the_time_loses_and_doubles_nothing(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    async with (
        open_ingest(sink) as url,
        cutting(int(url.rpartition(":")[2]), seed=7, most_bytes=300_000) as (
            proxy,
            port,
        ),
        shipping(run, HttpsSink(f"http://127.0.0.1:{port}", KEY)),
    ):
        for _ in range(60):
            run.write(10)
            await asyncio.sleep(0.01)
        await until(lambda: frames_in(sink.folder / AGENT / "r1") == run.written)
        assert proxy.cuts > 5
        # The one that grows stays, with what it holds; the others are deleted.
        await until(lambda: len(segments_of(run.folder)) == 1)
    assert frames_in(run.folder) == run.written[-len(frames_in(run.folder)) :]


class AnswersLost(FileSink):
    """Receiver that is away for some requests, and then keeps every delivery while its answer is lost."""

    away = 6

    async def position(self, agent_id: str, run: str) -> int:
        self.away -= 1
        if self.away > 0:
            raise SinkAwayError("away")
        return await super().position(agent_id, run)

    async def deliver(self, agent_id: str, run: str, first: int, frames: bytes) -> int:
        await super().deliver(agent_id, run, first, frames)
        raise SinkAwayError("the answer is lost")


async def test_a_connection_over_which_something_comes_is_tried_at_once_however_often_it_breaks(
    tmp_path: Path,
) -> None:
    """Waiting twice as long after each of these breaks would take many minutes."""
    run, sink = WrittenRun(tmp_path / "agent", "r1"), AnswersLost(tmp_path / "service")
    run.write(150, most=30_000)
    async with shipping(run, sink):
        await until(lambda: frames_in(sink.folder / AGENT / "r1") == run.written)
    assert sink.deliveries > 20


async def test_an_earlier_run_goes_first_and_is_deleted_whole(tmp_path: Path) -> None:
    early, run = WrittenRun(tmp_path / "agent", "r1"), WrittenRun(tmp_path / "agent", "r2", seed=2)
    early.write(100)
    early.close()
    sink = FileSink(tmp_path / "service")
    async with shipping(run, sink):
        await until(lambda: not early.folder.exists())
        # It is told of the present run before that has anything: the earlier one's calls are over.
        await until(lambda: sink.asked == ["r1", "r2"])
        run.write(20)
        await until(lambda: frames_in(sink.folder / AGENT / "r2") == run.written)
    assert frames_in(sink.folder / AGENT / "r1") == early.written


async def test_only_what_is_on_the_disk_is_shipped(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    run.write(10)
    on_disk = run.written
    run.durable -= 3
    async with shipping(run, sink) as shipper:
        await until(lambda: bool(shipper.state.bytes_delivered))
        kept = frames_in(sink.folder / AGENT / "r1")
        assert FrameReader(0).feed(kept)[-1].number == 6
        run.durable += 3
        await until(lambda: frames_in(sink.folder / AGENT / "r1") == on_disk)


async def test_a_service_that_was_away_and_starts_anew_goes_on_where_its_disk_ends(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path / "agent", "r1")
    first = FileSink(tmp_path / "service")
    port = free_port()
    async with open_ingest(first, port=port) as url:
        pass
    sink = HttpsSink(url, KEY)
    run.write(50)
    async with shipping(run, sink) as shipper:
        await until(lambda: shipper.state.is_away)
        async with open_ingest(first, port=port):
            await until(lambda: frames_in(first.folder / AGENT / "r1") == run.written)
        first.close()
        run.write(50)
        # As after a power cut: half a record at the end.
        last = segments_of(first.folder / AGENT / "r1")[-1]
        last.write_bytes(last.read_bytes()[:-7])
        second = FileSink(tmp_path / "service")
        async with open_ingest(second, port=port):
            await until(lambda: frames_in(second.folder / AGENT / "r1") == run.written)
        second.close()


async def test_a_full_disk_of_the_service_deletes_nothing_here(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    sink.full = True
    run.write(100)
    segments = segments_of(run.folder)
    assert len(segments) > 1
    async with open_ingest(sink) as url, shipping(run, HttpsSink(url, KEY)) as shipper:
        await until(lambda: shipper.state.refusal is RefusalCode.DISK_FULL)
        assert codes(shipper) == [("journal_refused", "records_disk_full")]
        assert segments_of(run.folder) == segments
        sink.full = False
        await until(lambda: frames_in(sink.folder / AGENT / "r1") == run.written)
        await until(lambda: codes(shipper) == [])


async def test_a_service_whose_clock_jumps_takes_nothing_until_it_is_right(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    run.write(20)
    ahead = [timedelta(hours=9)]
    async with (
        open_ingest(sink, now=lambda: utc_now() + ahead[0]) as url,
        shipping(run, HttpsSink(url, KEY)) as shipper,
    ):
        await until(lambda: shipper.state.refusal is RefusalCode.TIME_WRONG)
        assert sink.deliveries == 0
        ahead[0] = timedelta(seconds=-200)
        await until(lambda: frames_in(sink.folder / AGENT / "r1") == run.written)


async def test_a_service_restored_from_a_backup_is_told_what_is_gone(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    run.write(200)
    async with shipping(run, sink):
        await until(lambda: len(segments_of(run.folder)) == 1)
    sink.close()
    restored = FileSink(tmp_path / "restored")
    async with shipping(run, restored) as shipper:
        await until(lambda: bool(codes(shipper)))
        await until(lambda: frames_in(restored.folder / AGENT / "r1").endswith(frames_in(run.folder)))
        assert codes(shipper) == [("journal_records_missing", None)]
    kinds = [each.kind for each in FrameReader(0).feed(frames_in(restored.folder / AGENT / "r1"))]
    assert len(kinds) == run.durable
    assert kinds[0] == Kind.NOTE_GAP
    assert kinds[-1] == Kind.SOUND


async def test_a_key_that_is_not_trusted_delivers_nothing_and_loses_nothing(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    run.write(100)
    segments = segments_of(run.folder)
    async with open_ingest(sink) as url, shipping(run, HttpsSink(url, SigningKey.make())) as shipper:
        await until(lambda: shipper.state.refusal is RefusalCode.KEY_UNKNOWN)
        assert segments_of(run.folder) == segments
    assert sink.deliveries == 0


async def test_the_rest_is_shipped_at_the_end(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    run.write(30)
    run.close()
    shipper = Shipper(run.folder.parent, AGENT, sink, run.name, lambda: run.durable)
    assert await shipper.drain(within_s=WITHIN_S)
    assert frames_in(sink.folder / AGENT / "r1") == run.written


async def test_tls_of_the_offices_authority(tmp_path: Path) -> None:
    run, sink = WrittenRun(tmp_path / "agent", "r1"), FileSink(tmp_path / "service")
    pair = OfficeCertificate(tmp_path)
    run.write(50)
    async with open_ingest(sink, certificate=pair.file, certificate_key=pair.key) as url:
        assert url.startswith("https://")
        async with shipping(run, HttpsSink(url, KEY)) as shipper:
            # The system's authorities do not know the office's.
            await until(lambda: shipper.state.is_away)
        async with shipping(run, HttpsSink(url, KEY, ca_file=tmp_path / "authority.crt")):
            await until(lambda: frames_in(sink.folder / AGENT / "r1") == run.written)
        async with shipping(run, HttpsSink(url.replace("https", "http"), KEY)) as shipper:
            run.write(1)
            await until(lambda: shipper.state.refusal is RefusalCode.REQUEST_WRONG)


async def test_a_journal_of_another_agent_is_told_and_left_where_it_is(tmp_path: Path) -> None:
    foreign, run = WrittenRun(tmp_path / "agent", "r1"), WrittenRun(tmp_path / "agent", "r2", seed=2)
    foreign.write(20)
    foreign.close()
    # Copied into the folder of a run that it is none of.
    foreign.folder.rename(tmp_path / "agent" / "r0")
    run.write(20)
    sink = FileSink(tmp_path / "service")
    async with shipping(run, sink) as shipper:
        await until(lambda: frames_in(sink.folder / AGENT / "r2") == run.written)
        await until(lambda: codes(shipper) == [("journal_foreign", "other_agent")])
    assert frames_in(tmp_path / "agent" / "r0") == foreign.written
    assert not (sink.folder / AGENT / "r0").exists()
