"""`kikimori bench commands`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import bars, log_errors, print_figures

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    parser = what.add_parser("commands")
    parser.add_argument("--presses", type=positive, default=2000, metavar="N")
    parser.add_argument("--envelopes", type=positive, default=1_000_000, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from kikimori_lab.bench.commands import measure_commands  # noqa: PLC0415  (see cli/up.py)

    log_errors("critical")
    with bars("envelopes") as progress:
        task = progress.add_task("damaged", total=args.envelopes)
        figures = measure_commands(
            args.presses, args.envelopes, lambda done: progress.update(task, completed=done)
        )
    print_figures(figures, as_json=args.json)
    return 1 if figures.carried_out else 0
