"""`kikimori bench record-chaos`: kill agent, records service and database at random, break connections, compare."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kikimori.cli.options import log_errors
from kikimori_lab.cli.chaos_options import add_chaos_options, run_kills

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_parser(
    what: argparse._SubParsersAction[argparse.ArgumentParser], positive: Callable[[str], int]
) -> None:
    chaos = what.add_parser("record-chaos")
    add_chaos_options(
        chaos, positive, kills=60, overlapping=20, lines=60, targets=("agent", "service", "database")
    )
    chaos.add_argument("--seconds", type=float, default=3.0, metavar="S")
    chaos.add_argument("--break-every", type=float, default=4.0, metavar="S")
    chaos.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori_lab.bench.record_chaos import TARGETS, run_record_chaos  # noqa: PLC0415  (see cli/up.py)

    started = partial(run_record_chaos, seconds=args.seconds, break_every_s=args.break_every)
    return run_kills(args, "record-chaos", TARGETS, started)
