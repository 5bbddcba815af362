"""The bench of overload in short: it plays what it says, and its figures are of this run."""

from __future__ import annotations

from kikimori_lab.bench.overload import FEW_CALLS, bench_overload


async def test_a_short_run() -> None:
    told: list[str] = []
    figures = await bench_overload(12.0, "ja-synth", told.append, carried=3, percent=(150, 200))
    assert told == ["a few calls", "150 %", "200 %", "recovery"]
    assert figures.model == "ja-synth"
    assert figures.cpu_s_per_call_s * FEW_CALLS > 0
    assert [(each.percent, each.calls) for each in figures.loads] == [(150, 5), (200, 6)]
    assert sum(each.alerts for each in figures.loads) > 0
    assert all(each.alerts >= each.by_sound for each in figures.loads)
    assert figures.late_s_max == max(
        max(each.sound_late_s_max, each.words_late_s_max) for each in figures.loads
    )
    assert all(each.lag_ms_p99 > 0 for each in figures.loads)
