"""`kikimori bench wall`: cost of many supervisors' pages for the dashboard, and of one for its browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    wall = what.add_parser("wall")
    wall.add_argument("--calls", type=positive, default=200, metavar="N")
    wall.add_argument("--updates", type=float, default=10.0, metavar="N")
    wall.add_argument("--sockets", type=positive, default=19, metavar="N")
    wall.add_argument("--seconds", type=float, default=20.0, metavar="S")
    wall.add_argument("--json", action="store_true")
    wall.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.wall import ROUNDS, bench_wall  # noqa: PLC0415  (see cli/up.py)

    with bars("s") as progress:
        bar = progress.add_task("wall", total=ROUNDS * args.seconds)

        async def measure() -> int:
            figures = await bench_wall(
                args.calls,
                args.updates,
                args.sockets,
                args.seconds,
                lambda done: progress.update(bar, completed=done),
            )
            print_figures(figures, as_json=args.json)
            return 0 if figures.alerts_drawn else 1

        return run_until_done(measure())
