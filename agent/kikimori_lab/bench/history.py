"""Benchmark of the search in the history: the newest 50 calls of many questions, and their number."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_lab.bench.history_fixture import SEED, make_history
from kikimori_records.calls.queries import newest_calls
from kikimori_records.search.finding import count, find
from kikimori_records.search.question import FoundGroup, HistoryQuestion, words_asked
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori_records.settings import StoreSettings

NEWEST = 50
REFERENCE = "the newest 50 calls without a condition, read by their begin"
QUESTIONS = (
    "", "ください", "です", "お願いします", "電話", "返金", "謝罪", "上司", "責任者", "弁護士", "土下座", "消費者庁", "名誉毀損", "金", "あ", "ない言葉です",
    "責任者 返金", "請求書 上司 ください", "ください extension", "ください rare extension", "返金 kind", "ください caller", "ください long", "返金 alike", "へんきん alike",
    "ください alike",
)  # fmt: skip
"""Words, and behind them a condition in English."""


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """Figures of one question; times are milliseconds by the wall clock, `cpu_…` processor time of this process alone."""

    question: str
    found: int
    """Calls on the first page."""
    count: str
    p50_ms: float
    p95_ms: float
    cpu_p95_ms: float
    count_p95_ms: float
    count_cpu_p95_ms: float


@dataclass(frozen=True, slots=True)
class HistoryFigures:
    """Figures of `kikimori bench history --json`."""

    engine: str
    lines: int
    calls: int
    made_s: float
    """Time in which the history was made; 0 = it was there."""
    rounds: int
    p50_ms: float
    """Of the newest 50 calls, over all questions and rounds."""
    p95_ms: float
    cpu_p95_ms: float
    """Likewise, processor time of this process: on SQLite all of it, on PostgreSQL without the server's."""
    slowest: str
    """Question with the largest `p95_ms`."""
    reference: str
    reference_ms: float
    p95_vs_reference: float
    questions: Sequence[QuestionFigures]


async def bench_history(
    settings: StoreSettings, lines: int, rounds: int, progress: Callable[[int], None], *, make: bool
) -> HistoryFigures:
    """Make the history where `make` says so, and ask every question so many times, in a random order.

    Raises:
        StoreError, sqlalchemy.exc.SQLAlchemyError: the store cannot be used.
    """
    began = time.perf_counter()
    calls = make_history(settings, lines, progress) if make else 0
    made_s = time.perf_counter() - began if make else 0.0
    store = await Store.open(settings)
    try:
        pages: dict[str, list[_Spent]] = {each: [] for each in QUESTIONS}
        counts: dict[str, list[_Spent]] = {each: [] for each in QUESTIONS}
        answers: dict[str, tuple[int, str]] = {}
        references: list[_Spent] = []
        order = random.Random(SEED)  # noqa: S311 - an order, no secret
        for each in QUESTIONS:
            # Not measured: the first of a kind after a start is slower, in an office as here.
            await find(store, *_question(each), most=NEWEST)
        for _ in range(rounds):
            for each in order.sample(QUESTIONS, len(QUESTIONS)):
                asked, group = _question(each)
                started = _Spent.now()
                found = await find(store, asked, group, most=NEWEST)
                pages[each].append(started.since())
                started = _Spent.now()
                total = await count(store, asked, group)
                counts[each].append(started.since())
                answers[each] = (len(found.calls), f"{total.count}{'+' if total.more else ''}")
            started = _Spent.now()
            await newest_calls(store, NEWEST)
            references.append(started.since())
    finally:
        await store.close()
    figures = [
        QuestionFigures(
            each,
            *answers[each],
            _ms(pages[each], 0.5),
            _ms(pages[each], 0.95),
            _cpu_ms(pages[each], 0.95),
            _ms(counts[each], 0.95),
            _cpu_ms(counts[each], 0.95),
        )
        for each in QUESTIONS
    ]
    together = [each for times in pages.values() for each in times]
    reference, p95 = _ms(references, 0.5), _ms(together, 0.95)
    return HistoryFigures(
        "sqlite" if settings.is_sqlite else "postgresql",
        lines,
        calls,
        round(made_s, 1),
        rounds,
        _ms(together, 0.5),
        p95,
        _cpu_ms(together, 0.95),
        max(figures, key=lambda each: each.p95_ms).question,
        REFERENCE,
        reference,
        round(p95 / reference, 2),
        figures,
    )


def _question(said: str) -> tuple[HistoryQuestion, FoundGroup]:
    words, _, condition = said.rpartition(" ")
    group = FoundGroup.EXACT
    more: dict[str, object] = {}
    match condition:
        case "alike":
            group = FoundGroup.ALIKE
        case "extension":
            words, rare = words.removesuffix(" rare"), words.endswith(" rare")
            more["operator"] = "399" if rare else "200"
        case "kind":
            more["kind"] = "repeated"
        case "caller":
            more["caller"] = "1234"
        case "long":
            more["at_least_s"] = 1800
        case _:
            words = said
    return HistoryQuestion(words=words_asked(words), **more), group  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Spent:
    """Time in s by the wall clock, and of the processor."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> _Spent:
        return cls(time.perf_counter(), time.process_time())

    def since(self) -> _Spent:
        now = self.now()
        return _Spent(now.wall - self.wall, now.cpu - self.cpu)


def _ms(times: Sequence[_Spent], part: float) -> float:
    return _part_of([each.wall for each in times], part)


def _cpu_ms(times: Sequence[_Spent], part: float) -> float:
    return _part_of([each.cpu for each in times], part)


def _part_of(times: Sequence[float], part: float) -> float:
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))] * 1000, 1)
