"""`kikimori bench cut`: time until a call is silent in a browser that may not play it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

LATEST_MS = 2000.0


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    cut = what.add_parser("cut")
    cut.add_argument("--rounds", type=positive, default=5, metavar="N")
    cut.add_argument("--json", action="store_true")
    cut.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.cut import bench_cut  # noqa: PLC0415

    with bars("rounds") as progress:
        bar = progress.add_task("cut", total=args.rounds)

        async def measure() -> int:
            figures = await bench_cut(args.rounds, lambda done: progress.update(bar, completed=done))
            print_figures(figures, as_json=args.json)
            return 0 if figures.longest_ms <= LATEST_MS else 1

        return run_until_done(measure())
