"""The same judge in several processes: hundreds of thousands of sentences in minutes."""

from __future__ import annotations

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, Self, TypeVar

from kikimori_lab.evaluation.case_judge import CaseJudge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kikimori.config import AgentConfig

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 2000
"""Number of items below which they are judged here: another process takes a second to read the phrases."""
PER_CHUNK = 100

_judges: list[CaseJudge] = []
"""The one judge of a worker process."""


class JudgingPool:
    """A judge, here or in several processes. Close it by `with`."""

    def __init__(self, config: AgentConfig, jobs: int) -> None:
        """`jobs`: most processes. Raises ConfigError."""
        self.judge = CaseJudge.of(config)
        self._config = config
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def each(
        self,
        work: Callable[[CaseJudge, Item], Result],
        items: Sequence[Item],
        progress: Callable[[int, int], None],
    ) -> Iterator[Result]:
        """Yield the result of `work`, a function of a module, for each item, in order.

        `progress` is told how many items are done, and of how many.
        """
        if self._jobs <= 1 or len(items) < FEW:
            for done, item in enumerate(items, start=1):
                yield work(self.judge, item)
                progress(done, len(items))
            return
        chunks = [(work, items[at : at + PER_CHUNK]) for at in range(0, len(items), PER_CHUNK)]
        done = 0
        for results in self._processes().map(_work, chunks):
            yield from results
            done += len(results)
            progress(done, len(items))

    def _processes(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Spawned: this process has threads (its progress bar), which a fork would leave half done.
            self._pool = ProcessPoolExecutor(
                self._jobs,
                multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._config,),
            )
        return self._pool


def _begin(config: AgentConfig) -> None:
    # Whoever presses Ctrl-C stops the program, and it stops these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _judges.append(CaseJudge.of(config))


def _work(chunk: tuple[Callable[[CaseJudge, Any], Any], Sequence[Any]]) -> list[Any]:
    work, items = chunk
    return [work(_judges[0], item) for item in items]
