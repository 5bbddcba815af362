"""The bench of snapshots measures what it says: every call and alert, and changes without a new snapshot."""

from __future__ import annotations

from kikimori_lab.bench.snapshot import bench_snapshot


def test_a_small_run() -> None:
    rounds: list[int] = []
    figures = bench_snapshot(30, 45, 2, 3, rounds.append)
    assert (figures.calls, figures.alerts, figures.rounds) == (30, 45, 3)
    assert figures.deltas_answered == 3
    assert figures.snapshot_bytes > 30 * 500
    assert rounds == [1, 2, 3]
