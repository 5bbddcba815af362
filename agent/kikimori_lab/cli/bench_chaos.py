"""`kikimori bench chaos`: kill broker, agent and dashboard at random, and count what was lost."""

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
    chaos = what.add_parser("chaos")
    add_chaos_options(
        chaos, positive, kills=20, overlapping=30, lines=6, targets=("broker", "agent", "dashboard")
    )
    chaos.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    log_errors()
    from kikimori_lab.bench.chaos import TARGETS, run_chaos  # noqa: PLC0415  (see cli/up.py)

    return run_kills(args, "chaos", TARGETS, run_chaos)
