"""`kikimori bench commands`."""

from __future__ import annotations

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
        "commands",
        help="what a signature costs a press, and whether a forged command is ever carried out",
        description="Signs and checks presses and their answers, against the same without signatures; then has an agent's "
        "desk take damaged and forged envelopes. The million of the default takes some minutes.",
        epilog="Exit code 1 when a damaged envelope was carried out.",
    )
    parser.add_argument("--presses", type=positive, default=2000, metavar="N", help="presses (default: 2000)")
    parser.add_argument(
        "--envelopes",
        type=positive,
        default=1_000_000,
        metavar="N",
        help="damaged envelopes (default: 1000000)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori_lab.bench.commands import measure_commands  # noqa: PLC0415  (see cli/up.py)

    logs.configure("critical")
    with bars("envelopes") as progress:
        task = progress.add_task("damaged", total=args.envelopes)
        figures = measure_commands(
            args.presses, args.envelopes, lambda done: progress.update(task, completed=done)
        )
    print_figures(figures, as_json=args.json)
    return 1 if figures.carried_out else 0
