"""`kikimori bench listen`: delay and cost of listening to a call in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

LATEST_MS = 500.0
MOST_MS = 1.0


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    listen = what.add_parser("listen")
    listen.add_argument("--listeners", type=positive, default=20, metavar="N")
    listen.add_argument("--seconds", type=float, default=15.0, metavar="S")
    listen.add_argument("--json", action="store_true")
    listen.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori.process import run_until_done  # noqa: PLC0415
    from kikimori_lab.bench.listen import bench_listen  # noqa: PLC0415  (see cli/up.py)

    with bars("s") as progress:
        bar = progress.add_task("listen", total=4 * args.seconds)

        async def measure() -> int:
            figures = await bench_listen(
                args.listeners, args.seconds, lambda done: progress.update(bar, completed=done)
            )
            print_figures(figures, as_json=args.json)
            fast = max(figures.late_ms_p50, figures.late_ms_p50_buffers) <= LATEST_MS
            return 0 if fast and figures.cpu_ms_per_listener_s <= MOST_MS else 1

        return run_until_done(measure())
