"""`kikimori bench page`: cost of the supervisor's page in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    page = what.add_parser("page")
    page.add_argument("--calls", type=positive, default=200, metavar="N")
    page.add_argument("--updates", type=float, default=10.0, metavar="N")
    page.add_argument("--seconds", type=float, default=20.0, metavar="S")
    page.add_argument("--json", action="store_true")
    page.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.page import bench_page  # noqa: PLC0415  (see cli/up.py)

    with bars("s") as progress:
        bar = progress.add_task("page", total=args.seconds)

        async def measure() -> int:
            figures = await bench_page(
                args.calls, args.updates, args.seconds, lambda done: progress.update(bar, completed=done)
            )
            print_figures(figures, as_json=args.json)
            return 0

        return run_until_done(measure())
