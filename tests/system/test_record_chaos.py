"""A short run of `kikimori bench record-chaos`: parts killed at random, and nothing of a call is missing or doubled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.program import kikimori
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.framing import SegmentHead
from kikimori_core.journal.signing import utc_now
from kikimori_core.journal.writing import SegmentWriter
from kikimori_lab.bench.record_history import truth_of
from kikimori_lab.bench.record_witness import JournalWitness

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(600)
async def test_a_kill_of_each_part(tmp_path: Path) -> None:
    ended = await kikimori(
        "bench", "record-chaos", "--kills", "1", "--overlapping", "1", "--lines", "3", "--seed", "4", "--json",
        "--folder", tmp_path / "logs", within_s=540,
    )  # fmt: skip
    assert ended.out, ended.err
    report = json.loads(ended.out)
    faults = ("records_missing", "records_doubled", "records_altered", "history_faults")
    assert [report[each] for each in faults] == [0, 0, 0, []]
    assert report["calls"] > 0
    assert report["agent_runs"] > 1
    assert sum(report["kills"].values()) == (3 if report["database"] == "postgresql" else 2)
    assert ended.code == 0


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
