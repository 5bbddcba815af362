"""`kikimori bench requests`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    parser = what.add_parser("requests")
    parser.add_argument("--requests", type=positive, default=100_000, metavar="N")
    parser.add_argument("--seed", type=positive, default=1, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori_lab.bench.requests import bench_requests  # noqa: PLC0415  (see cli/up.py)

    log_errors("critical")
    with bars("requests") as progress:
        task = progress.add_task("sent", total=args.requests)
        figures = asyncio.run(
            bench_requests(args.requests, args.seed, lambda done: progress.update(task, completed=done))
        )
    print_figures(figures, as_json=args.json)
    return 1 if figures.server_errors or figures.unanswered else 0
