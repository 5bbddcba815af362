"""`kikimori dashboard`: the pages alone, with a broker that runs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.cli.options import (
    add_config,
    add_log,
    configured,
    dashboard_settings,
    on_a_terminal,
    show_first,
)
from kikimori.cli.terminal import say
from kikimori_core.messages import text

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("dashboard")
    add_config(parser)
    add_log(parser)
    parser.set_defaults(
        run=run, loads=("kikimori.config", "kikimori.logs", "kikimori.pages", "kikimori.process")
    )


def run(args: argparse.Namespace) -> int:
    configured(args)
    settings = dashboard_settings(args)
    from kikimori.pages import serve_dashboard  # noqa: PLC0415  (see cli/up.py)
    from kikimori.process import run_service  # noqa: PLC0415  (see cli/up.py)

    return run_service(
        lambda: serve_dashboard(
            settings,
            lambda url: say(text("dashboard_at", url=url)),
            show_first=on_a_terminal(show_first),
        )
    )
