"""Options and run of the benches that kill parts at random."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kikimori.cli.options import bars, print_figures

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from kikimori_lab.bench.chaos import ChaosReport
    from kikimori_lab.bench.chaos_kills import ChaosSettings
    from kikimori_lab.bench.record_chaos import RecordChaosReport


class ChaosRun(Protocol):
    """Function that runs such a bench."""

    def __call__(
        self,
        settings: ChaosSettings,
        progress: Callable[[int], None],
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
    with bars("kills") as progress:
        bar = progress.add_task(name, total=args.kills * len(targets) + args.overlapping)

        async def measure() -> int:
            async with stop_on_signals() as stop:
                report = await run(
                    settings, lambda done: progress.update(bar, completed=done), stop, args.folder
                )
            print_figures(report, as_json=args.json)
            return 0 if report.all_well else 1

        return run_until_done(measure())


def _from_zero(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number
