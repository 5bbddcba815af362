"""`kikimori bench record-chaos`: kill agent, records service and database at random, and compare what is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures
from kikimori_lab.cli.bench_chaos import from_zero

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    chaos = what.add_parser("record-chaos")
    chaos.add_argument("--kills", type=from_zero, default=60, metavar="N")
    chaos.add_argument("--overlapping", type=from_zero, default=20, metavar="N")
    chaos.add_argument("--of", choices=["agent", "service", "database"], action="append")
    chaos.add_argument("--lines", type=positive, default=60, metavar="N")
    chaos.add_argument("--seed", type=int, default=1, metavar="N")
    chaos.add_argument("--folder", type=Path, metavar="DIR")
    chaos.add_argument("--json", action="store_true")
    chaos.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415
    from kikimori_lab.bench.chaos_kills import ChaosSettings  # noqa: PLC0415
    from kikimori_lab.bench.record_chaos import TARGETS, run_record_chaos  # noqa: PLC0415  (see cli/up.py)

    targets = tuple(dict.fromkeys(args.of)) if args.of else TARGETS
    settings = ChaosSettings(
        kills=args.kills, overlapping=args.overlapping, lines=args.lines, seed=args.seed, targets=targets
    )
    if args.folder is not None:
        args.folder.mkdir(parents=True, exist_ok=True)
        args.folder = args.folder.resolve()
    with bars("kills") as progress:
        bar = progress.add_task("record-chaos", total=args.kills * len(targets) + args.overlapping)

        async def measure() -> int:
            async with stop_on_signals() as stop:
                report = await run_record_chaos(
                    settings, lambda done: progress.update(bar, completed=done), stop, args.folder
                )
            print_figures(report, as_json=args.json)
            return 0 if report.all_well else 1

        return run_until_done(measure())
