"""`kikimori bench record`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures
from kikimori.cli.terminal import say, worded
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    parser = what.add_parser("record")
    parser.add_argument("--calls", type=positive, default=400, metavar="N")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S")
    parser.add_argument("--cores", type=positive, default=1, metavar="C")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori.process import run_until_done  # noqa: PLC0415  (see cli/up.py)
    from kikimori_lab.bench.calls import use_cores  # noqa: PLC0415
    from kikimori_lab.bench.record import bench_record  # noqa: PLC0415
    from kikimori_lab.bench.sender import SenderSound  # noqa: PLC0415

    log_errors()
    cores = use_cores(args.cores)
    with bars("runs") as progress:
        bar = progress.add_task(worded(text("bench_calls", count=args.calls)), total=2 * len(SenderSound))

        async def measure() -> int:
            figures = await bench_record(
                args.calls, args.seconds, lambda _: progress.update(bar, advance=1), cores=cores
            )
            print_figures(figures, as_json=args.json)
            if dropped := sum(each.frames_dropped for each in figures.runs):
                say(text("bench_frames_dropped", count=dropped, cores=cores))
            return 1 if dropped or figures.faults else 0

        return run_until_done(measure())
