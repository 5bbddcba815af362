"""`kikimori bench requests`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori import logs
from kikimori.cli.options import bars, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    parser = what.add_parser(
        "requests",
        help="whether a generated request makes the dashboard fail",
        description="Sends requests made at random from the dashboard's published OpenAPI document, by people of every role "
        "and by nobody, over real sockets. The 100,000 of the default take some minutes.",
        epilog="Exit code 1 when a request was answered with a server's fault, or not at all.",
    )
    parser.add_argument(
        "--requests", type=positive, default=100_000, metavar="N", help="requests (default: 100000)"
    )
    parser.add_argument("--seed", type=positive, default=1, metavar="N", help="default: 1")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori_lab.bench.requests import bench_requests  # noqa: PLC0415  (see cli/up.py)

    logs.configure("critical")
    with bars("requests") as progress:
        task = progress.add_task("sent", total=args.requests)
        figures = asyncio.run(
            bench_requests(args.requests, args.seed, lambda done: progress.update(task, completed=done))
        )
    print_figures(figures, as_json=args.json)
    return 1 if figures.server_errors or figures.unanswered else 0
