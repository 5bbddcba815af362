"""`kikimori bench record-chaos`: kill agent, records service and database at random, and compare what is kept."""

from __future__ import annotations

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
    chaos.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori_lab.bench.record_chaos import TARGETS, run_record_chaos  # noqa: PLC0415  (see cli/up.py)

    return run_kills(args, "record-chaos", TARGETS, run_record_chaos)
