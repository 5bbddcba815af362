"""`kikimori bench chaos`: kill broker, agent and dashboard at random, and count what was lost."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    chaos = what.add_parser("chaos")
    chaos.add_argument("--kills", type=from_zero, default=20, metavar="N")
    chaos.add_argument("--overlapping", type=from_zero, default=30, metavar="N")
    chaos.add_argument("--of", choices=["broker", "agent", "dashboard"], action="append")
    chaos.add_argument("--lines", type=positive, default=6, metavar="N")
    chaos.add_argument("--seed", type=int, default=1, metavar="N")
    chaos.add_argument("--folder", type=Path, metavar="DIR")
    chaos.add_argument("--json", action="store_true")
    chaos.set_defaults(run=run)


def from_zero(text: str) -> int:
    """Read a number that may be 0."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415
    from kikimori_lab.bench.chaos import TARGETS, run_chaos  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.chaos_kills import ChaosSettings  # noqa: PLC0415

    targets = tuple(dict.fromkeys(args.of)) if args.of else TARGETS
    settings = ChaosSettings(
        kills=args.kills, overlapping=args.overlapping, lines=args.lines, seed=args.seed, targets=targets
    )
    if args.folder is not None:
        args.folder.mkdir(parents=True, exist_ok=True)
        args.folder = args.folder.resolve()
    total = args.kills * len(targets) + args.overlapping
    with bars("kills") as progress:
        bar = progress.add_task("chaos", total=total)

        async def measure() -> int:
            async with stop_on_signals() as stop:
                report = await run_chaos(
                    settings, lambda done: progress.update(bar, completed=done), stop, args.folder
                )
            print_figures(report, as_json=args.json)
            return 0 if report.all_well else 1

        return run_until_done(measure())
