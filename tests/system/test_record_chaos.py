"""A short run of `kikimori bench record-chaos`: parts killed at random, and nothing of a call is missing or doubled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from tests.support.program import KIKIMORI, kikimori
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.framing import SegmentHead
from kikimori_core.journal.signing import utc_now
from kikimori_core.journal.writing import SegmentWriter
from kikimori_core.model.call import Role
from kikimori_lab.bench.known_lines import KnownSound, SentLeg
from kikimori_lab.bench.record_history import KeptCall, truth_of
from kikimori_lab.bench.record_sent import SentComparison
from kikimori_lab.bench.record_witness import JournalWitness

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


async def test_a_kill_of_each_part(tmp_path: Path) -> None:
    ended = await kikimori(
        "bench", "record-chaos", "--kills", "1", "--overlapping", "0", "--lines", "3", "--seed", "4", "--seconds", "1",
        "--break-every", "2", "--json", "--folder", tmp_path / "logs", within_s=540,
    )  # fmt: skip
    assert ended.out, ended.err
    report = json.loads(ended.out)
    faults = ("records_missing", "records_doubled", "records_altered", "history_faults")
    assert [report[each] for each in faults] == [0, 0, 0, []]
    assert report["sent"]["faults"] == []
    assert report["sent"]["samples"] > report["sent"]["samples_lost_at_kills"]
    assert report["sent"]["helps"] > 0
    assert report["calls"] > 0
    assert sum(report["kills"].values()) == (3 if report["database"] == "postgresql" else 2)
    assert report["cut_short"] is None
    after = report["history_after_s"]
    assert 0 <= after["p50"] <= after["p99"] <= after["max"]
    assert ended.code == 0
    assert "record-chaos: 1/3 (" in ended.err


async def test_segments_are_compacted_while_the_service_is_killed(tmp_path: Path) -> None:
    ended = await kikimori(
        "bench", "record-chaos", "--kills", "3", "--of", "service", "--overlapping", "0", "--lines", "20", "--seed", "5",
        "--json", "--folder", tmp_path / "logs", within_s=540,
    )  # fmt: skip
    assert ended.out, ended.err
    report = json.loads(ended.out)
    assert report["compactions"] > 0
    assert report["history_faults"] == []
    assert report["sent"]["samples_missing"] == report["sent"]["samples_doubled"] == 0
    assert ended.code == 0


async def test_sigterm_ends_it_with_a_report_of_what_was_done(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    process = await asyncio.create_subprocess_exec(
        *KIKIMORI, "bench", "record-chaos", "--kills", "500", "--of", "service", "--lines", "2", "--json", "--folder", logs,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(300):
            assert b"record-chaos: 1/520 (service 1, " in await process.stderr.readline()
            # To the whole group, as `timeout` does it.
            os.killpg(process.pid, signal.SIGTERM)
            rest, out = await asyncio.gather(process.stderr.read(), process.stdout.read())
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    report = json.loads(out)
    assert 0 < report["kills"]["service"] < 500
    assert report["cut_short"] == "interrupted"
    assert (report["records_missing"], report["history_faults"]) == (0, []), rest
    assert code == 0


def test_the_witness_keeps_what_is_deleted_and_sees_what_stands_twice(tmp_path: Path) -> None:
    told = ToldRun([told_call(1)], run="r1")
    folder = tmp_path / "journal" / "r1"
    witness = JournalWitness(tmp_path / "journal", tmp_path / "links")
    half = len(told.records) // 2
    for begin, end in ((0, half), (half - 1, len(told.records))):
        writer = SegmentWriter(folder, SegmentHead("office", "r1", begin, utc_now()))
        writer.append(told.frames(begin, end), begin, end - begin)
        writer.close()
    witness.look()
    for each in folder.iterdir():
        each.unlink()
    found, twice = witness.records("r1")
    assert list(found.values()) == told.records
    assert twice == [half - 1]
    (call,) = truth_of(told.records).values()
    assert sum(len(data) for _, data in call.sound[0]) == 2 * len(told.calls[0].legs[0].sound)


def test_what_was_sent_is_compared_sample_by_sample_and_a_kill_excuses_the_last_second_alone() -> None:
    sound = KnownSound(np.arange(1, 160_001).astype(np.int16) | 1)
    legs = [
        SentLeg(
            f"c{number}", Role.OPERATOR, sound, number * 10, 100.0, 16_000,
            deque((100.1 + tick / 10, 800 * (tick + 1)) for tick in range(20)), 100.5, 102.0,
        )
        for number in range(6)
    ]  # fmt: skip
    for each in legs[3:]:
        each.begun_at += 10
        each.ended_at = 112.0
        each.pieces = deque((at + 10, samples) for at, samples in each.pieces)
        each.pressed_at = 110.5
    comparison = SentComparison(legs, [112.05])

    def take(number: int, kept: NDArray[np.int16], alerts: tuple[str, ...] = ("a",)) -> None:
        comparison.take(
            KeptCall(f"{number}.run", f"c{number}", tuple(f"{each}{number}" for each in alerts), (kept,))
        )

    for number, at in ((0, 100.5), (1, 100.5), (3, 111.5)):
        stamp = datetime.fromtimestamp(at, UTC).isoformat()
        comparison.heard({"event": "alert", "revision": 1, "alert_id": f"a{number}", "timestamp": stamp})
    take(0, np.concatenate([legs[0].samples[:800], np.zeros(800, np.int16), legs[0].samples[800:]]))
    assert comparison.report().pauses_s == 0.1
    comparison.take(KeptCall("1.run", "c1-2", ("a1",), (legs[1].samples[:-160],)))  # not whole, and no kill
    take(2, legs[2].samples, ())
    take(2, legs[2].samples, ())
    take(3, legs[3].samples[:8000], ())  # the last second of a killed agent
    take(
        4, np.concatenate([legs[4].samples[:1600], np.zeros(1600, np.int16), legs[4].samples[3200:6400]])
    )  # more than that
    take(5, legs[5].samples[:8000] + np.int16(2))
    found = comparison.report()
    assert (found.legs, found.samples) == (6, 96_000)
    assert found.samples_missing == 160 + 1600 + 8000
    assert found.samples_doubled == 16_000
    assert found.samples_altered == 8000
    assert found.samples_lost_at_kills == 3 * 8000
    assert (found.samples_not_heard, found.pauses_s) == (1600, 0.1)
    assert (found.helps, found.helps_lost_at_kills) == (3, 1)
    # Two of which nothing is known, and the keys that were pressed without an alert.
    assert found.helps_missing == 3
    assert not found.all_well
