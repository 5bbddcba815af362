"""Options and run of the benches that kill parts at random."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kikimori.cli.options import bars, print_figures

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from kikimori_lab.bench.chaos import ChaosReport
    from kikimori_lab.bench.chaos_kills import ChaosSettings
    from kikimori_lab.bench.record_chaos_report import RecordChaosReport

TOLD_EVERY_S = 5.0
"""Interval in s between lines of progress where there is no terminal."""


class ChaosRun(Protocol):
    """Function that runs such a bench."""

    def __call__(
        self,
        settings: ChaosSettings,
        progress: Callable[[int, str], None],
        stop: asyncio.Event,
        folder: Path | None = None,
    ) -> Awaitable[ChaosReport | RecordChaosReport]: ...


def add_chaos_options(
    parser: argparse.ArgumentParser,
    positive: Callable[[str], int],
    *,
    kills: int,
    overlapping: int,
    lines: int,
    targets: Sequence[str],
) -> None:
    """Add the options; `kills`, `overlapping` and `lines` are their defaults."""
    parser.add_argument("--kills", type=_from_zero, default=kills, metavar="N")
    parser.add_argument("--overlapping", type=_from_zero, default=overlapping, metavar="N")
    parser.add_argument("--of", choices=targets, action="append")
    parser.add_argument("--lines", type=positive, default=lines, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true")


def run_kills(args: argparse.Namespace, name: str, targets: tuple[str, ...], run: ChaosRun) -> int:
    """Run with bars of progress until it is done or Ctrl-C, print the figures, and return the exit code."""
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.chaos_kills import ChaosSettings  # noqa: PLC0415

    if args.of:
        targets = tuple(dict.fromkeys(args.of))
    settings = ChaosSettings(
        kills=args.kills, overlapping=args.overlapping, lines=args.lines, seed=args.seed, targets=targets
    )
    if args.folder is not None:
        args.folder.mkdir(parents=True, exist_ok=True)
        args.folder = args.folder.resolve()
    with _shown(name, args.kills * len(targets) + args.overlapping) as progress:

        async def measure() -> int:
            async with stop_on_signals() as stop:
                report = await run(settings, progress, stop, args.folder)
            print_figures(report, as_json=args.json)
            return 0 if report.all_well else 1

        return run_until_done(measure())


@contextmanager
def _shown(name: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Give a function that shows kills done and what is done now: a bar on a terminal, else a line every few seconds."""
    began = told_at = time.monotonic()

    def tell(done: int, what: str) -> None:
        nonlocal told_at
        now = time.monotonic()
        if done == 1 or now - told_at >= TOLD_EVERY_S:
            told_at = now
            print(f"{name}: {done}/{total} ({what}), {now - began:.0f} s", file=sys.stderr, flush=True)

    with bars("kills", elapsed=True, remaining=True) as progress:
        if progress.disable:
            yield tell
            return
        bar = progress.add_task(name, total=total)
        yield lambda done, what: progress.update(bar, completed=done, description=f"{name}: {what}")


def _from_zero(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number
