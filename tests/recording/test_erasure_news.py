"""Erasures of the records service reach the journals that an agent still has: of this run and of an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.recording.conftest import RATE, RecordedOffice, recorded_office
from tests.recording.test_not_recorded import SECRET, everything, speaks
from tests.recording.test_recording import noise
from tests.support.file_sink import FileSink
from tests.support.read_journal import read_journal
from tests.support.records_service import KEY, open_ingest

from kikimori.recording.erasure_news import ErasureNews
from kikimori.recording.https_sink import HttpsSink
from kikimori_core.journal.events import Line
from kikimori_core.wire.key_store import TrustStore, given_key

if TYPE_CHECKING:
    from pathlib import Path


async def spoken(office: RecordedOffice, call_id: str, seed: int) -> bytes:
    """Play a call; return a part of its sound."""
    leg = office.open(call_id)
    await office.say(leg, sound := noise(2, seed))
    speaks(office, call_id)
    await office.end(leg)
    return sound[2000:2500].tobytes()


async def test_what_the_service_erased_is_erased_in_the_journals_of_the_agent(tmp_path: Path) -> None:
    async with recorded_office(tmp_path, run="r1") as office:
        early = await spoken(office, "early", 1)
        early_kept = await spoken(office, "early-kept", 2)
    sink = FileSink(tmp_path / "service")
    async with (
        open_ingest(sink, trust=TrustStore(given=[given_key("agent", KEY)])) as url,
        recorded_office(tmp_path, run="r2") as office,
    ):
        late, late_kept = await spoken(office, "late", 3), await spoken(office, "late-kept", 4)
        await office.until(lambda: office.recording._queue.empty and late_kept in everything(office))
        sink.erasures = {"r1": (0,), "r2": (0,)}
        https = HttpsSink(url, KEY)
        news = ErasureNews("agent", https, "r2", office.recording.erase, ask_every_s=0)
        for _ in range(2):
            await news.look(["r1", "r2"])
        await https.close()
        await office.until(lambda: early not in everything(office) and late not in everything(office))
        await office.until(lambda: not office.recording._eraser.pending)
        assert early_kept in everything(office)
        assert late_kept in everything(office)
        await spoken(office, "after", 5)
    for run, kept in (("r1", "early-kept"), ("r2", "late-kept")):
        read = read_journal(office.recording.root / run)
        assert read.call(kept).samples == 2 * RATE
        assert [each.text for each in read.call(kept).of(Line)] == [SECRET]
    assert read.call("after").samples == 2 * RATE
