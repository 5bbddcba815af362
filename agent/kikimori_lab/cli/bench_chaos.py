"""`kikimori bench chaos`: kill broker, agent and dashboard at random, and count what was lost."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori import logs
from kikimori.cli.options import bars, print_figures

if TYPE_CHECKING:
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    chaos = what.add_parser(
        "chaos",
        help="what is lost when parts are killed",
        description="Runs Mosquitto with the shipped files, an agent and a dashboard as processes of their own, makes "
        "calls in which alerts are raised, kills the parts at random, and counts with a client that behaves as a "
        "supervisor's page: alerts never shown, calls and alerts that stay though they are over, alerts shown twice. "
        "About two seconds for each kill; the same seed draws the same faults.",
        epilog="Exit code 1 when anything was lost, left over or shown twice. Ctrl-C ends the kills and reports what was "
        "done until then; a second one ends all. Needs mosquitto.",
    )
    chaos.add_argument(
        "--kills", type=_from_zero, default=20, metavar="N", help="kills of each part (default: 20)"
    )
    chaos.add_argument(
        "--overlapping",
        type=_from_zero,
        default=30,
        metavar="N",
        help="further kills that do not wait for the one before (default: 30)",
    )
    chaos.add_argument(
        "--of",
        choices=["broker", "agent", "dashboard"],
        action="append",
        help="kill only this part; may be given more than once (default: all three)",
    )
    chaos.add_argument("--lines", type=positive, default=6, metavar="N", help="calls at a time (default: 6)")
    chaos.add_argument("--seed", type=int, default=1, metavar="N", help="of the faults (default: 1)")
    chaos.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep the logs here (default: they are removed)"
    )
    chaos.add_argument("--json", action="store_true", help="print one JSON object")
    chaos.set_defaults(run=run)


def _from_zero(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return number


def run(args: argparse.Namespace) -> int:
    logs.configure("error")
    from kikimori.process import run_until_done, stop_on_signals  # noqa: PLC0415
    from kikimori_lab.bench.chaos import TARGETS, ChaosSettings, run_chaos  # noqa: PLC0415  (see cli/up.py)

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
